// SPDX-License-Identifier: Apache-2.0
// The loop's side of the store: requests are queued to the worker, answers come back on the loop.
// Owns the store, opens it again when it was refused, and knows whether history is being kept
// (condition StoreHealthy).
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "base/error.h"
#include "base/loop.h"
#include "base/worker.h"
#include "controller/last_run.h"
#include "store/operator_status.h"
#include "store/retention.h"

struct history;
struct store;

// What a restart must know. Texts live as long as the history.
struct history_facts {
    const char *config_json;  // last good Kube9Config, NULL if none
    usec last_schedule;       // wall clock; 0 never
    struct last_run last_run; // the taker moves it out
};

struct history_options {
    struct loop *loop;
    struct worker *worker;
    const char *path;
    void (*opened)(void *arg); // first decision made: facts are known (or there is no store)
    void (*health_changed)(void *arg);
    void *arg;
};

struct history *history_new(const struct history_options *o);
void history_open(
    struct history *h); // on leadership; tries again every 5 s while another process holds the file
void history_close(struct history *h); // queues the closing; then worker_free, then history_free
void history_free(struct history *h);  // NULL ok; after worker_free

bool history_decided(const struct history *h); // opened was called
bool history_healthy(const struct history *h);
const char *history_reason(const struct history *h); // condition reason: StoreOpen, StoreNotOpen,
                                                     // StoreLocked, StoreWriteFailed, StoreCorrupt
const char *history_message(const struct history *h);
struct history_facts *history_facts(struct history *h);

// Fire and forget; failures change the health. Repeated values are not written again; values that
// could not be written are written when the store is healthy again.
void history_remember(struct history *h, const char *key, const char *value);
void history_put_status(struct history *h, const struct operator_status_row *r);
void history_audit(struct history *h, const char *action, const char *object, const char *detail);
void history_retain(struct history *h, const struct retention *r); // in slices until all is done

// Worker thread only, inside a job: the store, NULL when there is none; and the report of a failed
// or successful write.
struct store *history_store(struct history *h);
void history_report(struct history *h,
                    const struct error *e); // loop thread; e->code NONE = a write succeeded

#define FACT_CONFIG        "config.lastGood"
#define FACT_LAST_SCHEDULE "schedule.last"
