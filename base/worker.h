// SPDX-License-Identifier: Apache-2.0
// One thread for what may block: SQLite, fsync, long walks. Jobs run there one after the other;
// their results come back on the loop, in order. The number of jobs is bounded; a full queue is the
// caller's error to handle. All functions belong to the loop's thread.
#pragma once

#include "base/base.h"
#include "base/error.h"
#include "base/loop.h"

struct worker;

// max_queued: jobs whose results are not delivered yet.
struct worker *worker_new(struct loop *l, size_t max_queued, struct error *e);
// Runs what is queued, joins, delivers the results (done runs inside this call). Not to be called
// by done. NULL ok.
void worker_free(struct worker *w);
// run(arg) on the worker, then done(arg) on the loop. The caller must not touch arg in between.
// LIMIT when full. Either function may be NULL.
int must_check worker_do(struct worker *w, loop_fn run, loop_fn done, void *arg, struct error *e);
size_t worker_queued(const struct worker *w); // jobs whose results are not delivered yet
bool worker_is_me(const struct worker *w);    // for assertions: is this the worker's thread?
// Runs both at once on the caller's thread: tests and the batch commands.
struct worker *worker_new_inline(struct loop *l);
// Tests: one job after the other, each `late` after the one before it, on the caller's thread.
struct worker *worker_new_late(struct loop *l, usec late);
