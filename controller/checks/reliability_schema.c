// SPDX-License-Identifier: Apache-2.0
// What the API server would refuse in a manifest, as far as the members that are read show it:
// names, names that come twice, quantities. Unknown and wrongly typed members are the reader's to
// refuse.
#include "controller/checks/join.h"
#include "controller/checks/report.h"
#include "controller/checks/resources.h"

static bool is_name_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_name(const char *s, bool dots, size_t most)
{
    size_t n = strlen(s);

    if (n == 0 || n > most || !is_name_letter(s[0]) || !is_name_letter(s[n - 1]))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!is_name_letter(s[i]) && s[i] != '-' && !(dots && s[i] == '.'))
            return false;
    }
    return true;
}

static void judge_quantities(struct report *r, struct rlist map, const char *field)
{
    int64_t value;

    FOR_EACH_PAIR (key, text, map) {
        if (!quantity_value(text, &value))
            report_fail(r, field, "has no quantity for %s: '%s'", key, text);
        else if (value < 0)
            report_fail(r, field, "has a quantity below 0 for %s: '%s'", key, text);
    }
}

static bool comes_before(const struct pod_view *p, const struct container_view *c)
{
    for (const struct container_view *other = p->containers; other < c; other++) {
        if (strcmp(other->name, c->name) == 0)
            return true;
    }
    return false;
}

static void judge_container(struct report *r, const struct pod_view *p,
                            const struct container_view *c)
{
    const struct resources *res = container_resources(c->c);

    report_at(r, c);
    if (!is_name(c->name, false, 63))
        report_fail(r, "name", "has no name of lower-case letters, digits and dashes");
    else if (comes_before(p, c))
        report_fail(r, "name", "has the name of another container");
    judge_quantities(r, resources_requests(res), "resources.requests");
    judge_quantities(r, resources_limits(res), "resources.limits");
    report_at(r, NULL);
}

static void schema(struct report *r, const struct workload *w)
{
    struct container_view list[POD_CONTAINERS_MAX];
    struct pod_view p;

    pod_view_init(&p, w->spec, w->template, r->snapshot->server_minor, list);
    if (!is_name(w->name, true, 253))
        report_fail(r, "metadata.name",
                    "is no name of lower-case letters, digits, dashes and dots");
    for (uint32_t i = 0; i < p.n; i++)
        judge_container(r, &p, &p.containers[i]);
}

CHECK_TABLE(reliability_schema, CHECK_RELIABILITY,
            { .id = "reliability/schema-valid",
              .title = "Names and quantities have the form that the API server accepts",
              .remediation = "Correct the name or the quantity.",
              .frameworks = "",
              .aliases = "",
              .severity = CHECK_MEDIUM,
              .tier = 1,
              .flags = CHECK_FILES | CHECK_ALL_NAMESPACES,
              .per_workload = schema }, );
