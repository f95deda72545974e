// SPDX-License-Identifier: Apache-2.0
// VerticalPodAutoscalers: their own sense, and their quarrels with horizontal ones.
#include "controller/checks/join.h"
#include "controller/checks/report.h"
#include "controller/checks/resources.h"

#define VPA KIND_BIT(KIND_VERTICAL_POD_AUTOSCALER)
#define HPA KIND_BIT(KIND_HORIZONTAL_POD_AUTOSCALER)

static const struct vertical_pod_autoscaler_spec *spec_of(const struct object *o)
{
    return vertical_pod_autoscaler_spec(vertical_pod_autoscaler_of(o));
}

static const struct workload *target_of(const struct report *r, const struct object *o)
{
    const struct scale_target_ref *t = vertical_pod_autoscaler_spec_target_ref(spec_of(o));

    return walk_find(&r->join->walk, atom_str(scale_target_ref_kind(t)), o->ns,
                     text_or(scale_target_ref_name(t), ""));
}

static bool known_kind(const struct object *o)
{
    const struct scale_target_ref *t = vertical_pod_autoscaler_spec_target_ref(spec_of(o));
    const struct kind *k =
        kind_find(atom_str(scale_target_ref_api_version(t)), atom_str(scale_target_ref_kind(t)));

    return !t || (k && (KIND_BIT(k->id) & WORKLOAD_KINDS));
}

static bool acts(const struct object *o)
{
    return strcmp(atom_str(vpa_update_policy_update_mode(
                      vertical_pod_autoscaler_spec_update_policy(spec_of(o)))),
                  "Off") != 0;
}

static bool has_container(const struct workload *w, const char *name)
{
    FOR_EACH (container, c, pod_spec_containers(w->spec)) {
        if (strcmp(text_or(container_name(c), ""), name) == 0)
            return true;
    }
    return strcmp(name, "*") == 0;
}

static void judge_bounds(struct report *r, const struct vpa_container_policy *p, enum resource res)
{
    int64_t least, most;

    if (resource_in(vpa_container_policy_min_allowed(p), res, &least) &&
        resource_in(vpa_container_policy_max_allowed(p), res, &most) && least > most)
        report_fail(r, "spec.resourcePolicy", "allows at least more %s than at most",
                    resource_name(res));
}

static void vpa_sanity(struct report *r, const struct object *o)
{
    const struct workload *w = target_of(r, o);
    const struct vpa_update_policy *policy = vertical_pod_autoscaler_spec_update_policy(spec_of(o));

    if (!w && !known_kind(o)) {
        report_skip(r, SKIP_NOT_APPLICABLE, "the target is of a kind we do not know");
        return;
    }
    if (!w) {
        report_fail(r, "spec.targetRef", "its target does not exist");
        return;
    }
    if (acts(o) && workload_replicas(w) == 1 && !vpa_update_policy_has_min_replicas(policy))
        report_warn(
            r, "spec.updatePolicy",
            "wants to restart a single replica, which needs minReplicas 1 to happen at all");
    FOR_EACH (vpa_container_policy, p,
              vpa_resource_policy_container_policies(
                  vertical_pod_autoscaler_spec_resource_policy(spec_of(o)))) {
        judge_bounds(r, p, RESOURCE_CPU);
        judge_bounds(r, p, RESOURCE_MEMORY);
        if (!has_container(w, text_or(vpa_container_policy_container_name(p), "*")))
            report_warn(r, "spec.resourcePolicy",
                        "has a policy for container '%s', which does not exist",
                        vpa_container_policy_container_name(p));
    }
}

static bool controls(const struct object *vpa, atom resource)
{
    FOR_EACH (vpa_container_policy, p,
              vpa_resource_policy_container_policies(
                  vertical_pod_autoscaler_spec_resource_policy(spec_of(vpa)))) {
        struct rlist only = vpa_container_policy_controlled_resources(p);
        if (only.n && !rlist_has_atom(only, resource))
            return false;
    }
    return true;
}

static void hpa_vpa_conflict(struct report *r, const struct object *o)
{
    const struct workload *w = target_of(r, o);

    if (!w || !w->hpa || !acts(o))
        return;
    FOR_EACH (metric_spec, m,
              horizontal_pod_autoscaler_spec_metrics(
                  horizontal_pod_autoscaler_spec(horizontal_pod_autoscaler_of(w->hpa)))) {
        const struct resource_metric *rm = metric_spec_has_resource(m)
                                               ? metric_spec_resource(m)
                                               : metric_spec_container_resource(m);
        if (rm && controls(o, resource_metric_name(rm)))
            report_fail(r, "spec.targetRef",
                        "sizes %s '%s' by %s, on which HorizontalPodAutoscaler '%s' scales",
                        w->kind, w->name, atom_str(resource_metric_name(rm)), object_name(w->hpa));
    }
}

CHECK_TABLE(
    performance_vpa, CHECK_PERFORMANCE,
    { .id = "performance-efficiency/vpa-sanity",
      .title = "VerticalPodAutoscalers make sense",
      .remediation = "Correct targetRef and the bounds of the containers.",
      .frameworks = "",
      .aliases = "performance-efficiency.vpa-configuration-sanity",
      .severity = CHECK_MEDIUM,
      .tier = 1,
      .kinds = VPA,
      .reads = KIND_BIT(KIND_DEPLOYMENT) | KIND_BIT(KIND_STATEFUL_SET),
      .per_object = vpa_sanity },
    { .id = "performance-efficiency/hpa-vpa-conflict",
      .title = "No workload is sized and scaled by the same resource",
      .remediation =
          "Let the VerticalPodAutoscaler control another resource, or set its updateMode to Off.",
      .frameworks = "",
      .aliases = "performance-efficiency.vpa-configuration-sanity",
      .severity = CHECK_HIGH,
      .tier = 1,
      .kinds = VPA,
      .reads = HPA | KIND_BIT(KIND_DEPLOYMENT) | KIND_BIT(KIND_STATEFUL_SET),
      .per_object = hpa_vpa_conflict }, );
