// SPDX-License-Identifier: Apache-2.0
// Watch-lists, controller-semantics §1.6. In production one follows a list that was throttled; here
// it comes first.
#include "base/clock.h"
#include "base/test.h"
#include "informer/fake_sink.h"

static struct fake_sink *s;

static int set_up(void **state)
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

static void watch(const char *events, usec lasts)
{
    fake_sink_watch(s, &(struct fake_watch_script){ .events = events, .lasts = lasts });
}

static void start(usec t)
{
    watcher_start(s->watcher);
    fake_sink_pass(s, t);
}

static bool asks(size_t i, const char *part)
{
    return strstr(fake_sink_url(s, i), part) != NULL;
}

static void wl8_the_same_stream_goes_on_after_the_end_marker(void **state)
{
    (void)state;
    watch("ADDED a@5; ADDED b@3; END 10; MODIFIED a@11; DELETED b@12", 0);
    start(USEC_PER_SEC);
    assert_true(asks(0, "watch=true&allowWatchBookmarks=true&sendInitialEvents=true&"
                        "resourceVersionMatch=NotOlderThan&timeoutSeconds="));
    assert_int_equal(fake_server_requests(s->server), 1);
    assert_int_equal(s->committed, 1);
    assert_string_equal(fake_sink_text(s), "a@11");
    assert_string_equal(watcher_rv(s->watcher), "12");
}

static void wl4_nothing_is_synced_before_the_marker(void **state)
{
    (void)state;
    watch("ADDED a@5; BOOKMARK @9", 0);
    start(USEC_PER_SEC);
    assert_int_equal(s->committed, 0);
    assert_int_equal(s->synced, 0);
    assert_string_equal(fake_sink_text(s), "");
    assert_string_equal(watcher_rv(s->watcher), "");
}

static void wl9_changes_before_the_marker_end_up_in_the_replace(void **state)
{
    (void)state;
    watch("ADDED a@1; ADDED b@2; ADDED c@3; MODIFIED b@4; DELETED c@5; END 6", 0);
    start(USEC_PER_SEC);
    assert_string_equal(fake_sink_text(s), "a@1 b@4");
    assert_int_equal(s->applied, 0);
}

static void wl10_429_waits_and_asks_for_a_watch_list_again(void **state)
{
    (void)state;
    fake_sink_watch_fails(s, 429, "TooManyRequests", 3);
    watch("END 6", 0);
    start(USEC_PER_MIN);
    assert_int_equal(fake_server_count(s->server, NULL, "sendInitialEvents"), 4);
    assert_int_equal(fake_sink_lists(s), 0);
    assert_int_equal(s->committed, 1);
}

static void wl11_a_stream_that_ends_before_the_marker_starts_afresh(void **state)
{
    (void)state;
    watch("ADDED gone@1", 2 * USEC_PER_SEC);
    watch("ADDED a@1; END 6", 0);
    start(10 * USEC_PER_SEC);
    assert_int_equal(fake_server_count(s->server, NULL, "sendInitialEvents"), 2);
    assert_string_equal(fake_sink_text(s), "a@1");
    assert_int_equal(s->aborted, 1);
}

static void wl12_after_the_marker_the_next_stream_is_an_ordinary_watch(void **state)
{
    (void)state;
    watch("ADDED a@1; END 6", 2 * USEC_PER_SEC);
    watch("ADDED b@7", 0);
    start(10 * USEC_PER_SEC);
    assert_false(asks(1, "sendInitialEvents"));
    assert_true(asks(1, "resourceVersion=6&"));
    assert_string_equal(fake_sink_text(s), "a@1 b@7");
}

static void wl14_another_value_of_the_annotation_is_no_marker(void **state)
{
    (void)state;
    watch(
        "ADDED a@1; RAW {\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\","
        "\"metadata\":{\"resourceVersion\":\"6\",\"annotations\":{\"k8s.io/initial-events-end\":"
        "\"false\"}}}}",
        0);
    start(USEC_PER_SEC);
    assert_int_equal(s->committed, 0);
}

static void wl7_a_server_that_does_not_know_it_is_listed(void **state)
{
    static const struct {
        int status;
        const char *reason;
    } rows[] = {
        {422,  "Invalid"      },
        { 400, "BadRequest"   },
        { 500, "InternalError"}
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        fake_sink_free(s);
        set_up(NULL);
        fake_sink_watch_fails(s, rows[i].status, rows[i].reason, 1);
        fake_sink_list(s, "10", "a@5", NULL);
        watch("", 0);
        start(USEC_PER_SEC);
        assert_string_equal(fake_sink_text(s), "a@5");
        assert_int_equal(fake_sink_lists(s), 1);
    }
}

static void wl6_an_error_event_before_the_marker_is_listed(void **state)
{
    (void)state;
    watch("ERROR 500 InternalError", 0);
    fake_sink_list(s, "10", "a@5", NULL);
    watch("", 0);
    start(USEC_PER_SEC);
    assert_string_equal(fake_sink_text(s), "a@5");
}

static void x7_a_server_that_ignores_the_parameter_is_listed_after_a_minute(void **state)
{
    (void)state;
    watch("ADDED a@5", 0);
    fake_sink_list(s, "10", "a@5", NULL);
    watch("", 0);
    start(50 * USEC_PER_SEC);
    assert_int_equal(s->committed, 0);
    fake_sink_pass(s, 15 * USEC_PER_SEC);
    assert_int_equal(s->committed, 1);
    assert_string_equal(fake_sink_text(s), "a@5");
    assert_int_equal(fake_server_open_calls(s->server), 1);
}

static void x7_a_server_that_keeps_talking_is_given_its_time(void **state)
{
    (void)state;
    fake_server_script(s->server, "GET", "watch=true",
                       &(struct fake_reply){ .body = "\n\n\n\n\n\n\n\n\n\n",
                                             .chunk = 1,
                                             .gap = 30 * USEC_PER_SEC,
                                             .stay_open = true });
    fake_sink_list(s, "10", "a@5", NULL);
    start(4 * USEC_PER_MIN);
    assert_int_equal(fake_sink_lists(s), 0);
}

static void e1_410_of_a_watch_list_with_a_version_asks_without_one(void **state)
{
    (void)state;
    watch("ADDED a@1; END 6", 0);
    start(USEC_PER_SEC);
    watcher_stop(s->watcher);
    fake_sink_watch_fails(s, 410, "Expired", 1);
    watch("ADDED b@7; END 8", 0);
    start(5 * USEC_PER_SEC);
    assert_true(asks(1, "resourceVersion=6&"));
    assert_false(asks(2, "resourceVersion="));
    assert_string_equal(fake_sink_text(s), "b@7");
}

static void wl11_stop_before_the_marker_throws_away_what_came(void **state)
{
    (void)state;
    watch("ADDED a@1", 0);
    start(USEC_PER_SEC);
    watcher_stop(s->watcher);
    assert_int_equal(s->aborted, 1);
    fake_sink_pass(s, USEC_PER_HOUR);
    assert_int_equal(fake_server_requests(s->server), 1);
}

#define W(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

RUN(W(wl8_the_same_stream_goes_on_after_the_end_marker), W(wl4_nothing_is_synced_before_the_marker),
    W(wl9_changes_before_the_marker_end_up_in_the_replace),
    W(wl10_429_waits_and_asks_for_a_watch_list_again),
    W(wl11_a_stream_that_ends_before_the_marker_starts_afresh),
    W(wl12_after_the_marker_the_next_stream_is_an_ordinary_watch),
    W(wl14_another_value_of_the_annotation_is_no_marker),
    W(wl7_a_server_that_does_not_know_it_is_listed),
    W(wl6_an_error_event_before_the_marker_is_listed),
    W(x7_a_server_that_ignores_the_parameter_is_listed_after_a_minute),
    W(x7_a_server_that_keeps_talking_is_given_its_time),
    W(e1_410_of_a_watch_list_with_a_version_asks_without_one),
    W(wl11_stop_before_the_marker_throws_away_what_came))
