// SPDX-License-Identifier: Apache-2.0
// Runs: their rows, their counts per pillar, and the transaction that makes a run's results all or
// nothing.
#include "store/runs.h"

#include "store/filter.h"
#include "store/store_internal.h"

static void bind_run(struct stmt *q, const struct run_row *r)
{
    const char *const words[] = { r->uid,   r->name,   r->mode,    r->trigger,
                                  r->phase, r->reason, r->message, r->profile };
    const int32_t counts[] = { r->total,   r->passing, r->failing,  r->warning,
                               r->skipped, r->error,   r->evaluated };
    int at = 1;

    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        bind_text(q, at++, words[i]);
    bind_time(q, at++, r->requested ? r->requested : r->started);
    bind_time(q, at++, r->started);
    bind_time(q, at++, r->completed);
    if (r->score >= 0)
        bind_int(q, at, r->score);
    else
        bind_text(q, at, NULL);
    bind_text(q, at + 1, r->grade);
    at += 2;
    for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
        bind_int(q, at++, counts[i]);
    bind_int(q, at, r->config_generation);
}

static int put_history(struct store *s, const struct run_row *r, const struct run_pillar *p,
                       struct error *e)
{
    struct stmt *q = db_query(s->db, QUERY_HISTORY_PUT, e);
    const int32_t counts[] = { p->passing, p->failing, p->warning, p->skipped, p->error };

    if (!q)
        return -1;
    bind_text(q, 1, r->uid);
    bind_text(q, 2, r->name);
    bind_text(q, 3, p->name);
    if (p->score >= 0)
        bind_int(q, 4, p->score);
    else
        bind_text(q, 4, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
        bind_int(q, 5 + (int)i, counts[i]);
    bind_time(q, 10, r->completed);
    s->rows_written++;
    return stmt_run(q, e);
}

static int run_by_uid(struct store *s, enum query_id id, const char *uid, struct error *e)
{
    struct stmt *q = db_query(s->db, id, e);

    if (!q)
        return -1;
    bind_text(q, 1, uid);
    return stmt_run(q, e);
}

// Inside a transaction.
static int put_run(struct store *s, const struct run_row *r, struct error *e)
{
    struct stmt *q = db_query(s->db, QUERY_RUN_PUT, e);

    if (!q)
        return -1;
    bind_run(q, r);
    if (stmt_run(q, e) < 0 || run_by_uid(s, QUERY_HISTORY_CLEAR, r->uid, e) < 0)
        return -1;
    s->rows_written++;
    for (size_t i = 0; r->completed && i < r->n_pillars; i++) {
        if (put_history(s, r, &r->pillars[i], e) < 0)
            return -1;
    }
    return 0;
}

int store_run_put(struct store *s, const struct run_row *r, struct error *e)
{
    if (store_begin(s, e) < 0)
        return -1;
    if (put_run(s, r, e) < 0) {
        store_rollback(s);
        return store_fail(s);
    }
    return store_commit(s, e);
}

int store_row_id(struct store *s, enum query_id id, const char *key, int64_t *ret, struct error *e)
{
    struct stmt *q = db_query(s->db, id, e);
    int rc;

    if (!q)
        return -1;
    bind_text(q, 1, key);
    rc = stmt_step(q, e);
    if (rc <= 0)
        return rc < 0 ? -1 : error_set(e, ERR_NOT_FOUND, "no row for '%s'", key);
    *ret = col_int(q, 0);
    stmt_reset(q);
    return 0;
}

int store_run_begin(struct store *s, const struct run_row *r, struct error *e)
{
    if (s->in_run)
        return error_set(e, ERR_BUG, "run '%s' begins inside another", r->uid);
    if (store_begin(s, e) < 0)
        return -1;
    if (put_run(s, r, e) < 0 || store_row_id(s, QUERY_RUN_ID, r->uid, &s->run_id, e) < 0 ||
        results_begin(s, e) < 0) {
        store_rollback(s);
        return store_fail(s);
    }
    s->in_run = true;
    return 0;
}

int store_run_finding(struct store *s, const struct finding_row *f, struct error *e)
{
    if (!s->in_run)
        return error_set(e, ERR_BUG, "finding outside a run");
    return results_put(s, f, e) < 0 ? store_fail(s) : 0;
}

int store_run_commit(struct store *s, const struct run_row *r, struct error *e)
{
    if (!s->in_run)
        return error_set(e, ERR_BUG, "commit outside a run");
    s->in_run = false;
    if (results_end(s, e) < 0 || put_run(s, r, e) < 0) {
        results_fini(&s->results);
        store_rollback(s);
        return store_fail(s);
    }
    results_fini(&s->results);
    return store_commit(s, e);
}

void store_run_rollback(struct store *s)
{
    if (s->in_run)
        store_rollback(s);
    s->in_run = false;
    results_fini(&s->results);
}

static void read_run(struct stmt *q, struct arena *a, struct run_row *r)
{
    int32_t *const counts[] = { &r->total,   &r->passing, &r->failing,  &r->warning,
                                &r->skipped, &r->error,   &r->evaluated };

    *r = (struct run_row){
        .uid = col_dup(q, 0, a),
        .name = col_dup(q, 1, a),
        .mode = col_dup(q, 2, a),
        .trigger = col_dup(q, 3, a),
        .phase = col_dup(q, 4, a),
        .reason = col_dup(q, 5, a),
        .message = col_dup(q, 6, a),
        .profile = col_dup(q, 7, a),
        .requested = col_time(q, 8),
        .started = col_time(q, 9),
        .completed = col_time(q, 10),
        .score = -1,
        .grade = col_dup(q, 12, a),
    };
    if (col_text(q, 11))
        r->score = (int32_t)col_int(q, 11);
    for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
        *counts[i] = (int32_t)col_int(q, 13 + (int)i);
    r->config_generation = col_int(q, 20);
}

static int read_pillars(struct store *s, struct arena *a, struct run_row *r, struct error *e)
{
    struct stmt *q = db_query(s->db, QUERY_HISTORY_OF_RUN, e);
    int rc;

    if (!q)
        return -1;
    bind_text(q, 1, r->uid);
    while ((rc = stmt_step(q, e)) == 1 && r->n_pillars < STORE_PILLARS) {
        struct run_pillar *p = &r->pillars[r->n_pillars++];

        *p = (struct run_pillar){ .name = col_dup(q, 0, a),
                                  .score = col_text(q, 1) ? (int32_t)col_int(q, 1) : -1,
                                  .passing = (int32_t)col_int(q, 2),
                                  .failing = (int32_t)col_int(q, 3),
                                  .warning = (int32_t)col_int(q, 4),
                                  .skipped = (int32_t)col_int(q, 5),
                                  .error = (int32_t)col_int(q, 6) };
    }
    stmt_reset(q);
    return rc < 0 ? -1 : 0;
}

static int get_run(struct store *s, const char *key, struct arena *a, struct run_row *ret,
                   struct error *e)
{
    struct stmt *q = db_query(s->db, QUERY_RUN_GET, e);
    struct run_row row;
    int rc;

    if (!q)
        return store_fail(s);
    bind_text(q, 1, key);
    rc = stmt_step(q, e);
    if (rc <= 0)
        return rc < 0 ? store_fail(s) : 1;
    read_run(q, a, &row);
    stmt_reset(q);
    if (read_pillars(s, a, &row, e) < 0)
        return store_fail(s);
    *ret = row;
    return 0;
}

int store_run_newest(struct store *s, const char *mode, struct arena *a, struct run_row *ret,
                     struct error *e)
{
    struct stmt *q = db_query(s->db, QUERY_RUN_LATEST, e);
    const char *uid;
    int rc;

    if (!q)
        return store_fail(s);
    bind_text(q, 1, mode);
    rc = stmt_step(q, e);
    if (rc <= 0)
        return rc < 0 ? store_fail(s) : 1;
    uid = col_dup(q, 0, a);
    stmt_reset(q);
    return get_run(s, uid, a, ret, e);
}

int store_run_get(struct store *s, const char *uid_or_name, struct arena *a, struct run_row *ret,
                  struct error *e)
{
    return strcmp(uid_or_name, "latest") == 0 ? store_run_newest(s, NULL, a, ret, e)
                                              : get_run(s, uid_or_name, a, ret, e);
}

static int read_runs(struct store *s, struct stmt *rows,
                     int (*each)(void *arg, const struct run_row *r), void *arg, struct error *e)
{
    struct arena *autoarena a = arena_new((size_t)1 << 20);
    struct run_row row;
    int rc;

    while ((rc = stmt_step(rows, e)) == 1) {
        arena_reset(a);
        read_run(rows, a, &row);
        if (read_pillars(s, a, &row, e) < 0)
            return -1;
        if (each(arg, &row) < 0)
            return 0;
    }
    return rc;
}

int store_run_each(struct store *s, const struct run_query *q,
                   int (*each)(void *arg, const struct run_row *r), void *arg, int64_t *ret_total,
                   struct error *e)
{
    bool snapshot = db_snapshot(s->db);
    struct stmt *rows = NULL;
    struct filter f;
    int rc;

    filter_init(&f);
    filter_any(&f, "phase", q->phases);
    filter_time(&f, "requested_at", ">=", q->since);
    filter_time(&f, "requested_at", "<", q->until);
    rc = filter_count(&f, s->db, "SELECT count(*) FROM runs", ret_total, e);
    if (rc == 0) {
        rows = filter_prepare(&f, s->db, "SELECT " RUN_COLUMNS " FROM runs",
                              " ORDER BY requested_at DESC, id DESC" FILTER_PAGE, e);
        rc = rows ? 0 : -1;
    }
    if (rows) {
        filter_page(rows, q->limit, q->offset);
        rc = read_runs(s, rows, each, arg, e);
    }
    stmt_free(rows);
    filter_fini(&f);
    if (snapshot)
        db_snapshot_end(s->db);
    return rc < 0 ? store_fail(s) : 0;
}
