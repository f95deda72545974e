// SPDX-License-Identifier: Apache-2.0
// The loop's side of the store: what is known after a restart, what a damaged, locked or missing
// file does to health, and that nothing that must survive is lost by it.
#include "base/test.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "controller/assessor.h"
#include "controller/history.h"
#include "controller/run_metrics.h"
#include "store/db.h"
#include "store/fake_store.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static struct fake_dir d;
static struct loop *loop;
static struct worker *worker;
static struct history *h;
static int opened, changed;

static void on_opened(void *arg unused_arg)
{
    opened++;
}

static void on_changed(void *arg unused_arg)
{
    changed++;
}

static void start(void)
{
    opened = changed = 0;
    worker = worker_new_inline(loop);
    h = history_new(&(struct history_options){ .loop = loop,
                                               .worker = worker,
                                               .path = d.db,
                                               .opened = on_opened,
                                               .health_changed = on_changed });
    history_open(h);
}

static void stop(void)
{
    history_close(h);
    worker_free(worker);
    history_free(h);
    h = NULL;
}

static int setup(void **state unused_arg)
{
    struct error e = { 0 };

    clock_fake(USEC_PER_SEC, FAKE_START);
    fake_dir_make(&d);
    loop = loop_new(&e);
    return loop ? 0 : -1;
}

static int teardown(void **state unused_arg)
{
    if (h)
        stop();
    loop_free(loop);
    fake_dir_remove(&d);
    clock_real();
    return 0;
}

static void pass_time(usec by)
{
    struct error e = { 0 };
    usec until = clock_mono() + by;

    while (clock_mono() < until)
        assert_int_equal(loop_turn(loop, until - clock_mono(), &e), 0);
}

static char *fact(const char *key)
{
    struct error e = { 0 };
    struct store *s = store_open_readonly(d.db, &e);
    struct arena *autoarena a = arena_new((size_t)1 << 20);
    const char *v = NULL;
    char *copy;

    assert_non_null(s);
    assert_int_equal(store_fact_get(s, key, a, &v, &e), 0);
    copy = xstrdup(v);
    store_close(s);
    return copy;
}

static void damage_in_use(const char *table)
{
    autofree char *sql = xasprintf("SELECT rootpage FROM sqlite_master WHERE name = '%s'", table);
    struct error e = { 0 };
    struct db *db = db_open(d.db, false, &e);
    char junk[4096];
    int64_t page = 0, ignored;
    int fd;

    assert_int_equal(db_int(db, sql, &page, &e), 0);
    assert_int_equal(db_int(db, "PRAGMA wal_checkpoint(TRUNCATE)", &ignored, &e), 0);
    memset(junk, 0xe7, sizeof(junk));
    fd = open(d.db, O_WRONLY);
    assert_int_equal(pwrite(fd, junk, sizeof(junk), (page - 1) * 4096), 4096);
    close(fd);
    assert_int_equal(db_exec(db, "INSERT INTO collections VALUES('x', 'y', 'z', 'w')", &e),
                     0); // the writer's cache is out of date now
    db_close(db);
}

static void facts_survive_a_restart(void **state unused_arg)
{
    start();
    assert_int_equal(opened, 1);
    assert_true(history_decided(h));
    assert_true(history_healthy(h));
    assert_string_equal(history_reason(h), "StoreOpen");
    assert_null(history_facts(h)->config_json);
    history_remember(h, FACT_CONFIG, "{\"a\":1}");
    history_remember(h, FACT_LAST_SCHEDULE, "1767225600000000");
    stop();
    start();
    assert_string_equal(history_facts(h)->config_json, "{\"a\":1}");
    assert_int_equal(history_facts(h)->last_schedule, FAKE_START);
}

static void a_locked_file_is_waited_for(void **state unused_arg)
{
    struct error e = { 0 };
    struct store *other = store_open(d.db, NULL, &e);

    start();
    assert_int_equal(opened, 1); // the operator goes on without it
    assert_false(history_healthy(h));
    assert_string_equal(history_reason(h), "StoreLocked");
    history_remember(h, FACT_CONFIG, "kept in memory");
    store_close(other);
    pass_time(6 * USEC_PER_SEC);
    assert_true(history_healthy(h));
    assert_int_equal(opened, 1);
    {
        autofree char *v = fact(FACT_CONFIG);

        assert_string_equal(v, "kept in memory");
    }
}

static void a_folder_that_is_not_there_is_tried_again(void **state unused_arg)
{
    struct fake_dir later = d;

    rmdir(d.path);
    start();
    assert_string_equal(history_reason(h), "StoreNotOpen");
    assert_non_null(strstr(history_message(h), "data folder must exist"));
    history_audit(h, "Something", NULL, NULL); // no store: nothing happens
    assert_int_equal(mkdir(later.path, 0750), 0);
    pass_time(61 * USEC_PER_SEC);
    assert_true(history_healthy(h));
}

static void damage_met_at_work_sets_the_file_aside_and_begins_a_new_one(void **state unused_arg)
{
    start();
    history_remember(h, FACT_CONFIG, "the last good one");
    history_audit(h, "Before", NULL, NULL);
    damage_in_use("audit");
    changed = 0;
    history_audit(h, "After", NULL, NULL);
    assert_true(changed >= 2); // StoreCorrupt, then StoreOpen
    assert_true(history_healthy(h));
    assert_int_equal(fake_dir_count(&d, ".corrupt-"), 1);
    {
        autofree char *v = fact(FACT_CONFIG);

        assert_string_equal(v, "the last good one");
    }
    history_audit(h, "Now it works", NULL, NULL);
    assert_string_equal(history_reason(h), "StoreOpen");
}

static void fill_disk(const char *path)
{
    char block[4096];
    int fd = open(path, O_CREAT | O_WRONLY | O_APPEND, 0640);

    memset(block, 'x', sizeof(block));
    assert_true(fd >= 0);
    while (write(fd, block, sizeof(block)) > 0)
        ;
    close(fd);
}

static void what_a_full_disk_refused_is_written_when_there_is_space_again(void **state unused_arg)
{
    autofree char *ballast = xasprintf("%s/ballast", d.path), *big = xcalloc(1, 300001);

    if (mount("tmpfs", d.path, "tmpfs", 0, "size=1m") < 0)
        SKIP_TEST("needs root to mount a tmpfs");
    memset(big, 'y', 300000);
    start();
    fill_disk(ballast);
    history_remember(h, FACT_CONFIG, big);
    assert_false(history_healthy(h));
    assert_string_equal(history_reason(h), "StoreWriteFailed");
    assert_non_null(strstr(history_message(h), "free space"));
    assert_int_equal(unlink(ballast), 0);
    history_audit(h, "Try", NULL, NULL);
    assert_true(history_healthy(h));
    {
        autofree char *v = fact(FACT_CONFIG);

        assert_string_equal(v, big);
    }
    stop();
    umount2(d.path, MNT_DETACH);
}

static void a_value_that_is_the_same_is_not_written_again(void **state unused_arg)
{
    struct error e = { 0 };
    struct db *db;

    start();
    history_remember(h, FACT_CONFIG, "one");
    db = db_open(d.db, false, &e);
    assert_int_equal(db_exec(db, "DELETE FROM facts", &e), 0);
    db_close(db);
    history_remember(h, FACT_CONFIG, "one");
    {
        autofree char *v = fact(FACT_CONFIG);

        assert_null(v);
    }
    history_remember(h, FACT_CONFIG, "two");
    {
        autofree char *v = fact(FACT_CONFIG);

        assert_string_equal(v, "two");
    }
}

static void retention_goes_on_in_slices_until_it_is_done(void **state unused_arg)
{
    struct error e = { 0 };
    struct store *s = store_open(d.db, NULL, &e);
    struct db *db;
    int64_t n = -1;

    fake_run_put(s, &(struct fake_run){ .number = 0, .findings = 5000 });
    fake_run_put(s, &(struct fake_run){ .number = 1, .findings = 10 });
    store_close(s);
    clock_fake(USEC_PER_SEC, FAKE_START + 60 * USEC_PER_DAY);
    start();
    history_retain(
        h, &(struct retention){ .findings = 30 * USEC_PER_DAY, .assessments = 365 * USEC_PER_DAY });
    db = db_open(d.db, true, &e);
    assert_int_equal(db_int(db, "SELECT count(*) FROM results", &n, &e), 0);
    assert_int_equal(n, 10);
    db_close(db);
}

static int64_t failing_rows(const char *run, const char *severity)
{
    struct error e = { 0 };
    struct db *db = db_open(d.db, true, &e);
    autofree char *sql = xasprintf("SELECT count(*) FROM assessments WHERE run_uid = '%s' AND"
                                   " severity = '%s' AND status = 'failing'",
                                   run, severity);
    int64_t n = -1;

    assert_int_equal(db_int(db, sql, &n, &e), 0);
    db_close(db);
    return n;
}

// After two full runs and one for a part.
static const struct last_run *restarted(void)
{
    struct error e = { 0 };
    struct store *s = store_open(d.db, NULL, &e);

    fake_run_put(s, &(struct fake_run){ .number = 1, .findings = 120 });
    fake_run_put(s, &(struct fake_run){ .number = 2, .findings = 80 });
    fake_run_put(s, &(struct fake_run){ .number = 3, .findings = 30, .mode = "Pillar" });
    store_close(s);
    start();
    return &history_facts(h)->last_run;
}

static void the_newest_run_is_known_after_a_restart(void **state unused_arg)
{
    const struct last_run *l = restarted();

    assert_string_equal(l->uid, "run-3");
    assert_string_equal(l->phase, "completed");
    assert_true(l->succeeded);
    assert_int_equal(l->failed, 27);
    assert_int_equal(l->n_checks, 30);
    for (size_t i = 0; i < l->n_checks; i++)
        assert_string_not_equal(l->checks[i].status, "passing");
}

static void figures_of_the_newest_full_run_are_known_after_a_restart(void **state unused_arg)
{
    const struct last_run *l = restarted();

    assert_true(l->full.known);
    assert_true(l->full.findings_known);
    assert_true(l->full.failing[CHECK_CRITICAL] + l->full.failing[CHECK_HIGH] > 0);
    run_metrics_last(l);
    for (int i = 0; i < CHECK_SEVERITIES; i++)
        assert_int_equal(metric_value(METRIC_FINDINGS, check_severity_name(i)),
                         failing_rows("run-2", check_severity_name(i)));
    assert_int_equal(metric_value(METRIC_ASSESSMENT_LAST_SCORE), l->full.score);
    for (int i = 0; i < CHECK_PILLARS; i++)
        assert_int_equal(metric_value(METRIC_PILLAR_SCORE, check_pillar_name(i)),
                         l->full.pillars[i]);
}

static void the_score_of_a_run_for_one_pillar_is_not_the_cluster_s(void **state unused_arg)
{
    struct job_result full = { .full = true, .completed = 5 * USEC_PER_SEC };
    struct job_result part = { .completed = 9 * USEC_PER_SEC };
    struct last_run l = { 0 };

    full.summary.score = 80;
    full.summary.pillars[CHECK_SECURITY].counts.total = 1;
    full.summary.pillars[CHECK_SECURITY].score = 70;
    full.failing[CHECK_HIGH] = 7;
    part.summary.score = 20;
    part.summary.pillars[CHECK_SECURITY] = full.summary.pillars[CHECK_SECURITY];
    part.summary.pillars[CHECK_SECURITY].score = 30;
    part.failing[CHECK_HIGH] = 1;
    last_run_from_result(&l, "a", &full);
    last_run_from_result(&l, "b", &part);
    assert_int_equal(l.score, 20);
    run_metrics_last(&l);
    assert_int_equal(metric_value(METRIC_ASSESSMENT_LAST_SCORE), 80);
    assert_int_equal(metric_value(METRIC_PILLAR_SCORE, "security"), 70);
    assert_int_equal(metric_value(METRIC_FINDINGS, "high"), 7);
    assert_int_equal(metric_value(METRIC_ASSESSMENT_LAST_RUN_TIMESTAMP), 9);
    last_run_fini(&l);
}

#define ST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
RUN(ST(facts_survive_a_restart), ST(a_locked_file_is_waited_for),
    ST(a_folder_that_is_not_there_is_tried_again),
    ST(damage_met_at_work_sets_the_file_aside_and_begins_a_new_one),
    ST(what_a_full_disk_refused_is_written_when_there_is_space_again),
    ST(a_value_that_is_the_same_is_not_written_again),
    ST(retention_goes_on_in_slices_until_it_is_done), ST(the_newest_run_is_known_after_a_restart),
    ST(figures_of_the_newest_full_run_are_known_after_a_restart),
    T(the_score_of_a_run_for_one_pillar_is_not_the_cluster_s))
