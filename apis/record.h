// SPDX-License-Identifier: Apache-2.0
// The packed record behind the accessors of apis/types.h. Layout, in 32-bit words: a bitmap, then one word per present member
// that has a slot, in row order. Bits of the bitmap: one per slot member; then four per enumeration (its value, 0 absent);
// then two per flag (present, true). A slot holds a value, or the distance in bytes from itself to text, list or record,
// so that a record can be moved and compared as bytes. Any thread may read.
#pragma once

#include "apis/words.h"
#include "base/atom.h"
#include "base/base.h"

struct rlist {       // a list in a record: count and elements; {NULL, 0} when absent
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

usec rec_duration(const uint32_t *slot, const char *absent); // usec; absent NULL: 0

// Elements. A list of records or strings holds distances, one of atoms or enumerations the values; a map holds pairs.
static inline const void *rlist_record(struct rlist l, uint32_t i)
{
    return i < l.n ? rec_at(&l.v[i]) : NULL;
}

static inline int64_t rlist_long(struct rlist l, uint32_t i)
{
    return rec_long(&l.v[i], 0);
}

static inline const char *rmap_key(struct rlist m, uint32_t i)
{
    return atom_str(m.v[2 * i]);
}

static inline const char *rmap_value(struct rlist m, uint32_t i)
{
    return rec_at(&m.v[2 * i + 1]);
}

const char *rmap_get(struct rlist m, const char *key);       // NULL if absent
const char *rmap_get_atom(struct rlist m, atom key);
bool rlist_has_atom(struct rlist l, atom a);
bool rlist_has_str(struct rlist l, const char *s);           // list of strings
bool rlist_has_word(struct rlist l, int word);               // list of enumeration values

// Loops. break and continue work as in any loop. it is declared by the macro.
static inline uint32_t rlist_value(const struct rlist *l)
{
    return l->n ? l->v[0] : 0;
}

static inline const void *rlist_target(const struct rlist *l)
{
    return l->n ? rec_at(l->v) : NULL;
}

static inline void rlist_step(struct rlist *l, uint32_t width)
{
    l->v += width;
    l->n--;
}

#define RLIST_OPEN(it, list) \
    for (struct rlist it##_l = (list), *it##_once = &it##_l; it##_once; it##_once = NULL)

#define FOR_EACH(SUB, it, list)                                              \
    RLIST_OPEN(it, list)                                                     \
    for (const struct SUB *it = rlist_target(&it##_l); it##_l.n;             \
         rlist_step(&it##_l, 1), it = rlist_target(&it##_l))
#define FOR_EACH_STR(it, list)                                               \
    RLIST_OPEN(it, list)                                                     \
    for (const char *it = rlist_target(&it##_l); it##_l.n;                   \
         rlist_step(&it##_l, 1), it = rlist_target(&it##_l))
#define FOR_EACH_ATOM(it, list)                                              \
    RLIST_OPEN(it, list)                                                     \
    for (atom it = rlist_value(&it##_l); it##_l.n;                           \
         rlist_step(&it##_l, 1), it = rlist_value(&it##_l))
#define FOR_EACH_WORD(it, list) /* enumeration values, classes of arguments */ \
    RLIST_OPEN(it, list)                                                     \
    for (int it = (int)rlist_value(&it##_l); it##_l.n;                       \
         rlist_step(&it##_l, 1), it = (int)rlist_value(&it##_l))
#define FOR_EACH_PAIR(k, val, map) /* const char *k, *val */                 \
    RLIST_OPEN(k, map)                                                       \
    for (const char *k, *val; k##_l.n && (k = rmap_key(k##_l, 0), val = rmap_value(k##_l, 0), true); \
         rlist_step(&k##_l, 2))
#define FOR_EACH_CREDENTIAL(k, cls, map) /* const char *k, int cls */        \
    for (int cls = 0, cls##_once = 1; cls##_once; cls##_once = 0)            \
        RLIST_OPEN(k, map)                                                   \
        for (const char *k; k##_l.n && (k = rec_at(k##_l.v), cls = (int)k##_l.v[1], true); \
             rlist_step(&k##_l, 2))
