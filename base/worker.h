// SPDX-License-Identifier: Apache-2.0
// One thread for what may block: SQLite, fsync, long walks. Jobs run there one after the other; their results come back on
// the loop, in order. Queue length is bounded; a full queue is the caller's error to handle.
#pragma once

#include "base/base.h"
#include "base/error.h"
#include "base/loop.h"

struct worker;

struct worker *worker_new(struct loop *l, size_t max_queued, struct error *e);
void worker_free(struct worker *w); // runs what is queued, joins, delivers the results
// run(arg) on the worker, then done(arg) on the loop. The caller must not touch arg in between. LIMIT when full.
int must_check worker_do(struct worker *w, loop_fn run, loop_fn done, void *arg, struct error *e);
size_t worker_queued(const struct worker *w);
bool worker_is_me(const struct worker *w); // for assertions: is this the worker's thread?
// With w created by worker_new_inline both run at once on the caller's thread: tests and the batch commands.
struct worker *worker_new_inline(struct loop *l);
