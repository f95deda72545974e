// SPDX-License-Identifier: Apache-2.0
// The list of fixed statements: queries.def is the only way to run SQL that is not built from
// filters.
#pragma once

#define RUN_COLUMNS                                                                                \
    "uid, name, mode, run_trigger, phase, reason, message, profile, requested_at, started_at,"     \
    " completed_at, score, grade, total, passing, failing, warning, skipped, error, evaluated,"    \
    " config_generation"

enum query_id {

#define QUERY(id, sql) QUERY_##id,
#include "store/queries.def"
#undef QUERY
    QUERY_COUNT
};

const char *query_sql(enum query_id id);
