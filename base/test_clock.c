// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/test.h"

static void a_fake_clock_stands_still_until_advanced(void **state unused_arg)
{
    clock_fake(5, 1000);
    assert_true(clock_is_fake());
    assert_int_equal(clock_mono(), 5);
    assert_int_equal(clock_wall(), 1000);
    clock_fake_advance(USEC_PER_SEC);
    assert_int_equal(clock_mono(), 5 + USEC_PER_SEC);
    assert_int_equal(clock_wall(), 1000 + USEC_PER_SEC);
    clock_real();
    assert_false(clock_is_fake());
}

static void the_real_clocks_are_plausible(void **state unused_arg)
{
    usec before = clock_mono();

    assert_true(clock_wall() > (usec)1700000000 * USEC_PER_SEC);
    assert_true(clock_mono() >= before && before > 0);
}

static void assert_parses(const char *text, usec want)
{
    struct error e = { 0 };
    usec got = -1;

    if (time_parse(str_of(text), &got, &e) < 0 || got != want)
        fail_msg("%s: got %" PRId64 ", want %" PRId64 " %s", text, got, want, e.text);
}

static void times_parse(void **state unused_arg)
{
    assert_parses("1970-01-01T00:00:00Z", 0);
    assert_parses("1970-01-01T00:00:00.000001Z", 1);
    assert_parses("1969-12-31T23:59:59Z", -USEC_PER_SEC);
    assert_parses("2026-01-02T03:04:05Z", (usec)1767323045 * USEC_PER_SEC);
    assert_parses("2026-01-02t03:04:05z", (usec)1767323045 * USEC_PER_SEC);
    assert_parses("2000-02-29T12:00:00Z", (usec)951825600 * USEC_PER_SEC);
    assert_parses("2024-02-29T23:59:59Z", (usec)1709251199 * USEC_PER_SEC);
    assert_parses("9999-12-31T23:59:59Z", (usec)253402300799 * USEC_PER_SEC);
    assert_parses("0000-01-01T00:00:00Z", -(usec)62167219200 * USEC_PER_SEC);
    assert_parses("0000-02-29T00:00:00Z", -(usec)62162121600 * USEC_PER_SEC);
}

static void offsets_are_taken_off(void **state unused_arg)
{
    assert_parses("1970-01-01T05:30:00+05:30", 0);
    assert_parses("1969-12-31T16:00:00-08:00", 0);
    assert_parses("1970-01-01T00:00:00-00:00", 0);
    assert_parses("1970-01-01T23:59:00+23:59", 0);
}

static void fractions_are_cut_at_the_microsecond(void **state unused_arg)
{
    assert_parses("1970-01-01T00:00:00.5Z", 500000);
    assert_parses("1970-01-01T00:00:00.123456789Z", 123456);
    assert_parses("1970-01-01T00:00:00.9999999999999999999999999Z", 999999);
    assert_parses("1970-01-01T00:00:01.25+00:00", 1250000);
}

static void what_is_no_time_is_refused(void **state unused_arg)
{
    static const char *const bad[] = { "",
                                       "2026",
                                       "2026-01-02",
                                       "2026-01-02T03:04:05",
                                       "2026-01-02 03:04:05Z",
                                       "2026-1-2T03:04:05Z",
                                       "2025-02-29T00:00:00Z",
                                       "1900-02-29T00:00:00Z",
                                       "2026-02-30T00:00:00Z",
                                       "2026-04-31T00:00:00Z",
                                       "2026-13-01T00:00:00Z",
                                       "2026-00-01T00:00:00Z",
                                       "2026-01-00T00:00:00Z",
                                       "2026-01-32T00:00:00Z",
                                       "2026-01-02T24:00:00Z",
                                       "2026-01-02T03:60:00Z",
                                       "2026-01-02T03:04:60Z",
                                       "2026-01-02T03:04:05.Z",
                                       "2026-01-02T03:04:05,5Z",
                                       "2026-01-02T03:04:05+0530",
                                       "2026-01-02T03:04:05+24:00",
                                       "2026-01-02T03:04:05+05:60",
                                       "2026-01-02T03:04:05Zx",
                                       "2026-01-02T03:04:05Z ",
                                       " 2026-01-02T03:04:05Z",
                                       "+026-01-02T03:04:05Z",
                                       "-001-01-02T03:04:05Z",
                                       "10000-01-01T00:00:00Z" };
    struct error e;
    usec t = 77;

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        error_clear(&e);
        if (time_parse(str_of(bad[i]), &t, &e) != -1)
            fail_msg("'%s' was taken for a time", bad[i]);
        assert_int_equal(e.code, ERR_INVALID);
    }
    assert_int_equal(time_parse((struct str){ "2026-01-02T03:04:05Z\0", 21 }, &t, NULL), -1);
    assert_int_equal(time_parse((struct str){ NULL, 0 }, &t, &e), -1);
    assert_int_equal(t, 77);
}

static void times_print_with_the_digits_asked_for(void **state unused_arg)
{
    char text[TIME_TEXT_MAX];
    usec t = (usec)1767323045 * USEC_PER_SEC + 6789;

    assert_string_equal(time_format(t, 0, text), "2026-01-02T03:04:05Z");
    assert_string_equal(time_format(t, 3, text), "2026-01-02T03:04:05.006Z");
    assert_string_equal(time_format(t, 6, text), "2026-01-02T03:04:05.006789Z");
    assert_string_equal(time_format(-1, 6, text), "1969-12-31T23:59:59.999999Z");
    assert_string_equal(time_format(0, 0, text), "1970-01-01T00:00:00Z");
}

static void times_beyond_the_calendar_print_its_ends(void **state unused_arg)
{
    char text[TIME_TEXT_MAX];

    assert_string_equal(time_format(USEC_NEVER, 6, text), "9999-12-31T23:59:59.999999Z");
    assert_string_equal(time_format(INT64_MIN, 6, text), "0000-01-01T00:00:00.000000Z");
}

static void every_day_of_eight_centuries_reads_back(void **state unused_arg)
{
    char text[TIME_TEXT_MAX], last[TIME_TEXT_MAX] = "";

    for (int64_t day = -146097; day < 146097; day++) {
        usec t = day * USEC_PER_DAY + (day & 0xFFFF) * USEC_PER_SEC, back = 0;

        time_format(t, 0, text);
        if (time_parse(str_of(text), &back, NULL) < 0 || back != t || strcmp(last, text) >= 0)
            fail_msg("%s after %s", text, last);
        memcpy(last, text, sizeof(last));
    }
}

static void durations_parse(void **state unused_arg)
{
    static const struct {
        const char *text;
        usec want;
    } rows[] = {
        {"90s",         90 * USEC_PER_SEC                                                     },
        { "1h30m",      90 * USEC_PER_MIN                                                     },
        { "2d",         2 * USEC_PER_DAY                                                      },
        { "0s",         0                                                                     },
        { "30m1h",      90 * USEC_PER_MIN                                                     },
        { "1d2h3m4s",   USEC_PER_DAY + 2 * USEC_PER_HOUR + 3 * USEC_PER_MIN + 4 * USEC_PER_SEC},
        { "1h0m",       USEC_PER_HOUR                                                         },
        { "007s",       7 * USEC_PER_SEC                                                      },
        { "106751991d", 106751991 * USEC_PER_DAY                                              }
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        usec got = -1;

        assert_int_equal(duration_parse(str_of(rows[i].text), &got, NULL), 0);
        assert_int_equal(got, rows[i].want);
    }
}

static void what_is_no_duration_is_refused(void **state unused_arg)
{
    static const char *const bad[] = { "",
                                       "s",
                                       "5",
                                       "-5s",
                                       "+5s",
                                       "1.5h",
                                       "5 s",
                                       "5ms",
                                       "5S",
                                       "1h1h",
                                       "0m",
                                       "0h0m",
                                       "0s0m",
                                       "00s",
                                       "5w",
                                       "h1",
                                       "1h 30m",
                                       "1hs",
                                       "106751992d",
                                       "9223372036854775808s",
                                       "106751991d5h",
                                       "99999999999999999999s" };
    struct error e;
    usec d = 77;

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        error_clear(&e);
        if (duration_parse(str_of(bad[i]), &d, &e) != -1)
            fail_msg("'%s' was taken for a duration", bad[i]);
        assert_int_equal(e.code, ERR_INVALID);
    }
    assert_int_equal(d, 77);
}

static void durations_print_in_whole_seconds(void **state unused_arg)
{
    char text[TIME_TEXT_MAX];

    assert_string_equal(duration_format(0, text), "0s");
    assert_string_equal(duration_format(USEC_PER_SEC - 1, text), "0s");
    assert_string_equal(duration_format(90 * USEC_PER_MIN, text), "1h30m");
    assert_string_equal(duration_format(26 * USEC_PER_HOUR + USEC_PER_SEC, text), "1d2h1s");
    assert_string_equal(duration_format(-90 * USEC_PER_SEC, text), "-1m30s");
    assert_string_equal(duration_format(INT64_MIN, text), "-106751991d4h54s");
}

static void durations_read_back(void **state unused_arg)
{
    char text[TIME_TEXT_MAX];

    for (usec d = 0; d < 400 * USEC_PER_DAY; d = d * 3 / 2 + USEC_PER_SEC) {
        usec whole = d - d % USEC_PER_SEC, back = -1;

        assert_int_equal(duration_parse(str_of(duration_format(whole, text)), &back, NULL), 0);
        assert_int_equal(back, whole);
    }
}

RUN(T(a_fake_clock_stands_still_until_advanced), T(the_real_clocks_are_plausible), T(times_parse),
    T(offsets_are_taken_off), T(fractions_are_cut_at_the_microsecond),
    T(what_is_no_time_is_refused), T(times_print_with_the_digits_asked_for),
    T(times_beyond_the_calendar_print_its_ends), T(every_day_of_eight_centuries_reads_back),
    T(durations_parse), T(what_is_no_duration_is_refused), T(durations_print_in_whole_seconds),
    T(durations_read_back))
