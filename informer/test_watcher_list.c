// SPDX-License-Identifier: Apache-2.0
// Lists, controller-semantics §1.3-§1.5 and the LIST column of §1.8.
#include "base/clock.h"
#include "base/metrics.h"
#include "base/test.h"
#include "informer/fake_sink.h"

static struct fake_sink *s;

static int set_up(void **state)
{
    (void)state;
    s = fake_sink_new(false);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_sink_free(s);
    return 0;
}

static void silent_watch(void)
{
    fake_sink_watch(s, &(struct fake_watch_script){ .events = "" });
}

static bool asks(size_t i, const char *part)
{
    return strstr(fake_sink_url(s, i), part) != NULL;
}

static void start(usec t)
{
    watcher_start(s->watcher);
    fake_sink_pass(s, t);
}

static void s1_3_the_first_list_has_no_resource_version_and_pages_of_500(void **state)
{
    (void)state;
    fake_sink_list(s, "10", "a@5 b@7", NULL);
    silent_watch();
    start(USEC_PER_SEC);
    assert_string_equal(fake_sink_url(s, 0), "/api/v1/pods?watch=false&limit=500");
    assert_string_equal(fake_sink_text(s), "a@5 b@7");
    assert_string_equal(watcher_rv(s->watcher), "10");
    assert_int_equal(s->committed, 1);
    assert_true(s->synced >= 1);
}

static void r25_the_watch_asks_for_bookmarks_and_300_to_600_seconds(void **state)
{
    const char *timeout;
    int64_t n = 0;

    (void)state;
    fake_sink_list(s, "10", "", NULL);
    silent_watch();
    start(USEC_PER_SEC);
    assert_true(asks(1, "/api/v1/pods?watch=true&allowWatchBookmarks=true&resourceVersion=10&"));
    assert_false(asks(1, "resourceVersionMatch"));
    timeout = strstr(fake_sink_url(s, 1), "timeoutSeconds=");
    assert_non_null(timeout);
    assert_int_equal(str_i64(str_of(timeout + strlen("timeoutSeconds=")), &n), 0);
    assert_in_range(n, 300, 600);
}

static void lists_offer_gzip_and_watches_do_not_ask_for_metadata_only(void **state)
{
    (void)state;
    fake_sink_list(s, "10", "", NULL);
    silent_watch();
    start(USEC_PER_SEC);
    assert_non_null(strstr(fake_server_request(s->server, 0)->headers, "Accept: application/json"));
    assert_null(strstr(fake_server_request(s->server, 1)->headers, "PartialObjectMetadata"));
}

static void r18_pages_follow_the_continue_token_without_a_resource_version(void **state)
{
    (void)state;
    fake_sink_list(s, "10", "a@1 b@2", "t/1=");
    fake_sink_list(s, "10", "c@3", "t2");
    fake_sink_list(s, "10", "d@4", NULL);
    silent_watch();
    start(USEC_PER_SEC);
    assert_string_equal(fake_sink_text(s), "a@1 b@2 c@3 d@4");
    assert_string_equal(fake_sink_url(s, 1),
                        "/api/v1/pods?watch=false&limit=500&continue=t%2F1%3D");
    assert_string_equal(fake_sink_url(s, 2), "/api/v1/pods?watch=false&limit=500&continue=t2");
    assert_int_equal(s->committed, 1);
}

// After a list at 10 the watch fails with an error event and the next list asks for 10.
static void list_then_lose_the_watch(void)
{
    fake_sink_list(s, "10", "a@5", NULL);
    fake_sink_watch(s, &(struct fake_watch_script){ .events = "ERROR 500 InternalError" });
}

static void r21_a_relist_asks_for_what_it_had_without_pages(void **state)
{
    (void)state;
    list_then_lose_the_watch();
    fake_sink_list(s, "20", "b@15", NULL);
    silent_watch();
    start(5 * USEC_PER_SEC);
    assert_string_equal(fake_sink_url(s, 2), "/api/v1/pods?watch=false&resourceVersion=10");
    assert_string_equal(fake_sink_text(s), "b@15");
    assert_string_equal(watcher_rv(s->watcher), "20");
}

static void e1_410_on_first_page_lists_again_with_rv_unset(void **state)
{
    (void)state;
    list_then_lose_the_watch();
    fake_sink_list_fails(s, 410, "Expired");
    fake_sink_list(s, "20", "b@15", NULL);
    silent_watch();
    start(5 * USEC_PER_SEC);
    assert_true(asks(2, "resourceVersion=10"));
    assert_string_equal(fake_sink_url(s, 3), "/api/v1/pods?watch=false&limit=500");
    assert_true(fake_sink_at(s, 3) - fake_sink_at(s, 2) < 1000); // no back-off between
    assert_string_equal(fake_sink_text(s), "b@15");
}

static void e1_the_flag_is_cleared_by_a_list_that_works(void **state)
{
    (void)state;
    list_then_lose_the_watch();
    fake_sink_list_fails(s, 410, "Gone");
    fake_sink_list(s, "20", "", NULL);
    fake_sink_watch(s, &(struct fake_watch_script){ .events = "ERROR 410 Expired" });
    fake_sink_list(s, "30", "", NULL);
    silent_watch();
    start(20 * USEC_PER_SEC);
    assert_string_equal(fake_sink_url(s, 5), "/api/v1/pods?watch=false&resourceVersion=20");
    assert_string_equal(watcher_rv(s->watcher), "30");
}

static void e1_410_with_rv_unset_waits_instead_of_looping(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++)
        fake_sink_list_fails(s, 410, "Expired");
    start(10 * USEC_PER_SEC);
    assert_in_range(fake_sink_lists(s), 2, 6);
}

static void e2_410_on_a_later_page_lists_everything_without_pages(void **state)
{
    (void)state;
    fake_sink_list(s, "10", "a@1", "t1");
    fake_sink_list_fails(s, 410, "Expired");
    fake_sink_list(s, "12", "b@2 c@3", NULL);
    silent_watch();
    start(USEC_PER_SEC);
    assert_string_equal(fake_sink_url(s, 2), "/api/v1/pods?watch=false");
    assert_true(fake_sink_at(s, 2) - fake_sink_at(s, 1) < 1000);
    assert_string_equal(fake_sink_text(s), "b@2 c@3");
    assert_int_equal(s->committed, 1);
}

static void s1_5_8_pages_of_different_versions_are_never_mixed(void **state)
{
    (void)state;
    fake_sink_list(s, "10", "a@1", "t1");
    fake_sink_list(s, "11", "b@2", NULL);
    fake_sink_list(s, "12", "c@3", NULL);
    silent_watch();
    start(USEC_PER_SEC);
    assert_string_equal(fake_sink_url(s, 2), "/api/v1/pods?watch=false");
    assert_string_equal(fake_sink_text(s), "c@3");
}

static void e3_a_version_from_the_future_lists_again_with_rv_unset(void **state)
{
    (void)state;
    list_then_lose_the_watch();
    fake_sink_list_fails(s, 504, "TooLarge");
    fake_sink_list(s, "7", "z@3", NULL);
    silent_watch();
    start(5 * USEC_PER_SEC);
    assert_string_equal(fake_sink_url(s, 3), "/api/v1/pods?watch=false&limit=500");
    assert_string_equal(fake_sink_text(s), "z@3");
    assert_string_equal(watcher_rv(s->watcher), "7"); // E18: the list is the truth
    assert_true(metric_value(METRIC_REFLECTOR_RV_REGRESSIONS_TOTAL, "pods") == 1);
}

static void e5_429_backs_off_and_tries_a_watch_list_which_falls_back(void **state)
{
    (void)state;
    fake_sink_list_fails(s, 429, "TooManyRequests");
    fake_sink_watch_fails(s, 422, "Invalid", 1);
    fake_sink_list(s, "10", "a@1", NULL);
    silent_watch();
    start(10 * USEC_PER_SEC);
    assert_true(asks(1, "sendInitialEvents=true&resourceVersionMatch=NotOlderThan"));
    assert_true(fake_sink_at(s, 1) - fake_sink_at(s, 0) >= WATCHER_BACKOFF_FIRST);
    assert_string_equal(fake_sink_text(s), "a@1");
    assert_int_equal(s->failures, 1);
    assert_int_equal(s->last_failure.code, ERR_LIMIT);
}

static void e5_a_missing_watch_list_is_remembered_for_an_hour(void **state)
{
    (void)state;
    fake_sink_list_fails(s, 429, "TooManyRequests");
    fake_sink_watch_fails(s, 422, "Invalid", 1);
    for (int i = 0; i < 5; i++)
        fake_sink_list_fails(s, 429, "TooManyRequests");
    fake_sink_list(s, "10", "a@1", NULL);
    silent_watch();
    start(10 * USEC_PER_MIN);
    assert_int_equal(fake_server_count(s->server, NULL, "sendInitialEvents"), 1);
    assert_int_equal(fake_sink_lists(s), 7);
    assert_string_equal(fake_sink_text(s), "a@1");
}

static void e7_5xx_backs_off_and_lists_again(void **state)
{
    (void)state;
    fake_sink_list_fails(s, 500, "InternalError");
    fake_sink_list_fails(s, 503, "ServiceUnavailable");
    fake_sink_list(s, "10", "a@1", NULL);
    silent_watch();
    start(10 * USEC_PER_SEC);
    assert_int_equal(s->failures, 2);
    assert_int_equal(fake_server_count(s->server, NULL, "sendInitialEvents"), 0);
    assert_string_equal(fake_sink_text(s), "a@1");
}

static void e9_403_is_reported_and_asked_again_at_most_every_30_seconds(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++)
        fake_sink_list_fails(s, 403, "Forbidden");
    start(10 * USEC_PER_MIN);
    assert_int_equal(s->last_failure.code, ERR_DENIED);
    assert_in_range(fake_sink_lists(s), 10, 26);
    assert_int_equal(s->committed, 0);
}

static void e9_the_sink_may_stop_the_watcher_when_it_hears_of_a_failure(void **state)
{
    (void)state;
    s->stop_on_failure = true;
    fake_sink_list_fails(s, 404, "NotFound");
    start(10 * USEC_PER_MIN);
    assert_int_equal(s->last_failure.code, ERR_NOT_FOUND);
    assert_int_equal(fake_server_requests(s->server), 1);
    assert_false(watcher_running(s->watcher));
}

static void e10_a_refused_connection_backs_off(void **state)
{
    (void)state;
    fake_server_down(s->server, true);
    start(10 * USEC_PER_SEC);
    assert_in_range(fake_sink_lists(s), 3, 6);
    fake_server_down(s->server, false);
    fake_server_forget_log(s->server);
    fake_sink_list(s, "10", "a@1", NULL);
    silent_watch();
    fake_sink_pass(s, USEC_PER_MIN);
    assert_string_equal(fake_sink_text(s), "a@1");
}

static void e12_a_page_that_breaks_is_asked_again_with_the_same_token(void **state)
{
    (void)state;
    fake_sink_list(s, "10", "a@1", "t1");
    fake_server_script(s->server, "GET", "continue=t1",
                       &(struct fake_reply){ .body = "{\"kind\":\"PodList\",\"apiVersion\":\"v1\","
                                                     "\"metadata\":{\"resourceVersion\":\"10\"},"
                                                     "\"items\":[{\"metadata\":{\"name\":\"b\","
                                                     "\"resourceVersion\":\"2\"}},{\"meta",
                                             .cut_at = 120 });
    fake_sink_list(s, "10", "b@2 c@3", NULL);
    silent_watch();
    start(10 * USEC_PER_SEC);
    assert_true(asks(2, "continue=t1"));
    assert_string_equal(fake_sink_text(s), "a@1 b@2 c@3");
    assert_int_equal(s->begun, 1);
}

static void e12_a_first_page_that_breaks_starts_over(void **state)
{
    (void)state;
    fake_server_script(s->server, "GET", "watch=false",
                       &(struct fake_reply){ .body = "{\"items\":[{\"metadata\":{\"name\":\"x\"}}",
                                             .cut_at = 30 });
    fake_sink_list(s, "10", "a@1", NULL);
    silent_watch();
    start(10 * USEC_PER_SEC);
    assert_string_equal(fake_sink_text(s), "a@1");
    assert_int_equal(s->aborted, 1);
}

static void e13_a_list_that_ends_early_but_cleanly_is_not_believed(void **state)
{
    (void)state;
    fake_server_script(s->server, "GET", "watch=false",
                       &(struct fake_reply){ .body =
                                                 "{\"metadata\":{\"resourceVersion\":\"10\"},"
                                                 "\"items\":[{\"metadata\":{\"name\":\"x\"}}" });
    fake_sink_list(s, "11", "a@1", NULL);
    silent_watch();
    start(10 * USEC_PER_SEC);
    assert_string_equal(fake_sink_text(s), "a@1");
}

static void e14_a_list_without_a_byte_is_given_up(void **state)
{
    (void)state;
    fake_server_script(s->server, "GET", "watch=false",
                       &(struct fake_reply){ .body = "{\"items\":[", .stay_open = true });
    fake_sink_list(s, "11", "a@1", NULL);
    silent_watch();
    start(2 * USEC_PER_MIN);
    assert_int_equal(s->last_failure.code, ERR_TIMEOUT);
    assert_string_equal(fake_sink_text(s), "a@1");
}

static void r29_a_table_a_status_and_a_list_without_rv_are_failures(void **state)
{
    static const char *const bodies[] = {
        "{\"kind\":\"Table\",\"metadata\":{\"resourceVersion\":\"9\"},\"rows\":[]}",
        "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{},\"items\":[]}",
        "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"code\":500}",
        "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Success\"}",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bodies); i++)
        fake_server_script(s->server, "GET", "watch=false",
                           &(struct fake_reply){ .body = bodies[i] });
    fake_sink_list(s, "11", "a@1", NULL);
    silent_watch();
    start(2 * USEC_PER_MIN);
    assert_int_equal(s->failures, 4);
    assert_string_equal(fake_sink_text(s), "a@1");
}

static void r11_a_failed_relist_keeps_what_is_held(void **state)
{
    (void)state;
    list_then_lose_the_watch();
    for (int i = 0; i < 3; i++)
        fake_sink_list(s, "20", "b@15 bad@16 c@17", NULL);
    start(3 * USEC_PER_SEC);
    assert_string_equal(fake_sink_text(s), "a@5");
    assert_int_equal(s->last_failure.code, ERR_INVALID);
    assert_string_equal(watcher_rv(s->watcher), "10");
}

static void k8_backoff_grows_with_jitter_and_is_reset_by_two_calm_minutes(void **state)
{
    usec d = WATCHER_BACKOFF_FIRST;

    (void)state;
    for (int i = 0; i < 9; i++)
        fake_sink_list_fails(s, 500, "InternalError");
    fake_sink_list(s, "10", "", NULL);
    fake_sink_watch(s, &(struct fake_watch_script){ .events = "ERROR 500 InternalError" });
    fake_sink_list(s, "11", "", NULL);
    fake_sink_watch(s, &(struct fake_watch_script){ .events = "", .lasts = 3 * USEC_PER_MIN });
    fake_sink_watch(s, &(struct fake_watch_script){ .events = "ERROR 500 InternalError" });
    fake_sink_list(s, "12", "", NULL);
    silent_watch();
    start(10 * USEC_PER_MIN);
    for (size_t i = 0; i < 9; i++) {
        usec gap = fake_sink_at(s, i + 1) - fake_sink_at(s, i);

        assert_in_range(gap, d, 2 * d + 1000);
        d = MIN(2 * d, WATCHER_BACKOFF_MAX);
    }
    // list 9, watch 10 with an error: the sequence goes on; list 11, watches 12 and 13 after calm.
    assert_true(fake_sink_at(s, 11) - fake_sink_at(s, 10) >= WATCHER_BACKOFF_MAX);
    assert_true(fake_sink_at(s, 13) - fake_sink_at(s, 12) - 3 * USEC_PER_MIN < 1000);
    assert_in_range(fake_sink_at(s, 14) - fake_sink_at(s, 13), WATCHER_BACKOFF_FIRST,
                    2 * WATCHER_BACKOFF_FIRST + 1000);
}

static void r5_stop_during_a_list_ends_the_request_and_throws_away_what_came(void **state)
{
    (void)state;
    fake_server_script(s->server, "GET", "watch=false",
                       &(struct fake_reply){ .body = "{\"items\":[{\"metadata\":{\"name\":\"x\"}}",
                                             .stay_open = true });
    start(USEC_PER_SEC);
    watcher_stop(s->watcher);
    assert_int_equal(s->aborted, 1);
    assert_int_equal(fake_server_open_calls(s->server), 0);
    fake_sink_pass(s, USEC_PER_HOUR);
    assert_int_equal(fake_server_requests(s->server), 1);
}

static void r21_a_watcher_that_is_started_again_continues_at_its_version(void **state)
{
    (void)state;
    fake_sink_list(s, "10", "a@5", NULL);
    silent_watch();
    start(USEC_PER_SEC);
    watcher_stop(s->watcher);
    fake_sink_list(s, "20", "b@15", NULL);
    silent_watch();
    start(USEC_PER_SEC);
    assert_string_equal(fake_sink_url(s, 2), "/api/v1/pods?watch=false&resourceVersion=10");
    assert_string_equal(fake_sink_text(s), "b@15");
}

static void rv_compare_orders_numbers_and_nothing_else(void **state)
{
    (void)state;
    assert_int_equal(rv_compare("9", "10"), -1);
    assert_int_equal(rv_compare("10", "9"), 1);
    assert_int_equal(rv_compare("18446744073709551616", "18446744073709551615"), 1);
    assert_int_equal(rv_compare("5", "5"), 0);
    assert_int_equal(rv_compare("abc", "abc"), 0);
    assert_int_equal(rv_compare("", "5"), RV_UNORDERED);
    assert_int_equal(rv_compare("0", "5"), RV_UNORDERED);
    assert_int_equal(rv_compare("05", "5"), RV_UNORDERED);
    assert_int_equal(rv_compare("5a", "5"), RV_UNORDERED);
}

#define W(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

RUN(W(s1_3_the_first_list_has_no_resource_version_and_pages_of_500),
    W(r25_the_watch_asks_for_bookmarks_and_300_to_600_seconds),
    W(lists_offer_gzip_and_watches_do_not_ask_for_metadata_only),
    W(r18_pages_follow_the_continue_token_without_a_resource_version),
    W(r21_a_relist_asks_for_what_it_had_without_pages),
    W(e1_410_on_first_page_lists_again_with_rv_unset),
    W(e1_the_flag_is_cleared_by_a_list_that_works),
    W(e1_410_with_rv_unset_waits_instead_of_looping),
    W(e2_410_on_a_later_page_lists_everything_without_pages),
    W(s1_5_8_pages_of_different_versions_are_never_mixed),
    W(e3_a_version_from_the_future_lists_again_with_rv_unset),
    W(e5_429_backs_off_and_tries_a_watch_list_which_falls_back),
    W(e5_a_missing_watch_list_is_remembered_for_an_hour), W(e7_5xx_backs_off_and_lists_again),
    W(e9_403_is_reported_and_asked_again_at_most_every_30_seconds),
    W(e9_the_sink_may_stop_the_watcher_when_it_hears_of_a_failure),
    W(e10_a_refused_connection_backs_off),
    W(e12_a_page_that_breaks_is_asked_again_with_the_same_token),
    W(e12_a_first_page_that_breaks_starts_over),
    W(e13_a_list_that_ends_early_but_cleanly_is_not_believed),
    W(e14_a_list_without_a_byte_is_given_up),
    W(r29_a_table_a_status_and_a_list_without_rv_are_failures),
    W(r11_a_failed_relist_keeps_what_is_held),
    W(k8_backoff_grows_with_jitter_and_is_reset_by_two_calm_minutes),
    W(r5_stop_during_a_list_ends_the_request_and_throws_away_what_came),
    W(r21_a_watcher_that_is_started_again_continues_at_its_version),
    T(rv_compare_orders_numbers_and_nothing_else))
