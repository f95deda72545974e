// SPDX-License-Identifier: Apache-2.0
// The only source of time. Tests replace it, so nothing else may call clock_gettime or time.
#pragma once

#include "base/base.h"
#include "base/error.h"
#include "base/str.h"

usec clock_mono(void); // CLOCK_BOOTTIME: counts through suspend, never goes back
usec clock_wall(void); // since the Unix epoch

void clock_fake(usec mono, usec wall); // tests: both clocks stand still from now on
void clock_fake_advance(usec by);
bool clock_is_fake(void);
void clock_real(void);

#define TIME_TEXT_MAX 40
// RFC 3339 UTC. digits: 0 ("2026-01-02T03:04:05Z", metav1.Time), 3 (CLI documents) or 6
// (MicroTime).
const char *time_format(usec wall, int digits, char ret[TIME_TEXT_MAX]);
// RFC 3339 with any offset and fraction; real calendar dates only.
int must_check time_parse(struct str s, usec *ret, struct error *e);
// "90s", "1h30m", "2d" (units d h m s, each at most once, descending not required, sum > 0 unless
// "0s").
int must_check duration_parse(struct str s, usec *ret, struct error *e);
const char *duration_format(usec d, char ret[TIME_TEXT_MAX]); // "1h30m", "0s"; whole seconds
