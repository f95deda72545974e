// SPDX-License-Identifier: Apache-2.0
// Finds out that the server's store went back in time (controller-semantics §1.8, E18b and E19). A
// watch that begins at a version from the future delivers nothing, not even bookmarks, for ever. So
// a watch without a single line for five minutes is checked by a list of one object's metadata: the
// list's version must not be below ours.
#include "base/clock.h"
#include "base/metrics.h"
#include "informer/watcher_parts.h"
#include "informer/watcher_url.h"

#define PROBE_TIMEOUT (30 * USEC_PER_SEC)

static void arm(struct watcher *w)
{
    timer_start(w->o.loop, &w->probe_timer,
                WATCHER_PROBE_EVERY - watcher_random(w, WATCHER_PROBE_EVERY / 10));
}

static int probe_item(void *arg, struct str text, struct error *e)
{
    (void)arg;
    (void)text;
    (void)e;
    return 0;
}

static int probe_data(void *arg, const char *p, size_t n)
{
    struct watcher *w = arg;
    struct error e;

    return split_list_push(&w->probe_list, p, n, &e) ? -1 : 0;
}

// A probe that fails says nothing; the next one will.
static void probe_done(void *arg, const struct http_response unused_arg *r,
                       struct str unused_arg body, const struct error *e)
{
    struct watcher *w = arg;
    struct split_list_end end = { 0 };
    struct error why;
    bool ok = e->code == ERR_NONE && split_list_finish(&w->probe_list, &end, &why) == 0;
    bool back = ok && !end.is_status && rv_compare(end.rv, w->rv) == -1;

    w->probe = NULL;
    split_list_fini(&w->probe_list);
    if (back)
        watcher_relist(w, true);
}

static const struct http_events probe_events = { .on_data = probe_data, .on_done = probe_done };

static void start_probe(struct watcher *w)
{
    struct list_parameters p = { .rv = "", .cont = "", .limit = 1 };
    autofree char *url = watcher_list_url(w->o.kind, &p);
    struct client_stream_request req = {
        .path_and_query = url,
        .timeout = PROBE_TIMEOUT,
        .accept = watcher_accept(true, true),
    };

    split_list_init(&w->probe_list, w->o.max_object, probe_item, w);
    w->probe = client_stream(w->o.client, &req, &probe_events, w);
}

static void probe_due(void *arg)
{
    struct watcher *w = arg;
    bool silent = w->lines_seen == w->lines_probed;

    w->lines_probed = w->lines_seen;
    if (silent && w->call && !w->replacing && !w->probe)
        start_probe(w);
    arm(w);
}

void watcher_probe_init(struct watcher *w)
{
    timer_init(&w->probe_timer, "watcher probe", probe_due, w);
}

void watcher_probe_start(struct watcher *w)
{
    if (timer_running(&w->probe_timer))
        return;
    w->lines_probed = w->lines_seen;
    arm(w);
}

void watcher_probe_stop(struct watcher *w)
{
    timer_stop(w->o.loop, &w->probe_timer);
    if (!w->probe)
        return;
    client_cancel(w->o.client, TAKE(w->probe));
    split_list_fini(&w->probe_list);
}
