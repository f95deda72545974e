// SPDX-License-Identifier: Apache-2.0
// Binary min-heap of embedded nodes ordered by a time; timers and delay queues are built on it.
#pragma once

#include "base/base.h"

struct heap_node {
    usec at;
    uint64_t seq; // breaks ties in insertion order
    size_t pos;   // 1-based place in the heap; 0 = not in a heap
};

struct heap {
    struct heap_node **v;
    size_t n, cap;
    uint64_t seq;
};

void heap_init(struct heap *h);
void heap_fini(struct heap *h);
void heap_push(struct heap *h, struct heap_node *n, usec at); // moves it when it is already inside
void heap_remove(struct heap *h, struct heap_node *n);        // no-op when it is not inside
struct heap_node *heap_min(const struct heap *h);             // NULL when empty

static inline bool heap_has(const struct heap_node *n)
{
    return n->pos != 0;
}
