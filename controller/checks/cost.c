// SPDX-License-Identifier: Apache-2.0
// What is paid for and not needed, as far as manifests and nodes tell. Nothing here guesses at
// usage.
#include "controller/checks/join.h"
#include "controller/checks/placement.h"
#include "controller/checks/report.h"
#include "controller/checks/resources.h"
#include <strings.h>

#define CORE  INT64_C(1000)
#define GIB   (INT64_C(1) << 30)
#define NODES KIND_BIT(KIND_NODE)

#define CONTROLLERS                                                                                \
    (KIND_BIT(KIND_DEPLOYMENT) | KIND_BIT(KIND_STATEFUL_SET) | KIND_BIT(KIND_DAEMON_SET))

static void judge_ratio(struct report *r, const struct container *c, enum resource res, int most)
{
    const struct resources *own = container_resources(c);
    int64_t req, lim;

    if (!resource_in(resources_requests(own), res, &req) ||
        !resource_in(resources_limits(own), res, &lim) || req <= 0 || lim <= 0)
        return;
    double share = (double)req / (double)lim;
    if (share < 0.05)
        report_fail(r, "resources", "requests less than 5 %% of its %s limit", resource_name(res));
    else if (share < 0.20)
        report_warn(r, "resources", "requests less than 20 %% of its %s limit", resource_name(res));
    else if (share * most < 1)
        report_warn(r, "resources", "has a %s limit of more than %d times its request",
                    resource_name(res), most);
}

static void request_limit_ratio(struct report *r, const struct pod_view *p unused_arg,
                                const struct container_view *c)
{
    judge_ratio(r, c->c, RESOURCE_CPU, 10);
    judge_ratio(r, c->c, RESOURCE_MEMORY, 2);
}

struct bound {
    int64_t warn, fail;
};

static void judge_size(struct report *r, const char *what, enum resource res, int64_t have,
                       struct bound b)
{
    if (have <= b.warn)
        return;
    if (res == RESOURCE_CPU)
        report_as(r, have > b.fail ? VERDICT_FAIL : VERDICT_WARN, "resources",
                  "%s %" PRId64 ".%02" PRId64 " cores", what, have / 1000, have % 1000 / 10);
    else
        report_as(r, have > b.fail ? VERDICT_FAIL : VERDICT_WARN, "resources",
                  "%s %" PRId64 " GiB of memory", what, have / GIB);
}

static void large_pod(struct report *r, const struct pod_view *p)
{
    judge_size(r, "each Pod requests", RESOURCE_CPU, pod_request(p->spec, RESOURCE_CPU),
               (struct bound){ 4 * CORE, 16 * CORE });
    judge_size(r, "each Pod requests", RESOURCE_MEMORY, pod_request(p->spec, RESOURCE_MEMORY),
               (struct bound){ 16 * GIB, 64 * GIB });
}

static int64_t times(int64_t a, int64_t b)
{
    int64_t product;

    return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}

static int64_t pods_of(const struct workload *w)
{
    if (w->id != KIND_DAEMON_SET)
        return workload_replicas(w);
    return MAX(
        daemon_set_status_desired_number_scheduled(daemon_set_status(daemon_set_of(w->object))), 1);
}

static void large_fleet(struct report *r, const struct workload *w)
{
    int64_t n = pods_of(w);

    judge_size(r, "all replicas together request", RESOURCE_CPU,
               times(n, pod_request(w->spec, RESOURCE_CPU)),
               (struct bound){ 32 * CORE, 128 * CORE });
    judge_size(r, "all replicas together request", RESOURCE_MEMORY,
               times(n, pod_request(w->spec, RESOURCE_MEMORY)),
               (struct bound){ 256 * GIB, 1024 * GIB });
}

static void missing_requests(struct report *r, const struct object *o)
{
    uint32_t all = 0, without = 0;

    for (uint32_t i = 0; i < r->join->walk.n; i++) {
        const struct workload *w = r->join->walk.units[i];
        if (w->finished || strcmp(atom_str(w->ns), object_name(o)) != 0)
            continue;
        all++;
        without +=
            pod_request(w->spec, RESOURCE_CPU) == 0 || pod_request(w->spec, RESOURCE_MEMORY) == 0;
    }
    if (all == 0)
        report_skip(r, SKIP_NOT_APPLICABLE, "namespaces without workloads are not looked at");
    else if (without * 10 > all)
        report_warn(r, "",
                    "%" PRIu32 " of %" PRIu32
                    " workloads request no CPU or no memory, so cost cannot be allocated",
                    without, all);
}

static bool has_value(struct rlist labels, const char *key, const char *value)
{
    const char *have = rmap_get(labels, key);

    return have && strcasecmp(have, value) == 0;
}

static bool is_spot(const struct object *node)
{
    struct rlist l = object_meta_labels(object_meta_of(node));

    return has_value(l, "karpenter.sh/capacity-type", "spot") ||
           has_value(l, "eks.amazonaws.com/capacityType", "SPOT") ||
           has_value(l, "cloud.google.com/gke-spot", "true") ||
           has_value(l, "cloud.google.com/gke-preemptible", "true") ||
           has_value(l, "cloud.google.com/gke-provisioning", "spot") ||
           has_value(l, "kubernetes.azure.com/scalesetpriority", "spot") ||
           has_value(l, "node.kubernetes.io/lifecycle", "spot");
}

static bool in_cloud(const struct object *node)
{
    const char *id = text_or(node_spec_provider_id(node_spec(node_of(node))), "");

    return str_starts(id, "aws:") || str_starts(id, "gce:") || str_starts(id, "azure:");
}

static uint32_t stateless_replicated(const struct report *r)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < r->join->walk.n; i++)
        n += workload_is(r->join->walk.units[i], KIND_BIT(KIND_DEPLOYMENT)) &&
             workload_replicas(r->join->walk.units[i]) >= 2 &&
             !join_namespace(r->join, atom_str(r->join->walk.units[i]->ns))->platform;
    return n;
}

static void spot_usage(struct report *r)
{
    bool cloud = false, spot = false;

    FOR_EACH_OBJECT(n, r->snapshot, KIND_NODE)
    {
        cloud |= in_cloud(n);
        spot |= is_spot(n);
    }
    if (!cloud && !spot)
        report_skip(r, SKIP_NOT_APPLICABLE, "no node of a cloud with spot capacity was found");
    else if (!spot && stateless_replicated(r) > 0)
        report_warn(r, "",
                    "no node is spot capacity, although %" PRIu32
                    " replicated Deployments could use it",
                    stateless_replicated(r));
}

static void spot_unsafe(struct report *r, const struct workload *w)
{
    uint32_t spot = 0, other = 0;

    FOR_EACH_OBJECT(n, r->snapshot, KIND_NODE)
    {
        if (workload_replicas(w) == 0)
            break;
        if (is_spot(n))
            spot += placement_fits(w->spec, n);
        else
            other += placement_fits(w->spec, n);
    }
    if (spot == 0) {
        report_skip(r, SKIP_NOT_APPLICABLE, "it does not run on spot capacity");
        return;
    }
    if (other > 0)
        return;
    if (workload_replicas(w) < 2)
        report_fail(r, "", "a single replica can run on spot capacity only");
    else if (w->id == KIND_STATEFUL_SET || w->budgets == 0)
        report_fail(r, "", "can run on spot capacity only%s",
                    w->id == KIND_STATEFUL_SET ? ", and keeps state"
                                               : " and has no PodDisruptionBudget");
}

// Taints that keep Pods off spot nodes unless they tolerate them, and the notice in seconds before
// such a node goes.
static const struct {
    const char *key, *value;
    int64_t notice;
} spot_taints[] = {
    {"cloud.google.com/gke-spot",              "true", 30 },
    { "cloud.google.com/gke-preemptible",      "true", 30 },
    { "kubernetes.azure.com/scalesetpriority", "spot", 30 },
    { "eks.amazonaws.com/capacityType",        "SPOT", 120},
    { "karpenter.sh/capacity-type",            "spot", 120},
    { "node.kubernetes.io/lifecycle",          "spot", 120},
};

// The notice of the first spot taint that the workload tolerates by name; 0 if there is none.
static int64_t tolerated_notice(const struct pod_spec *spec)
{
    FOR_EACH (toleration, t, pod_spec_tolerations(spec)) {
        const char *key = atom_str(toleration_key(t)), *value = toleration_value(t);
        for (size_t i = 0; i < ARRAY_SIZE(spot_taints); i++) {
            if (strcmp(spot_taints[i].key, key) == 0 &&
                (!value || strcasecmp(value, spot_taints[i].value) == 0))
                return spot_taints[i].notice;
        }
    }
    return 0;
}

static void spot_configuration(struct report *r, const struct workload *w)
{
    const struct node_affinity *na = affinity_node_affinity(pod_spec_affinity(w->spec));
    int64_t notice = tolerated_notice(w->spec);

    if (notice == 0) {
        report_skip(r, SKIP_NOT_APPLICABLE, "it does not tolerate spot capacity");
        return;
    }
    if (!placement_constrained(w->spec) && !node_affinity_has_preferred(na))
        report_warn(r, "affinity", "tolerates spot capacity, but does not prefer it");
    if (pod_spec_termination_grace_period_seconds(w->spec) > notice)
        report_warn(r, "terminationGracePeriodSeconds",
                    "takes up to %" PRId64 " s to stop, but a spot node goes after %" PRId64 " s",
                    pod_spec_termination_grace_period_seconds(w->spec), notice);
}

static void job_ttl(struct report *r, const struct workload *w)
{
    if (!job_spec_has_ttl_seconds_after_finished(job_spec(job_of(w->object))))
        report_warn(r, "spec.ttlSecondsAfterFinished", "stays for ever after it has finished");
}

static void cron_job_history(struct report *r, const struct workload *w)
{
    const struct cron_job_spec *s = cron_job_spec(cron_job_of(w->object));

    if (cron_job_spec_successful_jobs_history_limit(s) > 10 ||
        cron_job_spec_failed_jobs_history_limit(s) > 10)
        report_warn(r, "spec", "keeps more than 10 finished Jobs");
}

CHECK_TABLE(
    cost, CHECK_COST,
    { .id = "cost-optimization/request-limit-ratio",
      .title = "Requests are close to limits",
      .remediation =
          "Bring request and limit together: memory within a factor of 2, CPU within 10.",
      .frameworks = "",
      .aliases = "cost-optimization.resource-request-limit-ratios",
      .severity = CHECK_MEDIUM,
      .tier = 1,
      .flags = CHECK_RESOURCES,
      .sets = SET_STARTED,
      .per_container = request_limit_ratio },
    { .id = "cost-optimization/large-pod",
      .title = "No Pod requests an unusual amount",
      .remediation = "Measure, and lower the requests of the containers.",
      .frameworks = "",
      .aliases = "cost-optimization.over-provisioning-detection",
      .severity = CHECK_LOW,
      .tier = 1,
      .flags = CHECK_RESOURCES,
      .per_pod_spec = large_pod },
    { .id = "cost-optimization/large-fleet",
      .title = "No workload requests an unusual amount altogether",
      .remediation = "Measure, and lower replicas or requests.",
      .frameworks = "",
      .aliases = "cost-optimization.over-provisioning-detection",
      .severity = CHECK_LOW,
      .tier = 1,
      .flags = CHECK_RESOURCES,
      .kinds = CONTROLLERS,
      .per_workload = large_fleet },
    { .id = "cost-optimization/requests-missing-for-allocation",
      .title = "Costs of a namespace can be allocated",
      .remediation = "Set CPU and memory requests in every workload of the namespace.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 1,
      .kinds = KIND_BIT(KIND_NAMESPACE),
      .reads = KIND_BIT(KIND_POD),
      .per_object = missing_requests },
    { .id = "cost-optimization/spot-usage",
      .title = "Spot capacity is used where it suits",
      .remediation = "Add a pool of spot nodes for replicated stateless workloads.",
      .frameworks = "",
      .aliases = "cost-optimization.spot-instance-usage",
      .severity = CHECK_LOW,
      .tier = 1,
      .flags = CHECK_LIVE | CHECK_ALL_NAMESPACES,
      .reads = NODES | KIND_BIT(KIND_DEPLOYMENT),
      .per_cluster = spot_usage },
    { .id = "cost-optimization/spot-unsafe-workload",
      .title = "What runs on spot capacity alone survives its loss",
      .remediation = "Allow other nodes too, or run replicas with a PodDisruptionBudget.",
      .frameworks = "",
      .aliases = "cost-optimization.spot-instance-usage",
      .severity = CHECK_HIGH,
      .tier = 1,
      .flags = CHECK_LIVE,
      .kinds = KIND_BIT(KIND_DEPLOYMENT) | KIND_BIT(KIND_STATEFUL_SET),
      .reads = NODES | KIND_BIT(KIND_POD_DISRUPTION_BUDGET),
      .per_workload = spot_unsafe },
    { .id = "cost-optimization/spot-configuration",
      .title = "What tolerates spot capacity prefers it and stops in time",
      .remediation =
          "Add a node affinity for spot nodes and a grace period within the provider's notice.",
      .frameworks = "",
      .aliases = "cost-optimization.spot-instance-usage",
      .severity = CHECK_MEDIUM,
      .tier = 1,
      .kinds = CONTROLLERS,
      .per_workload = spot_configuration },
    { .id = "cost-optimization/job-ttl",
      .title = "Finished Jobs are removed",
      .remediation = "Set ttlSecondsAfterFinished.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 2,
      .kinds = KIND_BIT(KIND_JOB),
      .per_workload = job_ttl },
    { .id = "cost-optimization/cronjob-history",
      .title = "CronJobs keep few finished Jobs",
      .remediation = "Set the history limits to 10 or less.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 3,
      .kinds = KIND_BIT(KIND_CRON_JOB),
      .per_workload = cron_job_history }, );
