// SPDX-License-Identifier: Apache-2.0
// Borrowed strings and the one growing buffer. A buffer fails instead of aborting at its maximum,
// since its content comes from outside; the failure sticks, so a writer may check once at its end.
#include "base/str.h"

#include "base/alloc.h"
#include <assert.h>

bool str_eq(struct str a, const char *b)
{
    return b && strlen(b) == a.n && (!a.n || !memcmp(a.p, b, a.n));
}

bool str_begins(struct str s, const char *prefix)
{
    size_t n = strlen(prefix);

    return s.n >= n && memcmp(s.p, prefix, n) == 0;
}

bool str_finishes(struct str s, const char *suffix)
{
    size_t n = strlen(suffix);

    return s.n >= n && memcmp(s.p + s.n - n, suffix, n) == 0;
}

bool str_starts(const char *s, const char *prefix)
{
    return !strncmp(s, prefix, strlen(prefix));
}

bool str_is_one_of(const char *s, const char *const *list)
{
    for (; *list; list++) {
        if (strcmp(*list, s) == 0)
            return true;
    }
    return false;
}

bool str_ends(const char *s, const char *suffix)
{
    size_t n = strlen(s), m = strlen(suffix);

    return n >= m && !memcmp(s + n - m, suffix, m);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str s)
{
    while (s.n && is_blank(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n && is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

bool str_split(struct str *rest, char sep, struct str *ret)
{
    const char *at;

    if (!rest->n)
        return false;
    at = memchr(rest->p, sep, rest->n);
    ret->p = rest->p;
    ret->n = at ? (size_t)(at - rest->p) : rest->n;
    rest->p += ret->n + (at ? 1 : 0);
    rest->n -= ret->n + (at ? 1 : 0);
    return true;
}

int str_i64(struct str s, int64_t *ret)
{
    bool negative = s.n && s.p[0] == '-';
    int64_t v = 0;

    if (s.n == (negative ? 1 : 0))
        return -1;
    for (size_t i = negative ? 1 : 0; i < s.n; i++) {
        int digit = s.p[i] - '0';

        if (digit < 0 || digit > 9)
            return -1;
        // Counted downwards, for INT64_MIN has no positive.
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, digit, &v))
            return -1;
    }
    if (!negative && v == INT64_MIN)
        return -1;
    *ret = negative ? v : -v;
    return 0;
}

bool str_eq_const_time(struct str a, struct str b)
{
    volatile unsigned char diff = 0;

    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        diff |= (unsigned char)(a.p[i] ^ b.p[i]);
    return !diff;
}

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){ .max = MIN(max, SIZE_MAX / 2) };
}

void buf_fini(struct buf *b)
{
    if (!b)
        return;
    free(b->p);
    *b = (struct buf){ .max = b->max };
}

void buf_reset(struct buf *b)
{
    b->n = 0;
    b->failed = false;
    if (b->p)
        b->p[0] = '\0';
}

void buf_shrink(struct buf *b, size_t keep)
{
    if (b->n || b->cap <= keep)
        return;
    if (!keep) {
        free(TAKE(b->p));
        b->cap = 0;
        return;
    }
    b->p = xrealloc(b->p, keep);
    b->p[0] = '\0';
    b->cap = keep;
}

// Makes room for n more bytes and the NUL.
static int reserve(struct buf *b, size_t n)
{
    size_t cap = b->cap;

    if (b->failed || n > b->max - b->n) {
        b->failed = true;
        return -1;
    }
    if (b->n + n < cap)
        return 0;
    cap = MAX(MAX(cap * 2, b->n + n + 1), 64);
    b->cap = MIN(cap, b->max + 1);
    b->p = xrealloc(b->p, b->cap);
    return 0;
}

int buf_add(struct buf *b, const void *p, size_t n)
{
    if (reserve(b, n) < 0)
        return -1;
    if (n)
        memcpy(b->p + b->n, p, n);
    b->n += n;
    b->p[b->n] = '\0';
    return 0;
}

int buf_adds(struct buf *b, const char *s)
{
    return buf_add(b, s, strlen(s));
}

int buf_addc(struct buf *b, char c)
{
    return buf_add(b, &c, 1);
}

int buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    int r;

    va_start(ap, fmt);
    r = buf_vaddf(b, fmt, ap);
    va_end(ap);
    return r;
}

int buf_vaddf(struct buf *b, const char *fmt, va_list ap)
{
    va_list again;
    int n;

    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    if (n < 0 || reserve(b, (size_t)n) < 0) {
        b->failed = true;
        return -1;
    }
    vsnprintf(b->p + b->n, (size_t)n + 1, fmt, ap);
    b->n += (size_t)n;
    return 0;
}

void buf_drop(struct buf *b, size_t n)
{
    assert(n <= b->n);
    if (!n)
        return;
    b->n -= n;
    memmove(b->p, b->p + n, b->n + 1);
}

struct str buf_str(const struct buf *b)
{
    return (struct str){ b->p ? b->p : "", b->n };
}

char *buf_take(struct buf *b)
{
    char *p = b->p ? TAKE(b->p) : xstrdup("");

    buf_init(b, b->max);
    return p;
}
