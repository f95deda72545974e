// SPDX-License-Identifier: Apache-2.0
// Replicas, disruption budgets and spreading: what keeps a service up while nodes come and go.
#include "apis/selector.h"
#include "controller/checks/budget.h"
#include "controller/checks/join.h"
#include "controller/checks/report.h"

#define DEPLOYMENT   KIND_BIT(KIND_DEPLOYMENT)
#define STATEFUL_SET KIND_BIT(KIND_STATEFUL_SET)
#define HPA          KIND_BIT(KIND_HORIZONTAL_POD_AUTOSCALER)
#define PDB          KIND_BIT(KIND_POD_DISRUPTION_BUDGET)

#define HOSTNAME_KEY "kubernetes.io/hostname"

static bool scaled_to_zero(struct report *r, const struct workload *w)
{
    if (workload_replicas(w) > 0)
        return false;
    report_skip(r, SKIP_NOT_APPLICABLE, "scaled to zero");
    return true;
}

static bool labelled(const struct workload *w, const char *key)
{
    const char *v = rmap_get(object_meta_labels(w->meta), key);

    return v && (strcmp(v, "true") == 0 || strcmp(v, "1") == 0);
}

static bool one_node(struct rlist modes)
{
    FOR_EACH_ATOM (mode, modes) {
        if (str_starts(atom_str(mode), "ReadWriteOnce"))
            return true;
    }
    return false;
}

// A single writer on a volume that one node can mount at a time: more replicas would not help.
static bool singleton_by_volume(const struct report *r, const struct workload *w)
{
    if (w->id != KIND_DEPLOYMENT ||
        update_strategy_type(deployment_spec_strategy(deployment_spec(deployment_of(w->object)))) !=
            UPDATE_RECREATE)
        return false;
    FOR_EACH (volume, v, pod_spec_volumes(w->spec)) {
        const char *claim = claim_volume_claim_name(volume_persistent_volume_claim(v));
        const struct object *o =
            claim ? join_find(r->join, KIND_PERSISTENT_VOLUME_CLAIM, w->ns, claim) : NULL;
        if (o && one_node(claim_spec_access_modes(
                     persistent_volume_claim_spec(persistent_volume_claim_of(o)))))
            return true;
    }
    return false;
}

static void replicas_minimum(struct report *r, const struct workload *w)
{
    int32_t n = workload_replicas(w), wanted = r->profile->strict ? 3 : 2;
    bool must = w->service || labelled(w, "kube9.io/ha-required");

    if (scaled_to_zero(r, w) || n >= wanted)
        return;
    report_as(r, must && !singleton_by_volume(r, w) ? VERDICT_FAIL : VERDICT_WARN, "spec.replicas",
              "runs %d replica%s%s; at least %d are needed%s", n, n == 1 ? "" : "s",
              w->hpa ? " at least (HorizontalPodAutoscaler)" : "", wanted,
              w->service ? ", since a Service depends on it" : "");
}

static void pdb_missing(struct report *r, const struct workload *w)
{
    if (scaled_to_zero(r, w))
        return;
    if (workload_replicas(w) < 2)
        report_skip(r, SKIP_NOT_APPLICABLE,
                    "a budget for one replica would only block node drains");
    else if (w->budgets == 0)
        report_fail(r, "", "%d replicas and no PodDisruptionBudget selects them",
                    workload_replicas(w));
}

struct demand {
    int64_t expected, allowed;
};

static bool judgeable(struct report *r, const struct selected *s,
                      const struct pod_disruption_budget_spec *spec, struct demand *ret)
{
    struct int_or_string min = pod_disruption_budget_spec_min_available(spec),
                         max = pod_disruption_budget_spec_max_unavailable(spec);

    if (!s || s->n == 0 || s->replicas == 0) {
        report_skip(r, SKIP_NOT_APPLICABLE, "the budget selects no running workload");
        return false;
    }
    ret->expected = s->replicas;
    if (pod_disruption_budget_spec_has_max_unavailable(spec))
        ret->allowed = amount_of(max, s->replicas, true);
    else if (pod_disruption_budget_spec_has_min_available(spec))
        ret->allowed = s->replicas - amount_of(min, s->replicas, true);
    else
        ret->allowed = 0;
    return true;
}

static bool deadlock(const struct demand *d)
{
    return d->expected == 1 && d->allowed <= 0;
}

static void pdb_blocks(struct report *r, const struct object *o)
{
    struct demand d;

    if (judgeable(r, join_selected(r->join, o),
                  pod_disruption_budget_spec(pod_disruption_budget_of(o)), &d) &&
        d.allowed <= 0 && !deadlock(&d))
        report_fail(r, "spec",
                    "never allows an eviction of its %" PRId64 " Pods, so nodes cannot be drained",
                    d.expected);
}

static void pdb_deadlock(struct report *r, const struct object *o)
{
    struct demand d;

    if (judgeable(r, join_selected(r->join, o),
                  pod_disruption_budget_spec(pod_disruption_budget_of(o)), &d) &&
        deadlock(&d))
        report_fail(
            r, "spec",
            "protects a single replica, so draining its node never ends; set maxUnavailable to 1 or run 2 replicas");
}

static void pdb_no_policy(struct report *r, const struct object *o)
{
    const struct pod_disruption_budget_spec *spec =
        pod_disruption_budget_spec(pod_disruption_budget_of(o));
    struct int_or_string min = pod_disruption_budget_spec_min_available(spec);

    if (!pod_disruption_budget_spec_has_min_available(spec) &&
        !pod_disruption_budget_spec_has_max_unavailable(spec))
        report_warn(r, "spec", "sets neither minAvailable nor maxUnavailable");
    else if (pod_disruption_budget_spec_has_min_available(spec) && !min.s && min.i == 0)
        report_warn(r, "spec.minAvailable", "protects nothing (minAvailable 0)");
}

static void pdb_dangling(struct report *r, const struct object *o)
{
    const struct selected *s = join_selected(r->join, o);

    if (s && s->n == 0)
        report_warn(r, "spec.selector", "selects no workload of its namespace");
}

static void pdb_overlap(struct report *r, const struct workload *w)
{
    if (w->budgets > 1)
        report_fail(r, "",
                    "%" PRIu32
                    " PodDisruptionBudgets select its Pods, so the API refuses every eviction",
                    w->budgets);
}

static void pdb_against_hpa(struct report *r, const struct object *o)
{
    const struct pod_disruption_budget_spec *spec =
        pod_disruption_budget_spec(pod_disruption_budget_of(o));
    const struct selected *s = join_selected(r->join, o);
    bool any = false;

    for (const struct link *l = s ? s->links : NULL; l; l = l->next) {
        if (!l->to->hpa || !pod_disruption_budget_spec_has_min_available(spec))
            continue;
        int32_t fewest = workload_replicas(l->to);
        any = true;
        if (amount_of(pod_disruption_budget_spec_min_available(spec), fewest, true) >= fewest)
            report_fail(r, "spec.minAvailable",
                        "demands as many Pods as HorizontalPodAutoscaler '%s' keeps at least (%d)",
                        object_name(l->to->hpa), fewest);
    }
    if (!any)
        report_skip(r, SKIP_NOT_APPLICABLE, "no minAvailable meets an autoscaled workload");
}

static bool is_place(atom key)
{
    const char *k = atom_str(key);

    return strcmp(k, HOSTNAME_KEY) == 0 || strcmp(k, "topology.kubernetes.io/zone") == 0 ||
           strcmp(k, "failure-domain.beta.kubernetes.io/zone") == 0;
}

static bool term_spreads(const struct pod_affinity_term *t, struct rlist labels, bool zone_only)
{
    const struct label_selector *sel = pod_affinity_term_label_selector(t);

    if (!is_place(pod_affinity_term_topology_key(t)) || !sel || !selector_matches(sel, labels))
        return false;
    return !zone_only || strcmp(atom_str(pod_affinity_term_topology_key(t)), HOSTNAME_KEY) != 0;
}

static bool anti_affinity(const struct workload *w, bool zone_only)
{
    const struct pod_affinity *anti = affinity_pod_anti_affinity(pod_spec_affinity(w->spec));
    struct rlist labels = object_meta_labels(w->template);

    FOR_EACH (pod_affinity_term, t, pod_affinity_required(anti)) {
        if (term_spreads(t, labels, zone_only))
            return true;
    }
    FOR_EACH (weighted_pod_affinity_term, t, pod_affinity_preferred(anti)) {
        if (term_spreads(weighted_pod_affinity_term_term(t), labels, zone_only))
            return true;
    }
    return false;
}

static bool spread(const struct workload *w)
{
    FOR_EACH (topology_spread, c, pod_spec_topology_spread_constraints(w->spec)) {
        const struct label_selector *sel = topology_spread_label_selector(c);
        if (sel && selector_matches(sel, object_meta_labels(w->template)))
            return true;
    }
    return false;
}

static bool too_few(struct report *r, const struct workload *w)
{
    if (workload_replicas(w) >= 2)
        return false;
    report_skip(r, SKIP_NOT_APPLICABLE, "a single replica has nothing to be kept apart from");
    return true;
}

static void pod_anti_affinity(struct report *r, const struct workload *w)
{
    if (!too_few(r, w) && !anti_affinity(w, false) && !spread(w))
        report_warn(r, "spec.template.spec.affinity", "%d replicas may all run on one node",
                    workload_replicas(w));
}

static bool many_zones(const struct report *r)
{
    const char *first = NULL;

    FOR_EACH_OBJECT(o, r->snapshot, KIND_NODE)
    {
        const char *zone =
            rmap_get(object_meta_labels(object_meta_of(o)), "topology.kubernetes.io/zone");
        if (!zone)
            continue;
        if (first && strcmp(first, zone) != 0)
            return true;
        first = zone;
    }
    return false;
}

static void topology_spread(struct report *r, const struct workload *w)
{
    if (too_few(r, w))
        return;
    if (r->snapshot->live && !many_zones(r)) {
        report_skip(r, SKIP_NOT_APPLICABLE, "the nodes are in one zone");
        return;
    }
    if (spread(w) || anti_affinity(w, true))
        return;
    if (pod_spec_topology_spread_constraints(w->spec).n)
        report_warn(r, "spec.template.spec.topologySpreadConstraints",
                    "its constraints do not select its own Pods");
    else
        report_warn(r, "spec.template.spec.topologySpreadConstraints",
                    "%d replicas may all run in one zone", workload_replicas(w));
}

static void hpa_target_missing(struct report *r, const struct object *o)
{
    const struct scale_target_ref *t = horizontal_pod_autoscaler_spec_scale_target_ref(
        horizontal_pod_autoscaler_spec(horizontal_pod_autoscaler_of(o)));
    const char *kind = atom_str(scale_target_ref_kind(t)),
               *name = text_or(scale_target_ref_name(t), "");
    const struct kind *k = kind_find(atom_str(scale_target_ref_api_version(t)), kind);

    if (!*kind || !*name)
        report_fail(r, "spec.scaleTargetRef", "names no target");
    else if (!k || !(KIND_BIT(k->id) & WORKLOAD_KINDS))
        report_skip(r, SKIP_NOT_APPLICABLE, "the target is of a kind we do not know");
    else if (!join_find(r->join, k->id, o->ns, name))
        report_fail(r, "spec.scaleTargetRef", "scales %s '%s', which does not exist", kind, name);
}

CHECK_TABLE(
    reliability_availability, CHECK_RELIABILITY,
    { .id = "reliability/replicas-minimum",
      .title = "Workloads run at least two replicas",
      .remediation =
          "Set replicas (or minReplicas of the autoscaler) to 2 or more, or label it kube9.io/ha-exempt.",
      .frameworks = "NSA-FT",
      .aliases = "reliability.replica-counts",
      .severity = CHECK_MEDIUM,
      .tier = 1,
      .flags = CHECK_HA,
      .kinds = DEPLOYMENT | STATEFUL_SET,
      .reads = HPA | KIND_BIT(KIND_SERVICE),
      .per_workload = replicas_minimum },
    { .id = "reliability/pdb-missing",
      .title = "Replicated workloads have a PodDisruptionBudget",
      .remediation = "Create a PodDisruptionBudget with maxUnavailable 1 that selects the Pods.",
      .frameworks = "",
      .aliases = "reliability.pod-disruption-budgets",
      .severity = CHECK_MEDIUM,
      .tier = 1,
      .flags = CHECK_HA,
      .kinds = DEPLOYMENT | STATEFUL_SET,
      .reads = PDB | HPA,
      .per_workload = pdb_missing },
    { .id = "reliability/pdb-blocks-eviction",
      .title = "Budgets allow at least one eviction",
      .remediation = "Lower minAvailable or raise maxUnavailable.",
      .frameworks = "",
      .aliases = "reliability.pod-disruption-budgets",
      .severity = CHECK_HIGH,
      .tier = 1,
      .kinds = PDB,
      .reads = DEPLOYMENT | STATEFUL_SET | HPA,
      .per_object = pdb_blocks },
    { .id = "reliability/pdb-single-replica-deadlock",
      .title = "No budget protects a single replica",
      .remediation = "Set maxUnavailable to 1, or run two replicas.",
      .frameworks = "",
      .aliases = "reliability.pod-disruption-budgets",
      .severity = CHECK_HIGH,
      .tier = 1,
      .kinds = PDB,
      .reads = DEPLOYMENT | STATEFUL_SET | HPA,
      .per_object = pdb_deadlock },
    { .id = "reliability/pdb-no-policy",
      .title = "Budgets say how many Pods may go",
      .remediation = "Set maxUnavailable.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 2,
      .kinds = PDB,
      .per_object = pdb_no_policy },
    { .id = "reliability/pdb-selector-dangling",
      .title = "Every budget selects a workload",
      .remediation = "Correct the selector or delete the budget.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 2,
      .kinds = PDB,
      .reads = KIND_BIT(KIND_POD) | DEPLOYMENT | STATEFUL_SET,
      .per_object = pdb_dangling },
    { .id = "reliability/pdb-overlap",
      .title = "At most one budget selects a workload",
      .remediation = "Delete the budget that is too many, or narrow its selector.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 2,
      .reads = PDB,
      .per_workload = pdb_overlap },
    { .id = "reliability/pdb-min-available-vs-hpa",
      .title = "Budgets leave room below the autoscaler's minimum",
      .remediation = "Use maxUnavailable, or a minAvailable below minReplicas.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 1,
      .kinds = PDB,
      .reads = HPA | DEPLOYMENT,
      .per_object = pdb_against_hpa },
    { .id = "reliability/pod-anti-affinity",
      .title = "Replicas are kept on different nodes",
      .remediation =
          "Add a topologySpreadConstraint or podAntiAffinity that selects the workload's own Pods.",
      .frameworks = "NSA-FT",
      .aliases = "reliability.spread-anti-affinity",
      .severity = CHECK_MEDIUM,
      .tier = 1,
      .flags = CHECK_HA,
      .kinds = DEPLOYMENT | STATEFUL_SET,
      .reads = HPA,
      .per_workload = pod_anti_affinity },
    { .id = "reliability/topology-spread",
      .title = "Replicas are spread over zones",
      .remediation = "Add a topologySpreadConstraint with topologyKey topology.kubernetes.io/zone.",
      .frameworks = "NSA-FT",
      .aliases = "reliability.spread-anti-affinity",
      .severity = CHECK_LOW,
      .tier = 1,
      .flags = CHECK_HA,
      .kinds = DEPLOYMENT | STATEFUL_SET,
      .reads = HPA | KIND_BIT(KIND_NODE),
      .per_workload = topology_spread },
    { .id = "reliability/hpa-target-missing",
      .title = "What autoscalers scale exists",
      .remediation = "Correct scaleTargetRef or delete the HorizontalPodAutoscaler.",
      .frameworks = "C-0300",
      .aliases = "performance-efficiency.hpa-configuration-sanity",
      .severity = CHECK_HIGH,
      .tier = 1,
      .kinds = HPA,
      .reads = DEPLOYMENT | STATEFUL_SET,
      .per_object = hpa_target_missing }, );
