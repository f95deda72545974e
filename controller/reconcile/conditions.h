// SPDX-License-Identifier: Apache-2.0
// metav1.Condition by the API conventions: one per type, lastTransitionTime moves only when the
// status flips.
#pragma once

#include "apis/draft.h"
#include "apis/types.h"
#include "base/base.h"

struct condition_fact {
    const char *type;
    enum condition_status status;
    const char *reason, *message;
};

// Adds one condition to a list; `old` are the conditions that stand in the object now.
void condition_add(struct draft *item, struct rlist old, const struct condition_fact *f,
                   int64_t generation, usec now);
const struct condition *condition_find(struct rlist conditions, const char *type); // NULL if absent
bool condition_is_true(struct rlist conditions, const char *type);
