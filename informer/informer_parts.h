// SPDX-License-Identifier: Apache-2.0
// Inside of the informers, for informer.c, problem.c, subscriber.c and epoch.c only.
#pragma once

#include "apis/spec_memo.h"
#include "base/json.h"
#include "base/list.h"
#include "base/loop.h"
#include "informer/cache.h"
#include "informer/informer.h"
#include "informer/watcher.h"

enum informer_phase {
    PHASE_STOPPED,
    PHASE_ASKING,  // for permission, before the first list
    PHASE_RUNNING, // the watcher runs
    PHASE_DENIED,
    PHASE_ABSENT,
};

struct problem { // of one object of an own kind
    struct list link;
    atom ns;
    char *name, *text;
};

struct informer {
    struct informers *in;
    const struct kind *kind;
    struct cache *cache;
    struct watcher *watcher;
    struct spec_memo *memo; // of Pods, while they are listed
    enum informer_phase phase;
    struct timer timer;            // start, or the next try while absent or denied
    usec absent_wait, denied_wait; // since the last success; 0: none yet
    struct informer_status status;
    struct list problems;
    unsigned problem_n;
};

struct informers {
    struct informers_options o;
    struct informer *kinds[KIND_COUNT]; // NULL: not added
    struct json_pool *pool;
    struct list subscribers;
    bool stopped;
    int server_minor;

    struct snapshot *epoch; // open, or NULL
    usec epoch_at;
    struct object **retired; // owned; only while an epoch is open
    size_t retired_n, retired_cap, retired_bytes;
};

// problem.c: of an object; text NULL: nothing is wrong with it (any more). Copied.
void problem_set(struct informer *inf, const struct object *o, const char *text);
struct problem *problem_find(const struct informer *inf, atom ns, const char *name);
void problems_free(struct informer *inf);

// subscriber.c
void subscribers_changed(struct informers *in, const struct object *old, const struct object *now,
                         bool initial);
// Somebody looks at a cached object (NULL: nothing; returned): if it goes before its key was taken,
// that has to be told.
const struct object *subscribers_read(struct informers *in, const struct object *o);

// epoch.c: takes the reference of an object that left a cache.
void epoch_release(struct informers *in, struct object *o);
