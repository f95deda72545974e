// SPDX-License-Identifier: Apache-2.0
// The first byte seeds the cuts; the rest is a stream. Cut anywhere it must give the same pieces
// and the same end as in one piece, as a list and as lines.
#include "base/alloc.h"
#include "base/error.h"
#include "base/map.h"
#include "informer/split.h"

#define OBJECT_MAX 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct trace {
    uint64_t hash;
    size_t n;
    int rc;
    enum err code;
};

static int record(void *arg, struct str text, struct error *e)
{
    struct trace *t = arg;

    (void)e;
    t->hash = t->hash * 1099511628211u + hash64_stable(text.p, text.n);
    t->n++;
    return 0;
}

// A copy of exactly n bytes, so that ASan sees a read past the piece.
static int push_copy(void *s, bool lines, const char *p, size_t n, struct error *e)
{
    char *copy = xmalloc(n ? n : 1);
    int rc;

    memcpy(copy, p, n);
    rc = lines ? split_lines_push(s, copy, n, e) : split_list_push(s, copy, n, e);
    free(copy);
    return rc;
}

static size_t next_cut(uint32_t *seed, size_t left)
{
    *seed = *seed * 1664525 + 1013904223;
    return MIN(left, 1 + (*seed >> 16) % 90);
}

static struct trace run(const char *p, size_t n, bool lines, bool whole, uint32_t seed)
{
    struct trace t = { 0 };
    struct split_lines by_line;
    struct split_list list;
    struct split_list_end end = { 0 };
    struct error e = { 0 };

    split_lines_init(&by_line, OBJECT_MAX, record, &t);
    split_list_init(&list, OBJECT_MAX, record, &t);
    for (size_t at = 0, cut; at < n && t.rc == 0; at += cut) {
        cut = whole ? n : next_cut(&seed, n - at);
        t.rc = push_copy(lines ? (void *)&by_line : (void *)&list, lines, p + at, cut, &e);
    }
    if (!lines && t.rc == 0)
        t.rc = split_list_finish(&list, &end, &e);
    t.code = e.code;
    split_lines_fini(&by_line);
    split_list_fini(&list);
    return t;
}

static bool same(struct trace a, struct trace b)
{
    return a.hash == b.hash && a.n == b.n && a.rc == b.rc && a.code == b.code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *p = (const char *)data + 1;

    if (size < 2)
        return 0;
    for (int lines = 0; lines < 2; lines++)
        if (!same(run(p, size - 1, lines, true, 0), run(p, size - 1, lines, false, data[0])))
            abort();
    return 0;
}
