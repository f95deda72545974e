// SPDX-License-Identifier: Apache-2.0
// One small number for severity and status of a result. Rows sorted by it stand in the order in
// which people read them: problems (failing, warning, error) from critical to low, then passing,
// then skipped.
#pragma once

#include "base/base.h"

#define RANKS 64 // all ranks are below

int rank_of(const char *severity, const char *status); // -1: a word that is not known
const char *rank_severity(int64_t rank);               // "" when out of range; likewise below
const char *rank_status(int64_t rank);

// The same in SQL, for the view. rank = group * 16 + severity * 4 + place; group 0: problems, 1:
// passing, 2: skipped.
#define RANK_SEVERITY_SQL(rank)                                                                    \
    "CASE " rank                                                                                   \
    " / 4 % 4 WHEN 0 THEN 'critical' WHEN 1 THEN 'high' WHEN 2 THEN 'medium' ELSE 'low' END"
#define RANK_STATUS_SQL(rank)                                                                      \
    "CASE " rank " / 16 WHEN 0 THEN CASE " rank                                                    \
    " % 4 WHEN 0 THEN 'failing' WHEN 1 THEN 'warning' ELSE 'error' END"                            \
    " WHEN 1 THEN 'passing' ELSE 'skipped' END"
