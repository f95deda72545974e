// SPDX-License-Identifier: Apache-2.0
// Objects that nobody needs any more or nobody answers for, and rollouts that leave no way back.
#include "base/clock.h"
#include "controller/checks/budget.h"
#include "controller/checks/join.h"
#include "controller/checks/report.h"

static bool has_key(const struct object_meta *m, const char *key)
{
    return rmap_get(object_meta_labels(m), key) || rmap_get(object_meta_annotations(m), key);
}

static void owner(struct report *r, const struct workload *w)
{
    struct rlist keys = conventions_owner_labels(r->conventions);
    const struct ns_info *ns = join_namespace(r->join, atom_str(w->ns));

    if (keys.n == 0) {
        report_skip(r, SKIP_NOT_APPLICABLE,
                    "no owner labels are agreed on (spec.assessment.conventions)");
        return;
    }
    FOR_EACH_STR (key, keys) {
        if (has_key(w->meta, key) || (ns && ns->object && has_key(object_meta_of(ns->object), key)))
            return;
    }
    report_warn(r, "metadata.labels", "neither it nor its namespace says who owns it");
}

#define INSTANCE "app.kubernetes.io/instance"

static void instance_label(struct report *r, const struct workload *w)
{
    const char *own = rmap_get(object_meta_labels(w->meta), INSTANCE),
               *pod = rmap_get(object_meta_labels(w->template), INSTANCE);

    if (own && pod && strcmp(own, pod) != 0)
        report_warn(r, "spec.template.metadata.labels", INSTANCE " is '%s' here and '%s' on the %s",
                    pod, own, w->kind);
}

static const struct rolling_update *rolling(const struct workload *w)
{
    return update_strategy_rolling_update(
        deployment_spec_strategy(deployment_spec(deployment_of(w->object))));
}

static int64_t absolute(struct int_or_string v, int64_t total, bool up)
{
    return v.s ? amount_of(v, total, up) : v.i;
}

static void update_parameters(struct report *r, const struct workload *w)
{
    const struct rolling_update *u = rolling(w);
    int32_t replicas = workload_replicas(w);

    if (!rolling_update_has_max_unavailable(u) || replicas <= 0)
        return;
    int64_t away = absolute(rolling_update_max_unavailable(u), replicas, false);
    int64_t more = rolling_update_has_max_surge(u)
                       ? absolute(rolling_update_max_surge(u), replicas, true)
                       : (replicas + 3) / 4;
    if (away >= replicas)
        report_warn(r, "spec.strategy.rollingUpdate.maxUnavailable",
                    "lets an update stop all %d Pods at once", replicas);
    else if (away == 0 && more == 0)
        report_warn(r, "spec.strategy.rollingUpdate",
                    "leaves an update no room: maxSurge and maxUnavailable are 0");
}

static void rollout_guards(struct report *r, const struct workload *w)
{
    const struct deployment_spec *s = deployment_spec(deployment_of(w->object));

    if (deployment_spec_has_revision_history_limit(s) &&
        deployment_spec_revision_history_limit(s) == 0)
        report_warn(r, "spec.revisionHistoryLimit",
                    "keeps no old ReplicaSet, so there is no way back");
    if (deployment_spec_paused(s))
        report_warn(r, "spec.paused", "is paused, so changes are not rolled out");
}

static void namespace_state(struct report *r, const struct object *o)
{
    const struct object_meta *m = object_meta_of(o);
    usec since = r->snapshot->now - object_meta_deletion_timestamp(m) * USEC_PER_SEC;

    if (namespace_status_phase(namespace_status(namespace_of(o))) == NAMESPACE_PHASE_TERMINATING &&
        object_meta_has_deletion_timestamp(m) && since > 10 * USEC_PER_MIN)
        report_fail(r, "status.phase", "has been going for more than ten minutes");
}

static bool runs_as(const struct report *r, atom ns, const char *account)
{
    for (uint32_t i = 0; i < r->join->walk.n; i++) {
        const struct workload *w = r->join->walk.units[i];
        const char *name = text_or(pod_spec_service_account_name(w->spec),
                                   text_or(pod_spec_service_account(w->spec), ""));
        if (w->ns == ns && strcmp(name, account) == 0)
            return true;
    }
    return false;
}

static void unused_account(struct report *r, const struct object *o)
{
    const char *name = object_name(o);

    if (strcmp(name, "default") != 0 && !rbac_account_bound(&r->join->rbac, o->ns, name) &&
        !runs_as(r, o->ns, name))
        report_warn(r, "", "no workload runs as it and no binding names it");
}

static bool is_aggregated(const struct object *role)
{
    FOR_EACH_PAIR (key, value, object_meta_labels(object_meta_of(role))) {
        if (str_starts(key, "rbac.authorization.k8s.io/aggregate-to-") ||
            strstr(key, "/aggregate-to-"))
            return *value != '\0';
    }
    return false;
}

static void unused_role(struct report *r, const struct object *o)
{
    if (role_built_in(o) || is_aggregated(o) ||
        (o->kind == KIND_CLUSTER_ROLE && cluster_role_aggregation_rule(cluster_role_of(o))))
        report_skip(r, SKIP_NOT_APPLICABLE, "is built in or part of another role");
    else if (!rbac_use(&r->join->rbac, o))
        report_warn(r, "", "no binding gives it to anybody");
}

static const char *port_name(const struct container *c, int32_t number)
{
    FOR_EACH (container_port, p, container_ports(c)) {
        if (container_port_container_port(p) == number && *text_or(container_port_name(p), ""))
            return container_port_name(p);
    }
    return NULL;
}

static void name_probe(struct report *r, const struct container *c, const struct probe *p,
                       const char *field)
{
    struct int_or_string port = { 0 };

    if (probe_has_http_get(p))
        port = http_get_port(probe_http_get(p));
    else if (probe_has_tcp_socket(p))
        port = tcp_socket_port(probe_tcp_socket(p));
    if (!port.s && port_name(c, port.i))
        report_warn(r, field, "asks port %d by its number, although it is named '%s'", port.i,
                    port_name(c, port.i));
}

static void named_ports(struct report *r, const struct pod_view *p unused_arg,
                        const struct container_view *v)
{
    struct rlist ports = container_ports(v->c);

    FOR_EACH (container_port, port, ports) {
        if (ports.n > 1 && !*text_or(container_port_name(port), ""))
            report_warn(r, "ports", "has a port %d without a name beside others",
                        container_port_container_port(port));
    }
    name_probe(r, v->c, container_liveness_probe(v->c), "livenessProbe");
    name_probe(r, v->c, container_readiness_probe(v->c), "readinessProbe");
    name_probe(r, v->c, container_startup_probe(v->c), "startupProbe");
}

CHECK_TABLE(
    operations_objects, CHECK_OPERATIONS,
    { .id = "operational-excellence/owner-annotation",
      .title = "Somebody answers for each workload",
      .remediation = "Set one of conventions.ownerLabels on the workload or its namespace.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 2,
      .per_workload = owner },
    { .id = "operational-excellence/instance-label-consistent",
      .title = "Workloads and their Pods name the same instance",
      .remediation = "Give both the same label app.kubernetes.io/instance.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 2,
      .per_workload = instance_label },
    { .id = "operational-excellence/rolling-update-parameters",
      .title = "Rolling updates keep some Pods and have room for new ones",
      .remediation = "Lower maxUnavailable, or raise maxSurge.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 2,
      .kinds = KIND_BIT(KIND_DEPLOYMENT),
      .glances = KIND_BIT(KIND_HORIZONTAL_POD_AUTOSCALER),
      .per_workload = update_parameters },
    { .id = "operational-excellence/rollout-guards",
      .title = "Rollouts go on and can be taken back",
      .remediation = "Set revisionHistoryLimit above 0, and resume what is paused.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 3,
      .kinds = KIND_BIT(KIND_DEPLOYMENT),
      .per_workload = rollout_guards },
    { .id = "operational-excellence/namespace-state",
      .title = "Deleted namespaces go",
      .remediation =
          "Read the namespace's conditions: some object in it has a finalizer that nobody handles.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 2,
      .flags = CHECK_LIVE | CHECK_ALL_NAMESPACES,
      .kinds = KIND_BIT(KIND_NAMESPACE),
      .per_object = namespace_state },
    { .id = "operational-excellence/unused-service-account",
      .title = "ServiceAccounts are used",
      .remediation = "Delete the ServiceAccount.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 2,
      .flags = CHECK_LIVE,
      .kinds = KIND_BIT(KIND_SERVICE_ACCOUNT),
      .reads = KIND_BIT(KIND_POD) | KIND_BIT(KIND_ROLE_BINDING) |
               KIND_BIT(KIND_CLUSTER_ROLE_BINDING) | KIND_BIT(KIND_DEPLOYMENT) |
               KIND_BIT(KIND_STATEFUL_SET) | KIND_BIT(KIND_DAEMON_SET) | KIND_BIT(KIND_CRON_JOB) |
               KIND_BIT(KIND_JOB),
      .per_object = unused_account },
    { .id = "operational-excellence/unused-role",
      .title = "Roles are bound",
      .remediation = "Delete the role, or bind it.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 2,
      .flags = CHECK_LIVE,
      .kinds = KIND_BIT(KIND_ROLE) | KIND_BIT(KIND_CLUSTER_ROLE),
      .reads = KIND_BIT(KIND_ROLE_BINDING) | KIND_BIT(KIND_CLUSTER_ROLE_BINDING),
      .per_object = unused_role },
    { .id = "operational-excellence/named-ports",
      .title = "Ports have names, and probes use them",
      .remediation = "Name each port, and name it in probes and Services.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 2,
      .flags = CHECK_OFF,
      .sets = SET_SERVING,
      .per_container = named_ports }, );
