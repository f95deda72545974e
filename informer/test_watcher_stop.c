// SPDX-License-Identifier: Apache-2.0
// The ends of a watcher: stopped from outside at any moment, stopped by its own sink, and streams
// that it gives up itself. Rows R1-R9 of controller-semantics §8.
#include "base/clock.h"
#include "base/test.h"
#include "informer/fake_sink.h"

static struct fake_sink *s;

static int set_up(void **state)
{
    (void)state;
    s = fake_sink_new(false);
    return 0;
}

static int set_up_watchlist(void **state)
{
    (void)state;
    s = fake_sink_new(true);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_sink_free(s);
    return 0;
}

static void watch(const char *events)
{
    fake_sink_watch(s, &(struct fake_watch_script){ .events = events });
}

static void start(usec t)
{
    watcher_start(s->watcher);
    fake_sink_pass(s, t);
}

// Whatever was left undone must show within an hour.
static void is_over(size_t requests)
{
    assert_false(watcher_running(s->watcher));
    assert_int_equal(fake_server_open_calls(s->server), 0);
    fake_sink_pass(s, USEC_PER_HOUR);
    assert_int_equal(fake_server_requests(s->server), requests);
    assert_int_equal(fake_server_open_calls(s->server), 0);
}

static void r1_an_error_event_closes_its_stream_at_once(void **state)
{
    static const char *const events[] = { "ERROR 410 Expired", "ERROR 500 InternalError",
                                          "ERROR 429 TooManyRequests", "ERROR 403 Forbidden" };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
        fake_sink_free(s);
        set_up(NULL);
        fake_sink_list(s, "10", "a@5", NULL);
        watch(events[i]); // the server itself would keep it open
        start(WATCHER_BACKOFF_FIRST / 2);
        assert_int_equal(fake_sink_watches(s), 1);
        assert_int_equal(fake_server_open_calls(s->server), 0);
        assert_true(watcher_running(s->watcher));
    }
}

static void r2_a_stop_at_any_moment_ends_everything(void **state)
{
    (void)state;
    // List, a second page, watch, its error, back-off, list again: stopped after each turn of them.
    for (int turns = 0; turns < 40; turns++) {
        size_t requests;

        fake_sink_free(s);
        set_up(NULL);
        fake_sink_list(s, "10", "a@5", "t1");
        fake_sink_list(s, "10", "b@6", NULL);
        watch("ADDED c@11; ERROR 429 TooManyRequests");
        watch("ADDED d@12; ERROR 410 Expired");
        fake_sink_list(s, "20", "a@15", NULL);
        watch("");
        watcher_start(s->watcher);
        for (int i = 0; i < turns; i++)
            assert_int_equal(loop_turn(s->loop, USEC_PER_SEC, NULL), 0);
        requests = fake_server_requests(s->server);
        watcher_stop(s->watcher);
        is_over(requests);
        assert_int_equal(s->begun, s->committed + s->aborted);
    }
}

static void r4_a_stop_before_the_watch_opens_it_never(void **state)
{
    (void)state;
    s->stop_on_commit = true;
    fake_sink_list(s, "10", "a@5", NULL);
    start(USEC_PER_SEC);
    is_over(1);
    assert_string_equal(fake_sink_text(s), "a@5");
}

static void r5_a_second_stop_does_nothing(void **state)
{
    (void)state;
    fake_sink_list(s, "10", "a@5", NULL);
    watch("ADDED b@11");
    start(USEC_PER_SEC);
    watcher_stop(s->watcher);
    watcher_stop(s->watcher);
    is_over(2);
    assert_int_equal(s->failures, 0);
    assert_int_equal(s->aborted, 0);
}

static void r6_a_stop_from_within_an_event_is_the_last_one_heard(void **state)
{
    (void)state;
    s->stop_on_apply = true;
    fake_sink_list(s, "10", "a@5", NULL);
    watch("ADDED b@11; ADDED c@12; ERROR 410 Expired");
    start(USEC_PER_SEC);
    is_over(2);
    assert_string_equal(fake_sink_text(s), "a@5 b@11");
    assert_int_equal(s->applied, 1);
    assert_int_equal(s->failures, 0);
}

static void r6_a_stop_from_within_the_end_marker_is_the_last_one_heard(void **state)
{
    (void)state;
    s->stop_on_commit = true;
    watch("ADDED a@1; END 6; ADDED b@7; ADDED c@8");
    start(USEC_PER_SEC);
    is_over(1);
    assert_string_equal(fake_sink_text(s), "a@1");
    assert_int_equal(s->applied, 0);
}

static void r6_a_stop_from_within_an_event_cut_into_bytes_frees_nothing_twice(void **state)
{
    (void)state;
    s->stop_on_apply = true;
    fake_sink_list(s, "10", "a@5", NULL);
    fake_sink_watch(s,
                    &(struct fake_watch_script){ .events = "ADDED b@11; ADDED c@12", .chunk = 1 });
    start(USEC_PER_SEC);
    is_over(2);
    assert_int_equal(s->applied, 1);
}

static void r9_a_stop_right_after_the_start_brings_nothing(void **state)
{
    (void)state;
    fake_sink_list(s, "10", "a@5", NULL);
    watcher_start(s->watcher);
    watcher_stop(s->watcher);
    is_over(1);
    assert_int_equal(s->committed, 0);
    assert_string_equal(watcher_rv(s->watcher), "");
}

static void r9_a_stop_before_any_start_is_nothing(void **state)
{
    (void)state;
    watcher_stop(s->watcher);
    is_over(0);
}

static void r2_a_relist_of_a_stopped_watcher_sends_nothing(void **state)
{
    (void)state;
    fake_sink_list(s, "10", "a@5", NULL);
    watch("");
    start(USEC_PER_SEC);
    watcher_stop(s->watcher);
    watcher_relist(s->watcher, true);
    is_over(2);
    // But it is remembered: the next start asks for the truth, not for what may be from the future.
    fake_sink_list(s, "4", "z@3", NULL);
    watch("");
    start(USEC_PER_SEC);
    assert_string_equal(fake_sink_url(s, 2), "/api/v1/pods?watch=false&limit=500");
    assert_string_equal(fake_sink_text(s), "z@3");
}

#define W(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
#define L(fn) cmocka_unit_test_setup_teardown(fn, set_up_watchlist, tear_down)

RUN(W(r1_an_error_event_closes_its_stream_at_once), W(r2_a_stop_at_any_moment_ends_everything),
    W(r2_a_relist_of_a_stopped_watcher_sends_nothing), W(r4_a_stop_before_the_watch_opens_it_never),
    W(r5_a_second_stop_does_nothing), W(r6_a_stop_from_within_an_event_is_the_last_one_heard),
    L(r6_a_stop_from_within_the_end_marker_is_the_last_one_heard),
    W(r6_a_stop_from_within_an_event_cut_into_bytes_frees_nothing_twice),
    W(r9_a_stop_right_after_the_start_brings_nothing), W(r9_a_stop_before_any_start_is_nothing))
