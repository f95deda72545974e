// SPDX-License-Identifier: Apache-2.0
// Reading results and trends with filters. Rows are streamed to the caller: eighty thousand
// findings cost one row of memory.
#include "store/runs.h"

#include "store/filter.h"
#include "store/matches.h"
#include "store/rank.h"
#include "store/store_internal.h"

#define SPANS_SINCE 4 // schema version

// Runs outermost and in the order of idx_runs_assessed, then a run's spans in the order of their
// key: a page costs its own blocks, not a sort of all.
#define COLUMNS                                                                                                            \
    "SELECT n.id, r.id, n.uid, n.name, c.pillar, c.check_id, c.name, r.rank, r.reason, r.object_kind, r.object_namespace," \
    " r.object_name, r.container, r.path, r.message, c.remediation, r.fingerprint, r.objects,"                             \
    " coalesce(n.started_at, n.requested_at), x.exempted_by, x.reason, x.until"
#define SPANS    " FROM runs n CROSS JOIN spans s ON s.run = n.id"
#define RESULTS  " CROSS JOIN results r ON r.id BETWEEN s.first AND s.last"
#define EXEMPTED " LEFT JOIN exempted_results x ON x.result = r.id"
#define FROM     SPANS RESULTS " CROSS JOIN checks c ON c.id = s.chk" EXEMPTED
#define ORDER                                                                                                             \
    " ORDER BY coalesce(n.started_at, n.requested_at) DESC, n.id DESC, s.rank, s.chk, r.object_namespace, r.object_kind," \
    " r.object_name"

static const char *word(struct stmt *q, int i)
{
    const char *s = col_text(q, i);

    return s && *s ? s : NULL;
}

static void read_finding(struct stmt *q, char id[RESULT_ID_MAX], struct finding_row *r)
{
    result_id_text(col_int(q, 0), col_int(q, 1), id);
    *r = (struct finding_row){
        .id = id,
        .run_uid = col_text(q, 2),
        .run_name = col_text(q, 3),
        .pillar = col_text(q, 4),
        .check_id = col_text(q, 5),
        .check_name = col_text(q, 6),
        .severity = rank_severity(col_int(q, 7)),
        .status = rank_status(col_int(q, 7)),
        .reason = col_text(q, 8),
        .kind = word(q, 9),
        .ns = word(q, 10),
        .name = word(q, 11),
        .container = col_text(q, 12),
        .path = col_text(q, 13),
        .message = col_text(q, 14),
        .remediation = col_text(q, 15),
        .fingerprint = col_text(q, 16),
        .count = col_int(q, 17),
        .assessed = col_time(q, 18),
        .exempted_by = col_text(q, 19),
        .exempted_why = col_text(q, 20),
        .exempted_until = col_time(q, 21),
    };
}

// "latest" becomes the newest finished run, a uid or name its row; *ret is its number, 0 for all.
// 1: there is no such run.
static int resolve_run(struct store *s, const char *run, int64_t *ret, struct error *e)
{
    struct arena *autoarena a = arena_new((size_t)1 << 20);
    struct run_row row;
    struct stmt *q;
    int rc;

    *ret = 0;
    if (!run || strcmp(run, "all") == 0)
        return 0;
    rc = store_run_get(s, run, a, &row, e);
    if (rc != 0)
        return rc;
    q = db_query(s->db, QUERY_RUN_ID, e);
    if (!q)
        return -1;
    bind_text(q, 1, row.uid);
    rc = stmt_step(q, e);
    if (rc < 0)
        return -1;
    if (rc == 1)
        *ret = col_int(q, 0);
    stmt_reset(q);
    return rc == 0;
}

static bool wanted(const char *const *list, const char *have)
{
    return !list || !list[0] || str_is_one_of(have, list);
}

// Severities and statuses are ranks in the table.
static void add_ranks(struct filter *f, const struct finding_query *q)
{
    const char *before = "s.rank IN (";

    if ((!q->severities || !q->severities[0]) && (!q->statuses || !q->statuses[0]))
        return;
    filter_and(f);
    for (int rank = 0; rank < RANKS; rank++) {
        if (!*rank_status(rank) || !wanted(q->severities, rank_severity(rank)) ||
            !wanted(q->statuses, rank_status(rank)))
            continue;
        buf_addf(&f->sql, "%s%d", before, rank);
        before = ", ";
    }
    buf_adds(&f->sql, before[0] == ',' ? ")" : "s.rank < 0"); // a word that no row can have
}

static void add_conditions(struct filter *f, const struct finding_query *q, int64_t run)
{
    if (run)
        filter_int(f, "n.id", run);
    add_ranks(f, q);
    filter_list(f, "s.chk IN (SELECT id FROM checks WHERE pillar IN ", q->pillars, ")");
    filter_list(f, "s.chk IN (SELECT id FROM checks WHERE check_id IN ", q->checks, ")");
}

static bool has_objects(const struct finding_query *q)
{
    return q->ns || q->name || (q->kinds && q->kinds[0]);
}

static void add_objects(struct filter *f, const struct finding_query *q)
{
    filter_any(f, "r.object_kind", q->kinds);
    filter_text(f, "r.object_namespace", q->ns);
    filter_text(f, "r.object_name", q->name);
}

static void add_times(struct filter *f, const struct finding_query *q)
{
    filter_time(f, "coalesce(n.started_at, n.requested_at)", ">=", q->since);
    filter_time(f, "coalesce(n.started_at, n.requested_at)", "<", q->until);
}

static int each_finding(struct stmt *q, int (*each)(void *arg, const struct finding_row *f),
                        void *arg, struct error *e)
{
    struct finding_row row;
    char id[RESULT_ID_MAX];
    int rc;

    while ((rc = stmt_step(q, e)) == 1) {
        read_finding(q, id, &row);
        if (each(arg, &row) < 0)
            return 0;
    }
    return rc;
}

// A reader migrates nothing.
static int can_be_read(struct store *s, struct error *e)
{
    int64_t version = 0;

    if (db_int(s->db, "PRAGMA user_version", &version, e) < 0)
        return -1;
    if (version >= SPANS_SINCE)
        return 0;
    return error_set(e, ERR_INVALID,
                     "database '%s' has schema version %" PRId64
                     ", its findings are read from %d on:"
                     " `kube9-operator serve` brings it there when it starts",
                     s->path, version, SPANS_SINCE);
}

static int match_objects(struct store *s, const struct finding_query *q, struct matches *m,
                         struct error *e)
{
    struct stmt *rows;
    struct filter f;
    int rc;

    filter_init(&f);
    add_objects(&f, q);
    rows = filter_prepare(&f, s->db, "SELECT r.id FROM results r", " ORDER BY r.id", e);
    rc = rows ? matches_read(m, rows, e) : -1;
    stmt_free(rows);
    filter_fini(&f);
    return rc < 0 ? -1 : db_function(s->db, "matches", matches_between, m, e);
}

// One run's rows are few: they are looked at. In all runs it is the spans that are asked.
static bool asks_spans(const struct finding_query *q, int64_t run)
{
    return has_objects(q) && run == 0;
}

// A span says how many rows it has, or how many of them are about the objects.
static int count(struct store *s, const struct finding_query *q, int64_t run, int64_t *ret,
                 struct error *e)
{
    struct filter f;
    int rc;

    filter_init(&f);
    add_conditions(&f, q, run);
    add_times(&f, q);
    if (run)
        add_objects(&f, q);
    rc = filter_count(&f, s->db,
                      asks_spans(q, run) ? "SELECT total(matches(s.first, s.last))" SPANS
                      : has_objects(q)   ? "SELECT count(*)" SPANS RESULTS
                                         : "SELECT total(s.last - s.first + 1)" SPANS,
                      ret, e);
    filter_fini(&f);
    return rc;
}

static int each_found(struct store *s, const struct finding_query *q, int64_t run,
                      int (*each)(void *arg, const struct finding_row *f), void *arg,
                      struct error *e)
{
    struct stmt *rows;
    struct filter f;
    int rc = -1;

    filter_init(&f);
    add_conditions(&f, q, run);
    if (asks_spans(q, run)) {
        filter_and(&f);
        buf_adds(&f.sql, "matches(s.first, s.last) > 0");
    }
    add_objects(&f, q);
    add_times(&f, q);
    rows = filter_prepare(&f, s->db, COLUMNS FROM, ORDER FILTER_PAGE, e);
    if (rows) {
        filter_page(rows, q->limit, q->offset);
        rc = each_finding(rows, each, arg, e);
    }
    stmt_free(rows);
    filter_fini(&f);
    return rc;
}

static int find(struct store *s, const struct finding_query *q,
                int (*each)(void *arg, const struct finding_row *f), void *arg, int64_t *ret_total,
                struct error *e)
{
    struct matches m = { 0 };
    int64_t run = 0;
    int rc = can_be_read(s, e) < 0 ? -1 : resolve_run(s, q->run, &run, e);

    if (rc != 0)
        return rc;
    if (asks_spans(q, run))
        rc = match_objects(s, q, &m, e);
    if (rc == 0)
        rc = count(s, q, run, ret_total, e);
    if (rc == 0)
        rc = each_found(s, q, run, each, arg, e);
    matches_fini(&m);
    return rc;
}

int store_finding_each(struct store *s, const struct finding_query *q,
                       int (*each)(void *arg, const struct finding_row *f), void *arg,
                       int64_t *ret_total, struct error *e)
{
    bool snapshot = db_snapshot(s->db);
    int rc;

    *ret_total = 0;
    rc = find(s, q, each, arg, ret_total, e);
    if (snapshot)
        db_snapshot_end(s->db);
    return rc < 0 ? store_fail(s) : rc;
}

static void keep_words(struct finding_row *r, struct arena *a)
{
    const char **const words[] = { &r->id,          &r->run_uid,     &r->run_name,
                                   &r->pillar,      &r->check_id,    &r->check_name,
                                   &r->reason,      &r->kind,        &r->ns,
                                   &r->name,        &r->container,   &r->path,
                                   &r->message,     &r->remediation, &r->fingerprint,
                                   &r->exempted_by, &r->exempted_why };

    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        *words[i] = arena_strdup(a, *words[i]);
}

int store_finding_get(struct store *s, const char *id, struct arena *a, struct finding_row *ret,
                      struct error *e)
{
    struct stmt *q;
    struct finding_row row;
    char text[RESULT_ID_MAX];
    int64_t run, number;
    int rc;

    if (result_id_parse(id, &run, &number) < 0)
        return 1;
    if (can_be_read(s, e) < 0)
        return store_fail(s);
    q = db_prepare(s->db, COLUMNS FROM " WHERE n.id = ?1 AND r.id = ?2", e);
    if (!q)
        return store_fail(s);
    bind_int(q, 1, run);
    bind_int(q, 2, number);
    rc = stmt_step(q, e);
    if (rc == 1) {
        read_finding(q, text, &row);
        keep_words(&row, a);
        *ret = row;
    }
    stmt_free(q);
    return rc < 0 ? store_fail(s) : rc == 0;
}

static void read_history(struct stmt *q, struct history_row *r)
{
    *r = (struct history_row){
        .run_uid = col_text(q, 0),
        .run_name = col_text(q, 1),
        .pillar = col_text(q, 2),
        .score = col_text(q, 3) ? (int32_t)col_int(q, 3) : -1,
        .passing = (int32_t)col_int(q, 4),
        .failing = (int32_t)col_int(q, 5),
        .warning = (int32_t)col_int(q, 6),
        .skipped = (int32_t)col_int(q, 7),
        .error = (int32_t)col_int(q, 8),
        .assessed = col_time(q, 9),
    };
}

static int each_history(struct stmt *q, int (*each)(void *arg, const struct history_row *h),
                        void *arg, struct error *e)
{
    struct history_row row;
    int rc;

    while ((rc = stmt_step(q, e)) == 1) {
        read_history(q, &row);
        if (each(arg, &row) < 0)
            return 0;
    }
    return rc;
}

int store_history_each(struct store *s, const struct history_query *q,
                       int (*each)(void *arg, const struct history_row *h), void *arg,
                       int64_t *ret_total, struct error *e)
{
    static const char head[] =
        "SELECT run_uid, run_name, pillar, score, passing_count, failing_count, warning_count, skipped_count,"
        " error_count, assessed_at FROM assessment_history";
    bool snapshot = db_snapshot(s->db);
    struct stmt *rows = NULL;
    struct filter f;
    int rc;

    filter_init(&f);
    filter_any(&f, "pillar", q->pillars);
    filter_time(&f, "assessed_at", ">=", q->since);
    filter_time(&f, "assessed_at", "<", q->until);
    rc = filter_count(&f, s->db, "SELECT count(*) FROM assessment_history", ret_total, e);
    if (rc == 0 &&
        !(rows = filter_prepare(&f, s->db, head, " ORDER BY assessed_at DESC, id" FILTER_PAGE, e)))
        rc = -1;
    if (rows) {
        filter_page(rows, q->limit, q->offset);
        rc = each_history(rows, each, arg, e);
    }
    stmt_free(rows);
    filter_fini(&f);
    if (snapshot)
        db_snapshot_end(s->db);
    return rc < 0 ? store_fail(s) : 0;
}
