// SPDX-License-Identifier: Apache-2.0
// Which checks a run executes, and how strictly: mode, pillars, include and exclude lists, profile
// (checks-catalog.md §0.13).
#pragma once

#include "controller/checks/checks.h"

#define CHECKS_MAX 512 // bound of per-run tables; a static assertion of the list holds it

struct profile {
    const char *name;
    const char *frameworks;    // framework that selects checks; NULL = all
    const char *const *enable; // CHECK_OFF ids that run in it
    bool strict;               // three replicas, liveness fails
    bool restricted; // the restricted Pod Security Standard: user namespaces relax nothing more
    bool standard;   // a Pod Security Standard as the API server judges it, and nothing beyond
};

const struct profile *profile_find(const char *name); // NULL name: "default"; NULL if unknown

// Has the profile this check on a server of Kubernetes 1.minor (0: unknown, the newest)?
bool profile_in_force(const struct profile *p, const struct check *c, int minor);
// Does the profile spare Windows Pods this check? os: the Pod says itself that it is one.
bool profile_spares_windows(const struct profile *p, const struct check *c, int minor, bool os);

struct selection {
    const struct profile *profile;
    bool listed[CHECKS_MAX];  // takes part in the result (mode and pillars)
    bool enabled[CHECKS_MAX]; // and runs; listed but not enabled: skipped, disabled
};

int must_check select_checks(const struct assessment_options *o, struct selection *ret,
                             struct error *e);
