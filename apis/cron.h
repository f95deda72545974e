// SPDX-License-Identifier: Apache-2.0
// Schedules: five cron fields (names, ranges, steps, lists), @hourly @daily @midnight @weekly
// @monthly @yearly @annually, and
// "@every 6h". Days match as in CronJob: with both day fields given either suffices. Across a
// change of the clock a local time that does not exist is left out and one that comes twice matches
// twice, as in CronJob. Any thread.
#pragma once

#include "apis/zone.h"
#include "base/base.h"
#include "base/error.h"
#include "base/str.h"

struct cron {
    uint64_t minutes;
    uint32_t hours, days, months; // bit n: value n
    uint8_t weekdays;             // bit 0: Sunday
    bool any_day, any_weekday;    // the field is *
    usec every;                   // @every; else 0
};

#define CRON_EVERY_MIN USEC_PER_MIN // shorter is refused

int must_check cron_parse(struct str s, struct cron *ret,
                          struct error *e); // also refuses what can never come (30 February)
// First time after `after`. zone NULL: UTC. @every: after + interval. USEC_NEVER: none in the next
// nine years.
usec cron_next(const struct cron *c, const struct zone *zone, usec after);
