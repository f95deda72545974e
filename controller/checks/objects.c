// SPDX-License-Identifier: Apache-2.0
// Built once per walk: the cache's own indexes belong to the loop thread and move on while the walk
// reads.
#include "controller/checks/objects.h"

struct object_key {
    enum kind_id kind;
    atom ns;
    const char *name;
};

static uint32_t key_hash(enum kind_id kind, atom ns, const char *name)
{
    return hash_mix(hash_mix((uint32_t)kind, ns), hash_str(name));
}

static uint32_t entry_hash(const void *entry)
{
    const struct object *o = entry;

    return key_hash((enum kind_id)o->kind, o->ns, object_name(o));
}

static bool entry_is(const void *entry, const void *key)
{
    const struct object *o = entry;
    const struct object_key *k = key;

    return o->kind == k->kind && o->ns == k->ns && strcmp(object_name(o), k->name) == 0;
}

static const struct map_ops ops = { .hash = entry_hash, .is = entry_is };

void object_index_init(struct object_index *ix, const struct snapshot *s, kind_mask kinds)
{
    uint32_t n = 0;

    map_init(&ix->map, &ops);
    for (int k = 0; k < KIND_COUNT; k++)
        n += kinds & KIND_BIT(k) ? s->n[k] : 0;
    map_reserve(&ix->map, n);
    for (int k = 0; k < KIND_COUNT; k++) {
        if (!(kinds & KIND_BIT(k)))
            continue;
        for (uint32_t i = 0; i < s->n[k]; i++) {
            const struct object *o = s->objects[k][i];
            struct object_key key = { (enum kind_id)k, o->ns, object_name(o) };
            map_put(&ix->map, &key, (void *)o);
        }
    }
}

void object_index_fini(struct object_index *ix)
{
    map_fini(&ix->map);
}

const struct object *object_index_find(const struct object_index *ix, enum kind_id kind, atom ns,
                                       const char *name)
{
    struct object_key key = { kind, ns, name };

    return name ? map_get(&ix->map, key_hash(kind, ns, name), &key) : NULL;
}

int object_compare(const void *a, const void *b)
{
    const struct object *x = *(const struct object *const *)a;
    const struct object *y = *(const struct object *const *)b;
    int d = x->ns == y->ns ? 0 : strcmp(atom_str(x->ns), atom_str(y->ns));

    return d ? d : strcmp(object_name(x), object_name(y));
}
