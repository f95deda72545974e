// SPDX-License-Identifier: Apache-2.0
// The words of checks, in the spelling of the seed's CLI and of its status ConfigMap.
#include "controller/checks/check.h"

static const char *const pillars[CHECK_PILLARS] = {
    "security",
    "reliability",
    "performance-efficiency",
    "cost-optimization",
    "operational-excellence",
    "sustainability",
};
static const char *const severities[CHECK_SEVERITIES] = { "low", "medium", "high", "critical" };
static const char *const verdicts[VERDICT_COUNT] = { "passing", "skipped", "warning", "failing" };
static const char *const reasons[SKIP_REASON_COUNT] = {
    "",        "no-objects", "not-applicable", "no-permission",
    "no-data", "exempted",   "manual",         "disabled",
};

static int find_word(const char *const *words, size_t n, const char *word)
{
    for (size_t i = 0; word && i < n; i++) {
        if (strcmp(words[i], word) == 0)
            return (int)i;
    }
    return -1;
}

const char *check_pillar_name(enum check_pillar p)
{
    return p < CHECK_PILLARS ? pillars[p] : "";
}

const char *check_severity_name(enum check_severity s)
{
    return s < CHECK_SEVERITIES ? severities[s] : "";
}

const char *verdict_name(enum verdict v)
{
    return v < VERDICT_COUNT ? verdicts[v] : "";
}

const char *skip_reason_name(enum skip_reason r)
{
    return r < SKIP_REASON_COUNT ? reasons[r] : "";
}

int check_pillar_find(const char *name)
{
    return find_word(pillars, CHECK_PILLARS, name);
}

int check_severity_find(const char *name)
{
    return find_word(severities, CHECK_SEVERITIES, name);
}
