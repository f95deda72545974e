// SPDX-License-Identifier: Apache-2.0
// What goes, what stays, and how much at a time.
#include "base/test.h"

#include "base/alloc.h"
#include "store/db.h"
#include "store/fake_store.h"
#include "store/retention.h"

#define DAY USEC_PER_DAY

static struct fake_dir d;
static struct store *s;
static struct error e;

static int setup(void **state unused_arg)
{
    fake_dir_make(&d);
    s = store_open(d.db, NULL, &e);
    return s ? 0 : -1;
}

static int teardown(void **state unused_arg)
{
    store_close(s);
    fake_dir_remove(&d);
    return 0;
}

static int64_t count(const char *sql)
{
    return fake_store_count(&d, sql);
}

static void run_sql(const char *sql)
{
    struct db *db = db_open(d.db, false, &e);

    assert_non_null(db);
    if (db_exec(db, sql, &e) < 0)
        fail_msg("%s", e.text);
    db_close(db);
}

static int64_t retain(const struct retention *r, usec now)
{
    int64_t deleted = 0, part;
    int rc;

    do {
        rc = store_retain(s, r, now, 1000, &part, &e);
        assert_true(rc >= 0);
        deleted += part;
    } while (rc == 1);
    return deleted;
}

#define RESULTS "SELECT count(*) FROM assessments"
#define KEPT    "SELECT count(*) FROM results"
#define RUNS    "SELECT count(*) FROM runs"
#define HISTORY "SELECT count(*) FROM assessment_history"

static void each_kind_of_row_has_its_own_time(void **state unused_arg)
{
    const struct retention r = { .findings = 3 * DAY, .assessments = 6 * DAY };

    for (int i = 0; i < 10; i++)
        fake_run_put(s, &(struct fake_run){ .number = i, .findings = 5 });
    retain(&r, FAKE_START + 10 * DAY); // runs 7, 8, 9 are less than 3 days old; 4 to 9 less than 6
    assert_int_equal(count(RESULTS), 15);
    assert_int_equal(count(HISTORY), 36);
    assert_int_equal(count(RUNS), 6);
    assert_int_equal(retain(&r, FAKE_START + 10 * DAY), 0);
}

static void a_result_goes_with_the_last_run_that_has_it(void **state unused_arg)
{
    const struct retention r = { .findings = 3 * DAY };

    for (int i = 0; i < 4; i++)
        fake_run_put(s, &(struct fake_run){ .number = i, .findings = 7 - i });
    assert_int_equal(count(KEPT), 7);
    for (int i = 0; i < 4; i++) { // the latest run stays
        retain(&r, FAKE_START + (3 + i) * DAY + USEC_PER_HOUR);
        assert_int_equal(count(KEPT), MAX(7 - i - 1, 4));
        assert_int_equal(count("SELECT count(DISTINCT fingerprint) FROM assessments"),
                         MAX(7 - i - 1, 4));
    }
}

// What a process left that was killed between the two is found by the next.
static void results_without_a_run_are_met_after_a_restart(void **state unused_arg)
{
    fake_run_put(s, &(struct fake_run){ .number = 0, .findings = 5 });
    assert_int_equal(retain(&(struct retention){ 0 }, FAKE_START), 0);
    run_sql("DELETE FROM spans WHERE chk > 3");
    assert_int_equal(retain(&(struct retention){ 0 }, FAKE_START), 0);
    store_close(s);
    s = store_open(d.db, NULL, &e);
    assert_non_null(s);
    assert_int_equal(retain(&(struct retention){ 0 }, FAKE_START), 2);
    assert_int_equal(count(KEPT), 3);
}

// More spans than are joined at once, and none beside another.
static void every_other_result_of_twenty_thousand_goes(void **state unused_arg)
{
    fake_run_put(s, &(struct fake_run){ .number = 0 });
    run_sql(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO results"
        " (id, chk, rank, object_kind, object_namespace, object_name) SELECT i, 1, 0, '', '', '' FROM n;"
        "INSERT INTO spans SELECT r.id, 0, 1, x.id, x.id FROM runs r, results x WHERE x.id % 2 = 0 ORDER BY x.id % 97");
    assert_int_equal(retain(&(struct retention){ 0 }, FAKE_START), 10000);
    assert_int_equal(count(KEPT " WHERE id % 2 = 0"), 10000);
    assert_int_equal(count(KEPT), 10000);
    assert_int_equal(count(RESULTS), 0); // nothing names check 1
}

static void the_moment_itself_is_kept(void **state unused_arg)
{
    usec done = FAKE_START + 4 * USEC_PER_SEC; // run 0 completes

    fake_run_put(s, &(struct fake_run){ .number = 0, .findings = 5 });
    fake_run_put(s, &(struct fake_run){ .number = 1, .findings = 5 });
    assert_int_equal(retain(&(struct retention){ .findings = DAY }, done + DAY), 0);
    assert_int_equal(retain(&(struct retention){ .findings = DAY }, done + DAY + USEC_PER_MSEC), 5);
    assert_int_equal(count(KEPT), 5);
}

static void the_latest_run_stays_whatever_its_age(void **state unused_arg)
{
    const struct retention r = { .findings = DAY, .assessments = DAY };

    fake_run_put(s, &(struct fake_run){ .number = 0, .findings = 5 });
    fake_run_put(s, &(struct fake_run){ .number = 1, .findings = 5 });
    fake_run_put(s, &(struct fake_run){ .number = 2, .failed = true });
    retain(&r, FAKE_START + 1000 * DAY);
    assert_int_equal(count(RUNS " WHERE uid = 'run-1'"), 1);
    assert_int_equal(count(RUNS), 1);
    assert_int_equal(count(RESULTS), 5);
    assert_int_equal(count(HISTORY), 6);
}

static void an_active_run_stays(void **state unused_arg)
{
    struct run_row r = fake_run_row("u", "n");

    assert_int_equal(store_run_put(s, &r, &e), 0);
    r.uid = "v";
    r.phase = "Pending";
    assert_int_equal(store_run_put(s, &r, &e), 0);
    fake_run_put(s, &(struct fake_run){ .number = 5, .findings = 1 });
    retain(&(struct retention){ .findings = DAY, .assessments = DAY }, FAKE_START + 1000 * DAY);
    assert_int_equal(count(RUNS), 3);
}

static void zero_keeps_for_ever_and_a_trend_never_loses_its_run(void **state unused_arg)
{
    for (int i = 0; i < 3; i++)
        fake_run_put(s, &(struct fake_run){ .number = i, .findings = 5 });
    retain(&(struct retention){ 0 }, FAKE_START + 1000 * DAY);
    assert_int_equal(count(RESULTS), 15);
    retain(&(struct retention){ .findings = DAY }, FAKE_START + 1000 * DAY);
    assert_int_equal(count(RESULTS), 5);
    assert_int_equal(count(HISTORY), 18);
    assert_int_equal(count(RUNS), 3);
}

static void a_slice_is_never_exceeded(void **state unused_arg)
{
    const struct retention r = { .findings = DAY, .assessments = DAY };
    int64_t deleted = 0;

    fake_run_put(s, &(struct fake_run){ .number = 0, .findings = 250 });
    fake_run_put(s, &(struct fake_run){ .number = 9, .findings = 1 });
    assert_int_equal(count("SELECT count(*) FROM spans"), 80 + 1);
    // Spans, counts, the run, and the results but the one that run 9 has too.
    for (int i = 0; i < 3; i++) {
        assert_int_equal(store_retain(s, &r, FAKE_START + 10 * DAY, 100, &deleted, &e), 1);
        assert_int_equal(deleted, 100);
    }
    assert_int_equal(store_retain(s, &r, FAKE_START + 10 * DAY, 100, &deleted, &e), 0);
    assert_int_equal(deleted, 80 + 6 + 1 + 249 - 300);
    assert_int_equal(count(KEPT), 1);
    assert_int_equal(count(RESULTS), 1);
}

static void events_insights_collections_and_audit_follow_their_rules(void **state unused_arg)
{
    const struct retention r = { .assessments = 365 * DAY,
                                 .collections = 30 * DAY,
                                 .events_normal = 7 * DAY,
                                 .events_critical = 30 * DAY,
                                 .insights = 90 * DAY };

    fake_run_put(s, &(struct fake_run){ .number = 364, .findings = 1 });
    run_sql(
        "INSERT INTO events(id, event_type, severity, title, created_at) VALUES"
        " ('1', 'a', 'info', 't', '2026-03-22T00:00:00.000Z'), ('2', 'a', 'info', 't', '2026-03-29T00:00:00.000Z'),"
        " ('3', 'a', 'warning', 't', '2026-03-22T00:00:00.000Z'), ('4', 'a', 'error', 't', '2026-03-22T00:00:00.000Z'),"
        " ('5', 'a', 'critical', 't', '2026-02-25T00:00:00.000Z');"
        "INSERT INTO collections VALUES('1', 'x', '{}', '2026-02-25T00:00:00.000Z'), ('2', 'x', '{}', '2026-03-22T00:00:00.000Z');"
        "INSERT INTO insights(id, cluster_id, object_kind, object_name, insight_type, severity, title, insight_text, status, created_at,"
        " expires_at) VALUES ('1', 'c', 'k', 'n', 't', 'low', 't', 't', 'active', 'x', '2025-01-01T00:00:00.000Z'),"
        " ('2', 'c', 'k', 'n', 't', 'low', 't', 't', 'resolved', 'x', '2025-01-01T00:00:00.000Z'),"
        " ('3', 'c', 'k', 'n', 't', 'low', 't', 't', 'resolved', 'x', NULL);"
        "INSERT INTO audit(at, action) VALUES('2025-01-01T00:00:00.000Z', 'old'), ('2026-01-01T00:00:00.000Z', 'new')");
    assert_int_equal(retain(&r, FAKE_START + 89 * DAY), 6); // 2026-03-31
    assert_int_equal(count("SELECT group_concat(id, '') = '24' FROM events"), 1);
    assert_int_equal(count("SELECT id = '2' FROM collections"), 1);
    assert_int_equal(count("SELECT group_concat(id, '') = '13' FROM insights"), 1);
    assert_int_equal(count("SELECT action = 'new' FROM audit"), 1);
}

#define ST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
RUN(ST(each_kind_of_row_has_its_own_time), ST(a_result_goes_with_the_last_run_that_has_it),
    ST(results_without_a_run_are_met_after_a_restart),
    ST(every_other_result_of_twenty_thousand_goes), ST(the_moment_itself_is_kept),
    ST(the_latest_run_stays_whatever_its_age), ST(an_active_run_stays),
    ST(zero_keeps_for_ever_and_a_trend_never_loses_its_run), ST(a_slice_is_never_exceeded),
    ST(events_insights_collections_and_audit_follow_their_rules))
