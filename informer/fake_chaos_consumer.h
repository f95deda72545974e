// SPDX-License-Identifier: Apache-2.0
// Tests: a consumer as a controller is one: a subscriber that feeds a work queue, two slow workers
// that fail at times. It keeps what it was told and what it worked on, and complains about changes
// that are impossible.
#pragma once

#include "base/loop.h"
#include "informer/fake_chaos.h"
#include "informer/informer.h"
#include "informer/queue.h"

struct chaos_known { // of one key
    bool here;
    uint8_t uid[16];
    uint64_t rv;
};

struct chaos_worker {
    struct chaos_consumer *consumer;
    struct timer timer; // runs while it works
    struct key key;     // valid until queue_done
    int kind, name;
    struct chaos_known seen; // in the cache when it began
};

struct chaos_consumer {
    struct informers *in;
    struct loop *loop;
    const enum kind_id *kinds; // borrowed; ends with KIND_COUNT
    struct subscriber *sub;
    struct queue *queue;
    struct chaos_worker workers[2];
    bool asleep;  // takes nothing
    bool healthy; // no work fails any more
    struct chaos_known told[CHAOS_KINDS][CHAOS_NAMES], done[CHAOS_KINDS][CHAOS_NAMES];
};

void chaos_consumer_init(struct chaos_consumer *c, struct loop *l, struct informers *in,
                         const enum kind_id *kinds);
void chaos_consumer_fini(struct chaos_consumer *c);
void chaos_consumer_sleep(struct chaos_consumer *c, bool asleep); // awake: takes all that waits
// What the cache holds, as a known.
struct chaos_known chaos_known_now(struct informers *in, enum kind_id kind, const char *name);
bool chaos_known_same(const struct chaos_known *a, const struct chaos_known *b);
// Everything was told and worked on, and nothing is left of it in the queue.
void chaos_consumer_check(struct chaos_consumer *c);
