// SPDX-License-Identifier: Apache-2.0
// Runs: their rows, their counts per pillar, and the transaction that makes a run's results all or
// nothing.
#include "store/runs.h"

#include "base/map.h"
#include "store/filter.h"
#include "store/rank.h"
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

static int row_id(struct store *s, enum query_id id, const char *key, int64_t *ret, struct error *e)
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

// Rows of an earlier attempt at the same run are marked; the commit removes what was not written
// again.
static int mark_stale(struct store *s, struct error *e)
{
    struct stmt *q = db_query(s->db, QUERY_RUN_MARK, e);

    if (!q)
        return -1;
    bind_int(q, 1, s->run_id);
    if (stmt_run(q, e) < 0)
        return -1;
    s->stale = db_changes(s->db);
    q = s->stale ? db_query(s->db, QUERY_RUN_NOT_EXEMPTED, e) : NULL;
    if (!q)
        return s->stale ? -1 : 0;
    bind_int(q, 1, s->run_id);
    return stmt_run(q, e);
}

static int sweep_stale(struct store *s, struct error *e)
{
    struct stmt *q = s->stale ? db_query(s->db, QUERY_RUN_SWEEP, e) : NULL;

    if (!q)
        return s->stale ? -1 : 0;
    bind_int(q, 1, s->run_id);
    return stmt_run(q, e);
}

int store_run_begin(struct store *s, const struct run_row *r, struct error *e)
{
    if (s->in_run)
        return error_set(e, ERR_BUG, "run '%s' begins inside another", r->uid);
    if (store_begin(s, e) < 0)
        return -1;
    if (put_run(s, r, e) < 0 || row_id(s, QUERY_RUN_ID, r->uid, &s->run_id, e) < 0 ||
        mark_stale(s, e) < 0) {
        store_rollback(s);
        return store_fail(s);
    }
    s->in_run = true;
    memset(s->known, 0, sizeof(s->known)); // a rollback took rows of checks away
    return 0;
}

static bool same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static int put_check(struct store *s, const struct finding_row *f, struct error *e)
{
    struct stmt *q = db_query(s->db, QUERY_CHECK_PUT, e);

    if (!q)
        return -1;
    bind_text(q, 1, f->check_id);
    bind_text(q, 2, f->check_name);
    bind_text(q, 3, f->pillar);
    bind_text(q, 4, f->remediation);
    return stmt_run(q, e);
}

// The check's number; its words are brought up to date when a newer version of the program has
// others.
static int check_number(struct store *s, const struct finding_row *f, int64_t *ret, struct error *e)
{
    struct stmt *q = db_query(s->db, QUERY_CHECK_ID, e);
    bool known = false;
    int rc;

    if (!q)
        return -1;
    bind_text(q, 1, f->check_id);
    rc = stmt_step(q, e);
    if (rc < 0)
        return -1;
    if (rc == 1) {
        *ret = col_int(q, 0);
        known = same(col_text(q, 1), f->check_name) && same(col_text(q, 2), f->pillar) &&
                (!f->remediation || same(col_text(q, 3), f->remediation));
        stmt_reset(q);
    }
    if (known)
        return 0;
    return put_check(s, f, e) < 0 ? -1 : row_id(s, QUERY_CHECK_ID, f->check_id, ret, e);
}

static uint64_t hash_words(const struct finding_row *f)
{
    const char *const words[] = { f->check_id, f->check_name, f->pillar, f->remediation };
    uint64_t hash = 0;

    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        hash = hash * 31 + (words[i] ? hash64_stable(words[i], strlen(words[i])) : 1);
    return hash ? hash : 1;
}

// A run has thousands of findings of a hundred and fifty checks.
static int known_number(struct store *s, const struct finding_row *f, int64_t *ret, struct error *e)
{
    uint64_t hash = hash_words(f);
    struct known_check *k = &s->known[hash % KNOWN_CHECKS];

    if (k->hash != hash) {
        if (check_number(s, f, ret, e) < 0)
            return -1;
        *k = (struct known_check){ hash, *ret };
    }
    *ret = k->number;
    return 0;
}

static const char *or_null(const char *s)
{
    return s && *s ? s : NULL;
}

// What a row of one check in one run is about, as a number: the object, or, for a row about the
// whole check, its rank, so that what passes and what was skipped stand side by side.
static int64_t subject_of(const struct finding_row *f, int rank)
{
    const char *const words[] = { f->kind, f->ns, f->name };
    char text[1024];
    size_t n = 0;

    if (!or_null(f->kind))
        return rank;
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        const char *word = words[i] ? words[i] : "";
        size_t len = MIN(strlen(word), sizeof(text) / 3 - 1);

        memcpy(text + n, word, len);
        text[n + len] = '\0';
        n += len + 1;
    }
    return (int64_t)hash64_stable(text, n);
}

static int put_exempted(struct store *s, const struct finding_row *f, int64_t chk, int64_t subject,
                        struct error *e)
{
    struct stmt *q = db_query(s->db, QUERY_EXEMPTED_PUT, e);

    if (!q)
        return -1;
    bind_int(q, 1, s->run_id);
    bind_int(q, 2, chk);
    bind_int(q, 3, subject);
    bind_text(q, 4, f->exempted_by);
    bind_text(q, 5, or_null(f->exempted_why));
    bind_time(q, 6, f->exempted_until);
    return stmt_run(q, e);
}

static int put_result(struct store *s, const struct finding_row *f, struct error *e)
{
    const char *const words[] = { f->reason,    f->kind, f->ns,      f->name,
                                  f->container, f->path, f->message, f->fingerprint };
    int rank = rank_of(f->severity, f->status);
    struct stmt *q;
    int64_t chk = 0;

    if (rank < 0)
        return error_set(e, ERR_BUG, "finding of %s with severity '%s' and status '%s'",
                         f->check_id, f->severity ? f->severity : "", f->status ? f->status : "");
    if (known_number(s, f, &chk, e) < 0 || !(q = db_query(s->db, QUERY_RESULT_PUT, e)))
        return -1;
    bind_int(q, 1, s->run_id);
    bind_int(q, 2, chk);
    bind_int(q, 3, rank);
    bind_int(q, 4, f->count);
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        bind_text(q, 5 + (int)i, or_null(words[i]));
    bind_int(q, 13, subject_of(f, rank));
    s->rows_written++;
    if (stmt_run(q, e) < 0)
        return -1;
    return f->exempted_by ? put_exempted(s, f, chk, subject_of(f, rank), e) : 0;
}

int store_run_finding(struct store *s, const struct finding_row *f, struct error *e)
{
    if (!s->in_run)
        return error_set(e, ERR_BUG, "finding outside a run");
    return put_result(s, f, e) < 0 ? store_fail(s) : 0;
}

int store_run_commit(struct store *s, const struct run_row *r, struct error *e)
{
    if (!s->in_run)
        return error_set(e, ERR_BUG, "commit outside a run");
    s->in_run = false;
    if (sweep_stale(s, e) < 0 || put_run(s, r, e) < 0) {
        store_rollback(s);
        return store_fail(s);
    }
    return store_commit(s, e);
}

void store_run_rollback(struct store *s)
{
    if (s->in_run)
        store_rollback(s);
    s->in_run = false;
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
