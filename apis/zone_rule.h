// SPDX-License-Identifier: Apache-2.0
// The rule at the end of a TZif file, for times after its table: a POSIX TZ string
// ("CET-1CEST,M3.5.0,M10.5.0/3").
#pragma once

#include "base/base.h"
#include "base/str.h"

enum zone_day { ZONE_MONTH_WEEK_DAY, ZONE_JULIAN, ZONE_DAY_OF_YEAR };

struct zone_change {
    enum zone_day how;
    int month, week, day; // Mm.w.d; day alone for the other forms
    int32_t seconds;      // local time of the change
};

struct zone_rule {
    bool dst;                      // two offsets
    int32_t standard, summer;      // seconds east of UTC
    struct zone_change start, end; // of summer time
};

bool zone_rule_parse(struct str s, struct zone_rule *ret);
int32_t zone_rule_offset(const struct zone_rule *r, int64_t utc_seconds);

// Days since 1970-01-01 of a date of the Gregorian calendar, and back.
int64_t days_of(int64_t year, int month, int day);
void date_of(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day);
