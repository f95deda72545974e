// SPDX-License-Identifier: Apache-2.0
// The one hash table: a set of entry pointers that carry their own key. Open addressing, 8 bytes
// per slot. Entries are borrowed: the map never frees them. Removing while iterating with map_next
// is allowed for the entry just seen.
#pragma once

#include "base/base.h"

struct map_ops {
    uint32_t (*hash)(const void *entry);
    bool (*is)(const void *entry, const void *key); // does the entry have this key?
};

struct map {
    const struct map_ops *ops;
    void **slots;
    uint32_t n, used, cap;
};

void map_init(struct map *m, const struct map_ops *ops);
void map_fini(struct map *m);
void *map_get(const struct map *m, uint32_t hash, const void *key); // NULL if absent
// Returns the entry it replaced, or NULL.
void *map_put(struct map *m, const void *key, void *entry);
// Room for so many more entries at once, instead of growing towards them.
void map_reserve(struct map *m, uint32_t more);
// Returns the entry it removed, or NULL.
void *map_del(struct map *m, uint32_t hash, const void *key);
// Start with *iter = 0; NULL at the end.
void *map_next(const struct map *m, uint32_t *iter);
size_t map_bytes(const struct map *m);

// Seeded per process: not stable across runs, safe against chosen keys.
uint32_t hash_bytes(const void *p, size_t n);
uint32_t hash_str(const char *s);
uint32_t hash_mix(uint32_t a, uint32_t b);
uint32_t hash_pointer(const void *p); // of the address
// Same value everywhere and always (fingerprints, jitter).
uint64_t hash64_stable(const void *p, size_t n);
