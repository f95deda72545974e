// SPDX-License-Identifier: Apache-2.0
// Work queue of keys with client-go's rules (controller-semantics §3.1-§3.4): a key waits at most
// once, is never handed out twice at a time, an add while it is processed brings it back once,
// delays keep the earlier time, failures back off per key from 5 ms to 1000 s until forgotten. Loop
// thread only.
#pragma once

#include "base/base.h"
#include "base/loop.h"
#include "informer/key.h"

#define QUEUE_BASE_DELAY (5 * USEC_PER_MSEC)
#define QUEUE_MAX_DELAY  (1000 * USEC_PER_SEC)

struct queue;

enum queue_priority { QUEUE_LOW, QUEUE_NORMAL }; // low: initial lists and resyncs

struct queue_options {
    const char *name; // label of the workqueue_* metrics; borrowed for the queue's life
    usec base_delay;  // 0: QUEUE_BASE_DELAY
    usec max_delay;   // 0: QUEUE_MAX_DELAY
    loop_fn ready;    // called on a later turn when queue_get would give a key; may be NULL
    void *arg;
};

struct queue *queue_new(struct loop *l, const struct queue_options *o);
void queue_free(struct queue *q); // NULL ok; keys are dropped

// Keys are copied. A key that is already waiting keeps the higher priority and the earlier time.
// Ignored after shutdown.
void queue_add(struct queue *q, const struct key *k, enum queue_priority p);
void queue_add_after(struct queue *q, const struct key *k, enum queue_priority p,
                     usec delay); // delay <= 0: queue_add
void queue_add_rate_limited(struct queue *q, const struct key *k,
                            enum queue_priority p); // counts one failure
// At least `at_least` later (Retry-After), and no sooner than the key's own back-off; counts one
// failure.
void queue_add_rate_limited_min(struct queue *q, const struct key *k, enum queue_priority p,
                                usec at_least);
void queue_forget(struct queue *q,
                  const struct key *k); // the next failure starts at base_delay again
unsigned queue_failures(const struct queue *q, const struct key *k);

// Takes the next ready key; false when none is ready. ret->name is valid until queue_done of that
// key.
bool queue_get(struct queue *q, struct key *ret, enum queue_priority *ret_priority);
void queue_done(struct queue *q, const struct key *k);

size_t queue_len(const struct queue *q); // ready keys
size_t queue_processing(const struct queue *q);
size_t queue_waiting(const struct queue *q); // delayed keys
size_t queue_bytes(const struct queue *q);   // memory held, for tests of release

void queue_shutdown(
    struct queue *q); // no new keys; get still returns what is ready; ends a drain at once
// As shutdown, and drained(arg) is called on a later turn when nothing is ready or processed any
// more.
void queue_shutdown_with_drain(struct queue *q, loop_fn drained, void *arg);
bool queue_is_shut_down(const struct queue *q);
void queue_update_metrics(
    struct queue *q); // refreshes unfinished_work and longest_running (call before a scrape)
