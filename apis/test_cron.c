// SPDX-License-Identifier: Apache-2.0
#include "apis/cron.h"
#include "base/clock.h"
#include "base/test.h"

static const char *next(const char *schedule, const char *zone_name, const char *after,
                        char ret[TIME_TEXT_MAX])
{
    struct cron c;
    struct error e;
    struct zone *z = NULL;
    usec t = 0;
    if (cron_parse(str_of(schedule), &c, &e) || zone_load(zone_name, &z, &e) ||
        time_parse(str_of(after), &t, &e))
        fail_msg("%s", e.text);
    t = cron_next(&c, z, t);
    zone_free(z);
    if (t == USEC_NEVER)
        return "never";
    return time_format(t, 0, ret);
}

#define NEXT(schedule, zone, after, want)                                                          \
    do {                                                                                           \
        char text[TIME_TEXT_MAX];                                                                  \
        assert_string_equal(next(schedule, zone, after, text), want);                              \
    } while (0)

static void fields_and_words_give_the_next_time(void **state unused_arg)
{
    NEXT("* * * * *", "", "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z");
    NEXT("* * * * *", "", "2026-01-01T00:00:59.999Z", "2026-01-01T00:01:00Z");
    NEXT("0 * * * *", "", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z");
    NEXT("@hourly", "", "2026-12-31T23:30:00Z", "2027-01-01T00:00:00Z");
    NEXT("*/15 9-17 * * mon-fri", "", "2026-01-02T17:45:00Z", "2026-01-05T09:00:00Z");
    NEXT("5/20 * * * *", "", "2026-01-01T00:06:00Z", "2026-01-01T00:25:00Z");
    NEXT("0 0 1,15 * *", "", "2026-01-01T00:00:00Z", "2026-01-15T00:00:00Z");
    NEXT("0 0 29 2 *", "", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z");
    NEXT("0 0 29 FEB *", "", "2097-01-01T00:00:00Z", "2104-02-29T00:00:00Z");
    NEXT("@weekly", "", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z");
    NEXT("0 0 * * 7", "", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z");
    NEXT("@monthly", "", "2026-01-31T00:00:00Z", "2026-02-01T00:00:00Z");
    NEXT("@yearly", "", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
    NEXT("@every 6h", "", "2026-01-01T00:00:01Z", "2026-01-01T06:00:01Z");
    NEXT("@every 1h30m", "", "2026-01-01T00:00:00Z", "2026-01-01T01:30:00Z");
}

static void either_day_field_suffices_when_both_are_given(void **state unused_arg)
{
    NEXT("0 0 13 * fri", "", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z");
    NEXT("0 0 13 * *", "", "2026-01-01T00:00:00Z", "2026-01-13T00:00:00Z");
    NEXT("0 0 * * fri", "", "2026-01-02T00:00:00Z", "2026-01-09T00:00:00Z");
    NEXT("0 0 30 2 mon", "", "2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z");
}

static void local_times_that_do_not_exist_are_left_out(void **state unused_arg)
{
    NEXT("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", "2026-03-28T01:30:00Z");
    NEXT("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-30T00:30:00Z");
    NEXT("0 * * * *", "America/New_York", "2026-03-08T06:00:00Z", "2026-03-08T07:00:00Z");
}

static void local_times_that_come_twice_match_twice(void **state unused_arg)
{
    NEXT("30 1 * * *", "America/New_York", "2026-11-01T04:00:00Z", "2026-11-01T05:30:00Z");
    NEXT("30 1 * * *", "America/New_York", "2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z");
    NEXT("30 1 * * *", "America/New_York", "2026-11-01T06:30:00Z", "2026-11-02T06:30:00Z");
}

static void zones_east_and_west_have_their_own_midnight(void **state unused_arg)
{
    NEXT("@daily", "Asia/Kolkata", "2026-01-01T00:00:00Z", "2026-01-01T18:30:00Z");
    NEXT("@daily", "Pacific/Kiritimati", "2026-01-01T00:00:00Z", "2026-01-01T10:00:00Z");
    NEXT("@daily", "America/Los_Angeles", "2026-07-01T08:00:00Z", "2026-07-02T07:00:00Z");
    NEXT("0 12 * * *", "Europe/Berlin", "2060-07-01T00:00:00Z", "2060-07-01T10:00:00Z");
}

static void what_never_comes_or_makes_no_sense_is_refused(void **state unused_arg)
{
    static const char *const texts[] = { "",
                                         "*",
                                         "* * * *",
                                         "* * * * * *",
                                         "60 * * * *",
                                         "* 24 * * *",
                                         "* * 0 * *",
                                         "* * 32 * *",
                                         "* * * 13 *",
                                         "* * * 0 *",
                                         "* * * * 8",
                                         "5-1 * * * *",
                                         "*/0 * * * *",
                                         "1, * * * *",
                                         ",1 * * * *",
                                         "1,,2 * * * *",
                                         "a * * * *",
                                         "-1 * * * *",
                                         "1- * * * *",
                                         "1/ * * * *",
                                         "0 0 30 2 *",
                                         "0 0 31 4,6,9,11 *",
                                         "@every",
                                         "@every 30s",
                                         "@every x",
                                         "@sometimes",
                                         "TZ=UTC 0 0 * * *",
                                         "CRON_TZ=UTC 0 0 * * *",
                                         "* * L * *",
                                         "* * * foo *",
                                         "1.5 * * * *",
                                         "*/1001 * * * *",
                                         "+1 * * * *" };
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct cron c;
        if (!cron_parse(str_of(texts[i]), &c, NULL))
            fail_msg("'%s' was taken", texts[i]);
    }
}

static void extreme_times_end_in_never(void **state unused_arg)
{
    struct cron c;
    assert_int_equal(cron_parse(str_of("* * * * *"), &c, NULL), 0);
    assert_int_equal(cron_next(&c, NULL, USEC_NEVER), USEC_NEVER);
    assert_int_equal(cron_parse(str_of("@every 1m"), &c, NULL), 0);
    assert_int_equal(cron_next(&c, NULL, USEC_NEVER - 1), USEC_NEVER);
}

static void unknown_zones_are_errors(void **state unused_arg)
{
    static const char *const names[] = { "Mars/Base", "../../etc/passwd", "/etc/passwd",
                                         "Local",     "Europe/",          "a b" };
    struct zone *z;
    struct error e;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (!zone_load(names[i], &z, &e))
            fail_msg("'%s' was taken", names[i]);
    }
    assert_int_equal(zone_parse((struct str){ "TZif2", 5 }, &z, &e), -1);
}

static void offsets_are_those_of_the_c_library(void **state unused_arg)
{
    static const char *const names[] = { "Europe/Berlin",       "America/New_York",
                                         "Australia/Lord_Howe", "Asia/Kathmandu",
                                         "America/Sao_Paulo",   "Africa/Casablanca" };
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        struct zone *z;
        struct error e;
        assert_int_equal(zone_load(names[i], &z, &e), 0);
        setenv("TZ", names[i], 1);
        tzset();
        for (int64_t t = 0; t < 3200000000; t += 1234567) {
            struct tm tm;
            time_t when = (time_t)t;
            localtime_r(&when, &tm);
            if (tm.tm_gmtoff != zone_offset(z, t))
                fail_msg("%s at %" PRId64 ": %ld, not %d", names[i], t, tm.tm_gmtoff,
                         zone_offset(z, t));
        }
        zone_free(z);
    }
}

RUN(T(fields_and_words_give_the_next_time), T(either_day_field_suffices_when_both_are_given),
    T(local_times_that_do_not_exist_are_left_out), T(local_times_that_come_twice_match_twice),
    T(zones_east_and_west_have_their_own_midnight),
    T(what_never_comes_or_makes_no_sense_is_refused), T(extreme_times_end_in_never),
    T(unknown_zones_are_errors), T(offsets_are_those_of_the_c_library))
