// SPDX-License-Identifier: Apache-2.0
// What a workload's containers ask for beside what they were seen to use (apis/usage.h). Containers
// that a webhook put into its Pods are somebody else's and left out.
#pragma once

#include "apis/usage.h"
#include "controller/checks/report.h"
#include "controller/checks/resources.h"
#include "controller/checks/unit.h"

enum demand_need {
    DEMAND_NOW,     // seen by the last look
    DEMAND_HISTORY, // three samples or more, over three hours or more
};

// Says what is wrong with one container; report_at stands on it. false: it has nothing to compare.
typedef bool (*demand_fn)(struct report *r, void *arg, const struct container *c,
                          const struct usage_samples *s);

// Of the running containers and sidecars of the template. A workload of which too little is known,
// or that fn has nothing to compare of, is skipped.
void demand_each(struct report *r, const struct workload *w, enum demand_need need, demand_fn fn,
                 void *arg);
// In the units of resources.h.
int64_t demand_value(struct usage_sample s, enum resource res);
