// SPDX-License-Identifier: Apache-2.0
// The newest finished run, as the status document shows it: taken from a job's result, after a
// restart from the store, and from its object when it ended without a job or without rows.
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "controller/checks/check.h"
#include "controller/status_document.h"

struct job_result;
struct object;
struct store;

// Of the newest run for all checks. A run for a part of them, or one that failed, leaves them as
// they are: its score would look like a fall of the cluster's.
struct run_figures {
    bool known;
    bool findings_known;                // its results were at hand, not only its object
    int32_t score;                      // -1: none
    int32_t pillars[CHECK_PILLARS];     // likewise
    uint32_t failing[CHECK_SEVERITIES]; // findings
};

struct last_run {
    struct arena *arena; // owns all below; NULL: no run yet
    const char *uid, *phase, *error;
    bool succeeded;
    usec completed;
    int32_t score; // -1: none
    int total, evaluated, passed, failed, warning;
    struct status_check *checks;
    size_t n_checks;
    struct run_figures full;
};

void last_run_fini(struct last_run *l);
void last_run_from_result(struct last_run *l, const char *uid,
                          const struct job_result *r); // replaces what is there
// Worker thread: the newest finished run of the store; l stays empty when there is none. Failures
// are not fatal.
void last_run_from_store(struct last_run *l, struct store *s);
// A finished AssessmentRun. False, and nothing changes, unless it was begun and ended later than
// what is there; its results check by check are not known.
bool last_run_from_object(struct last_run *l, const struct object *run);
