// SPDX-License-Identifier: Apache-2.0
// The list+watch state machine. At any time one thing runs or is waited for: `step`. Whatever ends
// it goes through one of list_failed(), initial_failed() or watch_ended(), which read like the
// table of error classes (controller-semantics §1.8; E numbers below are its rows) and choose the
// next step. Three choices differ from client-go on purpose:
//   - the first list has no resourceVersion, so that a restart never goes back in time;
//   - a connection that breaks costs a new watch from the same version, never a new list;
//   - an event that is older than what was seen, and a watch that is silent for long, lead to a
//     look at the server's own version: after a restore of etcd a watch is silent for ever.
#include "informer/watcher.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/metrics.h"
#include "informer/watcher_parts.h"

#define RETRY_AFTER_MAX (10 * USEC_PER_MIN)
#define POOL_SMALL      ((size_t)32 << 10)
#define POOL_KEEP       ((size_t)2 << 20) // reserved, not touched: about 16 bytes per byte of text

static uint64_t next_random(struct watcher *w)
{
    uint64_t z = (w->random += 0x9E3779B97F4A7C15u);

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

usec watcher_random(struct watcher *w, usec n)
{
    return n > 0 ? (usec)(next_random(w) % (uint64_t)n) : 0;
}

const char *watcher_resource(const struct watcher *w)
{
    return w->o.kind->plural;
}

static void set_rv(struct watcher *w, const char *rv)
{
    snprintf(w->rv, sizeof(w->rv), "%s", rv);
}

// 800 ms, doubled up to 30 s, plus up to as much again; calm of 2 minutes starts over (§1.1).
static usec next_backoff(struct watcher *w)
{
    usec now = clock_mono();

    if (!w->backoff || now - w->backoff_at > WATCHER_BACKOFF_RESET)
        w->backoff = WATCHER_BACKOFF_FIRST;
    else
        w->backoff = MIN(2 * w->backoff, WATCHER_BACKOFF_MAX);
    w->backoff_at = now;
    return w->backoff + watcher_random(w, w->backoff);
}

static void run_step(void *arg)
{
    struct watcher *w = arg;

    switch (w->step) {
    case STEP_LIST:
        watcher_start_list(w);
        break;
    case STEP_PAGE:
        watcher_start_page(w);
        break;
    case STEP_WATCHLIST:
        watcher_start_watch(w, true);
        break;
    case STEP_WATCH:
        watcher_start_watch(w, false);
        break;
    }
}

// The server's Retry-After is a lower bound of the wait.
void watcher_wait(struct watcher *w, enum step step, const struct error *e)
{
    usec wish = e ? MIN(e->retry_after, RETRY_AFTER_MAX) : 0;
    usec own;

    if (!w->running)
        return;
    own = next_backoff(w); // MAX would call it twice
    w->step = step;
    timer_start(w->o.loop, &w->timer, MAX(own, wish));
}

// Tells the sink, which may stop the watcher.
void watcher_fail(struct watcher *w, enum step step, const struct error *e)
{
    w->o.sink->failed(w->o.arg, e);
    watcher_wait(w, step, e);
}

void watcher_replace_begin(struct watcher *w)
{
    w->replacing = true;
    w->listed = 0;
    w->list_started = clock_mono();
    w->o.sink->replace_begin(w->o.arg);
}

void watcher_replace_abort(struct watcher *w)
{
    if (!w->replacing)
        return;
    w->replacing = false;
    free(TAKE(w->cont));
    w->o.sink->replace_end(w->o.arg, false);
}

// E18: a list is the truth, even when it is older than what was seen before.
void watcher_replace_commit(struct watcher *w, const char *rv)
{
    double took = (double)(clock_mono() - w->list_started) / (double)USEC_PER_SEC;

    if (rv_compare(rv, w->rv) == -1)
        metric_add(METRIC_REFLECTOR_RV_REGRESSIONS_TOTAL, 1, watcher_resource(w));
    metric_observe(METRIC_REFLECTOR_LIST_DURATION_SECONDS, took, watcher_resource(w));
    metric_observe(METRIC_REFLECTOR_ITEMS_PER_LIST, (double)w->listed, watcher_resource(w));
    w->replacing = false;
    set_rv(w, rv);
    watcher_show_rv(w);
    w->rv_unavailable = false;
    w->short_watches = w->quick_ends = 0;
    w->o.sink->replace_end(w->o.arg, true);
    if (w->running)
        w->o.sink->synced(w->o.arg);
}

// What a call ended with: our own reason to end it comes before the transport's.
struct error watcher_call_error(const struct watcher *w, const struct error *e)
{
    return w->broken.code != ERR_NONE ? w->broken : *e;
}

// The version moves forward only.
void watcher_advance(struct watcher *w, const char *rv)
{
    if (rv_compare(rv, w->rv) != -1)
        set_rv(w, rv);
}

void watcher_show_rv(const struct watcher *w)
{
    metric_set(METRIC_REFLECTOR_LAST_RESOURCE_VERSION, strtod(w->rv, NULL), watcher_resource(w));
}

int watcher_parse(struct watcher *w, struct str text, struct json_doc *ret, struct error *e)
{
    // A text this large has passed before: most objects are far smaller than its pool.
    if (w->o.pool && text.n < POOL_SMALL)
        json_pool_trim(w->o.pool, POOL_KEEP);
    if (!w->o.pool)
        return json_parse(text, NULL, ret, e);
    return json_parse_without(text, "managedFields", w->o.pool, ret, e);
}

static void timer_due(void *arg)
{
    struct watcher *w = arg;

    if (w->call)
        watcher_guard_due(w);
    else
        run_step(w);
}

struct watcher *watcher_new(const struct watcher_options *o)
{
    struct watcher *w = xcalloc(1, sizeof(*w));

    w->o = *o;
    if (!w->o.max_object)
        w->o.max_object = SPLIT_OBJECT_MAX;
    if (!w->o.page_size)
        w->o.page_size = WATCHER_PAGE_SIZE;
    w->random = o->seed ^ hash64_stable(o->kind->plural, strlen(o->kind->plural));
    timer_init(&w->timer, "watcher", timer_due, w);
    watcher_probe_init(w);
    watcher_audit_init(w);
    return w;
}

void watcher_free(struct watcher *w)
{
    if (!w)
        return;
    watcher_stop(w);
    free(w);
}

bool watcher_running(const struct watcher *w)
{
    return w->running;
}

const char *watcher_rv(const struct watcher *w)
{
    return w->rv;
}

// Ends whatever runs or is waited for.
static void quiesce(struct watcher *w)
{
    w->ended++;
    timer_stop(w->o.loop, &w->timer);
    watcher_probe_stop(w);
    watcher_audit_stop(w);
    if (w->call)
        client_cancel(w->o.client, TAKE(w->call));
    watcher_replace_abort(w);
    split_list_fini(&w->list);
    split_lines_fini(&w->lines);
}

void watcher_start(struct watcher *w)
{
    if (w->running)
        return;
    w->running = true;
    if (w->o.prefer_watchlist)
        watcher_start_watch(w, true);
    else
        watcher_start_list(w);
}

void watcher_stop(struct watcher *w)
{
    if (!w->running)
        return;
    w->running = false;
    quiesce(w);
}

void watcher_relist(struct watcher *w, bool rv_unset)
{
    w->rv_unavailable |= rv_unset;
    if (!w->running)
        return;
    quiesce(w);
    watcher_start_list(w);
}
