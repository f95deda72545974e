// SPDX-License-Identifier: Apache-2.0
// Bump allocation for everything that dies together. Under ASan each piece is its own malloc, so
// that an overrun inside an arena is still seen. Not thread-safe: one owner at a time.
#pragma once

#include "base/base.h"
#include "base/str.h"

struct arena;

// Beyond max the process aborts: bound the input first.
struct arena *arena_new(size_t max_bytes);
void arena_free(struct arena *a);  // NULL ok
void arena_reset(struct arena *a); // frees all but the first block
size_t arena_used(const struct arena *a);
// What may still be allocated: readers of outside input ask first.
size_t arena_room(const struct arena *a);

void *arena_alloc(struct arena *a, size_t size); // aligned to 8, not zeroed
void *arena_zalloc(struct arena *a, size_t size);
// Zeroed; n * size is checked for overflow.
void *arena_calloc(struct arena *a, size_t n, size_t size);
char *arena_strdup(struct arena *a, const char *s);            // NULL gives NULL; likewise below
char *arena_strndup(struct arena *a, const char *s, size_t n); // exactly n bytes and a NUL
char *arena_printf(struct arena *a, const char *fmt, ...) printf_like(2, 3);

void arena_freep(struct arena **a);
#define autoarena               __attribute__((cleanup(arena_freep)))
#define ARENA_NEW(a, type)      ((type *)arena_zalloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_calloc((a), (size_t)(n), sizeof(type)))
