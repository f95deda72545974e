// SPDX-License-Identifier: Apache-2.0
// List and watch of one kind as a state machine (controller-semantics §1): it keeps the
// resourceVersion, decides between list, watch-list and watch after each of the error classes
// E1-E19, waits with jittered back-off, and finds out when a silent watch hides a store that went
// back in time. It holds no objects: a sink does. Loop thread only.
#pragma once

#include "apis/kinds.h"
#include "base/base.h"
#include "base/error.h"
#include "base/json.h"
#include "base/loop.h"

struct client;
struct watcher;

#define WATCHER_BACKOFF_FIRST (800 * USEC_PER_MSEC)
#define WATCHER_BACKOFF_MAX   (30 * USEC_PER_SEC)
#define WATCHER_BACKOFF_RESET (2 * USEC_PER_MIN)
#define WATCHER_PAGE_SIZE     500
#define WATCHER_PROBE_EVERY   (5 * USEC_PER_MIN)
#define WATCHER_AUDIT_EVERY   (30 * USEC_PER_MIN) // and up to as much again
#define WATCHER_GUARD         (60 * USEC_PER_SEC) // watch-list without an end marker
#define RV_MAX                64                  // bytes of a resourceVersion's text

enum watch_event { WATCH_ADDED, WATCH_MODIFIED, WATCH_DELETED };

enum watch_verdict { // of sink->apply
    WATCH_APPLIED,
    WATCH_DUPLICATE, // the same uid is held with this or a newer RV
    WATCH_SUSPECT,   // RV not above the newest seen, and nothing held that explains it
    WATCH_REFUSED,   // not an object of this kind
};

struct watcher_sink { // arg is options.arg; the sink must not free the watcher, but may stop it
    void (*replace_begin)(void *arg);
    int (*replace_put)(void *arg, json_val *obj, struct error *e); // -1 ends the list with e
    void (*replace_remove)(void *arg, json_val *obj);              // watch-list only
    void (*replace_end)(void *arg, bool commit);
    // old_rv: the event's RV is not above the newest seen.
    enum watch_verdict (*apply)(void *arg, enum watch_event ev, json_val *obj, bool old_rv);
    void (*synced)(void *arg); // a replace was committed, or a watch works again
    void (*failed)(
        void *arg,
        const struct error *e); // an attempt failed; the watcher goes on unless the sink stops it
    // For the audit; both NULL: there is none. Is this object held, with this uid and RV?
    bool (*holds)(void *arg, json_val *obj);
    void (*each)(void *arg, void (*held)(void *ctx, const char *ns, const char *name), void *ctx);
};

struct watcher_options {
    struct loop *loop;
    struct client *client;
    const struct kind *kind;
    const struct watcher_sink *sink;
    void *arg;
    struct json_pool *pool;       // shared by all watchers of a loop
    size_t max_object, page_size; // 0: SPLIT_OBJECT_MAX, WATCHER_PAGE_SIZE
    uint64_t seed;
    bool prefer_watchlist; // tests and experiments: watch-list before the first list
};

struct watcher *watcher_new(const struct watcher_options *o);
void watcher_free(struct watcher *w);  // NULL ok; not from inside a sink function
void watcher_start(struct watcher *w); // no-op when running; RVs of an earlier run are kept
void watcher_stop(struct watcher *w);  // cancels the request; an open replace is aborted
bool watcher_running(const struct watcher *w);
void watcher_relist(struct watcher *w, bool rv_unset); // drops the watch and lists now
const char *watcher_rv(const struct watcher *w);       // "" before the first list

// KEP-5504: -1, 0, 1; RV_UNORDERED when either is not a canonical decimal number (then only
// equality means something).
#define RV_UNORDERED 2
int rv_compare(const char *a, const char *b);
