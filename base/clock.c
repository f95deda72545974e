// SPDX-License-Identifier: Apache-2.0
// Time: the two clocks and the texts of instants and durations. The calendar is computed here
// (proleptic Gregorian, UTC): the C library's functions know time zones and locales, share static
// memory, and do not refuse February 30th.
#include "base/clock.h"

#include <assert.h>
#include <stdatomic.h>

// Atomic, for the worker reads the clock as well.
static _Atomic bool fake;
static _Atomic usec fake_mono, fake_wall;

static usec read_clock(clockid_t id)
{
    struct timespec ts;

    clock_gettime(id, &ts); // cannot fail for these clocks
    return (usec)ts.tv_sec * USEC_PER_SEC + ts.tv_nsec / 1000;
}

usec clock_mono(void)
{
    return fake ? fake_mono : read_clock(CLOCK_BOOTTIME);
}

usec clock_wall(void)
{
    return fake ? fake_wall : read_clock(CLOCK_REALTIME);
}

void clock_fake(usec mono, usec wall)
{
    fake_mono = mono;
    fake_wall = wall;
    fake = true;
}

void clock_fake_advance(usec by)
{
    assert(fake && by >= 0);
    fake_mono += by;
    fake_wall += by;
}

bool clock_is_fake(void)
{
    return fake;
}

void clock_real(void)
{
    fake = false;
}

struct date {
    int year, month, day;
};

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_in_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

// Days from 1970-01-01. Years are counted from March, so that the leap day is a year's last.
static int64_t days_of_date(struct date d)
{
    int64_t year = d.month > 2 ? d.year : d.year - 1;
    int64_t month = (d.month + 9) % 12;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + (month * 153 + 2) / 5 + d.day -
           1 - 719468;
}

static struct date date_of_days(int64_t days)
{
    int64_t n = days + 719468;
    int64_t era = (n >= 0 ? n : n - 146096) / 146097;
    int64_t of_era = n - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (year * 365 + year / 4 - year / 100);
    int64_t month = (of_year * 5 + 2) / 153;
    struct date d = { .day = (int)(of_year - (month * 153 + 2) / 5 + 1) };

    d.month = (int)(month < 10 ? month + 3 : month - 9);
    d.year = (int)(year + era * 400 + (d.month <= 2 ? 1 : 0));
    return d;
}

#define WALL_MIN (-(usec)62167219200 * USEC_PER_SEC) // 0000-01-01T00:00:00Z
#define WALL_MAX                                                                                   \
    ((usec)253402300799 * USEC_PER_SEC + USEC_PER_SEC - 1) // 9999-12-31T23:59:59.999999Z

const char *time_format(usec wall, int digits, char ret[TIME_TEXT_MAX])
{
    usec t = MIN(MAX(wall, WALL_MIN), WALL_MAX);
    int64_t days = t / USEC_PER_DAY - (t % USEC_PER_DAY < 0);
    usec of_day = t - days * USEC_PER_DAY;
    int sec = (int)(of_day / USEC_PER_SEC), micro = (int)(of_day % USEC_PER_SEC);
    struct date d = date_of_days(days);
    char fraction[16] = "", text[64];

    if (digits == 3)
        snprintf(fraction, sizeof(fraction), ".%03d", micro / 1000);
    else if (digits)
        snprintf(fraction, sizeof(fraction), ".%06d", micro);
    snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d%sZ", d.year, d.month, d.day,
             sec / 3600, sec / 60 % 60, sec % 60, fraction);
    return memcpy(ret, text, TIME_TEXT_MAX);
}

// Reads exactly n digits into *ret, which has to be within [low, high].
static bool take_number(struct str *s, size_t n, int low, int high, int *ret)
{
    int v = 0;

    if (s->n < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (s->p[i] < '0' || s->p[i] > '9')
            return false;
        v = v * 10 + (s->p[i] - '0');
    }
    s->p += n;
    s->n -= n;
    *ret = v;
    return v >= low && v <= high;
}

// Reads one character out of `any`; gives it, or '\0'.
static char take_char(struct str *s, const char *any)
{
    char c = s->n ? s->p[0] : '\0';

    if (!c || !strchr(any, c))
        return '\0';
    s->p++;
    s->n--;
    return c;
}

static bool take_date(struct str *s, struct date *ret)
{
    return take_number(s, 4, 0, 9999, &ret->year) && take_char(s, "-") &&
           take_number(s, 2, 1, 12, &ret->month) && take_char(s, "-") &&
           take_number(s, 2, 1, days_in_month(ret->year, ret->month), &ret->day);
}

// Any number of digits; those beyond the microsecond are dropped.
static bool take_fraction(struct str *s, usec *ret)
{
    usec unit = USEC_PER_SEC / 10;
    int digit;

    *ret = 0;
    if (!take_char(s, "."))
        return true;
    if (!take_number(s, 1, 0, 9, &digit))
        return false;
    do {
        *ret += digit * unit;
        unit /= 10;
    } while (take_number(s, 1, 0, 9, &digit));
    return true;
}

static bool take_time_of_day(struct str *s, usec *ret)
{
    int hour, min, sec;
    usec fraction;

    if (!take_number(s, 2, 0, 23, &hour) || !take_char(s, ":") || !take_number(s, 2, 0, 59, &min) ||
        !take_char(s, ":") || !take_number(s, 2, 0, 59, &sec) || !take_fraction(s, &fraction))
        return false;
    *ret = hour * USEC_PER_HOUR + min * USEC_PER_MIN + sec * USEC_PER_SEC + fraction;
    return true;
}

static bool take_offset(struct str *s, usec *ret)
{
    char sign = take_char(s, "Zz+-");
    int hour, min;

    *ret = 0;
    if (sign == 'Z' || sign == 'z')
        return true;
    if (!sign || !take_number(s, 2, 0, 23, &hour) || !take_char(s, ":") ||
        !take_number(s, 2, 0, 59, &min))
        return false;
    *ret = (hour * USEC_PER_HOUR + min * USEC_PER_MIN) * (sign == '-' ? -1 : 1);
    return true;
}

int time_parse(struct str s, usec *ret, struct error *e)
{
    struct str rest = s;
    struct date d;
    usec of_day, offset;

    if (!take_date(&rest, &d) || !take_char(&rest, "Tt") || !take_time_of_day(&rest, &of_day) ||
        !take_offset(&rest, &offset) || rest.n)
        return error_set(e, ERR_INVALID, "'%.*s' is not a time of the form 2026-01-02T03:04:05Z",
                         (int)MIN(s.n, 64), s.p ? s.p : "");
    *ret = days_of_date(d) * USEC_PER_DAY + of_day - offset;
    return 0;
}

static usec unit_of(char c)
{
    switch (c) {
    case 'd':
        return USEC_PER_DAY;
    case 'h':
        return USEC_PER_HOUR;
    case 'm':
        return USEC_PER_MIN;
    case 's':
        return USEC_PER_SEC;
    default:
        return 0;
    }
}

// One "<digits><unit>" from the front of s, added to *sum; seen has a bit per unit.
static bool take_part(struct str *s, unsigned *seen, usec *sum)
{
    struct str digits = { s->p, 0 };
    int64_t v;
    usec unit;
    unsigned bit;

    while (digits.n < s->n && s->p[digits.n] >= '0' && s->p[digits.n] <= '9')
        digits.n++;
    if (digits.n == s->n || str_i64(digits, &v) < 0)
        return false;
    unit = unit_of(s->p[digits.n]);
    bit = 1u << (s->p[digits.n] & 31);
    if (!unit || (*seen & bit))
        return false;
    *seen |= bit;
    s->p += digits.n + 1;
    s->n -= digits.n + 1;
    return !__builtin_mul_overflow(v, unit, &v) && !__builtin_add_overflow(*sum, v, sum);
}

int duration_parse(struct str s, usec *ret, struct error *e)
{
    struct str rest = s;
    unsigned seen = 0;
    usec sum = 0;
    bool ok = s.n > 0;

    while (ok && rest.n)
        ok = take_part(&rest, &seen, &sum);
    if (!ok || (!sum && !str_eq(s, "0s")))
        return error_set(e, ERR_INVALID, "'%.*s' is not a duration such as 90s, 1h30m or 2d",
                         (int)MIN(s.n, 64), s.p ? s.p : "");
    *ret = sum;
    return 0;
}

const char *duration_format(usec d, char ret[TIME_TEXT_MAX])
{
    static const char names[] = "dhms";
    uint64_t left = (d < 0 ? -(uint64_t)d : (uint64_t)d) / (uint64_t)USEC_PER_SEC;
    size_t n = 0;

    if (!left) {
        memcpy(ret, "0s", 3);
        return ret;
    }
    if (d < 0)
        ret[n++] = '-';
    for (const char *u = names; *u; u++) {
        uint64_t unit = (uint64_t)(unit_of(*u) / USEC_PER_SEC);

        if (left >= unit)
            n += (size_t)snprintf(ret + n, TIME_TEXT_MAX - n, "%" PRIu64 "%c", left / unit, *u);
        left %= unit;
    }
    return ret;
}
