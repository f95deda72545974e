// SPDX-License-Identifier: Apache-2.0
// A time and a schedule. The next time is the first one after it that the fields allow, judged by
// the calendar of the C library.
#include "apis/cron.h"

#include <assert.h>
#include <time.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define YEAR_9990 (253000000000 * USEC_PER_SEC)

static bool allowed(const struct cron *c, usec at)
{
    time_t seconds = at / USEC_PER_SEC;
    struct tm t;
    bool day, weekday;

    gmtime_r(&seconds, &t);
    day = c->days >> t.tm_mday & 1;
    weekday = c->weekdays >> t.tm_wday & 1;
    if (!(c->months >> (t.tm_mon + 1) & 1) || !(c->hours >> t.tm_hour & 1) ||
        !(c->minutes >> t.tm_min & 1))
        return false;
    return c->any_day || c->any_weekday ? day && weekday : day || weekday;
}

// Nothing between the two; a few thousand minutes of it are looked at.
static void check_first(const struct cron *c, usec after, usec next)
{
    usec t = after - after % USEC_PER_MIN + USEC_PER_MIN;

    for (int i = 0; i < 3000 && t < next; i++, t += USEC_PER_MIN)
        assert(!allowed(c, t));
}

static void check_next(const struct cron *c, usec after)
{
    usec next = cron_next(c, NULL, after);

    assert(next > after || after >= USEC_NEVER);
    if (next == USEC_NEVER)
        return;
    if (c->every) {
        assert(next - after == c->every || c->every > YEAR_9990);
        return;
    }
    assert(next % USEC_PER_MIN == 0);
    if (after < 0 || after > YEAR_9990)
        return;
    assert(cron_next(c, NULL, next - 1) == next);
    assert(allowed(c, next));
    check_first(c, after, next);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cron c;
    usec after = 0;

    if (size < sizeof(after))
        return 0;
    memcpy(&after, data, sizeof(after));
    if (cron_parse((struct str){ (const char *)data + sizeof(after), size - sizeof(after) }, &c,
                   NULL) < 0)
        return 0;
    check_next(&c, after);
    check_next(&c, (usec)((uint64_t)after % (uint64_t)YEAR_9990)); // a time that occurs
    return 0;
}
