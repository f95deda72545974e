// SPDX-License-Identifier: Apache-2.0
// Reading results and trends with filters. Rows are streamed to the caller: eighty thousand
// findings cost one row of memory.
#include "store/runs.h"

#include "store/filter.h"
#include "store/rank.h"
#include "store/store_internal.h"

// Runs outermost and in the order of idx_runs_assessed, then idx_results_rank: a page costs its own
// rows, not a sort of all.
#define COLUMNS                                                                                                      \
    "SELECT r.id, n.uid, n.name, c.pillar, c.check_id, c.name, r.rank, r.reason, r.object_kind, r.object_namespace," \
    " r.object_name, r.container, r.path, r.message, c.remediation, r.fingerprint, r.objects,"                       \
    " coalesce(n.started_at, n.requested_at), x.exempted_by, x.reason, x.until"
#define EXEMPTED " LEFT JOIN exempted_results x ON x.result = r.id"
#define FROM                                                                                       \
    " FROM runs n CROSS JOIN results r INDEXED BY idx_results_rank ON r.run = n.id CROSS JOIN checks c ON c.id = r.chk" EXEMPTED
#define ORDER                                                                                                             \
    " ORDER BY coalesce(n.started_at, n.requested_at) DESC, n.id DESC, r.rank, r.chk, r.object_namespace, r.object_kind," \
    " r.object_name"

static const char *word(struct stmt *q, int i)
{
    const char *s = col_text(q, i);

    return s && *s ? s : NULL;
}

static void read_finding(struct stmt *q, char id[32], struct finding_row *r)
{
    snprintf(id, 32, "fnd_%" PRId64, col_int(q, 0));
    *r = (struct finding_row){
        .id = id,
        .run_uid = col_text(q, 1),
        .run_name = col_text(q, 2),
        .pillar = col_text(q, 3),
        .check_id = col_text(q, 4),
        .check_name = col_text(q, 5),
        .severity = rank_severity(col_int(q, 6)),
        .status = rank_status(col_int(q, 6)),
        .reason = col_text(q, 7),
        .kind = word(q, 8),
        .ns = word(q, 9),
        .name = word(q, 10),
        .container = col_text(q, 11),
        .path = col_text(q, 12),
        .message = col_text(q, 13),
        .remediation = col_text(q, 14),
        .fingerprint = col_text(q, 15),
        .count = col_int(q, 16),
        .assessed = col_time(q, 17),
        .exempted_by = col_text(q, 18),
        .exempted_why = col_text(q, 19),
        .exempted_until = col_time(q, 20),
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
    const char *before = "r.rank IN (";

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
    buf_adds(&f->sql, before[0] == ',' ? ")" : "r.rank < 0"); // a word that no row can have
}

// Every condition is on r, so that counting touches no other table unless a filter asks for it.
static void add_conditions(struct filter *f, const struct finding_query *q, int64_t run)
{
    if (run)
        filter_int(f, "r.run", run);
    add_ranks(f, q);
    filter_list(f, "r.chk IN (SELECT id FROM checks WHERE pillar IN ", q->pillars, ")");
    filter_list(f, "r.chk IN (SELECT id FROM checks WHERE check_id IN ", q->checks, ")");
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
    char id[32];
    int rc;

    while ((rc = stmt_step(q, e)) == 1) {
        read_finding(q, id, &row);
        if (each(arg, &row) < 0)
            return 0;
    }
    return rc;
}

static int find(struct store *s, const struct finding_query *q,
                int (*each)(void *arg, const struct finding_row *f), void *arg, int64_t *ret_total,
                struct error *e)
{
    bool timed = q->since || q->until;
    struct stmt *rows = NULL;
    struct filter f;
    int64_t run = 0;
    int rc = resolve_run(s, q->run, &run, e);

    if (rc != 0)
        return rc;
    filter_init(&f);
    add_conditions(&f, q, run);
    add_times(&f, q);
    rc = filter_count(&f, s->db,
                      timed ? "SELECT count(*) FROM runs n CROSS JOIN results r ON r.run = n.id"
                            : "SELECT count(*) FROM results r",
                      ret_total, e);
    if (rc == 0 && !(rows = filter_prepare(&f, s->db, COLUMNS FROM, ORDER FILTER_PAGE, e)))
        rc = -1;
    if (rows) {
        filter_page(rows, q->limit, q->offset);
        rc = each_finding(rows, each, arg, e);
    }
    stmt_free(rows);
    filter_fini(&f);
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
    char text[32];
    int64_t number;
    int rc;

    if (!str_starts(id, "fnd_") || str_i64(str_of(id + 4), &number) < 0)
        return 1;
    q = db_prepare(
        s->db,
        COLUMNS " FROM results r JOIN runs n ON n.id = r.run JOIN checks c ON c.id = r.chk" EXEMPTED
                " WHERE r.id = ?1",
        e);
    if (!q)
        return store_fail(s);
    bind_int(q, 1, number);
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
