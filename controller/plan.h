// SPDX-License-Identifier: Apache-2.0
// What a reconciler wants done: a printable list of intents. Reconcilers only append here; runner.c
// acts. Everything lives in the plan's arena, so a plan is one free, and a test compares its text.
#pragma once

#include "apis/kinds.h"
#include "apis/object.h"
#include "base/arena.h"
#include "base/base.h"
#include "base/str.h"

enum intent_kind {
    INTENT_CREATE,        // POST body; AlreadyExists means done
    INTENT_APPLY_STATUS,  // server-side apply of the status subresource, with uid (and rv)
                          // preconditions; a merge patch where something has to go
    INTENT_CONFIRM,       // is the object still as the cache shows it? If not, the plan ends here
    INTENT_DELETE,        // with uid precondition; NotFound means done
    INTENT_EVENT,         // events.k8s.io about the object
    INTENT_START_JOB,     // hand the run to the assessor
    INTENT_CANCEL_JOB,    // by uid; a job that is gone means done
    INTENT_PUBLISH,       // put this configuration in force and keep it in the store
    INTENT_REMEMBER,      // one fact for the store (key, value)
    INTENT_APPLY_REPORT,  // the PolicyReport of namespace `ns`; "" the cluster's
    INTENT_DELETE_REPORT, // likewise
    INTENT_REQUEUE,       // look at this key again at `at` (wall clock)
};

struct config;
struct draft;

struct intent {
    enum intent_kind kind;
    enum kind_id object_kind;
    const char *name;                          // of the object
    const char *ns;                            // of a PolicyReport
    const char *uid;                           // precondition; NULL: none
    struct str body;                           // JSON
    bool merge;                                // apply-status: the body is a merge patch
    const char *type, *reason, *action, *note; // events
    const char *key, *value;                   // remember
    struct config
        *config; // publish: a reference of the plan's, the runner takes it; start job: borrowed
    usec at;     // requeue
};

struct plan {
    struct arena *arena;
    struct intent *v;
    size_t n, cap;
};

#define PLAN_ARENA_MAX ((size_t)8 << 20)

void plan_init(struct plan *p);
void plan_fini(struct plan *p);

struct intent *plan_add(struct plan *p,
                        enum intent_kind kind); // zeroed but for kind; valid until the next add
void plan_requeue(struct plan *p, usec at);     // keeps only the earliest of several
void plan_remember(struct plan *p, const char *key, const char *value);
void plan_event(struct plan *p, const struct object *about, bool warning, const char *reason,
                const char *note);
void plan_delete(struct plan *p, const struct object *o);
void plan_confirm(struct plan *p, const struct object *o); // a patch of nothing, with preconditions
// Adds nothing when the object's status says the same already: steady state writes nothing.
void plan_apply_status(struct plan *p, const struct object *o, const struct draft *status);

const char *intent_kind_name(enum intent_kind kind);
int plan_print(const struct plan *p, struct buf *out); // one line per intent; bodies as they are
