// SPDX-License-Identifier: Apache-2.0
// One remembered event of the recorder and its documents. Inside recorder*.c only.
#pragma once

#include "base/list.h"
#include "base/str.h"
#include "informer/recorder.h"

enum entry_due { DUE_NOTHING, DUE_CREATE, DUE_PATCH };

struct recorder_entry {
    struct list link;  // of all, in order of birth
    struct list queue; // of what has to be sent; empty when DUE_NOTHING
    enum entry_due due;
    uint32_t hash;
    bool warning, created, finishing;
    char *reason, *action, *note;
    struct recorder_object regarding, related; // strings owned
    char *name;                                // metadata.name
    usec first, last;                          // wall clock
    usec seen, written;                        // clock_mono: last emit, last success
    int64_t count, sent_count, written_count;
    unsigned tries;
};

// Copies and bounds ev. number makes the name unique.
struct recorder_entry *recorder_entry_new(const struct recorder_event *ev, uint64_t number);
void recorder_entry_free(struct recorder_entry *n);
bool recorder_entry_is(const struct recorder_entry *n, uint32_t hash,
                       const struct recorder_event *ev); // isomorphic
uint32_t recorder_event_hash(const struct recorder_event *ev);

const char *recorder_entry_namespace(const struct recorder_entry *n);
void recorder_entry_rename(struct recorder_entry *n, uint64_t number); // to be created anew
int must_check recorder_entry_write(const struct recorder_entry *n, const char *controller,
                                    const char *instance, struct buf *out);
int must_check recorder_entry_write_series(const struct recorder_entry *n,
                                           struct buf *out); // merge patch
