// SPDX-License-Identifier: Apache-2.0
// An index is a table of values, each with the set of its objects (8 bytes a slot). An object has
// at most one value per index, so an update moves it from one set to another, or swaps the pointer.
#include "informer/index.h"

#include "apis/types.h"
#include "base/alloc.h"
#include "informer/key.h"

struct group {
    struct map set;
    size_t n;
    char value[]; // n bytes
};

struct index {
    enum informer_index which;
    atom label;
    struct map groups;
};

static uint32_t value_hash(struct str v)
{
    return hash_bytes(v.p, v.n);
}

static struct str group_value(const struct group *g)
{
    return (struct str){ g->value, g->n };
}

static uint32_t group_hash(const void *entry)
{
    return value_hash(group_value(entry));
}

static bool same_value(struct str a, struct str b)
{
    return a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

static bool group_is(const void *entry, const void *key)
{
    return same_value(group_value(entry), *(const struct str *)key);
}

static const struct map_ops group_ops = { group_hash, group_is };

static uint32_t member_hash(const void *entry)
{
    struct key k = key_of(entry);

    return key_hash(&k);
}

static bool member_is(const void *entry, const void *key)
{
    struct key k = key_of(entry);

    return key_equal(&k, key);
}

static const struct map_ops member_ops = { member_hash, member_is };

struct index *index_new(enum informer_index which, atom label)
{
    struct index *x = xcalloc(1, sizeof(*x));

    x->which = which;
    x->label = label;
    map_init(&x->groups, &group_ops);
    return x;
}

static void group_free(struct group *g)
{
    map_fini(&g->set);
    free(g);
}

void index_free(struct index *x)
{
    uint32_t iter = 0;

    if (!x)
        return;
    for (struct group *g; (g = map_next(&x->groups, &iter));)
        group_free(g);
    map_fini(&x->groups);
    free(x);
}

bool index_is(const struct index *x, enum informer_index which, atom label)
{
    return x->which == which && x->label == label;
}

static struct str owner_uid(const struct object *o)
{
    FOR_EACH (owner_reference, ref, object_meta_owner_references(object_meta_of(o))) {
        const uint8_t *uid = owner_reference_uid(ref);

        if (owner_reference_controller(ref) && uid)
            return (struct str){ (const char *)uid, 16 };
    }
    return (struct str){ 0 };
}

// n == 0: the object is not in this index.
static struct str value_of(const struct index *x, const struct object *o)
{
    switch (x->which) {
    case INDEX_NAMESPACE:
        return atom_view(o->ns);
    case INDEX_OWNER:
        return owner_uid(o);
    case INDEX_NODE:
        return o->kind == KIND_POD ? atom_view(pod_own_node_name(pod_own(pod_of(o))))
                                   : (struct str){ 0 };
    case INDEX_LABEL:
        return str_of(rmap_get(object_meta_labels(object_meta_of(o)), atom_str(x->label)));
    }
    return (struct str){ 0 };
}

static struct group *find(const struct index *x, struct str v)
{
    return x->groups.n ? map_get(&x->groups, value_hash(v), &v) : NULL;
}

static void leave(struct index *x, struct str v, const struct object *o)
{
    struct group *g = find(x, v);
    struct key k = key_of(o);

    if (!g)
        return;
    map_del(&g->set, key_hash(&k), &k);
    if (g->set.n)
        return;
    map_del(&x->groups, value_hash(v), &v);
    group_free(g);
}

static void join(struct index *x, struct str v, const struct object *o)
{
    struct group *g = find(x, v);
    struct key k = key_of(o);

    if (!g) {
        g = xcalloc(1, sizeof(*g) + v.n);
        map_init(&g->set, &member_ops);
        g->n = v.n;
        memcpy(g->value, v.p, v.n);
        map_put(&x->groups, &v, g);
    }
    map_put(&g->set, &k, (void *)(uintptr_t)o);
}

void index_update(struct index *x, const struct object *old, const struct object *now)
{
    struct str from = old ? value_of(x, old) : (struct str){ 0 };
    struct str to = now ? value_of(x, now) : (struct str){ 0 };

    // The new pointer goes in before the old one could go out: the set must never be empty between.
    if (to.n)
        join(x, to, now);
    if (from.n && !(to.n && same_value(from, to)))
        leave(x, from, old);
}

const struct object *index_next(const struct index *x, struct str value, uint32_t *iter)
{
    const struct group *g = find(x, value);

    return g ? map_next(&g->set, iter) : NULL;
}

uint32_t index_count(const struct index *x, struct str value)
{
    const struct group *g = find(x, value);

    return g ? g->set.n : 0;
}

size_t index_values(const struct index *x)
{
    return x->groups.n;
}
