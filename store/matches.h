// SPDX-License-Identifier: Apache-2.0
// The results that a question about objects is for, as intervals of row numbers: found once, then
// each span of each run is asked how many of them it has.
#pragma once

#include "base/base.h"
#include "base/error.h"

struct stmt;

struct match_interval {
    int64_t first, last;
    int64_t before; // rows in the intervals before
};

struct matches { // zeroed is none
    struct match_interval *v;
    size_t n, room;
};

// Takes the row numbers that the statement gives, in rising order.
int must_check matches_read(struct matches *m, struct stmt *rows, struct error *e);
void matches_fini(struct matches *m);
// Of a struct matches: how many of its rows lie between the two, both included.
int64_t matches_between(void *m, int64_t first, int64_t last);
