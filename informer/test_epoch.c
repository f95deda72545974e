// SPDX-License-Identifier: Apache-2.0
#include "informer/epoch.h"

#include "apis/types.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/test.h"
#include "informer/fake_cluster.h"

static struct fake_cluster c;

static int set_up(void **state)
{
    (void)state;
    fake_cluster_init(&c, false, 0);
    fake_cluster_pod(&c, "n", "a", "web");
    fake_cluster_pod(&c, "n", "b", "web");
    informers_add(c.in, KIND_POD);
    fake_server_allow(c.server, "list", "nodes", false);
    informers_add(c.in, KIND_NODE);
    fake_cluster_pass(&c, USEC_PER_SEC);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_cluster_fini(&c);
    return 0;
}

static void pass(usec t)
{
    fake_cluster_pass(&c, t);
}

static void a_snapshot_has_the_objects_and_states_of_the_moment(void **state)
{
    struct snapshot *s;

    (void)state;
    informers_set_server_minor(c.in, 36);
    s = epoch_open(c.in);
    assert_non_null(s);
    assert_int_equal(s->n[KIND_POD], 2);
    assert_int_equal(s->state[KIND_POD], KIND_SYNCED);
    assert_int_equal(s->state[KIND_NODE], KIND_DENIED);
    assert_int_equal(s->n[KIND_NODE], 0);
    assert_int_equal(s->state[KIND_JOB], KIND_DENIED); // nobody asks for them
    assert_int_equal(s->now, clock_wall());
    assert_int_equal(s->server_minor, 36);
    assert_true(s->live);
    epoch_close(c.in, s);
}

static void what_changes_meanwhile_stays_as_it_was_in_the_snapshot(void **state)
{
    struct snapshot *s = epoch_open(c.in);
    size_t left = 0;

    (void)state;
    fake_cluster_pod(&c, "n", "a", "db");
    fake_server_delete(c.server, "pods", "n", "b");
    fake_cluster_pod(&c, "n", "c", "web");
    pass(1000);
    assert_int_equal(informer_count(c.in, KIND_POD), 2);
    assert_int_equal(s->n[KIND_POD], 2);
    for (uint32_t i = 0; i < s->n[KIND_POD]; i++) {
        const struct object *o = s->objects[KIND_POD][i];

        left += object_name(o)[0] != 'c';
        assert_string_equal(rmap_get(object_meta_labels(object_meta_of(o)), "app"), "web");
    }
    assert_int_equal(left, 2);
    assert_true(epoch_retired_bytes(c.in) > 0);
    epoch_close(c.in, s);
    assert_int_equal(epoch_retired_bytes(c.in), 0);
}

static void a_relist_meanwhile_frees_nothing_of_the_snapshot(void **state)
{
    struct snapshot *s = epoch_open(c.in);

    (void)state;
    fake_server_cut_watches(c.server, false);
    fake_cluster_pod(&c, "n", "a", "db");
    fake_server_delete(c.server, "pods", "n", "b");
    fake_server_compact(c.server);
    pass(USEC_PER_MIN);
    assert_int_equal(informer_count(c.in, KIND_POD), 1);
    for (uint32_t i = 0; i < s->n[KIND_POD]; i++)
        assert_non_null(object_pod_spec(s->objects[KIND_POD][i])); // ASan looks
    epoch_close(c.in, s);
}

static void only_one_epoch_is_open(void **state)
{
    struct snapshot *s = epoch_open(c.in), *second;

    (void)state;
    assert_null(epoch_open(c.in));
    epoch_close(c.in, NULL);
    assert_null(epoch_open(c.in));
    epoch_close(c.in, s);
    second = epoch_open(c.in);
    assert_non_null(second);
    epoch_close(c.in, second);
}

static void an_epoch_expires_after_two_seconds(void **state)
{
    struct snapshot *s = epoch_open(c.in);

    (void)state;
    assert_false(epoch_expired(c.in));
    clock_fake_advance(EPOCH_MAX_AGE);
    assert_false(epoch_expired(c.in));
    clock_fake_advance(1);
    assert_true(epoch_expired(c.in));
    epoch_close(c.in, s);
    assert_false(epoch_expired(c.in));
}

static void an_epoch_expires_when_four_megabytes_are_retired(void **state)
{
    struct snapshot *s = epoch_open(c.in);
    char image[512];
    size_t last = 0;

    (void)state;
    memset(image, 'x', sizeof(image));
    while (epoch_retired_bytes(c.in) <= EPOCH_MAX_RETIRED) {
        snprintf(image + 200, 32, "%zu", last);
        fake_cluster_pod(&c, "n", "a", image);
        pass(0);
        assert_false(epoch_retired_bytes(c.in) > EPOCH_MAX_RETIRED && !epoch_expired(c.in));
        assert_true(epoch_retired_bytes(c.in) > last);
        last = epoch_retired_bytes(c.in);
        if (last > 200000) { // the way to 4 MB is long; the rule is the same
            epoch_close(c.in, s);
            return;
        }
    }
    epoch_close(c.in, s);
}

#define E(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

RUN(E(a_snapshot_has_the_objects_and_states_of_the_moment),
    E(what_changes_meanwhile_stays_as_it_was_in_the_snapshot),
    E(a_relist_meanwhile_frees_nothing_of_the_snapshot), E(only_one_epoch_is_open),
    E(an_epoch_expires_after_two_seconds), E(an_epoch_expires_when_four_megabytes_are_retired))
