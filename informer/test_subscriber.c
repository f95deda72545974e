// SPDX-License-Identifier: Apache-2.0
// What subscribers are told, controller-semantics §2.2-§2.4.
#include "base/alloc.h"
#include "base/clock.h"
#include "base/test.h"
#include "informer/fake_cluster.h"

static const enum kind_id pods[] = { KIND_POD, KIND_COUNT };

static struct fake_cluster c;
static struct subscriber *sub;
static unsigned told;

static void on_told(void *arg)
{
    (void)arg;
    told++;
}

static int set_up(void **state)
{
    (void)state;
    fake_cluster_init(&c, false, 0);
    told = 0;
    sub = informers_subscribe(c.in, pods, on_told, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    subscriber_free(sub);
    fake_cluster_fini(&c);
    return 0;
}

static void pass(usec t)
{
    fake_cluster_pass(&c, t);
}

static void pod(const char *name, const char *image)
{
    fake_cluster_pod(&c, "n", name, image);
}

static void sync_pods(void)
{
    informers_add(c.in, KIND_POD);
    pass(USEC_PER_SEC);
}

// "+a" now there, "-a" gone, "!a" gone and there again, '*' initial; all that is pending.
static const char *take(struct subscriber *s)
{
    static char text[512];
    struct change ch;

    text[0] = '\0';
    while (subscriber_next(s, &ch))
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%c%s%s ",
                 ch.gone && ch.now ? '!'
                 : ch.gone         ? '-'
                 : ch.now          ? '+'
                                   : '?',
                 ch.key.name, ch.initial ? "*" : "");
    return text;
}

static void g5_every_object_of_the_first_list_is_told_as_initial(void **state)
{
    (void)state;
    pod("a", "web");
    pod("b", "web");
    sync_pods();
    assert_int_equal(told, 1);
    assert_string_equal(take(sub), "+a* +b* ");
    pod("c", "web");
    pass(1000);
    assert_int_equal(told, 2);
    assert_string_equal(take(sub), "+c ");
}

static void s14_synced_means_that_the_initial_keys_were_taken_and_worked_on(void **state)
{
    struct change ch;

    (void)state;
    pod("a", "web");
    assert_false(subscriber_synced(sub));
    sync_pods();
    assert_true(informers_synced(c.in));
    assert_false(subscriber_synced(sub));
    assert_true(subscriber_next(sub, &ch));
    assert_false(subscriber_synced(sub)); // its handler has not returned yet
    assert_false(subscriber_next(sub, &ch));
    assert_true(subscriber_synced(sub));
}

static void f15_an_empty_kind_is_synced_at_once(void **state)
{
    (void)state;
    sync_pods();
    assert_true(subscriber_synced(sub));
    assert_int_equal(told, 0);
}

static void x6_a_subscriber_that_sleeps_has_one_entry_per_key(void **state)
{
    char image[16];

    (void)state;
    pod("a", "web");
    pod("b", "web");
    sync_pods();
    take(sub);
    told = 0;
    for (int i = 0; i < 1000; i++) {
        snprintf(image, sizeof(image), "i%d", i);
        pod(i % 2 ? "a" : "b", image);
        pass(10);
    }
    assert_int_equal(subscriber_pending(sub), 2);
    assert_int_equal(told, 1);
    assert_string_equal(take(sub), "+b +a ");
}

static void g7_the_cache_shows_the_state_that_is_told(void **state)
{
    struct change ch;

    (void)state;
    pod("a", "web");
    sync_pods();
    assert_true(subscriber_next(sub, &ch));
    assert_ptr_equal(ch.now, informer_get(c.in, KIND_POD, "n", "a"));
    assert_string_equal(atom_str(ch.key.ns), "n");
}

static void g6_a_deletion_that_only_a_relist_shows_has_the_last_state(void **state)
{
    struct change ch;

    (void)state;
    pod("a", "web");
    pod("b", "web");
    sync_pods();
    take(sub);
    fake_server_cut_watches(c.server, false);
    fake_server_delete(c.server, "pods", "n", "a");
    fake_server_compact(c.server);
    pass(USEC_PER_MIN);
    assert_true(subscriber_next(sub, &ch));
    assert_string_equal(ch.key.name, "a");
    assert_null(ch.now);
    assert_non_null(ch.gone);
    assert_string_equal(object_name(ch.gone), "a");
    assert_false(ch.initial);
    assert_false(subscriber_next(sub, &ch)); // b did not change
}

static void x4_deleted_and_created_again_between_lists_is_both(void **state)
{
    struct change ch;

    (void)state;
    pod("a", "web");
    sync_pods();
    take(sub);
    fake_server_cut_watches(c.server, false);
    fake_server_delete(c.server, "pods", "n", "a");
    pod("a", "web");
    fake_server_compact(c.server);
    pass(USEC_PER_MIN);
    assert_true(subscriber_next(sub, &ch));
    assert_non_null(ch.gone);
    assert_non_null(ch.now);
    assert_false(object_same_uid(ch.gone, ch.now));
}

static void f3_a_key_that_came_and_went_unseen_is_not_told(void **state)
{
    (void)state;
    sync_pods();
    pod("a", "web");
    pass(1000);
    fake_server_delete(c.server, "pods", "n", "a");
    pass(1000);
    assert_int_equal(subscriber_pending(sub), 0);
    assert_string_equal(take(sub), "");
}

// A worker that is at the key for another reason acts on what it reads.
static void f3_a_key_that_went_after_it_was_read_is_told_as_gone(void **state)
{
    (void)state;
    sync_pods();
    pod("a", "web");
    pass(1000);
    assert_non_null(informer_get(c.in, KIND_POD, "n", "a"));
    fake_server_delete(c.server, "pods", "n", "a");
    pass(1000);
    assert_string_equal(take(sub), "-a ");
}

static void f3_a_key_that_went_and_came_and_went_is_told_as_gone_once(void **state)
{
    (void)state;
    pod("a", "web");
    sync_pods();
    take(sub);
    fake_server_delete(c.server, "pods", "n", "a");
    pod("a", "web");
    fake_server_delete(c.server, "pods", "n", "a");
    pass(1000);
    assert_string_equal(take(sub), "-a ");
}

static void s14_a_late_subscriber_gets_what_is_there_and_then_what_changes(void **state)
{
    struct subscriber *late;

    (void)state;
    pod("a", "web");
    sync_pods();
    late = informers_subscribe(c.in, pods, NULL, NULL);
    assert_false(subscriber_synced(late));
    pod("b", "web");
    pass(1000);
    assert_string_equal(take(late), "+a* +b ");
    assert_true(subscriber_synced(late));
    assert_string_equal(take(sub), "+a* +b ");
    subscriber_free(late);
}

static void s9_a_subscriber_that_leaves_does_not_disturb_the_other(void **state)
{
    struct subscriber *other = informers_subscribe(c.in, pods, on_told, NULL);
    struct change ch;

    (void)state;
    pod("a", "web");
    pod("b", "web");
    sync_pods();
    assert_true(subscriber_next(other, &ch));
    subscriber_free(other); // with one taken and one pending
    assert_string_equal(take(sub), "+a* +b* ");
}

static void other_kinds_are_not_told(void **state)
{
    (void)state;
    informers_add(c.in, KIND_NODE);
    fake_server_put(c.server,
                    "{\"kind\":\"Node\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"x\"}}");
    sync_pods();
    assert_int_equal(informer_count(c.in, KIND_NODE), 1);
    assert_string_equal(take(sub), "");
}

static void s1_10_a_resync_tells_every_key_once_more_as_initial(void **state)
{
    (void)state;
    pod("a", "web");
    sync_pods();
    take(sub);
    subscriber_resync(sub);
    assert_string_equal(take(sub), "+a* ");
    assert_int_equal(fake_server_count(c.server, "GET", "watch=false"), 1);
}

static void what_a_change_points_to_lives_until_the_next_one(void **state)
{
    struct change ch;

    (void)state;
    pod("a", "web");
    sync_pods();
    take(sub);
    fake_server_delete(c.server, "pods", "n", "a");
    pass(1000);
    assert_true(subscriber_next(sub, &ch));
    pod("z", "web");
    pass(1000);
    assert_string_equal(object_name(ch.gone), "a");
    assert_string_equal(ch.key.name, "a");
}

#define S(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

RUN(S(g5_every_object_of_the_first_list_is_told_as_initial),
    S(s14_synced_means_that_the_initial_keys_were_taken_and_worked_on),
    S(f15_an_empty_kind_is_synced_at_once), S(x6_a_subscriber_that_sleeps_has_one_entry_per_key),
    S(g7_the_cache_shows_the_state_that_is_told),
    S(g6_a_deletion_that_only_a_relist_shows_has_the_last_state),
    S(x4_deleted_and_created_again_between_lists_is_both),
    S(f3_a_key_that_came_and_went_unseen_is_not_told),
    S(f3_a_key_that_went_after_it_was_read_is_told_as_gone),
    S(f3_a_key_that_went_and_came_and_went_is_told_as_gone_once),
    S(s14_a_late_subscriber_gets_what_is_there_and_then_what_changes),
    S(s9_a_subscriber_that_leaves_does_not_disturb_the_other), S(other_kinds_are_not_told),
    S(s1_10_a_resync_tells_every_key_once_more_as_initial),
    S(what_a_change_points_to_lives_until_the_next_one))
