// SPDX-License-Identifier: Apache-2.0
// Storage that is paid for and not used, and the labels by which a bill is split.
#include "base/clock.h"
#include "controller/checks/join.h"
#include "controller/checks/report.h"

#define WEEK (7 * USEC_PER_DAY)

static usec age(const struct report *r, int64_t seconds)
{
    return r->snapshot->now - seconds * USEC_PER_SEC;
}

static void unused_volume(struct report *r, const struct object *o)
{
    const struct persistent_volume_status *s = persistent_volume_status(persistent_volume_of(o));
    enum volume_phase phase = persistent_volume_status_phase(s);
    int64_t since = persistent_volume_status_last_phase_transition_time(s);

    if (!since)
        since = object_meta_creation_timestamp(object_meta_of(o));
    if ((phase == VOLUME_PHASE_AVAILABLE || phase == VOLUME_PHASE_RELEASED) && age(r, since) > WEEK)
        report_warn(r, "status.phase", "has been %s for more than seven days",
                    phase == VOLUME_PHASE_AVAILABLE ? "free" : "released, with its data,");
}

static bool mounts(const struct workload *w, const char *claim)
{
    FOR_EACH (volume, v, pod_spec_volumes(w->spec)) {
        const char *name = claim_volume_claim_name(volume_persistent_volume_claim(v));
        if (name && strcmp(name, claim) == 0)
            return true;
    }
    return false;
}

// "data-db-0": template, StatefulSet, number.
static bool from_template(const struct workload *w, const char *claim)
{
    char prefix[600];

    if (!workload_is(w, KIND_BIT(KIND_STATEFUL_SET)))
        return false;
    FOR_EACH (
        claim_template, t,
        stateful_set_spec_volume_claim_templates(stateful_set_spec(stateful_set_of(w->object)))) {
        int n = snprintf(prefix, sizeof(prefix), "%s-%s-",
                         text_or(name_only_meta_name(claim_template_meta(t)), ""), w->name);
        if (n > 0 && strncmp(claim, prefix, (size_t)n) == 0)
            return true;
    }
    return false;
}

static bool is_used(const struct report *r, const struct object *claim)
{
    const char *name = object_name(claim);

    for (uint32_t i = 0; i < r->join->walk.n; i++) {
        const struct workload *w = r->join->walk.units[i];
        if (w->ns != claim->ns)
            continue;
        if (mounts(w, name) || from_template(w, name))
            return true;
        for (const struct pod_link *l = w->pods; !w->known && l; l = l->next) {
            struct workload one = { .spec = object_pod_spec(l->pod) };
            if (mounts(&one, name))
                return true;
        }
    }
    return false;
}

static void unused_claim(struct report *r, const struct object *o)
{
    const struct persistent_volume_claim *c = persistent_volume_claim_of(o);
    bool bound = claim_status_phase(persistent_volume_claim_status(c)) == CLAIM_BOUND;

    if (bound && age(r, object_meta_creation_timestamp(object_meta_of(o))) > WEEK && !is_used(r, o))
        report_warn(r, "", "no workload mounts it");
}

static void load_balancers(struct report *r, const struct object *o)
{
    const struct selected *s = join_selected(r->join, o);
    const struct service_spec *spec = service_spec(service_of(o));

    if (service_spec_type(spec) != SERVICE_LOAD_BALANCER)
        report_skip(r, SKIP_NOT_APPLICABLE, "is no load balancer");
    else if (service_spec_selector(spec).n && (!s || s->n == 0))
        report_warn(r, "spec.type", "is a load balancer that leads to nothing");
}

static bool has_label(const struct report *r, const struct workload *w, const char *key)
{
    const struct ns_info *ns = join_namespace(r->join, atom_str(w->ns));

    return rmap_get(object_meta_labels(w->meta), key) ||
           (ns && ns->object && rmap_get(object_meta_labels(object_meta_of(ns->object)), key));
}

static void allocation_labels(struct report *r, const struct workload *w)
{
    struct rlist keys = conventions_cost_labels(r->conventions);

    if (keys.n == 0)
        report_skip(r, SKIP_NOT_APPLICABLE,
                    "no cost labels are agreed on (spec.assessment.conventions)");
    FOR_EACH_STR (key, keys) {
        if (!has_label(r, w, key))
            report_warn(r, "metadata.labels", "neither it nor its namespace has the label %s", key);
    }
}

CHECK_TABLE(
    cost_volumes, CHECK_COST,
    { .id = "cost-optimization/unused-pv",
      .title = "Volumes are in use",
      .remediation = "Delete the volume, or bind it again.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 2,
      .flags = CHECK_LIVE,
      .kinds = KIND_BIT(KIND_PERSISTENT_VOLUME),
      .per_object = unused_volume },
    { .id = "cost-optimization/unused-pvc",
      .title = "Claims are mounted by a workload",
      .remediation = "Delete the claim when its data is not needed any more.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 2,
      .flags = CHECK_LIVE,
      .kinds = KIND_BIT(KIND_PERSISTENT_VOLUME_CLAIM),
      .reads = KIND_BIT(KIND_POD) | KIND_BIT(KIND_STATEFUL_SET) | KIND_BIT(KIND_DEPLOYMENT) |
               KIND_BIT(KIND_DAEMON_SET) | KIND_BIT(KIND_CRON_JOB) | KIND_BIT(KIND_JOB),
      .per_object = unused_claim },
    { .id = "cost-optimization/load-balancer-count",
      .title = "Load balancers lead to workloads",
      .remediation = "Delete the Service, or correct its selector.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 2,
      .kinds = KIND_BIT(KIND_SERVICE),
      .reads = KIND_BIT(KIND_POD),
      .per_object = load_balancers },
    { .id = "cost-optimization/allocation-labels",
      .title = "Workloads have the labels that split the bill",
      .remediation = "Set the labels of conventions.costLabels on the workload or its namespace.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 2,
      .per_workload = allocation_labels }, );
