// SPDX-License-Identifier: Apache-2.0
// The rows of apis/types.def as tables: what the decoder, the writer, drafts, the CRD generator and
// docs/api.md walk.
#pragma once

#include "apis/row.h"
#include "apis/words.h"
#include "base/base.h"
#include "base/str.h"

enum row_kind {
    ROW_BOOL,    // true or false
    ROW_PRESENT, // any value: only that it is there
    ROW_OTHERS,  // a member that no row names
    ROW_ENUM,
    ROW_CREDENTIAL,
    ROW_INT,
    ROW_LONG,
    ROW_TIME,
    ROW_DURATION,
    ROW_STR,
    ROW_ATOM,
    ROW_UID,
    ROW_INTORSTR,
    ROW_OBJ,
    ROW_LIST,
    ROW_STRS,
    ROW_ATOMS,
    ROW_LONGS,
    ROW_ENUMS,
    ROW_MAP,
    ROW_CREDENTIALS,
    ROW_ARGS,
    ROW_SPEC,   // the interned Pod spec
    ROW_HEADER, // kept in struct object
    ROW_RULE,   // a CEL rule on the type: name, rule (key), message (help)
};

struct type;

struct row {
    const char *key; // JSON member
    uint8_t key_len;
    uint8_t kind; // enum row_kind
    uint16_t bit; // in the bitmap
    uint32_t max_items, max_len;
    const struct type *sub;
    const struct words *words;
    const char *name; // C member
    const char *help;
    const struct row_options *opt;
};

// Length and three characters of a key.
#define KEY_PRINT(p, n)                                                                            \
    ((uint32_t)(uint8_t)(n) | (uint32_t)(uint8_t)(p)[0] << 8 |                                     \
     (uint32_t)(uint8_t)(p)[(n) / 2] << 16 | (uint32_t)(uint8_t)(p)[(n) ? (n)-1 : 0] << 24)

#define KEY_FILTER(print) (1ull << (((print) ^ (print) >> 11 ^ (print) >> 22) & 63))

struct type {
    const char *name, *help;
    const struct row *rows;
    uint64_t filter;        // KEY_FILTER of all prints: most foreign keys are told by it
    const uint32_t *prints; // of the rows' keys, for finding a row without touching it
    uint16_t n;             // rows
    uint16_t slots;         // members with a slot
    uint16_t bitmap;        // words of the bitmap
    bool own;               // all members are known: another one is an error in strict documents
};

#define REC_BITMAP_MAX 4 // words
#define REC_SLOTS_MAX  48

// clang-format off
#define TYPE(T, ...) extern const struct type type_##T;
#include "apis/rows_start.h"
#include "apis/types.def"
#include "apis/rows_end.h"
// clang-format on

const struct type *type_at(uint32_t i); // all types in order; NULL at the end
const struct row *type_row(const struct type *t, const char *key); // NULL if there is none
