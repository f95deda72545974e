// SPDX-License-Identifier: Apache-2.0
// The watch side of the watcher: lines, what they mean, and what follows when the stream ends
// (controller-semantics §1.6, §1.7; E numbers are rows of §1.8). A watch-list is a watch whose
// first events fill a replace; at its end marker the same stream goes on as an ordinary watch.
#include "base/alloc.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "informer/watcher_parts.h"
#include "informer/watcher_url.h"

#define SHORT_WATCH       USEC_PER_SEC
#define QUICK_REOPENS     3
#define WATCHLIST_REPROBE USEC_PER_HOUR
#define END_MARKER        "k8s.io/initial-events-end"

// The last event that matters for the stream; sets broken and returns -1 to end it.
static int end_stream(struct watcher *w, enum err code, const char *why)
{
    return error_set(&w->broken, code, "%s", why);
}

static bool is_end_marker(json_val *obj)
{
    json_val *annotations = json_get(json_get(obj, "metadata"), "annotations");

    return strcmp(json_str(json_get(annotations, END_MARKER), ""), "true") == 0;
}

static int bookmark(struct watcher *w, json_val *obj, const char *rv)
{
    if (!w->replacing) {
        watcher_advance(w, rv);
        watcher_show_rv(w);
        return 0;
    }
    if (!is_end_marker(obj))
        return 0;
    w->step = STEP_WATCH;
    timer_stop(w->o.loop, &w->timer);
    watcher_replace_commit(w, rv);
    if (!w->running)
        return 0;
    watcher_probe_start(w);
    watcher_audit_start(w);
    return 0;
}

static bool is_expected(const struct watcher *w, json_val *obj)
{
    const struct kind *k = w->o.kind;
    const char *kind = json_str(json_get(obj, "kind"), "");
    const char *version = json_str(json_get(obj, "apiVersion"), "");

    if (k->metadata_only && strcmp(kind, "PartialObjectMetadata") == 0)
        return true;
    return strcmp(kind, k->kind) == 0 && strcmp(version, kind_api_version(k)) == 0;
}

static int initial_event(struct watcher *w, enum watch_event ev, json_val *obj)
{
    if (ev == WATCH_DELETED) {
        w->o.sink->replace_remove(w->o.arg, obj);
        return 0;
    }
    w->listed++;
    return w->o.sink->replace_put(w->o.arg, obj, &w->broken);
}

static int object_event(struct watcher *w, enum watch_event ev, json_val *obj, const char *rv)
{
    int order = rv_compare(rv, w->rv);

    if (!is_expected(w, obj))
        return 0;
    if (w->replacing)
        return initial_event(w, ev, obj);
    watcher_audit_touch(w, obj);
    switch (w->o.sink->apply(w->o.arg, ev, obj, order == 0 || order == -1)) {
    case WATCH_APPLIED:
        watcher_advance(w, rv);
        break;
    case WATCH_SUSPECT: // E18c: list without a version, whatever the reason was
        w->rv_unavailable = true;
        return end_stream(w, ERR_GONE, "watch: an event is older than what was seen before");
    case WATCH_DUPLICATE:
    case WATCH_REFUSED:
        break;
    }
    return 0;
}

static int dispatch_line(struct watcher *w, const char *type, json_val *obj)
{
    static const char *const events[] = { "ADDED", "MODIFIED", "DELETED" };
    const char *rv = json_str(json_get(json_get(obj, "metadata"), "resourceVersion"), "");

    if (strcmp(type, "ERROR") == 0) {
        if (client_status_error_json(obj, &w->broken) == 0)
            return end_stream(w, ERR_SERVER, "watch: an ERROR event without an error");
        return -1;
    }
    w->events++;
    if (!*rv || strlen(rv) >= RV_MAX)
        return 0;
    if (strcmp(type, "BOOKMARK") == 0)
        return bookmark(w, obj, rv);
    for (size_t i = 0; i < ARRAY_SIZE(events); i++)
        if (strcmp(type, events[i]) == 0)
            return object_event(w, (enum watch_event)i, obj, rv);
    if (!w->replacing)
        watcher_advance(w, rv);
    return 0;
}

static int watch_line(void *arg, struct str text, struct error unused_arg *e)
{
    struct watcher *w = arg;
    struct json_doc doc;
    struct error why;
    unsigned ended = w->ended;
    const char *type;
    int rc;

    if (watcher_parse(w, text, &doc, &why) < 0) // E17
        return error_set(&w->broken, ERR_SERVER, "watch line: %s", why.text);
    type = json_str(json_get(json_root(&doc), "type"), NULL);
    if (!type)
        return end_stream(w, ERR_SERVER, "watch line: it is not an event");
    w->lines_seen++;
    rc = dispatch_line(w, type, json_get(json_root(&doc), "object"));
    return ended == w->ended ? rc : -1; // what follows in this chunk is of a stream that is no more
}

static void watch_headers(void *arg, const struct http_response unused_arg *r)
{
    struct watcher *w = arg;

    w->opened = true;
    w->opened_at = w->last_byte = clock_mono();
    if (w->step == STEP_WATCH)
        w->o.sink->synced(w->o.arg);
}

static int watch_data(void *arg, const char *p, size_t n)
{
    struct watcher *w = arg;

    w->last_byte = clock_mono();
    return split_lines_push(&w->lines, p, n, &w->broken) ? -1 : 0;
}

static void watch_done(void *arg, const struct http_response *r, struct str body,
                       const struct error *e);

static const struct http_events watch_events = {
    .on_headers = watch_headers,
    .on_data = watch_data,
    .on_done = watch_done,
};

// A server that ignores sendInitialEvents never sends the marker (§1.6).
void watcher_guard_due(struct watcher *w)
{
    usec quiet = clock_mono() - w->last_byte;

    if (quiet < WATCHER_GUARD) {
        timer_start(w->o.loop, &w->timer, WATCHER_GUARD - quiet);
        return;
    }
    client_cancel(w->o.client, TAKE(w->call));
    w->no_watchlist_until = clock_mono() + WATCHLIST_REPROBE;
    watcher_start_list(w);
}

void watcher_start_watch(struct watcher *w, bool initial)
{
    unsigned seconds = 300 + (unsigned)watcher_random(w, 301);
    struct watch_parameters p = {
        .rv = initial && w->rv_unavailable ? "" : w->rv,
        .initial_events = initial,
        .timeout = seconds,
    };
    autofree char *url = watcher_watch_url(w->o.kind, &p);
    struct client_stream_request req = {
        .path_and_query = url,
        .idle_timeout = (usec)(seconds + 5) * USEC_PER_SEC,
        .busy = w->o.kind->id == KIND_POD,
        .accept = watcher_accept(w->o.kind->metadata_only, false),
    };

    metric_add(METRIC_REFLECTOR_WATCHES_TOTAL, 1, watcher_resource(w));
    if (initial) {
        watcher_replace_abort(w);
        watcher_replace_begin(w);
        snprintf(w->list_rv, sizeof(w->list_rv), "%s", p.rv);
        timer_start(w->o.loop, &w->timer, WATCHER_GUARD);
    } else {
        watcher_probe_start(w);
        watcher_audit_start(w);
    }
    w->step = initial ? STEP_WATCHLIST : STEP_WATCH;
    w->opened = false;
    w->events = 0;
    w->last_byte = clock_mono();
    error_clear(&w->broken);
    split_lines_fini(&w->lines);
    split_lines_init(&w->lines, w->o.max_object, watch_line, w);
    w->call = client_stream(w->o.client, &req, &watch_events, w);
}

// The stream of initial events ended before its marker.
static void initial_failed(struct watcher *w, const struct error *e)
{
    bool lived = w->opened && clock_mono() - w->opened_at >= SHORT_WATCH;

    watcher_replace_abort(w);
    if (e->code == ERR_REFUSED || e->code == ERR_LIMIT) {
        watcher_fail(w, STEP_WATCHLIST, e);
    } else if ((e->code == ERR_GONE || e->code == ERR_TOO_LARGE_RV) && *w->list_rv) {
        w->rv_unavailable = true;
        watcher_start_watch(w, true);
    } else if (w->opened && w->broken.code == ERR_NONE && lived) {
        watcher_start_watch(w, true);
    } else if (w->opened && w->broken.code == ERR_NONE) {
        watcher_wait(w, STEP_WATCHLIST, e);
    } else {
        w->no_watchlist_until = clock_mono() + WATCHLIST_REPROBE;
        watcher_start_list(w);
    }
}

// The server did not answer 2xx, or did not answer. Only what says that our version is of no use,
// or that the server is in trouble of its own, leads to a list.
static void open_failed(struct watcher *w, const struct error *e)
{
    bool same_rv = false;

    switch (e->code) {
    case ERR_REFUSED:      // E10
    case ERR_LIMIT:        // E4, E5
    case ERR_UNAUTHORIZED: // E8: nothing was lost, only the credential
        same_rv = true;
        break;
    case ERR_GONE: // E1, E3
    case ERR_TOO_LARGE_RV:
    case ERR_DENIED: // E9
    case ERR_NOT_FOUND:
        break;
    default: // E11, E12: no answer; E6: the server says when
        same_rv = !e->http || e->retry_after;
        break;
    }
    watcher_fail(w, same_rv ? STEP_WATCH : STEP_LIST, e);
}

// An established stream ended: E12-E16.
static void stream_ended(struct watcher *w, const struct error *e)
{
    usec lived = clock_mono() - w->opened_at;

    metric_observe(METRIC_REFLECTOR_WATCH_DURATION_SECONDS, (double)lived / (double)USEC_PER_SEC,
                   watcher_resource(w));
    if (e->code == ERR_TIMEOUT)
        metric_add(METRIC_REFLECTOR_IDLE_TIMEOUTS_TOTAL, 1, watcher_resource(w));
    if (lived >= SHORT_WATCH) {
        w->short_watches = w->quick_ends = 0;
        watcher_start_watch(w, false);
        return;
    }
    if (w->events) {
        w->short_watches = 0;
        if (++w->quick_ends <= QUICK_REOPENS)
            watcher_start_watch(w, false);
        else
            watcher_wait(w, STEP_WATCH, NULL);
        return;
    }
    metric_add(METRIC_REFLECTOR_SHORT_WATCHES_TOTAL, 1, watcher_resource(w));
    watcher_wait(w, ++w->short_watches < 2 ? STEP_WATCH : STEP_LIST, NULL);
}

static void watch_done(void *arg, const struct http_response unused_arg *r,
                       struct str unused_arg body, const struct error *e)
{
    struct watcher *w = arg;
    struct error err = watcher_call_error(w, e);

    w->call = NULL;
    split_lines_fini(&w->lines);
    timer_stop(w->o.loop, &w->timer);
    if (w->replacing)
        initial_failed(w, &err);
    else if (!w->opened)
        open_failed(w, &err);
    else if (w->broken.code == ERR_NONE)
        stream_ended(w, &err);
    else // an ERROR event or an undecodable line: E1, E4, E17, E18
        watcher_fail(w, err.code == ERR_LIMIT ? STEP_WATCH : STEP_LIST, &err);
}
