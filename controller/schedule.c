// SPDX-License-Identifier: Apache-2.0
// Times that were missed collapse into the newest one, as a CronJob's would; which one that is must
// not cost a step per missed minute, so the search starts close to now and widens.
#include "controller/schedule.h"

#include "apis/cron.h"
#include "base/alloc.h"

struct schedule {
    struct cron cron;
    struct zone *zone;
};

struct schedule *schedule_new(const char *text, const char *zone, struct error *e)
{
    struct schedule *s = xcalloc(1, sizeof(*s));

    if (cron_parse(str_of(text), &s->cron, e) == 0 && zone_load(zone ? zone : "", &s->zone, e) == 0)
        return s;
    schedule_free(s);
    return NULL;
}

void schedule_free(struct schedule *s)
{
    if (!s)
        return;
    zone_free(s->zone);
    free(s);
}

usec schedule_next(const struct schedule *s, usec after)
{
    return cron_next(&s->cron, s->zone, after);
}

usec schedule_interval(const struct schedule *s, usec now)
{
    usec first, second;

    if (s->cron.every)
        return s->cron.every;
    first = schedule_next(s, now);
    second = first == USEC_NEVER ? USEC_NEVER : schedule_next(s, first);
    return second == USEC_NEVER ? 0 : second - first;
}

bool schedule_is_every(const struct schedule *s)
{
    return s->cron.every != 0;
}

// The newest time in (last, now]; there is one.
static usec newest(const struct schedule *s, usec last, usec now)
{
    usec at, start = last;

    if (s->cron.every)
        return last + (now - last) / s->cron.every * s->cron.every;
    for (usec window = USEC_PER_HOUR; window < now - last; window *= 8) {
        if (schedule_next(s, now - window) <= now) {
            start = now - window;
            break;
        }
    }
    at = schedule_next(s, start);
    for (usec t = at; t <= now; t = schedule_next(s, t))
        at = t;
    return at;
}

struct schedule_decision schedule_decide(const struct schedule *s, usec last, usec deadline,
                                         usec now)
{
    struct schedule_decision d = { .next = USEC_NEVER };

    if (last == 0) {
        d.due = true;
        d.at = now;
        d.next = schedule_next(s, now);
        return d;
    }
    if (last > now) // the clock was set back a little: not the same time twice
        last = now;
    d.next = schedule_next(s, last);
    if (d.next > now)
        return d;
    d.at = newest(s, last, now);
    d.skipped = deadline > 0 && now - d.at > deadline;
    d.due = !d.skipped;
    d.next = schedule_next(s, s->cron.every ? d.at : now);
    return d;
}
