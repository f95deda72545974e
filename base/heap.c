// SPDX-License-Identifier: Apache-2.0
// Binary min-heap. Each node knows its place, so that cancelling a timer costs O(log n) and no
// search.
#include "base/heap.h"

#include "base/alloc.h"

void heap_init(struct heap *h)
{
    *h = (struct heap){ 0 };
}

void heap_fini(struct heap *h)
{
    if (!h)
        return;
    for (size_t i = 0; i < h->n; i++)
        h->v[i]->pos = 0;
    free(h->v);
    heap_init(h);
}

static bool before(const struct heap_node *a, const struct heap_node *b)
{
    return a->at < b->at || (a->at == b->at && a->seq < b->seq);
}

static void put(struct heap *h, size_t i, struct heap_node *n)
{
    h->v[i] = n;
    n->pos = i + 1;
}

// Moves n, whose place i is free, towards the root or the leaves until the order holds.
static void settle(struct heap *h, size_t i, struct heap_node *n)
{
    while (i && before(n, h->v[(i - 1) / 2])) {
        put(h, i, h->v[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    for (size_t child = 2 * i + 1; child < h->n; child = 2 * i + 1) {
        if (child + 1 < h->n && before(h->v[child + 1], h->v[child]))
            child++;
        if (!before(h->v[child], n))
            break;
        put(h, i, h->v[child]);
        i = child;
    }
    put(h, i, n);
}

void heap_push(struct heap *h, struct heap_node *n, usec at)
{
    n->at = at;
    n->seq = ++h->seq;
    if (n->pos) {
        settle(h, n->pos - 1, n);
        return;
    }
    if (h->n == h->cap) {
        h->cap = h->cap ? h->cap * 2 : 16;
        h->v = xrealloc(h->v, h->cap * sizeof(struct heap_node *));
    }
    h->n++;
    settle(h, h->n - 1, n);
}

void heap_remove(struct heap *h, struct heap_node *n)
{
    size_t i = n->pos;
    struct heap_node *last;

    if (!i)
        return;
    n->pos = 0;
    last = h->v[--h->n];
    if (last != n)
        settle(h, i - 1, last);
}

struct heap_node *heap_min(const struct heap *h)
{
    return h->n ? h->v[0] : NULL;
}
