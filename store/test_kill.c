// SPDX-License-Identifier: Apache-2.0
// A writer that is killed (SIGKILL) at any moment loses no operation that it reported, and leaves
// none half done. Generations of kills, each on a new file: in the even ones the parent kills after
// a random time, most of it inside a commit; in the odd ones the writer kills itself at the n-th
// call that changes a file, which a seed replays exactly.
//
//   K9_COUNT  kills (default 100)    K9_SEED  of the first generation (default 1)
#include "base/test.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "store/fake_history_rows.h"
#include "store/fake_store.h"
#include "store/store_internal.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GENERATION 25   // kills on one file
#define OPS_MAX    4000 // in one life: some kill must come before

// Calls that change a file, in front of the C library's and for SQLite as well: pwrite, ftruncate,
// fdatasync, unlink and rename are counted, and at the chosen one this process kills itself.

enum kill_when {
    KILL_BEFORE,
    KILL_WITHIN, // a write has written its first half
    KILL_AFTER,
};

static int kill_at, calls;
static enum kill_when when_at;

static void kill_at_call(int nth, enum kill_when when)
{
    kill_at = nth;
    when_at = when;
    calls = 0;
}

static void end_here(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

static bool is_the_one(void)
{
    return ++calls == kill_at;
}

static long counted(long number, long a, long b)
{
    bool the_one = is_the_one();
    long rc;

    if (the_one && when_at == KILL_BEFORE)
        end_here();
    rc = syscall(number, a, b, 0L);
    if (the_one)
        end_here();
    return rc;
}

ssize_t pwrite64(int fd, const void *buf, size_t n, off64_t offset)
{
    bool the_one = is_the_one();
    ssize_t rc;

    if (the_one && when_at == KILL_BEFORE)
        end_here();
    if (the_one && when_at == KILL_WITHIN)
        n /= 2;
    rc = syscall(SYS_pwrite64, fd, buf, n, offset);
    if (the_one)
        end_here();
    return rc;
}

int ftruncate64(int fd, off64_t length)
{
    return (int)counted(SYS_ftruncate, fd, length);
}

int fdatasync(int fildes)
{
    return (int)counted(SYS_fdatasync, fildes, 0);
}

int unlink(const char *name)
{
    return (int)counted(SYS_unlinkat, AT_FDCWD, (long)name);
}

int rename(const char *old, const char *new)
{
    return (int)counted(SYS_rename, (long)old, (long)new);
}

struct generation {
    struct fake_dir d;
    struct fake_history h;
    uint64_t seed;
    int kills;
    int begun; // the newest operation that some life began, -1: none
    bool at_calls;
};

static struct {
    int64_t kills, acked, inside, there, not_there, in_part, before_open, runs, files;
} sum;

struct word { // of the writer to its parent
    int number;
    int done; // 0: begins, 1: the commit returned
};

static void say(int fd, int number, int done)
{
    const struct word w = { number, done };

    if (write(fd, &w, sizeof(w)) != sizeof(w))
        _exit(3);
}

// A new file's first lives are short, so that some end while the schema is being made.
static void choose_the_call(const struct generation *g, uint64_t r)
{
    static const int ranges[] = { 40, 500, 2000, 4000 };
    int range = g->kills < 5 ? 120 : ranges[r % ARRAY_SIZE(ranges)];

    if (g->at_calls)
        kill_at_call(1 + (int)((r >> 8) % (uint64_t)range), (enum kill_when)((r >> 40) % 3));
}

static no_return void be_the_writer(const struct generation *g, int fd, uint64_t r)
{
    struct error e = { 0 };
    struct store *s;
    // In one life of eight: the commit returned, and nobody heard of it.
    int unheard = r >> 50 & 7 ? -1 : g->h.done + (int)((r >> 20) % 20);

    choose_the_call(g, r);
    s = store_open(g->d.db, NULL, &e);
    for (int i = g->h.done; s && i < g->h.done + OPS_MAX; i++) {
        say(fd, i, 0);
        if (fake_op_do(&s, g->seed, i, &e) < 0)
            break;
        if (i == unheard)
            kill(getpid(), SIGKILL);
        say(fd, i, 1);
    }
    fprintf(stderr, "writer: %s\n", e.text[0] ? e.text : "was not killed");
    _exit(2);
}

static void nap(uint64_t microseconds)
{
    const struct timespec t = { .tv_nsec = (long)microseconds * 1000 };

    nanosleep(&t, NULL);
}

struct life {
    int last, begun; // operations: reported, begun; -1: none
    int words;
};

static void note(struct life *l, const struct word *w)
{
    l->words++;
    if (w->done)
        l->last = w->number;
    else
        l->begun = w->number;
}

static void hear(struct life *l, int fd)
{
    struct word w;

    while (read(fd, &w, sizeof(w)) == sizeof(w))
        note(l, &w);
}

// After so many words, and so long after the last of them.
static void wait_for_the_moment(struct life *l, int fd, uint64_t r, bool early)
{
    int words = early || r % 8 == 0 ? 0 : 1 + (int)((r >> 8) % 80);
    struct word w;

    while (l->words < words && read(fd, &w, sizeof(w)) == sizeof(w))
        note(l, &w);
    nap((r >> 20) % (r % 3 ? 400 : 6000));
}

static struct life live_and_die(struct generation *g, uint64_t r)
{
    struct life l = { .last = -1, .begun = -1 };
    int ends[2], status;
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    if (pid == 0) {
        close(ends[0]);
        be_the_writer(g, ends[1], r);
    }
    close(ends[1]);
    if (!g->at_calls) {
        wait_for_the_moment(&l, ends[0], r, g->kills < 5);
        kill(pid, SIGKILL);
    }
    hear(&l, ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    close(ends[0]);
    if (!WIFSIGNALED(status))
        fail_msg("the writer ended by itself with status %d", status);
    return l;
}

static no_return void fail_here(const struct generation *g, const char *what)
{
    print_error("after kill %d, at operation %d: %s\n"
                "replay: make store-kill SEED=%" PRIu64 " COUNT=%d\n",
                g->kills, g->h.done, what, g->seed, GENERATION);
    fail();
    abort();
}

// Opens the file as the operator does after a crash.
static void look(struct generation *g, const struct life *l)
{
    struct error e = { 0 };
    struct store_open_result r;
    struct arena *autoarena a = arena_new((size_t)64 << 20);
    const char *bad = NULL, *problems = NULL;
    enum fake_in_flight in_flight = FAKE_NOT_THERE;
    struct store *s = store_open(g->d.db, &r, &e);
    int64_t n = 0;
    bool begun;

    if (!s)
        fail_here(g, e.text);
    if (r.set_aside[0])
        fail_here(g, "the file was taken for damaged");
    if (store_check(s, a, &problems, &e) < 0 || problems)
        fail_here(g, problems ? problems : e.text);
    fake_history_catch_up(&g->h, l->last);
    g->begun = MAX(g->begun, l->begun); // what was in flight stays so until a life does it again
    begun = g->begun == g->h.done;
    bad = fake_history_differs(&g->h, s, a, begun ? &in_flight : NULL);
    if (bad)
        fail_here(g, bad);
    if (db_int(s->db, "SELECT count(*) FROM runs", &n, &e) == 0)
        sum.runs += n;
    store_close(s);
    sum.inside += begun;
    sum.there += in_flight == FAKE_THERE;
    sum.in_part += in_flight == FAKE_IN_PART;
    sum.not_there += begun && in_flight == FAKE_NOT_THERE;
    sum.before_open += l->words == 0;
}

static void generation(uint64_t seed, int kills)
{
    struct generation g = { .seed = seed, .begun = -1, .at_calls = seed % 2 };

    fake_dir_make(&g.d);
    fake_history_init(&g.h, seed);
    for (; g.kills < kills; g.kills++) {
        struct life l = live_and_die(&g, fake_mix(seed, (uint64_t)g.kills, 99));

        look(&g, &l);
    }
    sum.kills += kills;
    sum.acked += g.h.done;
    sum.files++;
    fake_history_fini(&g.h);
    fake_dir_remove(&g.d);
}

static void a_killed_writer_loses_nothing_and_leaves_nothing_half_done(void **state unused_arg)
{
    const int64_t count = fake_count(100), seed = (int64_t)fake_seed();

    assert_true(count > 0 && count <= 1000000);
    for (int64_t done = 0; done < count; done += GENERATION) {
        generation((uint64_t)(seed + done / GENERATION), (int)MIN(GENERATION, count - done));
        if (done % 250 == 225)
            print_message("%" PRId64 " kills\n", done + GENERATION);
    }
    print_message("%" PRId64 " kills on %" PRId64 " files: %" PRId64
                  " before the file was open, %" PRId64 " inside an operation (%" PRId64
                  " of them found whole, %" PRId64 " not there, %" PRId64 " retentions in part)\n"
                  "%" PRId64 " operations reported and found, %" PRId64 " runs read, %" PRId64
                  " integrity checks ok\n",
                  sum.kills, sum.files, sum.before_open, sum.inside, sum.there, sum.not_there,
                  sum.in_part, sum.acked, sum.runs, sum.kills);
    if (count >= 100) { // else the plan has not been where it means to be
        assert_true(sum.there > 0);
        assert_true(sum.not_there > 0);
        assert_true(sum.before_open > 0);
        assert_true(sum.acked > count);
    }
}

RUN(T(a_killed_writer_loses_nothing_and_leaves_nothing_half_done))
