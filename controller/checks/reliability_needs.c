// SPDX-License-Identifier: Apache-2.0
// Objects that a workload cannot do without and may not find: Secrets, PriorityClasses, claims, the
// Service of a StatefulSet.
#include "apis/selector.h"
#include "controller/checks/join.h"
#include "controller/checks/report.h"

// Of Secrets the names alone are known: a missing key cannot be seen.
static void want_secret(struct report *r, const char *name, bool optional, const char *field)
{
    enum verdict v = r->snapshot->live ? VERDICT_FAIL : VERDICT_WARN;

    if (name && !optional && !join_find(r->join, KIND_SECRET, r->workload->ns, name))
        report_as(r, v, field, "needs the Secret '%s', which does not exist", name);
}

static void secrets_of_container(struct report *r, const struct container *c)
{
    FOR_EACH (env_var, e, container_env(c)) {
        const struct key_ref *k = env_source_secret_key_ref(env_var_value_from(e));
        want_secret(r, key_ref_name(k), key_ref_optional(k), "env");
    }
    FOR_EACH (env_from, e, container_env_from(c)) {
        const struct object_ref *o = env_from_secret_ref(e);
        want_secret(r, object_ref_name(o), object_ref_optional(o), "envFrom");
    }
}

static void secrets_of_volumes(struct report *r, const struct pod_view *p)
{
    FOR_EACH (volume, v, pod_spec_volumes(p->spec)) {
        const struct secret_volume *s = volume_secret(v);
        want_secret(r, secret_volume_secret_name(s), secret_volume_optional(s), "volumes");
        FOR_EACH (projection, source, projected_volume_sources(volume_projected(v))) {
            const struct projected_object *o = projection_secret(source);
            want_secret(r, projected_object_name(o), projected_object_optional(o), "volumes");
        }
    }
    FOR_EACH (object_ref, o, pod_spec_image_pull_secrets(p->spec))
        want_secret(r, object_ref_name(o), false, "imagePullSecrets");
}

static void secret_reference(struct report *r, const struct pod_view *p)
{
    if (!r->snapshot->live && join_namespace(r->join, atom_str(r->workload->ns))->secrets == 0) {
        report_skip(r, SKIP_NO_DATA, "the manifests hold no Secrets of the namespace");
        return;
    }
    secrets_of_volumes(r, p);
    for (uint32_t i = 0; i < p->n; i++) {
        report_at(r, &p->containers[i]);
        secrets_of_container(r, p->containers[i].c);
    }
    report_at(r, NULL);
}

static bool has_default_class(const struct snapshot *s)
{
    FOR_EACH_OBJECT(o, s, KIND_PRIORITY_CLASS)
    {
        if (priority_class_global_default(priority_class_of(o)))
            return true;
    }
    return false;
}

static void priority_class_check(struct report *r, const struct workload *w)
{
    const char *name = atom_str(pod_spec_priority_class_name(w->spec));
    bool of_system = str_starts(name, "system-");

    if (!*name) {
        if (r->profile->strict && !has_default_class(r->snapshot))
            report_warn(r, "priorityClassName", "has no priority, and there is no default one");
    } else if (of_system && strcmp(atom_str(w->ns), "kube-system") != 0) {
        report_warn(r, "priorityClassName", "takes %s, which is meant for the cluster's own parts",
                    name);
    } else if (!of_system && !join_find(r->join, KIND_PRIORITY_CLASS, 0, name)) {
        report_as(r, r->snapshot->live ? VERDICT_FAIL : VERDICT_WARN, "priorityClassName",
                  "names the PriorityClass '%s', which does not exist", name);
    }
}

// Claims that a StatefulSet or a generic volume makes by itself carry the Pod's name.
static void claim_reference(struct report *r, const struct workload *w)
{
    FOR_EACH (volume, v, pod_spec_volumes(w->spec)) {
        const char *name = claim_volume_claim_name(volume_persistent_volume_claim(v));
        if (name && !join_find(r->join, KIND_PERSISTENT_VOLUME_CLAIM, w->ns, name))
            report_as(r, r->snapshot->live ? VERDICT_FAIL : VERDICT_WARN, "volumes",
                      "needs the PersistentVolumeClaim '%s', which does not exist", name);
    }
}

static bool one_node(const struct object *claim)
{
    struct rlist modes =
        claim_spec_access_modes(persistent_volume_claim_spec(persistent_volume_claim_of(claim)));
    bool one = false, many = false;

    FOR_EACH_ATOM (mode, modes) {
        one |= str_starts(atom_str(mode), "ReadWriteOnce");
        many |= strcmp(atom_str(mode), "ReadWriteMany") == 0;
    }
    return one && !many;
}

static bool rolls(const struct workload *w)
{
    return update_strategy_type(deployment_spec_strategy(
               deployment_spec(deployment_of(w->object)))) != UPDATE_RECREATE;
}

static int32_t most_replicas(const struct workload *w)
{
    if (!w->hpa)
        return w->replicas;
    return horizontal_pod_autoscaler_spec_max_replicas(
        horizontal_pod_autoscaler_spec(horizontal_pod_autoscaler_of(w->hpa)));
}

static void shared_volume(struct report *r, const struct workload *w)
{
    FOR_EACH (volume, v, pod_spec_volumes(w->spec)) {
        const char *name = claim_volume_claim_name(volume_persistent_volume_claim(v));
        const struct object *o =
            name ? join_find(r->join, KIND_PERSISTENT_VOLUME_CLAIM, w->ns, name) : NULL;
        if (!o || !one_node(o))
            continue;
        if (most_replicas(w) >= 2)
            report_fail(r, "volumes",
                        "several Pods mount the claim '%s', which one node alone may have", name);
        else if (rolls(w))
            report_warn(
                r, "volumes",
                "a rolling update waits for the claim '%s', which the old Pod holds; use Recreate",
                name);
    }
}

static bool heads(const struct object *service, const struct workload *w)
{
    const struct service_spec *s = service_spec(service_of(service));
    struct rlist labels = object_meta_labels(w->template);

    if (strcmp(text_or(service_spec_cluster_ip(s), ""), "None") != 0)
        return false;
    FOR_EACH_PAIR (key, value, service_spec_selector(s)) {
        const char *have = rmap_get(labels, key);
        if (!have || strcmp(have, value) != 0)
            return false;
    }
    return true;
}

static void service_name(struct report *r, const struct workload *w)
{
    const char *name =
        text_or(stateful_set_spec_service_name(stateful_set_spec(stateful_set_of(w->object))), "");
    const struct object *o = *name ? join_find(r->join, KIND_SERVICE, w->ns, name) : NULL;

    if (!*name)
        report_fail(r, "spec.serviceName", "names no Service, so its Pods have no names in DNS");
    else if (!o)
        report_fail(r, "spec.serviceName", "names the Service '%s', which does not exist", name);
    else if (!heads(o, w))
        report_fail(r, "spec.serviceName",
                    "the Service '%s' is not headless or does not select its Pods", name);
}

CHECK_TABLE(
    reliability_needs, CHECK_RELIABILITY,
    { .id = "reliability/secret-reference-missing",
      .title = "Secrets that workloads need exist",
      .remediation = "Create the Secret, or mark the reference optional.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 1,
      .flags = CHECK_JOINS,
      .reads = KIND_BIT(KIND_SECRET),
      .per_pod_spec = secret_reference },
    { .id = "reliability/priority-class",
      .title = "PriorityClasses that workloads name exist and are theirs to name",
      .remediation = "Create the PriorityClass or correct priorityClassName.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 1,
      .reads = KIND_BIT(KIND_PRIORITY_CLASS),
      .per_workload = priority_class_check },
    { .id = "reliability/pvc-reference-missing",
      .title = "PersistentVolumeClaims that workloads mount exist",
      .remediation = "Create the claim or correct claimName.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 2,
      .reads = KIND_BIT(KIND_PERSISTENT_VOLUME_CLAIM),
      .per_workload = claim_reference },
    { .id = "reliability/rwo-shared-volume",
      .title = "Deployments do not share volumes that one node alone may have",
      .remediation =
          "Use a StatefulSet, a ReadWriteMany volume, or one replica with the strategy Recreate.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 2,
      .kinds = KIND_BIT(KIND_DEPLOYMENT),
      .reads = KIND_BIT(KIND_PERSISTENT_VOLUME_CLAIM),
      .glances = KIND_BIT(KIND_HORIZONTAL_POD_AUTOSCALER),
      .per_workload = shared_volume },
    { .id = "reliability/statefulset-service-name",
      .title = "StatefulSets name a headless Service that selects their Pods",
      .remediation = "Create the Service with clusterIP None and name it in serviceName.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 2,
      .kinds = KIND_BIT(KIND_STATEFUL_SET),
      .reads = KIND_BIT(KIND_SERVICE),
      .per_workload = service_name }, );
