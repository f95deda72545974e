// SPDX-License-Identifier: Apache-2.0
//
// The event recorder. Each distinct event is one entry: created at its first occurrence, patched to
// a series at its second, then only counted and written again every 30 minutes or when it has been
// silent for 6. One request at a time: events are never urgent, and a storm of them must not be one
// for the API server. Nothing wakes up while there are no entries.
#include "informer/recorder.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "informer/client.h"
#include "informer/recorder_entry.h"

#include <unistd.h>

#define TRIES_MAX    12
#define RETRY_PAUSE  (10 * USEC_PER_SEC)
#define FINISH_AFTER (6 * USEC_PER_MIN)
#define REFRESH      (30 * USEC_PER_MIN)
#define MUTE         (5 * USEC_PER_MIN) // after a 403
#define WORD_MAX     128
#define BODY_MAX     (16u << 10)

struct recorder {
    struct loop *loop;
    struct client *client;
    char *controller, *instance;
    bool enabled;
    struct list entries, queue;
    size_t n;
    struct recorder_entry *sending;
    struct client_call *call;
    struct timer work, sweep;
    usec muted_until;
    uint64_t number, dropped;
};

static void on_work(void *arg);
static void on_sweep(void *arg);

struct recorder *recorder_new(struct loop *l, struct client *c, const struct recorder_options *o,
                              struct error *e)
{
    struct recorder *r;
    char host[64] = "unknown";

    if (!o->controller || !*o->controller || strlen(o->controller) > WORD_MAX) {
        error_set(e, ERR_INVALID, "event recorder: controller name has to have 1 to %d bytes",
                  WORD_MAX);
        return NULL;
    }
    r = xcalloc(1, sizeof(*r));
    *r = (struct recorder){ .loop = l, .client = c, .enabled = true };
    gethostname(host, sizeof(host) - 1);
    r->controller = xstrdup(o->controller);
    r->instance =
        o->instance ? xstrndup(o->instance, WORD_MAX) : xasprintf("kube9-operator-%s", host);
    list_init(&r->entries);
    list_init(&r->queue);
    timer_init(&r->work, "events", on_work, r);
    timer_init(&r->sweep, "event series", on_sweep, r);
    return r;
}

static void drop_entry(struct recorder *r, struct recorder_entry *n)
{
    recorder_entry_free(n);
    r->n--;
}

void recorder_free(struct recorder *r)
{
    if (!r)
        return;
    client_cancel(r->client, r->call);
    timer_stop(r->loop, &r->work);
    timer_stop(r->loop, &r->sweep);
    LIST_EACH (it, &r->entries)
        drop_entry(r, container_of(it, struct recorder_entry, link));
    free(r->controller);
    free(r->instance);
    free(r);
}

void recorder_set_enabled(struct recorder *r, bool enabled)
{
    r->enabled = enabled;
}

static void put_due(struct recorder *r, struct recorder_entry *n, enum entry_due due)
{
    n->due = due;
    n->tries = 0;
    if (list_empty(&n->queue) && n != r->sending)
        list_append(&r->queue, &n->queue);
    if (!r->call && !timer_running(&r->work))
        timer_start(r->loop, &r->work, 0);
}

static struct recorder_entry *find(struct recorder *r, const struct recorder_event *ev)
{
    uint32_t hash = recorder_event_hash(ev);

    LIST_EACH (it, &r->entries) {
        struct recorder_entry *n = container_of(it, struct recorder_entry, link);

        if (recorder_entry_is(n, hash, ev))
            return n;
    }
    return NULL;
}

static void repeat(struct recorder *r, struct recorder_entry *n)
{
    n->count++;
    n->last = clock_wall();
    n->seen = clock_mono();
    n->finishing = false;
    if (n->created && n->due == DUE_NOTHING && n != r->sending && n->written_count < 2)
        put_due(r, n, DUE_PATCH);
}

void recorder_emit(struct recorder *r, const struct recorder_event *ev)
{
    struct recorder_entry *n;

    if (!r || !r->enabled)
        return;
    n = find(r, ev);
    if (n) {
        repeat(r, n);
        return;
    }
    if (r->n >= RECORDER_QUEUE_MAX || clock_mono() < r->muted_until) {
        r->dropped++;
        return;
    }
    n = recorder_entry_new(ev, ++r->number);
    n->count = 1;
    n->seen = clock_mono();
    list_append(&r->entries, &n->link);
    if (r->n++ == 0)
        timer_start(r->loop, &r->sweep, FINISH_AFTER);
    put_due(r, n, DUE_CREATE);
}

static void written(struct recorder *r, struct recorder_entry *n)
{
    n->created = true;
    n->written_count = n->sent_count;
    n->written = clock_mono();
    if (n->finishing)
        drop_entry(r, n);
    else if (n->count > 1 && n->written_count < 2)
        put_due(r, n, DUE_PATCH);
}

static void refused(struct recorder *r, struct recorder_entry *n, const struct error *e)
{
    bool again = err_retry(e->code) == RETRY_BACKOFF;

    if (e->code == ERR_DENIED)
        r->muted_until = clock_mono() + MUTE;
    if (e->code == ERR_NOT_FOUND && n->created) { // its time to live was over
        n->created = false;
        recorder_entry_rename(n, ++r->number);
        put_due(r, n, DUE_CREATE);
    } else if (again && ++n->tries < TRIES_MAX) {
        list_append(&r->queue, &n->queue);
    } else {
        r->dropped++;
        drop_entry(r, n);
    }
}

// The first pause is shorter by chance, so that many operators do not come back together.
static usec pause_after(const struct recorder *r, unsigned tries)
{
    uint64_t seed = r->number * 0x9e3779b97f4a7c15u ^ (uint64_t)clock_mono();

    return tries <= 1 ? (usec)(seed % RETRY_PAUSE) + 1 : RETRY_PAUSE;
}

static void on_sent(void *arg, unused_arg const struct http_response *resp,
                    unused_arg struct str body, const struct error *e)
{
    struct recorder *r = arg;
    struct recorder_entry *n = TAKE(r->sending);
    bool failed = e->code != ERR_NONE && err_retry(e->code) == RETRY_BACKOFF;
    enum entry_due was = n->due;
    usec pause = 0;

    r->call = NULL;
    n->due = DUE_NOTHING;
    if (e->code == ERR_NONE) {
        written(r, n);
    } else {
        if (failed)
            n->due = was;
        pause = failed ? pause_after(r, n->tries + 1) : 0;
        refused(r, n, e);
    }
    if (!list_empty(&r->queue))
        timer_start(r->loop, &r->work, pause);
}

static int write_entry(struct recorder *r, struct recorder_entry *n, struct client_request *req,
                       struct buf *path, struct buf *body)
{
    bool create = n->due == DUE_CREATE;

    buf_addf(path, "/apis/events.k8s.io/v1/namespaces/%s/events", recorder_entry_namespace(n));
    if (!create)
        buf_addf(path, "/%s", n->name);
    *req = (struct client_request){
        .verb = create ? CLIENT_CREATE : CLIENT_MERGE,
        .path = path->p,
        .lenient = true,
    };
    return create ? recorder_entry_write(n, r->controller, r->instance, body)
                  : recorder_entry_write_series(n, body);
}

static void on_work(void *arg)
{
    struct recorder *r = arg;
    autobuf struct buf path = { 0 };
    autobuf struct buf body = { 0 };
    struct client_request req;
    struct recorder_entry *n;

    buf_init(&path, 1024);
    buf_init(&body, BODY_MAX);
    if (r->call || list_empty(&r->queue))
        return;
    n = container_of(r->queue.next, struct recorder_entry, queue);
    list_remove(&n->queue);
    if (write_entry(r, n, &req, &path, &body) < 0) {
        r->dropped++;
        drop_entry(r, n);
        timer_start(r->loop, &r->work, 0);
        return;
    }
    req.body = buf_str(&body);
    n->sent_count = n->count;
    r->sending = n;
    r->call = client_do(r->client, &req, on_sent, r);
}

// Every 6 minutes while there are entries: what was silent ends, long series are written again.
static void on_sweep(void *arg)
{
    struct recorder *r = arg;
    usec now = clock_mono();

    LIST_EACH (it, &r->entries) {
        struct recorder_entry *n = container_of(it, struct recorder_entry, link);
        bool silent = now - n->seen >= FINISH_AFTER;

        if (n->due != DUE_NOTHING || n == r->sending)
            continue;
        if (silent && n->count == n->written_count) {
            drop_entry(r, n);
        } else if (n->count > n->written_count && (silent || now - n->written >= REFRESH)) {
            n->finishing = silent;
            put_due(r, n, DUE_PATCH);
        }
    }
    if (r->n)
        timer_start(r->loop, &r->sweep, FINISH_AFTER);
}

bool recorder_idle(const struct recorder *r)
{
    return !r->call && list_empty(&r->queue);
}

uint64_t recorder_dropped(const struct recorder *r)
{
    return r->dropped;
}
