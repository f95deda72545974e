// SPDX-License-Identifier: Apache-2.0
// Inside of the watcher, for watcher*.c only: its state, and the functions by which lists, watches
// and probes hand over to each other.
#pragma once

#include "base/base.h"
#include "base/json.h"
#include "base/loop.h"
#include "informer/client.h"
#include "informer/split.h"
#include "informer/watcher.h"

enum step {
    STEP_LIST,      // from the first page
    STEP_PAGE,      // the page at `cont` once more
    STEP_WATCHLIST, // stream of the initial events
    STEP_WATCH,
};

struct key_hashes {
    uint64_t *v;
    size_t n, cap;
};

struct watcher_audit {
    struct timer timer; // the next audit, or while one runs: the comparison
    bool running;
    struct client_call *call;
    struct split_list list;
    char *cont, rv[RV_MAX];
    struct key_hashes listed, touched, suspects; // touched: by events; suspects: not held as listed
    size_t wrong;
};

struct watcher {
    struct watcher_options o;
    bool running;
    unsigned ended; // times that all was ended: a sink that does so is heard at once
    enum step step; // runs when call is set, else comes when timer fires
    struct client_call *call;
    struct timer timer;
    struct error broken; // why we ended the stream ourselves
    uint64_t random;
    usec backoff, backoff_at;
    char rv[RV_MAX];
    bool rv_unavailable;
    usec no_watchlist_until;

    // A list, or the initial events of a watch-list.
    struct split_list list;
    bool replacing;
    bool full_list;       // without pages: a continue token had expired
    char list_rv[RV_MAX]; // asked for
    char page_rv[RV_MAX]; // answered by the first page
    char *cont;           // of the page to come, NULL: the first
    unsigned page_retries;
    usec list_started;
    uint64_t listed;

    // A watch.
    struct split_lines lines;
    bool opened; // a 2xx came
    usec opened_at, last_byte;
    uint64_t events;
    unsigned short_watches, quick_ends;
    uint64_t lines_seen, lines_probed;

    struct timer probe_timer;
    struct client_call *probe;
    struct split_list probe_list;

    struct watcher_audit audit;
};

// watcher.c
usec watcher_random(struct watcher *w, usec n); // below n
const char *watcher_resource(const struct watcher *w);
void watcher_wait(struct watcher *w, enum step step, const struct error *e); // back-off, then step
void watcher_fail(struct watcher *w, enum step step, const struct error *e); // tell, then wait
struct error watcher_call_error(const struct watcher *w, const struct error *e);
void watcher_replace_begin(struct watcher *w);
void watcher_replace_abort(struct watcher *w);
void watcher_replace_commit(struct watcher *w, const char *rv);
void watcher_advance(struct watcher *w, const char *rv); // the version moves forward only

void watcher_show_rv(const struct watcher *w); // as a metric
// As json_parse with the pool; what one huge object made the pool take goes back with the next.
int watcher_parse(struct watcher *w, struct str text, struct json_doc *ret, struct error *e);

// watcher_list.c
void watcher_start_list(struct watcher *w);
void watcher_start_page(struct watcher *w);

// watcher_watch.c
void watcher_start_watch(struct watcher *w, bool initial);
void watcher_guard_due(struct watcher *w);

// watcher_probe.c
void watcher_probe_init(struct watcher *w);
void watcher_probe_start(struct watcher *w); // no-op when its timer runs
void watcher_probe_stop(struct watcher *w);

// watcher_audit.c
void watcher_audit_init(struct watcher *w);
void watcher_audit_start(struct watcher *w); // no-op when its timer runs
void watcher_audit_stop(struct watcher *w);
void watcher_audit_touch(struct watcher *w, json_val *obj); // an event speaks of obj
