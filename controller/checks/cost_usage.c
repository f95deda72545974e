// SPDX-License-Identifier: Apache-2.0
// Requests that are twice what is used, or more. An autoscaler that goes by the share of a request
// would follow a change of it, so what it scales is left alone; memory that ran out is no advice to
// ask for less.
#include "controller/checks/demand.h"
#include "controller/checks/join.h"

#define USAGE     KIND_BIT(KIND_POD_METRICS)
#define CPU_LEAST INT64_C(100) // thousandths of a core
#define MEM_LEAST (INT64_C(100) << 20)
#define MIB       (INT64_C(1) << 20)

static bool scales_by(const struct object *hpa, enum resource res)
{
    struct rlist metrics = horizontal_pod_autoscaler_spec_metrics(
        horizontal_pod_autoscaler_spec(hpa ? horizontal_pod_autoscaler_of(hpa) : NULL));

    if (hpa && metrics.n == 0)
        return res == RESOURCE_CPU; // what it goes by unless told otherwise
    FOR_EACH (metric_spec, m, metrics) {
        const struct resource_metric *rm = metric_spec_has_resource(m)
                                               ? metric_spec_resource(m)
                                               : metric_spec_container_resource(m);
        if (rm && strcmp(atom_str(resource_metric_name(rm)), resource_name(res)) == 0)
            return true;
    }
    return false;
}

static bool judge_cpu(struct report *r, void *arg unused_arg, const struct container *c,
                      const struct usage_samples *s)
{
    int64_t asked, used = demand_value(usage_p95(s), RESOURCE_CPU);

    if (!container_request(c, RESOURCE_CPU, &asked))
        return false;
    if (2 * used < asked && asked - used >= CPU_LEAST)
        report_warn(r, "resources.requests.cpu",
                    "requests %" PRId64 "m of cpu and needs %" PRId64 "m", asked, used);
    return true;
}

static bool ran_out(const struct workload *w, const char *container)
{
    for (const struct pod_link *l = w->pods; l; l = l->next) {
        FOR_EACH (container_status, s, pod_status_container_statuses(pod_status(pod_of(l->pod)))) {
            const struct container_terminated *t =
                container_last_state_terminated(container_status_last_state(s));
            if (strcmp(text_or(container_status_name(s), ""), container) == 0 &&
                strcmp(atom_str(container_terminated_reason(t)), "OOMKilled") == 0)
                return true;
        }
    }
    return false;
}

static bool judge_memory(struct report *r, void *arg, const struct container *c,
                         const struct usage_samples *s)
{
    int64_t asked, used = demand_value(usage_max(s), RESOURCE_MEMORY) / 100 * 115;

    if (!container_request(c, RESOURCE_MEMORY, &asked) ||
        ran_out(arg, text_or(container_name(c), "")))
        return false;
    if (2 * used < asked && asked - used >= MEM_LEAST)
        report_warn(r, "resources.requests.memory",
                    "requests %" PRId64 " MiB of memory and needs %" PRId64 " MiB", asked / MIB,
                    used / MIB);
    return true;
}

static void judge(struct report *r, const struct workload *w, enum resource res, demand_fn fn)
{
    if (scales_by(w->hpa, res))
        report_skip(r, SKIP_NOT_APPLICABLE, "an autoscaler goes by its %s", resource_name(res));
    else
        demand_each(r, w, DEMAND_HISTORY, fn, (void *)(uintptr_t)w);
}

static void oversized_cpu(struct report *r, const struct workload *w)
{
    judge(r, w, RESOURCE_CPU, judge_cpu);
}

static void oversized_memory(struct report *r, const struct workload *w)
{
    judge(r, w, RESOURCE_MEMORY, judge_memory);
}

CHECK_TABLE(cost_usage, CHECK_COST,
            { .id = "cost-optimization/oversized-cpu-request",
              .title = "Containers use at least half of the CPU that they request",
              .remediation = "Request what 95 of 100 samples stay below.",
              .frameworks = "",
              .aliases = "cost-optimization.over-provisioning-detection",
              .severity = CHECK_MEDIUM,
              .tier = 1,
              .flags = CHECK_LIVE | CHECK_RUNNING,
              .reads = USAGE | KIND_BIT(KIND_POD) | KIND_BIT(KIND_HORIZONTAL_POD_AUTOSCALER),
              .per_workload = oversized_cpu },
            { .id = "cost-optimization/oversized-memory-request",
              .title = "Containers use at least half of the memory that they request",
              .remediation = "Request the most that was used and 15 % more.",
              .frameworks = "",
              .aliases = "cost-optimization.over-provisioning-detection",
              .severity = CHECK_MEDIUM,
              .tier = 1,
              .flags = CHECK_LIVE | CHECK_RUNNING,
              .reads = USAGE | KIND_BIT(KIND_POD) | KIND_BIT(KIND_HORIZONTAL_POD_AUTOSCALER),
              .per_workload = oversized_memory }, );
