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

struct last_run {
    struct arena *arena; // owns all below; NULL: no run yet
    const char *uid, *phase, *error;
    bool succeeded;
    bool full; // for all checks, so that its figures compare with those of other such runs
    usec completed;
    int32_t score; // -1: none
    int total, evaluated, passed, failed, warning;
    bool findings_known;                // its results were at hand, not only its object
    uint32_t failing[CHECK_SEVERITIES]; // findings
    struct status_check *checks;
    size_t n_checks;

    struct {
        const char *name;
        int32_t score;
    } pillars[6];

    size_t n_pillars;
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
