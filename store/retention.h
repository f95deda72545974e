// SPDX-License-Identifier: Apache-2.0
// Deletes what has outlived its keep time, in small transactions. The newest finished run and
// everything active stay.
#pragma once

#include "base/base.h"
#include "base/error.h"

struct store;

struct retention {    // DESIGN §5 retention; 0 = never delete
    usec assessments; // assessment_history: counts per run and pillar
    usec findings;    // rows of assessments
    usec collections, events_normal, events_critical, insights;
};

// ret_deleted: rows gone. Returns after max_rows at the most (1 = more to do), so that the worker
// stays responsive.
int must_check store_retain(struct store *s, const struct retention *r, usec now, int64_t max_rows,
                            int64_t *ret_deleted, struct error *e);
