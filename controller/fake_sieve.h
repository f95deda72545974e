// SPDX-License-Identifier: Apache-2.0
// Tests only: one scenario, played with the real manager against the model of the API server under
// the fake clock, with at most one fault in it; and the state it ends in, as text that two plays
// can be compared by (controller-semantics.md §9). What a step waits for is seen, not timed, so a
// play that a fault delays goes the same way.
#pragma once

#include "base/base.h"
#include "base/str.h"

enum sieve_do {
    SIEVE_END,
    SIEVE_START,       // the first process
    SIEVE_CONFIG,      // text: spec of Kube9Config default; its status stays
    SIEVE_RUN,         // object: name of the AssessmentRun; text: spec; its status stays
    SIEVE_CRD,         // object: plural, text: group
    SIEVE_OBJECT,      // text: JSON
    SIEVE_DELETE,      // object: "plural/name"
    SIEVE_UNTIL,       // object, path, text: the member has the value
    SIEVE_UNTIL_GONE,  // object
    SIEVE_UNTIL_RUNS,  // n runs have ended since the beginning
    SIEVE_UNTIL_CLAIM, // a run was claimed
    SIEVE_PASS,        // n seconds
    SIEVE_HAND_OVER,   // SIGTERM, and the next process (of another Pod) when that has ended
    SIEVE_LOCK_STORE,  // another process holds the database
    SIEVE_UNLOCK_STORE,
};

struct sieve_step {
    enum sieve_do what;
    const char *object, *text, *path;
    int n;
};

struct sieve_scenario {
    const char *name;
    usec store_late; // a job of the store and the walk take so long
    // A run whose end depends on when a change is heard; likewise what is told of the last run.
    const char *loose;
    struct sieve_step steps[20];
};

extern const struct sieve_scenario sieve_scenarios[]; // ends with a NULL name

enum sieve_plan { SIEVE_UNDISTURBED, SIEVE_CRASH, SIEVE_STALE, SIEVE_UNOBSERVED, SIEVE_PLANS };

enum sieve_crash { // at write number `at` of the play
    CRASH_BEFORE,  // it did not reach the server
    CRASH_LOST,    // it was done, its answer was lost
    CRASH_AFTER,   // its answer had come
    CRASH_LATE,    // it reaches the server when the next Pod has led for a while
    CRASH_PAUSED,  // the process stands still for longer than its Lease
    CRASH_TWICE,   // as lost, and the next process as well at its first write
    CRASH_MODES
};

enum sieve_stale { // lists and watches of the event's kind stop at event number `at`
    STALE_NOW,     // and the process starts anew at once
    STALE_NEXT,    // ... when the next event of that kind has happened
    STALE_END,     // ... when the scenario is over: back in time
    STALE_MODES
};

enum sieve_unobserved { // the stream of the event's kind waits from event `at` on
    UNOBSERVED_BURST,   // until `until` more events of that object happened; then all come at once
    UNOBSERVED_RELIST,  // ... then the stream breaks, and a list shows the net effect
    UNOBSERVED_MODES
};

struct sieve_fault {
    enum sieve_plan plan;
    int mode;
    size_t at;    // index in the undisturbed play
    size_t until; // unobserved: from 1
};

struct sieve_event {
    char key[192]; // "kube9.io/assessmentruns//default-1"
    bool heard;    // of a kind that is watched, and followed by a write
    bool beat;     // of the status ConfigMap
};

struct sieve_outcome {
    char *state, *loose; // loose: without what `loose` of the scenario allows to differ
    char trouble[512];   // what went wrong beyond the state; "" nothing
    bool fired;          // the fault took place
    bool met;            // unobserved: those events happened while the stream waited
    size_t writes;
    bool *beats; // one per write: is it of the status ConfigMap?
    struct sieve_event *events;
    size_t n_events;
};

void sieve_play(const struct sieve_scenario *s, const struct sieve_fault *f,
                struct sieve_outcome *ret);
void sieve_outcome_fini(struct sieve_outcome *o);

// fake_sieve_state.c
struct fake_manager;

struct sieve_view {
    size_t first_event; // of the play
    bool loosely;       // another view of the cluster may have had its effect
    const char *loose;  // of the scenario
};

char *sieve_state(struct fake_manager *f, const struct sieve_view *v); // caller frees
// URL of a request that changes or deletes what it names without saying which one it means; NULL
// if there is none.
const char *sieve_unguarded(struct fake_manager *f);

// fake_sieve_plan.c: all cases of a plan for all scenarios, or a sample of them unless K9_SIEVE_ALL
// is set, or the one that K9_SIEVE names. The number of cases that differ.
size_t sieve_cases(enum sieve_plan plan, const char *program);
