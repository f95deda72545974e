// SPDX-License-Identifier: Apache-2.0
// What a full disk and concurrent readers must not do to committed rows; test_kill is about killed
// writers.
#include "base/test.h"

#include "base/alloc.h"
#include "store/db.h"
#include "store/fake_store.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/wait.h>
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

// Writes runs from `first` on and reports each commit by its number until it is killed.
static no_return void write_for_ever(int first, int pipe_fd)
{
    struct error e = { 0 };
    struct store *s = store_open(d.db, NULL, &e);

    for (int i = first; s; i++) {
        char fact[24];

        if (fake_run_try(s, &(struct fake_run){ .number = i, .findings = i % 50 }, &e) < 0)
            break;
        snprintf(fact, sizeof(fact), "%d", i);
        if (store_fact_put(s, "last", fact, &e) < 0 || write(pipe_fd, &i, sizeof(i)) != sizeof(i))
            break;
    }
    fprintf(stderr, "writer: %s\n", e.text);
    _exit(1);
}

struct seen {
    int64_t n, total;
};

static int see(void *arg, const struct finding_row *f unused_arg)
{
    ((struct seen *)arg)->n++;
    return 0;
}

static int64_t findings_of(struct store *s, const char *run)
{
    struct seen seen = { 0 };
    struct error e = { 0 };

    if (store_finding_each(s, &(struct finding_query){ .run = run }, see, &seen, &seen.total, &e) !=
        0)
        return -1;
    assert_int_equal(seen.n, seen.total);
    return seen.n;
}

static void all_reported_rows_are_there(int newest)
{
    struct error e = { 0 };
    struct store_open_result r;
    struct arena *autoarena a = arena_new((size_t)1 << 20);
    const char *problems, *last = NULL;
    struct store *s = store_open(d.db, &r, &e);

    if (!s)
        fail_msg("%s", e.text);
    assert_string_equal(r.set_aside, "");
    assert_int_equal(store_check(s, a, &problems, &e), 0);
    assert_null(problems);
    for (int i = 0; i <= newest; i++) {
        char uid[32];

        snprintf(uid, sizeof(uid), "run-%d", i);
        if (findings_of(s, uid) != i % 50)
            fail_msg("%s has %" PRId64 " findings", uid, findings_of(s, uid));
    }
    assert_int_equal(store_fact_get(s, "last", a, &last, &e), 0);
    if (newest >= 0)
        assert_true(last && strtol(last, NULL, 10) >= newest);
    store_close(s);
}

static void a_full_disk_is_an_error_and_nothing_is_lost_when_space_returns(void **state unused_arg)
{
    struct error e = { 0 };
    struct store *s;
    char ballast[200];
    int stored = 0, fd;

    if (mount("tmpfs", d.path, "tmpfs", 0, "size=3m") < 0)
        SKIP_TEST("needs root to mount a tmpfs");
    snprintf(ballast, sizeof(ballast), "%s/ballast", d.path);
    fd = open(ballast, O_CREAT | O_WRONLY, 0640);
    assert_int_equal(posix_fallocate(fd, 0, 1 << 20), 0);
    close(fd);
    s = store_open(d.db, NULL, &e);
    assert_non_null(s);
    while (fake_run_try(s, &(struct fake_run){ .number = stored, .findings = 300 }, &e) == 0)
        assert_true(++stored < 1000);
    assert_int_equal(e.code, ERR_UNAVAILABLE);
    assert_non_null(strstr(e.text, "free space"));
    for (int i = 0; i < 20; i++) // it stays an error, and no more
        assert_int_equal(
            fake_run_try(s, &(struct fake_run){ .number = stored, .findings = 300 }, &e), -1);
    assert_int_equal(findings_of(s, "run-0"), 300);
    assert_int_equal(unlink(ballast), 0);
    assert_int_equal(fake_run_try(s, &(struct fake_run){ .number = stored, .findings = 300 }, &e),
                     0);
    for (int i = 0; i <= stored; i++) {
        char uid[32];

        snprintf(uid, sizeof(uid), "run-%d", i);
        assert_int_equal(findings_of(s, uid), 300);
    }
    store_close(s);
    umount2(d.path, MNT_DETACH);
}

static void a_disk_too_full_to_begin_is_an_error(void **state unused_arg)
{
    struct error e = { 0 };
    char ballast[200];
    int fd;

    if (mount("tmpfs", d.path, "tmpfs", 0, "size=64k") < 0)
        SKIP_TEST("needs root to mount a tmpfs");
    snprintf(ballast, sizeof(ballast), "%s/ballast", d.path);
    fd = open(ballast, O_CREAT | O_WRONLY, 0640);
    assert_int_equal(posix_fallocate(fd, 0, 56 << 10), 0);
    close(fd);
    assert_null(store_open(d.db, NULL, &e));
    assert_int_equal(e.code, ERR_UNAVAILABLE);
    assert_int_equal(unlink(ballast), 0);
    assert_int_equal(fake_dir_count(&d, "corrupt"), 0);
    umount2(d.path, MNT_DETACH);
}

// A run is all or nothing to readers, and no reader is held up.
static void readers_see_whole_runs_while_a_writer_writes(void **state unused_arg)
{
    struct error e = { 0 };
    int ends[2], status, last = -1, looked = 0;
    pid_t pid;
    char to[sizeof(d.db)];
    struct store *reader;

    store_close(store_open(d.db, NULL, &e));
    assert_int_equal(pipe(ends), 0);
    pid = fork();
    if (pid == 0)
        write_for_ever(0, ends[1]);
    close(ends[1]);
    while (last < 150 && read(ends[0], &last, sizeof(last)) == sizeof(last)) {
        char uid[32];
        int64_t n;

        snprintf(uid, sizeof(uid), "run-%d", last);
        reader = store_open_readonly(d.db, &e);
        if (!reader)
            fail_msg("%s", e.text);
        n = findings_of(reader, uid);
        assert_int_equal(n, last % 50);
        snprintf(uid, sizeof(uid), "run-%d", last + 1); // being written: whole or not there
        n = findings_of(reader, uid);
        assert_true(n == -1 || n == (last + 1) % 50);
        store_close(reader);
        looked++;
    }
    reader = store_open_readonly(d.db, &e);
    snprintf(to, sizeof(to), "%s/copy.db", d.path);
    if (store_backup(reader, to, &e) < 0)
        fail_msg("%s", e.text);
    store_close(reader);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    close(ends[0]);
    assert_true(looked > 20);
    memcpy(d.db, to, sizeof(d.db));
    all_reported_rows_are_there(last);
}

#define ST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
RUN(ST(a_full_disk_is_an_error_and_nothing_is_lost_when_space_returns),
    ST(a_disk_too_full_to_begin_is_an_error), ST(readers_see_whole_runs_while_a_writer_writes))
