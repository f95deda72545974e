// SPDX-License-Identifier: Apache-2.0
// What only the manifest shows: the API version an object was written in, and whether it names its
// namespace. In a cluster both are gone: objects are stored in one version and in some namespace.
#include "controller/checks/report.h"

#define KINDS_OF_VERSIONS                                                                          \
    (KIND_BIT(KIND_DEPLOYMENT) | KIND_BIT(KIND_STATEFUL_SET) | KIND_BIT(KIND_DAEMON_SET) |         \
     KIND_BIT(KIND_REPLICA_SET) | KIND_BIT(KIND_CRON_JOB) | KIND_BIT(KIND_INGRESS) |               \
     KIND_BIT(KIND_NETWORK_POLICY) | KIND_BIT(KIND_POD_DISRUPTION_BUDGET) |                        \
     KIND_BIT(KIND_HORIZONTAL_POD_AUTOSCALER) | KIND_BIT(KIND_ROLE) |                              \
     KIND_BIT(KIND_ROLE_BINDING) | KIND_BIT(KIND_CLUSTER_ROLE) |                                   \
     KIND_BIT(KIND_CLUSTER_ROLE_BINDING) | KIND_BIT(KIND_STORAGE_CLASS) |                          \
     KIND_BIT(KIND_VALIDATING_WEBHOOK_CONFIGURATION) |                                             \
     KIND_BIT(KIND_MUTATING_WEBHOOK_CONFIGURATION) | KIND_BIT(KIND_CUSTOM_RESOURCE_DEFINITION))

#define ALL_KINDS ((KIND_BIT(KIND_COUNT) - 1) & ~(KIND_BIT(KIND_EVENT) | KIND_BIT(KIND_NODE)))

// Kubernetes 1.N: deprecated since, not served from. Kind NULL: every kind of that version. From
// the deprecation guide of Kubernetes as of 2026-11.
static const struct {
    const char *version, *kind;
    int deprecated, removed;
} former[] = {
    {"extensions/v1beta1",                    "Ingress", 14, 22},
    { "extensions/v1beta1",                   NULL,      8,  16},
    { "apps/v1beta1",                         NULL,      8,  16},
    { "apps/v1beta2",                         NULL,      9,  16},
    { "networking.k8s.io/v1beta1",            NULL,      19, 22},
    { "rbac.authorization.k8s.io/v1alpha1",   NULL,      17, 22},
    { "rbac.authorization.k8s.io/v1beta1",    NULL,      17, 22},
    { "admissionregistration.k8s.io/v1beta1", NULL,      16, 22},
    { "apiextensions.k8s.io/v1beta1",         NULL,      16, 22},
    { "storage.k8s.io/v1beta1",               NULL,      6,  22},
    { "batch/v2alpha1",                       NULL,      11, 21},
    { "batch/v1beta1",                        NULL,      21, 25},
    { "policy/v1beta1",                       NULL,      21, 25},
    { "autoscaling/v2beta1",                  NULL,      22, 25},
    { "autoscaling/v2beta2",                  NULL,      23, 26},
};

static void deprecated_api(struct report *r, const struct object *o)
{
    const struct kind *k = kind_get((enum kind_id)o->kind);
    const char *version = snapshot_api_version(r->snapshot, o);
    int minor = r->snapshot->server_minor;

    for (size_t i = 0; i < ARRAY_SIZE(former); i++) {
        if (strcmp(former[i].version, version) != 0 ||
            (former[i].kind && strcmp(former[i].kind, k->kind) != 0))
            continue;
        if (minor == 0 || minor >= former[i].removed)
            report_fail(r, "apiVersion", "%s is not served since Kubernetes 1.%d: write %s",
                        version, former[i].removed, kind_api_version(k));
        else if (minor >= former[i].deprecated)
            report_warn(r, "apiVersion",
                        "%s is deprecated, and not served from Kubernetes 1.%d on: write %s",
                        version, former[i].removed, kind_api_version(k));
        return;
    }
}

static void namespace_explicit(struct report *r, const struct object *o)
{
    if (o->flags & OBJECT_NAMESPACE_IMPLIED)
        report_warn(r, "metadata.namespace",
                    "names no namespace: it goes where whoever applies it happens to be");
}

CHECK_TABLE(
    operations_manifests, CHECK_OPERATIONS,
    { .id = "operational-excellence/deprecated-api",
      .title = "Manifests are written in API versions that the server serves and goes on serving",
      .remediation = "Write the version that the finding names; kubectl convert does most of it.",
      .frameworks = "NSA-UPG",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 1,
      .flags = CHECK_FILES | CHECK_ALL_NAMESPACES,
      .kinds = KINDS_OF_VERSIONS,
      .per_object = deprecated_api },
    { .id = "operational-excellence/namespace-explicit",
      .title = "Manifests name the namespace of their objects",
      .remediation = "Set metadata.namespace, or have the tool that delivers them set it.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 2,
      .flags = CHECK_FILES | CHECK_OFF,
      .kinds = ALL_KINDS,
      .per_object = namespace_explicit });
