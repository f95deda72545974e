// SPDX-License-Identifier: Apache-2.0
// The one list of tables. A new check is a row in one of them; a new table is a line here.
#include "controller/checks/checks.h"

#include "controller/checks/glob.h"
#include "controller/checks/select.h"

#define TABLES(X)                                                                                  \
    X(security_pod)                                                                                \
    X(security_container)                                                                          \
    X(security_confinement)                                                                        \
    X(security_capabilities)                                                                       \
    X(security_secrets)                                                                            \
    X(security_images)                                                                             \
    X(security_vulnerabilities)                                                                    \
    X(security_scans)                                                                              \
    X(security_exposure)                                                                           \
    X(security_accounts)                                                                           \
    X(security_rbac)                                                                               \
    X(security_network)                                                                            \
    X(security_control_plane)                                                                      \
    X(security_rbac_powers)                                                                        \
    X(security_namespaces)                                                                         \
    X(security_advice)                                                                             \
    X(reliability_availability)                                                                    \
    X(reliability_workload)                                                                        \
    X(reliability_running)                                                                         \
    X(reliability_rollout)                                                                         \
    X(reliability_nodes)                                                                           \
    X(reliability_batch)                                                                           \
    X(reliability_volumes)                                                                         \
    X(reliability_webhooks)                                                                        \
    X(reliability_probes)                                                                          \
    X(reliability_limits)                                                                          \
    X(reliability_replicas)                                                                        \
    X(reliability_schema)                                                                          \
    X(reliability_references)                                                                      \
    X(reliability_needs)                                                                           \
    X(reliability_backup)                                                                          \
    X(performance)                                                                                 \
    X(performance_vpa)                                                                             \
    X(performance_scaling)                                                                         \
    X(performance_usage)                                                                           \
    X(cost)                                                                                        \
    X(cost_volumes)                                                                                \
    X(cost_usage)                                                                                  \
    X(operations)                                                                                  \
    X(operations_objects)                                                                          \
    X(operations_exemptions)                                                                       \
    X(operations_audit)                                                                            \
    X(operations_delivery)                                                                         \
    X(operations_manifests)                                                                        \
    X(sustainability)

#define X(t) extern const struct pillar_table pillar_##t;
TABLES(X)
#undef X

#define X(t) &pillar_##t,
static const struct pillar_table *const tables[] = { TABLES(X) };
#undef X

size_t checks_count(void)
{
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
        n += tables[i]->n;
    return n;
}

const struct check *checks_at(size_t i)
{
    for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
        if (i < tables[t]->n)
            return &tables[t]->checks[i];
        i -= tables[t]->n;
    }
    return NULL;
}

static bool in_table(const struct pillar_table *t, const struct check *c)
{
    return (uintptr_t)c >= (uintptr_t)t->checks && (uintptr_t)c < (uintptr_t)(t->checks + t->n);
}

size_t check_index(const struct check *c)
{
    size_t before = 0;

    for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
        if (in_table(tables[t], c))
            return before + (size_t)(c - tables[t]->checks);
        before += tables[t]->n;
    }
    return SIZE_MAX;
}

enum check_pillar check_pillar(const struct check *c)
{
    for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
        if (in_table(tables[t], c))
            return tables[t]->pillar;
    }
    return CHECK_PILLARS;
}

const struct check *checks_find(const char *id)
{
    for (size_t i = 0; id && i < checks_count(); i++) {
        if (strcmp(checks_at(i)->id, id) == 0)
            return checks_at(i);
    }
    return NULL;
}

bool check_has_alias(const struct check *c, const char *alias)
{
    struct str rest = str_of(c->aliases), word;

    while (str_split(&rest, ' ', &word)) {
        if (str_eq(word, alias))
            return true;
    }
    return false;
}

bool check_matches(const struct check *c, const char *pattern)
{
    return glob_match(str_of(pattern), c->id) || check_has_alias(c, pattern);
}
