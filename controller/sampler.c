// SPDX-License-Identifier: Apache-2.0
// Discovery (open to everybody), then the question whether both kinds may be listed, then Nodes,
// then Pods. Only the first two answers are remembered: an API that is gone answers its list with
// 404.
#include "controller/sampler.h"

#include "apis/types.h"
#include "apis/usage.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "informer/client.h"
#include "informer/informer.h"
#include "informer/list_once.h"
#include "informer/permission.h"

#define API       "/apis/metrics.k8s.io/v1beta1"
#define POSTPONED USEC_PER_MIN // while a snapshot is out

enum step { STEP_NONE, STEP_DISCOVERY, STEP_PERMISSION, STEP_NODES, STEP_PODS };

struct sampler {
    struct sampler_options o;
    struct usage *usage;
    enum step step;
    struct client_call *discovery;
    struct permission *may_list[2]; // Nodes, Pods; NULL: not asked yet
    struct list_once *list;
    enum kind_state state;
    bool shown, told;
    struct timer timer;
};

static void end(struct sampler *s, enum kind_state state, const char *problem)
{
    s->step = STEP_NONE;
    s->state = state;
    usage_set_problem(s->usage, problem);
    if (*problem && !s->told)
        log_warn("usage could not be read; again with the next assessment",
                 log_str("problem", problem));
    s->told = *problem;
    if (s->o.ended)
        s->o.ended(s->o.arg);
}

// What is not served is not missing either.
static void forget_permissions(struct sampler *s)
{
    for (size_t i = 0; i < ARRAY_SIZE(s->may_list); i++)
        permission_remove(TAKE(s->may_list[i]));
}

static void fail(struct sampler *s, const struct error *e)
{
    if (e->code == ERR_NOT_FOUND) {
        forget_permissions(s);
        end(s, KIND_ABSENT, "");
    } else if (e->code == ERR_DENIED) {
        end(s, KIND_DENIED, "");
    } else {
        end(s, KIND_NOT_SYNCED, e->text);
    }
}

static struct object *decode(const struct kind *k, json_val *v)
{
    struct object *o = NULL;
    struct error ignored;

    return object_decode(k, v, (struct decode_options){ 0 }, &o, &ignored) < 0 ? NULL : o;
}

static void on_node(void *arg, json_val *v)
{
    struct sampler *s = arg;
    struct object *autoobject metrics = decode(kind_get(KIND_NODE_METRICS), v);
    const struct object *node =
        metrics ? informer_get(s->o.informers, KIND_NODE, "", object_name(metrics)) : NULL;

    if (node)
        usage_put_node(s->usage, node, metrics);
}

static void on_pod(void *arg, json_val *v)
{
    struct sampler *s = arg;
    struct object *autoobject metrics = decode(kind_get(KIND_POD_METRICS), v);
    const struct object *pod = metrics
                                   ? informer_get(s->o.informers, KIND_POD,
                                                  object_namespace(metrics), object_name(metrics))
                                   : NULL;

    if (pod)
        usage_put_pod(s->usage, pod, metrics);
}

static void listed(void *arg, const struct error *e);

static void start_list(struct sampler *s, enum step step)
{
    struct list_once_options o = { .client = s->o.client, .done = listed, .arg = s };

    s->step = step;
    o.kind = kind_get(step == STEP_NODES ? KIND_NODE_METRICS : KIND_POD_METRICS);
    o.item = step == STEP_NODES ? on_node : on_pod;
    s->list = list_once_start(&o);
}

static void listed(void *arg, const struct error *e)
{
    struct sampler *s = arg;

    s->list = NULL;
    if (e->code == ERR_DENIED) {
        for (size_t i = 0; i < ARRAY_SIZE(s->may_list); i++)
            permission_ask(s->may_list[i]);
    }
    if (e->code != ERR_NONE)
        fail(s, e);
    else if (s->step == STEP_NODES)
        start_list(s, STEP_PODS);
    else
        end(s, KIND_SYNCED, "");
}

static void go_by_permission(struct sampler *s)
{
    bool unknown = false, denied = false;

    s->step = STEP_PERMISSION;
    for (size_t i = 0; i < ARRAY_SIZE(s->may_list); i++) {
        enum permission_state state = permission_state(s->may_list[i]);
        unknown |= state == PERMISSION_UNKNOWN;
        denied |= state == PERMISSION_DENIED;
    }
    if (denied) {
        end(s, KIND_DENIED, "");
    } else if (!unknown) {
        usage_begin(s->usage, clock_mono());
        start_list(s, STEP_NODES);
    }
}

static void permitted(void *arg, enum permission_state state unused_arg)
{
    struct sampler *s = arg;

    if (s->step == STEP_PERMISSION)
        go_by_permission(s);
}

static void discovered(void *arg, const struct http_response *r unused_arg,
                       struct str body unused_arg, const struct error *e)
{
    static const char *const resources[] = { "nodes", "pods" };
    struct sampler *s = arg;

    s->discovery = NULL;
    if (e->code != ERR_NONE) {
        fail(s, e);
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(resources); i++) {
        struct permission_query q = { .verbs = "list", .group = "metrics.k8s.io" };
        q.resource = resources[i];
        s->may_list[i] = permission_add(s->o.permissions, &q, permitted, s);
    }
    go_by_permission(s);
}

void sampler_look(struct sampler *s)
{
    if (s->step != STEP_NONE)
        return;
    if (s->may_list[0]) {
        go_by_permission(s);
        return;
    }
    s->step = STEP_DISCOVERY;
    s->discovery = client_do(
        s->o.client, &(struct client_request){ .verb = CLIENT_GET, .path = API }, discovered, s);
}

bool sampler_busy(const struct sampler *s)
{
    return s->step != STEP_NONE;
}

static void on_timer(void *arg)
{
    struct sampler *s = arg;

    if (!s->shown)
        sampler_look(s);
    timer_start(s->o.loop, &s->timer, s->shown ? POSTPONED : USAGE_SLOT);
}

void sampler_keep_looking(struct sampler *s)
{
    timer_start(s->o.loop, &s->timer, USAGE_SLOT);
}

static void stop(struct sampler *s)
{
    if (s->discovery)
        client_cancel(s->o.client, TAKE(s->discovery));
    list_once_cancel(TAKE(s->list));
    s->step = STEP_NONE;
}

void sampler_show(struct sampler *s, struct snapshot *snapshot)
{
    if (sampler_busy(s)) {
        stop(s);
        s->state = KIND_NOT_SYNCED;
        usage_set_problem(s->usage, "metrics.k8s.io did not answer in time");
    }
    s->shown = true;
    snapshot->usage = s->usage;
    snapshot->state[KIND_POD_METRICS] = snapshot->state[KIND_NODE_METRICS] = (uint8_t)s->state;
}

void sampler_take_back(struct sampler *s)
{
    s->shown = false;
}

struct sampler *sampler_new(const struct sampler_options *o)
{
    struct sampler *s = xcalloc(1, sizeof(*s));

    s->o = *o;
    s->usage = usage_new();
    timer_init(&s->timer, "sampler", on_timer, s);
    return s;
}

void sampler_free(struct sampler *s)
{
    if (!s)
        return;
    stop(s);
    timer_stop(s->o.loop, &s->timer);
    forget_permissions(s);
    usage_free(s->usage);
    free(s);
}
