// SPDX-License-Identifier: Apache-2.0
// AssessmentRun: from what is asked and what is going on to what is to be done. Pure.
#pragma once

#include "apis/object.h"
#include "base/base.h"
#include "controller/plan.h"

struct config;
struct job_result;

struct run_input {
    usec now;
    const struct object *run;        // NULL: it is gone
    const char *gone_uid;            // uid of an object of this name that is gone, or NULL
    const char *problem;             // why the object does not decode strictly, or NULL
    struct config *config;           // in force
    bool claimed;                    // by this process, or found to be current by it
    const char *running;             // uid of the job that runs now, or NULL
    const struct job_result *result; // of this run's job, or NULL
    const char *waits_for;           // name of the run that has the turn, NULL: it is this one's
};

void reconcile_run(const struct run_input *in, struct plan *p);

bool run_is_finished(const struct object *run);    // Completed, Partial, Failed or Cancelled
bool run_is_active(const struct object *run);      // started, not finished
bool run_succeeded(const struct object *run);      // Completed or Partial
usec run_completion(const struct object *run);     // wall clock; 0 while not finished
const char *run_trigger(const struct object *run); // Scheduled, FirstStart, Manual
#define RUN_TRIGGER_LABEL "kube9.io/trigger"
