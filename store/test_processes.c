// SPDX-License-Identifier: Apache-2.0
// Several processes on one file: one writer, which is killed and comes back, any number of readers,
// who are never told to wait; and a file that somebody put back from a backup.
#include "base/test.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "store/fake_history_rows.h"
#include "store/fake_store.h"
#include "store/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define SEED  11
#define LIVES 12

static struct fake_dir d;
static struct fake_history h;

static int setup(void **state unused_arg)
{
    fake_dir_make(&d);
    fake_history_init(&h, SEED);
    return 0;
}

static int teardown(void **state unused_arg)
{
    fake_history_fini(&h);
    fake_dir_remove(&d);
    clock_real();
    return 0;
}

static struct store *open_ok(struct store_open_result *ret)
{
    struct error e = { 0 };
    struct store *s = store_open(d.db, ret, &e);

    if (!s)
        fail_msg("%s", e.text);
    return s;
}

static void advance(struct store **s, int n)
{
    struct error e = { 0 };

    for (int i = 0; i < n; i++) {
        if (fake_op_do(s, SEED, h.done, &e) < 0)
            fail_msg("operation %d: %s", h.done, e.text);
        fake_history_apply(&h);
    }
}

static const char *differs(struct store *s, struct arena *a)
{
    struct error e = { 0 };
    const char *problems = NULL;

    if (store_check(s, a, &problems, &e) < 0)
        return arena_strdup(a, e.text);
    return problems ? problems : fake_history_differs(&h, s, a, NULL);
}

static int count_run(void *arg, const struct run_row *r unused_arg)
{
    ++*(int64_t *)arg;
    return 0;
}

static int count_finding(void *arg, const struct finding_row *f unused_arg)
{
    ++*(int64_t *)arg;
    return 0;
}

// What the query commands do; NULL: all of it worked.
static const char *read_once(struct error *e)
{
    struct arena *autoarena a = arena_new((size_t)16 << 20);
    struct store *s = store_open_readonly(d.db, e);
    int64_t runs = 0, findings = 0, total = -1;
    const char *problems = NULL, *bad = NULL;

    if (!s)
        return "open";
    if (store_run_each(s, &(struct run_query){ 0 }, count_run, &runs, &total, e) < 0 ||
        runs != total)
        bad = "runs";
    else if (store_finding_each(s, &(struct finding_query){ .run = "latest" }, count_finding,
                                &findings, &total, e) < 0)
        bad = "findings";
    else if (store_check(s, a, &problems, e) < 0 || problems)
        bad = "check";
    store_close(s);
    return bad;
}

// Reads until the other end of the pipe is closed, then says how often.
static no_return void be_a_reader(int stop_fd, int answer_fd, bool backups)
{
    struct error e = { 0 };
    const char *bad = NULL;
    char to[sizeof(d.db) + 8], c;
    int n = 0;

    snprintf(to, sizeof(to), "%s.copy", d.db);
    while (!bad && read(stop_fd, &c, 1) < 0 && errno == EAGAIN) {
        bad = read_once(&e);
        if (!bad && backups) {
            struct store *s = store_open_readonly(d.db, &e);

            unlink(to);
            if (!s || store_backup(s, to, &e) < 0)
                bad = "backup";
            store_close(s);
        }
        n++;
    }
    if (bad) {
        fprintf(stderr, "reader: %s: %s\n", bad, e.text);
        n = -1;
    }
    _exit(write(answer_fd, &n, sizeof(n)) == sizeof(n) ? 0 : 1);
}

static no_return void be_the_writer(int fd)
{
    struct error e = { 0 };
    struct store *s = store_open(d.db, NULL, &e);

    for (int i = h.done; s; i++) {
        if (fake_op_do(&s, SEED, i, &e) < 0 || write(fd, &i, sizeof(i)) != sizeof(i))
            break;
    }
    fprintf(stderr, "writer: %s\n", e.text);
    _exit(2);
}

static void a_life_of_the_writer(int life)
{
    int ends[2], last = -1, n, status;
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    if (pid == 0)
        be_the_writer(ends[1]);
    close(ends[1]);
    for (int i = 0; i < 15 + life % 7 && read(ends[0], &n, sizeof(n)) == sizeof(n); i++)
        last = n;
    kill(pid, SIGKILL);
    while (read(ends[0], &n, sizeof(n)) == sizeof(n))
        last = n;
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    fake_history_catch_up(&h, last);
}

static void readers_are_never_told_to_wait(void **state unused_arg)
{
    int stop[2], answers[2], n, total = 0, status;
    pid_t pids[3];

    store_close(open_ok(NULL));
    assert_int_equal(pipe2(stop, O_NONBLOCK), 0);
    assert_int_equal(pipe(answers), 0);
    for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            close(stop[1]);
            be_a_reader(stop[0], answers[1], i == 2);
        }
    }
    for (int life = 0; life < LIVES; life++)
        a_life_of_the_writer(life);
    close(stop[1]);
    for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(read(answers[0], &n, sizeof(n)), sizeof(n));
        assert_true(n > 0);
        total += n;
    }
    close(stop[0]);
    close(answers[0]);
    close(answers[1]);
    print_message("3 readers read %d times while %d writers wrote %d operations and were killed\n",
                  total, LIVES, h.done);
}

static void a_second_process_is_refused_until_the_first_is_gone(void **state unused_arg)
{
    struct error e = { 0 };
    int ends[2], n, status;
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    if (pid == 0)
        be_the_writer(ends[1]);
    assert_int_equal(read(ends[0], &n, sizeof(n)), sizeof(n));
    for (int i = 0; i < 20; i++) {
        assert_null(store_open(d.db, NULL, &e));
        assert_int_equal(e.code, ERR_LIMIT);
        assert_non_null(strstr(e.text, "in use by another kube9-operator"));
    }
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    close(ends[0]);
    close(ends[1]);
    store_close(open_ok(NULL));
    assert_int_equal(fake_dir_count(&d, "corrupt"), 0);
}

static void make_backup(struct store *s, char to[200])
{
    struct error e = { 0 };

    snprintf(to, 200, "%s/backup", d.path);
    if (store_backup(s, to, &e) < 0)
        fail_msg("%s", e.text);
}

static void goes_on_from_the_backup(int at, const struct store_open_result *r, struct store *s)
{
    struct arena *autoarena a = arena_new((size_t)64 << 20);
    const char *bad;

    assert_string_equal(r->set_aside, "");
    fake_history_fini(&h);
    fake_history_init(&h, SEED);
    fake_history_catch_up(&h, at - 1);
    bad = differs(s, a);
    if (bad)
        fail_msg("%s", bad);
    advance(&s, 40);
    bad = differs(s, a);
    if (bad)
        fail_msg("%s", bad);
    store_close(s);
}

static void a_backup_put_back_is_the_history_of_its_moment(void **state unused_arg)
{
    struct store_open_result r = { 0 };
    struct store *s = open_ok(NULL);
    char backup[200];

    advance(&s, 50);
    make_backup(s, backup);
    advance(&s, 60);
    store_close(s);
    assert_int_equal(rename(backup, d.db), 0);
    s = open_ok(&r);
    goes_on_from_the_backup(50, &r, s);
}

// The writer was killed and its log stayed: that log must not be played into the older file.
static void a_log_left_by_a_killed_writer_is_not_played_into_a_backup(void **state unused_arg)
{
    struct store_open_result r = { 0 };
    struct store *s = open_ok(NULL);
    char backup[200], command[700];

    advance(&s, 50);
    make_backup(s, backup);
    advance(&s, 60);
    while (fake_op_at(SEED, h.done - 1).kind != FAKE_RUN) // so that the log holds something
        advance(&s, 1);
    snprintf(command, sizeof(command), "cp %s-wal %s/left && cp %s-shm %s/left-shm", d.db, d.path,
             d.db, d.path);
    assert_int_equal(system(command), 0);
    store_close(s);
    snprintf(command, sizeof(command), "cd %s && mv left kube9.db-wal && mv left-shm kube9.db-shm",
             d.path);
    assert_int_equal(system(command), 0);
    assert_int_equal(rename(backup, d.db), 0);
    s = open_ok(&r);
    goes_on_from_the_backup(50, &r, s);
    assert_true(fake_dir_count(&d, "-wal.") > 0); // nothing is deleted
}

#define ST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
RUN(ST(readers_are_never_told_to_wait), ST(a_second_process_is_refused_until_the_first_is_gone),
    ST(a_backup_put_back_is_the_history_of_its_moment),
    ST(a_log_left_by_a_killed_writer_is_not_played_into_a_backup))
