// SPDX-License-Identifier: Apache-2.0
// Autoscalers at work, quality of service, and where Pods and traffic may go.
#include "base/clock.h"
#include "controller/checks/join.h"
#include "controller/checks/report.h"
#include "controller/checks/resources.h"

static const struct workload_condition *condition_of(const struct object *hpa, const char *type)
{
    const struct horizontal_pod_autoscaler_status *s =
        horizontal_pod_autoscaler_status(horizontal_pod_autoscaler_of(hpa));

    FOR_EACH (workload_condition, c, horizontal_pod_autoscaler_status_conditions(s)) {
        if (strcmp(atom_str(workload_condition_type(c)), type) == 0)
            return c;
    }
    return NULL;
}

static bool is_for(const struct report *r, const struct workload_condition *c, usec time)
{
    return r->snapshot->now - workload_condition_last_transition_time(c) * USEC_PER_SEC > time;
}

static void inactive(struct report *r, const struct object *o)
{
    static const char *const types[] = { "ScalingActive", "AbleToScale" };

    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        const struct workload_condition *c = condition_of(o, types[i]);
        const char *reason = atom_str(workload_condition_reason(c));
        if (workload_condition_status(c) == CONDITION_FALSE &&
            strcmp(reason, "ScalingDisabled") != 0 && is_for(r, c, 15 * USEC_PER_MIN))
            report_fail(r, "status.conditions",
                        "has not scaled for a quarter of an hour: %s is false (%s)", types[i],
                        reason);
    }
}

static void at_max(struct report *r, const struct object *o)
{
    const struct horizontal_pod_autoscaler *h = horizontal_pod_autoscaler_of(o);
    const struct horizontal_pod_autoscaler_spec *s = horizontal_pod_autoscaler_spec(h);
    const struct workload_condition *c = condition_of(o, "ScalingLimited");
    int32_t now =
        horizontal_pod_autoscaler_status_current_replicas(horizontal_pod_autoscaler_status(h));
    int32_t max = horizontal_pod_autoscaler_spec_max_replicas(s);

    if (max == horizontal_pod_autoscaler_spec_min_replicas(s))
        report_skip(r, SKIP_NOT_APPLICABLE, "minReplicas is maxReplicas");
    else if (now >= max && workload_condition_status(c) == CONDITION_TRUE &&
             strcmp(atom_str(workload_condition_reason(c)), "TooManyReplicas") == 0 &&
             is_for(r, c, 60 * USEC_PER_MIN))
        report_warn(r, "spec.maxReplicas", "has wanted more than its %d replicas for over an hour",
                    max);
}

// Of manifests: in a cluster the autoscaler itself writes the number.
static void replicas_conflict(struct report *r, const struct object *o)
{
    const struct scale_target_ref *t = horizontal_pod_autoscaler_spec_scale_target_ref(
        horizontal_pod_autoscaler_spec(horizontal_pod_autoscaler_of(o)));
    const char *kind = atom_str(scale_target_ref_kind(t));
    const struct workload *w =
        walk_find(&r->join->walk, kind, o->ns, text_or(scale_target_ref_name(t), ""));

    if (!w || !w->known)
        report_skip(r, SKIP_NO_DATA, "the manifests do not hold its target");
    else if ((w->id == KIND_DEPLOYMENT &&
              deployment_spec_has_replicas(deployment_spec(deployment_of(w->object)))) ||
             (w->id == KIND_STATEFUL_SET &&
              stateful_set_spec_has_replicas(stateful_set_spec(stateful_set_of(w->object)))))
        report_warn(r, "spec.scaleTargetRef",
                    "each time %s '%s' is applied its spec.replicas undoes what was scaled", kind,
                    w->name);
}

static void qos(struct report *r, const struct container_view *c, enum resource which)
{
    int64_t limit = 0, request = 0;
    bool limited = container_limit(c->c, which, &limit);

    if (!limited || !container_request(c->c, which, &request) || limit != request)
        report_warn(r, "resources", "has a request of %s that is not its limit",
                    resource_name(which));
}

static void qos_cpu(struct report *r, const struct pod_view *p unused_arg,
                    const struct container_view *c)
{
    qos(r, c, RESOURCE_CPU);
}

static void qos_memory(struct report *r, const struct pod_view *p unused_arg,
                       const struct container_view *c)
{
    qos(r, c, RESOURCE_MEMORY);
}

static void traffic_policy(struct report *r, const struct object *o)
{
    const struct service_spec *s = service_spec(service_of(o));
    bool local = service_spec_external_traffic_policy(s) == TRAFFIC_LOCAL;

    if (service_spec_type(s) == SERVICE_LOAD_BALANCER && !local)
        report_warn(r, "spec.externalTrafficPolicy",
                    "lets traffic take a second hop, which hides the client's address");
    else if (service_spec_type(s) == SERVICE_NODE_PORT && local)
        report_warn(r, "spec.externalTrafficPolicy", "drops traffic on nodes without a Pod of it");
}

static void broad_toleration(struct report *r, const struct workload *w)
{
    FOR_EACH (toleration, t, pod_spec_tolerations(w->spec)) {
        if (!*atom_str(toleration_key(t)) && toleration_op(t) == SELECT_EXISTS)
            report_warn(r, "tolerations",
                        "bears every taint, also those of nodes that are not usable");
    }
}

CHECK_TABLE(
    performance_scaling, CHECK_PERFORMANCE,
    { .id = "performance-efficiency/hpa-inactive",
      .title = "Autoscalers scale",
      .remediation = "Read the condition's reason: metrics are missing, or the target is.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 3,
      .flags = CHECK_LIVE,
      .kinds = KIND_BIT(KIND_HORIZONTAL_POD_AUTOSCALER),
      .per_object = inactive },
    { .id = "performance-efficiency/hpa-at-max",
      .title = "Autoscalers have room above",
      .remediation = "Raise maxReplicas, or the requests of the Pods.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 3,
      .flags = CHECK_LIVE,
      .kinds = KIND_BIT(KIND_HORIZONTAL_POD_AUTOSCALER),
      .per_object = at_max },
    { .id = "performance-efficiency/hpa-replicas-conflict",
      .title = "What an autoscaler scales does not set its replicas itself",
      .remediation = "Take spec.replicas out of the manifest of the target.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 2,
      .flags = CHECK_FILES,
      .kinds = KIND_BIT(KIND_HORIZONTAL_POD_AUTOSCALER),
      .reads = KIND_BIT(KIND_DEPLOYMENT) | KIND_BIT(KIND_STATEFUL_SET),
      .per_object = replicas_conflict },
    { .id = "performance-efficiency/guaranteed-qos-cpu",
      .title = "CPU requests are CPU limits",
      .remediation = "Set both to the same quantity.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 2,
      .flags = CHECK_OFF | CHECK_RESOURCES,
      .sets = SET_SERVING,
      .per_container = qos_cpu },
    { .id = "performance-efficiency/guaranteed-qos-memory",
      .title = "Memory requests are memory limits",
      .remediation = "Set both to the same quantity.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 2,
      .flags = CHECK_OFF | CHECK_RESOURCES,
      .sets = SET_SERVING,
      .per_container = qos_memory },
    { .id = "performance-efficiency/external-traffic-policy",
      .title = "Traffic from outside takes no second hop and is not dropped",
      .remediation =
          "Set externalTrafficPolicy to Local for load balancers and to Cluster for node ports.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 2,
      .kinds = KIND_BIT(KIND_SERVICE),
      .per_object = traffic_policy },
    { .id = "performance-efficiency/broad-toleration",
      .title = "Workloads bear only the taints that they are meant for",
      .remediation = "Name the key of the taint.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 3,
      .kinds = KIND_BIT(KIND_DEPLOYMENT) | KIND_BIT(KIND_STATEFUL_SET) | KIND_BIT(KIND_CRON_JOB) |
               KIND_BIT(KIND_JOB),
      .per_workload = broad_toleration }, );
