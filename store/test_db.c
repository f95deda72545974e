// SPDX-License-Identifier: Apache-2.0
// The schema and the layer over SQLite.
#include "base/test.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "store/db.h"
#include "store/fake_store.h"
#include "store/filter.h"
#include "store/migrations.h"
#include "store/rank.h"

#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

static struct db *fresh(const struct fake_dir *d)
{
    struct error e = { 0 };
    struct db *db = db_open(d->db, false, &e);

    assert_non_null(db);
    for (int i = 0; i < STORE_SCHEMA_VERSION; i++)
        assert_int_equal(db_exec(db, store_migrations[i], &e), 0);
    return db;
}

static void every_fixed_statement_prepares(void **state unused_arg)
{
    struct fake_dir d;
    struct error e = { 0 };
    struct db *db;

    fake_dir_make(&d);
    db = fresh(&d);
    for (int i = 0; i < QUERY_COUNT; i++) {
        if (!db_query(db, (enum query_id)i, &e))
            fail_msg("%s: %s", query_sql((enum query_id)i), e.text);
    }
    db_close(db);
    fake_dir_remove(&d);
}

// No row of the plan may scan a table that grows with the history.
static void fixed_statements_that_run_often_use_an_index(void **state unused_arg)
{
    static const enum query_id often[] = { QUERY_RUN_GET,           QUERY_RUN_LATEST,
                                           QUERY_SPANS_CLEAR,       QUERY_CHECK_ID,
                                           QUERY_HISTORY_OF_RUN,    QUERY_HISTORY_CLEAR,
                                           QUERY_RETAIN_HISTORY,    QUERY_RESULT_LAST,
                                           QUERY_RESULT_BY_CONTENT, QUERY_RESULTS_SWEEP };
    struct fake_dir d;
    struct error e = { 0 };
    struct db *db;

    fake_dir_make(&d);
    db = fresh(&d);
    for (size_t i = 0; i < ARRAY_SIZE(often); i++) {
        autofree char *sql = xasprintf("EXPLAIN QUERY PLAN %s", query_sql(often[i]));
        struct stmt *s = db_prepare(db, sql, &e);

        assert_non_null(s);
        while (stmt_step(s, &e) == 1) {
            const char *plan = col_text(s, 3);

            if (strstr(plan, "SCAN") && !strstr(plan, "USING"))
                fail_msg("%s: %s", query_sql(often[i]), plan);
        }
        stmt_free(s);
    }
    db_close(db);
    fake_dir_remove(&d);
}

static void ranks_go_there_and_back_in_c_and_in_sql(void **state unused_arg)
{
    static const char *const severities[] = { "critical", "high", "medium", "low" };
    static const char *const statuses[] = { "failing", "warning", "error", "passing", "skipped" };
    struct error e = { 0 };
    struct db *db = db_open(":memory:", false, &e);

    assert_non_null(db);
    for (size_t i = 0; i < 20; i++) {
        const char *severity = severities[i / 5], *status = statuses[i % 5];
        int rank = rank_of(severity, status);
        struct stmt *s =
            db_prepare(db, "SELECT " RANK_SEVERITY_SQL("?1") ", " RANK_STATUS_SQL("?1"), &e);

        assert_true(rank >= 0 && rank < RANKS);
        assert_string_equal(rank_severity(rank), severity);
        assert_string_equal(rank_status(rank), status);
        bind_int(s, 1, rank);
        assert_int_equal(stmt_step(s, &e), 1);
        assert_string_equal(col_text(s, 0), severity);
        assert_string_equal(col_text(s, 1), status);
        stmt_free(s);
    }
    assert_int_equal(rank_of("urgent", "failing"), -1);
    assert_int_equal(rank_of("high", NULL), -1);
    assert_string_equal(rank_status(63), "");
    assert_string_equal(rank_severity(-1), "");
    db_close(db);
}

static void times_are_text_that_sorts(void **state unused_arg)
{
    struct error e = { 0 };
    struct db *db = db_open(":memory:", false, &e);
    struct stmt *s = db_prepare(db, "SELECT ?1, ?2, ?3", &e);

    bind_time(s, 1, FAKE_START + 1500);
    bind_time(s, 2, 0);
    bind_text(s, 3, "yesterday");
    assert_int_equal(stmt_step(s, &e), 1);
    assert_string_equal(col_text(s, 0), "2026-01-01T00:00:00.001Z");
    assert_int_equal(col_time(s, 0), FAKE_START + 1000);
    assert_int_equal(col_time(s, 1), 0);
    assert_int_equal(col_time(s, 2), 0);
    stmt_free(s);
    db_close(db);
}

static void a_filter_with_too_many_values_is_refused(void **state unused_arg)
{
    const char *many[FILTER_VALUES_MAX + 2];
    struct error e = { 0 };
    struct db *db = db_open(":memory:", false, &e);
    struct filter f;

    for (size_t i = 0; i + 1 < ARRAY_SIZE(many); i++)
        many[i] = "x";
    many[ARRAY_SIZE(many) - 1] = NULL;
    filter_init(&f);
    filter_any(&f, "name", many);
    assert_null(filter_prepare(&f, db, "SELECT name FROM sqlite_master", "", &e));
    assert_int_equal(e.code, ERR_USAGE);
    filter_fini(&f);
    db_close(db);
}

static void a_bad_statement_is_an_error_with_its_words(void **state unused_arg)
{
    struct error e = { 0 };
    struct db *db = db_open(":memory:", false, &e);

    assert_int_equal(db_exec(db, "SELECT * FROM nothing", &e), -1);
    assert_non_null(strstr(e.text, "nothing"));
    db_close(db);
}

static void a_reader_cannot_write(void **state unused_arg)
{
    struct fake_dir d;
    struct error e = { 0 };
    struct db *db;

    fake_dir_make(&d);
    db_close(fresh(&d));
    db = db_open(d.db, true, &e);
    assert_non_null(db);
    assert_int_equal(db_exec(db, "DELETE FROM facts", &e), -1);
    db_close(db);
    fake_dir_remove(&d);
}

// Tests that mount need root.
static bool mounted(struct fake_dir *d, const char *options)
{
    fake_dir_make(d);
    if (mount("tmpfs", d->path, "tmpfs", 0, options) == 0)
        return true;
    rmdir(d->path);
    return false;
}

static void unmount(struct fake_dir *d)
{
    umount2(d->path, MNT_DETACH);
    rmdir(d->path);
}

static void a_file_on_a_read_only_medium_can_be_read(void **state unused_arg)
{
    struct fake_dir d;
    struct error e = { 0 };
    struct db *db;
    int64_t n = -1;

    if (!mounted(&d, "size=4m"))
        SKIP_TEST("needs root to mount a tmpfs");
    db_close(fresh(&d));
    assert_int_equal(mount("tmpfs", d.path, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL), 0);
    db = db_open(d.db, true, &e);
    if (!db)
        fail_msg("%s", e.text);
    assert_int_equal(db_int(db, "SELECT count(*) FROM runs", &n, &e), 0);
    assert_int_equal(n, 0);
    db_close(db);
    unmount(&d);
}

// The files of a killed writer, copied to a medium of its own.
static void rows_left_in_the_log_on_a_read_only_medium_are_not_passed_over(void **state unused_arg)
{
    struct fake_dir d, medium;
    struct error e = { 0 };
    struct db *db;
    char command[600];

    if (!mounted(&medium, "size=4m"))
        SKIP_TEST("needs root to mount a tmpfs");
    fake_dir_make(&d);
    db = fresh(&d);
    assert_int_equal(db_exec(db, "INSERT INTO facts VALUES('a', 'b')", &e), 0);
    snprintf(command, sizeof(command), "cp %s %s-wal %s", d.db, d.db, medium.path);
    assert_int_equal(system(command), 0);
    assert_int_equal(mount("tmpfs", medium.path, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL), 0);
    assert_null(db_open(medium.db, true, &e));
    assert_non_null(strstr(e.text, "copy both files"));
    db_close(db);
    fake_dir_remove(&d);
    unmount(&medium);
}

RUN(T(every_fixed_statement_prepares), T(fixed_statements_that_run_often_use_an_index),
    T(ranks_go_there_and_back_in_c_and_in_sql), T(times_are_text_that_sorts),
    T(a_filter_with_too_many_values_is_refused), T(a_bad_statement_is_an_error_with_its_words),
    T(a_reader_cannot_write), T(a_file_on_a_read_only_medium_can_be_read),
    T(rows_left_in_the_log_on_a_read_only_medium_are_not_passed_over))
