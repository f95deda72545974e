// SPDX-License-Identifier: Apache-2.0
// Containers and Nodes that come near what they have, by what was seen of their usage.
#include "controller/checks/demand.h"
#include "controller/checks/join.h"

#define PODS      (KIND_BIT(KIND_POD_METRICS) | KIND_BIT(KIND_POD))
#define FULL_NODE 80 // percent of what is allocatable
#define NEAR      90 // percent of a limit

static int64_t percent(int64_t used, int64_t of)
{
    return of > 0 ? used * 100 / of : 0;
}

// most: percent of the request that may be used.
static bool judge_near(struct report *r, const struct container *c, const struct usage_samples *s,
                       enum resource res, int64_t most)
{
    int64_t limit, request, used = demand_value(s->slot[0], res);
    bool limited = container_limit(c, res, &limit);
    bool requested = resource_in(resources_requests(container_resources(c)), res, &request);

    if (limited && percent(used, limit) >= NEAR)
        report_warn(r, "resources.limits", "uses %" PRId64 " %% of its %s limit",
                    percent(used, limit), resource_name(res));
    else if (requested && percent(used, request) > most)
        report_warn(r, "resources.requests", "uses %" PRId64 " %% of its %s request",
                    percent(used, request), resource_name(res));
    return limited || requested;
}

static bool near_cpu(struct report *r, void *arg unused_arg, const struct container *c,
                     const struct usage_samples *s)
{
    return judge_near(r, c, s, RESOURCE_CPU, 200);
}

static bool near_memory(struct report *r, void *arg unused_arg, const struct container *c,
                        const struct usage_samples *s)
{
    return judge_near(r, c, s, RESOURCE_MEMORY, 150);
}

static void cpu_near_limit(struct report *r, const struct workload *w)
{
    demand_each(r, w, DEMAND_NOW, near_cpu, NULL);
}

static void memory_near_limit(struct report *r, const struct workload *w)
{
    demand_each(r, w, DEMAND_NOW, near_memory, NULL);
}

struct sum {
    enum resource res;
    int64_t requested, used; // of all containers that request it
};

static bool add_up(struct report *r unused_arg, void *arg, const struct container *c,
                   const struct usage_samples *s)
{
    struct sum *sum = arg;
    int64_t request;

    if (!container_request(c, sum->res, &request))
        return false;
    sum->requested += request;
    sum->used += demand_value(sum->res == RESOURCE_CPU ? usage_mean(s) : usage_max(s), sum->res);
    return true;
}

static void under_provisioned(struct report *r, const struct workload *w, enum resource res)
{
    struct sum sum = { .res = res };

    demand_each(r, w, DEMAND_HISTORY, add_up, &sum);
    if (sum.requested > 0 && sum.used * 4 > sum.requested * 5)
        report_warn(r, "", "its containers use %" PRId64 " %% of the %s that they request",
                    percent(sum.used, sum.requested), resource_name(res));
}

static void under_provisioned_cpu(struct report *r, const struct workload *w)
{
    under_provisioned(r, w, RESOURCE_CPU);
}

static void under_provisioned_memory(struct report *r, const struct workload *w)
{
    under_provisioned(r, w, RESOURCE_MEMORY);
}

static int64_t share(const struct object *node, const struct usage_sample *used, enum resource res)
{
    int64_t have;

    if (!resource_in(node_status_allocatable(node_status(node_of(node))), res, &have))
        return 0;
    return percent(demand_value(*used, res), have);
}

static bool seen(struct report *r, const struct object *node, struct usage_samples *ret)
{
    usage_of_node(r->snapshot->usage, node, ret);
    if (!(ret->have & 1))
        report_skip(r, SKIP_NO_DATA, "nothing is known of its usage");
    return ret->have & 1;
}

// One busy moment is no saturation.
static void node_cpu(struct report *r, const struct object *node)
{
    struct usage_samples s = { 0 };
    uint64_t before;

    if (!seen(r, node, &s))
        return;
    before = s.have & ~UINT64_C(1);
    if (!before) {
        report_skip(r, SKIP_NO_DATA, "its usage was seen once only");
        return;
    }
    int64_t now = share(node, &s.slot[0], RESOURCE_CPU);
    if (now >= FULL_NODE &&
        share(node, &s.slot[__builtin_ctzll(before)], RESOURCE_CPU) >= FULL_NODE)
        report_warn(r, "", "uses %" PRId64 " %% of its cpu", now);
}

static void node_memory(struct report *r, const struct object *node)
{
    struct usage_samples s = { 0 };

    if (seen(r, node, &s) && share(node, &s.slot[0], RESOURCE_MEMORY) >= FULL_NODE)
        report_warn(r, "", "uses %" PRId64 " %% of its memory",
                    share(node, &s.slot[0], RESOURCE_MEMORY));
}

CHECK_TABLE(performance_usage, CHECK_PERFORMANCE,
            { .id = "performance-efficiency/node-cpu-saturation",
              .title = "Nodes have CPU to spare",
              .remediation = "Add nodes, or move workloads.",
              .frameworks = "",
              .aliases = "",
              .severity = CHECK_MEDIUM,
              .tier = 2,
              .flags = CHECK_LIVE | CHECK_ALL_NAMESPACES,
              .kinds = KIND_BIT(KIND_NODE),
              .reads = KIND_BIT(KIND_NODE_METRICS),
              .per_object = node_cpu },
            { .id = "performance-efficiency/node-memory-saturation",
              .title = "Nodes have memory to spare",
              .remediation = "Add nodes, or move workloads.",
              .frameworks = "",
              .aliases = "",
              .severity = CHECK_HIGH,
              .tier = 2,
              .flags = CHECK_LIVE | CHECK_ALL_NAMESPACES,
              .kinds = KIND_BIT(KIND_NODE),
              .reads = KIND_BIT(KIND_NODE_METRICS),
              .per_object = node_memory },
            { .id = "performance-efficiency/cpu-near-limit",
              .title = "Containers stay below their CPU limit and near their request",
              .remediation = "Raise the request and the limit, or add replicas.",
              .frameworks = "",
              .aliases = "",
              .severity = CHECK_MEDIUM,
              .tier = 2,
              .flags = CHECK_LIVE,
              .reads = PODS,
              .per_workload = cpu_near_limit },
            { .id = "performance-efficiency/memory-near-limit",
              .title = "Containers stay below their memory limit and near their request",
              .remediation = "Raise the request and the limit, or find what takes the memory.",
              .frameworks = "",
              .aliases = "",
              .severity = CHECK_HIGH,
              .tier = 2,
              .flags = CHECK_LIVE,
              .reads = PODS,
              .per_workload = memory_near_limit },
            { .id = "performance-efficiency/under-provisioned-cpu",
              .title = "Workloads request the CPU that they use",
              .remediation = "Request what the containers use, so that a node has it for them.",
              .frameworks = "",
              .aliases = "",
              .severity = CHECK_MEDIUM,
              .tier = 2,
              .flags = CHECK_LIVE | CHECK_RUNNING,
              .reads = PODS,
              .per_workload = under_provisioned_cpu },
            { .id = "performance-efficiency/under-provisioned-memory",
              .title = "Workloads request the memory that they use",
              .remediation = "Request what the containers use, so that a node has it for them.",
              .frameworks = "",
              .aliases = "",
              .severity = CHECK_HIGH,
              .tier = 2,
              .flags = CHECK_LIVE | CHECK_RUNNING,
              .reads = PODS,
              .per_workload = under_provisioned_memory }, );
