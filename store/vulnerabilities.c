// SPDX-License-Identifier: Apache-2.0
// Each round marks the reports it met with its own number, so that those it did not meet can be
// told without a list in memory.
#include "store/vulnerabilities.h"

#include "store/filter.h"
#include "store/store_internal.h"

#include <strings.h>

static const char *const names[VULNERABILITY_SEVERITIES] = { "critical", "high", "medium", "low",
                                                             "unknown" };

const char *vulnerability_severity_name(int64_t s)
{
    return s >= 0 && s < VULNERABILITY_SEVERITIES ? names[s] : names[VULNERABILITY_UNKNOWN];
}

enum vulnerability_severity vulnerability_severity_of(const char *word)
{
    for (int i = 0; word && i < VULNERABILITY_SEVERITIES; i++) {
        if (strcasecmp(word, names[i]) == 0)
            return (enum vulnerability_severity)i;
    }
    return VULNERABILITY_UNKNOWN;
}

static int run(struct store *s, enum query_id id, struct error *e)
{
    struct stmt *q = db_query(s->db, id, e);

    return q && stmt_run(q, e) == 0 ? 0 : store_fail(s);
}

int store_scans_begin(struct store *s, struct error *e)
{
    s->scan_id = 0;
    return run(s, QUERY_SCANS_MARK, e);
}

int store_scans_end(struct store *s, struct error *e)
{
    return run(s, QUERY_SCANS_SWEEP, e);
}

// 1: the report's rows are as the report is. *ret_id: the row's number, 0 when there is none.
static int find_scan(struct store *s, const struct scan_row *r, int64_t *ret_id, struct error *e)
{
    struct stmt *q = db_query(s->db, QUERY_SCAN_GET, e);
    const char *version;
    int rc;

    *ret_id = 0;
    if (!q)
        return -1;
    bind_text(q, 1, r->uid);
    rc = stmt_step(q, e);
    if (rc <= 0)
        return rc;
    *ret_id = col_int(q, 0);
    version = col_text(q, 1);
    rc = version && strcmp(version, r->version) == 0;
    stmt_reset(q);
    return rc;
}

static int by_id(struct store *s, enum query_id id, int64_t scan, struct error *e)
{
    struct stmt *q = db_query(s->db, id, e);

    if (!q)
        return -1;
    bind_int(q, 1, scan);
    return stmt_run(q, e);
}

static int put_scan(struct store *s, const struct scan_row *r, struct error *e)
{
    struct stmt *q = db_query(s->db, QUERY_SCAN_PUT, e);
    const char *const words[] = { r->uid,  r->version,   r->kind,  r->ns,
                                  r->name, r->container, r->image, r->digest };

    if (!q)
        return -1;
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        bind_text(q, (int)i + 1, words[i]);
    bind_time(q, 9, r->scanned);
    s->rows_written++;
    return stmt_run(q, e);
}

int store_scan_put(struct store *s, const struct scan_row *r, struct error *e)
{
    int64_t old;
    int rc = find_scan(s, r, &old, e);

    s->scan_id = old;
    if (rc == 1)
        return by_id(s, QUERY_SCAN_SEEN, old, e) < 0 ? store_fail(s) : 0;
    if (rc < 0 || (old && by_id(s, QUERY_SCAN_DELETE, old, e) < 0) || put_scan(s, r, e) < 0 ||
        find_scan(s, r, &s->scan_id, e) < 0)
        return store_fail(s);
    return 1;
}

int store_vulnerability_put(struct store *s, const struct vulnerability_row *r, struct error *e)
{
    struct stmt *q = db_query(s->db, QUERY_VULNERABILITY_PUT, e);
    const char *const words[] = { r->id, r->package, r->installed, r->fixed };

    if (!q)
        return store_fail(s);
    bind_int(q, 1, s->scan_id);
    bind_int(q, 2, r->severity);
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        bind_text(q, (int)i + 3, words[i]);
    s->rows_written++;
    return stmt_run(q, e) < 0 ? store_fail(s) : 0;
}

// Reading

#define COLUMNS                                                                                    \
    "SELECT v.vulnerability_id, v.severity, v.package_name, v.installed_version, v.fixed_version," \
    " s.report_uid, s.object_kind, s.object_namespace, s.object_name, s.container, s.image,"       \
    " s.digest, s.scanned_at"
#define FROM " FROM image_vulnerabilities v JOIN image_scans s ON s.id = v.scan"
#define ORDER                                                                                      \
    " ORDER BY v.severity, v.vulnerability_id, s.image, s.object_namespace, s.object_kind,"        \
    " s.object_name, s.container, v.id"

static const char *word(struct stmt *q, int i)
{
    const char *s = col_text(q, i);

    return s ? s : "";
}

static void read_row(struct stmt *q, struct vulnerability_row *r)
{
    *r = (struct vulnerability_row){
        .id = word(q, 0),
        .severity = (enum vulnerability_severity)col_int(q, 1),
        .package = word(q, 2),
        .installed = word(q, 3),
        .fixed = word(q, 4),
        .scan = {.uid = word(q, 5),
                 .kind = word(q, 6),
                 .ns = word(q, 7),
                 .name = word(q, 8),
                 .container = word(q, 9),
                 .image = word(q, 10),
                 .digest = word(q, 11),
                 .scanned = col_time(q, 12)}
    };
}

static void add_severities(struct filter *f, const char *const *list)
{
    const char *before = "v.severity IN (";

    if (!list || !list[0])
        return;
    filter_and(f);
    for (; *list; list++) {
        buf_addf(&f->sql, "%s%d", before, vulnerability_severity_of(*list));
        before = ", ";
    }
    buf_adds(&f->sql, ")");
}

static void add_conditions(struct filter *f, const struct vulnerability_query *q)
{
    add_severities(f, q->severities);
    filter_any(f, "v.vulnerability_id", q->ids);
    filter_text(f, "v.package_name", q->package);
    filter_text(f, "s.image", q->image);
    filter_text(f, "s.object_namespace", q->ns);
    filter_time(f, "s.scanned_at", ">=", q->since);
    filter_time(f, "s.scanned_at", "<", q->until);
    if (q->fixable) {
        filter_and(f);
        buf_adds(&f->sql, "v.fixed_version <> ''");
    }
}

// A file that an older version of the program wrote has no such tables yet.
static int has_tables(struct store *s, struct error *e)
{
    int64_t n = 0;

    if (db_int(s->db, "SELECT count(*) FROM sqlite_master WHERE name = 'image_scans'", &n, e) < 0)
        return -1;
    return n > 0;
}

static int each_row(struct stmt *q, int (*each)(void *arg, const struct vulnerability_row *r),
                    void *arg, struct error *e)
{
    struct vulnerability_row row;
    int rc;

    while ((rc = stmt_step(q, e)) == 1) {
        read_row(q, &row);
        if (each(arg, &row) < 0)
            return 0;
    }
    return rc;
}

static int find(struct store *s, const struct vulnerability_query *q,
                int (*each)(void *arg, const struct vulnerability_row *r), void *arg,
                int64_t *ret_total, struct error *e)
{
    struct stmt *rows = NULL;
    struct filter f;
    int rc;

    filter_init(&f);
    add_conditions(&f, q);
    rc = filter_count(&f, s->db, "SELECT count(*)" FROM, ret_total, e);
    if (rc == 0 && !(rows = filter_prepare(&f, s->db, COLUMNS FROM, ORDER FILTER_PAGE, e)))
        rc = -1;
    if (rows) {
        filter_page(rows, q->limit, q->offset);
        rc = each_row(rows, each, arg, e);
    }
    stmt_free(rows);
    filter_fini(&f);
    return rc;
}

int store_vulnerability_each(struct store *s, const struct vulnerability_query *q,
                             int (*each)(void *arg, const struct vulnerability_row *r), void *arg,
                             int64_t *ret_total, struct error *e)
{
    bool snapshot = db_snapshot(s->db);
    int rc = has_tables(s, e);

    *ret_total = 0;
    if (rc == 1)
        rc = find(s, q, each, arg, ret_total, e);
    if (snapshot)
        db_snapshot_end(s->db);
    return rc < 0 ? store_fail(s) : 0;
}

static int read_scans(struct store *s, struct vulnerability_summary *ret, struct error *e)
{
    struct stmt *q = db_prepare(s->db,
                                "SELECT count(*), count(DISTINCT image), min(scanned_at),"
                                " max(scanned_at) FROM image_scans",
                                e);
    int rc = q ? stmt_step(q, e) : -1;

    if (rc == 1) {
        ret->reports = col_int(q, 0);
        ret->images = col_int(q, 1);
        ret->oldest = col_time(q, 2);
        ret->newest = col_time(q, 3);
    }
    stmt_free(q);
    return rc < 0 ? -1 : 0;
}

static int read_severities(struct store *s, struct vulnerability_summary *ret, struct error *e)
{
    struct stmt *q = db_prepare(s->db,
                                "SELECT severity, count(*), sum(fixed_version <> '')"
                                " FROM image_vulnerabilities GROUP BY severity",
                                e);
    int rc = -1;

    while (q && (rc = stmt_step(q, e)) == 1) {
        int64_t i = col_int(q, 0);

        if (i < 0 || i >= VULNERABILITY_SEVERITIES)
            continue;
        ret->found[i] = col_int(q, 1);
        ret->fixable[i] = col_int(q, 2);
    }
    stmt_free(q);
    return rc;
}

int store_vulnerability_summary(struct store *s, struct vulnerability_summary *ret, struct error *e)
{
    bool snapshot = db_snapshot(s->db);
    int rc = has_tables(s, e);

    *ret = (struct vulnerability_summary){ 0 };
    if (rc == 1)
        rc = read_scans(s, ret, e) < 0 ? -1 : read_severities(s, ret, e);
    if (snapshot)
        db_snapshot_end(s->db);
    return rc < 0 ? store_fail(s) : 0;
}
