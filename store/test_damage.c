// SPDX-License-Identifier: Apache-2.0
// Damaged files: header, pages, single bytes, length, log and shared index, at a random place of a
// history that follows from a seed. Nothing may crash or go on with a file that fails: it is kept
// under another name, and a new history begins. K9_COUNT: cases (default 54).
#include "base/test.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "store/fake_history_rows.h"
#include "store/fake_store.h"
#include "store/store_internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPS  60 // of the history that is damaged
#define PAGE 4096

enum damage { HEADER, PAGE_ZERO, PAGE_JUNK, PAGE_SWAP, BYTE, CUT, LOG, LOG_CUT, INDEX, DAMAGES };

static const char *const names[DAMAGES] = { "header",        "page of zeros", "page of junk",
                                            "pages swapped", "one byte",      "cut",
                                            "log",           "log cut",       "shared index" };

struct content {
    char *p;
    size_t n;
};

struct bed {
    struct fake_dir d;
    uint64_t seed, r;
    enum damage damage;
    struct content damaged;
};

static struct tally {
    int cases, intact, earlier, aside, aside_at_work, refused, unnoticed;
} tally[DAMAGES];

static struct content read_all(const char *path)
{
    struct content c = { .p = xmalloc((size_t)16 << 20) };
    FILE *f = fopen(path, "rb");

    if (f) {
        c.n = fread(c.p, 1, (size_t)16 << 20, f);
        fclose(f);
    }
    return c;
}

static void write_all(const char *path, const struct content *c)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(c->p, 1, c->n, f), c->n);
    assert_int_equal(fclose(f), 0);
}

static void copy(const char *from, const char *to, const char *part)
{
    autofree char *a = xasprintf("%s%s", from, part), *z = xasprintf("%s%s", to, part);
    struct content c = read_all(a);

    write_all(z, &c);
    free(c.p);
}

static void run_ops(struct store **s, uint64_t seed, int from, int to)
{
    struct error e = { 0 };

    for (int i = from; i < to; i++) {
        if (fake_op_do(s, seed, i, &e) < 0)
            fail_msg("seed %" PRIu64 ", operation %d: %s", seed, i, e.text);
    }
}

// The files as a killed writer leaves them (log and shared index), or as one that closed in order.
static void make_files(struct bed *b)
{
    struct error e = { 0 };
    struct fake_dir other;
    struct store *s;

    fake_dir_make(&other);
    s = store_open(other.db, NULL, &e);
    assert_non_null(s);
    run_ops(&s, b->seed, 0, OPS);
    if (b->damage >= LOG) {
        run_ops(&s, b->seed, OPS, OPS + 1); // the log is not empty then: see has_log
        copy(other.db, b->d.db, "");
        copy(other.db, b->d.db, "-wal");
        copy(other.db, b->d.db, "-shm");
    }
    store_close(s);
    if (b->damage < LOG)
        copy(other.db, b->d.db, "");
    fake_dir_remove(&other);
}

static void junk(char *p, size_t n, uint64_t r)
{
    for (size_t i = 0; i < n; i++) {
        r = r * 6364136223846793005u + 1442695040888963407u;
        p[i] = (char)(r >> 56);
    }
}

static void swap_pages(struct content *c, size_t one, size_t other)
{
    char page[PAGE];

    memcpy(page, c->p + one * PAGE, PAGE);
    memcpy(c->p + one * PAGE, c->p + other * PAGE, PAGE);
    memcpy(c->p + other * PAGE, page, PAGE);
}

static void spoil(const struct bed *b, struct content *c)
{
    size_t pages = c->n / PAGE, page = b->r % (pages ? pages : 1),
           at = (b->r >> 20) % (c->n + !c->n);

    switch (b->damage) {
    case HEADER:
        junk(c->p + at % 100, 1 + (b->r >> 50) % 16, b->r);
        break;
    case PAGE_ZERO:
        memset(c->p + page * PAGE, 0, PAGE);
        break;
    case PAGE_JUNK:
        junk(c->p + page * PAGE, PAGE, b->r);
        break;
    case PAGE_SWAP:
        swap_pages(c, page, (b->r >> 24) % pages);
        break;
    case BYTE:
    case LOG:
    case INDEX:
        if (c->n)
            c->p[at] = (char)(c->p[at] ^ (1 << (b->r >> 60 & 7)));
        break;
    case CUT:
    case LOG_CUT:
        c->n = at;
        break;
    case DAMAGES:
        break;
    }
}

static void damage(struct bed *b)
{
    const char *part = b->damage == INDEX ? "-shm" : b->damage >= LOG ? "-wal" : "";
    autofree char *path = xasprintf("%s%s", b->d.db, part);
    struct content c = read_all(path);

    spoil(b, &c);
    write_all(path, &c);
    free(c.p);
    b->damaged = read_all(b->d.db);
}

// Beyond the first page, whose counters a look at the file may change, nothing was touched.
static void kept_as_it_was(struct bed *b, const char *aside)
{
    struct content c = read_all(aside);

    if (c.n == 0 || access(aside, F_OK) < 0)
        fail_msg("seed %" PRIu64 ": the damaged file is gone", b->seed);
    if (b->damage < LOG &&
        (c.n != b->damaged.n ||
         (c.n > PAGE && memcmp(c.p + PAGE, b->damaged.p + PAGE, c.n - PAGE) != 0)))
        fail_msg("seed %" PRIu64 ": the damaged file was changed", b->seed);
    free(c.p);
}

static bool holds(struct store *s, uint64_t seed, int ops, bool *ret_sound)
{
    struct arena *autoarena a = arena_new((size_t)64 << 20);
    struct fake_history h;
    struct error e = { 0 };
    const char *problems = NULL, *bad;

    *ret_sound = store_check(s, a, &problems, &e) == 0 && !problems;
    fake_history_init(&h, seed);
    fake_history_catch_up(&h, ops - 1);
    bad = fake_history_differs(&h, s, a, NULL);
    fake_history_fini(&h);
    return !bad;
}

// Retention goes in slices, each a whole moment.
static bool holds_a_part_of(struct store *s, uint64_t seed, int op)
{
    struct arena *autoarena a = arena_new((size_t)64 << 20);
    struct fake_history h;
    enum fake_in_flight there;
    bool same;

    if (fake_op_at(seed, op).kind != FAKE_RETAIN)
        return false;
    fake_history_init(&h, seed);
    fake_history_catch_up(&h, op - 1);
    same = !fake_history_differs(&h, s, a, &there);
    fake_history_fini(&h);
    return same;
}

static bool holds_an_earlier_moment(struct store *s, uint64_t seed)
{
    bool sound;

    for (int n = OPS; n >= 0; n--) {
        if (holds(s, seed, n, &sound) || holds_a_part_of(s, seed, n))
            return sound;
    }
    return false;
}

// Twenty more operations; a call that says GONE is answered as controller/history.c does.
static struct store *work_on(struct bed *b, struct store *s)
{
    struct error e = { 0 };
    struct store_open_result r = { 0 };

    for (int i = OPS + 1; i < OPS + 21; i++) {
        if (fake_op_do(&s, b->seed, i, &e) == 0)
            continue;
        if (e.code != ERR_GONE)
            fail_msg("seed %" PRIu64 " (%s), operation %d: %s", b->seed, names[b->damage], i,
                     e.text);
        store_close(s);
        s = store_open_suspect(b->d.db, &r, &e);
        if (!s)
            fail_msg("seed %" PRIu64 ": %s", b->seed, e.text);
        assert_string_not_equal(r.set_aside, "");
        tally[b->damage].aside_at_work++;
        run_ops(&s, b->seed, 0, 20);
        return s;
    }
    return s;
}

static struct store *judge(struct bed *b, struct store *s, const struct store_open_result *r)
{
    struct tally *t = &tally[b->damage];
    int ops = b->damage >= LOG ? OPS + 1 : OPS;
    bool sound, same;

    t->cases++;
    if (r->set_aside[0]) {
        t->aside++;
        kept_as_it_was(b, r->set_aside);
        run_ops(&s, b->seed, 0, 20);
        same = holds(s, b->seed, 20, &sound);
        assert_true(same && sound);
        return s;
    }
    same = holds(s, b->seed, ops, &sound);
    if (same && sound)
        t->intact++;
    else if (b->damage >= LOG && holds_an_earlier_moment(s, b->seed))
        t->earlier++;
    else
        t->unnoticed++;
    return work_on(b, s);
}

// A header that says so cannot be told from a newer version's, and such a file is left alone.
static void taken_for_newer(struct bed *b, const struct error *e)
{
    struct content c = read_all(b->d.db);

    if (e->code != ERR_INVALID || !strstr(e->text, "newer kube9-operator"))
        fail_msg("seed %" PRIu64 " (%s): %s", b->seed, names[b->damage], e->text);
    assert_int_equal(c.n, b->damaged.n);
    assert_memory_equal(c.p, b->damaged.p, c.n);
    free(c.p);
    tally[b->damage].cases++;
    tally[b->damage].refused++;
}

static void one_case(uint64_t seed)
{
    struct bed b = { .seed = seed,
                     .r = fake_mix(seed, 3, 3),
                     .damage = (enum damage)(seed % DAMAGES) };
    struct store_open_result r = { 0 };
    struct error e = { 0 };
    struct store *s;

    fake_dir_make(&b.d);
    make_files(&b);
    damage(&b);
    s = store_open(b.d.db, &r, &e);
    if (s)
        store_close(judge(&b, s, &r));
    else
        taken_for_newer(&b, &e);
    free(b.damaged.p);
    fake_dir_remove(&b.d);
    clock_real();
}

static void damage_never_stops_the_writer_and_no_file_is_deleted(void **state unused_arg)
{
    static const uint64_t found[] = { 153 }; // a header with a schema format that does not exist
    const int64_t n = fake_count(54);

    for (size_t i = 0; i < ARRAY_SIZE(found); i++)
        one_case(found[i]);
    for (int64_t i = 0; i < n; i++)
        one_case(fake_seed() + (uint64_t)i);
    print_message("%-14s %6s %7s %8s %6s %8s %8s %10s\n", "damage", "cases", "intact", "earlier",
                  "aside", "at work", "refused", "unnoticed");
    for (int i = 0; i < DAMAGES; i++) {
        const struct tally *t = &tally[i];

        print_message("%-14s %6d %7d %8d %6d %8d %8d %10d\n", names[i], t->cases, t->intact,
                      t->earlier, t->aside, t->aside_at_work, t->refused, t->unnoticed);
        if (i >= LOG) // a damaged log ends the history earlier; it never mixes it
            assert_int_equal(t->unnoticed, 0);
    }
    if (n >= 54)
        assert_true(tally[PAGE_JUNK].aside > 0 && tally[PAGE_ZERO].aside > 0 &&
                    tally[HEADER].aside > 0);
    assert_int_equal(tally[INDEX].intact, tally[INDEX].cases); // it is made anew
}

RUN(T(damage_never_stops_the_writer_and_no_file_is_deleted))
