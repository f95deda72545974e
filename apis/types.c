// SPDX-License-Identifier: Apache-2.0
// The last pass over the rows: tables. They lie in read-only memory; nothing is built at start.
#include "apis/types.h"
#include "apis/schema.h"

// clang-format off
#define OPT(...) .opt = &(const struct row_options){ __VA_ARGS__ }
#define KEY(j)   .key = j, .key_len = sizeof(j) - 1
#define PLAIN(KIND, T, m, j, h, ...) \
    { .kind = ROW_##KIND, KEY(j), .bit = T##__##m, .name = #m, .help = h, OPT(__VA_ARGS__) },

#define TYPE_HEAD(T) static const struct row T##_rows[] = {
#define TYPE_TAIL(T) };

#define TYPE(T, ...)  TYPE_HEAD(T)
#define OWN(T, ...)   TYPE_HEAD(T)
#define END(T)        TYPE_TAIL(T)
#define BOOL(T, m, j, h, ...)     PLAIN(BOOL, T, m, j, h, __VA_ARGS__)
#define PRESENT(T, m, j, h, ...)  PLAIN(PRESENT, T, m, j, h, __VA_ARGS__)
#define OTHERS(T, m, h)           PLAIN(OTHERS, T, m, "", h)
#define CREDENTIAL(T, m, j, h, ...) PLAIN(CREDENTIAL, T, m, j, h, __VA_ARGS__)
#define INT(T, m, j, h, ...)      PLAIN(INT, T, m, j, h, __VA_ARGS__)
#define LONG(T, m, j, h, ...)     PLAIN(LONG, T, m, j, h, __VA_ARGS__)
#define TIME(T, m, j, h, ...)     PLAIN(TIME, T, m, j, h, __VA_ARGS__)
#define UID(T, m, j, h, ...)      PLAIN(UID, T, m, j, h, __VA_ARGS__)
#define INTORSTR(T, m, j, h, ...) PLAIN(INTORSTR, T, m, j, h, __VA_ARGS__)
#define DURATION(T, m, j, h, ...) \
    { .kind = ROW_DURATION, KEY(j), .bit = T##__##m, .name = #m, .help = h, .max_len = 32, OPT(__VA_ARGS__) },
#define ENUM(T, m, j, w, h, ...) \
    { .kind = ROW_ENUM, KEY(j), .bit = T##__##m, .name = #m, .help = h, .words = &w##_words, OPT(__VA_ARGS__) },
#define ENUMS(T, m, j, w, n, h, ...) \
    { .kind = ROW_ENUMS, KEY(j), .bit = T##__##m, .name = #m, .help = h, .words = &w##_words, .max_items = n, OPT(__VA_ARGS__) },
#define STR(T, m, j, len, h, ...) \
    { .kind = ROW_STR, KEY(j), .bit = T##__##m, .name = #m, .help = h, .max_len = len, OPT(__VA_ARGS__) },
#define ATOM(T, m, j, len, h, ...) \
    { .kind = ROW_ATOM, KEY(j), .bit = T##__##m, .name = #m, .help = h, .max_len = len, OPT(__VA_ARGS__) },
#define HEADER(T, m, j, len, h) \
    { .kind = ROW_HEADER, KEY(j), .name = #m, .help = h, .max_len = len, OPT() },
#define OBJ(T, m, j, s, h, ...) \
    { .kind = ROW_OBJ, KEY(j), .bit = T##__##m, .name = #m, .help = h, .sub = &type_##s, OPT(__VA_ARGS__) },
#define LIST(T, m, j, s, n, h, ...) \
    { .kind = ROW_LIST, KEY(j), .bit = T##__##m, .name = #m, .help = h, .sub = &type_##s, .max_items = n, OPT(__VA_ARGS__) },
#define STRS(T, m, j, n, len, h, ...) \
    { .kind = ROW_STRS, KEY(j), .bit = T##__##m, .name = #m, .help = h, .max_items = n, .max_len = len, OPT(__VA_ARGS__) },
#define ATOMS(T, m, j, n, len, h, ...) \
    { .kind = ROW_ATOMS, KEY(j), .bit = T##__##m, .name = #m, .help = h, .max_items = n, .max_len = len, OPT(__VA_ARGS__) },
#define LONGS(T, m, j, n, h, ...) \
    { .kind = ROW_LONGS, KEY(j), .bit = T##__##m, .name = #m, .help = h, .max_items = n, OPT(__VA_ARGS__) },
#define MAP(T, m, j, n, h, ...) \
    { .kind = ROW_MAP, KEY(j), .bit = T##__##m, .name = #m, .help = h, .max_items = n, .max_len = 253, OPT(__VA_ARGS__) },
#define CREDENTIALS(T, m, j, n, h, ...) \
    { .kind = ROW_CREDENTIALS, KEY(j), .bit = T##__##m, .name = #m, .help = h, .max_items = n, OPT(__VA_ARGS__) },
#define ARGS(T, m, j, n, h, ...) \
    { .kind = ROW_ARGS, KEY(j), .bit = T##__##m, .name = #m, .help = h, .max_items = n, OPT(__VA_ARGS__) },
#define SPEC(T, m, j, h) \
    { .kind = ROW_SPEC, KEY(j), .name = #m, .help = h, .sub = &type_pod_spec, OPT() },
#define RULE(T, m, rule, message, ...) \
    { .kind = ROW_RULE, .key = rule, .name = #m, .help = message, OPT(__VA_ARGS__) },
#include "apis/rows_start.h"
#include "apis/types.def"
#include "apis/rows_end.h"

#define TYPE(T, ...) static const uint32_t T##_prints[] = {
#define END(T)       };
#define KEY_ROW(j)   KEY_PRINT(j, sizeof(j) - 1),
#define NO_KEY_ROW   0,
#include "apis/rows_keys.h"
#include "apis/rows_start.h"
#include "apis/types.def"
#include "apis/rows_end.h"
#undef KEY_ROW
#undef NO_KEY_ROW

#define TYPE(T, ...) static const uint64_t T##_filter = 0
#define END(T)       ;
#define KEY_ROW(j)   | KEY_FILTER(KEY_PRINT(j, sizeof(j) - 1))
#define NO_KEY_ROW
#include "apis/rows_keys.h"
#include "apis/rows_start.h"
#include "apis/types.def"
#include "apis/rows_end.h"
#undef KEY_ROW
#undef NO_KEY_ROW

#define TYPE_ROW(T, h, complete)                                                          \
    _Static_assert((int)T##__slots <= REC_SLOTS_MAX, #T ": too many members with a slot"); \
    _Static_assert((int)T##__bitmap <= REC_BITMAP_MAX, #T ": too many members");           \
    const struct type type_##T = { .name = #T, .help = h, .rows = T##_rows, .prints = T##_prints, .filter = T##_filter, \
                                   .n = ARRAY_SIZE(T##_rows), .slots = T##__slots,        \
                                   .bitmap = T##__bitmap, .own = complete };
#define TYPE(T, h) TYPE_ROW(T, h, false)
#define OWN(T, h)  TYPE_ROW(T, h, true)
#include "apis/rows_start.h"
#include "apis/types.def"
#include "apis/rows_end.h"

static const struct type *const all_types[] = {
#define TYPE(T, ...) &type_##T,
#include "apis/rows_start.h"
#include "apis/types.def"
#include "apis/rows_end.h"
};

// clang-format on

const struct type *type_at(uint32_t i)
{
    return i < ARRAY_SIZE(all_types) ? all_types[i] : NULL;
}

const struct row *type_row(const struct type *t, const char *key)
{
    for (uint32_t i = 0; i < t->n; i++) {
        if (t->rows[i].kind != ROW_RULE && strcmp(t->rows[i].key, key) == 0)
            return &t->rows[i];
    }
    return NULL;
}
