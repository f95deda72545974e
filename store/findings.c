// SPDX-License-Identifier: Apache-2.0
// Reading results and trends with filters. Rows are streamed to the caller: eighty thousand findings cost one row of memory.
#include "store/runs.h"

#include "store/filter.h"
#include "store/store_internal.h"

static const char columns[] =
    "SELECT id, run_uid, run_name, pillar, check_id, check_name, severity, status, reason, object_kind, object_namespace,"
    " object_name, container, path, message, remediation, fingerprint, objects, assessed_at FROM assessments";
static const char by_weight[] =
    " ORDER BY assessed_at DESC, CASE severity WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 ELSE 3 END,"
    " CASE status WHEN 'failing' THEN 0 WHEN 'error' THEN 1 WHEN 'warning' THEN 2 WHEN 'passing' THEN 3 ELSE 4 END,"
    " pillar, check_id, object_namespace, object_kind, object_name" FILTER_PAGE;

static void read_finding(struct stmt *q, struct finding_row *r)
{
    *r = (struct finding_row){
        .id = col_text(q, 0),         .run_uid = col_text(q, 1),   .run_name = col_text(q, 2),  .pillar = col_text(q, 3),
        .check_id = col_text(q, 4),   .check_name = col_text(q, 5), .severity = col_text(q, 6), .status = col_text(q, 7),
        .reason = col_text(q, 8),     .kind = col_text(q, 9),      .ns = col_text(q, 10),       .name = col_text(q, 11),
        .container = col_text(q, 12), .path = col_text(q, 13),     .message = col_text(q, 14),  .remediation = col_text(q, 15),
        .fingerprint = col_text(q, 16), .count = col_int(q, 17),   .assessed = col_time(q, 18),
    };
}

// "latest" becomes the newest finished run's uid; a name its uid. 1: there is no such run.
static int resolve_run(struct store *s, const char *run, struct arena *a, const char **ret, struct error *e)
{
    struct run_row row;
    int rc;

    *ret = NULL;
    if (!run || strcmp(run, "all") == 0)
        return 0;
    rc = store_run_get(s, run, a, &row, e);
    if (rc == 0)
        *ret = row.uid;
    return rc;
}

static void add_conditions(struct filter *f, const struct finding_query *q, const char *run)
{
    filter_text(f, "run_uid", run);
    filter_any(f, "pillar", q->pillars);
    filter_any(f, "status", q->statuses);
    filter_any(f, "severity", q->severities);
    filter_any(f, "check_id", q->checks);
    filter_any(f, "object_kind", q->kinds);
    filter_text(f, "object_namespace", q->ns);
    filter_text(f, "object_name", q->name);
    filter_time(f, "assessed_at", ">=", q->since);
    filter_time(f, "assessed_at", "<", q->until);
}

static int count(struct store *s, const struct filter *f, const char *head, int64_t *ret, struct error *e)
{
    struct stmt *q = filter_prepare(f, s->db, head, "", e);
    int rc = q ? stmt_step(q, e) : -1;

    if (rc == 1)
        *ret = col_int(q, 0);
    stmt_free(q);
    return rc < 0 ? store_fail(s) : 0;
}

static int each_finding(struct stmt *q, int (*each)(void *arg, const struct finding_row *f), void *arg, struct error *e)
{
    struct finding_row row;
    int rc;

    while ((rc = stmt_step(q, e)) == 1) {
        read_finding(q, &row);
        if (each(arg, &row) < 0)
            break;
    }
    stmt_free(q);
    return rc < 0 ? -1 : 0;
}

int store_finding_each(struct store *s, const struct finding_query *q, int (*each)(void *arg, const struct finding_row *f), void *arg,
                       int64_t *ret_total, struct error *e)
{
    struct arena *autoarena a = arena_new((size_t)1 << 20);
    struct filter f;
    struct stmt *rows;
    const char *run;
    int rc = resolve_run(s, q->run, a, &run, e);

    *ret_total = 0;
    if (rc != 0)
        return rc;
    filter_init(&f);
    add_conditions(&f, q, run);
    rc = count(s, &f, "SELECT count(*) FROM assessments", ret_total, e);
    rows = rc < 0 ? NULL : filter_prepare(&f, s->db, columns, by_weight, e);
    if (rows) {
        filter_page(rows, q->limit, q->offset);
        rc = each_finding(rows, each, arg, e);
    }
    filter_fini(&f);
    return rows && rc == 0 ? 0 : store_fail(s);
}

int store_finding_get(struct store *s, const char *id, struct arena *a, struct finding_row *ret, struct error *e)
{
    struct filter f;
    struct stmt *q;
    struct finding_row row;
    int rc;

    filter_init(&f);
    filter_text(&f, "id", id);
    q = filter_prepare(&f, s->db, columns, "", e);
    rc = q ? stmt_step(q, e) : -1;
    if (rc == 1) {
        const char **const words[] = { &row.id,     &row.run_uid, &row.run_name, &row.pillar, &row.check_id, &row.check_name,
                                       &row.severity, &row.status, &row.reason,  &row.kind,   &row.ns,       &row.name,
                                       &row.container, &row.path,  &row.message, &row.remediation, &row.fingerprint };

        read_finding(q, &row);
        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
            *words[i] = arena_strdup(a, *words[i]);
        *ret = row;
    }
    stmt_free(q);
    filter_fini(&f);
    return rc < 0 ? store_fail(s) : rc == 0;
}

int store_run_list(struct store *s, const struct run_query *q, struct arena *a, struct run_list *ret, struct error *e)
{
    static const char newest[] = " ORDER BY requested_at DESC, id DESC" FILTER_PAGE;
    struct run_list list = { 0 };
    struct filter f;
    struct stmt *rows;
    size_t cap = 0;
    int rc;

    filter_init(&f);
    filter_any(&f, "phase", q->phases);
    filter_time(&f, "requested_at", ">=", q->since);
    filter_time(&f, "requested_at", "<", q->until);
    rc = count(s, &f, "SELECT count(*) FROM runs", &list.total, e);
    rows = rc < 0 ? NULL : filter_prepare(&f, s->db, "SELECT uid FROM runs", newest, e);
    rc = rows ? 0 : -1;
    if (rows) {
        filter_page(rows, q->limit, q->offset);
        cap = (size_t)(q->limit > 0 ? MIN(q->limit, list.total) : list.total);
        list.v = ARENA_ARRAY(a, struct run_row, cap ? cap : 1);
        while (list.n < cap && (rc = stmt_step(rows, e)) == 1) {
            if (store_run_get(s, col_text(rows, 0), a, &list.v[list.n], e) == 0)
                list.n++;
        }
    }
    stmt_free(rows);
    filter_fini(&f);
    if (rc < 0)
        return store_fail(s);
    *ret = list;
    return 0;
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

int store_history_each(struct store *s, const struct history_query *q, int (*each)(void *arg, const struct history_row *h), void *arg,
                       int64_t *ret_total, struct error *e)
{
    static const char head[] = "SELECT run_uid, run_name, pillar, score, passing_count, failing_count, warning_count, skipped_count,"
                               " error_count, assessed_at FROM assessment_history";
    struct history_row row;
    struct filter f;
    struct stmt *rows;
    int rc;

    filter_init(&f);
    filter_any(&f, "pillar", q->pillars);
    filter_time(&f, "assessed_at", ">=", q->since);
    filter_time(&f, "assessed_at", "<", q->until);
    rc = count(s, &f, "SELECT count(*) FROM assessment_history", ret_total, e);
    rows = rc < 0 ? NULL : filter_prepare(&f, s->db, head, " ORDER BY assessed_at DESC, id" FILTER_PAGE, e);
    rc = rows ? 0 : -1;
    if (rows) {
        filter_page(rows, q->limit, q->offset);
        while ((rc = stmt_step(rows, e)) == 1) {
            read_history(rows, &row);
            if (each(arg, &row) < 0)
                break;
        }
    }
    stmt_free(rows);
    filter_fini(&f);
    return rc < 0 ? store_fail(s) : 0;
}
