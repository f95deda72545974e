// SPDX-License-Identifier: Apache-2.0
// Runs one assessment at a time: freezes the caches, walks them on the worker, streams every result
// into the store in one transaction, and keeps the summary until the run's terminal status is
// written. Loop thread.
#pragma once

#include "apis/object.h"
#include "base/base.h"
#include "base/error.h"
#include "base/loop.h"
#include "base/worker.h"
#include "controller/checks/checks.h"

struct assessor;
struct config;
struct history;
struct informers;
struct sampler;

enum job_outcome { JOB_COMPLETED, JOB_PARTIAL, JOB_FAILED, JOB_CANCELLED, JOB_TIMED_OUT };

struct report_set;

struct job_request { // strings and lists are copied
    const char *uid, *name, *trigger;
    const char *mode;                  // "Full", "Pillar", "SingleCheck"
    struct assessment_options options; // members must live in `config`, `object` or `arena`
    struct config *config;             // one reference moves in; NULL ok
    struct object *object;             // one reference moves in: options point into it too; NULL ok
    struct arena *arena;               // moves in: holds what options point to; NULL ok
    int64_t config_generation;
    usec requested, started; // wall clock
    usec deadline;           // wall clock
    const char *own_namespace;
    bool policy_reports; // findings are wanted as a report_set too
};

struct job_result {
    enum job_outcome outcome;
    const char *reason; // CamelCase
    char message[ERROR_TEXT_MAX];
    struct assessment_summary summary; // valid for COMPLETED and PARTIAL
    bool full;                         // the run was for all checks
    bool stored;                       // rows are committed under the run's uid
    char store_error[ERROR_TEXT_MAX];
    usec started, completed;     // wall clock
    struct report_set *reports;  // NULL unless wanted; owned by the result
    struct status_check *checks; // one per check, for the status document; owned by the result
    size_t n_checks;
    uint32_t failing[CHECK_SEVERITIES]; // findings
    uint32_t notices;                   // odd exemptions, objects that could not be read
    char *first_notice;                 // NULL if there is none; in the arena
    struct arena *arena;
};

struct assessor_options {
    struct loop *loop;
    struct worker *worker;
    struct informers *informers;
    struct history *history;
    struct sampler *sampler; // looks once for each job; NULL: usage is not known
    void (*finished)(void *arg, const char *uid); // result is ready
    void *arg;
};

struct assessor *assessor_new(const struct assessor_options *o);
void assessor_free(struct assessor *a); // after worker_free

// LIMIT when a job runs already (then nothing has moved in). The snapshot is taken as soon as all
// kinds are synced, denied or absent, after 30 s at the latest: what is missing then counts as
// such.
int must_check assessor_start(struct assessor *a, const struct job_request *r, struct error *e);
void assessor_caches_changed(
    struct assessor *a); // a kind's state changed: what waits for the caches looks again
void assessor_cancel(struct assessor *a,
                     const char *uid);  // the result comes with JOB_CANCELLED; unknown uid: no-op
void assessor_stop(struct assessor *a); // shutdown: as cancel, whatever runs
const char *assessor_running(const struct assessor *a); // uid or NULL
const struct job_result *assessor_result(const struct assessor *a,
                                         const char *uid); // NULL: none kept
// The caller's from now on; NULL: there are none.
struct report_set *assessor_take_reports(struct assessor *a, const char *uid);
void assessor_forget(struct assessor *a, const char *uid);
