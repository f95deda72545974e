// SPDX-License-Identifier: Apache-2.0
#include "base/heap.h"
#include "base/test.h"

static void t7_the_earliest_is_first_whatever_the_order_of_pushing(void **state unused_arg)
{
    static struct heap_node v[2000];
    struct heap h;
    usec last = -1;
    uint32_t x = 12345;

    heap_init(&h);
    for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
        x = x * 1664525u + 1013904223u;
        heap_push(&h, &v[i], x >> 20);
    }
    while (heap_min(&h)) {
        struct heap_node *n = heap_min(&h);

        assert_true(n->at >= last);
        last = n->at;
        heap_remove(&h, n);
        assert_false(heap_has(n));
    }
    heap_fini(&h);
}

static void equal_times_keep_their_order(void **state unused_arg)
{
    struct heap_node v[100] = { 0 };
    struct heap h;

    heap_init(&h);
    for (size_t i = 0; i < ARRAY_SIZE(v); i++)
        heap_push(&h, &v[i], 5);
    for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
        assert_ptr_equal(heap_min(&h), &v[i]);
        heap_remove(&h, &v[i]);
    }
    heap_fini(&h);
}

static void t7_pushing_again_moves(void **state unused_arg)
{
    struct heap_node a = { 0 }, b = { 0 }, c = { 0 };
    struct heap h;

    heap_init(&h);
    heap_push(&h, &a, 1);
    heap_push(&h, &b, 2);
    heap_push(&h, &c, 3);
    heap_push(&h, &a, 10);
    assert_ptr_equal(heap_min(&h), &b);
    heap_push(&h, &c, 0);
    assert_ptr_equal(heap_min(&h), &c);
    assert_int_equal(h.n, 3);
    heap_fini(&h);
}

static void t7_removing_from_the_middle_keeps_the_order(void **state unused_arg)
{
    static struct heap_node v[500];
    struct heap h;
    usec last = -1;

    heap_init(&h);
    for (size_t i = 0; i < ARRAY_SIZE(v); i++)
        heap_push(&h, &v[i], (usec)(i * 7919 % 503));
    for (size_t i = 0; i < ARRAY_SIZE(v); i += 3)
        heap_remove(&h, &v[i]);
    for (size_t i = 0; i < ARRAY_SIZE(v); i++)
        assert_int_equal(heap_has(&v[i]), i % 3 != 0);
    for (struct heap_node *n; (n = heap_min(&h)) != NULL; heap_remove(&h, n)) {
        assert_true(n->at >= last);
        last = n->at;
    }
    heap_fini(&h);
}

static void removing_what_is_not_inside_does_nothing(void **state unused_arg)
{
    struct heap_node in = { 0 }, out = { 0 };
    struct heap h;

    heap_init(&h);
    heap_remove(&h, &out);
    heap_push(&h, &in, 1);
    heap_remove(&h, &out);
    assert_ptr_equal(heap_min(&h), &in);
    heap_remove(&h, &in);
    heap_remove(&h, &in);
    assert_null(heap_min(&h));
    heap_fini(&h);
}

static void fini_leaves_no_node_inside(void **state unused_arg)
{
    struct heap_node n = { 0 };
    struct heap h;

    heap_init(&h);
    heap_push(&h, &n, 1);
    heap_fini(&h);
    assert_false(heap_has(&n));
    heap_fini(NULL);
}

RUN(T(t7_the_earliest_is_first_whatever_the_order_of_pushing), T(equal_times_keep_their_order),
    T(t7_pushing_again_moves), T(t7_removing_from_the_middle_keeps_the_order),
    T(removing_what_is_not_inside_does_nothing), T(fini_leaves_no_node_inside))
