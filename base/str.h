// SPDX-License-Identifier: Apache-2.0
// struct str: a borrowed run of bytes. struct buf: a growing byte string whose maximum is named at
// birth.
#pragma once

#include "base/base.h"
#include <stdarg.h>

struct str {
    const char *p;
    size_t n;
};

#define STR_FMT    "%.*s"
#define STR_ARG(s) (int)(s).n, (s).p

static inline struct str str_of(const char *s)
{
    return (struct str){ s, s ? strlen(s) : 0 };
}

bool str_eq(struct str a, const char *b);
bool str_begins(struct str s, const char *prefix);
bool str_finishes(struct str s, const char *suffix);
bool str_starts(const char *s, const char *prefix);
bool str_is_one_of(const char *s, const char *const *list); // ends with NULL
bool str_ends(const char *s, const char *suffix);
struct str str_trim(struct str s); // blanks, tabs, CR, LF at both ends
// Next piece; false when nothing is left. "a,,b" has three pieces, "a," one, "" none.
bool str_split(struct str *rest, char sep, struct str *ret);
// Whole decimal string, "-" allowed; -1 if no number or out of range.
int str_i64(struct str s, int64_t *ret);
bool str_eq_const_time(struct str a, struct str b); // for secrets; only the length shows

// Declare it initialised, `autobuf struct buf b = { 0 };`, where a return may come before buf_init.
// Once an add would pass max the buffer is `failed`: nothing more is added and every add returns
// -1.
struct buf {
    char *p; // owned; always NUL-terminated after the first add
    size_t n, cap, max;
    bool failed;
};

void buf_init(struct buf *b, size_t max);
void buf_fini(struct buf *b);
void buf_reset(struct buf *b);               // empty, keeps memory
void buf_shrink(struct buf *b, size_t keep); // gives memory beyond keep back when empty
int buf_add(struct buf *b, const void *p, size_t n);
int buf_adds(struct buf *b, const char *s);
int buf_addc(struct buf *b, char c);
int buf_addf(struct buf *b, const char *fmt, ...) printf_like(2, 3);
int buf_vaddf(struct buf *b, const char *fmt, va_list ap) printf_like(2, 0);
void buf_drop(struct buf *b, size_t n); // removes the first n bytes
struct str buf_str(const struct buf *b);
// Caller frees; the buffer is empty again ("" never NULL).
char *buf_take(struct buf *b);
#define autobuf __attribute__((cleanup(buf_fini)))
