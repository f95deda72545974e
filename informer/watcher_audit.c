// SPDX-License-Identifier: Apache-2.0
// Every 30 to 60 minutes what the sink holds is compared with what the server has
// (controller-semantics §11.13): an event that was lost, by us or by the server, would otherwise
// stay lost until the next list. Beside the open watch the metadata of all objects is listed in
// pages. The watch gets a minute and a half to reach the list's version; keys that an event speaks
// of meanwhile are left out, for of them the list may know less or more than the sink. Everything
// else must agree by key, uid and resourceVersion, or the kind is listed anew.
#include "base/alloc.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/metrics.h"
#include "informer/watcher_parts.h"
#include "informer/watcher_url.h"

#define AUDIT_IDLE    (70 * USEC_PER_SEC)
#define AUDIT_SETTLES (90 * USEC_PER_SEC)  // bookmarks come each minute
#define TOUCHED_MAX   ((size_t)100 * 1000) // a kind that changes faster is not audited

static void arm(struct watcher *w)
{
    timer_start(w->o.loop, &w->audit.timer,
                WATCHER_AUDIT_EVERY + watcher_random(w, WATCHER_AUDIT_EVERY));
}

static void add(struct key_hashes *h, uint64_t hash)
{
    if (h->n == h->cap) {
        h->cap = h->cap ? 2 * h->cap : 64;
        h->v = xrealloc(h->v, h->cap * sizeof(*h->v));
    }
    h->v[h->n++] = hash;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static void sort(struct key_hashes *h)
{
    if (h->n)
        qsort(h->v, h->n, sizeof(*h->v), by_value);
}

static bool has(const struct key_hashes *h, uint64_t hash)
{
    return h->n && bsearch(&hash, h->v, h->n, sizeof(*h->v), by_value);
}

static uint64_t hash_of(const char *ns, const char *name)
{
    char key[512];
    int n = snprintf(key, sizeof(key), "%s/%s", ns, name);

    return hash64_stable(key, MIN((size_t)n, sizeof(key) - 1));
}

static uint64_t hash_of_object(json_val *obj)
{
    json_val *meta = json_get(obj, "metadata");

    return hash_of(json_str(json_get(meta, "namespace"), ""), json_str(json_get(meta, "name"), ""));
}

static void forget(struct watcher_audit *a)
{
    split_list_fini(&a->list);
    free(TAKE(a->cont));
    free(a->listed.v);
    free(a->touched.v);
    free(a->suspects.v);
    a->listed = a->touched = a->suspects = (struct key_hashes){ 0 };
    a->running = false;
}

void watcher_audit_stop(struct watcher *w)
{
    timer_stop(w->o.loop, &w->audit.timer);
    if (w->audit.call)
        client_cancel(w->o.client, TAKE(w->audit.call));
    forget(&w->audit);
}

// It could not be done, or nothing was wrong.
static void end(struct watcher *w)
{
    forget(&w->audit);
    arm(w);
}

void watcher_audit_touch(struct watcher *w, json_val *obj)
{
    struct watcher_audit *a = &w->audit;

    if (!a->running)
        return;
    add(&a->touched, hash_of_object(obj));
    if (a->touched.n < TOUCHED_MAX)
        return;
    watcher_audit_stop(w);
    arm(w);
}

static int audit_item(void *arg, struct str text, struct error *e)
{
    struct watcher *w = arg;
    struct json_doc doc;
    uint64_t hash;

    if (watcher_parse(w, text, &doc, e) < 0)
        return -1;
    hash = hash_of_object(json_root(&doc));
    add(&w->audit.listed, hash);
    if (!w->o.sink->holds(w->o.arg, json_root(&doc)))
        add(&w->audit.suspects, hash);
    return 0;
}

static int audit_data(void *arg, const char *p, size_t n)
{
    struct watcher *w = arg;
    struct error e;

    return split_list_push(&w->audit.list, p, n, &e) ? -1 : 0;
}

static void audit_done(void *arg, const struct http_response *r, struct str body,
                       const struct error *e);

static const struct http_events audit_events = { .on_data = audit_data, .on_done = audit_done };

static void start_page(struct watcher *w)
{
    struct watcher_audit *a = &w->audit;
    struct list_parameters p = { .rv = "", .cont = a->cont ? a->cont : "", .limit = 500 };
    autofree char *url = watcher_list_url(w->o.kind, &p);
    struct client_stream_request req = {
        .path_and_query = url,
        .idle_timeout = AUDIT_IDLE,
        .gzip = true,
        .accept = watcher_accept(true, true),
    };

    split_list_fini(&a->list);
    split_list_init(&a->list, w->o.max_object, audit_item, w);
    a->call = client_stream(w->o.client, &req, &audit_events, w);
}

static void audit_done(void *arg, const struct http_response unused_arg *r,
                       struct str unused_arg body, const struct error *e)
{
    struct watcher *w = arg;
    struct watcher_audit *a = &w->audit;
    struct split_list_end page = { 0 };
    struct error why;
    bool ok = e->code == ERR_NONE && split_list_finish(&a->list, &page, &why) == 0 &&
              !page.is_status && (!a->cont || strcmp(page.rv, a->rv) == 0);

    a->call = NULL;
    if (!ok) { // it says nothing; the next one will
        end(w);
        return;
    }
    memcpy(a->rv, page.rv, sizeof(a->rv));
    free(TAKE(a->cont));
    if (*page.cont) {
        a->cont = xstrdup(page.cont);
        start_page(w);
        return;
    }
    split_list_fini(&a->list);
    timer_start(w->o.loop, &a->timer, AUDIT_SETTLES);
}

static void look_at_held(void *ctx, const char *ns, const char *name)
{
    struct watcher_audit *a = ctx;
    uint64_t hash = hash_of(ns, name);

    a->wrong += !has(&a->touched, hash) && !has(&a->listed, hash);
}

static void compare(struct watcher *w)
{
    struct watcher_audit *a = &w->audit;

    sort(&a->listed);
    sort(&a->touched);
    a->wrong = 0;
    for (size_t i = 0; i < a->suspects.n; i++)
        a->wrong += !has(&a->touched, a->suspects.v[i]);
    w->o.sink->each(w->o.arg, look_at_held, a);
    metric_add(METRIC_REFLECTOR_AUDITS_TOTAL, 1, watcher_resource(w));
    metric_add(METRIC_REFLECTOR_AUDIT_MISMATCHES_TOTAL, (double)a->wrong, watcher_resource(w));
    if (a->wrong)
        watcher_relist(w, true);
    else
        end(w);
}

static void audit_due(void *arg)
{
    struct watcher *w = arg;
    bool watching = w->call && w->opened && w->step == STEP_WATCH;

    if (!watching) {
        end(w);
    } else if (w->audit.running) {
        compare(w);
    } else {
        w->audit.running = true;
        start_page(w);
    }
}

void watcher_audit_init(struct watcher *w)
{
    timer_init(&w->audit.timer, "watcher audit", audit_due, w);
}

void watcher_audit_start(struct watcher *w)
{
    if (w->o.sink->holds && !w->audit.running && !timer_running(&w->audit.timer))
        arm(w);
}
