// SPDX-License-Identifier: Apache-2.0
// When runs start: cron in a time zone, or @every with a duration. Pure: the clock is an argument.
#pragma once

#include "base/base.h"
#include "base/error.h"

struct schedule;

#define SCHEDULE_MIN_INTERVAL USEC_PER_MIN

// INVALID says what would be right. zone: IANA name; NULL or "" is UTC.
struct schedule *schedule_new(const char *text, const char *zone, struct error *e);
void schedule_free(struct schedule *s); // NULL ok

usec schedule_next(const struct schedule *s,
                   usec after); // first time later than `after`; USEC_NEVER if there is none
usec schedule_interval(const struct schedule *s,
                       usec now); // the gap between the next two times; 0 if there is none
bool schedule_is_every(const struct schedule *s);

struct schedule_decision {
    bool due;
    usec at;   // due: the scheduled time that is to run now (missed ones collapsed into the newest)
    usec next; // the next time after now; USEC_NEVER
    bool skipped; // a time was missed by more than the deadline and is left out
};
// last: the last scheduled time that was acted on, 0 = never (then the first run is due at once).
// deadline: how late a missed time may still start, 0 = however late.
struct schedule_decision schedule_decide(const struct schedule *s, usec last, usec deadline,
                                         usec now);
