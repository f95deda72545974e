// SPDX-License-Identifier: Apache-2.0
// Running the cluster: labels, rollouts, delivery, observability, versions, and this operator
// itself.
#include "base/clock.h"
#include "controller/checks/budget.h"
#include "controller/checks/join.h"
#include "controller/checks/report.h"
#include <strings.h>

#define DEPLOYMENT   KIND_BIT(KIND_DEPLOYMENT)
#define STATEFUL_SET KIND_BIT(KIND_STATEFUL_SET)
#define DAEMON_SET   KIND_BIT(KIND_DAEMON_SET)
#define CRDS         KIND_BIT(KIND_CUSTOM_RESOURCE_DEFINITION)

static bool named(struct rlist labels)
{
    return rmap_get(labels, "app.kubernetes.io/name") || rmap_get(labels, "app") ||
           rmap_get(labels, "k8s-app");
}

static void common_labels(struct report *r, const struct workload *w)
{
    if (!named(object_meta_labels(w->meta)))
        report_warn(r, "metadata.labels", "has no label app.kubernetes.io/name");
    if (!named(object_meta_labels(w->template)))
        report_warn(r, "spec.template.metadata.labels",
                    "its Pods have no label app.kubernetes.io/name");
}

static bool one_node(struct rlist modes)
{
    FOR_EACH_ATOM (mode, modes) {
        if (str_starts(atom_str(mode), "ReadWriteOnce"))
            return true;
    }
    return false;
}

// Recreate is right for a volume that two Pods cannot have at the same time.
static bool single_writer(const struct report *r, const struct workload *w)
{
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

static enum update_type update_of(const struct workload *w)
{
    switch (w->id) {
    case KIND_DEPLOYMENT:
        return update_strategy_type(
            deployment_spec_strategy(deployment_spec(deployment_of(w->object))));
    case KIND_STATEFUL_SET:
        return update_strategy_type(
            stateful_set_spec_update_strategy(stateful_set_spec(stateful_set_of(w->object))));
    default:
        return update_strategy_type(
            daemon_set_spec_update_strategy(daemon_set_spec(daemon_set_of(w->object))));
    }
}

static void rolling_update(struct report *r, const struct workload *w)
{
    enum update_type t = update_of(w);
    enum verdict v = w->service && !single_writer(r, w) ? VERDICT_FAIL : VERDICT_WARN;

    if (t == UPDATE_RECREATE)
        report_as(r, v, "spec.strategy.type", "stops all Pods before it starts new ones%s",
                  w->service ? ", though a Service depends on them" : "");
    else if (t == UPDATE_ON_DELETE)
        report_as(r, v, "spec.updateStrategy.type",
                  "is not updated until somebody deletes its Pods");
}

static void gitops_tool(struct report *r)
{
    static const struct {
        const char *group, *plural;
    } tools[] = {
        {"argoproj.io",                  "applications"},
        { "kustomize.toolkit.fluxcd.io", NULL          },
        { "helm.toolkit.fluxcd.io",      NULL          },
        { "source.toolkit.fluxcd.io",    NULL          },
        { "fleet.cattle.io",             NULL          },
    };

    for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
        if (join_crd(r->join, tools[i].group, tools[i].plural))
            return;
    }
    report_warn(r, "", "no GitOps tool was found (Argo CD, Flux, Fleet)");
}

// Is there a workload of these kinds one of whose images names a known program?
static bool runs_image(const struct report *r, kind_mask kinds, const char *const *names)
{
    for (uint32_t i = 0; i < r->join->walk.n; i++) {
        const struct workload *w = r->join->walk.units[i];
        if (!workload_is(w, kinds))
            continue;
        FOR_EACH (container, c, pod_spec_containers(w->spec)) {
            const char *image = text_or(container_image(c), ""), *slash = strrchr(image, '/');
            for (const char *const *n = names; *n; n++) {
                if (str_starts(slash ? slash + 1 : image, *n))
                    return true;
            }
        }
    }
    return false;
}

static void monitoring_stack(struct report *r)
{
    static const char *const images[] = {
        "prometheus", "vmagent", "vmsingle", "victoria-metrics", "opentelemetry-collector",
        "otel",       "agent",   "datadog",  "newrelic",         "oneagent",
        "dynatrace",  "alloy",   "gmp-",     "netdata",          NULL,
    };

    if (join_crd(r->join, "monitoring.coreos.com", "prometheuses") ||
        join_crd(r->join, "operator.victoriametrics.com", NULL) ||
        join_crd(r->join, "opentelemetry.io", NULL) || join_crd(r->join, "datadoghq.com", NULL))
        return;
    if (!runs_image(r, DEPLOYMENT | STATEFUL_SET | DAEMON_SET, images))
        report_fail(
            r, "",
            "no monitoring was found (Prometheus, VictoriaMetrics, OpenTelemetry, Datadog, …)");
}

static bool is_log_agent(const struct object *o)
{
    static const char *const names[] = {
        "fluent-bit", "fluentd",  "vector", "promtail",
        "alloy",      "filebeat", "otel",   "opentelemetry-collector",
        "agent",      "logging",
    };

    FOR_EACH (container, c, pod_spec_containers(object_pod_spec(o))) {
        const char *image = text_or(container_image(c), ""), *slash = strrchr(image, '/');
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
            if (str_starts(slash ? slash + 1 : image, names[i]))
                return true;
        }
    }
    return false;
}

static void logging_agent(struct report *r)
{
    int32_t nodes = 0, covered = 0;
    bool any = false;

    FOR_EACH_OBJECT(n, r->snapshot, KIND_NODE)
    {
        FOR_EACH (node_condition, c, node_status_conditions(node_status(node_of(n))))
            nodes += strcmp(atom_str(node_condition_type(c)), "Ready") == 0 &&
                     node_condition_status(c) == CONDITION_TRUE;
    }
    FOR_EACH_OBJECT(d, r->snapshot, KIND_DAEMON_SET)
    {
        if (!is_log_agent(d))
            continue;
        any = true;
        covered = MAX(covered, daemon_set_status_number_ready(daemon_set_status(daemon_set_of(d))));
    }
    if (!any)
        report_fail(r, "", "no DaemonSet collects logs (Fluent Bit, Vector, Alloy, Filebeat, …)");
    else if ((int64_t)covered * 100 < (int64_t)nodes * 95)
        report_warn(r, "", "logs are collected on %d of %d ready nodes", covered, nodes);
}

// Kubernetes 1.N: end of support, from the published release schedule. Table of 2026-11; newer
// versions are taken as supported.
static const struct {
    int minor;
    const char *end;
} releases[] = {
    {30,  "2025-06-28T00:00:00Z"},
    { 31, "2025-10-28T00:00:00Z"},
    { 32, "2026-02-28T00:00:00Z"},
    { 33, "2026-06-28T00:00:00Z"},
    { 34, "2026-10-27T00:00:00Z"},
    { 35, "2027-02-28T00:00:00Z"},
    { 36, "2027-06-28T00:00:00Z"},
    { 37, "2027-10-28T00:00:00Z"},
};

static void kubernetes_version(struct report *r)
{
    int minor = r->snapshot->server_minor;
    usec end = 0;

    if (minor == 0) {
        report_skip(r, SKIP_NO_DATA, "the version of the API server is not known");
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
        if (releases[i].minor == minor && time_parse(str_of(releases[i].end), &end, NULL) < 0)
            end = 0;
    }
    if (minor < releases[0].minor || (end && end < r->snapshot->now))
        report_fail(r, "", "Kubernetes 1.%d is out of support (table of 2026-11)", minor);
    else if (end && end - r->snapshot->now < 60 * USEC_PER_DAY)
        report_warn(r, "", "support of Kubernetes 1.%d ends within 60 days (table of 2026-11)",
                    minor);
}

// ServiceMonitors and PodMonitors are not read: where their CRDs exist, annotations alone say
// nothing.
static void workload_metrics(struct report *r, const struct workload *w)
{
    const char *scrape = rmap_get(object_meta_annotations(w->template), "prometheus.io/scrape");
    const char *by_service =
        w->service
            ? rmap_get(object_meta_annotations(object_meta_of(w->service)), "prometheus.io/scrape")
            : NULL;

    if (!w->service)
        report_skip(r, SKIP_NOT_APPLICABLE, "no Service leads to it");
    else if (join_crd(r->join, "monitoring.coreos.com", NULL))
        report_skip(r, SKIP_NO_DATA, "ServiceMonitors and PodMonitors are not read");
    else if (strcmp(text_or(scrape, text_or(by_service, "")), "true") != 0)
        report_warn(r, "spec.template.metadata.annotations",
                    "serves traffic, but no annotation lets its metrics be scraped");
}

// The operator's own Deployment, which the chart labels so.
static bool is_own(struct report *r, const struct workload *w)
{
    const char *name = rmap_get(object_meta_labels(w->meta), "app.kubernetes.io/name");

    if (name && strcmp(name, "kube9-operator") == 0)
        return true;
    report_skip(r, SKIP_NO_OBJECTS, "kube9-operator does not run as a Deployment here");
    return false;
}

static const struct container *own_container(const struct workload *w)
{
    const struct container *first = NULL;

    FOR_EACH (container, c, pod_spec_containers(w->spec)) {
        if (!first)
            first = c;
        if (strcmp(text_or(container_name(c), ""), "operator") == 0)
            return c;
    }
    return first;
}

static bool asks(const struct probe *p, const char *path)
{
    return strcmp(text_or(http_get_path(probe_http_get(p)), ""), path) == 0;
}

static void own_probes(struct report *r, const struct workload *w)
{
    const struct container *c = own_container(w);

    if (!is_own(r, w))
        return;
    if (!asks(container_liveness_probe(c), "/healthz"))
        report_fail(r, "livenessProbe", "the liveness probe does not ask /healthz");
    if (!asks(container_readiness_probe(c), "/readyz"))
        report_fail(r, "readinessProbe", "the readiness probe does not ask /readyz");
}

static bool declares(const struct container *c, struct int_or_string port)
{
    FOR_EACH (container_port, p, container_ports(c)) {
        if (port.s ? strcmp(text_or(container_port_name(p), ""), port.s) == 0
                   : container_port_container_port(p) == port.i)
            return true;
    }
    return false;
}

static void own_metrics(struct report *r, const struct workload *w)
{
    const struct container *c = own_container(w);
    const struct http_get *get = probe_http_get(container_readiness_probe(c));
    const char *scrape = rmap_get(object_meta_annotations(w->template), "prometheus.io/scrape");

    if (!is_own(r, w))
        return;
    if (!get || !declares(c, http_get_port(get)))
        report_warn(r, "ports",
                    "the port of the probes, which also serves /metrics, is not declared");
    if (scrape && strcmp(scrape, "false") == 0)
        report_warn(r, "metadata.annotations", "scraping is switched off by annotation");
}

static const struct env_var *variable(const struct container *c, const char *name)
{
    FOR_EACH (env_var, e, container_env(c)) {
        if (strcmp(text_or(env_var_name(e), ""), name) == 0)
            return e;
    }
    return NULL;
}

// The text of a variable is not kept, only that it is set.
static void own_logging(struct report *r, const struct workload *w)
{
    if (is_own(r, w) && !variable(own_container(w), "LOG_LEVEL"))
        report_warn(r, "env", "LOG_LEVEL is not set");
}

static void own_audit(struct report *r, const struct workload *w)
{
    const char *account = text_or(pod_spec_service_account_name(w->spec),
                                  text_or(pod_spec_service_account(w->spec), ""));

    if (!is_own(r, w))
        return;
    if (!env_source_has_field_ref(env_var_value_from(variable(own_container(w), "POD_NAMESPACE"))))
        report_warn(
            r, "env",
            "POD_NAMESPACE does not come from the Pod, so the operator cannot write its status where it belongs");
    if (!*account || strcmp(account, "default") == 0)
        report_warn(
            r, "serviceAccountName",
            "has no ServiceAccount of its own, so its actions cannot be told apart in the audit log");
}

static void own_strategy(struct report *r, const struct workload *w)
{
    const struct deployment_spec *spec = deployment_spec(deployment_of(w->object));
    const struct update_strategy *s = deployment_spec_strategy(spec);
    struct int_or_string max = rolling_update_max_unavailable(update_strategy_rolling_update(s));
    bool given = rolling_update_has_max_unavailable(update_strategy_rolling_update(s));

    if (!is_own(r, w))
        return;
    if (w->replicas >= 2 && update_strategy_type(s) == UPDATE_RECREATE)
        report_fail(r, "spec.strategy.type", "%d replicas are all stopped before new ones start",
                    w->replicas);
    else if (w->replicas >= 2 && given && amount_of(max, w->replicas, false) >= w->replicas)
        report_fail(r, "spec.strategy.rollingUpdate.maxUnavailable",
                    "all replicas may be gone during an update");
    if (deployment_spec_progress_deadline_seconds(spec) > 0 &&
        deployment_spec_progress_deadline_seconds(spec) < 120)
        report_warn(r, "spec.progressDeadlineSeconds", "gives an update less than two minutes");
}

#define OWN_CHECK .tier = 1, .flags = CHECK_ALL_NAMESPACES, .kinds = DEPLOYMENT

CHECK_TABLE(
    operations, CHECK_OPERATIONS,
    { .id = "operational-excellence/common-labels",
      .title = "Workloads and their Pods say what they are",
      .remediation = "Add the label app.kubernetes.io/name to the workload and its template.",
      .frameworks = "C-0076 C-0077",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 1,
      .kinds = DEPLOYMENT | STATEFUL_SET | DAEMON_SET,
      .per_workload = common_labels },
    { .id = "operational-excellence/rolling-update-strategy",
      .title = "Workloads are updated step by step",
      .remediation = "Use the strategy RollingUpdate.",
      .frameworks = "C-0305",
      .aliases = "operational-excellence.kube9-operator-deployment-strategy",
      .severity = CHECK_MEDIUM,
      .tier = 1,
      .kinds = DEPLOYMENT | STATEFUL_SET | DAEMON_SET,
      .reads = KIND_BIT(KIND_SERVICE) | KIND_BIT(KIND_PERSISTENT_VOLUME_CLAIM),
      .per_workload = rolling_update },
    { .id = "operational-excellence/workload-metrics",
      .title = "Metrics of workloads that serve traffic are scraped",
      .remediation = "Add prometheus.io/scrape to the template, or a ServiceMonitor.",
      .frameworks = "NSA-LOG",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 1,
      .kinds = DEPLOYMENT | STATEFUL_SET | DAEMON_SET,
      .reads = KIND_BIT(KIND_SERVICE) | CRDS,
      .per_workload = workload_metrics },
    { .id = "operational-excellence/gitops-tool",
      .title = "The cluster is delivered to by GitOps",
      .remediation = "Install Argo CD or Flux and keep manifests in Git.",
      .frameworks = "",
      .aliases = "operational-excellence.gitops-delivery-signals",
      .severity = CHECK_LOW,
      .tier = 1,
      .flags = CHECK_LIVE | CHECK_ALL_NAMESPACES,
      .reads = CRDS,
      .per_cluster = gitops_tool },
    { .id = "operational-excellence/monitoring-stack",
      .title = "The cluster is monitored",
      .remediation = "Install Prometheus or another monitoring system.",
      .frameworks = "NSA-LOG",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 1,
      .flags = CHECK_LIVE | CHECK_ALL_NAMESPACES,
      .reads = CRDS | DEPLOYMENT | STATEFUL_SET | DAEMON_SET,
      .per_cluster = monitoring_stack },
    { .id = "operational-excellence/logging-agent",
      .title = "Logs are collected on every node",
      .remediation = "Run a log collector as a DaemonSet on all nodes.",
      .frameworks = "NSA-WLOG",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 1,
      .flags = CHECK_LIVE | CHECK_ALL_NAMESPACES,
      .reads = DAEMON_SET | KIND_BIT(KIND_NODE),
      .per_cluster = logging_agent },
    { .id = "operational-excellence/kubernetes-version",
      .title = "Kubernetes is within its time of support",
      .remediation = "Upgrade one minor version after the other to a supported one.",
      .frameworks = "NSA-UPG C-0273",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 1,
      .flags = CHECK_LIVE | CHECK_ALL_NAMESPACES,
      .per_cluster = kubernetes_version },
    { .id = "operational-excellence/operator-health-probes",
      .title = "kube9-operator is probed",
      .remediation = "Use the chart's probes: /healthz and /readyz.",
      .frameworks = "",
      .aliases = "operational-excellence.kube9-operator-health-probes",
      .severity = CHECK_MEDIUM,
      OWN_CHECK,
      .per_workload = own_probes },
    { .id = "operational-excellence/operator-metrics-exposure",
      .title = "kube9-operator's metrics can be scraped",
      .remediation = "Declare the HTTP port, and do not switch scraping off.",
      .frameworks = "",
      .aliases = "operational-excellence.kube9-operator-metrics-exposure",
      .severity = CHECK_LOW,
      OWN_CHECK,
      .per_workload = own_metrics },
    { .id = "operational-excellence/operator-logging",
      .title = "kube9-operator's log level is set",
      .remediation = "Set LOG_LEVEL to info.",
      .frameworks = "",
      .aliases = "operational-excellence.kube9-operator-logging-configuration",
      .severity = CHECK_LOW,
      OWN_CHECK,
      .per_workload = own_logging },
    { .id = "operational-excellence/operator-audit-signals",
      .title = "kube9-operator can be told apart in audit logs",
      .remediation = "Use the chart's ServiceAccount and POD_NAMESPACE.",
      .frameworks = "",
      .aliases = "operational-excellence.kube9-operator-audit-signals",
      .severity = CHECK_LOW,
      OWN_CHECK,
      .per_workload = own_audit },
    { .id = "operational-excellence/operator-deployment-strategy",
      .title = "kube9-operator survives its own updates",
      .remediation = "Use RollingUpdate with more than one replica, or one replica.",
      .frameworks = "",
      .aliases = "operational-excellence.kube9-operator-deployment-strategy",
      .severity = CHECK_LOW,
      OWN_CHECK,
      .per_workload = own_strategy }, );
