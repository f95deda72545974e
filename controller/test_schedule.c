// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/test.h"
#include "controller/schedule.h"

static usec at(const char *text)
{
    usec t;

    assert_int_equal(time_parse(str_of(text), &t, NULL), 0);
    return t;
}

static struct schedule *of(const char *text, const char *zone)
{
    struct error e = { 0 };
    struct schedule *s = schedule_new(text, zone, &e);

    if (!s)
        fail_msg("%s", e.text);
    return s;
}

static void without_a_last_time_the_first_run_is_due_at_once(void **state unused_arg)
{
    struct schedule *s = of("0 3 * * *", NULL);
    struct schedule_decision d = schedule_decide(s, 0, 0, at("2026-11-21T10:00:30Z"));

    assert_true(d.due);
    assert_int_equal(d.at, at("2026-11-21T10:00:30Z"));
    assert_int_equal(d.next, at("2026-11-22T03:00:00Z"));
    schedule_free(s);
}

static void every_counts_from_the_last_time(void **state unused_arg)
{
    struct schedule *s = of("@every 90s", NULL);
    struct schedule_decision d =
        schedule_decide(s, at("2026-11-21T10:00:00Z"), 0, at("2026-11-21T10:01:29Z"));

    assert_false(d.due);
    assert_int_equal(d.next, at("2026-11-21T10:01:30Z"));
    d = schedule_decide(s, at("2026-11-21T10:00:00Z"), 0, at("2026-11-21T10:05:00Z"));
    assert_true(d.due);
    assert_int_equal(d.at, at("2026-11-21T10:04:30Z"));
    assert_int_equal(d.next, at("2026-11-21T10:06:00Z"));
    schedule_free(s);
}

static void missed_times_collapse_into_the_newest(void **state unused_arg)
{
    struct schedule *s = of("*/5 * * * *", NULL);
    struct schedule_decision d =
        schedule_decide(s, at("2025-01-01T00:00:00Z"), 0, at("2026-11-21T10:07:00Z"));

    assert_true(d.due);
    assert_int_equal(d.at, at("2026-11-21T10:05:00Z"));
    assert_int_equal(d.next, at("2026-11-21T10:10:00Z"));
    schedule_free(s);
}

static void a_time_missed_by_more_than_the_deadline_is_skipped(void **state unused_arg)
{
    struct schedule *s = of("0 * * * *", NULL);
    usec last = at("2026-11-21T09:00:00Z");

    assert_true(schedule_decide(s, last, 600 * USEC_PER_SEC, at("2026-11-21T10:09:59Z")).due);
    assert_false(schedule_decide(s, last, 600 * USEC_PER_SEC, at("2026-11-21T10:10:01Z")).due);
    assert_true(schedule_decide(s, last, 600 * USEC_PER_SEC, at("2026-11-21T10:10:01Z")).skipped);
    schedule_free(s);
}

static void a_last_time_in_the_future_does_not_stop_the_schedule(void **state unused_arg)
{
    struct schedule *s = of("@every 1h", NULL);
    struct schedule_decision d =
        schedule_decide(s, at("2030-01-01T00:00:00Z"), 0, at("2026-11-21T10:00:00Z"));

    assert_false(d.due);
    assert_int_equal(d.next, at("2026-11-21T11:00:00Z"));
    schedule_free(s);
}

static void the_zone_moves_the_fields(void **state unused_arg)
{
    struct schedule *s = of("0 3 * * *", "Europe/Berlin");

    assert_int_equal(schedule_next(s, at("2026-07-01T00:00:00Z")), at("2026-07-01T01:00:00Z"));
    assert_int_equal(schedule_next(s, at("2026-12-01T00:00:00Z")), at("2026-12-01T02:00:00Z"));
    assert_int_equal(schedule_interval(s, at("2026-12-01T00:00:00Z")), USEC_PER_DAY);
    schedule_free(s);
}

static void what_is_wrong_is_named(void **state unused_arg)
{
    struct error e = { 0 };

    assert_null(schedule_new("61 * * * *", NULL, &e));
    assert_non_null(strstr(e.text, "61"));
    assert_null(schedule_new("@every 5s", NULL, &e));
    assert_null(schedule_new("0 3 * * *", "Middle/Earth", &e));
    assert_non_null(strstr(e.text, "Middle/Earth"));
}

RUN(T(without_a_last_time_the_first_run_is_due_at_once), T(every_counts_from_the_last_time),
    T(missed_times_collapse_into_the_newest), T(a_time_missed_by_more_than_the_deadline_is_skipped),
    T(a_last_time_in_the_future_does_not_stop_the_schedule), T(the_zone_moves_the_fields),
    T(what_is_wrong_is_named))
