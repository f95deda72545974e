// SPDX-License-Identifier: Apache-2.0
// Keeps ConfigMap kube9-operator-status fresh: on a timer, and soon after something worth telling
// has changed. Loop thread.
#pragma once

#include "base/base.h"
#include "base/error.h"
#include "base/loop.h"
#include "base/str.h"

struct client;
struct heartbeat;

struct heartbeat_options {
    struct loop *loop;
    struct client *client;
    const char *namespace;
    const char *owner_json; // one ownerReference as JSON, or NULL
    int (*document)(void *arg, bool last,
                    struct buf *out); // writes the status JSON; last: the operator is going down
    void (*written)(void *arg, const struct error *e); // after each attempt
    void *arg;
};

#define HEARTBEAT_NAME "kube9-operator-status"

struct heartbeat *heartbeat_new(const struct heartbeat_options *o);
void heartbeat_free(struct heartbeat *h);                 // NULL ok
void heartbeat_start(struct heartbeat *h, usec interval); // writes at once
void heartbeat_set_interval(struct heartbeat *h, usec interval);
void heartbeat_poke(struct heartbeat *h); // within two seconds, however often it is called
void heartbeat_last(struct heartbeat *h, loop_fn done,
                    void *arg); // the last word, then done(arg), whatever comes of it
