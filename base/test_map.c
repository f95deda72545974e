// SPDX-License-Identifier: Apache-2.0
#include "base/map.h"
#include "base/test.h"

struct entry {
    char key[32];
    bool seen;
};

static uint32_t good_hash(const void *entry)
{
    return hash_str(((const struct entry *)entry)->key);
}

static uint32_t bad_hash(const void *entry unused_arg)
{
    return 7;
}

static bool is(const void *entry, const void *key)
{
    return !strcmp(((const struct entry *)entry)->key, key);
}

static const struct map_ops good = { good_hash, is }, bad = { bad_hash, is };

static void fill(struct entry *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        v[i].seen = false;
        snprintf(v[i].key, sizeof(v[i].key), "key-%zu", i);
    }
}

static void an_empty_map_answers(void **state unused_arg)
{
    struct map m;
    uint32_t iter = 0;

    map_init(&m, &good);
    assert_null(map_get(&m, 1, "a"));
    assert_null(map_del(&m, 1, "a"));
    assert_null(map_next(&m, &iter));
    assert_int_equal(map_bytes(&m), 0);
    map_fini(&m);
    map_fini(NULL);
}

static void what_was_put_is_found_until_deleted(void **state unused_arg)
{
    static struct entry v[5000];
    struct map m;

    fill(v, ARRAY_SIZE(v));
    map_init(&m, &good);
    for (size_t i = 0; i < ARRAY_SIZE(v); i++)
        assert_null(map_put(&m, v[i].key, &v[i]));
    assert_int_equal(m.n, ARRAY_SIZE(v));
    for (size_t i = 0; i < ARRAY_SIZE(v); i++)
        assert_ptr_equal(map_get(&m, hash_str(v[i].key), v[i].key), &v[i]);
    for (size_t i = 0; i < ARRAY_SIZE(v); i += 2)
        assert_ptr_equal(map_del(&m, hash_str(v[i].key), v[i].key), &v[i]);
    for (size_t i = 0; i < ARRAY_SIZE(v); i++)
        assert_ptr_equal(map_get(&m, hash_str(v[i].key), v[i].key), i % 2 ? &v[i] : NULL);
    assert_int_equal(m.n, ARRAY_SIZE(v) / 2);
    map_fini(&m);
}

static void putting_an_equal_key_replaces(void **state unused_arg)
{
    struct entry a = { .key = "x" }, b = { .key = "x" };
    struct map m;

    map_init(&m, &good);
    assert_null(map_put(&m, "x", &a));
    assert_ptr_equal(map_put(&m, "x", &b), &a);
    assert_int_equal(m.n, 1);
    assert_ptr_equal(map_get(&m, hash_str("x"), "x"), &b);
    map_fini(&m);
}

static void equal_hashes_are_told_apart_by_key(void **state unused_arg)
{
    struct entry v[40];
    struct map m;

    fill(v, ARRAY_SIZE(v));
    map_init(&m, &bad);
    for (size_t i = 0; i < ARRAY_SIZE(v); i++)
        map_put(&m, v[i].key, &v[i]);
    assert_ptr_equal(map_del(&m, 7, "key-3"), &v[3]);
    assert_null(map_get(&m, 7, "key-3"));
    for (size_t i = 4; i < ARRAY_SIZE(v); i++)
        assert_ptr_equal(map_get(&m, 7, v[i].key), &v[i]);
    map_fini(&m);
}

static void iteration_sees_each_entry_once_and_may_delete_it(void **state unused_arg)
{
    static struct entry v[1000];
    struct map m;
    struct entry *e;
    uint32_t iter = 0;
    size_t n = 0;

    fill(v, ARRAY_SIZE(v));
    map_init(&m, &good);
    for (size_t i = 0; i < ARRAY_SIZE(v); i++)
        map_put(&m, v[i].key, &v[i]);
    while ((e = map_next(&m, &iter)) != NULL) {
        assert_false(e->seen);
        e->seen = true;
        n++;
        assert_ptr_equal(map_del(&m, hash_str(e->key), e->key), e);
    }
    assert_int_equal(n, ARRAY_SIZE(v));
    assert_int_equal(m.n, 0);
    map_fini(&m);
}

static void endless_putting_and_deleting_does_not_grow(void **state unused_arg)
{
    struct entry e;
    struct map m;

    map_init(&m, &good);
    for (int i = 0; i < 100000; i++) {
        snprintf(e.key, sizeof(e.key), "k%d", i);
        map_put(&m, e.key, &e);
        assert_ptr_equal(map_del(&m, hash_str(e.key), e.key), &e);
    }
    assert_true(map_bytes(&m) <= 16 * sizeof(void *));
    map_fini(&m);
}

static void a_map_shrinks_again_after_many_deletions(void **state unused_arg)
{
    static struct entry v[4000];
    struct map m;
    size_t full;

    fill(v, ARRAY_SIZE(v));
    map_init(&m, &good);
    for (size_t i = 0; i < ARRAY_SIZE(v); i++)
        map_put(&m, v[i].key, &v[i]);
    full = map_bytes(&m);
    for (size_t i = 10; i < ARRAY_SIZE(v); i++)
        map_del(&m, hash_str(v[i].key), v[i].key);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 10; i < ARRAY_SIZE(v); i++) {
            map_put(&m, v[i].key, &v[i]);
            map_del(&m, hash_str(v[i].key), v[i].key);
        }
    }
    assert_true(map_bytes(&m) < full / 8);
    for (size_t i = 0; i < 10; i++)
        assert_ptr_equal(map_get(&m, hash_str(v[i].key), v[i].key), &v[i]);
    map_fini(&m);
}

// Computed by OpenSSL: openssl mac -macopt hexkey:00… -macopt size:8 -in FILE SIPHASH, its bytes
// least first.
static void room_that_was_reserved_lasts(void **state unused_arg)
{
    static struct entry v[1000];
    struct map m;
    size_t bytes;

    fill(v, ARRAY_SIZE(v));
    map_init(&m, &good);
    map_put(&m, v[0].key, &v[0]);
    map_reserve(&m, ARRAY_SIZE(v) - 1);
    bytes = map_bytes(&m);
    for (size_t i = 1; i < ARRAY_SIZE(v); i++)
        assert_null(map_put(&m, v[i].key, &v[i]));
    assert_int_equal(map_bytes(&m), bytes);
    assert_ptr_equal(map_get(&m, hash_str("key-0"), "key-0"), &v[0]);
    assert_ptr_equal(map_get(&m, hash_str("key-999"), "key-999"), &v[999]);
    map_fini(&m);
}

static void stable_hashes_never_change(void **state unused_arg)
{
    unsigned char bytes[16];

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)i;
    assert_true(hash64_stable("", 0) == UINT64_C(0x1e924b9d737700d7));
    assert_true(hash64_stable("a", 1) == UINT64_C(0x96c20860cd93a249));
    assert_true(hash64_stable(bytes, 8) == UINT64_C(0xc72b1c24fc2f7938));
    assert_true(hash64_stable(bytes, 15) == UINT64_C(0xd0567cd44e891363));
    assert_true(hash64_stable(bytes, 16) == UINT64_C(0xc902632ed88f897f));
}

static void hashes_depend_on_every_byte(void **state unused_arg)
{
    char text[20] = "0123456789abcdefghi";
    uint32_t whole = hash_bytes(text, 19);

    assert_int_equal(hash_bytes(text, 19), whole);
    for (size_t i = 0; i < 19; i++) {
        text[i] ^= 1;
        assert_int_not_equal(hash_bytes(text, 19), whole);
        text[i] ^= 1;
    }
    assert_int_not_equal(hash_bytes(text, 18), whole);
    assert_int_not_equal(hash_mix(1, 2), hash_mix(2, 1));
}

static uint64_t compared;

static bool is_counted(const void *entry, const void *key)
{
    compared++;
    return is(entry, key);
}

static void t8_a_map_filled_in_the_order_of_another_stays_fast(void **state unused_arg)
{
    static const struct map_ops counted = { good_hash, is_counted };
    static struct entry v[50000];
    struct map from, to;
    uint32_t iter = 0;

    fill(v, ARRAY_SIZE(v));
    map_init(&from, &good);
    map_init(&to, &counted);
    for (size_t i = 0; i < ARRAY_SIZE(v); i++)
        map_put(&from, v[i].key, &v[i]);
    compared = 0;
    for (struct entry *e; (e = map_next(&from, &iter));)
        assert_null(map_put(&to, e->key, e));
    assert_int_equal(to.n, ARRAY_SIZE(v));
    assert_true(compared < 10 * ARRAY_SIZE(v)); // it was hundreds for each entry
    map_fini(&from);
    map_fini(&to);
}

RUN(T(an_empty_map_answers), T(what_was_put_is_found_until_deleted),
    T(putting_an_equal_key_replaces), T(equal_hashes_are_told_apart_by_key),
    T(iteration_sees_each_entry_once_and_may_delete_it),
    T(endless_putting_and_deleting_does_not_grow), T(a_map_shrinks_again_after_many_deletions),
    T(room_that_was_reserved_lasts), T(stable_hashes_never_change), T(hashes_depend_on_every_byte),
    T(t8_a_map_filled_in_the_order_of_another_stays_fast))
