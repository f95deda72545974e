// SPDX-License-Identifier: Apache-2.0
// docs/checks.md, written from the tables, so that page and code cannot differ (test_checks
// compares them).
#include "base/alloc.h"
#include "controller/checks/checks.h"

static const char *scope_of(const struct check *c)
{
    if (c->per_container)
        return "container";
    if (c->per_pod_spec)
        return "Pod spec";
    if (c->per_workload)
        return "workload";
    if (c->per_exemption)
        return "exemption";
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

#define CONTROLS_MAX 1024

static int compare_controls(const void *a, const void *b)
{
    return strverscmp(*(char *const *)a, *(char *const *)b);
}

static bool is_known(char *const *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(list[i], name) == 0)
            return true;
    }
    return false;
}

// Every control that some check is mapped to, once, in order; the caller frees each.
static size_t controls(char *list[CONTROLS_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < checks_count(); i++) {
        struct str rest = str_of(checks_at(i)->frameworks), word;
        while (str_split(&rest, ' ', &word)) {
            char *name = xstrndup(word.p, word.n);
            if (n == CONTROLS_MAX || !word.n || is_known(list, n, name))
                free(name);
            else
                list[n++] = name;
        }
    }
    qsort(list, n, sizeof(*list), compare_controls);
    return n;
}

static void control_row(struct buf *out, const char *control)
{
    const char *between = "";

    buf_addf(out, "| %s | ", control);
    for (size_t i = 0; i < checks_count(); i++) {
        if (!check_has_framework(checks_at(i), control))
            continue;
        buf_addf(out, "%s`%s`", between, checks_at(i)->id);
        between = ", ";
    }
    buf_adds(out, " |\n");
}

static void by_control(struct buf *out)
{
    char *list[CONTROLS_MAX];
    size_t n = controls(list);

    buf_adds(
        out,
        "\n## By control\n\nPSS-B and PSS-R are the Pod Security Standards baseline and restricted, "
        "CIS the Kubernetes benchmark 1.12,\nNSA the hardening guide of NSA and CISA (its sections), "
        "C-… controls of Kubescape.\n\n| Control | Checks |\n|---|---|\n");
    for (size_t i = 0; i < n; i++) {
        control_row(out, list[i]);
        free(list[i]);
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
    by_control(out);
    return out->failed ? -1 : 0;
}
