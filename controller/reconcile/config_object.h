// SPDX-License-Identifier: Apache-2.0
// Kube9Config: which configuration is in force, which run is due, which runs are too many, and what
// the status says. Pure.
#pragma once

#include "apis/object.h"
#include "base/base.h"
#include "controller/plan.h"

struct config;
struct detected;

enum config_presence {
    CONFIG_UNKNOWN, // the kind is not synced, denied, absent or its CRD is going: keep what is in
                    // force
    CONFIG_ABSENT,  // a list of an Established CRD was empty: defaults
    CONFIG_PRESENT,
};

// About the operator itself. What is not known yet leaves the status as it is: a restart of which
// nothing follows writes nothing.
struct operator_facts {
    const char *version;
    const char *cluster_id; // NULL until known
    const char *health;     // "Healthy", "Degraded", "Unhealthy"
    const char *error;      // NULL when healthy
    bool store_healthy;
    const char *store_reason, *store_message;
    const char *permissions_missing; // "" = none; NULL = not known yet
    const struct detected *argocd;   // NULL: not known yet
};

struct config_input {
    usec now;
    const struct object *object; // NULL unless present
    const char *problem;         // why it does not decode strictly, or NULL
    enum config_presence presence;
    struct config *in_force;
    const struct object *const *runs; // all AssessmentRuns
    size_t n_runs;
    bool runs_known;    // that list is complete
    bool may_schedule;  // the store has told what it remembers
    usec last_schedule; // newest that is remembered anywhere but in the object; 0 never
    struct operator_facts facts;
};

void reconcile_config(const struct config_input *in, struct plan *p);

// Names and times that the manager shows elsewhere too.
struct run_overview {
    // Newest finished runs of the whole cluster: not those of a pillar or a check by hand.
    const struct object *last;     // the one that succeeded, NULL if none
    const struct object *last_any; // whatever its end
    const struct object *active[64];
    size_t n_active;
};

void run_overview_make(const struct object *const *runs, size_t n, struct run_overview *ret);
usec config_last_schedule(const struct config_input *in);
