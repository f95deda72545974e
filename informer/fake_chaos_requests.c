// SPDX-License-Identifier: Apache-2.0
// A minute without trouble behind it has room for the end of a watch, a probe, an audit, and the
// list of three pages that a back-off had put off. A back-off that begins lets through seven
// attempts in its first minute (at 0, 0.8, 2.4, 5.6, 12, 24.8 and 50.4 s at the earliest), some of
// them lists of three pages, and each trouble may have cost one more list. What gets no answer at
// all is tried again by the client itself, ten times with a second between, in each attempt of the
// watcher: attempts last 10 s and begin at 0, 10.8, 22.4, 35.6 and 52 s at the earliest, which
// makes 4 * 11 + 8 requests, and a probe and an audit beside them. Even with the longest back-off
// it is eleven in 40 to 70 s, for as long as the server goes on so. A scripted answer may come
// hours after it was wished for, when the first request is made that it fits: it is trouble at that
// moment. Beyond is a hot loop.
#include "informer/fake_chaos_requests.h"

#include "base/clock.h"

#define CALM_REQUESTS    12
#define BACKOFF_REQUESTS 24 // in a minute with trouble behind it
#define RETRY_REQUESTS   54 // the same for those without an answer
#define TROUBLE_REQUESTS 3
#define TROUBLE_LASTS    (5 * USEC_PER_MIN)

static size_t most_calm, most;

void chaos_trouble(struct chaos_troubles *t)
{
    chaos_check(t->n < CHAOS_TROUBLES, "more troubles than a schedule has steps");
    t->at[t->n++] = clock_mono();
}

static size_t troubles_within(const struct chaos_troubles *t, usec from, usec to)
{
    size_t n = 0;

    for (size_t i = 0; i < t->n; i++)
        n += t->at[i] >= from && t->at[i] <= to;
    return n;
}

// What a moment follows that is not calm.
struct unrest {
    const struct chaos_troubles *troubles;
    usec scripted; // the last scripted answer to a request of the kind; -1: none yet
};

static bool is_of_kind(const struct fake_request *r, const char *plural)
{
    const char *at = strstr(r->url, plural);

    return at && at[-1] == '/' && at[strlen(plural)] == '?';
}

static bool is_of(const struct fake_request *r, const char *plural, bool answered)
{
    return is_of_kind(r, plural) && answered == (r->status != 0);
}

static size_t allowed(bool answered, bool calm, size_t troubles)
{
    size_t own = calm ? CALM_REQUESTS : answered ? BACKOFF_REQUESTS : RETRY_REQUESTS;

    return own + TROUBLE_REQUESTS * troubles;
}

static void check_minute(const struct unrest *u, usec end, size_t requests, bool answered)
{
    size_t troubles = troubles_within(u->troubles, end - TROUBLE_LASTS, end);
    bool scripted = u->scripted >= 0 && u->scripted >= end - TROUBLE_LASTS;
    bool calm = !troubles && !scripted;

    most = MAX(most, requests);
    if (calm)
        most_calm = MAX(most_calm, requests);
    chaos_check(requests <= allowed(answered, calm, troubles),
                "%zu requests of a kind in a minute with %zu troubles%s", requests, troubles,
                scripted ? " and scripted answers" : "");
}

static void check_requests(const struct fake_server *f, const char *plural,
                           const struct chaos_troubles *t, bool answered)
{
    size_t n = fake_server_requests(f), first = 0, requests = 0;
    struct unrest u = { .troubles = t, .scripted = -1 };

    for (size_t i = 0; i < n; i++) {
        const struct fake_request *r = fake_server_request(f, i);

        if (r->scripted && is_of_kind(r, plural))
            u.scripted = r->at;
        if (!is_of(r, plural, answered))
            continue;
        requests++;
        for (; fake_server_request(f, first)->at <= r->at - USEC_PER_MIN; first++)
            requests -= is_of(fake_server_request(f, first), plural, answered);
        check_minute(&u, r->at, requests, answered);
    }
}

void chaos_requests_check(const struct fake_server *f, const char *plural,
                          const struct chaos_troubles *t)
{
    check_requests(f, plural, t, true);
    check_requests(f, plural, t, false);
}

static void count_answer(const struct fake_request *r)
{
    bool watch = strstr(r->url, "watch=true") != NULL;

    chaos_count(CHAOS_GONE, r->status == 410);
    chaos_count(CHAOS_THROTTLED, r->status == 429);
    chaos_count(CHAOS_SERVER_ERROR, r->status >= 500);
    chaos_count(CHAOS_UNAUTHORIZED, r->status == 401);
    chaos_count(CHAOS_FORBIDDEN, r->status == 403);
    chaos_count(CHAOS_REFUSED_LIST, r->status == 422 && strstr(r->url, "sendInitialEvents"));
    chaos_count(CHAOS_REFUSED, r->error == ERR_REFUSED);
    chaos_count(CHAOS_RESET, r->error == ERR_IO);
    chaos_count(CHAOS_TIMED_OUT, r->error == ERR_TIMEOUT);
    chaos_count(CHAOS_EVENT_SENT, r->status == 201 && strstr(r->url, "/events"));
    if (strcmp(r->method, "GET") == 0)
        chaos_count(watch ? CHAOS_WATCH : CHAOS_LIST, 1);
}

void chaos_requests_count(const struct fake_server *f)
{
    for (size_t i = 0; i < fake_server_requests(f); i++)
        count_answer(fake_server_request(f, i));
}

size_t chaos_requests_most(bool calm)
{
    return calm ? most_calm : most;
}
