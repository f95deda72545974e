// SPDX-License-Identifier: Apache-2.0
// Results that no run has any more: what lies between one span's end and the next one's begin.
// Spans are kept by run, not by row, so that a run costs one place of the file; here all of them
// are read and joined.
#include "store/results.h"
#include "store/store_internal.h"

#include "base/alloc.h"

#include <stdlib.h>

#define COVERED_MIN ((size_t)4096)

static int delete_between(struct store *s, int64_t after, int64_t before, int64_t limit,
                          int64_t *ret, struct error *e)
{
    struct stmt *q = db_query(s->db, QUERY_RESULTS_SWEEP, e);

    if (!q)
        return -1;
    bind_int(q, 1, after);
    bind_int(q, 2, before);
    bind_int(q, 3, limit);
    if (stmt_run(q, e) < 0)
        return -1;
    *ret += db_changes(s->db);
    return 0;
}

struct interval {
    int64_t first, last;
};

struct covered { // rows that some run has
    struct interval *v;
    size_t n, room;
};

static int by_first(const void *a, const void *b)
{
    const struct interval *x = a, *y = b;

    return x->first < y->first ? -1 : x->first > y->first;
}

static void join(struct covered *c)
{
    size_t kept = 0;

    if (c->n == 0)
        return;
    qsort(c->v, c->n, sizeof(*c->v), by_first);
    for (size_t i = 0; i < c->n; i++) {
        if (kept && c->v[i].first <= c->v[kept - 1].last + 1)
            c->v[kept - 1].last = MAX(c->v[kept - 1].last, c->v[i].last);
        else
            c->v[kept++] = c->v[i];
    }
    c->n = kept;
}

// Runs have nearly the same spans: joined in between, they need little room.
static void cover(struct covered *c, int64_t first, int64_t last)
{
    if (c->n == c->room) {
        join(c);
        if (c->n >= c->room / 2) {
            c->room = MAX(2 * c->room, COVERED_MIN);
            c->v = xrealloc(c->v, c->room * sizeof(*c->v));
        }
    }
    c->v[c->n++] = (struct interval){ first, last };
}

static int cover_spans(struct store *s, struct covered *c, struct error *e)
{
    struct stmt *q = db_query(s->db, QUERY_SPANS, e);
    int rc = -1;

    while (q && (rc = stmt_step(q, e)) == 1)
        cover(c, col_int(q, 0), col_int(q, 1));
    join(c);
    return rc;
}

int results_sweep(struct store *s, int64_t limit, int64_t *ret, struct error *e)
{
    struct covered c = { 0 };
    int64_t after = 0;
    int rc = cover_spans(s, &c, e);

    *ret = 0;
    for (size_t i = 0; rc == 0 && *ret < limit && i <= c.n; i++) {
        int64_t before = i < c.n ? c.v[i].first : INT64_MAX;

        if (before > after + 1)
            rc = delete_between(s, after, before, limit - *ret, ret, e);
        after = i < c.n ? c.v[i].last : after;
    }
    free(c.v);
    return rc;
}
