// SPDX-License-Identifier: Apache-2.0
// Tests: what the parts of the chaos share: one source of random numbers per schedule, the counts
// of what really happened, and the one way to fail.
#pragma once

#include "base/base.h"

#define CHAOS_KINDS 3  // kinds that are watched at most
#define CHAOS_NAMES 12 // objects of each: "pa" to "pl"

// X(id, text): counted when it took effect, not when it was wished for.
// clang-format off
#define CHAOS_EVENTS(X) \
    X(CUT_HEADERS, "cut before the headers end")    X(CUT_FIRST, "cut before the first body byte") \
    X(CUT_STRING, "cut inside a string")            X(CUT_ESCAPE, "cut inside an escape") \
    X(CUT_UTF8, "cut inside a UTF-8 character")     X(CUT_NUMBER, "cut inside a number") \
    X(CUT_VALUE, "cut between key and value")       X(CUT_BEFORE_LF, "cut before a line feed") \
    X(CUT_AFTER_LF, "cut after a line feed")        X(CUT_LAST, "cut after the last byte") \
    X(EOF, "watch ended cleanly")                   X(SILENT, "silent connection") \
    X(REFUSED, "connection refused")                X(RESET, "call that ended in a reset") \
    X(TIMED_OUT, "call that timed out")             X(GONE, "410 answered") \
    X(GONE_LINE, "410 in a stream")                 X(LIMIT_LINE, "429 in a stream") \
    X(BAD_LINE, "garbage in a stream")              X(THROTTLED, "429 answered") \
    X(SERVER_ERROR, "5xx answered")                 X(UNAUTHORIZED, "401 answered") \
    X(FORBIDDEN, "403 answered")                    X(REFUSED_LIST, "watch-list refused") \
    X(REPLAYED, "event sent twice")                 X(SHUFFLED, "list in another order") \
    X(INSISTED, "watches answered alike for long")  \
    X(COMPACTED, "history compacted")               X(RESTORED, "store restored from a backup") \
    X(SUSPENDED, "machine suspended")               X(WALL_FORWARD, "wall clock set forward") \
    X(WALL_BACK, "wall clock set back")             X(SLOW, "change taken by a slow consumer") \
    X(LATE, "late subscriber")                      X(WORK_DONE, "key worked on") \
    X(WORK_FAILED, "work failed")                   X(WORK_LATER, "work put off") \
    X(WORK_AGAIN, "key changed while worked on")    X(EPOCH, "snapshot held open") \
    X(LEASE_WON, "Lease won")                       X(LEASE_LOST, "Lease lost") \
    X(EVENT_SENT, "Event recorded")                 X(LIST, "list requested") \
    X(WATCH, "watch requested")                     X(CHANGE, "object changed")

// clang-format on

enum chaos_event {

#define X(id, text) CHAOS_##id,
    CHAOS_EVENTS(X)
#undef X
        CHAOS_EVENT_COUNT
};

// Begins a schedule. One that computes for longer than a minute (a loop in which no time passes)
// fails.
void chaos_seed(uint64_t seed);
int chaos_below(int n); // random, 0 to n - 1
uint64_t chaos_random(void);
void chaos_count(enum chaos_event ev, size_t n); // over all schedules of the process
uint64_t chaos_counted(enum chaos_event ev);
const char *chaos_event_text(enum chaos_event ev);
// Prints what is wrong and the command that runs this schedule again, and ends the process.
void chaos_check(bool ok, const char *fmt, ...) printf_like(2, 3);
