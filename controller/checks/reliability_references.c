// SPDX-License-Identifier: Apache-2.0
// Names that must lead somewhere: Services to Pods, Ingresses to Services, Pods to ConfigMaps and
// ServiceAccounts. And backups.
#include "controller/checks/join.h"
#include "controller/checks/report.h"

#define SERVICES KIND_BIT(KIND_SERVICE)

static bool selects_pods(struct report *r, const struct service_spec *spec)
{
    if (service_spec_selector(spec).n > 0 && service_spec_type(spec) != SERVICE_EXTERNAL_NAME)
        return true;
    report_skip(r, SKIP_NOT_APPLICABLE, "the Service has no selector");
    return false;
}

static void service_no_workload(struct report *r, const struct object *o)
{
    const struct selected *s = join_selected(r->join, o);

    if (selects_pods(r, service_spec(service_of(o))) && (!s || s->n == 0))
        report_as(r, r->snapshot->live ? VERDICT_FAIL : VERDICT_WARN, "spec.selector",
                  "selects no Pod and no workload");
}

static bool declares(const struct workload *w, struct int_or_string target)
{
    struct container_view list[POD_CONTAINERS_MAX];
    struct pod_view p;

    pod_view_init(&p, w->spec, NULL, 0, list);
    FOR_EACH_CONTAINER(c, &p, SET_SERVING)
    {
        FOR_EACH (container_port, port, container_ports(c->c)) {
            const char *name = text_or(container_port_name(port), "");
            if (target.s ? strcmp(name, target.s) == 0
                         : container_port_container_port(port) == target.i)
                return true;
        }
    }
    return false;
}

static void judge_port(struct report *r, const struct selected *s, const struct service_port *port,
                       uint32_t i)
{
    struct int_or_string target = service_port_target_port(port);
    char field[REPORT_FIELD_MAX];

    if (!service_port_has_target_port(port))
        target = (struct int_or_string){ .i = service_port_port(port) };
    snprintf(field, sizeof(field), "spec.ports[%" PRIu32 "].targetPort", i);
    for (const struct link *l = s->links; l; l = l->next) {
        if (declares(l->to, target))
            return;
    }
    if (target.s)
        report_fail(r, field, "no container of its Pods declares a port named '%s'", target.s);
    else if (target.i < 1 || target.i > 65535)
        report_fail(r, field, "%d is no port", target.i);
    else
        report_warn(r, field, "no container of its Pods declares port %d", target.i);
}

static void service_target_port(struct report *r, const struct object *o)
{
    const struct service_spec *spec = service_spec(service_of(o));
    const struct selected *s = join_selected(r->join, o);
    uint32_t i = 0;

    if (!selects_pods(r, spec))
        return;
    if (!s || s->n == 0) {
        report_skip(r, SKIP_NOT_APPLICABLE, "the Service selects no workload");
        return;
    }
    FOR_EACH (service_port, port, service_spec_ports(spec))
        judge_port(r, s, port, i++);
}

static bool has_port(const struct object *svc, const struct backend_port *port)
{
    const char *name = backend_port_name(port);

    FOR_EACH (service_port, p, service_spec_ports(service_spec(service_of(svc)))) {
        if (name && *name ? strcmp(text_or(service_port_name(p), ""), name) == 0
                          : service_port_port(p) == backend_port_number(port))
            return true;
    }
    return false;
}

static void judge_backend(struct report *r, const struct object *o, const struct ingress_backend *b,
                          const char *field)
{
    const struct backend_service *svc = ingress_backend_service(b);
    const char *name = text_or(backend_service_name(svc), "");
    const struct object *found;

    if (!svc)
        return;
    found = join_find(r->join, KIND_SERVICE, o->ns, name);
    if (!found)
        report_fail(r, field, "Service '%s' does not exist", name);
    else if (service_spec_type(service_spec(service_of(found))) != SERVICE_EXTERNAL_NAME &&
             !has_port(found, backend_service_port(svc)))
        report_fail(r, field, "Service '%s' has no such port", name);
}

static void ingress_backends(struct report *r, const struct object *o)
{
    const struct ingress_spec *spec = ingress_spec(ingress_of(o));
    char field[REPORT_FIELD_MAX];
    uint32_t i = 0, k;

    judge_backend(r, o, ingress_spec_default_backend(spec), "spec.defaultBackend");
    FOR_EACH (ingress_rule, rule, ingress_spec_rules(spec)) {
        k = 0;
        FOR_EACH (ingress_path, path, ingress_http_paths(ingress_rule_http(rule))) {
            snprintf(field, sizeof(field),
                     "spec.rules[%" PRIu32 "].http.paths[%" PRIu32 "].backend", i, k++);
            judge_backend(r, o, ingress_path_backend(path), field);
        }
        i++;
    }
}

static bool has_key(const struct object *o, const char *key)
{
    FOR_EACH_CREDENTIAL (k, cls, config_map_data(config_map_of(o))) {
        (void)cls;
        if (strcmp(k, key) == 0)
            return true;
    }
    FOR_EACH_CREDENTIAL (k, cls, config_map_binary_data(config_map_of(o))) {
        (void)cls;
        if (strcmp(k, key) == 0)
            return true;
    }
    return false;
}

static void want_config_map(struct report *r, const char *name, const char *key, bool optional,
                            const char *field)
{
    const struct object *o = join_find(r->join, KIND_CONFIG_MAP, r->workload->ns, name);
    enum verdict v = r->snapshot->live ? VERDICT_FAIL : VERDICT_WARN;

    if (!name || optional || strcmp(name, "kube-root-ca.crt") == 0)
        return;
    if (!o)
        report_as(r, v, field, "needs the ConfigMap '%s', which does not exist", name);
    else if (key && !has_key(o, key))
        report_as(r, v, field, "needs the key '%s', which ConfigMap '%s' does not have", key, name);
}

static void config_maps_of_container(struct report *r, const struct container *c)
{
    FOR_EACH (env_var, e, container_env(c)) {
        const struct key_ref *k = env_source_config_map_key_ref(env_var_value_from(e));
        if (k)
            want_config_map(r, key_ref_name(k), key_ref_key(k), key_ref_optional(k), "env");
    }
    FOR_EACH (env_from, e, container_env_from(c)) {
        const struct object_ref *o = env_from_config_map_ref(e);
        if (o)
            want_config_map(r, object_ref_name(o), NULL, object_ref_optional(o), "envFrom");
    }
}

static void config_map_reference(struct report *r, const struct pod_view *p)
{
    FOR_EACH (volume, v, pod_spec_volumes(p->spec)) {
        const struct config_map_volume *m = volume_config_map(v);
        if (m)
            want_config_map(r, config_map_volume_name(m), NULL, config_map_volume_optional(m),
                            "volumes");
        FOR_EACH (projection, s, projected_volume_sources(volume_projected(v))) {
            const struct projected_object *o = projection_config_map(s);
            if (o)
                want_config_map(r, projected_object_name(o), NULL, projected_object_optional(o),
                                "volumes");
        }
    }
    for (uint32_t i = 0; i < p->n; i++) {
        report_at(r, &p->containers[i]);
        config_maps_of_container(r, p->containers[i].c);
    }
    report_at(r, NULL);
}

static void account_missing(struct report *r, const struct workload *w)
{
    const char *name = pod_spec_service_account_name(w->spec);

    if (!name || !*name || strcmp(name, "default") == 0)
        return;
    if (!r->snapshot->live && join_namespace(r->join, atom_str(w->ns))->service_accounts == 0)
        report_skip(r, SKIP_NO_DATA, "the manifests hold no ServiceAccounts of the namespace");
    else if (!join_find(r->join, KIND_SERVICE_ACCOUNT, w->ns, name))
        report_fail(r, "serviceAccountName", "runs as ServiceAccount '%s', which does not exist",
                    name);
}

static bool velero(const struct report *r)
{
    for (uint32_t i = 0; i < r->join->walk.n; i++) {
        const struct workload *w = r->join->walk.units[i];
        const char *own = rmap_get(object_meta_labels(w->meta), "app.kubernetes.io/name");
        const char *pod = rmap_get(object_meta_labels(w->template), "app.kubernetes.io/name");
        if ((own && strcmp(own, "velero") == 0) || (pod && strcmp(pod, "velero") == 0))
            return true;
    }
    return false;
}

static void backup_tooling(struct report *r)
{
    static const char *const groups[] = {
        "velero.io",          "config.kio.kasten.io",    "stash.appscode.com",
        "core.kubestash.com", "triliovault.trilio.io",   "volsync.backube",
        "oadp.openshift.io",  "snapshot.storage.k8s.io",
    };

    if (r->snapshot->n[KIND_PERSISTENT_VOLUME_CLAIM] == 0) {
        report_skip(r, SKIP_NO_OBJECTS, "no PersistentVolumeClaim exists");
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
        if (join_crd(r->join, groups[i], NULL))
            return;
    }
    if (!velero(r))
        report_fail(
            r, "",
            "volumes exist, but no backup tool (Velero, Kasten, Stash, Trilio, VolSync) and no VolumeSnapshot API was found");
}

CHECK_TABLE(
    reliability_references, CHECK_RELIABILITY,
    { .id = "reliability/service-no-workload",
      .title = "Every Service leads to a workload",
      .remediation = "Correct the selector or delete the Service.",
      .frameworks = "C-0293",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 1,
      .kinds = SERVICES,
      .reads = KIND_BIT(KIND_POD),
      .per_object = service_no_workload },
    { .id = "reliability/service-target-port",
      .title = "Services send traffic to ports that containers declare",
      .remediation = "Correct targetPort, or declare the port in the container.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 1,
      .kinds = SERVICES,
      .reads = KIND_BIT(KIND_POD),
      .per_object = service_target_port },
    { .id = "reliability/ingress-backend",
      .title = "Ingresses lead to Services and ports that exist",
      .remediation = "Correct the backend or create the Service.",
      .frameworks = "C-0298",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 1,
      .kinds = KIND_BIT(KIND_INGRESS),
      .reads = SERVICES,
      .per_object = ingress_backends },
    { .id = "reliability/configmap-reference-missing",
      .title = "ConfigMaps that workloads need exist",
      .remediation = "Create the ConfigMap or key, or mark the reference optional.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 1,
      .flags = CHECK_JOINS,
      .reads = KIND_BIT(KIND_CONFIG_MAP),
      .per_pod_spec = config_map_reference },
    { .id = "reliability/service-account-missing",
      .title = "ServiceAccounts that workloads name exist",
      .remediation = "Create the ServiceAccount or correct serviceAccountName.",
      .frameworks = "C-0307",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 1,
      .reads = KIND_BIT(KIND_SERVICE_ACCOUNT),
      .per_workload = account_missing },
    { .id = "reliability/backup-tooling",
      .title = "A backup tool is installed where volumes exist",
      .remediation = "Install Velero or another backup tool, and snapshots for the CSI driver.",
      .frameworks = "",
      .aliases = "reliability.backup-dr-signals",
      .severity = CHECK_HIGH,
      .tier = 1,
      .flags = CHECK_LIVE | CHECK_ALL_NAMESPACES,
      .reads = KIND_BIT(KIND_CUSTOM_RESOURCE_DEFINITION) | KIND_BIT(KIND_PERSISTENT_VOLUME_CLAIM),
      .per_cluster = backup_tooling }, );
