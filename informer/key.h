// SPDX-License-Identifier: Apache-2.0
// Names one object: kind, namespace, name. The text of a key is borrowed unless a function says
// that it copies it.
#pragma once

#include "apis/kinds.h"
#include "apis/object.h"
#include "base/atom.h"
#include "base/base.h"
#include "base/map.h"

struct key {
    enum kind_id kind;
    atom ns; // 0 for cluster scope
    const char *name;
};

static inline uint32_t key_hash(const struct key *k)
{
    return hash_mix(hash_mix((uint32_t)k->kind, k->ns), hash_str(k->name));
}

static inline bool key_equal(const struct key *a, const struct key *b)
{
    return a->kind == b->kind && a->ns == b->ns && strcmp(a->name, b->name) == 0;
}

static inline struct key key_of(const struct object *o)
{
    return (struct key){ (enum kind_id)o->kind, o->ns, object_name(o) };
}
