// SPDX-License-Identifier: Apache-2.0
// The life of calls: many at once, and everything that a callback is allowed to do to them.
#include "base/alloc.h"
#include "base/clock.h"
#include "base/fake_http.h"
#include "base/http_call.h"
#include "base/test.h"

static void assert_body(const struct fake_call *r, const char *text)
{
    assert_int_equal(r->e.code, ERR_NONE);
    assert_string_equal(r->body.n ? r->body.p : "", text);
}

static void assert_error(const struct fake_call *r, enum err code, const char *part)
{
    if (r->e.code != code || !strstr(r->e.text, part))
        fail_msg("want %s with '%s', have %s: %s", err_name(code), part, err_name(r->e.code),
                 r->e.text);
}

static const struct fake_step small[] = {
    { .text = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" }, { 0 }
};

static void many_calls_run_at_once(void **state)
{
    struct fake_http *v = fake_http_begin();
    struct http_request req = fake_http_get(v);

    (void)state;
    fake_http_script(v, small);
    for (size_t i = 0; i < FAKE_CALLS_MAX; i++)
        fake_http_start(v, i, &req, &fake_http_gathered);
    for (size_t i = 0; i < FAKE_CALLS_MAX; i++) {
        fake_http_finish(v, &v->r[i]);
        assert_body(&v->r[i], "hello");
    }
    fake_http_end(v);
}

// Cancelling, starting and freeing inside callbacks.

static char hook_where;

static void cancel_self(struct fake_call *r)
{
    if (r->where == hook_where)
        http_cancel(r->env->t, r->call);
}

static void a_call_cancelled_in_its_own_callback_is_silent_from_then_on(void **state)
{
    static const struct fake_step script[] = {
        { .text = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello" }, { .text = "again" }, { 0 }
    };

    (void)state;
    for (const char *where = "hd"; *where; where++) {
        struct fake_http *v = fake_http_begin();
        struct http_request req = fake_http_get(v);

        hook_where = *where;
        fake_http_script(v, script);
        v->r[0].hook = cancel_self;
        fake_http_start(v, 0, &req, &fake_http_streamed);
        fake_http_start(v, 1, &req, &fake_http_streamed);
        fake_http_finish(v, &v->r[1]);
        for (int i = 0; i < 5; i++)
            fake_http_turn(v, USEC_PER_MSEC);
        assert_int_equal(v->r[0].done, 0);
        assert_int_equal(v->r[0].where, *where);
        assert_int_equal(v->r[0].pieces, *where == 'd');
        fake_http_end(v);
    }
}

static void cancel_others(struct fake_call *r)
{
    if (r->where != hook_where)
        return;
    for (size_t i = 0; i < 10; i++)
        if (&r->env->r[i] != r && r->env->r[i].call) {
            http_cancel(r->env->t, r->env->r[i].call);
            r->env->r[i].call = NULL;
        }
}

static void any_callback_may_cancel_all_other_calls(void **state)
{
    (void)state;
    for (const char *where = "hdD"; *where; where++) {
        struct fake_http *v = fake_http_begin();
        struct http_request req = fake_http_get(v);
        int done = 0;

        hook_where = *where;
        fake_http_script(v, small);
        for (size_t i = 0; i < 10; i++) {
            v->r[i].hook = cancel_others;
            fake_http_start(v, i, &req, &fake_http_streamed);
        }
        for (int i = 0; i < 50; i++)
            fake_http_turn(v, USEC_PER_MSEC);
        for (size_t i = 0; i < 10; i++)
            done += v->r[i].done;
        assert_true(done >= 1);
        assert_true(done < 10);
        fake_http_end(v);
    }
}

static void cancel_opener(struct fake_call *r)
{
    if (r->where == 'd' && r->pieces == 2)
        http_cancel(r->env->t, r->env->r[0].call);
}

// The opener waits for a TLS handshake that never comes. That the plain call's connection is to the
// same place keeps libcurl from letting the third call wait by itself.
static void calls_that_wait_go_on_when_their_opener_is_cancelled_in_a_callback(void **state)
{
    static const struct fake_step script[] = {
        {.text = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"},
        { .after = USEC_PER_SEC,                                       .text = "again" },
        { 0                                                          }
    };
    struct fake_http *v = fake_http_begin();
    struct http_request req = fake_http_get(v), tls = req;
    autofree char *url = xasprintf("https://127.0.0.1:%d/", v->peer.port);

    (void)state;
    tls.url = url;
    fake_http_script(v, script);
    v->r[2].hook = cancel_opener;
    fake_http_start(v, 2, &req, &fake_http_streamed);
    while (!v->r[2].pieces)
        fake_http_turn(v, USEC_PER_MSEC);
    fake_http_start(v, 0, &tls, &fake_http_streamed);
    fake_http_start(v, 1, &tls, &fake_http_streamed);
    while (!v->r[1].call->held || v->r[1].call->added)
        fake_http_turn(v, USEC_PER_MSEC);
    assert_int_equal(http_curl_stats(v->t).connections, 2);
    fake_http_finish(v, &v->r[2]);
    for (int i = 0; i < 20; i++)
        fake_http_turn(v, USEC_PER_MSEC);
    assert_int_equal(v->r[0].done + v->r[1].done, 0);
    assert_int_equal(http_curl_stats(v->t).connections, 3); // of the one that waited
    fake_http_end(v);
}

static void start_another(struct fake_call *r)
{
    struct http_request req = fake_http_get(r->env);

    if (r->where != hook_where || r->env->r[1].call)
        return;
    fake_http_start(r->env, 1, &req, &fake_http_streamed);
}

static void any_callback_may_start_a_call(void **state)
{
    (void)state;
    for (const char *where = "hdD"; *where; where++) {
        struct fake_http *v = fake_http_begin();
        struct http_request req = fake_http_get(v);

        hook_where = *where;
        fake_http_script(v, small);
        v->r[0].hook = start_another;
        fake_http_start(v, 0, &req, &fake_http_streamed);
        fake_http_finish(v, &v->r[0]);
        fake_http_finish(v, &v->r[1]);
        assert_body(&v->r[1], "hello");
        fake_http_end(v);
    }
}

static void free_transport(struct fake_call *r)
{
    if (r->where != hook_where || !r->env->t)
        return;
    transport_free(r->env->t);
    r->env->t = NULL;
}

static void any_callback_may_free_the_transport(void **state)
{
    (void)state;
    for (const char *where = "hdD"; *where; where++) {
        struct fake_http *v = fake_http_begin();
        struct http_request req = fake_http_get(v);

        hook_where = *where;
        fake_http_script(v, small);
        for (size_t i = 0; i < 3; i++) {
            v->r[i].hook = free_transport;
            fake_http_start(v, i, &req, &fake_http_streamed);
        }
        for (int i = 0; i < 20; i++)
            fake_http_turn(v, USEC_PER_MSEC);
        assert_int_equal(v->r[0].done + v->r[1].done + v->r[2].done, *where == 'D');
        fake_http_end(v);
    }
}

static void new_tls(struct fake_call *r)
{
    struct http_tls tls = { .insecure = true };
    struct error e;

    if (r->where != hook_where || r->data_answer)
        return;
    r->data_answer = r->where == 'd' ? 0 : 1; // once
    assert_int_equal(http_curl_set_tls(r->env->t, &tls, true, &e), 0);
    r->hook = NULL;
}

static void new_credentials_in_a_callback_end_running_calls_and_serve_later_ones(void **state)
{
    static const struct fake_step script[] = {
        { .text = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello" }, { 0 }
    };

    (void)state;
    for (const char *where = "hd"; *where; where++) {
        struct fake_http *v = fake_http_begin();
        struct http_request req = fake_http_get(v);

        hook_where = *where;
        fake_http_script(v, script);
        fake_http_script(v, script);
        fake_http_script(v, small);
        fake_http_start(v, 1, &req, &fake_http_streamed);
        while (!v->r[1].pieces)
            fake_http_turn(v, USEC_PER_SEC);
        v->r[0].hook = new_tls;
        fake_http_start(v, 0, &req, &fake_http_streamed);
        fake_http_finish(v, &v->r[0]);
        fake_http_finish(v, &v->r[1]);
        assert_error(&v->r[0], ERR_UNAVAILABLE, "new TLS credentials");
        assert_error(&v->r[1], ERR_UNAVAILABLE, "new TLS credentials");
        fake_http_start(v, 2, &req, &fake_http_streamed);
        fake_http_finish(v, &v->r[2]);
        assert_body(&v->r[2], "hello");
        fake_http_end(v);
    }
}

static void new_credentials_leave_running_calls_alone_unless_asked(void **state)
{
    static const struct fake_step script[] = {
        {.text = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"},
        { .after = 5 * USEC_PER_MSEC,                                  .text = "again" },
        { 0                                                          }
    };
    struct fake_http *v = fake_http_begin();
    struct http_request req = fake_http_get(v);
    struct http_tls tls = { 0 };
    struct error e;

    (void)state;
    fake_http_script(v, script);
    fake_http_script(v, small);
    fake_http_start(v, 0, &req, &fake_http_streamed);
    while (!v->r[0].pieces)
        fake_http_turn(v, USEC_PER_SEC);
    assert_int_equal(http_curl_set_tls(v->t, &tls, false, &e), 0);
    fake_http_finish(v, &v->r[0]);
    assert_body(&v->r[0], "helloagain");
    fake_http_start(v, 1, &req, &fake_http_streamed);
    fake_http_finish(v, &v->r[1]);
    assert_body(&v->r[1], "hello");
    assert_int_equal(v->peer.conns_n, 2); // the old one is not used again
    fake_http_end(v);
}

static void a_call_cancelled_before_its_first_turn_sends_nothing(void **state)
{
    struct fake_http *v = fake_http_begin();
    struct http_request req = fake_http_get(v);

    (void)state;
    fake_http_script(v, small);
    fake_http_start(v, 0, &req, &fake_http_gathered);
    http_cancel(v->t, v->r[0].call);
    http_cancel(v->t, NULL);
    for (int i = 0; i < 5; i++)
        fake_http_turn(v, USEC_PER_MSEC);
    assert_int_equal(v->r[0].done, 0);
    assert_int_equal(v->peer.requests, 0);
    fake_http_end(v);
}

static void free_of(void *arg)
{
    struct fake_http *v = arg;

    transport_free(v->t);
    v->t = NULL;
}

static void freeing_with_calls_on_their_way_is_silent(void **state)
{
    struct fake_http *v = fake_http_begin();
    struct http_request req = fake_http_get(v), bad = { .method = "GET", .url = "x:" };
    struct http_request slow = { .method = "GET", .url = "http://no-such-host.invalid/" };

    (void)state;
    fake_http_script(v, small);
    fake_http_start(v, 0, &req, &fake_http_gathered);
    fake_http_start(v, 1, &bad, &fake_http_gathered);
    fake_http_start(v, 2, &slow, &fake_http_gathered);
    loop_post(v->l, free_of, v); // before the timer that tells of the bad URL
    for (int i = 0; i < 5; i++)
        fake_http_turn(v, USEC_PER_MSEC);
    assert_int_equal(v->r[0].done + v->r[1].done + v->r[2].done, 0);
    fake_http_end(v);
}

// A small generator: the same steps in each run.
static uint32_t next_random(uint32_t *x)
{
    *x = *x * 1664525u + 1013904223u;
    return *x >> 8;
}

static const struct fake_step cut[] = {
    {.text = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", .close = true}
};
static const struct fake_step slow[] = {
    {.after = USEC_PER_MSEC,  .text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" },
    { .after = USEC_PER_MSEC,                      .text = "3\r\nabc\r\n" },
    { .after = USEC_PER_MSEC,.text = "0\r\n\r\n" },
    { 0}
};

struct mix {
    struct fake_http *v;
    uint32_t x;
    size_t started, cancelled;
    bool off[FAKE_CALLS_MAX]; // cancelled, or nothing there
};

static struct mix *mix; // for the hook

static void mix_hook(struct fake_call *r)
{
    size_t me = (size_t)(r - r->env->r), other = next_random(&mix->x) % FAKE_CALLS_MAX;

    assert_false(mix->off[me]);
    if (r->where == 'D')
        mix->off[me] = true;
    if (next_random(&mix->x) % 4 || mix->off[other])
        return;
    mix->off[other] = true;
    mix->cancelled++;
    http_cancel(r->env->t, r->env->r[other].call);
}

static void mix_start(struct mix *m, size_t i)
{
    struct http_request req = fake_http_get(m->v);
    struct fake_call *r = &m->v->r[i];

    if (!m->off[i])
        return;
    m->off[i] = false;
    m->started++;
    r->done = 0;
    r->hook = mix_hook;
    buf_reset(&r->body);
    if (next_random(&m->x) % 4 == 0) {
        req.method = "POST";
        req.body = str_of("body");
    }
    if (next_random(&m->x) % 8 == 0)
        req.url = "nonsense";
    req.timeout = next_random(&m->x) % 3 ? 0 : 2 * USEC_PER_MSEC;
    req.idle_timeout = USEC_PER_SEC;
    fake_http_start(m->v, i, &req,
                    next_random(&m->x) % 2 ? &fake_http_streamed : &fake_http_gathered);
}

static void mix_step(struct mix *m)
{
    struct http_tls tls = { 0 };
    size_t i = next_random(&m->x) % FAKE_CALLS_MAX;
    struct error e;

    switch (next_random(&m->x) % 16) {
    case 0:
        if (!m->off[i]) {
            m->off[i] = true;
            m->cancelled++;
            http_cancel(m->v->t, m->v->r[i].call);
        }
        break;
    case 1:
        if (next_random(&m->x) % 8 == 0)
            assert_int_equal(http_curl_set_tls(m->v->t, &tls, next_random(&m->x) % 2, &e), 0);
        break;
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
        mix_start(m, i);
        break;
    default:
        fake_http_turn(m->v, next_random(&m->x) % 500);
    }
}

static void any_mix_of_starts_cancels_and_new_credentials_ends_every_call_once(void **state)
{
    struct mix m = { .v = fake_http_begin(), .x = 1 };
    size_t ended = 0;
    bool left = true;

    (void)state;
    mix = &m;
    memset(m.off, true, sizeof(m.off));
    for (int i = 0; i < 12; i++)
        fake_http_script(m.v, i % 4 == 1 ? cut : i % 4 == 2 ? slow : small);
    for (int i = 0; i < 5000; i++) {
        m.v->peer.requests %= 12;
        mix_step(&m);
    }
    while (left) {
        fake_http_turn(m.v, USEC_PER_SEC);
        left = false;
        for (size_t i = 0; i < FAKE_CALLS_MAX; i++)
            left = left || !m.off[i];
    }
    for (size_t i = 0; i < FAKE_CALLS_MAX; i++)
        ended += m.v->r[i].done > 1;
    assert_int_equal(ended, 0);
    assert_true(m.started > 500);
    assert_true(m.cancelled > 20);
    assert_int_equal(http_curl_stats(m.v->t).requests, m.started);
    fake_http_end(m.v);
}

static void c18_a_proxy_gets_the_whole_url(void **state)
{
    char proxy[64];
    struct http_options o = { .proxy_url = proxy };
    struct fake_http *first = fake_http_begin(), *v;
    struct http_request req = { .method = "GET", .url = "http://cluster.example:8001/api" };
    struct http_request tls = { .method = "GET", .url = "https://cluster.example:6443/api" };
    static const struct fake_step denied[] = {
        { .text = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n" }, { 0 }
    };

    (void)state;
    snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", first->peer.port);
    v = fake_http_begin_with(&o);
    transport_free(first->t);
    first->t = v->t;
    v->t = NULL;
    fake_http_script(first, small);
    fake_http_script(first, denied);
    // The transport belongs to v's loop, the peer to first's: both have to turn.
    fake_http_start(first, 0, &req, &fake_http_gathered);
    fake_http_start(first, 1, &tls, &fake_http_gathered);
    for (int i = 0; i < 10000 && !(first->r[0].done && first->r[1].done); i++) {
        fake_http_turn(first, 0);
        fake_http_turn(v, USEC_PER_MSEC);
    }
    assert_body(&first->r[0], "hello");
    assert_int_equal(fake_http_seen(first, "GET http://cluster.example:8001/api HTTP/1.1\r\n"), 1);
    assert_int_equal(fake_http_seen(first, "CONNECT cluster.example:6443 HTTP/1.1\r\n"), 1);
    assert_int_equal(first->r[1].done, 1);
    assert_int_not_equal(first->r[1].e.code, ERR_NONE);
    assert_int_equal(first->r[1].headers, 0);
    transport_free(first->t);
    first->t = NULL;
    fake_http_end(v);
    fake_http_end(first);
}

#define EVENT                                                                                      \
    {                                                                                              \
        .after = 20 * USEC_PER_MSEC, .text = "1\r\na\r\n"                                          \
    }

// One for the peer's timer, one for the bytes: no second look at a socket that only this call has.
static void an_event_that_comes_alone_costs_one_reading(void **state)
{
    static const struct fake_step script[] = {
        {.text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n"},
        { .after = USEC_PER_SEC,                                                    .text = "1\r\na\r\n" },
        EVENT,
        EVENT,
        EVENT,
        EVENT,
        { 0                                                                       }
    };
    struct fake_http *v = fake_http_begin();
    struct http_request req = fake_http_get(v);
    uint64_t before;

    (void)state;
    fake_http_script(v, script);
    fake_http_start(v, 0, &req, &fake_http_streamed);
    while (v->r[0].pieces < 2) // by then libcurl's timers of the connecting phase have ended
        fake_http_turn(v, USEC_PER_SEC);
    before = http_curl_stats(v->t).readings;
    while (v->r[0].pieces < 6)
        fake_http_turn(v, USEC_PER_SEC);
    assert_in_range(http_curl_stats(v->t).readings - before, 1, 4);
    fake_http_end(v);
}

static void an_idle_watch_causes_no_wake_ups(void **state)
{
    static const struct fake_step script[] = {
        { .text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n" }, { 0 }
    };
    struct fake_http *v = fake_http_begin();
    struct http_request req = fake_http_get(v);
    uint64_t before;
    usec start_at;

    (void)state;
    fake_http_script(v, script);
    req.idle_timeout = 5 * USEC_PER_MIN;
    for (size_t i = 0; i < 10; i++)
        fake_http_start(v, i, &req, &fake_http_streamed);
    for (size_t i = 0; i < 10; i++)
        while (!v->r[i].pieces)
            fake_http_turn(v, USEC_PER_SEC);
    // libcurl's timers of the connecting phase (200 ms) end first.
    for (start_at = clock_mono(); clock_mono() - start_at < 500 * USEC_PER_MSEC;)
        fake_http_turn(v, 50 * USEC_PER_MSEC);
    before = loop_wakeups(v->l);
    start_at = clock_mono();
    while (clock_mono() - start_at < USEC_PER_SEC)
        fake_http_turn(v, start_at + USEC_PER_SEC - clock_mono());
    assert_true(loop_wakeups(v->l) - before <= 2); // one is the end of the wait itself
    fake_http_end(v);
}

RUN(T(many_calls_run_at_once), T(a_call_cancelled_in_its_own_callback_is_silent_from_then_on),
    T(any_callback_may_cancel_all_other_calls),
    T(calls_that_wait_go_on_when_their_opener_is_cancelled_in_a_callback),
    T(any_callback_may_start_a_call), T(any_callback_may_free_the_transport),
    T(new_credentials_in_a_callback_end_running_calls_and_serve_later_ones),
    T(new_credentials_leave_running_calls_alone_unless_asked),
    T(a_call_cancelled_before_its_first_turn_sends_nothing),
    T(freeing_with_calls_on_their_way_is_silent),
    T(any_mix_of_starts_cancels_and_new_credentials_ends_every_call_once),
    T(c18_a_proxy_gets_the_whole_url), T(an_event_that_comes_alone_costs_one_reading),
    T(an_idle_watch_causes_no_wake_ups))
