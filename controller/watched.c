// SPDX-License-Identifier: Apache-2.0
// The list stands here once; deploy/manifests grants list and watch on exactly these. For kinds of
// other projects nothing is asked for, not even a permission, before their CRD is there.
#include "controller/watched.h"

#include "informer/informer.h"
#include "informer/permission.h"

const enum kind_id watched_kinds[] = {
    KIND_KUBE9_CONFIG,
    KIND_ASSESSMENT_RUN,
    KIND_CUSTOM_RESOURCE_DEFINITION,
    KIND_NAMESPACE,
    KIND_NODE,
    KIND_POD,
    KIND_SERVICE,
    KIND_SERVICE_ACCOUNT,
    KIND_CONFIG_MAP,
    KIND_PERSISTENT_VOLUME_CLAIM,
    KIND_PERSISTENT_VOLUME,
    KIND_RESOURCE_QUOTA,
    KIND_LIMIT_RANGE,
    KIND_REPLICATION_CONTROLLER,
    KIND_DEPLOYMENT,
    KIND_REPLICA_SET,
    KIND_STATEFUL_SET,
    KIND_DAEMON_SET,
    KIND_JOB,
    KIND_CRON_JOB,
    KIND_ROLE,
    KIND_ROLE_BINDING,
    KIND_CLUSTER_ROLE,
    KIND_CLUSTER_ROLE_BINDING,
    KIND_NETWORK_POLICY,
    KIND_INGRESS,
    KIND_POD_DISRUPTION_BUDGET,
    KIND_HORIZONTAL_POD_AUTOSCALER,
    KIND_STORAGE_CLASS,
    KIND_PRIORITY_CLASS,
    KIND_VALIDATING_WEBHOOK_CONFIGURATION,
    KIND_MUTATING_WEBHOOK_CONFIGURATION,
    KIND_COUNT,
};

void watched_start(struct informers *in)
{
    for (size_t i = 0; watched_kinds[i] != KIND_COUNT; i++)
        informers_add(in, watched_kinds[i]);
}

static bool is_installed(struct informers *in, const struct kind *k)
{
    char name[256];

    snprintf(name, sizeof(name), "%s.%s", k->plural, k->group);
    return informer_get(in, KIND_CUSTOM_RESOURCE_DEFINITION, "", name) != NULL;
}

void watched_add_installed(struct informers *in)
{
    for (int i = 0; i < KIND_COUNT; i++) {
        const struct kind *k = kind_get((enum kind_id)i);

        if (k->optional && !k->own && is_installed(in, k))
            informers_add(in, k->id);
    }
}

static void on_answer(void *arg, enum permission_state state)
{
    struct watch_slot *slot = arg;

    if (state != PERMISSION_UNKNOWN)
        informers_permission(slot->all->informers, slot->kind, state == PERMISSION_ALLOWED);
}

void watched_ask(struct watch_permissions *w, const struct kind *k)
{
    struct watch_slot *slot = &w->slots[k->id];
    struct permission_query q = { .verbs = "list,watch", .group = k->group, .resource = k->plural };

    if (slot->permission) {
        permission_ask(slot->permission);
        return;
    }
    slot->all = w;
    slot->kind = k->id;
    slot->permission = permission_add(w->permissions, &q, on_answer, slot);
}
