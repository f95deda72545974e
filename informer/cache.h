// SPDX-License-Identifier: Apache-2.0
// The objects of one kind by key, and how one list replaces them all at once. The table holds
// pointers only (8 bytes a slot). A relist stages a second table; objects whose uid and
// resourceVersion did not change keep their block, so that the peak of a relist is the table and
// what really changed. Loop thread only.
#pragma once

#include "base/base.h"
#include "base/json.h"
#include "base/map.h"
#include "informer/index.h"
#include "informer/key.h"

struct cache;

struct cache_events {
    // After the tables changed. old NULL: added; now NULL: deleted; different uids: deleted and
    // added. initial: part of the first replace. old stays valid during the call.
    void (*changed)(void *arg, const struct object *old, const struct object *now, bool initial);
    // Takes over the reference of an object that left the cache (retire list of an epoch).
    void (*release)(void *arg, struct object *o);
};

struct cache *cache_new(enum kind_id kind, const struct cache_events *ev, void *arg);
void cache_free(struct cache *c); // releases all; no events. NULL ok

const struct object *cache_get(const struct cache *c, atom ns, const char *name);
const struct object *cache_next(const struct cache *c,
                                uint32_t *iter); // start with 0; NULL at the end
uint32_t cache_count(const struct cache *c);
size_t cache_table_bytes(const struct cache *c);
struct index *cache_index(struct cache *c, enum informer_index which,
                          atom label); // built when first asked for

void cache_put(struct cache *c, struct object *o);             // takes the reference
bool cache_remove(struct cache *c, atom ns, const char *name); // false when not held

// A replace: begin, stage every listed object, commit (deletes are announced first) or abort. begin
// aborts an open one.
void cache_stage_begin(struct cache *c);
// held (from cache_get) is listed with the same uid and resourceVersion: its block stays.
void cache_stage_keep(struct cache *c, const struct object *held);
void cache_stage_put(struct cache *c,
                     struct object *o); // takes the reference; replaces one staged earlier
void cache_stage_remove(struct cache *c, atom ns, const char *name);
void cache_stage_commit(struct cache *c);
void cache_stage_abort(struct cache *c);
bool cache_staging(const struct cache *c);
bool cache_replaced(const struct cache *c); // one replace has completed
