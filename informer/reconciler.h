// SPDX-License-Identifier: Apache-2.0
// Subscriber and queue put together: a function that is called for one key at a time until the
// world is as it should be. Level-triggered: it gets keys, not events, looks at the caches, and is
// called again after a failure (5 ms, doubled up to 1000 s, never sooner than the server asked
// for). Loop thread only.
#pragma once

#include "base/base.h"
#include "base/error.h"
#include "informer/key.h"
#include "informer/session.h"

struct reconciler;

struct work { // one key in hand; no other work of this key exists meanwhile
    struct reconciler *r;
    struct key key; // valid until work_done
};

struct reconciler_options {
    struct session *session;
    const char *name;          // of its queue in the metrics; borrowed
    const enum kind_id *kinds; // that it looks at; ends with KIND_COUNT
    // Whose work a change is: *k is the changed object's key and may be made another's (its text is
    // copied). false: nobody's. NULL: its own.
    bool (*key_for)(void *arg, struct key *k);
    // Not before all kinds are synced (or denied, absent). Ends, now or later, with work_done.
    void (*reconcile)(void *arg, struct work *w);
    void *arg;
};

struct reconciler *reconciler_new(const struct reconciler_options *o);
// NULL ok. Requests of work_request are cancelled; other work must be done. Before session_close.
void reconciler_free(struct reconciler *r);

// e NULL, ERR_NONE: done; else again later. w is gone.
void work_done(struct work *w, const struct error *e);
// Sends the request; its answer is the end of the work. NOT_FOUND of a DELETE is success.
void work_request(struct work *w, const struct client_request *request);
