// SPDX-License-Identifier: Apache-2.0
// docs/checks.md, written from the tables, so that page and code cannot differ (test_checks
// compares them).
#include "controller/checks/checks.h"

static const char *scope_of(const struct check *c)
{
    if (c->per_container)
        return "container";
    if (c->per_pod_spec)
        return "Pod spec";
    if (c->per_workload)
        return "workload";
    return c->per_object ? "object" : "cluster";
}

static void row(struct buf *out, const struct check *c)
{
    buf_addf(out, "| `%s` | %s | %s | %s | %s%s |\n", c->id, check_severity_name(c->severity),
             c->title, scope_of(c), *c->frameworks ? c->frameworks : "–",
             c->flags & CHECK_OFF ? " (off by default)" : "");
}

static void detail(struct buf *out, const struct check *c)
{
    buf_addf(out, "- `%s`: %s", c->id, c->remediation);
    if (*c->aliases)
        buf_addf(out, " Known to 2.4 as `%s`.", c->aliases);
    buf_adds(out, "\n");
}

static void section(struct buf *out, enum check_pillar p)
{
    buf_addf(
        out,
        "\n## %s\n\n| Check | Severity | Passes when | Looks at | Frameworks |\n|---|---|---|---|---|\n",
        check_pillar_name(p));
    for (size_t i = 0; i < checks_count(); i++) {
        if (check_pillar(checks_at(i)) == p)
            row(out, checks_at(i));
    }
    buf_adds(out, "\nWhat to do:\n\n");
    for (size_t i = 0; i < checks_count(); i++) {
        if (check_pillar(checks_at(i)) == p)
            detail(out, checks_at(i));
    }
}

int checks_markdown(struct buf *out)
{
    buf_addf(
        out,
        "# Checks\n\nGenerated from the tables in `controller/checks` by `kube9-operator checks list "
        "-o markdown`; %zu checks.\nA check ends as failing, warning, passing or skipped; a skipped one "
        "says why (`no-objects`, `not-applicable`,\n`no-permission`, `no-data`, `exempted`, `manual`, "
        "`disabled`) and is left out of the score.\n",
        checks_count());
    for (int p = 0; p < CHECK_PILLARS; p++)
        section(out, (enum check_pillar)p);
    return out->failed ? -1 : 0;
}
