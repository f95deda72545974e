// SPDX-License-Identifier: Apache-2.0
// The table of interned specs. It is one per process, like the atom table and for the same reason:
// the blocks of all caches share it, and every object would otherwise carry a pointer to it. A
// block is found by content, so that equal templates meet whatever object brought them; it lives as
// long as one object holds it.
#include "apis/shared.h"

#include "base/alloc.h"
#include "base/map.h"

#include <pthread.h>

struct shared_block {
    uint32_t refs;
    uint32_t n; // bytes of the record
    uint32_t id;
    uint32_t hash;
    uint32_t record[];
};

struct content {
    const void *p;
    uint32_t n;
};

static uint32_t block_hash(const void *entry)
{
    return ((const struct shared_block *)entry)->hash;
}

static bool block_is(const void *entry, const void *key)
{
    const struct shared_block *s = entry;
    const struct content *c = key;
    return s->n == c->n && memcmp(s->record, c->p, c->n) == 0;
}

static const struct map_ops block_ops = { block_hash, block_is };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // of the table and the counts
static struct map blocks;
static size_t bytes_held;
static uint32_t next_id;
static uint32_t *free_ids; // owned: stack of ids that may be given again
static uint32_t free_n, free_cap;

static uint32_t take_id(void)
{
    return free_n ? free_ids[--free_n] : ++next_id;
}

static void give_id(uint32_t id)
{
    if (free_n == free_cap) {
        free_cap = free_cap ? 2 * free_cap : 64;
        free_ids = xrealloc(free_ids, free_cap * sizeof(*free_ids));
    }
    free_ids[free_n++] = id;
}

static struct shared_block *add_block(const struct content *c, uint32_t hash)
{
    struct shared_block *s = xmalloc(sizeof(*s) + c->n);

    *s = (struct shared_block){ .refs = 1, .n = c->n, .id = take_id(), .hash = hash };
    memcpy(s->record, c->p, c->n);
    map_put(&blocks, c, s);
    bytes_held += sizeof(*s) + c->n;
    return s;
}

struct shared_block *shared_intern(const void *p, uint32_t n)
{
    struct content c = { p, n };
    uint32_t hash = hash_bytes(p, n);
    struct shared_block *s;

    pthread_mutex_lock(&lock);
    if (!blocks.ops)
        map_init(&blocks, &block_ops);
    s = map_get(&blocks, hash, &c);
    if (s)
        s->refs++;
    else
        s = add_block(&c, hash);
    pthread_mutex_unlock(&lock);
    return s;
}

struct shared_block *shared_ref(struct shared_block *s)
{
    if (s)
        s->refs++;
    return s;
}

// With the last block the table's own memory goes too: a cache that was emptied leaves nothing
// behind.
static void drop_block(struct shared_block *s)
{
    struct content c = { s->record, s->n };

    map_del(&blocks, s->hash, &c);
    bytes_held -= sizeof(*s) + s->n;
    give_id(s->id);
    free(s);
    if (blocks.n)
        return;
    map_fini(&blocks);
    blocks = (struct map){ 0 };
    free(free_ids);
    free_ids = NULL;
    free_n = free_cap = next_id = 0;
}

void shared_release(struct shared_block *s)
{
    if (!s)
        return;
    pthread_mutex_lock(&lock);
    if (!--s->refs)
        drop_block(s);
    pthread_mutex_unlock(&lock);
}

size_t shared_blocks(void)
{
    return blocks.n;
}

size_t shared_block_bytes(void)
{
    return bytes_held + map_bytes(&blocks);
}

const void *shared_block_record(const struct shared_block *s)
{
    return s->record;
}

size_t shared_block_size(const struct shared_block *s)
{
    return s ? s->n : 0;
}

uint32_t shared_block_id(const struct shared_block *s)
{
    return s->id;
}
