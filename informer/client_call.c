// SPDX-License-Identifier: Apache-2.0
//
// The life of one call: wait for a token of the bucket, for credentials and for the fence, send,
// and decide by what came back whether to send again. Sent again is only what the server asked for
// (429 and 5xx with Retry-After), what cannot have done anything (a GET whose connection broke, a
// 401 when other credentials may be had). A write whose connection broke may have happened: its
// caller reads again and decides (controller-semantics.md §5.3).
#include "informer/client_call.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/metrics.h"

#define RETRIES_MAX     10
#define RESET_PAUSE     USEC_PER_SEC
#define PAUSE_MIN       (100 * USEC_PER_MSEC) // when Retry-After asks for none
#define ERROR_BODY_MAX  (256u << 10)
#define ATTEMPT_HEADERS 8 // besides impersonation

static void attempt(void *arg);

struct client_call *client_call_new(struct client *c, usec deadline)
{
    struct client_call *call = xcalloc(1, sizeof(*call));

    call->client = c;
    call->deadline_at = deadline ? clock_mono() + deadline : USEC_NEVER;
    buf_init(&call->error_body, ERROR_BODY_MAX);
    timer_init(&call->timer, "client call", attempt, call);
    list_append(&c->calls, &call->link);
    return call;
}

static void call_free(struct client_call *call)
{
    timer_stop(call->client->loop, &call->timer);
    list_remove(&call->link);
    client_ask_fini(&call->ask);
    buf_fini(&call->error_body);
    free(call->refused);
    free(call);
}

static struct transport *transport_of(const struct client_call *call)
{
    const struct client *c = call->client;

    if (!call->ask.stream)
        return c->writes;
    return call->ask.busy ? c->busy : c->streams;
}

void client_cancel(struct client *c, struct client_call *call)
{
    (void)c;
    if (!call)
        return;
    if (call->http)
        http_cancel(transport_of(call), call->http);
    call_free(call);
}

// The end. The call is gone before its owner hears of it, so that the owner may do anything.
static void finish(struct client_call *call, const struct http_response *r, struct str body,
                   const struct error *e)
{
    struct http_response none = { .content_type = "", .warning = "" };
    struct http_events ev = call->ev;
    client_fn done = call->done;
    void *arg = call->arg;
    struct buf kept = call->error_body;

    buf_init(&call->error_body, 0);
    call_free(call);
    if (kept.n)
        body = buf_str(&kept);
    if (done)
        done(arg, r ? r : &none, body, e);
    else
        ev.on_done(arg, r ? r : &none, body, e);
    buf_fini(&kept);
}

static void fail(struct client_call *call, const struct error *e)
{
    finish(call, NULL, (struct str){ "", 0 }, e);
}

static void sleep_then_attempt(struct client_call *call, usec pause)
{
    call->state = CALL_SLEEPING;
    timer_start(call->client->loop, &call->timer, pause);
}

void client_call_fail(struct client_call *call, const struct error *e)
{
    call->refused = xmalloc(sizeof(*e));
    *call->refused = *e;
    sleep_then_attempt(call, 0);
}

void client_call_credentials(struct client_call *call)
{
    if (call->state == CALL_WAITING)
        sleep_then_attempt(call, 0);
}

static void count(const struct client_call *call, const struct http_response *r)
{
    const struct client *c = call->client;
    char code[16];

    snprintf(code, sizeof(code), "%d", r->status);
    metric_add(METRIC_REST_CLIENT_REQUESTS_TOTAL, 1, r->status ? code : "<error>", call->ask.method,
               c->host);
    if (!call->ask.stream || call->ask.timeout)
        metric_observe(METRIC_REST_CLIENT_REQUEST_DURATION_SECONDS,
                       (double)(clock_mono() - call->started_at) / USEC_PER_SEC, call->ask.verb,
                       c->host);
}

static void count_retry(const struct client_call *call, const struct http_response *r)
{
    char code[16];

    snprintf(code, sizeof(code), "%d", r->status);
    metric_add(METRIC_REST_CLIENT_REQUEST_RETRIES_TOTAL, 1, r->status ? code : "<error>",
               call->ask.verb, call->client->host);
}

// How long to wait before the same request goes out again; -1: not again.
static usec retry_pause(struct client_call *call, const struct http_response *r,
                        const struct error *e)
{
    if (call->passing)
        return -1;
    if (r->status == 401 && !call->retried_401 &&
        auth_rejected(call->client->auth, call->started_at)) {
        call->retried_401 = true;
        return 0;
    }
    if (call->retries >= RETRIES_MAX)
        return -1;
    if (e->code != ERR_NONE)
        return !call->ask.write && e->code == ERR_IO ? RESET_PAUSE : -1;
    if ((r->status == 429 || r->status >= 500) && r->retry_after > 0)
        return MAX(r->retry_after, PAUSE_MIN);
    return -1;
}

static bool retried(struct client_call *call, const struct http_response *r, const struct error *e)
{
    usec pause = retry_pause(call, r, e);

    // Past the deadline there is no point in waiting: the reason is worth more than a timeout.
    if (pause < 0 || (call->deadline_at != USEC_NEVER && clock_mono() + pause >= call->deadline_at))
        return false;
    call->retries++;
    count_retry(call, r);
    buf_reset(&call->error_body);
    sleep_then_attempt(call, pause);
    return true;
}

static void on_headers(void *arg, const struct http_response *r)
{
    struct client_call *call = arg;

    if (r->status < 200 || r->status > 299)
        return;
    call->passing = true;
    if (call->ev.on_headers)
        call->ev.on_headers(call->arg, r);
}

static int on_data(void *arg, const char *p, size_t n)
{
    struct client_call *call = arg;

    if (call->passing)
        return call->ev.on_data ? call->ev.on_data(call->arg, p, n) : 0;
    buf_add(&call->error_body, p, MIN(n, ERROR_BODY_MAX - call->error_body.n));
    return 0;
}

// The server says "Unauthorized" and no more: say which credentials it means and what helps.
static void explain_401(const struct client_call *call, struct error *e)
{
    autobuf struct buf what = { 0 };

    buf_init(&what, 256);
    auth_describe(call->client->auth, &what);
    error_set(e, ERR_UNAUTHORIZED,
              "the API server %s does not accept %s: expired or of another cluster? renew it",
              call->client->host, what.p ? what.p : "our credentials");
    e->http = 401;
}

static void on_done(void *arg, const struct http_response *r, struct str body,
                    const struct error *transport)
{
    struct client_call *call = arg;
    struct error e = { 0 };

    call->http = NULL;
    count(call, r);
    if (r->warning && *r->warning)
        client_warn(call->client, r->warning);
    if (retried(call, r, transport))
        return;
    if (transport->code != ERR_NONE)
        e = *transport;
    else if (!call->passing &&
             status_error_http(call->ask.method, r,
                               call->ask.stream ? buf_str(&call->error_body) : body, &e) == 0)
        error_clear(&e);
    if (e.http == 401)
        explain_401(call, &e);
    finish(call, r, body, &e);
}

// Time that this attempt may take; *ret 0: no limit. -1 with e set: it must not start.
static int attempt_timeout(struct client_call *call, usec *ret, struct error *e)
{
    struct client *c = call->client;
    usec limit = call->ask.timeout ? call->ask.timeout : USEC_NEVER, remaining = USEC_NEVER;

    if (call->refused) {
        *e = *call->refused;
        return -1;
    }
    if (call->deadline_at != USEC_NEVER)
        limit = MIN(limit, call->deadline_at - clock_mono());
    if (limit <= 0)
        return error_set(e, ERR_TIMEOUT, "%s %s: no answer in time", call->ask.method,
                         call->ask.url);
    if (call->ask.write && !call->ask.unfenced && c->may_write) {
        if (!c->may_write(c->fence_arg, &remaining) || remaining <= 0)
            return error_set(e, ERR_CANCELLED, "not the leader: %s was not sent", call->ask.method);
        limit = MIN(limit, remaining);
    }
    *ret = limit == USEC_NEVER ? 0 : limit;
    return 0;
}

static void send(struct client_call *call, usec timeout)
{
    struct client *c = call->client;
    const struct client_ask *ask = &call->ask;
    const char *const *as = auth_impersonation(c->auth);
    const char *fixed[] = { ask->accept_header, ask->type_header, ask->agent_header,
                            auth_header(c->auth) };
    static const struct http_events stream = { on_headers, on_data, on_done };
    static const struct http_events whole = { .on_done = on_done };
    struct http_request req = {
        .method = ask->method,
        .url = ask->url,
        .body = ask->body.p ? buf_str(&ask->body) : (struct str){ 0 },
        .timeout = timeout,
        .idle_timeout = ask->idle_timeout,
        .accept_gzip = ask->gzip,
    };
    size_t n = 0, n_as = 0;
    const char **headers;

    while (as[n_as])
        n_as++;
    headers = xcalloc(n_as + ATTEMPT_HEADERS, sizeof(*headers));
    for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
        if (fixed[i])
            headers[n++] = fixed[i];
    for (size_t i = 0; i < n_as; i++)
        headers[n++] = as[i];
    req.headers = headers;
    call->state = CALL_RUNNING;
    call->started_at = clock_mono();
    call->http = http_start(transport_of(call), &req, ask->stream ? &stream : &whole, call);
    free(headers);
}

// Sends, or waits for what has to come first. -1 with e set: it must not be sent.
static int begin(struct client_call *call, struct error *e)
{
    struct client *c = call->client;
    usec timeout = 0, pause;
    int rc;

    if (attempt_timeout(call, &timeout, e) < 0)
        return -1;
    rc = auth_prepare(c->auth, e);
    if (rc < 0)
        return -1;
    if (rc == AUTH_WAIT) {
        call->state = CALL_WAITING; // client_call_credentials wakes it, the timer ends it
        if (call->deadline_at != USEC_NEVER)
            timer_start(c->loop, &call->timer, call->deadline_at - clock_mono());
        return 0;
    }
    pause = call->ask.stream ? 0 : client_take_token(c);
    if (pause > 0)
        sleep_then_attempt(call, pause);
    else
        send(call, timeout);
    return 0;
}

static void attempt(void *arg)
{
    struct client_call *call = arg;
    struct error e = { 0 };

    if (begin(call, &e) < 0)
        fail(call, &e);
}

// At once: a turn of the loop for each request would be a wake-up more. What fails now is told
// later.
void client_call_start(struct client_call *call)
{
    struct error e = { 0 };

    if (begin(call, &e) < 0)
        client_call_fail(call, &e);
}
