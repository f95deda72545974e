// SPDX-License-Identifier: Apache-2.0
// Inside of the assessor, for assessor*.c only: one job, and its half on the worker.
#pragma once

#include "controller/assessor.h"
#include "controller/checks/select.h"

#include <stdatomic.h>

#define MAX_WALKS 3

enum stop_cause { STOP_NONE, STOP_CANCELLED, STOP_TIMEOUT, STOP_EPOCH };

struct job {
    struct assessor *a;
    char uid[UID_TEXT_MAX];
    char *name, *trigger, *mode;
    struct job_request r;
    usec began; // wall clock
    struct snapshot *snapshot;
    int walks;
    usec wait_until;     // mono; 0: not waited yet
    bool waiting;        // for the caches
    bool cancelled;      // asked for, whatever stopped the walk first
    atomic_bool walking; // the worker has come to it
    atomic_int stop;     // enum stop_cause; the first cause wins
    struct timer watch;
    struct job_result *result;

    // worker
    struct history *history;
    struct store *store;
    uint32_t rows_exempted[CHECKS_MAX]; // findings of each check that are rows and exempted
    bool in_transaction, store_failed;
    struct error walk_error, store_error;
    bool walk_ok;
    enum stop_cause cause; // why the walk ended early, decided before its rows were
};

static inline bool job_stopped(const struct job *j)
{
    return atomic_load_explicit(&j->stop, memory_order_relaxed) != STOP_NONE;
}

// On the worker: walks the snapshot, writes its rows, decides what became of both.
void assessor_walk(void *arg); // struct job
