// SPDX-License-Identifier: Apache-2.0
// What one level-triggered subscriber believes the cluster is, from its changes alone: key to uid
// and resourceVersion. Beside the cache it must come to the same, and each change must be possible
// from what was believed before. Both are told as one number per kind that does not depend on an
// order, so that a list from the server can be counted in the same way.
#pragma once

#include "apis/kinds.h"
#include "base/base.h"
#include "base/map.h"

struct change;
struct informers;
struct object;
struct subscriber;

struct shadow {
    struct map entries;
    uint64_t sum[KIND_COUNT];
    uint32_t n[KIND_COUNT];
    uint64_t changes;        // taken so far
    uint64_t contradictions; // impossible after what was told before: must stay 0
    char last[160];          // the newest contradiction; "" if none
};

void shadow_init(struct shadow *s);
void shadow_fini(struct shadow *s);
void shadow_apply(struct shadow *s, const struct change *ch);
void shadow_follow(struct shadow *s, struct subscriber *sub); // applies all that is pending

// First 16 hexadecimal digits of the SHA-256 of "PLURAL.GROUP/NS/NAME UID RV" (".GROUP" and "NS"
// empty for the core group and cluster scope). The number of a set is the sum of its objects',
// modulo 2^64.
uint64_t shadow_mark(const struct object *o);
uint64_t shadow_cache_sum(struct informers *in, enum kind_id kind);
