// SPDX-License-Identifier: Apache-2.0
// Lays out packed records from the end of a buffer towards its start: children first, their parent
// last. So the root record comes to lie at the start and every distance points forward. Places are
// counted from the end, which growing does not move.
#pragma once

#include "apis/schema.h"
#include "base/base.h"
#include "base/error.h"
#include "base/str.h"

#define BUILDER_MAX  ((uint32_t)16 << 20) // bytes of one block; an API object is 3 MB at most
#define BUILDER_ROOM 8192u

struct builder {
    uint8_t *p; // the buffer; what is built is its last `used` bytes
    uint32_t cap, used;
    bool failed;                     // more than BUILDER_MAX: everything after that is ignored
    uint32_t room[BUILDER_ROOM / 4]; // first buffer; most objects need no other
};

void builder_init(struct builder *b);
void builder_fini(struct builder *b);

static inline const uint8_t *builder_start(const struct builder *b)
{
    return b->p + b->cap - b->used;
}

// All return the place. Text gets a NUL; embedded NULs are the caller's to refuse.
uint32_t builder_bytes(struct builder *b, const void *p, size_t n);
uint32_t builder_text(struct builder *b, struct str s);
uint32_t builder_long(struct builder *b, int64_t v);
void builder_align(struct builder *b);

// A list of n elements of `width` words each: v holds values where far is 0, places where it is 1
// (a bit per word of an element).
uint32_t builder_list(struct builder *b, const uint32_t *v, uint32_t n, uint32_t width,
                      uint32_t far_bits);

// A record while its members are collected.
struct partial {
    const struct type *type;
    uint64_t far, tagged; // bits of slots that hold places; with the lowest bit as mark
    uint32_t bitmap[REC_BITMAP_MAX];
    uint32_t slot[REC_SLOTS_MAX];
};

void partial_init(struct partial *r, const struct type *t);
bool partial_empty(const struct partial *r);
uint32_t builder_record(struct builder *b, const struct partial *r);

static inline bool partial_has(const struct partial *r, uint32_t bit)
{
    return r->bitmap[bit / 32] >> (bit % 32) & 1;
}

static inline void partial_value(struct partial *r, uint32_t bit, uint32_t value)
{
    r->bitmap[bit / 32] |= 1u << (bit % 32);
    r->far &= ~(1ull << bit);
    r->tagged &= ~(1ull << bit);
    r->slot[bit] = value;
}

static inline void partial_far(struct partial *r, uint32_t bit, uint32_t place)
{
    partial_value(r, bit, place);
    r->far |= 1ull << bit;
}

void partial_long(struct partial *r, struct builder *b, uint32_t bit, int64_t v);
void partial_tagged(struct partial *r, uint32_t bit, uint32_t place);
void partial_word(struct partial *r, uint32_t bit, int word);
void partial_flag(struct partial *r, uint32_t bit, bool v);
