// SPDX-License-Identifier: Apache-2.0
// Autoscaling, namespace budgets and placement.
#include "controller/checks/join.h"
#include "controller/checks/placement.h"
#include "controller/checks/report.h"
#include "controller/checks/resources.h"

#define HPA        KIND_BIT(KIND_HORIZONTAL_POD_AUTOSCALER)
#define NAMESPACES KIND_BIT(KIND_NAMESPACE)
#define QUOTAS     KIND_BIT(KIND_RESOURCE_QUOTA)
#define RANGES     KIND_BIT(KIND_LIMIT_RANGE)

static const struct horizontal_pod_autoscaler_spec *hpa_of(const struct object *o)
{
    return horizontal_pod_autoscaler_spec(horizontal_pod_autoscaler_of(o));
}

static void hpa_min(struct report *r, const struct object *o)
{
    int32_t n = horizontal_pod_autoscaler_spec_min_replicas(hpa_of(o));

    if (n < (r->profile->strict ? 3 : 2))
        report_warn(r, "spec.minReplicas", "goes down to %d replica%s", n, n == 1 ? "" : "s");
}

static void hpa_headroom(struct report *r, const struct object *o)
{
    int32_t min = horizontal_pod_autoscaler_spec_min_replicas(hpa_of(o)),
            max = horizontal_pod_autoscaler_spec_max_replicas(hpa_of(o));

    if (max < min)
        report_fail(r, "spec.maxReplicas", "has a maximum (%d) below its minimum (%d)", max, min);
    else if (max == min)
        report_warn(r, "spec.maxReplicas", "has no room to scale: minimum and maximum are %d", max);
}

static void hpa_no_metrics(struct report *r, const struct object *o)
{
    struct rlist metrics = horizontal_pod_autoscaler_spec_metrics(hpa_of(o));

    if (metrics.n == 0)
        report_warn(r, "spec.metrics", "names no metrics, so the default of 80 %% CPU counts");
    FOR_EACH (metric_spec, m, metrics) {
        const struct resource_metric *rm = metric_spec_has_resource(m)
                                               ? metric_spec_resource(m)
                                               : metric_spec_container_resource(m);
        const struct metric_target *t = resource_metric_target(rm);
        int32_t u = metric_target_average_utilization(t);
        if (rm && metric_target_has_average_utilization(t) && (u > 100 || u < 20))
            report_warn(r, "spec.metrics", "aims at %d %% of the %s request", u,
                        atom_str(resource_metric_name(rm)));
        else if (rm && !metric_target_has_average_utilization(t) &&
                 !metric_target_has_average_value(t) && !metric_target_has_value(t))
            report_warn(r, "spec.metrics", "has a metric without a target");
    }
}

static void want_request(struct report *r, const struct workload *w,
                         const struct resource_metric *m)
{
    const char *what = atom_str(resource_metric_name(m)), *only = resource_metric_container(m);
    enum resource res = strcmp(what, "cpu") == 0 ? RESOURCE_CPU : RESOURCE_MEMORY;
    struct container_view list[POD_CONTAINERS_MAX];
    struct pod_view p;

    if (res == RESOURCE_MEMORY && strcmp(what, "memory") != 0)
        return;
    pod_view_init(&p, w->spec, w->template, 0, list);
    r->workload = w;
    FOR_EACH_CONTAINER(c, &p, SET_SERVING)
    {
        if ((!only || strcmp(only, c->name) == 0) && !request_given(r, &p, c->c, res))
            report_fail(r, "spec.metrics",
                        "scales on the %s of %s '%s', whose container '%s' requests none", what,
                        w->kind, w->name, c->name);
    }
}

static const struct workload *hpa_target(const struct report *r, const struct object *o)
{
    const struct scale_target_ref *t = horizontal_pod_autoscaler_spec_scale_target_ref(hpa_of(o));

    return walk_find(&r->join->walk, atom_str(scale_target_ref_kind(t)), o->ns,
                     text_or(scale_target_ref_name(t), ""));
}

static void hpa_missing_requests(struct report *r, const struct object *o)
{
    const struct workload *w = hpa_target(r, o);

    if (!w) {
        report_skip(r, SKIP_NOT_APPLICABLE, "the target is not known");
        return;
    }
    FOR_EACH (metric_spec, m, horizontal_pod_autoscaler_spec_metrics(hpa_of(o))) {
        const struct resource_metric *rm = metric_spec_has_resource(m)
                                               ? metric_spec_resource(m)
                                               : metric_spec_container_resource(m);
        if (metric_target_type(resource_metric_target(rm)) == METRIC_TARGET_UTILIZATION)
            want_request(r, w, rm);
    }
}

static bool busy(struct report *r, const struct object *o)
{
    if (join_namespace(r->join, object_name(o))->workloads)
        return true;
    report_skip(r, SKIP_NOT_APPLICABLE, "namespaces without workloads are not looked at");
    return false;
}

static void quota_present(struct report *r, const struct object *o)
{
    if (busy(r, o) && join_namespace(r->join, object_name(o))->quotas == 0)
        report_warn(r, "", "has workloads and no ResourceQuota");
}

static void limit_range_present(struct report *r, const struct object *o)
{
    const struct ns_info *ns;

    if (!busy(r, o))
        return;
    ns = join_namespace(r->join, object_name(o));
    if (!ns->default_cpu_request && !ns->default_memory_request && !ns->default_memory_limit)
        report_warn(r, "",
                    ns->limit_ranges ? "has a LimitRange without defaults for containers"
                                     : "has workloads and no LimitRange");
}

static bool misses(struct report *r, const struct workload *w, enum resource res, bool limit)
{
    struct container_view list[POD_CONTAINERS_MAX];
    struct pod_view p;

    pod_view_init(&p, w->spec, w->template, 0, list);
    r->workload = w;
    FOR_EACH_CONTAINER(c, &p, SET_STARTED)
    {
        if (limit ? !limit_given(r, &p, c->c, res) : !request_given(r, &p, c->c, res))
            return true;
    }
    return false;
}

static void judge_quota(struct report *r, const struct object *o, const char *key,
                        enum resource res, bool limit)
{
    if (!rmap_get(resource_quota_spec_hard(resource_quota_spec(resource_quota_of(o))), key))
        return;
    for (uint32_t i = 0; i < r->join->walk.n; i++) {
        const struct workload *w = r->join->walk.units[i];
        if (w->ns == o->ns && !w->finished && misses(r, w, res, limit)) {
            report_fail(
                r, "spec.hard",
                "bounds %s, but %s '%s' sets none and no LimitRange does: its Pods are refused",
                key, w->kind, w->name);
            return;
        }
    }
}

static void quota_without_range(struct report *r, const struct object *o)
{
    judge_quota(r, o, "requests.cpu", RESOURCE_CPU, false);
    judge_quota(r, o, "requests.memory", RESOURCE_MEMORY, false);
    judge_quota(r, o, "cpu", RESOURCE_CPU, false); // the short names mean requests
    judge_quota(r, o, "memory", RESOURCE_MEMORY, false);
    judge_quota(r, o, "limits.cpu", RESOURCE_CPU, true);
    judge_quota(r, o, "limits.memory", RESOURCE_MEMORY, true);
}

static void quota_saturation(struct report *r, const struct object *o)
{
    const struct resource_quota_status *st = resource_quota_status(resource_quota_of(o));

    if (!st) {
        report_skip(r, SKIP_NO_DATA, "the quota has no status yet");
        return;
    }
    FOR_EACH_PAIR (key, text, resource_quota_status_hard(st)) {
        int64_t hard, used;
        const char *now = rmap_get(resource_quota_status_used(st), key);
        if (!now || !quantity_value(text, &hard) || !quantity_value(now, &used) || hard <= 0)
            continue;
        if (used >= hard)
            report_fail(r, "status.used", "%s is used up (%s of %s)", key, now, text);
        else if ((double)used >= 0.9 * (double)hard)
            report_warn(r, "status.used", "%s is nearly used up (%s of %s)", key, now, text);
    }
}

static void affinity_absent(struct report *r, const struct pod_view *p)
{
    const struct node_affinity *na = affinity_node_affinity(pod_spec_affinity(p->spec));

    if (pod_spec_node_selector(p->spec).n == 0 && !node_affinity_has_required(na) &&
        !node_affinity_has_preferred(na))
        report_warn(r, "affinity", "says nothing about the nodes that suit it");
}

static void node_pinned(struct report *r, const struct workload *w)
{
    if (w->id != KIND_POD && pod_spec_node_name(w->spec))
        report_warn(r, "nodeName", "is tied to node '%s'", atom_str(pod_spec_node_name(w->spec)));
    else if (w->id != KIND_DAEMON_SET &&
             rmap_get(pod_spec_node_selector(w->spec), "kubernetes.io/hostname"))
        report_warn(r, "nodeSelector", "is tied to node '%s'",
                    rmap_get(pod_spec_node_selector(w->spec), "kubernetes.io/hostname"));
}

static void unsatisfiable(struct report *r, const struct workload *w)
{
    uint32_t fit = 0;

    if (!placement_constrained(w->spec))
        return;
    FOR_EACH_OBJECT(n, r->snapshot, KIND_NODE)
    fit += !node_spec_unschedulable(node_spec(node_of(n))) && placement_fits(w->spec, n);
    if (fit == 0)
        report_fail(r, "affinity", "no schedulable node matches its node selector and affinity");
}

static bool in_cloud(const struct report *r)
{
    FOR_EACH_OBJECT(n, r->snapshot, KIND_NODE)
    {
        const char *id = text_or(node_spec_provider_id(node_spec(node_of(n))), "");
        if (str_starts(id, "aws:") || str_starts(id, "gce:") || str_starts(id, "azure:"))
            return true;
    }
    return false;
}

static bool provisioned_by_provider(const struct report *r)
{
    static const char *const keys[] = { "karpenter.sh/nodepool", "eks.amazonaws.com/compute-type",
                                        "cloud.google.com/gke-provisioning" };

    FOR_EACH_OBJECT(n, r->snapshot, KIND_NODE)
    {
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
            if (rmap_get(object_meta_labels(object_meta_of(n)), keys[i]))
                return true;
        }
    }
    return false;
}

static void node_autoscaler(struct report *r)
{
    if (join_crd(r->join, "karpenter.sh", NULL) || join_crd(r->join, "karpenter.k8s.aws", NULL) ||
        provisioned_by_provider(r))
        return;
    for (uint32_t i = 0; i < r->join->walk.n; i++) {
        if (strstr(r->join->walk.units[i]->name, "cluster-autoscaler"))
            return;
    }
    if (in_cloud(r))
        report_warn(r, "", "no node autoscaler was found (Cluster Autoscaler, Karpenter)");
    else
        report_skip(r, SKIP_NOT_APPLICABLE,
                    "the nodes are not those of a cloud that adds and removes them");
}

CHECK_TABLE(performance, CHECK_PERFORMANCE,
            { .id = "performance-efficiency/hpa-min-replicas",
              .title = "Autoscalers keep at least two replicas",
              .remediation = "Set minReplicas to 2 or more.",
              .frameworks = "",
              .aliases = "performance-efficiency.hpa-configuration-sanity",
              .severity = CHECK_MEDIUM,
              .tier = 1,
              .kinds = HPA,
              .per_object = hpa_min },
            { .id = "performance-efficiency/hpa-max-headroom",
              .title = "Autoscalers have room to scale",
              .remediation = "Set maxReplicas above minReplicas.",
              .frameworks = "",
              .aliases = "performance-efficiency.hpa-configuration-sanity",
              .severity = CHECK_MEDIUM,
              .tier = 1,
              .kinds = HPA,
              .per_object = hpa_headroom },
            { .id = "performance-efficiency/hpa-missing-requests",
              .title = "What is scaled on utilization requests it",
              .remediation = "Set the request of that resource in every container of the target.",
              .frameworks = "",
              .aliases = "performance-efficiency.hpa-configuration-sanity",
              .severity = CHECK_HIGH,
              .tier = 1,
              .kinds = HPA,
              .reads = KIND_BIT(KIND_DEPLOYMENT) | RANGES,
              .per_object = hpa_missing_requests },
            { .id = "performance-efficiency/hpa-no-metrics",
              .title = "Autoscalers name metrics with sensible targets",
              .remediation = "Name the metrics and a target between 20 and 100 % utilization.",
              .frameworks = "",
              .aliases = "performance-efficiency.hpa-configuration-sanity",
              .severity = CHECK_MEDIUM,
              .tier = 1,
              .kinds = HPA,
              .per_object = hpa_no_metrics },
            { .id = "performance-efficiency/cluster-autoscaler",
              .title = "Nodes are added and removed as needed",
              .remediation = "Install Karpenter or the Cluster Autoscaler.",
              .frameworks = "",
              .aliases = "",
              .severity = CHECK_LOW,
              .tier = 1,
              .flags = CHECK_LIVE | CHECK_ALL_NAMESPACES,
              .reads = KIND_BIT(KIND_NODE) | KIND_BIT(KIND_DEPLOYMENT) |
                       KIND_BIT(KIND_CUSTOM_RESOURCE_DEFINITION),
              .per_cluster = node_autoscaler },
            { .id = "performance-efficiency/resource-quota",
              .title = "Namespaces with workloads have a ResourceQuota",
              .remediation = "Add a ResourceQuota, so that one team cannot starve the others.",
              .frameworks = "CIS-5.6.1 NSA-RES",
              .aliases = "performance-efficiency.namespace-resource-governance",
              .severity = CHECK_LOW,
              .tier = 1,
              .kinds = NAMESPACES,
              .reads = QUOTAS,
              .per_object = quota_present },
            { .id = "performance-efficiency/limit-range",
              .title = "Namespaces with workloads have a LimitRange with defaults",
              .remediation = "Add a LimitRange with default and defaultRequest for containers.",
              .frameworks = "NSA-RES",
              .aliases = "performance-efficiency.namespace-resource-governance",
              .severity = CHECK_LOW,
              .tier = 1,
              .kinds = NAMESPACES,
              .reads = RANGES,
              .per_object = limit_range_present },
            { .id = "performance-efficiency/quota-without-limit-range",
              .title = "Workloads set what their namespace's quota bounds",
              .remediation = "Set the requests and limits, or add a LimitRange with defaults.",
              .frameworks = "",
              .aliases = "performance-efficiency.namespace-resource-governance",
              .severity = CHECK_MEDIUM,
              .tier = 1,
              .kinds = QUOTAS,
              .reads = RANGES | KIND_BIT(KIND_DEPLOYMENT),
              .per_object = quota_without_range },
            { .id = "performance-efficiency/quota-saturation",
              .title = "Quotas are not used up",
              .remediation = "Raise the quota or free resources.",
              .frameworks = "",
              .aliases = "",
              .severity = CHECK_MEDIUM,
              .tier = 1,
              .kinds = QUOTAS,
              .per_object = quota_saturation },
            { .id = "performance-efficiency/node-affinity-absent",
              .title = "Workloads say which nodes suit them",
              .remediation = "Add a nodeSelector or nodeAffinity where nodes differ.",
              .frameworks = "",
              .aliases = "performance-efficiency.node-affinity-and-placement",
              .severity = CHECK_LOW,
              .tier = 1,
              .flags = CHECK_OFF,
              .per_pod_spec = affinity_absent },
            { .id = "performance-efficiency/placement-unsatisfiable",
              .title = "Some node suits every workload",
              .remediation = "Correct the node selector or affinity, or add such a node.",
              .frameworks = "",
              .aliases = "performance-efficiency.node-affinity-and-placement",
              .severity = CHECK_HIGH,
              .tier = 1,
              .flags = CHECK_LIVE,
              .reads = KIND_BIT(KIND_NODE),
              .per_workload = unsatisfiable },
            { .id = "performance-efficiency/node-name-pinned",
              .title = "No workload is tied to one node",
              .remediation = "Remove nodeName and the hostname selector.",
              .frameworks = "",
              .aliases = "performance-efficiency.node-affinity-and-placement",
              .severity = CHECK_MEDIUM,
              .tier = 1,
              .per_workload = node_pinned }, );
