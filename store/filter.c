// SPDX-License-Identifier: Apache-2.0
// Filters come from people: their number is bounded and their values never become SQL.
#include "store/filter.h"

#define SQL_MAX ((size_t)64 << 10)

void filter_init(struct filter *f)
{
    *f = (struct filter){ 0 };
    buf_init(&f->sql, SQL_MAX);
}

void filter_fini(struct filter *f)
{
    buf_fini(&f->sql);
}

static void condition(struct filter *f)
{
    buf_adds(&f->sql, f->sql.n ? " AND " : " WHERE ");
}

static int value(struct filter *f, const char *v)
{
    if (f->n == FILTER_VALUES_MAX) {
        f->too_many = true;
        return f->n;
    }
    f->values[f->n++] = v;
    return f->n;
}

void filter_text(struct filter *f, const char *column, const char *v)
{
    if (!v)
        return;
    condition(f);
    buf_addf(&f->sql, "%s = ?%d", column, value(f, v));
}

void filter_any(struct filter *f, const char *column, const char *const *values)
{
    if (!values || !values[0])
        return;
    condition(f);
    buf_addf(&f->sql, "%s IN (", column);
    for (size_t i = 0; values[i]; i++)
        buf_addf(&f->sql, "%s?%d", i ? ", " : "", value(f, values[i]));
    buf_addc(&f->sql, ')');
}

void filter_time(struct filter *f, const char *column, const char *op, usec v)
{
    if (v == 0)
        return;
    condition(f);
    buf_addf(&f->sql, "%s %s ?%d", column, op, value(f, time_format(v, 3, f->times[f->n_times++ % 2])));
}

struct stmt *filter_prepare(const struct filter *f, struct db *d, const char *head, const char *tail, struct error *e)
{
    struct buf autobuf sql;
    struct stmt *s;

    buf_init(&sql, SQL_MAX);
    buf_adds(&sql, head);
    buf_add(&sql, f->sql.p ? f->sql.p : "", f->sql.n);
    buf_adds(&sql, tail);
    if (sql.failed || f->too_many) {
        error_set(e, ERR_USAGE, "too many filter values: at most %d", FILTER_VALUES_MAX);
        return NULL;
    }
    s = db_prepare(d, sql.p, e);
    for (int i = 0; s && i < f->n; i++)
        bind_text(s, i + 1, f->values[i]);
    return s;
}

void filter_page(struct stmt *s, int64_t limit, int64_t offset)
{
    bind_int(s, 998, limit > 0 ? limit : -1);
    bind_int(s, 999, offset);
}
