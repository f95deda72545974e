// SPDX-License-Identifier: Apache-2.0
// The list side of the watcher: pages, streamed item by item into the sink, and what to do when one
// of them fails (controller-semantics §1.3, §1.5; E numbers are rows of §1.8).
#include "base/alloc.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "informer/watcher_parts.h"
#include "informer/watcher_url.h"

// The server gives a list 60 s; without a byte for longer the connection is dead.
#define LIST_IDLE    (70 * USEC_PER_SEC)
#define PAGE_RETRIES 10

static int list_item(void *arg, struct str text, struct error *e)
{
    struct watcher *w = arg;
    unsigned ended = w->ended;
    struct json_doc doc;
    int rc;

    if (watcher_parse(w, text, &doc, e) < 0)
        return error_wrap(e, "list item");
    w->listed++;
    rc = w->o.sink->replace_put(w->o.arg, json_root(&doc), e);
    return ended == w->ended ? rc : -1;
}

static int list_data(void *arg, const char *p, size_t n)
{
    struct watcher *w = arg;

    w->last_byte = clock_mono();
    return split_list_push(&w->list, p, n, &w->broken) ? -1 : 0;
}

static void list_done(void *arg, const struct http_response *r, struct str body,
                      const struct error *e);

static const struct http_events list_events = { .on_data = list_data, .on_done = list_done };

void watcher_start_page(struct watcher *w)
{
    bool unset = !*w->list_rv;
    struct list_parameters p = {
        .rv = w->list_rv,
        .cont = w->cont ? w->cont : "",
        .limit = w->full_list || !unset ? 0 : w->o.page_size,
    };
    autofree char *url = watcher_list_url(w->o.kind, &p);
    struct client_stream_request req = {
        .path_and_query = url,
        .idle_timeout = LIST_IDLE,
        .gzip = true,
        .busy = w->o.kind->id == KIND_POD,
        .accept = watcher_accept(w->o.kind->metadata_only, true),
    };

    w->step = STEP_PAGE;
    error_clear(&w->broken);
    split_list_fini(&w->list);
    split_list_init(&w->list, w->o.max_object, list_item, w);
    w->call = client_stream(w->o.client, &req, &list_events, w);
}

static void start_list_at(struct watcher *w, const char *rv, bool full)
{
    metric_add(METRIC_REFLECTOR_LISTS_TOTAL, 1, watcher_resource(w));
    watcher_probe_stop(w);
    watcher_audit_stop(w);
    watcher_replace_abort(w);
    watcher_replace_begin(w);
    w->full_list = full;
    w->page_retries = 0;
    w->page_rv[0] = '\0';
    if (rv != w->list_rv)
        snprintf(w->list_rv, sizeof(w->list_rv), "%s", rv);
    watcher_start_page(w);
}

void watcher_start_list(struct watcher *w)
{
    start_list_at(w, w->rv_unavailable ? "" : w->rv, false);
}

static bool is_gone(const struct error *e)
{
    return e->code == ERR_GONE || e->code == ERR_TOO_LARGE_RV;
}

static bool watchlist_allowed(const struct watcher *w)
{
    return clock_mono() >= w->no_watchlist_until;
}

static void list_failed(struct watcher *w, const struct error *e)
{
    bool first = !w->cont;
    bool throttled = e->code == ERR_LIMIT || (e->code == ERR_TIMEOUT && e->http);

    if (!first && e->code == ERR_GONE) { // E2
        start_list_at(w, w->list_rv, true);
        return;
    }
    if (is_gone(e) && *w->list_rv) { // E1, E3
        w->rv_unavailable = true;
        start_list_at(w, "", false);
        return;
    }
    if (!first && err_retry(e->code) == RETRY_BACKOFF && w->page_retries++ < PAGE_RETRIES) {
        watcher_wait(w, STEP_PAGE, e); // E12: what was staged stays, the token is still good
        return;
    }
    watcher_replace_abort(w);
    watcher_fail(w, throttled && watchlist_allowed(w) ? STEP_WATCHLIST : STEP_LIST, e);
}

// Pages of one list have one version; a server that mixes two of them gets asked for all at once.
static void page_arrived(struct watcher *w, const struct split_list_end *end)
{
    if (w->cont && strcmp(end->rv, w->page_rv) != 0) {
        start_list_at(w, w->list_rv, true);
        return;
    }
    memcpy(w->page_rv, end->rv, sizeof(w->page_rv));
    free(TAKE(w->cont));
    if (*end->cont) {
        w->cont = xstrdup(end->cont);
        w->page_retries = 0;
        watcher_start_page(w);
        return;
    }
    watcher_replace_commit(w, w->page_rv);
    if (w->running)
        watcher_start_watch(w, false);
}

static void list_done(void *arg, const struct http_response *r, struct str unused_arg body,
                      const struct error *e)
{
    struct watcher *w = arg;
    struct split_list_end end = { 0 };
    struct error err = watcher_call_error(w, e);
    int rc = err.code == ERR_NONE ? 0 : -1;

    w->call = NULL;
    if (rc == 0)
        rc = split_list_finish(&w->list, &end, &err);
    if (rc == 0 && end.is_status) {
        rc = -1;
        if (client_status_error(r, split_list_document(&w->list), &err) == 0)
            error_set(&err, ERR_INVALID, "list: the server answered with a Status");
    }
    if (rc < 0)
        list_failed(w, &err);
    else
        page_arrived(w, &end);
    if (!w->call)
        split_list_fini(&w->list);
}
