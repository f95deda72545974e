// SPDX-License-Identifier: Apache-2.0
// Server-side apply on an object that is ours by name: it may come into being or have been deleted
// meanwhile, both are fine. A failed write is tried again with the next beat, never sooner: readers
// take five minutes of silence for trouble.
#include "controller/heartbeat.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/writer.h"
#include "controller/status_document.h"
#include "informer/client.h"

#define POKE_DELAY (2 * USEC_PER_SEC)
#define LAST_LIMIT (2 * USEC_PER_SEC)

struct heartbeat {
    struct heartbeat_options o;
    char *namespace, *owner, *path;
    struct timer timer;
    usec interval;
    bool poked, again; // again: poked while a request was under way
    struct client_call *call;
    loop_fn last_done;
    void *last_arg;
};

static int write_body(struct heartbeat *h, bool last, struct buf *out)
{
    struct buf autobuf doc = { 0 };
    struct writer w;

    buf_init(&doc, STATUS_DOCUMENT_MAX);
    if (h->o.document(h->o.arg, last, &doc) < 0)
        return -1;
    writer_to_buf(&w, WRITER_JSON, out);
    w_object(&w);
    w_key_str(&w, "apiVersion", "v1");
    w_key_str(&w, "kind", "ConfigMap");
    w_key_object(&w, "metadata");
    w_key_str(&w, "name", HEARTBEAT_NAME);
    w_key_str(&w, "namespace", h->namespace);
    w_key_object(&w, "labels");
    w_key_str(&w, "app.kubernetes.io/name", "kube9-operator");
    w_key_str(&w, "app.kubernetes.io/component", "status");
    w_object_end(&w);
    if (h->owner) {
        w_key_list(&w, "ownerReferences");
        w_json(&w, str_of(h->owner));
        w_list_end(&w);
    }
    w_object_end(&w);
    w_key_object(&w, "data");
    w_key(&w, "status");
    w_strn(&w, doc.p, doc.n);
    w_object_end(&w);
    w_object_end(&w);
    return writer_end(&w);
}

static void answered(void *arg, const struct http_response *r unused_arg,
                     struct str body unused_arg, const struct error *e)
{
    struct heartbeat *h = arg;

    h->call = NULL;
    h->o.written(h->o.arg, e);
    if (h->last_done)
        h->last_done(h->last_arg);
    else if (h->again)
        heartbeat_poke(h);
    h->again = false;
}

static void beat(struct heartbeat *h, bool last)
{
    struct client_request q = {
        .verb = CLIENT_APPLY, .path = h->path, .force = true, .may_create = true
    };
    struct buf autobuf body = { 0 };
    struct error e = { 0 };

    if (h->call)
        client_cancel(h->o.client, TAKE(h->call));
    buf_init(&body, 2 * STATUS_DOCUMENT_MAX);
    if (write_body(h, last, &body) < 0) {
        error_set(&e, ERR_TOO_BIG, "the status document is larger than %zu bytes",
                  STATUS_DOCUMENT_MAX);
        answered(h, NULL, (struct str){ 0 }, &e);
        return;
    }
    q.body = buf_str(&body);
    q.deadline = last ? LAST_LIMIT : 0;
    h->call = client_do(h->o.client, &q, answered, h);
}

static void on_timer(void *arg)
{
    struct heartbeat *h = arg;

    h->poked = false;
    if (h->call)
        h->again = true; // a slow server is not hurried
    else
        beat(h, false);
    timer_start(h->o.loop, &h->timer, h->interval);
}

struct heartbeat *heartbeat_new(const struct heartbeat_options *o)
{
    struct heartbeat *h = xcalloc(1, sizeof(*h));

    h->o = *o;
    h->namespace = xstrdup(o->namespace);
    h->owner = xstrdup(o->owner_json);
    h->path = xasprintf("/api/v1/namespaces/%s/configmaps/" HEARTBEAT_NAME, o->namespace);
    timer_init(&h->timer, "heartbeat", on_timer, h);
    return h;
}

void heartbeat_free(struct heartbeat *h)
{
    if (!h)
        return;
    timer_stop(h->o.loop, &h->timer);
    client_cancel(h->o.client, h->call);
    free(h->namespace);
    free(h->owner);
    free(h->path);
    free(h);
}

void heartbeat_start(struct heartbeat *h, usec interval)
{
    h->interval = interval;
    timer_start(h->o.loop, &h->timer, 0);
}

void heartbeat_set_interval(struct heartbeat *h, usec interval)
{
    if (!h->interval || h->interval == interval)
        return; // not started, or nothing new
    h->interval = interval;
    heartbeat_poke(h);
}

void heartbeat_poke(struct heartbeat *h)
{
    if (h->poked || !h->interval)
        return;
    h->poked = true;
    if (timer_running(&h->timer) && h->timer.node.at <= clock_mono() + POKE_DELAY)
        return; // one is due sooner
    timer_start(h->o.loop, &h->timer, POKE_DELAY);
}

void heartbeat_last(struct heartbeat *h, loop_fn done, void *arg)
{
    timer_stop(h->o.loop, &h->timer);
    h->last_done = done;
    h->last_arg = arg;
    beat(h, true);
}
