// SPDX-License-Identifier: Apache-2.0
// Tests only: a history that follows from a seed. Operation i is a pure function of the seed and i,
// so a writer in another process needs to say no more than how far it came, and the model knows
// what must then be in the file: which runs, with which rows of which content.
#pragma once

#include "base/base.h"
#include "store/runs.h"
#include "store/store.h"

enum fake_op_kind {
    FAKE_RUN,     // a finished run with its findings
    FAKE_REWRITE, // one of the last ten once more, with other findings
    FAKE_RUNNING, // a run's row alone, not finished
    FAKE_FACT,
    FAKE_STATUS,
    FAKE_AUDIT,
    FAKE_RETAIN,
    FAKE_CHECKPOINT, // moves the log into the file and cuts it
    FAKE_REOPEN,     // closes in order and opens again
};

struct fake_op {
    enum fake_op_kind kind;
    int number, run; // run: whose rows it writes
    int findings;
    bool failed; // the run ends without verdicts
};

struct fake_op fake_op_at(uint64_t seed, int i);
// *s changes when the operation closes and opens. The clock must be a fake one.
int must_check fake_op_do(struct store **s, uint64_t seed, int i, struct error *e);

struct fake_entry {
    int version; // operation that wrote it last
    bool row, results, counts;
    uint64_t digest; // of its findings
};

#define FAKE_FACTS 5

struct fake_history {
    uint64_t seed;
    int done; // operations 0 to done - 1 are in it
    struct fake_entry *entries;
    size_t room;
    int fact[FAKE_FACTS], status; // operation that wrote it last, -1: none
};

// Cases of a plan: $K9_COUNT, else `otherwise` (a quarter of it under a sanitizer). And the first
// one's seed: $K9_SEED, else 1.
int64_t fake_count(int64_t otherwise);
uint64_t fake_seed(void);

void fake_history_init(struct fake_history *h, uint64_t seed);
void fake_history_fini(struct fake_history *h);
void fake_history_copy(struct fake_history *to, const struct fake_history *from);
void fake_history_apply(struct fake_history *h); // the next operation

enum fake_in_flight { FAKE_NOT_THERE, FAKE_THERE, FAKE_IN_PART };

// Compares the whole file with the model. in_flight: the next operation may be there, as a whole
// (retention, which goes in slices: in part), and *in_flight says whether it is; NULL: it must not
// be. NULL when all is as it must be, else what is not.
const char *fake_history_differs(const struct fake_history *h, struct store *s, struct arena *a,
                                 enum fake_in_flight *in_flight);
// The next number to begin with, after all operations up to and including `last` were acknowledged.
void fake_history_catch_up(struct fake_history *h, int last);
