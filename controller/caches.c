// SPDX-License-Identifier: Apache-2.0
// The manager's caches and permissions. Permissions are asked, not tried: for what is watched
// before each list, for what is written at the start and after a refusal; the condition
// PermissionsSufficient names what is missing.
#include "controller/manager_internal.h"
#include "controller/watched.h"

static void ask_permission(void *arg, const struct kind *k)
{
    watched_ask(&((struct manager *)arg)->watch, k);
}

static void on_write_permission(void *arg unused_arg, enum permission_state state unused_arg)
{
    // Known to m->permissions, whose `changed` tells the condition.
}

static void ask_to_write(struct manager *m, const struct permission_query *q)
{
    m->writes[m->n_writes++] = permission_add(m->permissions, q, on_write_permission, m);
}

static void ask_write_permissions(struct manager *m)
{
    struct permission_query q = { .verbs = "patch", .group = "kube9.io" };

    q.resource = "kube9configs/status";
    ask_to_write(m, &q);
    q.resource = "assessmentruns/status";
    ask_to_write(m, &q);
    q.verbs = "create,delete";
    q.resource = "assessmentruns";
    ask_to_write(m, &q);
    q = (struct permission_query){ .verbs = "patch", .resource = "configmaps" };
    q.ns = m->namespace;
    q.name = HEARTBEAT_NAME;
    ask_to_write(m, &q);
    q = (struct permission_query){ .verbs = "create,patch", .group = "events.k8s.io" };
    q.resource = "events";
    q.ns = "default";
    ask_to_write(m, &q);
}

// Logged by the runner, which tries again a minute later.
void caches_denied(void *arg, const struct intent *i unused_arg, const struct error *e unused_arg)
{
    struct manager *m = arg;

    for (size_t n = 0; n < m->n_writes; n++)
        permission_ask(m->writes[n]);
}

static void on_permissions_changed(void *arg)
{
    struct manager *m = arg;

    if (m->running)
        world_queue_config(m);
}

static void on_state(void *arg, const struct kind *k unused_arg)
{
    struct manager *m = arg;

    manager_start_reconciling(m);
    assessor_caches_changed(m->assessor);
    if (!m->running)
        return;
    if (informers_synced(m->informers)) {
        runner_pause(m->runner, false);
        if (!m->told_synced)
            heartbeat_poke(m->heartbeat); // the first beat did not know the cluster yet
        m->told_synced = true;
    }
    world_queue_config(m);
}

void caches_build(struct manager *m)
{
    m->permissions = permissions_new(m->loop, m->client, on_permissions_changed, m);
    m->informers = informers_new(&(struct informers_options){ .loop = m->loop,
                                                              .client = m->client,
                                                              .ask_permission = ask_permission,
                                                              .on_state = on_state,
                                                              .arg = m });
    m->watch =
        (struct watch_permissions){ .informers = m->informers, .permissions = m->permissions };
}

void caches_start(struct manager *m)
{
    static const enum kind_id own[] = { KIND_KUBE9_CONFIG, KIND_ASSESSMENT_RUN,
                                        KIND_CUSTOM_RESOURCE_DEFINITION, KIND_COUNT };

    m->own = informers_subscribe(m->informers, own, world_changed, m);
    watched_start(m->informers);
    ask_write_permissions(m);
}
