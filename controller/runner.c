// SPDX-License-Identifier: Apache-2.0
// One plan at a time. Each request has preconditions (uid, resourceVersion), so a decision that was
// made on an old view of the world is refused by the server and made again. Before a key is
// decided, the cache must have caught up with our own last write to that object (KEP-5647), for 10
// seconds at most; the watch event of that write brings the key back, so nobody polls.
#include "controller/runner.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/map.h"
#include "base/metrics.h"
#include "controller/config.h"
#include "informer/client.h"
#include "informer/informer.h"
#include "informer/queue.h"
#include "informer/recorder.h"

#define PATH_MAX_BYTES 1024
#define CATCH_UP_MAX   (10 * USEC_PER_SEC)
#define DENIED_WAIT    (60 * USEC_PER_SEC)
#define REQUEUE_MAX    (24 * USEC_PER_HOUR) // clocks may be set: look again at least once a day

struct own_write {
    struct key key;
    char *name;
    uint64_t rv;
    usec at;
};

struct runner {
    struct runner_options o;
    struct runner_hooks hooks;
    struct queue *queue;
    struct map writes; // last own write per object that the cache may not show yet
    struct timer kick; // goes on with the next key on a turn of its own
    bool started, stopped, paused;

    bool busy;
    struct key key;
    struct plan plan;
    size_t at;    // next intent
    usec requeue; // 0: none
    usec began;
    struct client_call *call;
};

static uint32_t write_hash(const void *entry)
{
    return key_hash(&((const struct own_write *)entry)->key);
}

static bool write_is(const void *entry, const void *key)
{
    return key_equal(&((const struct own_write *)entry)->key, key);
}

static const struct map_ops write_ops = { write_hash, write_is };

static void free_write(struct own_write *w)
{
    free(w->name);
    free(w);
}

static void forget_writes(struct runner *r)
{
    struct own_write *w;
    uint32_t iter = 0;

    while ((w = map_next(&r->writes, &iter)))
        free_write(w);
    map_fini(&r->writes);
    map_init(&r->writes, &write_ops);
}

static void forget_write(struct runner *r, const struct key *k)
{
    struct own_write *w = map_del(&r->writes, key_hash(k), k);

    if (w)
        free_write(w);
}

static void note_write(struct runner *r, const struct key *k, uint64_t rv)
{
    struct own_write *w = map_get(&r->writes, key_hash(k), k);

    if (rv == 0)
        return;
    if (!w) {
        w = xcalloc(1, sizeof(*w));
        w->name = xstrdup(k->name);
        w->key = (struct key){ k->kind, k->ns, w->name };
        map_put(&r->writes, &w->key, w);
    }
    w->rv = rv;
    w->at = clock_mono();
}

// How long the cache may still take to show our own write; 0: it does.
static usec behind(struct runner *r, const struct key *k)
{
    struct own_write *w = map_get(&r->writes, key_hash(k), k);
    const struct object *o;
    usec left;

    if (!w)
        return 0;
    o = informer_get_key(r->o.informers, k);
    left = w->at + CATCH_UP_MAX - clock_mono();
    if ((!o || o->rv < w->rv) && informer_status(r->o.informers, k->kind)->rv < w->rv && left > 0)
        return left;
    forget_write(r, k);
    return 0;
}

static void step(struct runner *r);

static const char *controller_name(const struct runner *r)
{
    return kind_get(r->key.kind)->singular;
}

static void finish(struct runner *r, const char *result)
{
    usec wait = r->requeue ? r->requeue - clock_wall() : 0;

    metric_add(METRIC_CONTROLLER_RUNTIME_RECONCILE_TOTAL, 1, controller_name(r), result);
    metric_observe(METRIC_CONTROLLER_RUNTIME_RECONCILE_TIME_SECONDS,
                   (double)(clock_mono() - r->began) / 1e6, controller_name(r));
    metric_set(METRIC_CONTROLLER_RUNTIME_ACTIVE_WORKERS, 0, controller_name(r));
    plan_fini(&r->plan);
    r->busy = false;
    if (r->requeue && !r->stopped)
        queue_add_after(r->queue, &r->key, QUEUE_NORMAL,
                        MIN(MAX(wait, USEC_PER_MSEC), REQUEUE_MAX));
    queue_done(r->queue, &r->key); // the key's text ends here
    if (!r->stopped)
        timer_start(r->o.loop, &r->kick, 0);
}

static void succeed(struct runner *r)
{
    queue_forget(r->queue, &r->key);
    finish(r, r->requeue ? "requeue_after" : "success");
}

static void fail(struct runner *r, const struct error *e)
{
    const struct intent *i = &r->plan.v[r->at];
    enum retry retry = err_retry(e->code);

    metric_add(METRIC_CONTROLLER_RUNTIME_RECONCILE_ERRORS_TOTAL, 1, controller_name(r));
    // Conflicts are the normal way to learn of a newer object.
    if (retry != RETRY_FRESH)
        log_warn("intent failed", log_str("intent", intent_kind_name(i->kind)),
                 log_str("kind", kind_get(r->key.kind)->kind), log_str("name", r->key.name),
                 log_str("class", err_name(e->code)), log_err(e));
    r->requeue = 0;
    if (retry == RETRY_SLOW) {
        r->hooks.denied(r->hooks.arg, i, e);
        queue_add_after(r->queue, &r->key, QUEUE_NORMAL, DENIED_WAIT);
    } else if (retry != RETRY_NO) {
        queue_add_rate_limited_min(r->queue, &r->key, QUEUE_NORMAL, e->retry_after);
    } else {
        // Never right as it is; a change of the object or the next schedule brings the key back.
        metric_add(METRIC_CONTROLLER_RUNTIME_TERMINAL_RECONCILE_ERRORS_TOTAL, 1,
                   controller_name(r));
        queue_add_after(r->queue, &r->key, QUEUE_NORMAL, DENIED_WAIT);
    }
    finish(r, "error");
}

// Is this failure the wanted state?
static bool is_done(const struct intent *i, const struct error *e)
{
    switch (i->kind) {
    case INTENT_CREATE:
        return e->code == ERR_ALREADY_EXISTS;
    case INTENT_DELETE:
        return e->code == ERR_NOT_FOUND ||
               e->code == ERR_CONFLICT; // gone, or another object of that name
    case INTENT_APPLY_STATUS:
        return e->code == ERR_NOT_FOUND;
    default:
        return false;
    }
}

static uint64_t body_rv(struct str body)
{
    struct json_doc autojson doc = { 0 };
    int64_t rv = 0;

    if (json_parse(body, NULL, &doc, NULL) < 0 ||
        str_i64(json_text(json_path(json_root(&doc), "metadata.resourceVersion")), &rv) < 0)
        return 0;
    return rv > 0 ? (uint64_t)rv : 0;
}

static void answered(void *arg, const struct http_response *resp unused_arg, struct str body,
                     const struct error *e)
{
    struct runner *r = arg;
    const struct intent *i = &r->plan.v[r->at];

    r->call = NULL;
    if (i->kind == INTENT_CONFIRM && e->code == ERR_NOT_FOUND) {
        succeed(r); // what follows is for nothing; the cache will hear of it
        return;
    }
    if (e->code != ERR_NONE && !is_done(i, e)) {
        fail(r, e);
        return;
    }
    if (e->code == ERR_NONE && i->kind != INTENT_DELETE) {
        note_write(r, &(struct key){ i->object_kind, 0, i->name }, body_rv(body));
        r->hooks.wrote(r->hooks.arg, i);
    } else if (e->code == ERR_NONE) {
        r->hooks.wrote(r->hooks.arg, i);
    }
    r->at++;
    step(r);
}

static bool has_status(const struct intent *i)
{
    return i->kind == INTENT_APPLY_STATUS || i->kind == INTENT_CONFIRM;
}

static void request(struct runner *r, const struct intent *i)
{
    static const enum client_verb verbs[] = { [INTENT_CREATE] = CLIENT_CREATE,
                                              [INTENT_APPLY_STATUS] = CLIENT_APPLY,
                                              [INTENT_DELETE] = CLIENT_DELETE };
    struct client_request q = { .verb = i->merge ? CLIENT_MERGE : verbs[i->kind],
                                .body = i->body,
                                .force = true };
    struct buf autobuf path = { 0 };

    buf_init(&path, PATH_MAX_BYTES);
    if (kind_path(kind_get(i->object_kind), NULL, i->kind == INTENT_CREATE ? NULL : i->name,
                  has_status(i) ? "status" : NULL, &path) < 0) {
        struct error e = { 0 };

        error_set(&e, ERR_BUG, "path of '%s' is too long", i->name);
        fail(r, &e);
        return;
    }
    q.path = path.p;
    if (i->kind == INTENT_DELETE) {
        q.uid = i->uid;
        q.propagation = PROPAGATION_BACKGROUND;
    }
    r->call = client_do(r->o.client, &q, answered, r);
}

static void emit(struct runner *r, const struct intent *i)
{
    const struct kind *k = kind_get(i->object_kind);

    recorder_emit(r->o.recorder, &(struct recorder_event){
                                     .warning = strcmp(i->type, "Warning") == 0,
                                     .reason = i->reason,
                                     .action = i->action,
                                     .note = i->note,
                                     .regarding = {.api_version = kind_api_version(k),
                                                   .kind = k->kind,
                                                   .name = i->name,
                                                   .uid = i->uid}
    });
}

// 1: a request is under way, its answer goes on.
static int act(struct runner *r, struct intent *i, struct error *e)
{
    switch (i->kind) {
    case INTENT_CREATE:
    case INTENT_APPLY_STATUS:
    case INTENT_CONFIRM:
    case INTENT_DELETE:
        return 1;
    case INTENT_EVENT:
        emit(r, i);
        return 0;
    case INTENT_START_JOB:
        return r->hooks.start_job(r->hooks.arg, i, e);
    case INTENT_CANCEL_JOB:
        r->hooks.cancel_job(r->hooks.arg, i);
        return 0;
    case INTENT_PUBLISH:
        r->hooks.publish(r->hooks.arg, TAKE(i->config));
        return 0;
    case INTENT_REMEMBER:
        r->hooks.remember(r->hooks.arg, i->key, i->value);
        return 0;
    case INTENT_REQUEUE:
        r->requeue = i->at;
        return 0;
    case INTENT_APPLY_REPORT: // policy_reports.c
    case INTENT_DELETE_REPORT:
        break;
    }
    return 0;
}

static void step(struct runner *r)
{
    struct error e = { 0 };

    for (; r->at < r->plan.n; r->at++) {
        int rc = act(r, &r->plan.v[r->at], &e);

        if (rc < 0) {
            fail(r, &e);
            return;
        }
        if (rc == 1) {
            request(r, &r->plan.v[r->at]);
            return;
        }
    }
    succeed(r);
}

static void begin(struct runner *r)
{
    r->busy = true;
    r->at = 0;
    r->requeue = 0;
    r->began = clock_mono();
    metric_set(METRIC_CONTROLLER_RUNTIME_ACTIVE_WORKERS, 1, controller_name(r));
    metric_set(METRIC_CONTROLLER_RUNTIME_MAX_CONCURRENT_RECONCILES, 1, controller_name(r));
    metric_add(METRIC_CONTROLLER_RUNTIME_RECONCILE_ERRORS_TOTAL, 0, controller_name(r));
    metric_add(METRIC_CONTROLLER_RUNTIME_TERMINAL_RECONCILE_ERRORS_TOTAL, 0, controller_name(r));
    plan_init(&r->plan);
    r->hooks.decide(r->hooks.arg, &r->key, &r->plan);
    step(r);
}

static void next(void *arg)
{
    struct runner *r = arg;
    enum queue_priority priority;

    while (r->started && !r->stopped && !r->paused && !r->busy &&
           queue_get(r->queue, &r->key, &priority)) {
        usec wait = behind(r, &r->key);

        if (wait == 0) {
            begin(r); // one key per turn
            return;
        }
        queue_add_after(r->queue, &r->key, priority, wait);
        queue_done(r->queue, &r->key);
    }
}

struct runner *runner_new(const struct runner_options *o, const struct runner_hooks *hooks)
{
    struct runner *r = xcalloc(1, sizeof(*r));

    r->o = *o;
    r->hooks = *hooks;
    map_init(&r->writes, &write_ops);
    r->queue =
        queue_new(o->loop, &(struct queue_options){ .name = o->name, .ready = next, .arg = r });
    timer_init(&r->kick, "runner", next, r);
    return r;
}

void runner_free(struct runner *r)
{
    if (!r)
        return;
    runner_stop(r);
    queue_free(r->queue);
    forget_writes(r);
    map_fini(&r->writes);
    free(r);
}

void runner_start(struct runner *r)
{
    r->started = true;
    timer_start(r->o.loop, &r->kick, 0);
}

void runner_stop(struct runner *r)
{
    if (r->stopped)
        return;
    r->stopped = true;
    timer_stop(r->o.loop, &r->kick);
    queue_shutdown(r->queue);
    if (r->call)
        client_cancel(r->o.client, TAKE(r->call));
    if (r->busy) {
        plan_fini(&r->plan);
        queue_done(r->queue, &r->key);
        r->busy = false;
    }
}

void runner_pause(struct runner *r, bool paused)
{
    if (r->paused == paused)
        return;
    r->paused = paused;
    forget_writes(r);
    if (!paused && r->started && !r->stopped)
        timer_start(r->o.loop, &r->kick, 0);
}

void runner_add(struct runner *r, const struct key *k)
{
    queue_add(r->queue, k, QUEUE_NORMAL);
}

bool runner_idle(const struct runner *r)
{
    return !r->busy && queue_len(r->queue) == 0;
}

struct queue *runner_queue(struct runner *r)
{
    return r->queue;
}
