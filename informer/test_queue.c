// SPDX-License-Identifier: Apache-2.0
#include "informer/queue.h"

#include "base/clock.h"
#include "base/metrics.h"
#include "base/test.h"

struct fixture {
    struct loop *loop;
    struct queue *q;
    unsigned ready, drained;
};

static struct fixture f;

static void on_ready(void *arg)
{
    ((struct fixture *)arg)->ready++;
}

static void on_drained(void *arg)
{
    ((struct fixture *)arg)->drained++;
}

static int set_up(void **state)
{
    struct error e;

    (void)state;
    clock_fake(1000 * USEC_PER_SEC, 0);
    metrics_reset();
    f = (struct fixture){ .loop = loop_new(&e) };
    f.q =
        queue_new(f.loop, &(struct queue_options){ .name = "test", .ready = on_ready, .arg = &f });
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    queue_free(f.q);
    loop_free(f.loop);
    clock_real();
    return 0;
}

static struct key key(const char *name)
{
    return (struct key){ KIND_POD, 0, name };
}

static void add(const char *name)
{
    struct key k = key(name);

    queue_add(f.q, &k, QUEUE_NORMAL);
}

static void after(const char *name, usec delay)
{
    struct key k = key(name);

    queue_add_after(f.q, &k, QUEUE_NORMAL, delay);
}

static void done(const char *name)
{
    struct key k = key(name);

    queue_done(f.q, &k);
}

// Lets time pass, with everything that falls due in it.
static void pass(usec t)
{
    usec end = clock_mono() + t;
    struct error e;

    do
        assert_int_equal(loop_turn(f.loop, end - clock_mono(), &e), 0);
    while (clock_mono() < end);
    assert_int_equal(loop_turn(f.loop, 0, &e), 0);
}

// The names that get gives now, each done at once.
static const char *drain(void)
{
    static char names[256];
    struct key k;

    names[0] = '\0';
    while (queue_get(f.q, &k, NULL)) {
        snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s ", k.name);
        queue_done(f.q, &k);
    }
    return names;
}

static void q3_adds_before_a_get_collapse_and_keep_their_order(void **state)
{
    (void)state;
    add("a");
    add("b");
    add("a");
    add("c");
    add("b");
    assert_int_equal(queue_len(f.q), 3);
    assert_string_equal(drain(), "a b c ");
    assert_int_equal(queue_len(f.q), 0);
}

static void q2_an_add_during_processing_comes_back_once_and_never_at_the_same_time(void **state)
{
    struct key k;

    (void)state;
    add("a");
    assert_true(queue_get(f.q, &k, NULL));
    add("a");
    add("a");
    assert_false(queue_get(f.q, &k, NULL));
    assert_int_equal(queue_len(f.q), 0);
    done("a");
    assert_int_equal(queue_len(f.q), 1);
    assert_string_equal(drain(), "a ");
}

static void f14_keys_of_other_kinds_and_namespaces_are_others(void **state)
{
    struct key a = { KIND_POD, 0, "a" }, b = { KIND_NODE, 0, "a" }, c = { KIND_POD, 3, "a" };

    (void)state;
    queue_add(f.q, &a, QUEUE_NORMAL);
    queue_add(f.q, &b, QUEUE_NORMAL);
    queue_add(f.q, &c, QUEUE_NORMAL);
    assert_int_equal(queue_len(f.q), 3);
}

static void the_name_is_copied(void **state)
{
    char name[] = "abc";
    struct key k;

    (void)state;
    add(name);
    name[0] = 'x';
    assert_true(queue_get(f.q, &k, NULL));
    assert_string_equal(k.name, "abc");
    queue_done(f.q, &k);
}

static void ready_is_called_on_a_later_turn(void **state)
{
    (void)state;
    add("a");
    add("b");
    assert_int_equal(f.ready, 0);
    pass(0);
    assert_int_equal(f.ready, 1);
    drain();
    pass(0);
    assert_int_equal(f.ready, 1);
    after("a", 5000);
    pass(6000);
    assert_int_equal(f.ready, 2);
}

static void q9_a_delay_keeps_the_earlier_time_and_fires_once(void **state)
{
    (void)state;
    after("a", 50000);
    after("a", 70000);
    assert_int_equal(queue_len(f.q), 0);
    pass(60000);
    assert_string_equal(drain(), "a ");
    pass(60000);
    assert_string_equal(drain(), "");
    after("a", 50000);
    after("a", 30000);
    pass(40000);
    assert_string_equal(drain(), "a ");
    pass(40000);
    assert_string_equal(drain(), "");
}

static void q9_delays_come_in_order_of_time(void **state)
{
    (void)state;
    after("c", 30000);
    after("a", 10000);
    after("b", 20000);
    pass(10000);
    assert_string_equal(drain(), "a ");
    pass(20000);
    assert_string_equal(drain(), "b c ");
}

static void pq6_an_add_makes_a_waiting_key_ready_and_drops_its_delay(void **state)
{
    (void)state;
    after("a", 50000);
    add("a");
    assert_int_equal(queue_waiting(f.q), 0);
    assert_string_equal(drain(), "a ");
    pass(100000);
    assert_string_equal(drain(), "");
}

static void pq1_a_delay_that_ends_during_processing_waits_for_done(void **state)
{
    struct key k;

    (void)state;
    add("a");
    assert_true(queue_get(f.q, &k, NULL));
    after("a", 1000);
    pass(2000);
    assert_int_equal(queue_len(f.q), 0);
    done("a");
    assert_string_equal(drain(), "a ");
}

static void q10_failures_double_the_delay_per_key_until_forgotten(void **state)
{
    static const usec want[] = { 5000, 10000, 20000, 40000, 80000 };
    struct key a = key("a"), b = key("b");

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
        queue_add_rate_limited(f.q, &a, QUEUE_NORMAL);
        assert_int_equal(queue_failures(f.q, &a), i + 1);
        pass(want[i] - 1);
        assert_string_equal(drain(), "");
        pass(1);
        assert_string_equal(drain(), "a ");
    }
    queue_add_rate_limited(f.q, &b, QUEUE_NORMAL);
    pass(5000);
    assert_string_equal(drain(), "b ");
    queue_forget(f.q, &a);
    assert_int_equal(queue_failures(f.q, &a), 0);
    queue_add_rate_limited(f.q, &a, QUEUE_NORMAL);
    pass(5000);
    assert_string_equal(drain(), "a ");
}

static void q11_thousands_of_failures_stay_at_the_cap(void **state)
{
    struct key a = key("a");

    (void)state;
    for (int i = 0; i < 5000; i++) {
        queue_add_rate_limited(f.q, &a, QUEUE_NORMAL);
        queue_add(f.q, &a, QUEUE_NORMAL);
        drain();
    }
    queue_add_rate_limited(f.q, &a, QUEUE_NORMAL);
    pass(QUEUE_MAX_DELAY - 1);
    assert_string_equal(drain(), "");
    pass(1);
    assert_string_equal(drain(), "a ");
}

static void q12_a_retry_after_is_a_lower_bound(void **state)
{
    struct key a = key("a");

    (void)state;
    queue_add_rate_limited_min(f.q, &a, QUEUE_NORMAL, 3 * USEC_PER_SEC);
    pass(2 * USEC_PER_SEC);
    assert_string_equal(drain(), "");
    pass(USEC_PER_SEC);
    assert_string_equal(drain(), "a ");
}

static void m4_an_add_does_not_reset_the_failures(void **state)
{
    struct key a = key("a");

    (void)state;
    queue_add_rate_limited(f.q, &a, QUEUE_NORMAL);
    add("a");
    drain();
    assert_int_equal(queue_failures(f.q, &a), 1);
}

static void pq3_priority_is_raised_and_never_lowered(void **state)
{
    struct key a = key("a"), b = key("b"), c = key("c");
    enum queue_priority p;
    struct key k;

    (void)state;
    queue_add(f.q, &a, QUEUE_LOW);
    queue_add(f.q, &b, QUEUE_NORMAL);
    queue_add(f.q, &c, QUEUE_LOW);
    queue_add(f.q, &a, QUEUE_NORMAL); // PQ5: at the end of its new class
    queue_add(f.q, &a, QUEUE_LOW);
    assert_true(queue_get(f.q, &k, &p));
    assert_string_equal(k.name, "b");
    assert_int_equal(p, QUEUE_NORMAL);
    assert_true(queue_get(f.q, &k, &p));
    assert_string_equal(k.name, "a");
    assert_int_equal(p, QUEUE_NORMAL);
    assert_true(queue_get(f.q, &k, &p));
    assert_string_equal(k.name, "c");
    assert_int_equal(p, QUEUE_LOW);
    done("a");
    done("b");
    done("c");
    queue_add(f.q, &a, QUEUE_LOW);
    assert_true(queue_get(f.q, &k, &p));
    assert_int_equal(p, QUEUE_LOW);
    done("a");
}

static void q8_memory_of_keys_that_are_done_comes_back(void **state)
{
    size_t before = queue_bytes(f.q);
    char name[32];

    (void)state;
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "pod-%d", i);
        add(name);
    }
    assert_true(queue_bytes(f.q) > before);
    drain();
    assert_int_equal(queue_bytes(f.q), before);
}

static void q1_nothing_is_added_after_shutdown_but_what_is_queued_is_given(void **state)
{
    (void)state;
    add("a");
    after("b", 1000);
    queue_shutdown(f.q);
    add("c");
    after("d", 1000);
    pass(5000);
    assert_true(queue_is_shut_down(f.q));
    assert_string_equal(drain(), "a ");
}

static void q4_a_drain_waits_for_what_is_processed(void **state)
{
    struct key k;

    (void)state;
    add("a");
    add("b");
    assert_true(queue_get(f.q, &k, NULL));
    assert_true(queue_get(f.q, &k, NULL));
    queue_shutdown_with_drain(f.q, on_drained, &f);
    pass(1000);
    assert_int_equal(f.drained, 0);
    done("a");
    pass(1000);
    assert_int_equal(f.drained, 0);
    done("b");
    pass(1000);
    assert_int_equal(f.drained, 1);
}

static void q7_a_drain_processes_a_key_that_became_dirty_once_more(void **state)
{
    struct key k;

    (void)state;
    add("a");
    assert_true(queue_get(f.q, &k, NULL));
    add("a");
    queue_shutdown_with_drain(f.q, on_drained, &f);
    done("a");
    pass(1000);
    assert_int_equal(f.drained, 0);
    assert_string_equal(drain(), "a ");
    pass(1000);
    assert_int_equal(f.drained, 1);
}

static void q6_a_second_shutdown_ends_the_drain(void **state)
{
    struct key k;

    (void)state;
    add("a");
    assert_true(queue_get(f.q, &k, NULL));
    queue_shutdown_with_drain(f.q, on_drained, &f);
    queue_shutdown(f.q);
    pass(1);
    assert_int_equal(f.drained, 1);
    done("a");
    pass(1);
    assert_int_equal(f.drained, 1);
}

static void q14_metrics_count_depth_adds_retries_and_running_work(void **state)
{
    struct key k;

    (void)state;
    add("a");
    add("a");
    add("b");
    after("c", 1000);
    assert_true(metric_value(METRIC_WORKQUEUE_DEPTH, "test") == 2);
    assert_true(metric_value(METRIC_WORKQUEUE_ADDS_TOTAL, "test") == 2);
    assert_true(metric_value(METRIC_WORKQUEUE_RETRIES_TOTAL, "test") == 1);
    assert_true(queue_get(f.q, &k, NULL));
    assert_true(queue_get(f.q, &k, NULL));
    clock_fake_advance(3 * USEC_PER_SEC);
    queue_update_metrics(f.q);
    assert_true(metric_value(METRIC_WORKQUEUE_UNFINISHED_WORK_SECONDS, "test") == 6);
    assert_true(metric_value(METRIC_WORKQUEUE_LONGEST_RUNNING_PROCESSOR_SECONDS, "test") == 3);
    done("a");
    done("b");
    assert_true(metric_value(METRIC_WORKQUEUE_DEPTH, "test") == 0);
}

static uint32_t next_random(uint32_t *r)
{
    *r = *r * 1664525 + 1013904223;
    return *r >> 16;
}

// PQ9: random operations against a model of three facts per key.
static void pq9_random_operations_keep_the_invariants(void **state)
{
    struct {
        bool wanted, busy;
        char name[16];
    } keys[8] = { 0 };

    uint32_t r = 7;
    const char *names;
    size_t taken = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        snprintf(keys[i].name, sizeof(keys[i].name), "%zu", i);
    for (int step = 0; step < 20000; step++) {
        size_t i = next_random(&r) % ARRAY_SIZE(keys);
        struct key k = key(keys[i].name), got;

        switch (next_random(&r) % 5) {
        case 0:
            queue_add(f.q, &k, next_random(&r) % 2 ? QUEUE_LOW : QUEUE_NORMAL);
            keys[i].wanted = true;
            break;
        case 1:
            queue_add_after(f.q, &k, QUEUE_NORMAL, next_random(&r) % 1000);
            keys[i].wanted = true;
            break;
        case 2:
            if (!queue_get(f.q, &got, NULL))
                break;
            i = (size_t)(got.name[0] - '0');
            assert_true(keys[i].wanted);
            assert_false(keys[i].busy); // I1
            keys[i].wanted = false;
            keys[i].busy = true;
            taken++;
            break;
        case 3:
            if (keys[i].busy)
                queue_done(f.q, &k);
            keys[i].busy = false;
            break;
        default:
            pass(next_random(&r) % 300);
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        if (keys[i].busy)
            done(keys[i].name);
    pass(10000);
    names = drain();
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) // I2: nothing that was wanted is lost
        assert_int_equal(strstr(names, keys[i].name) != NULL, keys[i].wanted);
    assert_int_equal(queue_len(f.q), 0);
    assert_true(taken > 1000);
}

static void q1_of_many_adds_each_key_is_handed_out_once(void **state)
{
    char name[16];
    struct key k;
    unsigned seen[500] = { 0 };

    (void)state;
    for (int i = 0; i < 50 * 500; i++) {
        snprintf(name, sizeof(name), "%d", (i * 131) % 500);
        add(name);
    }
    assert_int_equal(queue_len(f.q), 500);
    while (queue_get(f.q, &k, NULL)) // all are held at once, as by 500 workers
        seen[strtoul(k.name, NULL, 10)]++;
    assert_int_equal(queue_processing(f.q), 500);
    for (int i = 0; i < 500; i++) {
        assert_int_equal(seen[i], 1);
        snprintf(name, sizeof(name), "%d", i);
        done(name);
    }
    assert_int_equal(queue_processing(f.q), 0);
    assert_string_equal(drain(), "");
}

static void q5_a_plain_shutdown_waits_for_nobody(void **state)
{
    struct key k;

    (void)state;
    add("a");
    add("b");
    assert_true(queue_get(f.q, &k, NULL));
    assert_true(queue_get(f.q, &k, NULL));
    queue_shutdown(f.q);
    assert_true(queue_is_shut_down(f.q));
    assert_int_equal(queue_processing(f.q), 2);
    assert_false(queue_get(f.q, &k, NULL));
    done("a");
    done("b");
    pass(1000);
    assert_int_equal(f.drained, 0);
}

static void q11_a_huge_base_is_capped_and_never_negative(void **state)
{
    struct key a = key("a");
    struct queue *q =
        queue_new(f.loop, &(struct queue_options){ .name = "huge", .base_delay = INT64_MAX / 2 });
    struct key k;

    (void)state;
    for (int i = 0; i < 100; i++)
        queue_add_rate_limited(q, &a, QUEUE_NORMAL);
    assert_int_equal(queue_failures(q, &a), 100);
    pass(QUEUE_MAX_DELAY - 1);
    assert_false(queue_get(q, &k, NULL));
    pass(1);
    assert_true(queue_get(q, &k, NULL));
    queue_done(q, &k);
    queue_free(q);
}

static void q13_two_keys_back_off_and_are_forgotten_apart(void **state)
{
    struct key a = key("a"), b = key("b");

    (void)state;
    for (int i = 0; i < 3; i++) {
        queue_add_rate_limited(f.q, &a, QUEUE_NORMAL);
        pass(QUEUE_BASE_DELAY << i);
        assert_string_equal(drain(), "a ");
    }
    queue_add_rate_limited(f.q, &b, QUEUE_NORMAL);
    queue_forget(f.q, &b);
    assert_int_equal(queue_failures(f.q, &a), 3);
    assert_int_equal(queue_failures(f.q, &b), 0);
    pass(QUEUE_BASE_DELAY); // forgetting the failures does not take back the delay
    assert_string_equal(drain(), "b ");
    queue_forget(f.q, &b); // of what is not known any more: nothing
}

static void q14_durations_are_observed_once_per_key(void **state)
{
    struct key k;

    (void)state;
    add("a");
    add("a");
    pass(USEC_PER_SEC);
    assert_true(queue_get(f.q, &k, NULL));
    assert_true(metric_value(METRIC_WORKQUEUE_QUEUE_DURATION_SECONDS, "test") == 1);
    assert_true(metric_value(METRIC_WORKQUEUE_WORK_DURATION_SECONDS, "test") == 0);
    done("a");
    done("a"); // a second done is nothing
    assert_true(metric_value(METRIC_WORKQUEUE_WORK_DURATION_SECONDS, "test") == 1);
    queue_update_metrics(f.q);
    assert_true(metric_value(METRIC_WORKQUEUE_UNFINISHED_WORK_SECONDS, "test") == 0);
    assert_true(metric_value(METRIC_WORKQUEUE_LONGEST_RUNNING_PROCESSOR_SECONDS, "test") == 0);
}

static void pq1_a_key_that_is_worked_on_comes_back_as_soon_as_it_is_done(void **state)
{
    struct key k;

    (void)state;
    add("a");
    add("b");
    assert_true(queue_get(f.q, &k, NULL));
    assert_string_equal(k.name, "a");
    add("a");
    add("c");
    assert_true(queue_get(f.q, &k, NULL));
    assert_string_equal(k.name, "b");
    done("a");
    assert_true(queue_get(f.q, &k, NULL));
    assert_string_equal(k.name, "c");
    assert_true(queue_get(f.q, &k, NULL));
    assert_string_equal(k.name, "a");
    assert_false(queue_get(f.q, &k, NULL));
    done("a");
    done("b");
    done("c");
}

static void pq2_an_add_while_worked_on_counts_as_a_second_one(void **state)
{
    struct key k;

    (void)state;
    add("a");
    add("a");
    assert_int_equal(queue_len(f.q), 1);
    assert_true(queue_get(f.q, &k, NULL));
    add("a");
    add("a");
    assert_true(metric_value(METRIC_WORKQUEUE_ADDS_TOTAL, "test") == 2);
    assert_int_equal(queue_len(f.q), 0);
    done("a");
    assert_int_equal(queue_len(f.q), 1);
    assert_string_equal(drain(), "a ");
}

static void add_as(const char *name, enum queue_priority p)
{
    struct key k = key(name);

    queue_add(f.q, &k, p);
}

static void pq4_a_key_whose_priority_rises_goes_to_the_front(void **state)
{
    (void)state;
    add_as("foo", QUEUE_LOW);
    add_as("bar", QUEUE_LOW);
    add_as("baz", QUEUE_LOW);
    add_as("baz", QUEUE_NORMAL);
    assert_string_equal(drain(), "baz foo bar ");
}

static void pq5_a_key_that_is_raised_is_the_last_of_its_new_class(void **state)
{
    (void)state;
    add_as("foo", QUEUE_LOW);
    add_as("bar", QUEUE_NORMAL);
    add_as("foo", QUEUE_NORMAL);
    assert_string_equal(drain(), "bar foo ");
}

static void pq6_ready_now_beats_an_hour_from_now_and_len_counts_the_ready(void **state)
{
    (void)state;
    after("a", 0);
    after("a", USEC_PER_HOUR);
    after("b", USEC_PER_HOUR);
    assert_int_equal(queue_len(f.q), 1);
    assert_int_equal(queue_waiting(f.q), 1);
    assert_string_equal(drain(), "a ");
    pass(USEC_PER_HOUR);
    assert_string_equal(drain(), "b ");
}

static void pq7_depth_counts_no_key_twice_however_it_was_added(void **state)
{
    (void)state;
    after("a", 1000);
    assert_true(metric_value(METRIC_WORKQUEUE_DEPTH, "test") == 0);
    add_as("a", QUEUE_LOW);
    assert_true(metric_value(METRIC_WORKQUEUE_DEPTH, "test") == 1);
    add_as("a", QUEUE_NORMAL);
    after("a", 1000);
    after("a", 0);
    pass(2000);
    assert_true(metric_value(METRIC_WORKQUEUE_DEPTH, "test") == 1);
    assert_true(metric_value(METRIC_WORKQUEUE_ADDS_TOTAL, "test") == 1);
    assert_string_equal(drain(), "a ");
    assert_true(metric_value(METRIC_WORKQUEUE_DEPTH, "test") == 0);
}

static void pq9_no_low_key_is_given_while_a_normal_one_is_ready(void **state)
{
    enum queue_priority want[40], p;
    unsigned lows = 0;
    uint32_t r = 3;

    (void)state;
    for (int round = 0; round < 200; round++) {
        struct key k;
        size_t normal = 0;

        memset(want, 0, sizeof(want));
        for (int i = 0; i < 60; i++) {
            size_t at = next_random(&r) % ARRAY_SIZE(want);
            char name[8];

            snprintf(name, sizeof(name), "%zu", at);
            p = next_random(&r) % 3 ? QUEUE_LOW : QUEUE_NORMAL;
            add_as(name, p);
            want[at] = MAX(want[at], p);
        }
        for (size_t i = 0; i < ARRAY_SIZE(want); i++)
            normal += want[i] == QUEUE_NORMAL;
        while (queue_get(f.q, &k, &p)) {
            assert_int_equal(p, want[strtoul(k.name, NULL, 10)]);
            assert_int_equal(p, normal ? QUEUE_NORMAL : QUEUE_LOW);
            normal -= normal > 0;
            lows += p == QUEUE_LOW;
            queue_done(f.q, &k);
        }
    }
    assert_true(lows > 1000);
}

static void k1_a_key_that_waits_long_holds_nobody_up(void **state)
{
    (void)state;
    after("late", USEC_PER_HOUR);
    after("soon", 1000);
    add("now");
    assert_string_equal(drain(), "now ");
    pass(1000);
    assert_string_equal(drain(), "soon ");
    after("late", 1000); // the sooner time wins
    pass(1000);
    assert_string_equal(drain(), "late ");
    after("late", 1000); // what was given may wait again
    pass(1000);
    assert_string_equal(drain(), "late ");
}

#define Q(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

RUN(Q(q3_adds_before_a_get_collapse_and_keep_their_order),
    Q(q2_an_add_during_processing_comes_back_once_and_never_at_the_same_time),
    Q(f14_keys_of_other_kinds_and_namespaces_are_others), Q(the_name_is_copied),
    Q(ready_is_called_on_a_later_turn), Q(q9_a_delay_keeps_the_earlier_time_and_fires_once),
    Q(q9_delays_come_in_order_of_time), Q(pq6_an_add_makes_a_waiting_key_ready_and_drops_its_delay),
    Q(pq1_a_delay_that_ends_during_processing_waits_for_done),
    Q(q10_failures_double_the_delay_per_key_until_forgotten),
    Q(q11_thousands_of_failures_stay_at_the_cap), Q(q12_a_retry_after_is_a_lower_bound),
    Q(m4_an_add_does_not_reset_the_failures), Q(pq3_priority_is_raised_and_never_lowered),
    Q(q8_memory_of_keys_that_are_done_comes_back),
    Q(q1_nothing_is_added_after_shutdown_but_what_is_queued_is_given),
    Q(q4_a_drain_waits_for_what_is_processed),
    Q(q7_a_drain_processes_a_key_that_became_dirty_once_more),
    Q(q6_a_second_shutdown_ends_the_drain),
    Q(q14_metrics_count_depth_adds_retries_and_running_work),
    Q(pq9_random_operations_keep_the_invariants), Q(q1_of_many_adds_each_key_is_handed_out_once),
    Q(q5_a_plain_shutdown_waits_for_nobody), Q(q11_a_huge_base_is_capped_and_never_negative),
    Q(q13_two_keys_back_off_and_are_forgotten_apart), Q(q14_durations_are_observed_once_per_key),
    Q(pq1_a_key_that_is_worked_on_comes_back_as_soon_as_it_is_done),
    Q(pq2_an_add_while_worked_on_counts_as_a_second_one),
    Q(pq4_a_key_whose_priority_rises_goes_to_the_front),
    Q(pq5_a_key_that_is_raised_is_the_last_of_its_new_class),
    Q(pq6_ready_now_beats_an_hour_from_now_and_len_counts_the_ready),
    Q(pq7_depth_counts_no_key_twice_however_it_was_added),
    Q(pq9_no_low_key_is_given_while_a_normal_one_is_ready),
    Q(k1_a_key_that_waits_long_holds_nobody_up))
