// SPDX-License-Identifier: Apache-2.0
// The medium says no: no space, read-only, errors, at a random call of a history that follows from
// a seed. Each case goes on as soon as the medium works again, and then the whole history is there.
// K9_COUNT: cases of failing calls (default 40).
#include "base/test.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "store/fake_history_rows.h"
#include "store/fake_store.h"
#include "store/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

// Calls of this program that change a file, SQLite's too: from `fail_at` on they fail.
static int calls, fail_at, fail_with;

static bool fails(void)
{
    calls++;
    if (!fail_at || calls < fail_at)
        return false;
    errno = fail_with;
    return true;
}

ssize_t pwrite64(int fd, const void *buf, size_t n, off64_t offset)
{
    return fails() ? -1 : syscall(SYS_pwrite64, fd, buf, n, offset);
}

int ftruncate64(int fd, off64_t length)
{
    return fails() ? -1 : (int)syscall(SYS_ftruncate, fd, length);
}

int fdatasync(int fildes)
{
    return fails() ? -1 : (int)syscall(SYS_fdatasync, fildes);
}

struct bed {
    struct fake_dir d;
    struct fake_history h;
    struct store *s;
    uint64_t seed;
};

static void begin(struct bed *b, uint64_t seed)
{
    struct error e = { 0 };

    *b = (struct bed){ .seed = seed };
    fake_dir_make(&b->d);
    fake_history_init(&b->h, seed);
    b->s = store_open(b->d.db, NULL, &e);
    assert_non_null(b->s);
}

static void end(struct bed *b)
{
    fail_at = 0;
    store_close(b->s);
    fake_history_fini(&b->h);
    fake_dir_remove(&b->d);
    clock_real();
}

// Until an operation fails, or `max` more are done. true: one failed, with *e.
static bool go_on(struct bed *b, int max, struct error *e)
{
    for (int i = 0; i < max; i++) {
        if (fake_op_do(&b->s, b->seed, b->h.done, e) < 0)
            return true;
        fake_history_apply(&b->h);
    }
    return false;
}

static void open_again(struct bed *b)
{
    struct error e = { 0 };
    struct store_open_result r = { 0 };

    store_close(TAKE(b->s));
    b->s = store_open(b->d.db, &r, &e);
    if (!b->s)
        fail_msg("seed %" PRIu64 ": %s", b->seed, e.text);
    if (r.set_aside[0])
        fail_msg("seed %" PRIu64 ": set aside as %s", b->seed, r.set_aside);
}

static void all_is_there(struct bed *b, bool one_in_flight)
{
    struct arena *autoarena a = arena_new((size_t)64 << 20);
    struct error e = { 0 };
    enum fake_in_flight seen;
    const char *problems = NULL, *bad;

    assert_int_equal(store_check(b->s, a, &problems, &e), 0);
    bad = problems ? problems : fake_history_differs(&b->h, b->s, a, one_in_flight ? &seen : NULL);
    if (bad)
        fail_msg("seed %" PRIu64 ", operation %d: %s", b->seed, b->h.done, bad);
}

static const struct {
    int number;
    const char *name;
} errors[] = {
    {ENOSPC,  "no space" },
    { EROFS,  "read-only"},
    { EIO,    "I/O error"},
    { EDQUOT, "quota"    },
};

struct tally {
    int cases, failed[ARRAY_SIZE(errors)], refused;
};

static void one_failing_call(uint64_t seed, struct tally *t)
{
    struct bed b;
    struct error e = { 0 };
    uint64_t r = fake_mix(seed, 5, 5);
    size_t kind = r % ARRAY_SIZE(errors);

    begin(&b, seed);
    assert_false(go_on(&b, 10 + (int)(r >> 4 & 31), &e));
    calls = 0;
    fail_with = errors[kind].number;
    fail_at = 1 + (int)((r >> 16) % 400);
    if (go_on(&b, 300, &e)) {
        t->failed[kind]++;
        if (e.code != ERR_UNAVAILABLE && e.code != ERR_IO)
            fail_msg("seed %" PRIu64 ": %s is called %s: %s", seed, errors[kind].name,
                     err_name(e.code), e.text);
        for (int i = 0; b.s && i < 5; i++) // it stays an error and breaks nothing
            t->refused += fake_op_do(&b.s, seed, b.h.done, &e) < 0;
    }
    fail_at = 0;
    if (!b.s)
        open_again(&b);
    all_is_there(&b, true);
    if (go_on(&b, 20, &e))
        fail_msg("seed %" PRIu64 ": it works no more: %s", seed, e.text);
    all_is_there(&b, false);
    open_again(&b);
    all_is_there(&b, false);
    t->cases++;
    end(&b);
}

static void failing_calls_are_errors_and_nothing_is_lost(void **state unused_arg)
{
    const int64_t n = fake_count(40);
    struct tally t = { 0 };

    for (int64_t i = 0; i < n; i++)
        one_failing_call(fake_seed() + (uint64_t)i, &t);
    print_message("%d cases:", t.cases);
    for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
        print_message(" %s %d,", errors[i].name, t.failed[i]);
        if (n >= 40)
            assert_true(t.failed[i] > 0);
    }
    print_message(" %d more refused while it lasted\n", t.refused);
}

static bool mounted(struct fake_dir *d)
{
    return mount("tmpfs", d->path, "tmpfs", 0, "size=4m") == 0;
}

static void fill(const struct fake_dir *d, char ballast[200])
{
    char block[4096] = { 'x' };
    int fd;

    snprintf(ballast, 200, "%s/ballast", d->path);
    fd = open(ballast, O_CREAT | O_WRONLY | O_TRUNC, 0640);
    assert_true(fd >= 0);
    while (write(fd, block, sizeof(block)) > 0)
        ;
    close(fd);
}

static void a_disk_that_fills_up_again_and_again_loses_nothing(void **state unused_arg)
{
    struct bed b;
    struct error e = { 0 };
    char ballast[200];
    int failed = 0;

    begin(&b, 7);
    store_close(TAKE(b.s));
    if (!mounted(&b.d)) {
        end(&b);
        SKIP_TEST("needs root to mount a tmpfs");
    }
    open_again(&b);
    for (int round = 0; round < 8; round++) {
        assert_false(go_on(&b, 12 + round, &e));
        fill(&b.d, ballast);
        if (go_on(&b, 60, &e)) {
            failed++;
            assert_int_equal(e.code, ERR_UNAVAILABLE);
            assert_non_null(strstr(e.text, "free space"));
        }
        assert_int_equal(unlink(ballast), 0);
        if (!b.s)
            open_again(&b);
        all_is_there(&b, true);
    }
    assert_true(failed >= 6);
    open_again(&b);
    all_is_there(&b, true);
    store_close(TAKE(b.s));
    umount2(b.d.path, MNT_DETACH);
    end(&b);
}

static void
a_medium_that_is_read_only_for_a_while_can_be_read_and_then_written(void **state unused_arg)
{
    struct bed b;
    struct error e = { 0 };

    begin(&b, 8);
    store_close(TAKE(b.s));
    if (!mounted(&b.d)) {
        end(&b);
        SKIP_TEST("needs root to mount a tmpfs");
    }
    open_again(&b);
    for (int round = 0; round < 4; round++) {
        assert_false(go_on(&b, 25, &e));
        store_close(TAKE(b.s));
        assert_int_equal(mount("tmpfs", b.d.path, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL), 0);
        assert_null(store_open(b.d.db, NULL, &e));
        assert_int_equal(e.code, ERR_UNAVAILABLE);
        b.s = store_open_readonly(b.d.db, &e);
        if (!b.s)
            fail_msg("%s", e.text);
        all_is_there(&b, false);
        store_close(TAKE(b.s));
        assert_int_equal(mount("tmpfs", b.d.path, "tmpfs", MS_REMOUNT, NULL), 0);
        open_again(&b);
        all_is_there(&b, false);
    }
    store_close(TAKE(b.s));
    umount2(b.d.path, MNT_DETACH);
    end(&b);
}

RUN(T(failing_calls_are_errors_and_nothing_is_lost),
    T(a_disk_that_fills_up_again_and_again_loses_nothing),
    T(a_medium_that_is_read_only_for_a_while_can_be_read_and_then_written))
