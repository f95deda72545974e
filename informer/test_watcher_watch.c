// SPDX-License-Identifier: Apache-2.0
// Watches, controller-semantics §1.7 and the open and stream columns of §1.8.
#include "base/alloc.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/test.h"
#include "informer/fake_sink.h"

static struct fake_sink *s;

static int set_up(void **state)
{
    (void)state;
    s = fake_sink_new(false);
    fake_sink_list(s, "10", "a@5", NULL);
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

static void s1_7_events_change_objects_and_move_the_version(void **state)
{
    (void)state;
    watch("ADDED b@11; MODIFIED a@12; DELETED b@13", 0);
    start(USEC_PER_SEC);
    assert_string_equal(fake_sink_text(s), "a@12");
    assert_string_equal(watcher_rv(s->watcher), "13");
    assert_int_equal(s->applied, 3);
}

static void r26_bookmarks_and_unknown_types_move_the_version_only(void **state)
{
    (void)state;
    watch("BOOKMARK @30; STRANGE x@35", 0);
    start(USEC_PER_SEC);
    assert_string_equal(watcher_rv(s->watcher), "35");
    assert_string_equal(fake_sink_text(s), "a@5");
    assert_int_equal(s->applied, 0);
}

static void r8_objects_of_other_kinds_tables_and_such_are_skipped(void **state)
{
    (void)state;
    watch(
        "RAW {\"type\":\"ADDED\",\"object\":{\"kind\":\"Node\",\"apiVersion\":\"v1\",\"metadata\":"
        "{\"name\":\"x\",\"resourceVersion\":\"90\"}}};"
        "RAW {\"type\":\"ADDED\",\"object\":{\"kind\":\"Pod\",\"apiVersion\":\"v2\",\"metadata\":"
        "{\"name\":\"x\",\"resourceVersion\":\"90\"}}};"
        "RAW {\"type\":\"ADDED\",\"object\":{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/v1\","
        "\"metadata\":{\"resourceVersion\":\"90\"}}};"
        "RAW {\"type\":\"ADDED\",\"object\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\"}};"
        "RAW {\"type\":\"ADDED\"};"
        "ADDED @91; ADDED b@11",
        0);
    start(USEC_PER_SEC);
    assert_string_equal(fake_sink_text(s), "a@5 b@11");
    assert_string_equal(watcher_rv(s->watcher), "11");
    assert_int_equal(fake_sink_lists(s), 1);
}

static void rw7_an_event_that_is_held_already_is_a_duplicate(void **state)
{
    (void)state;
    watch("MODIFIED a@12; MODIFIED a@12; MODIFIED a@11; ADDED b@13", 0);
    start(USEC_PER_SEC);
    assert_string_equal(fake_sink_text(s), "a@12 b@13");
    assert_int_equal(s->duplicates, 2);
    assert_int_equal(fake_sink_lists(s), 1);
}

static void e18c_an_older_event_that_nothing_explains_leads_to_a_list_with_rv_unset(void **state)
{
    (void)state;
    watch("MODIFIED a@12; ADDED z@7", 0);
    fake_sink_list(s, "8", "z@7", NULL);
    watch("", 0);
    start(5 * USEC_PER_SEC);
    assert_string_equal(fake_sink_url(s, 2), "/api/v1/pods?watch=false&limit=500");
    assert_string_equal(fake_sink_text(s), "z@7");
    assert_string_equal(watcher_rv(s->watcher), "8");
    assert_true(metric_value(METRIC_REFLECTOR_RV_REGRESSIONS_TOTAL, "pods") == 1);
}

static void e1_410_as_an_error_event_backs_off_and_lists_at_the_last_version(void **state)
{
    (void)state;
    watch("MODIFIED a@12; ERROR 410 Expired", 0);
    fake_sink_list(s, "20", "a@12 b@15", NULL);
    watch("", 0);
    start(5 * USEC_PER_SEC);
    assert_string_equal(fake_sink_url(s, 2), "/api/v1/pods?watch=false&resourceVersion=12");
    assert_true(fake_sink_at(s, 2) - fake_sink_at(s, 1) >= WATCHER_BACKOFF_FIRST);
    assert_string_equal(fake_sink_text(s), "a@12 b@15");
}

static void e1_410_as_a_status_at_open_backs_off_and_lists_at_the_last_version(void **state)
{
    (void)state;
    fake_sink_watch_fails(s, 410, "Expired", 1);
    fake_sink_list(s, "20", "b@15", NULL);
    watch("", 0);
    start(5 * USEC_PER_SEC);
    assert_string_equal(fake_sink_url(s, 2), "/api/v1/pods?watch=false&resourceVersion=10");
    assert_string_equal(fake_sink_text(s), "b@15");
}

static void r15_429_at_open_waits_and_never_lists_again(void **state)
{
    (void)state;
    fake_sink_watch_fails(s, 429, "TooManyRequests", 4);
    watch("ADDED b@11", 0);
    start(USEC_PER_MIN);
    assert_int_equal(fake_sink_lists(s), 1);
    assert_int_equal(fake_sink_watches(s), 5);
    for (size_t i = 1; i <= 5; i++)
        assert_true(asks(i, "resourceVersion=10&"));
    assert_string_equal(fake_sink_text(s), "a@5 b@11");
}

static void e4_429_as_an_error_event_waits_at_least_as_long_as_asked_and_watches_on(void **state)
{
    (void)state;
    watch(
        "ADDED b@11; RAW {\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"status\":\"Failure\","
        "\"code\":429,\"reason\":\"TooManyRequests\",\"details\":{\"retryAfterSeconds\":20}}}",
        0);
    watch("ADDED c@12", 0);
    start(USEC_PER_MIN);
    assert_int_equal(fake_sink_lists(s), 1);
    assert_true(asks(2, "resourceVersion=11&"));
    assert_true(fake_sink_at(s, 2) - fake_sink_at(s, 1) >= 20 * USEC_PER_SEC);
    assert_string_equal(fake_sink_text(s), "a@5 b@11 c@12");
}

static void e6_5xx_with_retry_after_at_open_keeps_the_version(void **state)
{
    (void)state;
    fake_server_script(
        s->server, "GET", "watch=true",
        &(struct fake_reply){ .status = 503, .retry_after = USEC_PER_SEC, .times = 12 });
    watch("", 0);
    start(2 * USEC_PER_MIN);
    assert_int_equal(fake_sink_lists(s), 1);
    assert_int_equal(fake_sink_watches(s), 13);
}

static void e7_5xx_without_retry_after_at_open_lists_again(void **state)
{
    (void)state;
    fake_sink_watch_fails(s, 500, "InternalError", 1);
    fake_sink_list(s, "20", "b@15", NULL);
    watch("", 0);
    start(USEC_PER_MIN);
    assert_int_equal(fake_sink_lists(s), 2);
    assert_int_equal(s->failures, 1);
}

static void r16_an_error_event_500_lists_again(void **state)
{
    (void)state;
    watch("ERROR 500 InternalError", 0);
    fake_sink_list(s, "20", "b@15", NULL); // R27: what is gone from the list goes
    watch("", 0);
    start(USEC_PER_MIN);
    assert_int_equal(fake_sink_lists(s), 2);
    assert_string_equal(fake_sink_text(s), "b@15");
}

static void e8_401_at_open_keeps_the_version_and_backs_off(void **state)
{
    (void)state;
    fake_sink_watch_fails(s, 401, "Unauthorized", 3);
    watch("", 0);
    start(USEC_PER_MIN);
    assert_int_equal(fake_sink_lists(s), 1);
    assert_int_equal(s->last_failure.code, ERR_UNAUTHORIZED);
    assert_int_equal(fake_sink_watches(s), 4);
}

static void e9_403_at_open_is_reported(void **state)
{
    (void)state;
    fake_sink_watch_fails(s, 403, "Forbidden", 1);
    fake_sink_list_fails(s, 403, "Forbidden");
    start(2 * USEC_PER_SEC);
    assert_int_equal(s->last_failure.code, ERR_DENIED);
    assert_string_equal(fake_sink_text(s), "a@5");
}

static void r12_refused_connections_at_open_back_off_and_never_list_again(void **state)
{
    usec d = WATCHER_BACKOFF_FIRST;

    (void)state;
    fake_server_script(s->server, "GET", "watch=true",
                       &(struct fake_reply){ .error = ERR_REFUSED, .times = 40 });
    watch("", 0);
    start(40 * USEC_PER_MIN);
    assert_int_equal(fake_sink_lists(s), 1);
    assert_true(fake_sink_watches(s) >= 41);
    for (size_t i = 1; i <= 40; i++) {
        assert_in_range(fake_sink_at(s, i + 1) - fake_sink_at(s, i), d, 2 * d + 1000);
        d = MIN(2 * d, WATCHER_BACKOFF_MAX);
    }
}

static void e11_no_connection_at_open_keeps_the_version(void **state)
{
    static const enum err codes[] = { ERR_UNAVAILABLE, ERR_TIMEOUT };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
        fake_server_script(s->server, "GET", "watch=true",
                           &(struct fake_reply){ .error = codes[i] });
    watch("", 0);
    start(USEC_PER_MIN);
    assert_int_equal(fake_sink_lists(s), 1);
    assert_int_equal(fake_sink_watches(s), 3);
}

static void e13_a_stream_cut_at_any_byte_loses_nothing_and_lists_nothing(void **state)
{
    const char *events = "ADDED b@11; MODIFIED a@12; DELETED b@13; ADDED c@14";
    autofree char *stream = fake_sink_stream(events);

    (void)state;
    for (size_t cut = 1; cut < strlen(stream); cut++) {
        const char *rest = strchr(stream + cut - 1, '\n');
        size_t done = 0;

        for (size_t i = 0; i < cut; i++)
            done += stream[i] == '\n';
        assert_non_null(rest);
        fake_sink_free(s);
        set_up(NULL);
        fake_sink_watch(s,
                        &(struct fake_watch_script){ .events = events, .cut_at = cut, .chunk = 7 });
        // What the server sends from the version that was reached.
        watch(done == 0   ? "ADDED b@11; MODIFIED a@12; DELETED b@13; ADDED c@14"
              : done == 1 ? "MODIFIED a@12; DELETED b@13; ADDED c@14"
              : done == 2 ? "DELETED b@13; ADDED c@14"
                          : "ADDED c@14",
              0);
        start(10 * USEC_PER_SEC);
        assert_string_equal(fake_sink_text(s), "a@12 c@14");
        assert_int_equal(s->applied, 4);
        assert_int_equal(fake_sink_lists(s), 1);
    }
}

static void e12_a_stream_that_breaks_after_a_while_is_opened_again_at_once(void **state)
{
    usec broke;

    (void)state;
    watch("ADDED b@11", 0);
    start(USEC_PER_MIN);
    watch("ADDED c@12", 0);
    fake_server_down(s->server, true);
    fake_server_down(s->server, false);
    broke = clock_mono();
    fake_sink_pass(s, USEC_PER_SEC);
    assert_true(fake_sink_at(s, 2) - broke < 1000);
    assert_true(asks(2, "resourceVersion=11&"));
    assert_int_equal(fake_sink_lists(s), 1);
    assert_string_equal(fake_sink_text(s), "a@5 b@11 c@12");
}

static void x1_a_silent_connection_is_opened_again_after_the_timeout_and_five_seconds(void **state)
{
    int64_t timeout = 0;

    (void)state;
    watch("ADDED b@11", 0);
    watch("ADDED c@12", 0);
    start(595 * USEC_PER_SEC + 10 * USEC_PER_SEC);
    assert_int_equal(str_i64(str_of(strstr(fake_sink_url(s, 1), "timeoutSeconds=") + 15), &timeout),
                     0);
    assert_int_equal(fake_sink_watches(s), 2);
    assert_int_equal(fake_sink_lists(s), 1);
    for (size_t i = 2; i < fake_server_requests(s->server); i++)
        if (asks(i, "watch=true"))
            assert_in_range(fake_sink_at(s, i) - fake_sink_at(s, 1), (timeout + 5) * USEC_PER_SEC,
                            (timeout + 5) * USEC_PER_SEC + 1000);
    assert_string_equal(fake_sink_text(s), "a@5 b@11 c@12");
    assert_true(metric_value(METRIC_REFLECTOR_IDLE_TIMEOUTS_TOTAL, "pods") == 1);
}

static void e15_a_clean_end_opens_again_at_once(void **state)
{
    (void)state;
    watch("ADDED b@11", 5 * USEC_PER_MIN);
    watch("", 5 * USEC_PER_MIN);
    watch("", 0);
    start(11 * USEC_PER_MIN);
    assert_int_equal(fake_sink_lists(s), 1);
    assert_int_equal(fake_sink_watches(s), 3);
    assert_true(s->failures == 0);
}

static void e16_one_very_short_watch_is_opened_again_after_back_off(void **state)
{
    (void)state;
    watch("", 1000);
    watch("ADDED b@11", 0);
    start(10 * USEC_PER_SEC);
    assert_int_equal(fake_sink_lists(s), 1);
    assert_true(fake_sink_at(s, 2) - fake_sink_at(s, 1) >= WATCHER_BACKOFF_FIRST);
    assert_string_equal(fake_sink_text(s), "a@5 b@11");
    assert_true(metric_value(METRIC_REFLECTOR_SHORT_WATCHES_TOTAL, "pods") == 1);
}

static void e16_the_second_very_short_watch_in_a_row_lists(void **state)
{
    (void)state;
    watch("", 1000);
    watch("", 1000);
    fake_sink_list(s, "20", "b@15", NULL);
    watch("", 0);
    start(10 * USEC_PER_SEC);
    assert_int_equal(fake_sink_lists(s), 2);
    assert_string_equal(fake_sink_text(s), "b@15");
}

static void rw6_streams_that_close_after_each_event_lose_nothing_and_do_not_spin(void **state)
{
    char event[32];

    (void)state;
    for (int i = 11; i < 31; i++) {
        snprintf(event, sizeof(event), "ADDED p%d@%d", i, i);
        watch(event, 1);
    }
    watch("", 0);
    start(20 * USEC_PER_MIN);
    assert_int_equal(s->applied, 20);
    assert_int_equal(fake_sink_lists(s), 1);
    assert_true(fake_sink_at(s, 21) - fake_sink_at(s, 1) > 10 * USEC_PER_SEC);
}

static void e17_a_line_that_is_no_event_backs_off_and_lists(void **state)
{
    static const char *const lines[] = { "RAW {\"type\":\"ADDED\",\"object\"", "RAW []", "RAW 7",
                                         "RAW {\"object\":{}}" };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        fake_sink_free(s);
        set_up(NULL);
        watch(lines[i], 0);
        fake_sink_list(s, "20", "b@15", NULL);
        watch("", 0);
        start(5 * USEC_PER_SEC);
        assert_true(asks(2, "resourceVersion=10"));
        assert_string_equal(fake_sink_text(s), "b@15");
    }
}

static void x5_a_line_above_the_limit_ends_the_stream(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 1 << 20);
    buf_adds(&b, "RAW ");
    for (int i = 0; i < 70000; i++)
        buf_addc(&b, 'x');
    watch(b.p, 0);
    buf_fini(&b);
    fake_sink_list(s, "20", "b@15", NULL);
    watch("", 0);
    start(5 * USEC_PER_SEC);
    assert_int_equal(s->last_failure.code, ERR_TOO_BIG);
    assert_string_equal(fake_sink_text(s), "b@15");
}

static void x3_a_watch_that_hides_a_store_that_went_back_is_found_by_a_probe(void **state)
{
    (void)state;
    watch("BOOKMARK @900", 0);
    start(4 * USEC_PER_MIN);
    assert_int_equal(fake_sink_probes(s), 0);
    fake_server_script(s->server, "GET", "watch=false&limit=1",
                       &(struct fake_reply){ .body = "{\"kind\":\"PartialObjectMetadataList\","
                                                     "\"metadata\":{\"resourceVersion\":\"500\"},"
                                                     "\"items\":[]}" });
    fake_sink_list(s, "501", "old@400", NULL);
    watch("", 0);
    watch("", 0);
    fake_sink_pass(s, 7 * USEC_PER_MIN);
    assert_int_equal(fake_sink_probes(s), 1);
    assert_string_equal(fake_sink_text(s), "old@400");
    assert_string_equal(watcher_rv(s->watcher), "501");
    assert_true(metric_value(METRIC_REFLECTOR_RV_REGRESSIONS_TOTAL, "pods") == 1);
}

static void e19_a_silent_kind_is_probed_every_five_minutes_and_left_alone(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        watch("", 0);
        fake_server_script(s->server, "GET", "watch=false&limit=1",
                           &(struct fake_reply){ .body =
                                                     "{\"metadata\":{\"resourceVersion\":\"10\"},"
                                                     "\"items\":[]}" });
    }
    start(30 * USEC_PER_MIN);
    assert_in_range(fake_sink_probes(s), 5, 7);
    assert_int_equal(fake_sink_lists(s), 1);
    assert_int_equal(s->failures, 0);
}

static void e19_a_kind_that_talks_is_not_probed(void **state)
{
    char events[64];

    (void)state;
    for (int i = 0; i < 20; i++) {
        snprintf(events, sizeof(events), "BOOKMARK @%d", 11 + i);
        watch(events, 2 * USEC_PER_MIN);
    }
    start(30 * USEC_PER_MIN);
    assert_int_equal(fake_sink_probes(s), 0);
    assert_int_equal(fake_sink_lists(s), 1);
}

static void r5_stop_ends_the_watch_and_every_timer(void **state)
{
    (void)state;
    watch("ADDED b@11", 0);
    start(USEC_PER_SEC);
    watcher_stop(s->watcher);
    watcher_stop(s->watcher);
    assert_int_equal(fake_server_open_calls(s->server), 0);
    fake_sink_pass(s, USEC_PER_HOUR);
    assert_int_equal(fake_server_requests(s->server), 2);
    assert_int_equal(s->failures, 0);
}

static void r2_stop_while_waiting_ends_the_wait(void **state)
{
    (void)state;
    fake_sink_watch_fails(s, 429, "TooManyRequests", 1);
    start(1000);
    watcher_stop(s->watcher);
    fake_sink_pass(s, USEC_PER_HOUR);
    assert_int_equal(fake_server_requests(s->server), 2);
}

static void a_relist_on_request_replaces_the_watch(void **state)
{
    (void)state;
    watch("ADDED b@11", 0);
    start(USEC_PER_SEC);
    fake_sink_list(s, "4", "z@3", NULL);
    watch("", 0);
    watcher_relist(s->watcher, true);
    fake_sink_pass(s, USEC_PER_SEC);
    assert_string_equal(fake_sink_url(s, 2), "/api/v1/pods?watch=false&limit=500");
    assert_string_equal(fake_sink_text(s), "z@3");
    assert_int_equal(fake_server_open_calls(s->server), 1);
}

#define W(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

RUN(W(s1_7_events_change_objects_and_move_the_version),
    W(r26_bookmarks_and_unknown_types_move_the_version_only),
    W(r8_objects_of_other_kinds_tables_and_such_are_skipped),
    W(rw7_an_event_that_is_held_already_is_a_duplicate),
    W(e18c_an_older_event_that_nothing_explains_leads_to_a_list_with_rv_unset),
    W(e1_410_as_an_error_event_backs_off_and_lists_at_the_last_version),
    W(e1_410_as_a_status_at_open_backs_off_and_lists_at_the_last_version),
    W(r15_429_at_open_waits_and_never_lists_again),
    W(e4_429_as_an_error_event_waits_at_least_as_long_as_asked_and_watches_on),
    W(e6_5xx_with_retry_after_at_open_keeps_the_version),
    W(e7_5xx_without_retry_after_at_open_lists_again), W(r16_an_error_event_500_lists_again),
    W(e8_401_at_open_keeps_the_version_and_backs_off), W(e9_403_at_open_is_reported),
    W(r12_refused_connections_at_open_back_off_and_never_list_again),
    W(e11_no_connection_at_open_keeps_the_version),
    W(e13_a_stream_cut_at_any_byte_loses_nothing_and_lists_nothing),
    W(e12_a_stream_that_breaks_after_a_while_is_opened_again_at_once),
    W(x1_a_silent_connection_is_opened_again_after_the_timeout_and_five_seconds),
    W(e15_a_clean_end_opens_again_at_once),
    W(e16_one_very_short_watch_is_opened_again_after_back_off),
    W(e16_the_second_very_short_watch_in_a_row_lists),
    W(rw6_streams_that_close_after_each_event_lose_nothing_and_do_not_spin),
    W(e17_a_line_that_is_no_event_backs_off_and_lists),
    W(x5_a_line_above_the_limit_ends_the_stream),
    W(x3_a_watch_that_hides_a_store_that_went_back_is_found_by_a_probe),
    W(e19_a_silent_kind_is_probed_every_five_minutes_and_left_alone),
    W(e19_a_kind_that_talks_is_not_probed), W(r5_stop_ends_the_watch_and_every_timer),
    W(r2_stop_while_waiting_ends_the_wait), W(a_relist_on_request_replaces_the_watch))
