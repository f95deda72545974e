// SPDX-License-Identifier: Apache-2.0
// Open addressing with linear probing over entry pointers. A removed entry leaves a mark behind, so
// that removing never moves anything and an iteration may remove what it sees; marks go at the next
// growth. Hashes are SipHash with a key of this process: whoever names objects in the cluster
// cannot aim them at one slot.
#include "base/map.h"

#include "base/alloc.h"
#include <assert.h>
#include <endian.h>
#include <sys/auxv.h>

#define CAP_MIN 8u

static char removed_mark;
#define REMOVED ((void *)&removed_mark)

void map_init(struct map *m, const struct map_ops *ops)
{
    *m = (struct map){ .ops = ops };
}

void map_fini(struct map *m)
{
    if (!m)
        return;
    free(m->slots);
    *m = (struct map){ .ops = m->ops };
}

// Spreads a weak hash (a bare number) over the table; cap is a power of two. Each size has a factor
// of its own: were the order of entries the same in all, filling a small table by walking a large
// one would put them all into one run, and cost the square of their number.
static uint32_t slot_of(const struct map *m, uint32_t hash)
{
    return (uint32_t)((uint64_t)(hash * (0x9E3779B1u + 2 * m->cap)) * m->cap >> 32);
}

// The slot that holds key, or cap when there is none.
static uint32_t find(const struct map *m, uint32_t hash, const void *key)
{
    uint32_t i;

    if (!m->n)
        return m->cap;
    for (i = slot_of(m, hash); m->slots[i]; i = (i + 1) & (m->cap - 1))
        if (m->slots[i] != REMOVED && m->ops->is(m->slots[i], key))
            return i;
    return m->cap;
}

void *map_get(const struct map *m, uint32_t hash, const void *key)
{
    uint32_t i = find(m, hash, key);

    return i < m->cap ? m->slots[i] : NULL;
}

static void insert(struct map *m, uint32_t hash, void *entry)
{
    uint32_t i = slot_of(m, hash);

    while (m->slots[i])
        i = (i + 1) & (m->cap - 1);
    m->slots[i] = entry;
    m->n++;
    m->used++;
}

// Rebuilds with room for so many more at half load; drops the marks.
static void rebuild(struct map *m, uint32_t more)
{
    void **old = m->slots;
    uint32_t old_cap = m->cap, cap = CAP_MIN;

    while (cap / 2 < m->n + more) {
        assert(cap <= UINT32_MAX / 2);
        cap *= 2;
    }
    m->slots = xcalloc(cap, sizeof(void *));
    m->cap = cap;
    m->n = m->used = 0;
    for (uint32_t i = 0; i < old_cap; i++)
        if (old[i] && old[i] != REMOVED)
            insert(m, m->ops->hash(old[i]), old[i]);
    free(old);
}

void map_reserve(struct map *m, uint32_t more)
{
    if (more && m->used + (uint64_t)more > m->cap / 4 * 3)
        rebuild(m, more);
}

void *map_put(struct map *m, const void *key, void *entry)
{
    uint32_t hash = m->ops->hash(entry), i = find(m, hash, key);

    if (i < m->cap) {
        void *replaced = m->slots[i];

        m->slots[i] = entry;
        return replaced;
    }
    if (m->used + 1 > m->cap / 4 * 3)
        rebuild(m, 1);
    insert(m, hash, entry);
    return NULL;
}

void *map_del(struct map *m, uint32_t hash, const void *key)
{
    uint32_t i = find(m, hash, key);
    void *entry;

    if (i >= m->cap)
        return NULL;
    entry = m->slots[i];
    m->slots[i] = REMOVED;
    m->n--;
    if (!m->n) {
        memset(m->slots, 0, m->cap * sizeof(void *));
        m->used = 0;
    }
    return entry;
}

void *map_next(const struct map *m, uint32_t *iter)
{
    while (*iter < m->cap) {
        void *entry = m->slots[(*iter)++];

        if (entry && entry != REMOVED)
            return entry;
    }
    return NULL;
}

size_t map_bytes(const struct map *m)
{
    return m->cap * sizeof(void *);
}

// The key of this process, from the random bytes that the kernel gives every program; constant once
// main runs.
static uint64_t process_key[2];

__attribute__((constructor)) static void take_process_key(void)
{
    // NOLINTNEXTLINE(performance-no-int-to-ptr): getauxval returns addresses as numbers
    const void *random = (const void *)getauxval(AT_RANDOM);

    if (random)
        memcpy(process_key, random, sizeof(process_key));
}

static uint64_t rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static void sip_rounds(uint64_t v[4], int n)
{
    while (n--) {
        v[0] += v[1];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[0] = rotate(v[0], 32);
        v[2] += v[3];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[2] = rotate(v[2], 32);
    }
}

// SipHash (Aumasson and Bernstein, 2012) with `in` rounds per word and `out` at the end.
static uint64_t sip(const uint64_t key[2], const void *p, size_t n, int in, int out)
{
    uint64_t v[4] = { key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du,
                      key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u };
    const unsigned char *at = p;
    uint64_t word, last = (uint64_t)n << 56;

    for (size_t left = n; left >= 8; left -= 8, at += 8) {
        memcpy(&word, at, 8);
        word = le64toh(word);
        v[3] ^= word;
        sip_rounds(v, in);
        v[0] ^= word;
    }
    for (size_t i = 0; i < (n & 7); i++)
        last |= (uint64_t)at[i] << (8 * i);
    v[3] ^= last;
    sip_rounds(v, in);
    v[0] ^= last;
    v[2] ^= 0xff;
    sip_rounds(v, out);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint32_t hash_bytes(const void *p, size_t n)
{
    uint64_t h = sip(process_key, p, n, 1, 3);

    return (uint32_t)(h ^ h >> 32);
}

uint32_t hash_str(const char *s)
{
    return hash_bytes(s, strlen(s));
}

uint32_t hash_mix(uint32_t a, uint32_t b)
{
    uint64_t x = ((uint64_t)a << 32 | b) * 0x9E3779B97F4A7C15u;

    return (uint32_t)(x ^ x >> 29 ^ x >> 32);
}

uint32_t hash_pointer(const void *p)
{
    return hash_mix((uint32_t)((uintptr_t)p >> 4), (uint32_t)((uintptr_t)p >> 36));
}

uint64_t hash64_stable(const void *p, size_t n)
{
    static const uint64_t no_key[2];

    return sip(no_key, p, n, 2, 4);
}
