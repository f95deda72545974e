// SPDX-License-Identifier: Apache-2.0
// The single row of `operator_status`, and the audit trail.
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "base/error.h"

struct store;

struct operator_status_row {
    const char *mode, *tier, *version, *health, *cluster_id,
        *error; // cluster_id and error may be NULL
    bool registered;
    usec last_update;
};

int must_check store_status_put(struct store *s, const struct operator_status_row *r,
                                struct error *e);
int must_check store_status_get(struct store *s, struct arena *a, struct operator_status_row *ret,
                                struct error *e); // 1: none yet

int must_check store_audit(struct store *s, const char *action, const char *object,
                           const char *detail, struct error *e);
