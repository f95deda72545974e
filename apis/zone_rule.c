// SPDX-License-Identifier: Apache-2.0
// POSIX TZ strings, as TZif files end with them. Also the two conversions between dates and days
// that time zones need.
#include "apis/zone_rule.h"

#include <ctype.h>

#define DAY 86400

// The year is taken to begin in March, so that the leap day is its last.
int64_t days_of(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void date_of(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t of_era = days - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t m = (5 * of_year + 2) / 153;
    *ret_day = (int)(of_year - (153 * m + 2) / 5 + 1);
    *ret_month = (int)(m < 10 ? m + 3 : m - 9);
    *ret_year = year + era * 400 + (*ret_month <= 2);
}

static bool take_char(struct str *s, char c)
{
    if (!s->n || s->p[0] != c)
        return false;
    s->p++;
    s->n--;
    return true;
}

static bool take_number(struct str *s, int max, int *ret)
{
    int v = 0;
    size_t i = 0;
    for (; i < s->n && i < 4 && isdigit((unsigned char)s->p[i]); i++)
        v = v * 10 + (s->p[i] - '0');
    s->p += i;
    s->n -= i;
    *ret = v;
    return i > 0 && v <= max;
}

// Letters, or anything but '>' between '<' and '>'.
static bool take_name(struct str *s)
{
    size_t n = 0;
    if (take_char(s, '<')) {
        while (n < s->n && s->p[n] != '>')
            n++;
        s->p += n;
        s->n -= n;
        return n > 0 && take_char(s, '>');
    }
    while (n < s->n && isalpha((unsigned char)s->p[n]))
        n++;
    s->p += n;
    s->n -= n;
    return n > 0;
}

// [+-]hh[:mm[:ss]], up to 167 hours.
static bool take_time(struct str *s, int32_t *ret)
{
    bool minus = take_char(s, '-');
    int h, m = 0, sec = 0;
    if (!minus)
        take_char(s, '+');
    if (!take_number(s, 167, &h))
        return false;
    if (take_char(s, ':')) {
        if (!take_number(s, 59, &m))
            return false;
        if (take_char(s, ':') && !take_number(s, 59, &sec))
            return false;
    }
    int32_t v = h * 3600 + m * 60 + sec;
    *ret = minus ? -v : v;
    return true;
}

static bool take_change(struct str *s, struct zone_change *c)
{
    *c = (struct zone_change){ .seconds = 7200 };
    if (!take_char(s, ','))
        return false;
    if (take_char(s, 'M')) {
        c->how = ZONE_MONTH_WEEK_DAY;
        if (!take_number(s, 12, &c->month) || !take_char(s, '.') || !take_number(s, 5, &c->week) ||
            !take_char(s, '.') || !take_number(s, 6, &c->day) || !c->month || !c->week)
            return false;
    } else {
        c->how = take_char(s, 'J') ? ZONE_JULIAN : ZONE_DAY_OF_YEAR;
        if (!take_number(s, 365, &c->day) || (c->how == ZONE_JULIAN && !c->day))
            return false;
    }
    return !take_char(s, '/') || take_time(s, &c->seconds);
}

bool zone_rule_parse(struct str s, struct zone_rule *ret)
{
    struct zone_rule r = { 0 };
    int32_t west;
    if (!take_name(&s) || !take_time(&s, &west))
        return false;
    r.standard = r.summer = -west;
    if (s.n) {
        r.dst = true;
        if (!take_name(&s))
            return false;
        r.summer = r.standard + 3600;
        if (s.n && s.p[0] != ',') {
            if (!take_time(&s, &west))
                return false;
            r.summer = -west;
        }
        if (!take_change(&s, &r.start) || !take_change(&s, &r.end))
            return false;
    }
    *ret = r;
    return !s.n;
}

static bool is_leap(int64_t y)
{
    return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

// Local seconds since 1970 of the change in that year.
static int64_t change_in(const struct zone_change *c, int64_t year)
{
    int64_t first = days_of(year, 1, 1), day;
    switch (c->how) {
    case ZONE_JULIAN: // 29 February does not count
        day = first + c->day - 1 + (is_leap(year) && c->day >= 60);
        break;
    case ZONE_DAY_OF_YEAR:
        day = first + c->day;
        break;
    default:
        first = days_of(year, c->month, 1);
        day = first + (c->day - ((first + 4) % 7 + 7) % 7 + 7) % 7 + (int64_t)(c->week - 1) * 7;
        int64_t next = c->month == 12 ? days_of(year + 1, 1, 1) : days_of(year, c->month + 1, 1);
        while (day >= next)
            day -= 7;
    }
    return day * DAY + c->seconds;
}

int32_t zone_rule_offset(const struct zone_rule *r, int64_t utc)
{
    if (!r->dst)
        return r->standard;
    int64_t local = utc + r->standard, year;
    int64_t days = local / DAY - (local % DAY < 0);
    int month, day;
    date_of(days, &year, &month, &day);
    int64_t start = change_in(&r->start, year) - r->standard;
    int64_t end = change_in(&r->end, year) - r->summer;
    bool summer = start < end ? utc >= start && utc < end : utc >= start || utc < end;
    return summer ? r->summer : r->standard;
}
