// SPDX-License-Identifier: Apache-2.0
// A frozen snapshot of all caches for the worker: pointer tables are copied (8 bytes per object),
// the objects stay where they are. While it is open, blocks that are replaced or deleted wait on a
// retire list instead of being freed. At most one is open. Open, close and ask on the loop thread;
// the worker only reads the snapshot in between.
#pragma once

#include "apis/snapshot.h"
#include "base/base.h"

struct informers;

#define EPOCH_MAX_AGE     (2 * USEC_PER_SEC)
#define EPOCH_MAX_RETIRED ((size_t)4 << 20)

// NULL when one is open already. Kinds that are not KIND_SYNCED have n == 0.
struct snapshot *epoch_open(struct informers *in);
void epoch_close(
    struct informers *in,
    struct snapshot *s); // frees s and what was retired; the worker must be done with it
void epoch_renew(struct informers *in); // the walk has not begun: its age counts from now on
// Older than EPOCH_MAX_AGE or more than EPOCH_MAX_RETIRED bytes retired: stop the walk, close, open
// a new one (3 times at most, then the run is Partial). False when none is open.
bool epoch_expired(const struct informers *in);
size_t epoch_retired_bytes(const struct informers *in);
