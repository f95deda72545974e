// SPDX-License-Identifier: Apache-2.0
// A document of one type while it is being written: statuses, patches, whole objects of our kinds.
// Lives in an arena.
//   T_put_m(d, value)        sets a scalar; text is copied. ENUM: the value; TIME: unix seconds;
//   DURATION: text T_put_m(d, key, value)   one pair of a MAP T_add_m(d)               OBJ: the
//   sub-draft (made at the first call); LIST: a new item T_add_m(d, value)        one item of STRS,
//   ATOMS (text), LONGS, ENUMS
// d must be a draft of type T. Any thread, one at a time.
#pragma once

#include "apis/object.h"
#include "apis/schema.h"
#include "apis/types.h"
#include "base/arena.h"
#include "base/writer.h"

struct draft;

struct draft *draft_new(struct arena *a,
                        const struct type *t); // DRAFT_NEW(arena, kube9_config_status)
#define DRAFT_NEW(a, T) draft_new((a), &type_##T)
struct draft *draft_load(struct arena *a, const struct type *t,
                         const void *rec);         // with what the record holds; rec may be NULL
void draft_drop(struct draft *d, const char *key); // takes a member away, by JSON key
void draft_write(const struct draft *d, struct writer *w); // a JSON object, members in row order
bool draft_same(const struct draft *d, const void *rec); // would write the same text as the record
// A whole object: apiVersion and kind in front. d is a draft of k's root type.
void draft_write_object(const struct draft *d, const struct kind *k, struct writer *w);

// Behind the typed functions.
void draft_set_int(struct draft *d, const struct type *t, uint32_t row, int64_t i);
void draft_set_text(struct draft *d, const struct type *t, uint32_t row,
                    const char *s); // NULL: absent
void draft_set_int_or_string(struct draft *d, const struct type *t, uint32_t row,
                             struct int_or_string is);
struct draft *draft_add_draft(struct draft *d, const struct type *t, uint32_t row);
void draft_add_text(struct draft *d, const struct type *t, uint32_t row, const char *s);
void draft_add_int(struct draft *d, const struct type *t, uint32_t row, int64_t v);
void draft_add_pair(struct draft *d, const struct type *t, uint32_t row, const char *k,
                    const char *s);

// clang-format off
// Numbers of the rows of each type.
#define TYPE(T, ...)       enum { T##__row__none = -1,
#define END(T)             };
#define SLOT_ROW(T, m)     T##__row__##m,
#define WORD_ROW(T, m)     T##__row__##m,
#define FLAG_ROW(T, m)     T##__row__##m,
#define SPEC(T, m, ...)    T##__row__##m,
#define HEADER(T, m, ...)  T##__row__##m,
#define RULE(T, m, ...)    T##__row__rule__##m,
#include "apis/rows_start.h"
#include "apis/types.def"
#include "apis/rows_end.h"

#define DRAFT_PUT(T, m, type, set, v) \
    static inline void T##_put_##m(struct draft *d, type) { set(d, &type_##T, T##__row__##m, v); }
#define DRAFT_ADD(T, m, type, add, v) \
    static inline void T##_add_##m(struct draft *d, type) { add(d, &type_##T, T##__row__##m, v); }
#define DRAFT_SUB(T, m) \
    static inline struct draft *T##_add_##m(struct draft *d) { return draft_add_draft(d, &type_##T, T##__row__##m); }
#define BOOL(T, m, ...)     DRAFT_PUT(T, m, bool v, draft_set_int, v)
#define INT(T, m, ...)      DRAFT_PUT(T, m, int32_t v, draft_set_int, v)
#define LONG(T, m, ...)     DRAFT_PUT(T, m, int64_t v, draft_set_int, v)
#define TIME(T, m, ...)     DRAFT_PUT(T, m, int64_t seconds, draft_set_int, seconds)
#define ENUM(T, m, j, w, ...) DRAFT_PUT(T, m, enum w v, draft_set_int, v)
#define STR(T, m, ...)      DRAFT_PUT(T, m, const char *v, draft_set_text, v)
#define ATOM(T, m, ...)     DRAFT_PUT(T, m, const char *v, draft_set_text, v)
#define DURATION(T, m, ...) DRAFT_PUT(T, m, const char *v, draft_set_text, v)
#define UID(T, m, ...)      DRAFT_PUT(T, m, const char *v, draft_set_text, v)
#define HEADER(T, m, ...)   DRAFT_PUT(T, m, const char *v, draft_set_text, v)
#define INTORSTR(T, m, ...) DRAFT_PUT(T, m, struct int_or_string v, draft_set_int_or_string, v)
#define OBJ(T, m, ...)      DRAFT_SUB(T, m)
#define LIST(T, m, ...)     DRAFT_SUB(T, m)
#define STRS(T, m, ...)     DRAFT_ADD(T, m, const char *v, draft_add_text, v)
#define ATOMS(T, m, ...)    DRAFT_ADD(T, m, const char *v, draft_add_text, v)
#define LONGS(T, m, ...)    DRAFT_ADD(T, m, int32_t v, draft_add_int, v)
#define ENUMS(T, m, j, w, ...) DRAFT_ADD(T, m, enum w v, draft_add_int, v)
#define MAP(T, m, ...) \
    static inline void T##_put_##m(struct draft *d, const char *k, const char *v) { draft_add_pair(d, &type_##T, T##__row__##m, k, v); }
#include "apis/rows_start.h"
#include "apis/types.def"
#include "apis/rows_end.h"
// clang-format on
