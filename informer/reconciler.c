// SPDX-License-Identifier: Apache-2.0
#include "informer/reconciler.h"

#include "base/alloc.h"
#include "base/list.h"
#include "informer/queue.h"

struct reconciler {
    struct reconciler_options o;
    struct subscriber *changes;
    struct queue *queue;
    struct list requests;
    struct session_hook hook; // the last kind may be synced without a change of anything
    struct timer turn;
};

struct request { // of work_request
    struct list link;
    struct work *work;
    struct client_call *call;
    bool deletes;
};

static void work_all(struct reconciler *r)
{
    struct key k;

    while (subscriber_synced(r->changes) && queue_get(r->queue, &k, NULL)) {
        struct work *w = xcalloc(1, sizeof(*w));

        *w = (struct work){ r, k };
        r->o.reconcile(r->o.arg, w);
    }
}

static void on_ready(void *arg)
{
    work_all(arg);
}

static void on_state(void *arg)
{
    struct reconciler *r = arg;

    timer_start(r->o.session->loop, &r->turn, 0);
}

static void on_changes(void *arg)
{
    struct reconciler *r = arg;
    struct change c;

    while (subscriber_next(r->changes, &c)) {
        struct key k = c.key;

        if (!r->o.key_for || r->o.key_for(r->o.arg, &k))
            queue_add(r->queue, &k, c.initial ? QUEUE_LOW : QUEUE_NORMAL);
    }
    work_all(r);
}

struct reconciler *reconciler_new(const struct reconciler_options *o)
{
    struct reconciler *r = xcalloc(1, sizeof(*r));

    r->o = *o;
    list_init(&r->requests);
    r->queue = queue_new(o->session->loop,
                         &(struct queue_options){ .name = o->name, .ready = on_ready, .arg = r });
    timer_init(&r->turn, "reconciler", on_ready, r);
    session_on_state(o->session, &r->hook, on_state, r);
    r->changes = session_follow(o->session, o->kinds, on_changes, r);
    return r;
}

void reconciler_free(struct reconciler *r)
{
    if (!r)
        return;
    LIST_EACH (it, &r->requests) {
        struct request *q = container_of(it, struct request, link);

        client_cancel(r->o.session->client, q->call);
        list_remove(&q->link);
        free(q->work);
        free(q);
    }
    session_hook_remove(&r->hook);
    timer_stop(r->o.session->loop, &r->turn);
    subscriber_free(r->changes);
    queue_free(r->queue);
    free(r);
}

void work_done(struct work *w, const struct error *e)
{
    struct queue *queue = w->r->queue;

    if (e && e->code != ERR_NONE)
        queue_add_rate_limited_min(queue, &w->key, QUEUE_NORMAL, e->retry_after);
    else
        queue_forget(queue, &w->key);
    queue_done(queue, &w->key);
    free(w);
}

static void tell(const struct work *w, const struct error *e)
{
    const struct session_options *o = &w->r->o.session->o;
    autofree char *text =
        xasprintf("%s: %s%s%s: %s", w->r->o.name, w->key.ns ? atom_str(w->key.ns) : "",
                  w->key.ns ? "/" : "", w->key.name, e->text);

    o->warn(o->arg, text);
}

static void answered(void *arg, const struct http_response *r unused_arg,
                     struct str body unused_arg, const struct error *e)
{
    struct request *q = arg;
    bool ok = e->code == ERR_NONE || (q->deletes && e->code == ERR_NOT_FOUND);

    if (!ok)
        tell(q->work, e);
    work_done(q->work, ok ? NULL : e);
    list_remove(&q->link);
    free(q);
}

void work_request(struct work *w, const struct client_request *request)
{
    struct request *q = xcalloc(1, sizeof(*q));

    q->work = w;
    q->deletes = request->verb == CLIENT_DELETE;
    list_append(&w->r->requests, &q->link);
    q->call = client_do(w->r->o.session->client, request, answered, q);
}
