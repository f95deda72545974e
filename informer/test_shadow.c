// SPDX-License-Identifier: Apache-2.0
// The shadow that the soak compares with the server: a test that could not see a lost or an
// impossible change would prove nothing.
#include "base/test.h"
#include "informer/fake_cluster.h"
#include "informer/fake_shadow.h"

static const enum kind_id pods[] = { KIND_POD, KIND_COUNT };

static struct fake_cluster c;
static struct subscriber *sub;
static struct shadow shadow;

static int set_up(void **state)
{
    (void)state;
    fake_cluster_init(&c, false, 0);
    sub = informers_subscribe(c.in, pods, NULL, NULL);
    shadow_init(&shadow);
    fake_cluster_pod(&c, "n", "a", "web");
    fake_cluster_pod(&c, "n", "b", "web");
    informers_add(c.in, KIND_POD);
    fake_cluster_pass(&c, USEC_PER_SEC);
    shadow_follow(&shadow, sub);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    shadow_fini(&shadow);
    subscriber_free(sub);
    fake_cluster_fini(&c);
    return 0;
}

static bool agrees(void)
{
    return shadow.n[KIND_POD] == informer_count(c.in, KIND_POD) &&
           shadow.sum[KIND_POD] == shadow_cache_sum(c.in, KIND_POD);
}

static void a_shadow_that_took_every_change_is_the_cache(void **state)
{
    (void)state;
    assert_int_equal(shadow.n[KIND_POD], 2);
    assert_true(agrees());
    fake_cluster_pod(&c, "n", "a", "db");
    fake_server_delete(c.server, "pods", "n", "b");
    fake_cluster_pass(&c, USEC_PER_SEC);
    shadow_follow(&shadow, sub);
    fake_cluster_pod(&c, "n", "b", "web");
    fake_server_delete(c.server, "pods", "n", "a");
    fake_cluster_pod(&c, "n", "a", "web");
    fake_cluster_pass(&c, USEC_PER_SEC);
    shadow_follow(&shadow, sub);
    assert_true(agrees());
    assert_int_equal(shadow.contradictions, 0);
}

static void a_change_that_was_not_taken_shows_in_the_sum_though_the_count_is_the_same(void **state)
{
    (void)state;
    fake_cluster_pod(&c, "n", "a", "db");
    fake_cluster_pass(&c, USEC_PER_SEC);
    assert_int_equal(shadow.n[KIND_POD], informer_count(c.in, KIND_POD));
    assert_false(agrees());
}

static void impossible_changes_are_counted(void **state)
{
    const struct object *a = informer_get(c.in, KIND_POD, "n", "a");
    const struct object *b = informer_get(c.in, KIND_POD, "n", "b");

    (void)state;
    shadow_apply(&shadow, &(struct change){ .key = key_of(a) });
    assert_int_equal(shadow.contradictions, 1);
    shadow_apply(&shadow, &(struct change){ .key = key_of(a), .gone = a });
    assert_int_equal(shadow.contradictions, 2);
    shadow_apply(&shadow, &(struct change){ .key = key_of(b), .gone = b, .now = b });
    assert_int_equal(shadow.contradictions, 3);
    shadow_apply(&shadow, &(struct change){ .key = key_of(b), .now = a });
    assert_int_equal(shadow.contradictions, 4);
    assert_string_equal(shadow.last, "pods b: another uid without a deletion");
}

#define WITH_PODS(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

RUN(WITH_PODS(a_shadow_that_took_every_change_is_the_cache),
    WITH_PODS(a_change_that_was_not_taken_shows_in_the_sum_though_the_count_is_the_same),
    WITH_PODS(impossible_changes_are_counted))
