// SPDX-License-Identifier: Apache-2.0
// The only place that acts. Takes keys from a work queue, asks for a plan, carries its intents out
// one after the other, and decides by the error table (base/error.h) what a failure means for the
// key. A key is held until its plan is done.
#pragma once

#include "base/base.h"
#include "base/loop.h"
#include "controller/plan.h"
#include "informer/key.h"

struct client;
struct informers;
struct queue;
struct recorder;
struct runner;

struct runner_hooks { // loop thread; all required
    // Fills the plan for a key.
    void (*decide)(void *arg, const struct key *k, struct plan *ret);
    // Intents that are not requests to the API server; -1 with *e set sends the key to its
    // back-off.
    int (*start_job)(void *arg, const struct intent *i, struct error *e);
    void (*cancel_job)(void *arg, const struct intent *i);
    void (*publish)(void *arg, struct config *c); // a reference moves in
    void (*remember)(void *arg, const char *key, const char *value);
    void (*wrote)(void *arg, const struct intent *i); // a request succeeded
    void (*denied)(void *arg, const struct intent *i,
                   const struct error *e); // 403: ask for permissions again
    void *arg;
};

struct runner_options {
    struct loop *loop;
    struct client *client;
    struct informers *informers;
    struct recorder *recorder; // NULL: no events
    const char *name;          // of the queue in metrics
};

struct runner *runner_new(const struct runner_options *o, const struct runner_hooks *hooks);
void runner_free(struct runner *r);  // NULL ok; cancels the request that is under way
void runner_start(struct runner *r); // keys wait until then
void runner_stop(struct runner *r);  // nothing new; what is under way is cancelled
// Between keys nothing is done while paused (the caches are known to be wrong); what was written
// before is forgotten.
void runner_pause(struct runner *r, bool paused);
void runner_add(struct runner *r, const struct key *k);
bool runner_idle(const struct runner *r);
struct queue *runner_queue(struct runner *r);
