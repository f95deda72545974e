// SPDX-License-Identifier: Apache-2.0
// The rows of delta queues and shared informers (F and S of controller-semantics §8) in their
// level-triggered form: not which events are handed on, but what a subscriber knows in the end, in
// which order it hears of it, and what it is never told.
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

static void gone(const char *name)
{
    fake_server_delete(c.server, "pods", "n", name);
}

static void sync_pods(void)
{
    informers_add(c.in, KIND_POD);
    pass(USEC_PER_SEC);
}

// What the server does meanwhile shows in the next list only.
static void lose_history(void)
{
    fake_server_compact(c.server);
    pass(USEC_PER_MIN);
}

// "+a" now there, "-a" gone, "!a" gone and there again, '*' initial; all that is pending.
static const char *take(struct subscriber *s)
{
    static char text[8192];
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

static void f1_many_changes_of_many_keys_lose_none_and_keep_the_order_of_the_first(void **state)
{
    char name[16], want[8192] = "";
    size_t at = 0;

    (void)state;
    sync_pods();
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < 500; i++) {
            int k = round ? (i * 7) % 500 : i;

            snprintf(name, sizeof(name), "p%d", k);
            pod(name, round ? "db" : "web");
            if (!round)
                at += (size_t)snprintf(want + at, sizeof(want) - at, "+%s ", name);
        }
    pass(1000);
    assert_int_equal(subscriber_pending(sub), 500);
    assert_string_equal(take(sub), want);
}

static void f2_a_deletion_that_waits_is_told_with_what_the_next_list_has(void **state)
{
    (void)state;
    pod("foo", "web");
    sync_pods();
    take(sub);
    gone("foo");
    pass(1000);
    assert_int_equal(subscriber_pending(sub), 1);
    fake_server_cut_watches(c.server, false);
    pod("foo", "db");
    lose_history();
    assert_string_equal(take(sub), "!foo ");
}

static void f3_what_a_relist_takes_away_before_it_was_told_is_never_told(void **state)
{
    (void)state;
    sync_pods();
    pod("foo", "web");
    pass(1000);
    assert_int_equal(subscriber_pending(sub), 1);
    fake_server_cut_watches(c.server, false);
    gone("foo");
    lose_history();
    assert_string_equal(take(sub), "");
    assert_int_equal(informer_count(c.in, KIND_POD), 0);
}

static void f3_gone_back_and_gone_again_over_two_lists_is_one_deletion(void **state)
{
    (void)state;
    pod("foo", "web");
    sync_pods();
    take(sub);
    gone("foo");
    pass(1000);
    fake_server_cut_watches(c.server, false);
    pod("foo", "db");
    lose_history();
    fake_server_cut_watches(c.server, false);
    gone("foo");
    lose_history();
    assert_string_equal(take(sub), "-foo ");
}

static void f4_two_changes_of_one_key_are_one_with_the_last_state(void **state)
{
    struct change ch;
    uint64_t rv;

    (void)state;
    sync_pods();
    pod("foo", "web");
    rv = fake_cluster_pod(&c, "n", "foo", "db");
    pass(1000);
    assert_true(subscriber_next(sub, &ch));
    assert_int_equal(ch.now->rv, rv);
    assert_false(subscriber_next(sub, &ch));
}

static void f6_a_deletion_of_what_was_never_known_is_not_told(void **state)
{
    (void)state;
    sync_pods();
    fake_server_cut_watches(c.server, true);
    fake_server_script(c.server, "GET", "watch=true",
                       &(struct fake_reply){
                           .body =
                               "{\"type\":\"DELETED\",\"object\":{\"kind\":\"Pod\",\"apiVersion\":"
                               "\"v1\",\"metadata\":{\"name\":\"x\",\"namespace\":\"n\",\"uid\":"
                               "\"00000000-0000-4000-8000-000000000001\",\"resourceVersion\":"
                               "\"5000\"}}}\n",
                           .stay_open = true });
    pass(5 * USEC_PER_SEC);
    assert_int_equal(informer_status(c.in, KIND_POD)->rv, 5000); // it was read
    assert_string_equal(take(sub), "");
    assert_int_equal(told, 0);
}

static void f7_a_resync_tells_every_held_key_and_of_an_empty_cache_none(void **state)
{
    const char *text;

    (void)state;
    sync_pods();
    subscriber_resync(sub);
    pass(1000);
    assert_int_equal(told, 0);
    pod("a", "web");
    pod("b", "web");
    pass(1000);
    take(sub);
    subscriber_resync(sub);
    assert_int_equal(subscriber_pending(sub), 2);
    text = take(sub);
    assert_non_null(strstr(text, "+a* "));
    assert_non_null(strstr(text, "+b* "));
}

static void f8_a_resync_does_not_bring_back_what_waits_as_deleted(void **state)
{
    (void)state;
    pod("a", "web");
    pod("b", "web");
    sync_pods();
    take(sub);
    gone("a");
    pass(1000);
    subscriber_resync(sub);
    assert_string_equal(take(sub), "-a +b* ");
}

static void f9_what_a_list_lacks_is_told_before_what_it_brings(void **state)
{
    const char *text;

    (void)state;
    pod("foo", "web");
    pod("bar", "web");
    pod("baz", "web");
    sync_pods();
    take(sub);
    fake_server_cut_watches(c.server, false);
    gone("foo");
    gone("bar");
    pod("baz", "db");
    pod("new", "web");
    lose_history();
    text = take(sub);
    assert_non_null(strstr(text, "-foo "));
    assert_non_null(strstr(text, "-bar "));
    assert_non_null(strstr(text, "+baz "));
    assert_non_null(strstr(text, "+new "));
    assert_true(strrchr(text, '-') < strchr(text, '+'));
}

static void f11_a_resync_beside_a_change_is_one_entry_with_the_last_state(void **state)
{
    struct change ch;
    uint64_t rv;

    (void)state;
    pod("a", "web");
    sync_pods();
    take(sub);
    pod("a", "db");
    pass(1000);
    subscriber_resync(sub);
    rv = fake_cluster_pod(&c, "n", "a", "cache");
    pass(1000);
    assert_int_equal(subscriber_pending(sub), 1);
    assert_true(subscriber_next(sub, &ch));
    assert_int_equal(ch.now->rv, rv);
    assert_false(subscriber_next(sub, &ch));
}

static void f12_initial_keys_that_went_before_they_were_taken_do_not_hold_up_the_sync(void **state)
{
    (void)state;
    pod("a", "web");
    pod("b", "web");
    sync_pods();
    assert_false(subscriber_synced(sub));
    gone("a");
    pass(1000);
    assert_string_equal(take(sub), "+b* ");
    assert_true(subscriber_synced(sub));
}

static void f13_a_key_that_changes_again_keeps_its_place(void **state)
{
    (void)state;
    sync_pods();
    pod("a", "web");
    pod("b", "web");
    pod("c", "web");
    pod("a", "db");
    gone("b");
    pod("b", "db");
    pass(1000);
    assert_string_equal(take(sub), "+a +c +b "); // b came and went unseen, then is new
}

static void f15_synced_follows_list_and_delivery(void **state)
{
    struct change ch;

    (void)state;
    assert_false(subscriber_synced(sub)); // nothing was listed
    fake_server_down(c.server, true);
    pod("a", "web");
    pod("b", "web");
    sync_pods();
    assert_false(subscriber_synced(sub)); // the list failed
    fake_server_down(c.server, false);
    pass(USEC_PER_MIN);
    assert_true(informers_synced(c.in));
    assert_false(subscriber_synced(sub)); // 0 of 2 delivered
    assert_true(subscriber_next(sub, &ch));
    assert_true(subscriber_next(sub, &ch));
    assert_false(subscriber_synced(sub)); // the second is still worked on
    assert_false(subscriber_next(sub, &ch));
    assert_true(subscriber_synced(sub));
    pod("c", "web");
    pass(1000);
    assert_true(subscriber_synced(sub)); // what comes later does not take it back
}

static void s2_a_resync_is_of_one_subscriber_alone(void **state)
{
    struct subscriber *other;

    (void)state;
    pod("a", "web");
    sync_pods();
    other = informers_subscribe(c.in, pods, NULL, NULL);
    take(sub);
    take(other);
    subscriber_resync(other);
    assert_string_equal(take(sub), "");
    assert_string_equal(take(other), "+a* ");
    subscriber_free(other);
}

static void s4_who_subscribes_at_any_turn_of_the_start_misses_nothing(void **state)
{
    (void)state;
    for (int turns = 0; turns < 30; turns++) {
        struct subscriber *late;

        tear_down(NULL);
        set_up(NULL);
        for (int i = 0; i < 7; i++) // two pages
            pod((const char *[]){ "a", "b", "c", "d", "e", "f", "g" }[i], "web");
        informers_add(c.in, KIND_POD);
        for (int i = 0; i < turns; i++)
            assert_int_equal(loop_turn(c.loop, 1000, NULL), 0);
        late = informers_subscribe(c.in, pods, NULL, NULL);
        assert_false(subscriber_synced(late));
        pass(USEC_PER_SEC);
        pod("h", "web");
        pass(1000);
        assert_int_equal(subscriber_pending(late), 8);
        assert_int_equal(subscriber_pending(sub), 8);
        take(late);
        assert_true(subscriber_synced(late));
        subscriber_free(late);
    }
}

static void s5_after_a_gap_only_what_changed_is_told_and_a_resync_tells_all(void **state)
{
    struct subscriber *resyncs;

    (void)state;
    pod("pod1", "web");
    pod("pod2", "web");
    pod("pod3", "web");
    sync_pods();
    resyncs = informers_subscribe(c.in, pods, NULL, NULL);
    take(sub);
    take(resyncs);
    fake_server_cut_watches(c.server, false);
    pod("pod2", "db");
    gone("pod3");
    pod("pod4", "web");
    lose_history();
    subscriber_resync(resyncs);
    assert_int_equal(subscriber_pending(sub), 3);
    assert_null(strstr(take(sub), "pod1"));
    assert_int_equal(subscriber_pending(resyncs), 4);
    assert_non_null(strstr(take(resyncs), "-pod3"));
    subscriber_free(resyncs);
}

static void s11_one_function_subscribed_twice_is_told_twice(void **state)
{
    struct subscriber *again = informers_subscribe(c.in, pods, on_told, NULL);

    (void)state;
    pod("a", "web");
    sync_pods();
    assert_int_equal(told, 2);
    take(sub);
    take(again);
    subscriber_free(again);
    pod("b", "web");
    pass(1000);
    assert_int_equal(told, 3);
}

// A subscriber's belief: how many objects it was told of and not told the end of.
static int balance_of(struct subscriber *s, bool known[8])
{
    struct change ch;
    int n = 0;

    while (subscriber_next(s, &ch)) {
        bool *k = &known[ch.key.name[0] - 'a'];

        assert_true(!ch.gone || *k);
        *k = ch.now != NULL;
    }
    for (int i = 0; i < 8; i++)
        n += known[i];
    return n;
}

static void s12_subscribers_that_come_and_go_under_churn_each_add_up(void **state)
{
    struct {
        struct subscriber *s;
        bool known[8];
    } subs[6] = { 0 };

    uint32_t r = 1;

    (void)state;
    sync_pods();
    for (int step = 0; step < 4000; step++) {
        size_t i = (r = r * 1664525 + 1013904223) >> 16;
        char name[2] = { (char)('a' + i % 8), '\0' };
        size_t at = (i >> 3) % ARRAY_SIZE(subs);

        if (i % 11 == 0)
            gone(name);
        else if (i % 3 == 0)
            pod(name, i % 2 ? "web" : "db");
        if (i % 5 == 0 && !subs[at].s) {
            subs[at].s = informers_subscribe(c.in, pods, on_told, NULL);
        } else if (i % 17 == 0) {
            subscriber_free(subs[at].s);
            memset(&subs[at], 0, sizeof(subs[at]));
        } else if (i % 7 == 0 && subs[at].s) {
            balance_of(subs[at].s, subs[at].known);
        }
        if (i % 50 == 0) {
            fake_server_cut_watches(c.server, false);
            fake_server_compact(c.server);
        }
        pass(i % 4 ? 0 : 100 * USEC_PER_MSEC);
    }
    pass(2 * USEC_PER_MIN);
    for (size_t i = 0; i < ARRAY_SIZE(subs); i++) {
        if (subs[i].s)
            assert_int_equal(balance_of(subs[i].s, subs[i].known), informer_count(c.in, KIND_POD));
        subscriber_free(subs[i].s);
    }
}

static void s13_a_stopped_informer_shows_what_it_held_and_starts_nothing(void **state)
{
    struct subscriber *late;
    size_t requests;

    (void)state;
    pod("a", "web");
    sync_pods();
    informers_stop(c.in);
    informers_stop(c.in);
    requests = fake_server_requests(c.server);
    late = informers_subscribe(c.in, pods, NULL, NULL);
    informers_add(c.in, KIND_NODE);
    pod("b", "web");
    pass(USEC_PER_HOUR);
    assert_int_equal(fake_server_requests(c.server), requests);
    assert_false(informer_status(c.in, KIND_NODE)->watched);
    assert_string_equal(take(late), "+a* ");
    subscriber_free(late);
}

static void s19_a_deletion_found_by_a_list_has_the_key_of_one_that_was_seen(void **state)
{
    struct change ch;

    (void)state;
    pod("seen", "web");
    pod("found", "web");
    sync_pods();
    take(sub);
    gone("seen");
    pass(1000);
    fake_server_cut_watches(c.server, false);
    gone("found");
    lose_history();
    for (int i = 0; i < 2; i++) {
        assert_true(subscriber_next(sub, &ch));
        assert_string_equal(ch.key.name, i ? "found" : "seen");
        assert_string_equal(atom_str(ch.key.ns), "n");
        assert_int_equal(ch.key.kind, KIND_POD);
        assert_string_equal(object_name(ch.gone), ch.key.name);
    }
    assert_false(subscriber_next(sub, &ch));
}

static void s22_the_version_is_the_newest_that_was_seen(void **state)
{
    uint64_t rv;

    (void)state;
    pod("a", "web");
    sync_pods();
    assert_int_equal(informer_status(c.in, KIND_POD)->rv, fake_server_rv(c.server));
    rv = fake_cluster_pod(&c, "n", "b", "web");
    pass(1000);
    assert_int_equal(informer_status(c.in, KIND_POD)->rv, rv);
    rv = fake_server_put(c.server,
                         "{\"kind\":\"Node\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"x\"}}");
    pass(1000);
    assert_int_equal(informer_status(c.in, KIND_POD)->rv, rv - 1); // of another kind: not seen
    fake_server_bookmark(c.server);
    pass(1000);
    assert_int_equal(informer_status(c.in, KIND_POD)->rv, rv);
    rv = fake_server_delete(c.server, "pods", "n", "a");
    pass(1000);
    assert_int_equal(informer_status(c.in, KIND_POD)->rv, rv);
    fake_server_replay(c.server, 3); // older ones change nothing
    pass(1000);
    assert_int_equal(informer_status(c.in, KIND_POD)->rv, rv);
}

#define S(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

RUN(S(f1_many_changes_of_many_keys_lose_none_and_keep_the_order_of_the_first),
    S(f2_a_deletion_that_waits_is_told_with_what_the_next_list_has),
    S(f3_what_a_relist_takes_away_before_it_was_told_is_never_told),
    S(f3_gone_back_and_gone_again_over_two_lists_is_one_deletion),
    S(f4_two_changes_of_one_key_are_one_with_the_last_state),
    S(f6_a_deletion_of_what_was_never_known_is_not_told),
    S(f7_a_resync_tells_every_held_key_and_of_an_empty_cache_none),
    S(f8_a_resync_does_not_bring_back_what_waits_as_deleted),
    S(f9_what_a_list_lacks_is_told_before_what_it_brings),
    S(f11_a_resync_beside_a_change_is_one_entry_with_the_last_state),
    S(f12_initial_keys_that_went_before_they_were_taken_do_not_hold_up_the_sync),
    S(f13_a_key_that_changes_again_keeps_its_place), S(f15_synced_follows_list_and_delivery),
    S(s2_a_resync_is_of_one_subscriber_alone),
    S(s4_who_subscribes_at_any_turn_of_the_start_misses_nothing),
    S(s5_after_a_gap_only_what_changed_is_told_and_a_resync_tells_all),
    S(s11_one_function_subscribed_twice_is_told_twice),
    S(s12_subscribers_that_come_and_go_under_churn_each_add_up),
    S(s13_a_stopped_informer_shows_what_it_held_and_starts_nothing),
    S(s19_a_deletion_found_by_a_list_has_the_key_of_one_that_was_seen),
    S(s22_the_version_is_the_newest_that_was_seen))
