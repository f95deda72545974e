// SPDX-License-Identifier: Apache-2.0
// Intervals in rising order, each with the number of rows before it: a count between two rows is
// two binary searches.
#include "store/matches.h"

#include "base/alloc.h"
#include "store/db.h"

#define MATCHES_MAX ((size_t)1 << 20)

static int add(struct matches *m, int64_t id, struct error *e)
{
    struct match_interval next = { .first = id, .last = id };

    if (m->n && id == m->v[m->n - 1].last + 1) {
        m->v[m->n - 1].last = id;
        return 0;
    }
    if (m->n)
        next.before = m->v[m->n - 1].before + m->v[m->n - 1].last - m->v[m->n - 1].first + 1;
    if (m->n == MATCHES_MAX)
        return error_set(
            e, ERR_LIMIT,
            "too many findings are about these objects: name a --run, or a shorter time");
    if (m->n == m->room) {
        m->room = m->room ? 2 * m->room : 256;
        m->v = xrealloc(m->v, m->room * sizeof(*m->v));
    }
    m->v[m->n++] = next;
    return 0;
}

int matches_read(struct matches *m, struct stmt *rows, struct error *e)
{
    int rc;

    while ((rc = stmt_step(rows, e)) == 1) {
        if (add(m, col_int(rows, 0), e) < 0)
            return -1;
    }
    return rc;
}

void matches_fini(struct matches *m)
{
    free(m->v);
    memset(m, 0, sizeof(*m));
}

// Rows up to and including this one.
static int64_t up_to(const struct matches *m, int64_t id)
{
    size_t low = 0, high = m->n; // intervals below low begin at or before it

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (m->v[middle].first <= id)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return 0;
    return m->v[low - 1].before + MIN(id, m->v[low - 1].last) - m->v[low - 1].first + 1;
}

int64_t matches_between(void *m, int64_t first, int64_t last)
{
    return up_to(m, last) - up_to(m, first - 1);
}
