// SPDX-License-Identifier: Apache-2.0
#include "informer/cache.h"

#include "apis/types.h"
#include "base/alloc.h"
#include "base/json.h"
#include "base/test.h"

struct fixture {
    struct cache *c;
    char log[4096]; // "+a -b ~c !d": added, deleted, changed, other uid; '*' behind: initial
    unsigned released;
};

static struct fixture f;

static void on_changed(void *arg, const struct object *old, const struct object *now, bool initial)
{
    char sign = !old ? '+' : !now ? '-' : object_same_uid(old, now) ? '~' : '!';
    size_t at = strlen(f.log);

    (void)arg;
    snprintf(f.log + at, sizeof(f.log) - at, "%c%s%s ", sign, object_name(now ? now : old),
             initial ? "*" : "");
}

static void on_release(void *arg, struct object *o)
{
    (void)arg;
    f.released++;
    object_unref(o);
}

static int set_up(void **state)
{
    static const struct cache_events events = { on_changed, on_release };

    (void)state;
    f = (struct fixture){ 0 };
    f.c = cache_new(KIND_POD, &events, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    cache_free(f.c);
    assert_int_equal(shared_blocks(), 0);
    return 0;
}

// A Pod; node may be NULL, owner is the last digit of a uid, 0: none.
static struct object *make(const char *name, int uid, int rv, const char *app, int owner)
{
    autojson struct json_doc doc = { 0 };
    autofree char *ref = NULL;
    autofree char *text = NULL;
    struct object *o = NULL;

    ref = xasprintf("{\"apiVersion\":\"apps/v1\",\"kind\":\"ReplicaSet\",\"name\":\"rs\",\"uid\":"
                    "\"00000000-0000-4000-8000-00000000000%d\",\"controller\":true}",
                    owner);
    text = xasprintf(
        "{\"metadata\":{\"name\":\"%s\",\"namespace\":\"ns-%s\",\"uid\":"
        "\"00000000-0000-4000-8000-0000000001%02d\",\"resourceVersion\":\"%d\",\"labels\":{\"app\":"
        "\"%s\"},\"ownerReferences\":[%s]},\"spec\":{\"nodeName\":\"node-%s\",\"containers\":"
        "[{\"name\":\"c\",\"image\":\"i\"}]}}",
        name, app, uid, rv, app, owner ? ref : "", app);
    assert_int_equal(json_parse(str_of(text), NULL, &doc, NULL), 0);
    assert_int_equal(
        object_decode(kind_get(KIND_POD), json_root(&doc), (struct decode_options){ 0 }, &o, NULL),
        0);
    return o;
}

static const struct object *get(const char *app, const char *name)
{
    autofree char *ns = xasprintf("ns-%s", app);

    return cache_get(f.c, atom_of(ns), name);
}

static struct object *pod(const char *name, int uid, int rv)
{
    return make(name, uid, rv, "x", 0);
}

static const char *take_log(void)
{
    static char last[sizeof(f.log)];

    memcpy(last, f.log, sizeof(last));
    f.log[0] = '\0';
    return last;
}

static void k5_put_get_and_remove(void **state)
{
    (void)state;
    cache_put(f.c, pod("a", 1, 5));
    assert_int_equal(get("x", "a")->rv, 5);
    cache_put(f.c, pod("a", 1, 6));
    assert_int_equal(get("x", "a")->rv, 6);
    assert_int_equal(cache_count(f.c), 1);
    assert_null(get("x", "b"));
    assert_null(get("y", "a"));
    assert_true(cache_remove(f.c, atom_of("ns-x"), "a"));
    assert_false(cache_remove(f.c, atom_of("ns-x"), "a"));
    assert_null(get("x", "a"));
    assert_string_equal(take_log(), "+a ~a -a ");
    assert_int_equal(f.released, 2);
}

static void g8_the_first_replace_is_initial_and_the_second_is_not(void **state)
{
    (void)state;
    cache_stage_begin(f.c);
    cache_stage_put(f.c, pod("a", 1, 5));
    cache_stage_put(f.c, pod("b", 2, 6));
    assert_null(get("x", "a")); // readers see the old list until all is there
    assert_string_equal(take_log(), "");
    assert_false(cache_replaced(f.c));
    cache_stage_commit(f.c);
    assert_true(cache_replaced(f.c));
    assert_string_equal(take_log(), "+a* +b* ");
    cache_stage_begin(f.c);
    cache_stage_put(f.c, pod("c", 3, 7));
    cache_stage_commit(f.c);
    assert_int_equal(cache_count(f.c), 1);
    assert_string_equal(take_log() + strlen("-a -b "), "+c "); // deletes come first, in any order
}

static void s1_9_a_replace_deletes_changes_adds_and_keeps(void **state)
{
    const struct object *kept;

    (void)state;
    cache_put(f.c, pod("gone", 1, 1));
    cache_put(f.c, pod("kept", 2, 2));
    cache_put(f.c, pod("changed", 3, 3));
    take_log();
    kept = get("x", "kept");
    cache_stage_begin(f.c);
    cache_stage_keep(f.c, kept);
    cache_stage_put(f.c, pod("changed", 3, 9));
    cache_stage_put(f.c, pod("new", 4, 8));
    f.released = 0;
    cache_stage_commit(f.c);
    assert_string_equal(take_log(), "-gone* ~changed* +new* ");
    assert_ptr_equal(get("x", "kept"), kept); // the same block
    assert_int_equal(f.released, 2);
    assert_int_equal(cache_count(f.c), 3);
}

static void x4_another_uid_under_the_same_key_is_seen_as_such(void **state)
{
    (void)state;
    cache_put(f.c, pod("a", 1, 1));
    cache_put(f.c, pod("a", 2, 2));
    cache_stage_begin(f.c);
    cache_stage_put(f.c, pod("a", 3, 3));
    cache_stage_commit(f.c);
    assert_string_equal(take_log(), "+a !a !a* ");
}

static void f18_an_aborted_replace_changes_nothing_and_frees_what_was_new(void **state)
{
    const struct object *a;

    (void)state;
    cache_put(f.c, pod("a", 1, 1));
    a = get("x", "a");
    take_log();
    cache_stage_begin(f.c);
    cache_stage_keep(f.c, a);
    cache_stage_put(f.c, pod("b", 2, 2));
    cache_stage_abort(f.c);
    assert_ptr_equal(get("x", "a"), a);
    assert_int_equal(cache_count(f.c), 1);
    assert_false(cache_replaced(f.c));
    cache_stage_begin(f.c); // and a begin ends an open one
    cache_stage_put(f.c, pod("c", 3, 3));
    cache_stage_begin(f.c);
    cache_stage_commit(f.c);
    assert_int_equal(cache_count(f.c), 0);
    assert_string_equal(take_log(), "-a* ");
}

static void wl9_a_watch_list_may_stage_a_key_again_and_remove_it(void **state)
{
    (void)state;
    cache_put(f.c, pod("a", 1, 1));
    cache_put(f.c, pod("d", 4, 1));
    take_log();
    cache_stage_begin(f.c);
    cache_stage_keep(f.c, get("x", "a"));
    cache_stage_put(f.c, pod("b", 2, 2));
    cache_stage_put(f.c, pod("b", 2, 3));
    cache_stage_put(f.c, pod("c", 3, 4));
    cache_stage_remove(f.c, atom_of("ns-x"), "c");
    cache_stage_remove(f.c, atom_of("ns-x"), "nobody");
    cache_stage_put(f.c, pod("a", 1, 5)); // kept first, then changed
    cache_stage_put(f.c, pod("d", 4, 6));
    cache_stage_keep(f.c, get("x", "d")); // changed first, then as it was
    cache_stage_commit(f.c);
    assert_string_equal(take_log(), "+b* ~a* ");
    assert_int_equal(get("x", "b")->rv, 3);
    assert_int_equal(get("x", "a")->rv, 5);
    assert_int_equal(get("x", "d")->rv, 1);
    cache_stage_begin(f.c);
    cache_stage_keep(f.c, get("x", "a"));
    cache_stage_remove(f.c, atom_of("ns-x"), "a");
    cache_stage_commit(f.c);
    assert_int_equal(cache_count(f.c), 0);
}

static void iteration_sees_each_object_once(void **state)
{
    char name[16];
    uint32_t iter = 0, n = 0;

    (void)state;
    for (int i = 0; i < 50; i++) {
        snprintf(name, sizeof(name), "p%d", i);
        cache_put(f.c, pod(name, i, i + 1));
    }
    while (cache_next(f.c, &iter))
        n++;
    assert_int_equal(n, 50);
}

static void r30_memory_of_a_table_comes_back_after_a_smaller_list(void **state)
{
    char name[16];
    size_t large;

    (void)state;
    for (int i = 0; i < 5000; i++) {
        snprintf(name, sizeof(name), "p%d", i);
        cache_put(f.c, pod(name, i % 90, i + 1));
    }
    large = cache_table_bytes(f.c);
    f.log[0] = '\0';
    cache_stage_begin(f.c);
    cache_stage_keep(f.c, get("x", "p1"));
    cache_stage_commit(f.c);
    assert_int_equal(cache_count(f.c), 1);
    assert_true(cache_table_bytes(f.c) < large / 100);
    assert_int_equal(f.released, 4999);
}

static const char *names_of(struct index *x, const char *value, size_t n)
{
    static char text[256];
    uint32_t iter = 0;

    text[0] = '\0';
    for (const struct object *o; (o = index_next(x, (struct str){ value, n }, &iter));)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s@%d ", object_name(o),
                 (int)o->rv);
    return text;
}

static const char *members(struct index *x, const char *value)
{
    return names_of(x, value, strlen(value));
}

static void t2_indexes_follow_changes_and_are_built_from_what_is_there(void **state)
{
    struct index *ns, *node, *label;

    (void)state;
    cache_put(f.c, make("a", 1, 1, "x", 0));
    ns = cache_index(f.c, INDEX_NAMESPACE, 0);
    node = cache_index(f.c, INDEX_NODE, 0);
    label = cache_index(f.c, INDEX_LABEL, atom_of("app"));
    assert_ptr_equal(cache_index(f.c, INDEX_LABEL, atom_of("app")), label);
    assert_string_equal(members(ns, "ns-x"), "a@1 ");
    assert_string_equal(members(node, "node-x"), "a@1 ");
    assert_string_equal(members(label, "x"), "a@1 ");
    cache_put(f.c, make("a", 1, 2, "x", 0));
    assert_string_equal(members(label, "x"), "a@2 "); // never the old block
    cache_remove(f.c, atom_of("ns-x"), "a");
    cache_put(f.c, make("b", 1, 3, "y", 0));
    assert_string_equal(members(ns, "ns-x"), "");
    assert_string_equal(members(ns, "ns-y"), "b@3 ");
    assert_string_equal(members(node, "node-y"), "b@3 ");
    assert_string_equal(members(label, "nobody"), "");
}

static void t1_a_value_without_objects_is_dropped(void **state)
{
    struct index *label = cache_index(f.c, INDEX_LABEL, atom_of("app"));

    (void)state;
    cache_put(f.c, make("a", 1, 1, "x", 0));
    cache_put(f.c, make("b", 2, 1, "x", 0));
    cache_put(f.c, make("c", 3, 1, "y", 0));
    assert_int_equal(index_values(label), 2);
    cache_remove(f.c, atom_of("ns-y"), "c");
    assert_int_equal(index_values(label), 1);
    cache_remove(f.c, atom_of("ns-x"), "a");
    assert_int_equal(index_values(label), 1);
    cache_remove(f.c, atom_of("ns-x"), "b");
    assert_int_equal(index_values(label), 0);
}

static void t4_the_owner_index_finds_by_uid_of_the_controller(void **state)
{
    struct index *owner = cache_index(f.c, INDEX_OWNER, 0);
    uint8_t uid[16] = { 0, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 0x07 };

    (void)state;
    cache_put(f.c, make("a", 1, 1, "x", 7));
    cache_put(f.c, make("b", 2, 2, "x", 8));
    cache_put(f.c, make("c", 3, 3, "x", 0));
    assert_string_equal(names_of(owner, (const char *)uid, sizeof(uid)), "a@1 ");
    assert_int_equal(index_values(owner), 2);
}

static void t2_a_replace_updates_the_indexes(void **state)
{
    struct index *label = cache_index(f.c, INDEX_LABEL, atom_of("app"));

    (void)state;
    cache_put(f.c, make("a", 1, 1, "x", 0));
    cache_put(f.c, make("b", 2, 1, "x", 0));
    cache_stage_begin(f.c);
    cache_stage_put(f.c, make("b", 2, 2, "x", 0));
    cache_stage_put(f.c, make("c", 3, 2, "z", 0));
    cache_stage_commit(f.c);
    assert_string_equal(members(label, "x"), "b@2 ");
    assert_string_equal(members(label, "z"), "c@2 ");
}

static void asking_for_many_label_keys_stays_bounded_and_right(void **state)
{
    char key[16];

    (void)state;
    cache_put(f.c, make("a", 1, 1, "x", 0));
    for (int i = 0; i < 30; i++) {
        snprintf(key, sizeof(key), "key-%d", i);
        assert_string_equal(members(cache_index(f.c, INDEX_LABEL, atom_of(key)), "x"), "");
    }
    assert_string_equal(members(cache_index(f.c, INDEX_LABEL, atom_of("app")), "x"), "a@1 ");
}

// T8: 100 000 objects, every tenth of one namespace; what is looked for is found, and no more.
static void t8_an_index_of_100_000_objects_counts_right(void **state)
{
    struct index *by_app;
    uint32_t iter = 0, n = 0;
    char name[16];

    (void)state;
    for (int i = 0; i < 100000; i++) {
        snprintf(name, sizeof(name), "p%d", i);
        cache_put(f.c, make(name, i % 100, i + 1, i % 10 ? "most" : "few", 0));
        f.log[0] = '\0';
    }
    assert_int_equal(cache_count(f.c), 100000);
    by_app = cache_index(f.c, INDEX_LABEL, atom_of("app"));
    assert_int_equal(index_count(by_app, str_of("few")), 10000);
    assert_int_equal(index_count(by_app, str_of("most")), 90000);
    assert_int_equal(index_count(by_app, str_of("none")), 0);
    for (const struct object *o; (o = index_next(by_app, str_of("few"), &iter)); n++)
        assert_int_equal(strtoul(object_name(o) + 1, NULL, 10) % 10, 0);
    assert_int_equal(n, 10000);
    iter = n = 0;
    while (cache_next(f.c, &iter))
        n++;
    assert_int_equal(n, 100000);
}

#define C(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

RUN(C(k5_put_get_and_remove), C(g8_the_first_replace_is_initial_and_the_second_is_not),
    C(s1_9_a_replace_deletes_changes_adds_and_keeps),
    C(x4_another_uid_under_the_same_key_is_seen_as_such),
    C(f18_an_aborted_replace_changes_nothing_and_frees_what_was_new),
    C(wl9_a_watch_list_may_stage_a_key_again_and_remove_it), C(iteration_sees_each_object_once),
    C(r30_memory_of_a_table_comes_back_after_a_smaller_list),
    C(t2_indexes_follow_changes_and_are_built_from_what_is_there),
    C(t1_a_value_without_objects_is_dropped), C(t4_the_owner_index_finds_by_uid_of_the_controller),
    C(t2_a_replace_updates_the_indexes), C(asking_for_many_label_keys_stays_bounded_and_right),
    C(t8_an_index_of_100_000_objects_counts_right))
