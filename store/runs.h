// SPDX-License-Identifier: Apache-2.0
// Runs and their results. A row of `assessments` is one result of one run: failing, warning and
// error per object; passing and skipped once per check with a count. Rows are upserted by (run uid,
// check, object), so that a repeated run is harmless.
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "base/error.h"

struct store;

#define STORE_PILLARS 6

struct run_pillar {
    const char *name;
    int32_t score;                                     // -1: nothing evaluated
    int32_t passing, failing, warning, skipped, error; // checks
};

struct run_row {
    const char *uid, *name, *mode, *trigger, *phase, *reason, *message, *grade, *profile;
    usec requested, started, completed;                       // 0 = not yet
    int32_t score;                                            // -1: absent
    int32_t total, passing, failing, warning, skipped, error; // checks
    int32_t evaluated;                                        // checks with a verdict (coverage)
    int64_t config_generation;
    struct run_pillar pillars[STORE_PILLARS];
    size_t n_pillars;
};

struct finding_row {
    const char *id; // "fnd_<run>-<block>-<n>", never given twice; filled by the store on reading
    const char *run_uid, *run_name;
    const char *check_id, *check_name, *pillar, *severity;
    const char *status;           // failing warning error passing skipped
    const char *reason;           // machine reason of skipped
    const char *kind, *ns, *name; // NULL when the row stands for a whole check
    const char *container, *path;
    const char *message, *remediation;
    const char *fingerprint;
    const char *exempted_by, *exempted_why; // NULL: nobody, no reason
    usec exempted_until;                    // 0: for ever
    int64_t count;                          // objects behind a passing or skipped row
    usec assessed;                          // start of the run; filled by the store on reading
};

// Writing. store_run_put inserts or replaces the run's row and its history rows, in one
// transaction.
int must_check store_run_put(struct store *s, const struct run_row *r, struct error *e);
// Everything of one run in one transaction: begin, any number of findings, then commit with the
// final run row. A row that an earlier run has word for word is kept once for both. A run that is
// written twice keeps the ids of the rows it has both times; rows it has no more go. After a failed
// finding the caller rolls back or commits what there is; after a failed commit nothing of it is
// there.
int must_check store_run_begin(struct store *s, const struct run_row *r, struct error *e);
int must_check store_run_finding(struct store *s, const struct finding_row *f, struct error *e);
int must_check store_run_commit(struct store *s, const struct run_row *r, struct error *e);
void store_run_rollback(struct store *s);

// Reading. Strings live in the arena. NOT_FOUND is an outcome: returns 1 and leaves *ret untouched.
int must_check store_run_get(struct store *s, const char *uid_or_name, struct arena *a,
                             struct run_row *ret, struct error *e);

// The newest run that was Completed or Partial; with a mode ("Full") the newest of this mode. 1:
// there is none.
int must_check store_run_newest(struct store *s, const char *mode, struct arena *a,
                                struct run_row *ret, struct error *e);

struct run_query {
    const char *const *phases; // NULL-terminated, NULL = all
    usec since, until;         // on requested; 0 = open; until is exclusive
    int64_t limit, offset;
};

// Newest first. Rows are valid during the call; each returns -1 to stop. *ret_total: without limit
// and offset.
int must_check store_run_each(struct store *s, const struct run_query *q,
                              int (*each)(void *arg, const struct run_row *r), void *arg,
                              int64_t *ret_total, struct error *e);

struct finding_query {
    const char *run; // uid, name, "latest" (newest finished) or "all"
    const char *const *pillars, *const *statuses, *const *severities,
                                                      *const *checks, *const *kinds; // NULL = all
    const char *ns, *name;
    usec since, until;     // on the run's start; until is exclusive; likewise below
    int64_t limit, offset; // limit 0: all
};

// Calls each(row) in a stable order: newest run, problems from critical to low, then passing and
// skipped; within these by check and object. Rows are valid during the call; each returns -1 to
// stop. 1: there is no such run.
int must_check store_finding_each(struct store *s, const struct finding_query *q,
                                  int (*each)(void *arg, const struct finding_row *f), void *arg,
                                  int64_t *ret_total, struct error *e);
int must_check store_finding_get(struct store *s, const char *id, struct arena *a,
                                 struct finding_row *ret, struct error *e); // 1: not found

struct history_row {
    const char *run_uid, *run_name, *pillar;
    int32_t score, passing, failing, warning, skipped, error;
    usec assessed;
};

struct history_query {
    const char *const *pillars;
    usec since, until;
    int64_t limit, offset;
};

int must_check store_history_each(struct store *s, const struct history_query *q,
                                  int (*each)(void *arg, const struct history_row *h), void *arg,
                                  int64_t *ret_total, struct error *e);
