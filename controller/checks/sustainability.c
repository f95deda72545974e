// SPDX-License-Identifier: Apache-2.0
// Nodes that run for nothing. Requests are what the scheduler packs by, so they bound how few nodes
// would do.
#include "controller/checks/demand.h"
#include "controller/checks/join.h"
#include "controller/checks/report.h"
#include "controller/checks/resources.h"

#define NODES KIND_BIT(KIND_NODE)
#define CONTROLLERS                                                                                \
    (KIND_BIT(KIND_DEPLOYMENT) | KIND_BIT(KIND_STATEFUL_SET) | KIND_BIT(KIND_DAEMON_SET))
#define MIB (INT64_C(1) << 20)

static bool usable(const struct object *node)
{
    if (node_spec_unschedulable(node_spec(node_of(node))))
        return false;
    FOR_EACH (node_condition, c, node_status_conditions(node_status(node_of(node)))) {
        if (strcmp(atom_str(node_condition_type(c)), "Ready") == 0)
            return node_condition_status(c) == CONDITION_TRUE;
    }
    return true;
}

static double allocatable(const struct report *r, enum resource res)
{
    double sum = 0;
    int64_t v;

    FOR_EACH_OBJECT(n, r->snapshot, KIND_NODE)
    {
        if (usable(n) && resource_in(node_status_allocatable(node_status(node_of(n))), res, &v))
            sum += (double)v;
    }
    return sum;
}

static double pods_of(const struct workload *w)
{
    if (w->finished || w->id == KIND_CRON_JOB)
        return 0;
    if (w->id == KIND_DAEMON_SET)
        return daemon_set_status_desired_number_scheduled(
            daemon_set_status(daemon_set_of(w->object)));
    return workload_replicas(w);
}

static double requested(const struct report *r, enum resource res)
{
    double sum = 0;

    for (uint32_t i = 0; i < r->join->walk.n; i++)
        sum += pods_of(r->join->walk.units[i]) *
               (double)pod_request(r->join->walk.units[i]->spec, res);
    return sum;
}

static void judge_use(struct report *r, enum resource res, double have)
{
    double share = have > 0 ? requested(r, res) / have : 1;

    if (share < 0.15)
        report_fail(r, "", "only %.1f %% of the nodes' %s is requested", share * 100,
                    resource_name(res));
    else if (share < 0.40)
        report_warn(r, "", "only %.1f %% of the nodes' %s is requested", share * 100,
                    resource_name(res));
}

static void request_utilisation(struct report *r)
{
    double cpu = allocatable(r, RESOURCE_CPU), memory = allocatable(r, RESOURCE_MEMORY);

    if (cpu < 4000 && memory < 8192.0 * MIB) {
        report_skip(r, SKIP_NOT_APPLICABLE, "the cluster is too small to be judged");
        return;
    }
    if (cpu >= 4000)
        judge_use(r, RESOURCE_CPU, cpu);
    if (memory >= 8192.0 * MIB)
        judge_use(r, RESOURCE_MEMORY, memory);
}

// Nodes of which nothing is known count on neither side.
static double used(const struct report *r, enum resource res, double *ret_of)
{
    double sum = 0;

    *ret_of = 0;
    FOR_EACH_OBJECT(n, r->snapshot, KIND_NODE)
    {
        struct usage_samples s = { 0 };
        int64_t have;

        usage_of_node(r->snapshot->usage, n, &s);
        if (!(s.have & 1) || !usable(n) ||
            !resource_in(node_status_allocatable(node_status(node_of(n))), res, &have))
            continue;
        *ret_of += (double)have;
        sum += (double)demand_value(s.slot[0], res);
    }
    return sum;
}

static void judge_usage(struct report *r, enum resource res)
{
    double have, in_use = used(r, res, &have), asked = requested(r, res);

    if (have > 0 && in_use < 0.10 * have)
        report_warn(r, "", "only %.1f %% of the nodes' %s is used", in_use / have * 100,
                    resource_name(res));
    else if (asked > 0 && in_use < 0.30 * asked)
        report_warn(r, "", "only %.1f %% of the %s that is requested is used", in_use / asked * 100,
                    resource_name(res));
}

static void usage_efficiency(struct report *r)
{
    double have;

    used(r, RESOURCE_CPU, &have);
    if (have <= 0) {
        report_skip(r, SKIP_NO_DATA, "nothing is known of the usage of any node");
        return;
    }
    judge_usage(r, RESOURCE_CPU);
    judge_usage(r, RESOURCE_MEMORY);
}

static bool is_small(const struct workload *w)
{
    int64_t cpu = pod_request(w->spec, RESOURCE_CPU),
            memory = pod_request(w->spec, RESOURCE_MEMORY);

    return pod_spec_containers(w->spec).n == 1 && cpu > 0 && cpu < 50 && memory < 64 * MIB &&
           workload_replicas(w) >= 3;
}

static bool production(const struct ns_info *ns)
{
    static const char *const keys[] = { "environment", "env", "tier" };

    for (size_t i = 0; ns->object && i < ARRAY_SIZE(keys); i++) {
        const char *v = rmap_get(object_meta_labels(object_meta_of(ns->object)), keys[i]);
        if (v && (str_starts(v, "prod") || strcmp(v, "critical") == 0))
            return true;
    }
    return strstr(ns->name, "prod") != NULL;
}

static void fragmented(struct report *r, const struct object *o)
{
    const struct ns_info *ns = join_namespace(r->join, object_name(o));
    uint32_t small = 0;

    if (production(ns)) {
        report_skip(r, SKIP_NOT_APPLICABLE, "namespaces of production are not looked at");
        return;
    }
    for (uint32_t i = 0; i < r->join->walk.n; i++) {
        const struct workload *w = r->join->walk.units[i];
        small += workload_is(w, KIND_BIT(KIND_DEPLOYMENT)) &&
                 strcmp(atom_str(w->ns), ns->name) == 0 && is_small(w);
    }
    if (small >= 8)
        report_warn(r, "", "%" PRIu32 " Deployments run three or more tiny replicas each", small);
}

// An estimate by sums with a quarter to spare and two nodes more: taints and affinity, which it
// does not see, only raise the need.
static void consolidation(struct report *r)
{
    double cpu = requested(r, RESOURCE_CPU), memory = requested(r, RESOURCE_MEMORY), node_cpu = 0,
           node_memory = 0;
    uint32_t nodes = 0, needed;

    FOR_EACH_OBJECT(n, r->snapshot, KIND_NODE)
    nodes += usable(n);
    if (nodes <= 2) {
        report_skip(r, SKIP_NOT_APPLICABLE, "two nodes or fewer are needed in any case");
        return;
    }
    node_cpu = allocatable(r, RESOURCE_CPU) / nodes;
    node_memory = allocatable(r, RESOURCE_MEMORY) / nodes;
    if (node_cpu <= 0 || node_memory <= 0) {
        report_skip(r, SKIP_NO_DATA, "the nodes do not say what they can hold");
        return;
    }
    needed = (uint32_t)(MAX(cpu / node_cpu, memory / node_memory) * 1.25) + 2;
    if (needed < nodes)
        report_warn(r, "", "the requests would fit on about %" PRIu32 " of %" PRIu32 " nodes",
                    needed, nodes);
}

CHECK_TABLE(sustainability, CHECK_SUSTAINABILITY,
            { .id = "sustainability/cluster-request-utilisation",
              .title = "A good part of the nodes is requested",
              .remediation = "Use fewer or smaller nodes, or a node autoscaler.",
              .frameworks = "",
              .aliases = "sustainability.resource-efficiency-signals",
              .severity = CHECK_MEDIUM,
              .tier = 1,
              .flags = CHECK_LIVE | CHECK_ALL_NAMESPACES,
              .reads = NODES | KIND_BIT(KIND_POD) | CONTROLLERS,
              .per_cluster = request_utilisation },
            { .id = "sustainability/cluster-usage-efficiency",
              .title = "A good part of what nodes have, and workloads request, is used",
              .remediation = "Lower requests that nobody uses, then use fewer or smaller nodes.",
              .frameworks = "",
              .aliases = "sustainability.resource-efficiency-signals",
              .severity = CHECK_MEDIUM,
              .tier = 1,
              .flags = CHECK_LIVE | CHECK_ALL_NAMESPACES,
              .reads = NODES | KIND_BIT(KIND_NODE_METRICS) | KIND_BIT(KIND_POD) | CONTROLLERS,
              .per_cluster = usage_efficiency },
            { .id = "sustainability/node-consolidation",
              .title = "No more nodes run than the requests need",
              .remediation = "Let a node autoscaler consolidate, or remove nodes.",
              .frameworks = "",
              .aliases = "sustainability.workload-consolidation-signals",
              .severity = CHECK_MEDIUM,
              .tier = 1,
              .flags = CHECK_LIVE | CHECK_ALL_NAMESPACES,
              .reads = NODES | KIND_BIT(KIND_POD) | CONTROLLERS,
              .per_cluster = consolidation },
            { .id = "sustainability/fragmented-workloads",
              .title = "Small services are not spread over many tiny replicas",
              .remediation = "Run fewer replicas outside production, or merge services.",
              .frameworks = "",
              .aliases = "sustainability.workload-consolidation-signals",
              .severity = CHECK_LOW,
              .tier = 1,
              .kinds = KIND_BIT(KIND_NAMESPACE),
              .reads = KIND_BIT(KIND_DEPLOYMENT),
              .per_object = fragmented }, );
