// SPDX-License-Identifier: Apache-2.0
// Opening: new, newer, foreign, damaged, locked and read-only files; facts, status, audit, check
// and backup.
#include "base/test.h"

#include "base/alloc.h"
#include "store/db.h"
#include "store/fake_store.h"
#include "store/migrations.h"
#include "store/operator_status.h"
#include "store/runs.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static struct fake_dir d;

static int setup(void **state unused_arg)
{
    fake_dir_make(&d);
    return 0;
}

static int teardown(void **state unused_arg)
{
    fake_dir_remove(&d);
    return 0;
}

static void run_sql(const char *sql)
{
    struct error e = { 0 };
    struct db *db = db_open(d.db, false, &e);

    assert_non_null(db);
    if (db_exec(db, sql, &e) < 0)
        fail_msg("%s", e.text);
    db_close(db);
}

static struct store *open_ok(struct store_open_result *ret)
{
    struct error e = { 0 };
    struct store *s = store_open(d.db, ret, &e);

    if (!s)
        fail_msg("%s", e.text);
    return s;
}

static char *content(const char *path, size_t *ret_n)
{
    FILE *f = fopen(path, "rb");
    char *p;

    assert_non_null(f);
    p = xmalloc((size_t)8 << 20);
    *ret_n = fread(p, 1, (size_t)8 << 20, f);
    fclose(f);
    return p;
}

static void damage(long at, const char *bytes, size_t n)
{
    int fd = open(d.db, O_WRONLY);

    assert_true(fd >= 0);
    for (size_t done = 0; done < n; done += strlen(bytes))
        assert_true(pwrite(fd, bytes, strlen(bytes), at + (long)done) > 0);
    close(fd);
}

static void a_new_file_gets_the_schema_and_a_second_start_keeps_it(void **state unused_arg)
{
    struct store_open_result r;
    struct error e = { 0 };
    struct arena *autoarena a = arena_new((size_t)1 << 20);
    const char *v = NULL;
    struct store *s = open_ok(&r);

    assert_true(r.created);
    assert_string_equal(r.set_aside, "");
    assert_int_equal(store_fact_put(s, "a", "1", &e), 0);
    assert_int_equal(store_fact_put(s, "a", "2", &e), 0);
    store_close(s);
    s = open_ok(&r);
    assert_false(r.created);
    assert_int_equal(store_fact_get(s, "a", a, &v, &e), 0);
    assert_string_equal(v, "2");
    assert_int_equal(store_fact_get(s, "b", a, &v, &e), 0);
    assert_null(v);
    assert_true(store_bytes(s) > 4096);
    store_close(s);
}

static void an_empty_file_is_migrated_from_version_0(void **state unused_arg)
{
    struct store_open_result r;
    struct error e = { 0 };
    struct db *db;
    int64_t n = 0;

    close(open(d.db, O_CREAT | O_WRONLY, 0640));
    store_close(open_ok(&r));
    assert_true(r.created);
    db = db_open(d.db, true, &e);
    assert_int_equal(db_int(db, "PRAGMA user_version", &n, &e), 0);
    assert_int_equal(n, STORE_SCHEMA_VERSION);
    db_close(db);
}

static const char *const of_schema_3[] = {
    "INSERT INTO runs(id, uid, name, mode, run_trigger, phase, requested_at, completed_at) VALUES"
    " (4, 'u4', 'n4', 'Full', 'Manual', 'Completed', '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:01.000Z'),"
    " (9, 'u9', 'n9', 'Full', 'Manual', 'Completed', '2026-01-02T00:00:00.000Z', '2026-01-02T00:00:01.000Z')",
    "INSERT INTO checks VALUES(1, 'a/one', 'One', 'security', 'do'), (2, 'a/two', 'Two', 'reliability', NULL)",
    // Ranks: 0 critical failing, 4 high failing, 36 high skipped.
    "INSERT INTO results(id, run, chk, subject, rank, object_kind, object_namespace, object_name, message) VALUES"
    " (10, 4, 1, 1, 4, 'Pod', 'x', 'b', 'm10'), (11, 4, 2, 1, 0, 'Pod', 'x', 'a', 'm11'), (12, 4, 1, 2, 4, 'Pod', 'x', 'a', 'm12'),"
    " (13, 9, 1, 1, 4, 'Pod', 'x', 'b', 'm13'), (14, 9, 2, 1, 36, 'Pod', 'x', 'a', 'm14')",
    "INSERT INTO exempted_results VALUES(14, 'mesh', 'known', NULL)",
    "PRAGMA user_version=3",
};

static int as_line(void *arg, const struct finding_row *f)
{
    buf_addf(arg, "%s %s %s %s %s %s %s\n", f->id, f->run_name, f->check_id, f->status, f->name,
             f->message, f->exempted_by ? f->exempted_by : "-");
    return 0;
}

static void a_file_of_schema_3_keeps_every_finding_of_every_run(void **state unused_arg)
{
    struct finding_query all = { .run = "all" };
    struct error e = { 0 };
    struct db *db = db_open(d.db, false, &e);
    autobuf struct buf out = { 0 };
    struct store *s;
    int64_t total;

    buf_init(&out, 10000);
    assert_non_null(db);
    for (int i = 0; i < 3; i++)
        assert_int_equal(db_exec(db, store_migrations[i], &e), 0);
    for (size_t i = 0; i < ARRAY_SIZE(of_schema_3); i++)
        assert_int_equal(db_exec(db, of_schema_3[i], &e), 0);
    db_close(db);
    s = store_open_readonly(d.db, &e);
    assert_non_null(s);
    assert_int_equal(store_finding_each(s, &all, as_line, &out, &total, &e), -1);
    assert_non_null(strstr(e.text, "`kube9-operator serve` brings it there"));
    store_close(s);
    s = open_ok(NULL);
    assert_int_equal(store_finding_each(s, &all, as_line, &out, &total, &e), 0);
    assert_int_equal(total, 5);
    assert_string_equal(out.p, "fnd_9-0-4 n9 a/one failing b m13 -\n"
                               "fnd_9-0-5 n9 a/two skipped a m14 mesh\n"
                               "fnd_4-0-1 n4 a/two failing a m11 -\n"
                               "fnd_4-0-3 n4 a/one failing a m12 -\n"
                               "fnd_4-0-2 n4 a/one failing b m10 -\n");
    fake_run_put(s, &(struct fake_run){ .number = 364, .findings = 1 });
    assert_int_equal(store_finding_each(s, &all, as_line, &out, &total, &e), 0);
    assert_int_equal(total, 6);
    store_close(s);
}

static void a_newer_file_is_refused_and_not_touched(void **state unused_arg)
{
    struct error e = { 0 };
    size_t n, m;
    char *before, *after;

    store_close(open_ok(NULL));
    run_sql("PRAGMA user_version=99; CREATE TABLE later(x); PRAGMA journal_mode=DELETE");
    before = content(d.db, &n);
    assert_null(store_open(d.db, NULL, &e));
    assert_int_equal(e.code, ERR_INVALID);
    assert_non_null(strstr(e.text, "newer kube9-operator"));
    assert_null(store_open_readonly(d.db, &e));
    assert_non_null(strstr(e.text, "newer kube9-operator"));
    after = content(d.db, &m);
    assert_int_equal(n, m);
    assert_memory_equal(before, after, n);
    assert_int_equal(fake_dir_count(&d, "-wal"), 0);
    free(before);
    free(after);
}

static void a_file_of_operator_2_is_set_aside_with_its_name(void **state unused_arg)
{
    struct store_open_result r;
    struct error e = { 0 };
    struct db *db;
    int64_t n = 0;

    run_sql(
        "CREATE TABLE schema_version(version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL, description TEXT);"
        "CREATE TABLE events(id TEXT PRIMARY KEY);"
        "CREATE TABLE assessments(run_id TEXT PRIMARY KEY, mode TEXT NOT NULL);"
        "CREATE TABLE assessment_history(id TEXT PRIMARY KEY, run_id TEXT NOT NULL);"
        "INSERT INTO assessments VALUES('one', 'full')");
    assert_null(store_open_readonly(d.db, &e));
    assert_non_null(strstr(e.text, "kube9-operator 2"));
    store_close(open_ok(&r));
    assert_true(r.created);
    assert_non_null(strstr(r.set_aside, ".kube9-operator-2-"));
    assert_non_null(strstr(r.why, "kube9-operator 2"));
    db = db_open(r.set_aside, true, &e);
    assert_int_equal(db_int(db, "SELECT count(*) FROM assessments", &n, &e), 0);
    assert_int_equal(n, 1);
    db_close(db);
}

static void another_programs_file_is_set_aside(void **state unused_arg)
{
    struct store_open_result r;
    struct error e = { 0 };

    run_sql("CREATE TABLE shopping(what TEXT); PRAGMA user_version=50");
    assert_null(store_open_readonly(d.db, &e));
    assert_int_equal(e.code, ERR_INVALID);
    store_close(open_ok(&r));
    assert_non_null(strstr(r.set_aside, ".foreign-"));
    assert_int_equal(access(r.set_aside, F_OK), 0);
}

static void a_file_that_is_no_database_is_set_aside_whole(void **state unused_arg)
{
    struct store_open_result r;
    struct error e = { 0 };
    size_t n;
    char *p;
    FILE *f = fopen(d.db, "w");

    for (int i = 0; i < 500; i++)
        fputs("this is a letter and no database\n", f);
    fclose(f);
    assert_null(store_open_readonly(d.db, &e));
    assert_int_equal(e.code, ERR_GONE);
    store_close(open_ok(&r));
    assert_non_null(strstr(r.set_aside, ".corrupt-"));
    assert_string_equal(r.why, "it was damaged");
    p = content(r.set_aside, &n);
    assert_int_equal(n, 500 * strlen("this is a letter and no database\n"));
    free(p);
}

static void a_damaged_header_is_set_aside(void **state unused_arg)
{
    struct store_open_result r;

    store_close(open_ok(NULL));
    damage(0, "XXXXXXXXXXXXXXXX", 64);
    store_close(open_ok(&r));
    assert_non_null(strstr(r.set_aside, ".corrupt-"));
}

static void a_damaged_page_in_the_middle_is_met_when_opening(void **state unused_arg)
{
    struct store_open_result r;
    struct stat before, after;
    struct store *s = open_ok(NULL);

    fake_run_put(s, &(struct fake_run){ .number = 1, .findings = 2000 });
    store_close(s);
    assert_int_equal(stat(d.db, &before), 0);
    damage(before.st_size / 2 / 4096 * 4096, "\xff\xee\xdd\xcc", 4096);
    store_close(open_ok(&r));
    assert_true(r.created);
    assert_int_equal(stat(r.set_aside, &after), 0);
    assert_int_equal(before.st_size, after.st_size);
}

// A damaged index passes the quick check; after a call said GONE everything is looked at.
static void damage_met_at_work_is_found_by_the_suspicious_opening(void **state unused_arg)
{
    struct store_open_result r;
    struct error e = { 0 };
    struct store *s = open_ok(NULL);

    fake_run_put(s, &(struct fake_run){ .number = 1, .findings = 50 });
    store_close(s);
    run_sql(
        "PRAGMA writable_schema=ON;"
        "UPDATE sqlite_master SET sql = 'CREATE UNIQUE INDEX idx_results_content ON results(chk) WHERE content IS NOT NULL' WHERE name = 'idx_results_content'");
    s = store_open_suspect(d.db, &r, &e);
    assert_non_null(s);
    assert_non_null(strstr(r.set_aside, ".corrupt-"));
    store_close(s);
    s = store_open_suspect(d.db, &r, &e);
    assert_string_equal(r.set_aside, "");
    store_close(s);
}

static void a_second_writer_is_told_to_wait_and_a_reader_is_not(void **state unused_arg)
{
    struct error e = { 0 };
    struct store *s = open_ok(NULL), *reader;

    assert_null(store_open(d.db, NULL, &e));
    assert_int_equal(e.code, ERR_LIMIT);
    assert_non_null(strstr(e.text, "in use by another kube9-operator"));
    reader = store_open_readonly(d.db, &e);
    assert_non_null(reader);
    store_close(reader);
    store_close(s);
    store_close(open_ok(NULL));
}

static void a_missing_folder_and_a_missing_file_say_what_to_do(void **state unused_arg)
{
    struct error e = { 0 };

    assert_null(store_open("/nonexistent/kube9.db", NULL, &e));
    assert_int_equal(e.code, ERR_UNAVAILABLE);
    assert_non_null(strstr(e.text, "data folder must exist and be writable"));
    assert_null(store_open_readonly(d.db, &e));
    assert_int_equal(e.code, ERR_NOT_FOUND);
    assert_non_null(strstr(e.text, "--db"));
    close(open(d.db, O_CREAT | O_WRONLY, 0640));
    assert_null(store_open_readonly(d.db, &e));
    assert_int_equal(e.code, ERR_NOT_FOUND);
    assert_non_null(strstr(e.text, "has not written to it yet"));
}

static void a_read_only_folder_is_unavailable_to_a_writer(void **state unused_arg)
{
    struct error e = { 0 };
    struct store *s;

    if (mount("tmpfs", d.path, "tmpfs", 0, "size=4m") < 0)
        SKIP_TEST("needs root to mount a tmpfs");
    s = open_ok(NULL);
    fake_run_put(s, &(struct fake_run){ .number = 1, .findings = 10 });
    store_close(s);
    assert_int_equal(mount("tmpfs", d.path, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL), 0);
    s = store_open(d.db, NULL, &e);
    assert_null(s);
    assert_int_equal(e.code, ERR_UNAVAILABLE);
    s = store_open_readonly(d.db, &e);
    assert_non_null(s);
    store_close(s);
    umount2(d.path, MNT_DETACH);
}

static void status_is_one_row(void **state unused_arg)
{
    struct error e = { 0 };
    struct arena *autoarena a = arena_new((size_t)1 << 20);
    struct operator_status_row r = { .mode = "operated",
                                     .tier = "free",
                                     .version = "1",
                                     .health = "healthy",
                                     .last_update = FAKE_START };
    struct operator_status_row got;
    struct store *s = open_ok(NULL);

    assert_int_equal(store_status_get(s, a, &got, &e), 1);
    assert_int_equal(store_status_put(s, &r, &e), 0);
    r.health = "degraded";
    r.error = "it's \"bad\"";
    assert_int_equal(store_status_put(s, &r, &e), 0);
    assert_int_equal(store_status_get(s, a, &got, &e), 0);
    assert_string_equal(got.health, "degraded");
    assert_string_equal(got.error, "it's \"bad\"");
    assert_null(got.cluster_id);
    assert_false(got.registered);
    assert_int_equal(got.last_update, FAKE_START);
    store_close(s);
}

static void the_audit_trail_grows_by_a_row(void **state unused_arg)
{
    struct error e = { 0 };
    struct store *s = open_ok(NULL);
    struct db *db;
    int64_t n = 0;

    assert_int_equal(store_audit(s, "PublishConfig", "Kube9Config/default", NULL, &e), 0);
    assert_int_equal(store_audit(s, "CreateRun", NULL, "why", &e), 0);
    store_close(s);
    db = db_open(d.db, true, &e);
    assert_int_equal(db_int(db, "SELECT count(*) FROM audit WHERE at IS NOT NULL", &n, &e), 0);
    assert_int_equal(n, 2);
    db_close(db);
}

static void the_check_names_problems(void **state unused_arg)
{
    struct error e = { 0 };
    struct arena *autoarena a = arena_new((size_t)1 << 20);
    const char *problems = "?";
    struct store *s = open_ok(NULL);

    assert_int_equal(store_check(s, a, &problems, &e), 0);
    assert_null(problems);
    fake_run_put(s, &(struct fake_run){ .number = 1, .findings = 10 });
    store_close(s);
    run_sql(
        "PRAGMA writable_schema=ON;"
        "UPDATE sqlite_master SET sql = 'CREATE UNIQUE INDEX idx_results_content ON results(chk) WHERE content IS NOT NULL' WHERE name = 'idx_results_content'");
    s = store_open_readonly(d.db, &e);
    assert_non_null(s);
    assert_int_equal(store_check(s, a, &problems, &e), 0);
    assert_non_null(strstr(problems, "idx_results_content"));
    store_close(s);
}

static void a_backup_is_whole_and_overwrites_nothing(void **state unused_arg)
{
    struct error e = { 0 };
    struct arena *autoarena a = arena_new((size_t)1 << 20);
    char to[200];
    struct run_row row;
    struct store *s = open_ok(NULL), *reader = store_open_readonly(d.db, &e), *copy;

    fake_run_put(s, &(struct fake_run){ .number = 1, .findings = 100 });
    snprintf(to, sizeof(to), "%s/copy.db", d.path);
    assert_int_equal(store_backup(reader, to, &e), 0);
    assert_int_equal(store_backup(reader, to, &e), -1);
    assert_int_equal(e.code, ERR_ALREADY_EXISTS);
    assert_int_equal(store_backup(reader, "/nonexistent/copy.db", &e), -1);
    store_close(reader);
    store_close(s);
    copy = store_open_readonly(to, &e);
    assert_non_null(copy);
    assert_int_equal(store_run_get(copy, "run-1", a, &row, &e), 0);
    store_close(copy);
    assert_int_equal(fake_dir_count(&d, ".partial"), 0);
}

#define ST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
RUN(ST(a_new_file_gets_the_schema_and_a_second_start_keeps_it),
    ST(an_empty_file_is_migrated_from_version_0),
    ST(a_file_of_schema_3_keeps_every_finding_of_every_run),
    ST(a_newer_file_is_refused_and_not_touched),
    ST(a_file_of_operator_2_is_set_aside_with_its_name), ST(another_programs_file_is_set_aside),
    ST(a_file_that_is_no_database_is_set_aside_whole), ST(a_damaged_header_is_set_aside),
    ST(a_damaged_page_in_the_middle_is_met_when_opening),
    ST(damage_met_at_work_is_found_by_the_suspicious_opening),
    ST(a_second_writer_is_told_to_wait_and_a_reader_is_not),
    ST(a_missing_folder_and_a_missing_file_say_what_to_do),
    ST(a_read_only_folder_is_unavailable_to_a_writer), ST(status_is_one_row),
    ST(the_audit_trail_grows_by_a_row), ST(the_check_names_problems),
    ST(a_backup_is_whole_and_overwrites_nothing))
