// SPDX-License-Identifier: Apache-2.0
// Bump allocation in two builds of one interface. Normally pieces are cut from blocks that double
// from 4 KiB to 256 KiB. With AddressSanitizer (ARENA_DEBUG) each piece is its own malloc and the
// list of them lies apart, so that a write past either end of a piece is reported where it happens.
#include "base/arena.h"

#include "base/alloc.h"
#include <assert.h>
#include <stdarg.h>

#if defined(__has_feature) && !defined(ARENA_DEBUG)
#    if __has_feature(address_sanitizer)
#        define ARENA_DEBUG
#    endif
#elif defined(__SANITIZE_ADDRESS__) && !defined(ARENA_DEBUG)
#    define ARENA_DEBUG
#endif

#define BLOCK_FIRST ((size_t)4096)
#define BLOCK_MAX   ((size_t)256 * 1024)

#ifdef ARENA_DEBUG

struct arena {
    void **pieces; // owned, and each of them
    size_t n, cap, used, max;
};

static void free_all(struct arena *a)
{
    for (size_t i = 0; i < a->n; i++)
        free(a->pieces[i]);
    a->n = 0;
}

static void *take(struct arena *a, size_t size)
{
    void *p = xmalloc(size);

    if (a->n == a->cap) {
        a->cap = a->cap ? a->cap * 2 : 64;
        a->pieces = xrealloc(a->pieces, a->cap * sizeof(*a->pieces));
    }
    a->pieces[a->n++] = p;
    return p;
}

static void free_rest(struct arena *a)
{
    free(a->pieces);
}

#else

struct block {
    struct block *older;
    size_t size, used; // of data
    _Alignas(8) char data[];
};

struct arena {
    struct block *newest; // owned; older ones follow, the first is the last
    size_t used, max;
};

static struct block *block_new(struct block *older, size_t size)
{
    struct block *b = xmalloc(sizeof(*b) + size);

    b->older = older;
    b->size = size;
    b->used = 0;
    return b;
}

static void free_all(struct arena *a)
{
    while (a->newest && a->newest->older) {
        struct block *b = a->newest;

        a->newest = b->older;
        free(b);
    }
    if (a->newest)
        a->newest->used = 0;
}

static void *take(struct arena *a, size_t size)
{
    size_t rounded = (size + 7) & ~(size_t)7;
    struct block *b = a->newest;
    void *p;

    if (!b || b->size - b->used < rounded) {
        size_t next = b ? MIN(b->size * 2, BLOCK_MAX) : BLOCK_FIRST - sizeof(*b);

        b = a->newest = block_new(b, MAX(next, rounded));
    }
    p = b->data + b->used;
    b->used += rounded;
    return p;
}

static void free_rest(struct arena *a)
{
    free(a->newest);
}

#endif

struct arena *arena_new(size_t max_bytes)
{
    struct arena *a = xcalloc(1, sizeof(*a));

    a->max = MIN(max_bytes, SIZE_MAX / 2);
    return a;
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    free_all(a);
    free_rest(a);
    free(a);
}

void arena_freep(struct arena **a)
{
    arena_free(*a);
}

void arena_reset(struct arena *a)
{
    free_all(a);
    a->used = 0;
}

size_t arena_used(const struct arena *a)
{
    return a->used;
}

size_t arena_room(const struct arena *a)
{
    return a->max - a->used;
}

void *arena_alloc(struct arena *a, size_t size)
{
    if (size > a->max - a->used) {
        fprintf(stderr, "arena: %zu bytes more than its maximum of %zu\n", size, a->max);
        abort();
    }
    a->used += size;
    return take(a, size);
}

void *arena_zalloc(struct arena *a, size_t size)
{
    return memset(arena_alloc(a, size), 0, size);
}

void *arena_calloc(struct arena *a, size_t n, size_t size)
{
    size_t bytes;

    return __builtin_mul_overflow(n, size, &bytes) ? arena_alloc(a, SIZE_MAX) // aborts
                                                   : arena_zalloc(a, bytes);
}

char *arena_strdup(struct arena *a, const char *s)
{
    return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
    char *p;

    if (!s)
        return NULL;
    p = arena_alloc(a, n + 1);
    memcpy(p, s, n);
    p[n] = '\0';
    return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap, again;
    char *p = NULL;
    int n;

    assert(fmt); // or gcc 12 with UBSan warns of a null format
    va_start(ap, fmt);
    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, ap);
    p = arena_alloc(a, (n < 0 ? 0 : (size_t)n) + 1);
    p[0] = '\0';
    if (n > 0)
        vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    va_end(ap);
    return p;
}
