// SPDX-License-Identifier: Apache-2.0
// Specs are interned, so Pods of custom controllers, bare Pods and copied templates come in
// thousands with one block.
#include "controller/checks/memo.h"

static uint32_t block_hash(const void *block)
{
    return hash_bytes(&block, sizeof(block));
}

static uint32_t entry_hash(const void *entry)
{
    return block_hash(((const struct memo_entry *)entry)->block);
}

static bool entry_is(const void *entry, const void *key)
{
    return ((const struct memo_entry *)entry)->block == key;
}

static const struct map_ops ops = { entry_hash, entry_is };

void memo_init(struct memo *m, size_t n_checks, struct arena *a)
{
    *m = (struct memo){ .a = a, .n_checks = n_checks };
    map_init(&m->map, &ops);
}

void memo_fini(struct memo *m)
{
    map_fini(&m->map);
}

struct memo_entry *memo_entry(struct memo *m, const struct shared_block *block)
{
    struct memo_entry *e = block ? map_get(&m->map, block_hash(block), block) : NULL;

    if (e || !block || m->map.n >= MEMO_BLOCKS_MAX)
        return e;
    e = ARENA_NEW(m->a, struct memo_entry);
    e->block = block;
    e->outcomes = ARENA_ARRAY(m->a, const struct outcome *, m->n_checks);
    map_put(&m->map, block, e);
    return e;
}

void memo_put(struct memo *m, struct memo_entry *e, size_t check, const struct outcome *o)
{
    static const struct outcome pass = { .verdict = VERDICT_PASS, .container = "" };

    if (o->verdict == VERDICT_PASS) {
        e->outcomes[check] = &pass;
        return;
    }
    struct outcome *copy = arena_alloc(m->a, offsetof(struct outcome, text) + o->text_n + 1);
    report_copy(copy, o);
    e->outcomes[check] = copy;
}
