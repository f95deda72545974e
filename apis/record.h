// SPDX-License-Identifier: Apache-2.0
// The packed record behind the accessors of apis/types.h. Layout, in 32-bit words: a bitmap, then
// one word per present member that has a slot, in row order. Bits of the bitmap: one per slot
// member; then four per enumeration (its value, 0 absent); then two per flag (present, true). A
// slot holds a value, or the distance in bytes from itself to text, list or record, so that a
// record can be moved and compared as bytes. Any thread may read.
#pragma once

#include "apis/words.h"
#include "base/atom.h"
#include "base/base.h"

struct rlist { // a list in a record: count and elements; {NULL, 0} when absent
    const uint32_t *v;
    uint32_t n;
};

struct int_or_string {
    const char *s; // NULL: it is the number
    int32_t i;
};

static inline uint32_t rec_count_bits(uint32_t w)
{
    w -= (w >> 1) & 0x55555555u;
    w = (w & 0x33333333u) + ((w >> 2) & 0x33333333u);
    return (((w + (w >> 4)) & 0x0f0f0f0fu) * 0x01010101u) >> 24;
}

static inline const uint32_t *rec_slot(const void *rec, uint32_t bit, uint32_t words)
{
    const uint32_t *w = rec;
    if (!w || !(w[bit / 32] >> (bit % 32) & 1))
        return NULL;
    uint32_t rank = rec_count_bits(w[bit / 32] & ((1u << (bit % 32)) - 1));
    for (uint32_t i = 0; i < bit / 32; i++)
        rank += rec_count_bits(w[i]);
    return w + words + rank;
}

static inline int rec_word(const void *rec, uint32_t bit)
{
    const uint32_t *w = rec;
    return w ? (int)(w[bit / 32] >> (bit % 32) & 15) : 0;
}

static inline int rec_flag(const void *rec, uint32_t bit) // 0 absent, 1 false, 3 true
{
    const uint32_t *w = rec;
    return w ? (int)(w[bit / 32] >> (bit % 32) & 3) : 0;
}

static inline const void *rec_at(const uint32_t *slot)
{
    return slot ? (const char *)slot + *slot : NULL;
}

static inline int64_t rec_long(const uint32_t *slot, int64_t absent)
{
    if (!slot)
        return absent;
    if (!(*slot & 1))
        return (int32_t)*slot >> 1;
    int64_t v;
    memcpy(&v, (const char *)slot + (*slot >> 1), sizeof(v));
    return v;
}

static inline struct int_or_string rec_int_or_string(const uint32_t *slot)
{
    struct int_or_string r = { 0 };
    if (slot && (*slot & 1))
        r.s = (const char *)slot + (*slot >> 1);
    else if (slot)
        r.i = (int32_t)*slot >> 1;
    return r;
}

static inline struct rlist rec_list(const uint32_t *slot)
{
    const uint32_t *l = rec_at(slot);
    return l ? (struct rlist){ l + 1, l[0] } : (struct rlist){ NULL, 0 };
}

struct writer;
struct type;
void record_write(const struct type *t, const void *rec,
                  struct writer *w); // as JSON object; absent members left out
usec rec_duration(const uint32_t *slot, const char *absent); // usec; absent NULL: 0
