// SPDX-License-Identifier: Apache-2.0
// Probes, resources and selectors: what keeps one workload alive.
#include "apis/selector.h"
#include "controller/checks/join.h"
#include "controller/checks/report.h"
#include "controller/checks/resources.h"

#define DEPLOYMENT   KIND_BIT(KIND_DEPLOYMENT)
#define STATEFUL_SET KIND_BIT(KIND_STATEFUL_SET)
#define DAEMON_SET   KIND_BIT(KIND_DAEMON_SET)
#define REPLICA_SET  KIND_BIT(KIND_REPLICA_SET)
#define LIMIT_RANGES KIND_BIT(KIND_LIMIT_RANGE)

static bool has_no_probe(const struct container *c)
{
    return !container_has_liveness_probe(c) && !container_has_readiness_probe(c) &&
           !container_has_startup_probe(c);
}

// A container without any probe is reported once, by no-probes.
static void liveness(struct report *r, const struct pod_view *p unused_arg,
                     const struct container_view *c)
{
    if (!container_has_liveness_probe(c->c) && !has_no_probe(c->c))
        report_as(r, r->profile->strict ? VERDICT_FAIL : VERDICT_WARN, "livenessProbe",
                  "has no liveness probe");
}

static bool port_is(const struct container *c, const struct service_port *sp)
{
    struct int_or_string target = service_port_target_port(sp);
    int32_t number = service_port_has_target_port(sp) ? target.i : service_port_port(sp);

    FOR_EACH (container_port, port, container_ports(c)) {
        const char *name = container_port_name(port);
        if (target.s ? name && strcmp(name, target.s) == 0
                     : container_port_container_port(port) == number)
            return true;
    }
    return false;
}

static bool serves(const struct workload *w, const struct container *c)
{
    if (!w->service)
        return false;
    FOR_EACH (service_port, sp, service_spec_ports(service_spec(service_of(w->service)))) {
        if (port_is(c, sp))
            return true;
    }
    return false;
}

static void readiness(struct report *r, const struct pod_view *p, const struct container_view *c)
{
    if (container_has_readiness_probe(c->c) || has_no_probe(c->c))
        return;
    if (c->set == SET_SIDECAR && !serves(r->workload, c->c))
        return;
    bool partly = pod_spec_readiness_gates(p->spec).n > 0;
    report_as(r, r->workload->service && !partly ? VERDICT_FAIL : VERDICT_WARN, "readinessProbe",
              "has no readiness probe%s",
              r->workload->service ? ", yet a Service sends traffic to its Pod" : "");
}

static void no_probes(struct report *r, const struct pod_view *p unused_arg,
                      const struct container_view *c)
{
    if (has_no_probe(c->c))
        report_fail(r, "", "has neither liveness nor readiness nor startup probe");
}

static void restart_policy(struct report *r, const struct workload *w)
{
    enum restart_policy policy = pod_spec_restart_policy(w->spec);

    if (w->known && w->id == KIND_POD && policy == RESTART_POLICY_NEVER)
        report_warn(r, "spec.restartPolicy", "is a bare Pod that is never restarted");
    else if (w->running && w->id != KIND_POD && policy != RESTART_POLICY_ALWAYS)
        report_warn(r, "spec.template.spec.restartPolicy", "must restart its containers always");
    else if ((w->id == KIND_JOB || w->id == KIND_CRON_JOB) && policy == RESTART_POLICY_ALWAYS)
        report_warn(r, "restartPolicy", "must set restartPolicy to OnFailure or Never");
}

static void request(struct report *r, const struct pod_view *p, const struct container_view *c,
                    enum resource res)
{
    char field[64];

    snprintf(field, sizeof(field), "resources.requests.%s", resource_name(res));
    if (!request_given(r, p, c->c, res))
        report_as(r, c->set == SET_INIT ? VERDICT_WARN : VERDICT_FAIL, field, "requests no %s",
                  resource_name(res));
}

static void cpu_request(struct report *r, const struct pod_view *p, const struct container_view *c)
{
    request(r, p, c, RESOURCE_CPU);
}

static void memory_request(struct report *r, const struct pod_view *p,
                           const struct container_view *c)
{
    request(r, p, c, RESOURCE_MEMORY);
}

static void memory_limit(struct report *r, const struct pod_view *p, const struct container_view *c)
{
    if (!limit_given(r, p, c->c, RESOURCE_MEMORY))
        report_fail(r, "resources.limits.memory", "has no memory limit");
}

static bool quota_on_cpu_limits(const struct report *r)
{
    FOR_EACH_OBJECT(o, r->snapshot, KIND_RESOURCE_QUOTA)
    {
        if (o->ns == r->workload->ns &&
            rmap_get(resource_quota_spec_hard(resource_quota_spec(resource_quota_of(o))),
                     "limits.cpu"))
            return true;
    }
    return false;
}

static void cpu_limit(struct report *r, const struct pod_view *p, const struct container_view *c)
{
    if (!limit_given(r, p, c->c, RESOURCE_CPU))
        report_as(r, quota_on_cpu_limits(r) ? VERDICT_FAIL : VERDICT_WARN, "resources.limits.cpu",
                  "has no CPU limit");
}

static void above(struct report *r, const struct container_view *c, const struct pod_view *p,
                  enum resource res)
{
    const struct resources *own = container_resources(c->c);
    int64_t req, lim, pod;
    bool limited = resource_in(resources_limits(own), res, &lim);

    if (limited && resource_in(resources_requests(own), res, &req) && req > lim)
        report_fail(r, "resources.requests", "requests more %s than its limit", resource_name(res));
    if (limited && resource_in(resources_limits(pod_spec_resources(p->spec)), res, &pod) &&
        lim > pod)
        report_fail(r, "resources.limits", "has a higher %s limit than its Pod",
                    resource_name(res));
}

static void request_exceeds_limit(struct report *r, const struct pod_view *p,
                                  const struct container_view *c)
{
    above(r, c, p, RESOURCE_CPU);
    above(r, c, p, RESOURCE_MEMORY);
}

static bool has_resources(const struct resources *res)
{
    return resources_limits(res).n || resources_requests(res).n;
}

static void best_effort(struct report *r, const struct workload *w)
{
    const struct ns_info *ns = join_namespace(r->join, atom_str(w->ns));

    if (ns->default_cpu_request || ns->default_memory_request) {
        report_skip(r, SKIP_NOT_APPLICABLE, "a LimitRange of the namespace gives defaults");
        return;
    }
    if (has_resources(pod_spec_resources(w->spec)))
        return;
    FOR_EACH (container, c, pod_spec_containers(w->spec)) {
        if (has_resources(container_resources(c)))
            return;
    }
    FOR_EACH (container, c, pod_spec_init_containers(w->spec)) {
        if (has_resources(container_resources(c)))
            return;
    }
    report_warn(r, "", "has no requests and limits at all: its Pods are the first to be evicted");
}

static bool seen_before(const struct container *c, const char *name, uint32_t before)
{
    uint32_t i = 0;

    FOR_EACH (env_var, e, container_env(c)) {
        if (i++ == before)
            return false;
        if (strcmp(text_or(env_var_name(e), ""), name) == 0)
            return true;
    }
    return false;
}

#define ENV_COMPARED_MAX 200u // beyond that the comparison of all pairs would take too long

static void duplicate_env(struct report *r, const struct pod_view *p unused_arg,
                          const struct container_view *c)
{
    uint32_t i = 0;

    FOR_EACH (env_var, e, container_env(c->c)) {
        const char *name = text_or(env_var_name(e), "");
        if (i >= ENV_COMPARED_MAX)
            break;
        if (seen_before(c->c, name, i))
            report_warn(r, "env", "sets the variable %s more than once; the last one wins", name);
        i++;
    }
}

static void naked_pod(struct report *r, const struct object *o)
{
    const struct object_meta *m = object_meta_of(o);
    enum pod_phase phase = pod_status_phase(pod_status(pod_of(o)));
    bool owned = rmap_get(object_meta_annotations(m), "kubernetes.io/config.mirror") != NULL;

    FOR_EACH (owner_reference, ref, object_meta_owner_references(m))
        owned |= owner_reference_controller(ref);
    if (owned || object_meta_has_deletion_timestamp(m) || phase == POD_PHASE_SUCCEEDED ||
        phase == POD_PHASE_FAILED || rmap_get(object_meta_annotations(m), "helm.sh/hook"))
        return;
    report_warn(r, "", "has no controller: nobody starts it again when its node is gone");
}

static const struct label_selector *selector_of(const struct workload *w)
{
    switch (w->id) {
    case KIND_DEPLOYMENT:
        return deployment_spec_selector(deployment_spec(deployment_of(w->object)));
    case KIND_STATEFUL_SET:
        return stateful_set_spec_selector(stateful_set_spec(stateful_set_of(w->object)));
    case KIND_DAEMON_SET:
        return daemon_set_spec_selector(daemon_set_spec(daemon_set_of(w->object)));
    default:
        return replica_set_spec_selector(replica_set_spec(replica_set_of(w->object)));
    }
}

static void selector_mismatch(struct report *r, const struct workload *w)
{
    const struct label_selector *sel = selector_of(w);

    if (!sel)
        report_fail(r, "spec.selector", "has no selector");
    else if (!selector_matches(sel, object_meta_labels(w->template)))
        report_fail(r, "spec.selector", "does not select the Pods of its own template");
}

#define PROBED .flags = CHECK_RUNNING | CHECK_JOINS | CHECK_PROBES, .sets = SET_SERVING

CHECK_TABLE(
    reliability_workload, CHECK_RELIABILITY,
    { .id = "reliability/liveness-probe",
      .title = "Containers have a liveness probe",
      .remediation =
          "Add a livenessProbe that fails only when a restart helps, or label the workload kube9.io/probe-exempt.",
      .frameworks = "C-0056",
      .aliases = "reliability.liveness-readiness-probes",
      .severity = CHECK_LOW,
      .tier = 1,
      PROBED,
      .per_container = liveness },
    { .id = "reliability/readiness-probe",
      .title = "Containers that serve traffic have a readiness probe",
      .remediation = "Add a readinessProbe, so that traffic waits until the container can answer.",
      .frameworks = "C-0018",
      .aliases = "reliability.liveness-readiness-probes",
      .severity = CHECK_MEDIUM,
      .tier = 1,
      PROBED,
      .reads = KIND_BIT(KIND_SERVICE),
      .per_container = readiness },
    { .id = "reliability/no-probes",
      .title = "Containers have at least one probe",
      .remediation = "Add a readinessProbe first, then a livenessProbe.",
      .frameworks = "",
      .aliases = "reliability.liveness-readiness-probes",
      .severity = CHECK_MEDIUM,
      .tier = 1,
      PROBED,
      .per_container = no_probes },
    { .id = "reliability/restart-policy",
      .title = "The restart policy suits the kind of workload",
      .remediation = "Set restartPolicy as the kind demands; run Pods by a controller.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 1,
      .per_workload = restart_policy },
    { .id = "reliability/cpu-request",
      .title = "Containers request CPU",
      .remediation = "Set resources.requests.cpu, or a default by LimitRange.",
      .frameworks = "NSA-RES C-0050 C-0268",
      .aliases = "reliability.resource-requests",
      .severity = CHECK_MEDIUM,
      .tier = 1,
      .flags = CHECK_JOINS | CHECK_RESOURCES,
      .sets = SET_STARTED,
      .reads = LIMIT_RANGES,
      .per_container = cpu_request },
    { .id = "reliability/memory-request",
      .title = "Containers request memory",
      .remediation = "Set resources.requests.memory, or a default by LimitRange.",
      .frameworks = "NSA-RES C-0004 C-0269",
      .aliases = "reliability.resource-requests",
      .severity = CHECK_HIGH,
      .tier = 1,
      .flags = CHECK_JOINS | CHECK_RESOURCES,
      .sets = SET_STARTED,
      .reads = LIMIT_RANGES,
      .per_container = memory_request },
    { .id = "reliability/memory-limit",
      .title = "Containers have a memory limit",
      .remediation = "Set resources.limits.memory, or a default by LimitRange.",
      .frameworks = "NSA-RES C-0004 C-0009 C-0271",
      .aliases = "reliability.resource-limits",
      .severity = CHECK_HIGH,
      .tier = 1,
      .flags = CHECK_JOINS | CHECK_RESOURCES,
      .sets = SET_STARTED,
      .reads = LIMIT_RANGES,
      .per_container = memory_limit },
    { .id = "reliability/cpu-limit",
      .title = "Containers have a CPU limit",
      .remediation =
          "Set resources.limits.cpu where tenants share nodes; elsewhere it mostly throttles.",
      .frameworks = "NSA-RES C-0009 C-0050 C-0270",
      .aliases = "reliability.resource-limits",
      .severity = CHECK_LOW,
      .tier = 1,
      .flags = CHECK_JOINS | CHECK_RESOURCES | CHECK_OFF,
      .sets = SET_STARTED,
      .reads = LIMIT_RANGES | KIND_BIT(KIND_RESOURCE_QUOTA),
      .per_container = cpu_limit },
    { .id = "reliability/request-exceeds-limit",
      .title = "Requests stay below limits",
      .remediation = "Lower the request or raise the limit.",
      .frameworks = "",
      .aliases = "cost-optimization.resource-request-limit-ratios",
      .severity = CHECK_HIGH,
      .tier = 1,
      .flags = CHECK_RESOURCES,
      .sets = SET_STARTED,
      .per_container = request_exceeds_limit },
    { .id = "reliability/best-effort-qos",
      .title = "Workloads reserve something",
      .remediation = "Set requests for CPU and memory.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 1,
      .flags = CHECK_RESOURCES,
      .reads = LIMIT_RANGES,
      .per_workload = best_effort },
    { .id = "reliability/duplicate-env",
      .title = "No variable is set twice",
      .remediation = "Remove one of the entries.",
      .frameworks = "C-0295",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 1,
      .sets = SET_ALL,
      .per_container = duplicate_env },
    { .id = "reliability/naked-pod",
      .title = "Pods have a controller",
      .remediation = "Run the Pod by a Deployment, StatefulSet or Job.",
      .frameworks = "C-0073",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 1,
      .kinds = KIND_BIT(KIND_POD),
      .per_object = naked_pod },
    { .id = "reliability/selector-mismatch",
      .title = "Selectors match their own template",
      .remediation = "Give the template the labels that the selector demands.",
      .frameworks = "C-0296",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 1,
      .kinds = DEPLOYMENT | STATEFUL_SET | DAEMON_SET | REPLICA_SET,
      .per_workload = selector_mismatch }, );
