// SPDX-License-Identifier: Apache-2.0
// Packed records, laid out backwards. An object passes through here once, from a buffer on the
// caller's stack into one block of exact size, so decoding a stream leaves malloc alone but for
// that block.
#include "apis/builder.h"

#include "apis/record.h"
#include "base/alloc.h"

#define FITS_SHORT(v) ((v) >= -(1 << 30) && (v) < (1 << 30)) // 31 bits, as rec_long reads them

void builder_init(struct builder *b)
{
    b->p = (uint8_t *)b->room;
    b->cap = BUILDER_ROOM;
    b->used = 0;
    b->failed = false;
}

void builder_fini(struct builder *b)
{
    if (b->p != (uint8_t *)b->room)
        free(b->p);
    b->p = NULL;
}

static void grow(struct builder *b, size_t n)
{
    size_t cap = b->cap;
    while (cap - b->used < n)
        cap *= 2;
    uint8_t *p = xmalloc(cap);
    memcpy(p + cap - b->used, builder_start(b), b->used);
    uint32_t used = b->used;
    builder_fini(b);
    *b = (struct builder){ .p = p, .cap = (uint32_t)cap, .used = used };
}

static uint8_t *take_grown(struct builder *b, size_t n)
{
    if (b->failed || n > BUILDER_MAX || b->used + n > BUILDER_MAX) {
        b->failed = true;
        return NULL;
    }
    grow(b, n);
    b->used += (uint32_t)n;
    return b->p + b->cap - b->used;
}

// Makes room for n bytes in front of what there is; NULL when that would be too much.
static inline uint8_t *take(struct builder *b, size_t n)
{
    if (b->cap - b->used < n || b->failed)
        return take_grown(b, n);
    b->used += (uint32_t)n;
    return b->p + b->cap - b->used;
}

uint32_t builder_bytes(struct builder *b, const void *p, size_t n)
{
    uint8_t *to = take(b, n);
    if (to && n)
        memcpy(to, p, n);
    return b->used;
}

uint32_t builder_text(struct builder *b, struct str s)
{
    uint8_t *to = take(b, s.n + 1);
    if (to) {
        if (s.n)
            memcpy(to, s.p, s.n);
        to[s.n] = 0;
    }
    return b->used;
}

uint32_t builder_long(struct builder *b, int64_t v)
{
    return builder_bytes(b, &v, sizeof(v));
}

void builder_align(struct builder *b)
{
    for (uint32_t gap = -b->used & 3; gap; gap--) {
        uint8_t *to = take(b, 1);
        if (to)
            *to = 0;
    }
}

uint32_t builder_list(struct builder *b, const uint32_t *v, uint32_t n, uint32_t width,
                      uint32_t far_bits)
{
    builder_align(b);
    uint32_t *to = (uint32_t *)(void *)take(b, 4 + 4 * (size_t)n * width);
    if (!to)
        return b->used;
    *to++ = n;
    uint32_t place = b->used - 4;
    for (uint32_t i = 0; i < n * width; i++, place -= 4)
        to[i] = far_bits >> (i % width) & 1 ? place - v[i] : v[i];
    return b->used;
}

void partial_init(struct partial *r, const struct type *t)
{
    r->type = t;
    r->far = r->tagged = 0;
    memset(r->bitmap, 0, sizeof(r->bitmap));
}

bool partial_empty(const struct partial *r)
{
    uint32_t any = 0;
    for (uint32_t i = 0; i < r->type->bitmap; i++)
        any |= r->bitmap[i];
    return !any;
}

uint32_t builder_record(struct builder *b, const struct partial *r)
{
    uint32_t words = r->type->bitmap;
    uint64_t left = r->bitmap[0] | (uint64_t)r->bitmap[1] << 32;
    left &= (1ull << r->type->slots) - 1;
    uint32_t used = rec_count_bits((uint32_t)left) + rec_count_bits((uint32_t)(left >> 32));
    builder_align(b);
    uint32_t *to = (uint32_t *)(void *)take(b, 4 * (size_t)(words + used));
    if (!to)
        return b->used;
    for (uint32_t i = 0; i < words; i++)
        *to++ = r->bitmap[i];
    for (uint32_t place = b->used - 4 * words; left; left &= left - 1, place -= 4) {
        uint32_t bit = (uint32_t)__builtin_ctzll(left);
        uint32_t v = r->slot[bit];
        if (r->far >> bit & 1)
            v = place - v;
        if (r->tagged >> bit & 1)
            v = v << 1 | 1;
        *to++ = v;
    }
    return b->used;
}

void partial_tagged(struct partial *r, uint32_t bit, uint32_t place)
{
    partial_far(r, bit, place);
    r->tagged |= 1ull << bit;
}

void partial_long(struct partial *r, struct builder *b, uint32_t bit, int64_t v)
{
    if (FITS_SHORT(v))
        partial_value(r, bit, (uint32_t)v << 1);
    else
        partial_tagged(r, bit, builder_long(b, v));
}

void partial_word(struct partial *r, uint32_t bit, int word)
{
    r->bitmap[bit / 32] &= ~(15u << (bit % 32));
    r->bitmap[bit / 32] |= (uint32_t)word << (bit % 32);
}

void partial_flag(struct partial *r, uint32_t bit, bool v)
{
    r->bitmap[bit / 32] &= ~(3u << (bit % 32));
    r->bitmap[bit / 32] |= (v ? 3u : 1u) << (bit % 32);
}
