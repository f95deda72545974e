// SPDX-License-Identifier: Apache-2.0
// Whole runs of list and watch as controller-semantics §8 tells them: what is asked, in which
// order, and what is held in the end. Single rules are in the other tests of the watcher.
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

static bool asks(size_t i, const char *part)
{
    return strstr(fake_sink_url(s, i), part) != NULL;
}

// The resourceVersions of all lists in order, "-" for unset.
static const char *list_versions(void)
{
    static char text[256];
    size_t at = 0;

    text[0] = '\0';
    for (size_t i = 0; i < fake_server_requests(s->server); i++) {
        const char *url = fake_sink_url(s, i), *rv = strstr(url, "resourceVersion=");

        if (strstr(url, "watch=false"))
            at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", at ? " " : "",
                                   rv ? rv + strlen("resourceVersion=") : "-");
    }
    return text;
}

static void r10_a_list_then_a_watch_bring_all_events_in_order(void **state)
{
    (void)state;
    fake_sink_list(s, "3", "", NULL);
    watch("ADDED e@4; ADDED d@5; ADDED c@6; ADDED b@7; ADDED a@8");
    start(USEC_PER_SEC);
    assert_string_equal(list_versions(), "-");
    assert_int_equal(fake_sink_watches(s), 1);
    assert_true(asks(1, "resourceVersion=3&"));
    assert_string_equal(fake_sink_text(s), "a@8 b@7 c@6 d@5 e@4");
    assert_string_equal(watcher_rv(s->watcher), "8");
}

static void r10_a_watch_list_needs_one_request(void **state)
{
    (void)state;
    watch("ADDED a@1; END 3; ADDED e@4; ADDED d@5; ADDED c@6; ADDED b@7; MODIFIED a@8");
    start(USEC_PER_SEC);
    assert_int_equal(fake_server_requests(s->server), 1);
    assert_string_equal(fake_sink_text(s), "a@8 b@7 c@6 d@5 e@4");
}

static void r11_what_is_held_is_the_last_good_list_and_its_events(void **state)
{
    static const struct {
        int list_errors; // before the first list
        const char *events;
        int relist_errors;
        const char *list, *more, *held;
    } rows[] = {
        {0,  "ADDED b@11; ERROR 410 Expired",       0, "b@11 c@15", "DELETED b@21",  "c@15"         },
        { 3, "ADDED b@11; ERROR 500 InternalError", 0, "c@15",      "ADDED d@21",    "c@15 d@21"    },
        { 0, "ERROR 410 Expired",                   3, "a@5",       "MODIFIED a@21", "a@21"         },
        { 2, "DELETED a@11; ERROR 504 Timeout",     2, "",          "",              ""             },
        { 1, "ADDED b@11; RAW {",                   1, "a@5 b@11",  "ADDED c@22",    "a@5 b@11 c@22"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        fake_sink_free(s);
        set_up(NULL);
        for (int n = 0; n < rows[i].list_errors; n++)
            fake_sink_list_fails(s, 500, "InternalError");
        fake_sink_list(s, "10", "a@5", NULL);
        watch(rows[i].events);
        for (int n = 0; n < rows[i].relist_errors; n++)
            fake_sink_list_fails(s, 503, "ServiceUnavailable");
        fake_sink_list(s, "20", rows[i].list, NULL);
        watch(rows[i].more);
        start(10 * USEC_PER_MIN);
        assert_string_equal(fake_sink_text(s), rows[i].held);
        // Each failure was told: the lists that failed and the event that ended the watch.
        assert_int_equal(s->failures, rows[i].list_errors + rows[i].relist_errors + 1);
        assert_int_equal(fake_server_scripts_left(s->server), 0);
    }
}

static void r14_429_twice_at_open_is_two_waits(void **state)
{
    (void)state;
    fake_sink_list(s, "10", "a@5", NULL);
    fake_sink_watch_fails(s, 429, "TooManyRequests", 2);
    watch("ADDED b@11");
    start(USEC_PER_MIN);
    assert_int_equal(fake_sink_watches(s), 3);
    assert_int_equal(s->failures, 2);
    assert_in_range(fake_sink_at(s, 2) - fake_sink_at(s, 1), WATCHER_BACKOFF_FIRST,
                    2 * WATCHER_BACKOFF_FIRST + 1000);
    assert_in_range(fake_sink_at(s, 3) - fake_sink_at(s, 2), 2 * WATCHER_BACKOFF_FIRST,
                    4 * WATCHER_BACKOFF_FIRST + 1000);
}

static void r19_a_relist_at_a_version_has_no_limit(void **state)
{
    (void)state;
    fake_sink_list(s, "10", "a@5", NULL);
    watch("ERROR 410 Expired");
    fake_sink_list(s, "20", "a@5", NULL);
    watch("ERROR 410 Expired");
    fake_sink_list(s, "30", "a@5", NULL);
    watch("");
    start(USEC_PER_MIN);
    assert_string_equal(list_versions(), "- 10 20");
    assert_true(asks(0, "limit=500"));
    assert_false(asks(2, "limit="));
    assert_false(asks(4, "limit="));
}

static void r22_a_version_that_expired_is_left_out_and_the_store_replaced(void **state)
{
    (void)state;
    fake_sink_list(s, "10", "a@5 b@6", NULL);
    watch("ERROR 410 Expired");
    fake_sink_list_fails(s, 410, "Expired");
    fake_sink_list(s, "20", "c@15", NULL);
    watch("");
    start(USEC_PER_MIN);
    assert_string_equal(list_versions(), "- 10 -");
    assert_string_equal(fake_sink_text(s), "c@15");
    assert_int_equal(s->failures, 1); // the watch; the lists were one attempt
}

static void r23_a_later_page_of_a_relist_that_expires_asks_for_all_at_the_same_version(void **state)
{
    (void)state;
    fake_sink_list(s, "10", "a@5", NULL);
    watch("ERROR 410 Expired");
    fake_sink_list(s, "12", "a@5", "t1"); // a server that pages although nobody asked
    fake_sink_list_fails(s, 410, "Expired");
    fake_sink_list(s, "15", "b@14", NULL);
    watch("ERROR 410 Expired");
    fake_sink_list(s, "20", "c@18", NULL);
    watch("");
    start(USEC_PER_MIN);
    assert_string_equal(list_versions(), "- 10 - 10 15");
    assert_string_equal(fake_sink_url(s, 3), "/api/v1/pods?watch=false&continue=t1");
    assert_string_equal(fake_sink_url(s, 4), "/api/v1/pods?watch=false&resourceVersion=10");
    assert_true(fake_sink_at(s, 4) - fake_sink_at(s, 3) < 1000);
    assert_string_equal(fake_sink_text(s), "c@18");
}

// All the words that servers have used for it since 1.11.
static void r24_a_version_from_the_future_is_recognised_in_every_form(void **state)
{
    static const char *const forms[] = {
        "\"reason\":\"Timeout\",\"code\":504,\"message\":\"Too large resource version: 40, current: "
        "20\",\"details\":{\"causes\":[{\"reason\":\"ResourceVersionTooLarge\",\"message\":\"Too "
        "large resource version\"}],\"retryAfterSeconds\":1}",
        "\"reason\":\"Timeout\",\"code\":504,\"details\":{\"causes\":[{\"message\":\"Too large "
        "resource version\"}],\"retryAfterSeconds\":1}",
        "\"reason\":\"Timeout\",\"code\":504,\"message\":\"Timeout: Too large resource version: 40, "
        "current: 20\"",
        "\"code\":504,\"message\":\"Too large resource version: 40, current: 20\"",
    };

    (void)state;
    fake_sink_list(s, "20", "a@5", NULL);
    for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
        autofree char *body = xasprintf(
            "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",%s}", forms[i]);
        autofree char *rv = xasprintf("%zu", 30 + 10 * i);

        watch("ERROR 410 Expired");
        fake_server_script(s->server, "GET", "watch=false",
                           &(struct fake_reply){ .status = 504, .body = body });
        fake_sink_list(s, rv, "a@5", NULL);
    }
    watch("");
    start(2 * USEC_PER_MIN);
    assert_string_equal(list_versions(), "- 20 - 30 - 40 - 50 -");
    assert_string_equal(watcher_rv(s->watcher), "60");
}

static void r27_an_object_that_was_deleted_unsafely_disappears(void **state)
{
    (void)state;
    fake_sink_list(s, "10", "a@5 corrupt@6", NULL);
    watch(
        "RAW {\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":"
        "\"Failure\",\"code\":500,\"reason\":\"StoreReadError\",\"message\":\"data from the storage "
        "is not transformable\"}}");
    fake_sink_list(s, "20", "a@5", NULL);
    watch("");
    start(USEC_PER_MIN);
    assert_string_equal(list_versions(), "- 10");
    assert_string_equal(fake_sink_text(s), "a@5");
}

static void rw1_a_list_at_version_zero_is_no_place_to_watch_from(void **state)
{
    static const char *const versions[] = { "", "0" };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
        fake_sink_free(s);
        set_up(NULL);
        fake_sink_list(s, versions[i], "a@5", NULL);
        start(WATCHER_BACKOFF_FIRST / 2);
        assert_int_equal(fake_sink_watches(s), 0);
        assert_int_equal(s->committed, 0);
        assert_int_equal(s->last_failure.code, ERR_INVALID);
        fake_sink_list(s, "10", "a@5", NULL);
        watch("");
        fake_sink_pass(s, USEC_PER_MIN);
        assert_string_equal(fake_sink_text(s), "a@5");
    }
}

static void rw3_what_follows_a_gone_event_is_not_believed(void **state)
{
    (void)state;
    fake_sink_list(s, "4", "", NULL);
    watch("ADDED a@5; ADDED b@6; ERROR 410 Gone; ADDED c@7; ADDED d@8");
    start(WATCHER_BACKOFF_FIRST / 2);
    assert_string_equal(fake_sink_text(s), "a@5 b@6");
    assert_string_equal(watcher_rv(s->watcher), "6");
    assert_int_equal(s->failures, 1);
    assert_int_equal(s->last_failure.code, ERR_GONE);
}

static void rw4_401_and_403_at_open_are_told_once_each_time_and_nothing_is_lost(void **state)
{
    (void)state;
    fake_sink_list(s, "10", "a@5", NULL);
    fake_sink_watch_fails(s, 401, "Unauthorized", 1);
    fake_sink_watch_fails(s, 403, "Forbidden", 1);
    fake_sink_list(s, "20", "a@5 b@11", NULL);
    watch("ADDED c@21");
    start(USEC_PER_MIN);
    assert_int_equal(s->failures, 2);
    assert_int_equal(s->last_failure.code, ERR_DENIED);
    assert_string_equal(fake_sink_text(s), "a@5 b@11 c@21");
}

static void rw5_error_events_and_strange_types_lose_nothing(void **state)
{
    static const char *const events[] = { "ERROR 504 Timeout",
                                          "ERROR 500 InternalError",
                                          "ERROR 503 ServiceUnavailable",
                                          "ERROR 418 Teapot",
                                          "ERROR 0 Unknown",
                                          "STRANGE x@12",
                                          "RAW {\"type\":\"ERROR\",\"object\":{\"kind\":\"Pod\"}}",
                                          "RAW {\"type\":\"ERROR\"}" };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
        autofree char *first = xasprintf("ADDED b@11; %s", events[i]);
        bool ignored = strncmp(events[i], "STRANGE", 7) == 0;

        fake_sink_free(s);
        set_up(NULL);
        fake_sink_list(s, "10", "a@5", NULL);
        fake_sink_watch(s,
                        &(struct fake_watch_script){ .events = first, .lasts = 2 * USEC_PER_SEC });
        if (!ignored)
            fake_sink_list(s, "12", "a@5 b@11", NULL);
        watch("ADDED c@13");
        start(USEC_PER_MIN);
        assert_string_equal(fake_sink_text(s), "a@5 b@11 c@13");
        assert_int_equal(fake_sink_lists(s), ignored ? 1 : 2);
    }
}

static void wl1_a_watch_list_is_used_only_when_wished_and_served(void **state)
{
    static const struct {
        bool wished, served;
    } rows[] = {
        {false,  false},
        { false, true },
        { true,  false},
        { true,  true },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        bool used = rows[i].wished && rows[i].served;

        fake_sink_free(s);
        s = fake_sink_new(rows[i].wished);
        if (rows[i].wished && !rows[i].served)
            fake_sink_watch_fails(s, 422, "Invalid", 1);
        if (!used)
            fake_sink_list(s, "10", "a@5", NULL);
        watch(used ? "ADDED a@5; END 10" : "");
        start(USEC_PER_SEC);
        assert_string_equal(fake_sink_text(s), "a@5");
        assert_int_equal(fake_server_count(s->server, NULL, "sendInitialEvents"), rows[i].wished);
        assert_int_equal(fake_sink_lists(s), !used);
    }
}

static void wl3_before_the_marker_there_is_no_version(void **state)
{
    (void)state;
    watch("ADDED a@7; BOOKMARK @8; MODIFIED a@9");
    start(USEC_PER_SEC);
    assert_string_equal(watcher_rv(s->watcher), "");
    watcher_stop(s->watcher);
    watch("ADDED a@9; END 12");
    start(USEC_PER_SEC);
    assert_string_equal(watcher_rv(s->watcher), "12");
}

static void wl13_410_after_the_marker_is_told_and_listed_in_the_next_cycle(void **state)
{
    (void)state;
    fake_sink_watch(
        s, &(struct fake_watch_script){ .events = "ADDED a@1; END 6", .lasts = 2 * USEC_PER_SEC });
    fake_sink_watch_fails(s, 410, "Expired", 1);
    fake_sink_list(s, "9", "b@8", NULL);
    watch("");
    start(USEC_PER_MIN);
    assert_true(asks(1, "resourceVersion=6&"));
    assert_false(asks(1, "sendInitialEvents"));
    assert_int_equal(s->failures, 1);
    assert_int_equal(s->last_failure.code, ERR_GONE);
    assert_true(fake_sink_at(s, 2) - fake_sink_at(s, 1) >= WATCHER_BACKOFF_FIRST);
    assert_string_equal(list_versions(), "6");
    assert_string_equal(fake_sink_text(s), "b@8");
}

static void p6_the_next_page_is_asked_for_when_this_one_is_staged(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        autofree char *body = xasprintf(
            "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":"
            "\"10\"%s},\"items\":[{\"metadata\":{\"name\":\"p%d\",\"resourceVersion\":"
            "\"%d\"}}]}",
            i < 2 ? ",\"continue\":\"t\"" : "", i, i + 1);

        fake_server_script(s->server, "GET", "watch=false",
                           &(struct fake_reply){ .body = body, .delay = 10 * USEC_PER_SEC });
    }
    watch("");
    watcher_start(s->watcher);
    for (size_t i = 0; i < 3; i++) {
        fake_sink_pass(s, 5 * USEC_PER_SEC);
        assert_int_equal(fake_sink_lists(s), i + 1);
        assert_int_equal(s->staged.n, i);
        fake_sink_pass(s, 5 * USEC_PER_SEC);
    }
    assert_string_equal(fake_sink_text(s), "p0@1 p1@2 p2@3");
}

static void p4_only_the_first_page_names_a_version(void **state)
{
    (void)state;
    fake_sink_list(s, "10", "a@5", NULL);
    watch("ERROR 410 Expired");
    fake_sink_list(s, "20", "a@5", "t1");
    fake_sink_list(s, "20", "b@6", "t2");
    fake_sink_list(s, "20", "c@7", NULL);
    watch("");
    start(USEC_PER_MIN);
    assert_string_equal(list_versions(), "- 10 - -");
    assert_int_equal(fake_server_count(s->server, NULL, "resourceVersionMatch"), 0);
    assert_string_equal(fake_sink_text(s), "a@5 b@6 c@7");
}

#define W(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
#define L(fn) cmocka_unit_test_setup_teardown(fn, set_up_watchlist, tear_down)

RUN(W(r10_a_list_then_a_watch_bring_all_events_in_order), L(r10_a_watch_list_needs_one_request),
    W(r11_what_is_held_is_the_last_good_list_and_its_events), W(r14_429_twice_at_open_is_two_waits),
    W(r19_a_relist_at_a_version_has_no_limit),
    W(r22_a_version_that_expired_is_left_out_and_the_store_replaced),
    W(r23_a_later_page_of_a_relist_that_expires_asks_for_all_at_the_same_version),
    W(r24_a_version_from_the_future_is_recognised_in_every_form),
    W(r27_an_object_that_was_deleted_unsafely_disappears),
    W(rw1_a_list_at_version_zero_is_no_place_to_watch_from),
    W(rw3_what_follows_a_gone_event_is_not_believed),
    W(rw4_401_and_403_at_open_are_told_once_each_time_and_nothing_is_lost),
    W(rw5_error_events_and_strange_types_lose_nothing),
    W(wl1_a_watch_list_is_used_only_when_wished_and_served),
    L(wl3_before_the_marker_there_is_no_version),
    L(wl13_410_after_the_marker_is_told_and_listed_in_the_next_cycle),
    W(p6_the_next_page_is_asked_for_when_this_one_is_staged),
    W(p4_only_the_first_page_names_a_version))
