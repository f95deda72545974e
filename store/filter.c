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

void filter_and(struct filter *f)
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
    filter_and(f);
    buf_addf(&f->sql, "%s = ?%d", column, value(f, v));
}

void filter_list(struct filter *f, const char *before, const char *const *values, const char *after)
{
    if (!values || !values[0])
        return;
    filter_and(f);
    buf_adds(&f->sql, before);
    buf_addc(&f->sql, '(');
    for (size_t i = 0; values[i]; i++)
        buf_addf(&f->sql, "%s?%d", i ? ", " : "", value(f, values[i]));
    buf_addf(&f->sql, ")%s", after);
}

void filter_any(struct filter *f, const char *column, const char *const *values)
{
    char before[64];

    snprintf(before, sizeof(before), "%s IN ", column);
    filter_list(f, before, values, "");
}

void filter_int(struct filter *f, const char *column, int64_t v)
{
    filter_and(f);
    buf_addf(&f->sql, "%s = %" PRId64, column, v);
}

void filter_time(struct filter *f, const char *column, const char *op, usec v)
{
    if (v == 0)
        return;
    filter_and(f);
    buf_addf(&f->sql, "%s %s ?%d", column, op,
             value(f, time_format(v, 3, f->times[f->n_times++ % 2])));
}

struct stmt *filter_prepare(const struct filter *f, struct db *d, const char *head,
                            const char *tail, struct error *e)
{
    struct buf autobuf sql = { 0 };
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

int filter_count(const struct filter *f, struct db *d, const char *head, int64_t *ret,
                 struct error *e)
{
    struct stmt *s = filter_prepare(f, d, head, "", e);
    int rc = s ? stmt_step(s, e) : -1;

    if (rc == 1)
        *ret = col_int(s, 0);
    stmt_free(s);
    return rc < 0 ? -1 : 0;
}

void filter_page(struct stmt *s, int64_t limit, int64_t offset)
{
    bind_int(s, 998, limit > 0 ? limit : -1);
    bind_int(s, 999, offset);
}
