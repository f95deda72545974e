// SPDX-License-Identifier: Apache-2.0
// From the reports of a run, and where reports of ours may stand, to what is to be written and what
// is to go. Pure.
#pragma once

#include "controller/plan.h"

struct report_set;

struct policy_report_input {
    const struct report_set *reports; // NULL: none are wanted
    const char *const *standing;      // namespaces that may hold a report of ours; "" the cluster
    size_t n_standing;
};

void reconcile_policy_reports(const struct policy_report_input *in, struct plan *p);
