// SPDX-License-Identifier: Apache-2.0
// The whole operator while its store is in trouble: runs end, the condition StoreHealthy says what
// is wrong, and when the trouble is over history is kept again.
#include "base/test.h"

#include "base/alloc.h"
#include "controller/fake_manager.h"
#include "controller/history.h"
#include "store/db.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#define CONFIG "kube9configs/default"

static struct fake_manager f;
static struct manager *m;

static int setup(void **state unused_arg)
{
    fake_manager_init(&f);
    fake_manager_config(&f, "{}");
    return 0;
}

static int teardown(void **state unused_arg)
{
    manager_free(m);
    m = NULL;
    fake_manager_fini(&f);
    return 0;
}

static const char *run_to_its_end(const char *name)
{
    static char object[80];

    snprintf(object, sizeof(object), "assessmentruns/%s", name);
    fake_manager_run(&f, name, "{\"mode\":\"Full\"}");
    fake_manager_until(&f, object, "status.phase", "Completed", 30 * FAKE_SEC);
    return object;
}

static void a_run_ends_without_history(const char *name, const char *reason)
{
    const char *object = run_to_its_end(name);

    assert_string_equal(fake_manager_text(&f, object, "status.historyID"), "");
    fake_manager_pass(&f, 5 * FAKE_SEC);
    assert_string_equal(fake_manager_condition(&f, CONFIG, "StoreHealthy", "status"), "False");
    assert_string_equal(fake_manager_condition(&f, CONFIG, "StoreHealthy", "reason"), reason);
    assert_string_equal(fake_manager_condition(&f, CONFIG, "Ready", "status"), "True");
}

static void a_run_ends_with_history(const char *name)
{
    const char *object = run_to_its_end(name);

    assert_string_equal(fake_manager_text(&f, object, "status.historyID"),
                        fake_manager_text(&f, object, "metadata.uid"));
    fake_manager_pass(&f, 5 * FAKE_SEC);
    assert_string_equal(fake_manager_condition(&f, CONFIG, "StoreHealthy", "status"), "True");
    assert_true(fake_manager_findings(&f, name) > 10);
}

static void fill(const char *path)
{
    char block[4096] = { 'x' };
    int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0640);

    assert_true(fd >= 0);
    while (write(fd, block, sizeof(block)) > 0)
        ;
    close(fd);
}

static void a_full_disk_stops_no_run(void **state unused_arg)
{
    autofree char *ballast = xasprintf("%s/ballast", f.dir);

    if (mount("tmpfs", f.dir, "tmpfs", 0, "size=4m") < 0)
        SKIP_TEST("needs root to mount a tmpfs");
    m = fake_manager_start(&f);
    a_run_ends_with_history("before");
    for (int i = 0; i < 3; i++) {
        char name[24];

        fill(ballast);
        snprintf(name, sizeof(name), "during-%d", i);
        a_run_ends_without_history(name, "StoreWriteFailed");
        assert_int_equal(unlink(ballast), 0);
        snprintf(name, sizeof(name), "after-%d", i);
        a_run_ends_with_history(name);
    }
    assert_true(fake_manager_findings(&f, "before") > 10);
    manager_free(TAKE(m));
    umount2(f.dir, MNT_DETACH);
}

static void a_file_held_by_another_stops_no_run(void **state unused_arg)
{
    struct error e = { 0 };
    struct store *other = store_open(f.db, NULL, &e);

    assert_non_null(other);
    m = fake_manager_start(&f);
    a_run_ends_without_history("during", "StoreLocked");
    store_close(other);
    fake_manager_pass(&f, 10 * FAKE_SEC);
    a_run_ends_with_history("after");
}

static int set_aside_files(void)
{
    DIR *dir = opendir(f.dir);
    struct dirent *entry;
    int n = 0;

    while (dir && (entry = readdir(dir)))
        n += strstr(entry->d_name, ".corrupt-") && !strstr(entry->d_name, "-wal") &&
             !strstr(entry->d_name, "-shm");
    if (dir)
        closedir(dir);
    return n;
}

// Junk in the pages of one table or index; the operator's copies of them are made worthless.
static void damage(const char *name)
{
    autofree char *sql = xasprintf("SELECT rootpage FROM sqlite_master WHERE name = '%s'", name);
    struct error e = { 0 };
    struct db *db = db_open(f.db, false, &e);
    char junk[4096];
    int64_t page = 0, ignored;
    int fd = open(f.db, O_WRONLY);

    assert_non_null(db);
    assert_int_equal(db_int(db, sql, &page, &e), 0);
    assert_int_equal(db_int(db, "PRAGMA wal_checkpoint(TRUNCATE)", &ignored, &e), 0);
    memset(junk, 0xe7, sizeof(junk));
    assert_int_equal(pwrite(fd, junk, sizeof(junk), (page - 1) * 4096), 4096);
    close(fd);
    assert_int_equal(db_exec(db, "INSERT INTO collections VALUES('x', 'y', 'z', 'w')", &e), 0);
    assert_int_equal(db_exec(db, "DELETE FROM collections", &e), 0);
    db_close(db);
}

// What a run says again touches neither results nor checks.
static void something_new_to_say(int n)
{
    autofree char *spec =
        xasprintf("{\"assessment\":{\"exemptions\":[{\"name\":\"round-%d\",\"reason\":\"round %d\","
                  "\"checks\":[\"security/run-as-non-root\"]}]}}",
                  n, n);

    fake_manager_config(&f, spec);
    fake_manager_pass(&f, FAKE_SEC);
}

static void damage_met_at_work_stops_no_run(void **state unused_arg)
{
    static const char *const names[] = {
        "runs", "results", "checks", "spans", "idx_results_content", "audit"
    };

    m = fake_manager_start(&f);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        char name[24];

        snprintf(name, sizeof(name), "before-%zu", i);
        a_run_ends_with_history(name);
        damage(names[i]);
        something_new_to_say((int)i);
        snprintf(name, sizeof(name), "during-%zu", i);
        run_to_its_end(name);
        fake_manager_pass(&f, 10 * FAKE_SEC);
        assert_int_equal(set_aside_files(), (int)i + 1);
        snprintf(name, sizeof(name), "after-%zu", i);
        a_run_ends_with_history(name);
    }
}

#define ST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
RUN(ST(a_full_disk_stops_no_run), ST(a_file_held_by_another_stops_no_run),
    ST(damage_met_at_work_stops_no_run))
