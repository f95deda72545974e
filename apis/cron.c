// SPDX-License-Identifier: Apache-2.0
// Schedules. The next time is found in two steps: days are tested as dates, which is cheap, and
// only within a day that matches are its minutes turned into local time one by one. So no rule
// about clock changes is needed: a minute that the local clock skips is never seen, and one that it
// shows twice is seen twice.
#include "apis/cron.h"

#include "apis/zone_rule.h"
#include "base/clock.h"

#define DAY        86400
#define DAYS_AHEAD (9 * 366) // 29 February may be eight years away (2096 to 2104)
#define NONE       INT64_MAX
#define YEAR_9999  (253402300800 * USEC_PER_SEC) // no time of ours is later

struct field {
    const char *name;
    int min, max;
    const char *words; // of value min on, comma separated; NULL: numbers only
};

static const struct field fields[] = {
    {"minute",        0, 59, NULL                                             },
    { "hour",         0, 23, NULL                                             },
    { "day of month", 1, 31, NULL                                             },
    { "month",        1, 12, "jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec"},
    { "day of week",  0, 7,  "sun,mon,tue,wed,thu,fri,sat"                    },
};

static int read_value(const struct field *f, struct str s, int *ret)
{
    int64_t v;
    if (s.n && s.n <= 2 && !str_i64(s, &v) && s.p[0] != '-' && s.p[0] != '+') {
        *ret = (int)v;
        return v >= f->min && v <= f->max ? 0 : -1;
    }
    struct str rest = str_of(f->words), word;
    for (int i = f->min; str_split(&rest, ',', &word); i++) {
        if (word.n == s.n && strncasecmp(word.p, s.p, s.n) == 0) {
            *ret = i;
            return 0;
        }
    }
    return -1;
}

// One entry of a list: *, a, a-b, each with /step; a/step runs to the end.
static int read_entry(const struct field *f, struct str s, uint64_t *bits)
{
    struct str rest = s, range, step_text = { NULL, 0 }, low_text;
    if (!str_split(&rest, '/', &range))
        return -1;
    bool stepped = range.n < s.n;
    if (stepped)
        step_text = rest;
    int64_t step = 1;
    if (stepped && (str_i64(step_text, &step) || step < 1 || step > 1000))
        return -1;
    int low = f->min, high = f->max;
    if (str_eq(range, "*") || str_eq(range, "?")) {
        high -= high == 7; // Sunday once
    } else {
        rest = range;
        if (!str_split(&rest, '-', &low_text) || read_value(f, low_text, &low))
            return -1;
        bool ranged = low_text.n < range.n;
        if (ranged && read_value(f, rest, &high))
            return -1;
        if (!ranged && !stepped)
            high = low;
        if (low > high)
            return -1;
    }
    for (int64_t v = low; v <= high; v += step)
        *bits |= 1ull << v;
    return 0;
}

static int read_field(const struct field *f, struct str s, uint64_t *ret, struct error *e)
{
    struct str rest = s, entry;
    uint64_t bits = 0;
    bool ends_in_comma = s.n && s.p[s.n - 1] == ',';
    while (!ends_in_comma && str_split(&rest, ',', &entry)) {
        if (read_entry(f, entry, &bits)) {
            ends_in_comma = true;
            break;
        }
    }
    if (ends_in_comma || !bits)
        return error_set(e, ERR_INVALID, "schedule: '%.*s' is no %s", (int)MIN(s.n, 64),
                         s.n ? s.p : "", f->name);
    *ret = bits;
    return 0;
}

static bool next_word(struct str *s, struct str *ret)
{
    *s = str_trim(*s);
    size_t n = 0;
    while (n < s->n && s->p[n] != ' ' && s->p[n] != '\t')
        n++;
    *ret = (struct str){ s->p, n };
    s->p += n;
    s->n -= n;
    return n > 0;
}

static bool is_star(struct str s)
{
    return s.n && (s.p[0] == '*' || s.p[0] == '?');
}

// Is there any date that has such a day? Weekdays come in every month.
static bool can_come(const struct cron *c)
{
    static const int longest[] = { 0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    if (!c->any_weekday && !c->any_day)
        return true;
    for (int m = 1; m <= 12; m++) {
        for (int d = 1; d <= longest[m] && c->months >> m & 1; d++) {
            if (c->days >> d & 1)
                return true;
        }
    }
    return false;
}

static int read_fields(struct str s, struct cron *c, struct error *e)
{
    uint64_t bits[ARRAY_SIZE(fields)] = { 0 };
    struct str rest = s, word;
    size_t n = 0;
    while (next_word(&rest, &word)) {
        if (n == ARRAY_SIZE(fields))
            return error_set(e, ERR_INVALID, "schedule: more than five fields");
        if (read_field(&fields[n], word, &bits[n], e))
            return -1;
        c->any_day |= n == 2 && is_star(word);
        c->any_weekday |= n == 4 && is_star(word);
        n++;
    }
    if (n < ARRAY_SIZE(fields))
        return error_set(e, ERR_INVALID, "schedule: %zu fields, five are needed", n);
    c->minutes = bits[0];
    c->hours = (uint32_t)bits[1];
    c->days = (uint32_t)bits[2];
    c->months = (uint32_t)bits[3];
    c->weekdays = (uint8_t)((bits[4] & 127) | (bits[4] >> 7 & 1));
    if (!can_come(c))
        return error_set(e, ERR_INVALID, "schedule: no such date ever comes");
    return 0;
}

static int read_word(struct str s, struct cron *c, struct error *e)
{
    static const char *const words[][2] = {
        {"@hourly",    "0 * * * *"},
        { "@daily",    "0 0 * * *"},
        { "@midnight", "0 0 * * *"},
        { "@weekly",   "0 0 * * 0"},
        { "@monthly",  "0 0 1 * *"},
        { "@yearly",   "0 0 1 1 *"},
        { "@annually", "0 0 1 1 *"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (str_eq(s, words[i][0]))
            return read_fields(str_of(words[i][1]), c, e);
    }
    if (s.n > 7 && memcmp(s.p, "@every ", 7) == 0) {
        if (duration_parse(str_trim((struct str){ s.p + 7, s.n - 7 }), &c->every, e))
            return error_wrap(e, "schedule");
        if (c->every < CRON_EVERY_MIN)
            return error_set(e, ERR_INVALID, "schedule: @every needs at least 1m");
        return 0;
    }
    return error_set(e, ERR_INVALID, "schedule: unknown word '%.*s'", (int)MIN(s.n, 64), s.p);
}

int cron_parse(struct str s, struct cron *ret, struct error *e)
{
    struct cron c = { 0 };
    s = str_trim(s);
    if (s.n > 4 && (memcmp(s.p, "TZ=", 3) == 0 || memcmp(s.p, "CRON", 4) == 0))
        return error_set(e, ERR_INVALID, "schedule: the time zone belongs into timeZone");
    if (s.n && s.p[0] == '@' ? read_word(s, &c, e) : read_fields(s, &c, e))
        return -1;
    *ret = c;
    return 0;
}

static bool day_matches(const struct cron *c, int64_t days)
{
    int64_t year;
    int month, day;
    date_of(days, &year, &month, &day);
    if (!(c->months >> month & 1))
        return false;
    bool in_month = c->days >> day & 1;
    bool in_week = c->weekdays >> (((days + 4) % 7 + 7) % 7) & 1;
    return c->any_day || c->any_weekday ? in_month && in_week : in_month || in_week;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

// First matching minute of the local day at or after `from` (UTC seconds, whole minutes), or NONE.
static int64_t minute_in_day(const struct cron *c, const struct zone *zone, int64_t day,
                             int64_t from)
{
    int64_t start = day * DAY - zone_offset(zone, day * DAY);
    int64_t t = MAX(from, start - 4 * 3600), end = start + DAY + 4 * 3600;
    for (t = floor_div(t, 60) * 60; t < end; t += 60) {
        int64_t local = t + zone_offset(zone, t);
        if (t < from || floor_div(local, DAY) != day)
            continue;
        int64_t minute = floor_div(local, 60) - day * (DAY / 60);
        if (c->hours >> (minute / 60) & 1 && c->minutes >> (minute % 60) & 1)
            return t;
    }
    return NONE;
}

usec cron_next(const struct cron *c, const struct zone *zone, usec after)
{
    if (after > YEAR_9999 || after < -YEAR_9999)
        return USEC_NEVER;
    if (c->every)
        return after + MIN(c->every, YEAR_9999);
    int64_t from = (floor_div(after, USEC_PER_MIN) + 1) * 60;
    int64_t first = floor_div(from + zone_offset(zone, from), DAY);
    for (int64_t day = first; day <= first + DAYS_AHEAD; day++) {
        if (!day_matches(c, day))
            continue;
        int64_t t = minute_in_day(c, zone, day, from);
        if (t != NONE)
            return t * USEC_PER_SEC;
    }
    return USEC_NEVER;
}
