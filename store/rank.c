// SPDX-License-Identifier: Apache-2.0
// Words to numbers and back.
#include "store/rank.h"

static const char *const severities[] = { "critical", "high", "medium", "low" };

static const struct {
    const char *word;
    int group, place;
} statuses[] = {
    {"failing",  0, 0},
    { "warning", 0, 1},
    { "error",   0, 2},
    { "passing", 1, 0},
    { "skipped", 2, 0},
};

int rank_of(const char *severity, const char *status)
{
    for (int v = 0; severity && status && v < (int)ARRAY_SIZE(severities); v++) {
        if (strcmp(severities[v], severity) != 0)
            continue;
        for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
            if (strcmp(statuses[i].word, status) == 0)
                return statuses[i].group * 16 + v * 4 + statuses[i].place;
        }
    }
    return -1;
}

const char *rank_severity(int64_t rank)
{
    return rank < 0 || rank >= RANKS ? "" : severities[rank / 4 % 4];
}

const char *rank_status(int64_t rank)
{
    for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
        if (rank >= 0 && rank / 16 == statuses[i].group && rank % 4 == statuses[i].place)
            return statuses[i].word;
    }
    return "";
}
