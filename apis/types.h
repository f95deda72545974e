// SPDX-License-Identifier: Apache-2.0
// Typed accessors of every row of apis/types.def:
//   bool T_has_m(const struct T *)   presence
//   … T_m(const struct T *)          the value; when absent the row's default, else false / 0 /
//   NULL / an empty list
// Every accessor accepts NULL ("absent"), so chains need no checks:
// pod_status_phase(pod_status(p)). A struct T is never defined: it is a packed record
// (apis/record.h).
#pragma once

#include "apis/object.h"
#include "apis/rlist.h"
#include "apis/row.h"

// clang-format off

// Pass 1: the types. Nothing after the names is ever complete.
#define TYPE(T, ...) struct T;
#include "apis/rows_start.h"
#include "apis/types.def"
#include "apis/rows_end.h"

// Pass 2: numbers of the bitmap's bits: members with a slot, then enumerations, then flags.
#define TYPE(T, ...)   enum {
#define SLOT_ROW(T, m) T##__##m,
#define END(T)         T##__slots };
#include "apis/rows_start.h"
#include "apis/types.def"
#include "apis/rows_end.h"

#define TYPE(T, ...)   enum { T##__words_start = (T##__slots + 3) / 4 * 4 - 1,
#define WORD_ROW(T, m) T##__##m, T##__##m##_w1, T##__##m##_w2, T##__##m##_w3,
#define END(T)         T##__words_end };
#include "apis/rows_start.h"
#include "apis/types.def"
#include "apis/rows_end.h"

#define TYPE(T, ...)   enum { T##__flags_start = T##__words_end - 1,
#define FLAG_ROW(T, m) T##__##m, T##__##m##_set,
#define END(T)         T##__bits, T##__bitmap = (T##__bits + 31) / 32 > 0 ? (T##__bits + 31) / 32 : 1 };
#include "apis/rows_start.h"
#include "apis/types.def"
#include "apis/rows_end.h"

// Pass 3: the accessors.
#define ROW_OPT(field, ...) (((const struct row_options){ __VA_ARGS__ }).field)
#define ROW_SLOT(T, m)      rec_slot(o, T##__##m, T##__bitmap)
#define ACCESSOR(type, T, m, value)                                    \
    static inline bool T##_has_##m(const struct T *o)                  \
    {                                                                  \
        return ROW_SLOT(T, m) != NULL;                                 \
    }                                                                  \
    static inline type T##_##m(const struct T *o)                      \
    {                                                                  \
        const uint32_t *slot = ROW_SLOT(T, m);                         \
        return (value);                                                \
    }

#define INT(T, m, j, help, ...) ACCESSOR(int32_t, T, m, slot ? (int32_t)*slot : (int32_t)ROW_OPT(def, __VA_ARGS__))
#define LONG(T, m, j, help, ...) ACCESSOR(int64_t, T, m, rec_long(slot, ROW_OPT(def, __VA_ARGS__)))
#define TIME(T, m, j, help, ...) ACCESSOR(int64_t, T, m, slot ? (int64_t)*slot : 0)
#define DURATION(T, m, j, help, ...) ACCESSOR(usec, T, m, rec_duration(slot, ROW_OPT(def_text, __VA_ARGS__)))
#define STR(T, m, j, max, help, ...) ACCESSOR(const char *, T, m, slot ? rec_at(slot) : ROW_OPT(def_text, __VA_ARGS__))
#define ATOM(T, m, j, max, help, ...) ACCESSOR(atom, T, m, slot ? (atom)*slot : 0)
#define UID(T, m, j, help, ...) ACCESSOR(const uint8_t *, T, m, rec_at(slot)) /* 16 bytes, as in struct object */
#define INTORSTR(T, m, j, help, ...) ACCESSOR(struct int_or_string, T, m, rec_int_or_string(slot))
#define OBJ(T, m, j, sub, help, ...) ACCESSOR(const struct sub *, T, m, rec_at(slot))
#define LIST(T, m, j, sub, max, help, ...) ACCESSOR(struct rlist, T, m, rec_list(slot))
#define STRS(T, m, j, max, len, help, ...) ACCESSOR(struct rlist, T, m, rec_list(slot))
#define ATOMS(T, m, j, max, len, help, ...) ACCESSOR(struct rlist, T, m, rec_list(slot))
#define LONGS(T, m, j, max, help, ...) ACCESSOR(struct rlist, T, m, rec_list(slot)) /* rlist_number */
#define ENUMS(T, m, j, w, max, help, ...) ACCESSOR(struct rlist, T, m, rec_list(slot)) /* FOR_EACH_WORD */
#define MAP(T, m, j, max, help, ...) ACCESSOR(struct rlist, T, m, rec_list(slot))
#define CREDENTIALS(T, m, j, max, help, ...) ACCESSOR(struct rlist, T, m, rec_list(slot)) /* FOR_EACH_CREDENTIAL */
#define ARGS(T, m, j, max, help, ...) ACCESSOR(struct rlist, T, m, rec_list(slot)) /* FOR_EACH_WORD, apis/argument.h */

#define WORD_ACCESSOR(type, T, m, absent)                              \
    static inline bool T##_has_##m(const struct T *o)                  \
    {                                                                  \
        return rec_word(o, T##__##m) != 0;                             \
    }                                                                  \
    static inline type T##_##m(const struct T *o)                      \
    {                                                                  \
        int w = rec_word(o, T##__##m);                                 \
        return (type)(w ? w : (int)(absent));                          \
    }
#define ENUM(T, m, j, w, help, ...) WORD_ACCESSOR(enum w, T, m, ROW_OPT(def, __VA_ARGS__))
#define CREDENTIAL(T, m, j, help, ...) WORD_ACCESSOR(enum credential_class, T, m, 0)

#define FLAG_HAS(T, m)                                                 \
    static inline bool T##_has_##m(const struct T *o)                  \
    {                                                                  \
        return rec_flag(o, T##__##m) != 0;                             \
    }
#define BOOL(T, m, j, help, ...)                                       \
    FLAG_HAS(T, m)                                                     \
    static inline bool T##_##m(const struct T *o)                      \
    {                                                                  \
        int f = rec_flag(o, T##__##m);                                 \
        return f ? f == 3 : (bool)ROW_OPT(def, __VA_ARGS__);           \
    }
#define PRESENT(T, m, ...) FLAG_HAS(T, m) /* T_has_m alone */
#define OTHERS(T, m, ...)  FLAG_HAS(T, m)
#include "apis/rows_start.h"
#include "apis/types.def"
#include "apis/rows_end.h"
// clang-format on

const struct object_meta *object_meta_of(const struct object *o); // any kind
const struct pod_spec *
object_pod_spec(const struct object *o); // Pods and kinds with a template; else NULL
const struct object_meta *
object_template_meta(const struct object *o); // of the template; a Pod: its own; else NULL

// T_of(object): the record of an object of kind T; the caller has looked at the kind.
// clang-format off
#define ROOT(T)                                                        \
    static inline const struct T *T##_of(const struct object *o)       \
    {                                                                  \
        return object_record(o);                                       \
    }
#include "apis/roots.def"
#undef ROOT
// clang-format on
