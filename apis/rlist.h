// SPDX-License-Identifier: Apache-2.0
// Lists and maps of packed records: elements, search, loops.
#pragma once

#include "apis/record.h"

// Elements. A list of records or strings holds distances, one of atoms or enumerations the values;
// a map holds pairs.
static inline const void *rlist_record(struct rlist l, uint32_t i)
{
    return i < l.n ? rec_at(&l.v[i]) : NULL;
}

static inline int32_t rlist_number(struct rlist l, uint32_t i)
{
    return i < l.n ? (int32_t)l.v[i] : 0;
}

static inline const char *rmap_key(struct rlist m, uint32_t i)
{
    return atom_str(m.v[2 * i]);
}

static inline const char *rmap_value(struct rlist m, uint32_t i)
{
    return rec_at(&m.v[2 * i + 1]);
}

const char *rmap_get(struct rlist m, const char *key); // NULL if absent
const char *rmap_get_atom(struct rlist m, atom key);
bool rlist_has_atom(struct rlist l, atom a);
bool rlist_has_str(struct rlist l, const char *s); // list of strings
bool rlist_has_word(struct rlist l, int word);     // list of enumeration values

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

#define RLIST_OPEN(it, list)                                                                       \
    for (struct rlist it##_l = (list), *it##_once = &it##_l; it##_once; it##_once = NULL)

#define FOR_EACH(SUB, it, list)                                                                    \
    RLIST_OPEN (it, list)                                                                          \
        for (const struct SUB *it = rlist_target(&it##_l); it##_l.n;                               \
             rlist_step(&it##_l, 1), it = rlist_target(&it##_l))
#define FOR_EACH_STR(it, list)                                                                     \
    RLIST_OPEN (it, list)                                                                          \
        for (const char *it = rlist_target(&it##_l); it##_l.n;                                     \
             rlist_step(&it##_l, 1), it = rlist_target(&it##_l))
#define FOR_EACH_ATOM(it, list)                                                                    \
    RLIST_OPEN (it, list)                                                                          \
        for (atom it = rlist_value(&it##_l); it##_l.n;                                             \
             rlist_step(&it##_l, 1), it = rlist_value(&it##_l))
#define FOR_EACH_WORD(it, list) /* enumeration values, classes of arguments */                     \
    RLIST_OPEN (it, list)                                                                          \
        for (int it = (int)rlist_value(&it##_l); it##_l.n;                                         \
             rlist_step(&it##_l, 1), it = (int)rlist_value(&it##_l))
#define FOR_EACH_PAIR(k, val, map) /* const char *k, *val */                                       \
    RLIST_OPEN (k, map)                                                                            \
        for (const char *k, *val;                                                                  \
             k##_l.n && (k = rmap_key(k##_l, 0), val = rmap_value(k##_l, 0), true);                \
             rlist_step(&k##_l, 2))
#define FOR_EACH_CREDENTIAL(k, cls, map) /* const char *k, int cls */                              \
    for (int cls = 0, cls##_once = 1; cls##_once; cls##_once = 0)                                  \
        RLIST_OPEN (k, map)                                                                        \
            for (const char *k; k##_l.n && (k = rec_at(k##_l.v), cls = (int)k##_l.v[1], true);     \
                 rlist_step(&k##_l, 2))
