// SPDX-License-Identifier: Apache-2.0
// A condition that did not flip keeps its time, so that an unchanged state encodes to the same
// bytes and is not written again.
#include "controller/reconcile/conditions.h"

const struct condition *condition_find(struct rlist conditions, const char *type)
{
    FOR_EACH (condition, c, conditions) {
        if (strcmp(atom_str(condition_type(c)), type) == 0)
            return c;
    }
    return NULL;
}

bool condition_is_true(struct rlist conditions, const char *type)
{
    return condition_status(condition_find(conditions, type)) == CONDITION_TRUE;
}

void condition_add(struct draft *item, struct rlist old, const struct condition_fact *f,
                   int64_t generation, usec now)
{
    const struct condition *was = condition_find(old, f->type);
    bool flipped = !was || condition_status(was) != f->status;

    condition_put_type(item, f->type);
    condition_put_status(item, f->status);
    condition_put_observed_generation(item, generation);
    condition_put_last_transition_time(item, flipped ? now / USEC_PER_SEC
                                                     : condition_last_transition_time(was));
    condition_put_reason(item, f->reason);
    condition_put_message(item, f->message);
}
