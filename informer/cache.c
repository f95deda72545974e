// SPDX-License-Identifier: Apache-2.0
// The cache of one kind. Replacing (controller-semantics §1.9) builds a second table beside the one
// in use and swaps them, so a reader sees the old list or the new one and never a mixture. What the
// list did not change is the same block in both tables; only `fresh` objects are owned by the
// staging, so that giving up a list is freeing these.
#include "informer/cache.h"

#include "base/alloc.h"
#include <assert.h>

#define INDEXES_MAX 8

struct cache {
    enum kind_id kind;
    struct cache_events ev;
    void *arg;
    struct map objects;
    struct index *indexes[INDEXES_MAX];
    size_t index_n;
    bool replaced;

    bool staging;
    struct map staged;
    uint32_t matched;      // staged keys that `objects` has too
    struct object **fresh; // staged objects that `objects` does not have, owned
    size_t fresh_n, fresh_cap;
};

static uint32_t object_hash(const void *entry)
{
    struct key k = key_of(entry);

    return key_hash(&k);
}

static bool object_is(const void *entry, const void *key)
{
    struct key k = key_of(entry);

    return key_equal(&k, key);
}

static const struct map_ops object_ops = { object_hash, object_is };

struct cache *cache_new(enum kind_id kind, const struct cache_events *ev, void *arg)
{
    struct cache *c = xcalloc(1, sizeof(*c));

    c->kind = kind;
    c->ev = *ev;
    c->arg = arg;
    map_init(&c->objects, &object_ops);
    map_init(&c->staged, &object_ops);
    return c;
}

void cache_free(struct cache *c)
{
    uint32_t iter = 0;

    if (!c)
        return;
    cache_stage_abort(c);
    for (struct object *o; (o = map_next(&c->objects, &iter));)
        c->ev.release(c->arg, o);
    for (size_t i = 0; i < c->index_n; i++)
        index_free(c->indexes[i]);
    map_fini(&c->objects);
    free(c);
}

static void *lookup(const struct map *m, const struct key *k)
{
    return m->n ? map_get(m, key_hash(k), k) : NULL;
}

static struct object *put_into(struct map *m, struct object *o)
{
    struct key k = key_of(o);

    return map_put(m, &k, o);
}

static struct object *del_from(struct map *m, const struct key *k)
{
    return m->n ? map_del(m, key_hash(k), k) : NULL;
}

const struct object *cache_get(const struct cache *c, atom ns, const char *name)
{
    struct key k = { c->kind, ns, name };

    return lookup(&c->objects, &k);
}

const struct object *cache_next(const struct cache *c, uint32_t *iter)
{
    return map_next(&c->objects, iter);
}

uint32_t cache_count(const struct cache *c)
{
    return c->objects.n;
}

size_t cache_table_bytes(const struct cache *c)
{
    return map_bytes(&c->objects) + map_bytes(&c->staged) + c->fresh_cap * sizeof(*c->fresh);
}

struct index *cache_index(struct cache *c, enum informer_index which, atom label)
{
    struct index *x;
    uint32_t iter = 0;
    size_t i;

    for (i = 0; i < c->index_n; i++)
        if (index_is(c->indexes[i], which, label))
            return c->indexes[i];
    // The oldest makes room: who asks for more label keys than this gets a slower answer.
    if (i == INDEXES_MAX) {
        index_free(c->indexes[0]);
        memmove(c->indexes, c->indexes + 1, (INDEXES_MAX - 1) * sizeof(*c->indexes));
        c->index_n--;
    }
    x = index_new(which, label);
    for (const struct object *o; (o = cache_next(c, &iter));)
        index_update(x, NULL, o);
    c->indexes[c->index_n++] = x;
    return x;
}

// Tells indexes and subscribers; then the old block goes.
static void changed(struct cache *c, struct object *old, struct object *now, bool initial)
{
    for (size_t i = 0; i < c->index_n; i++)
        index_update(c->indexes[i], old, now);
    c->ev.changed(c->arg, old, now, initial);
    if (old)
        c->ev.release(c->arg, old);
}

void cache_put(struct cache *c, struct object *o)
{
    struct object *old;

    assert(!c->staging);
    old = put_into(&c->objects, o);
    changed(c, old, o, false);
}

bool cache_remove(struct cache *c, atom ns, const char *name)
{
    struct key k = { c->kind, ns, name };
    struct object *old;

    assert(!c->staging);
    old = del_from(&c->objects, &k);
    if (!old)
        return false;
    changed(c, old, NULL, false);
    return true;
}

void cache_stage_begin(struct cache *c)
{
    cache_stage_abort(c);
    c->staging = true;
}

static void fresh_add(struct cache *c, struct object *o)
{
    if (c->fresh_n == c->fresh_cap) {
        c->fresh_cap = c->fresh_cap ? 2 * c->fresh_cap : 64;
        c->fresh = xrealloc(c->fresh, c->fresh_cap * sizeof(struct object *));
    }
    c->fresh[c->fresh_n++] = o;
}

// Only a watch-list stages a key twice, and then mostly one of its last.
static void fresh_drop(struct cache *c, struct object *o)
{
    for (size_t i = c->fresh_n; i-- > 0;) {
        if (c->fresh[i] != o)
            continue;
        memmove(&c->fresh[i], &c->fresh[i + 1], (c->fresh_n - i - 1) * sizeof(struct object *));
        c->fresh_n--;
        object_unref(o);
        return;
    }
}

static void stage(struct cache *c, struct object *o, const struct object *held)
{
    struct object *before = put_into(&c->staged, o);

    if (!before)
        c->matched += held != NULL;
    else if (before != held && before != o)
        fresh_drop(c, before);
}

void cache_stage_keep(struct cache *c, const struct object *held)
{
    struct key k = key_of(held);
    struct object *mine = lookup(&c->objects, &k);

    assert(c->staging && mine == held);
    stage(c, mine, mine);
}

void cache_stage_put(struct cache *c, struct object *o)
{
    struct key k = key_of(o);

    assert(c->staging);
    fresh_add(c, o);
    stage(c, o, lookup(&c->objects, &k));
}

void cache_stage_remove(struct cache *c, atom ns, const char *name)
{
    struct key k = { c->kind, ns, name };
    struct object *before = del_from(&c->staged, &k);
    struct object *held = lookup(&c->objects, &k);

    if (!before)
        return;
    c->matched -= held != NULL;
    if (before != held)
        fresh_drop(c, before);
}

static void stage_end(struct cache *c)
{
    free(TAKE(c->fresh));
    c->fresh_n = c->fresh_cap = 0;
    c->matched = 0;
    c->staging = false;
    map_fini(&c->staged);
    map_init(&c->staged, &object_ops);
}

// Objects of the old table that the list does not have. They leave the table before their memory
// goes, for later lookups compare with what they pass.
static void announce_removed(struct cache *c, struct map *old, bool initial)
{
    uint32_t iter = 0;

    for (struct object *o; (o = map_next(old, &iter));) {
        struct key k = key_of(o);

        if (lookup(&c->objects, &k))
            continue;
        del_from(old, &k);
        changed(c, o, NULL, initial);
    }
}

static void announce_fresh(struct cache *c, struct map *old, bool initial)
{
    for (size_t i = 0; i < c->fresh_n; i++) {
        struct key k = key_of(c->fresh[i]);

        changed(c, del_from(old, &k), c->fresh[i], initial);
    }
}

void cache_stage_commit(struct cache *c)
{
    struct map old = c->objects;
    bool initial = !c->replaced;

    assert(c->staging);
    c->objects = c->staged;
    map_init(&c->staged, &object_ops);
    c->replaced = true;
    if (c->matched < old.n)
        announce_removed(c, &old, initial);
    announce_fresh(c, &old, initial);
    map_fini(&old);
    stage_end(c);
}

void cache_stage_abort(struct cache *c)
{
    for (size_t i = 0; i < c->fresh_n; i++)
        object_unref(c->fresh[i]);
    stage_end(c);
}

bool cache_staging(const struct cache *c)
{
    return c->staging;
}

bool cache_replaced(const struct cache *c)
{
    return c->replaced;
}
