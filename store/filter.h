// SPDX-License-Identifier: Apache-2.0
// Builds `WHERE a = ?1 AND b IN (?2, ?3)` from optional conditions. Column names are constants of
// this program; values are always bound, never written into the SQL.
#pragma once

#include "base/base.h"
#include "base/clock.h"
#include "base/str.h"
#include "store/db.h"

#define FILTER_VALUES_MAX 400

struct filter {
    struct buf sql;
    const char *values[FILTER_VALUES_MAX];
    char times[2][TIME_TEXT_MAX];
    int n, n_times;
    bool too_many;
};

void filter_init(struct filter *f);
void filter_fini(struct filter *f);
void filter_text(struct filter *f, const char *column, const char *value); // NULL: no condition
void filter_any(struct filter *f, const char *column,
                const char *const *values); // NULL: no condition
void filter_time(struct filter *f, const char *column, const char *op,
                 usec value); // 0: no condition; twice at the most
// condition with one list in the middle: `before` (?1, ?2) `after`; NULL or empty: no condition
void filter_list(struct filter *f, const char *before, const char *const *values,
                 const char *after);
void filter_and(struct filter *f); // WHERE or AND, for a condition the caller appends to f->sql
void filter_int(struct filter *f, const char *column, int64_t value);
// `head` + WHERE + `tail`, bound and ready to step.
struct stmt *filter_prepare(const struct filter *f, struct db *d, const char *head,
                            const char *tail, struct error *e);
int must_check filter_count(const struct filter *f, struct db *d, const char *head, int64_t *ret,
                            struct error *e);
void filter_page(struct stmt *s, int64_t limit,
                 int64_t offset); // for tails that end in FILTER_PAGE; limit 0: all
#define FILTER_PAGE " LIMIT ?998 OFFSET ?999"
