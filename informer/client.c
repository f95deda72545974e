// SPDX-License-Identifier: Apache-2.0
//
// The client: two transports, one set of credentials, and the list of calls that are under way.
#include "informer/client.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/map.h"
#include "informer/client_call.h"

#define DEADLINE       (30 * USEC_PER_SEC)
// The kernel goes on sending what a process wrote, also after its end. A write of a leader whose
// network broke must not arrive when another one leads: this is the Lease's duration less its renew
// deadline (LATE in lease.pml).
#define WRITES_UNACKED (5 * USEC_PER_SEC)

void client_warn(struct client *c, const char *text)
{
    uint32_t hash = hash_str(text);

    if (!c->options.warn)
        return;
    for (size_t i = 0; i < c->n_warned; i++)
        if (c->warned[i] == hash)
            return;
    if (c->n_warned == CLIENT_WARNINGS_MAX)
        return;
    c->warned[c->n_warned++] = hash;
    c->options.warn(c->options.arg, text);
}

usec client_take_token(struct client *c)
{
    double qps = c->options.qps;
    usec now = clock_mono();

    if (qps <= 0)
        return 0;
    c->tokens += (double)(now - c->tokens_at) / USEC_PER_SEC * qps;
    c->tokens = MIN(c->tokens, MAX(c->options.burst, 1.0));
    c->tokens_at = now;
    if (c->tokens >= 1) {
        c->tokens -= 1;
        return 0;
    }
    return (usec)((1 - c->tokens) / qps * USEC_PER_SEC) + 1;
}

static void on_credentials(void *arg)
{
    struct client *c = arg;

    LIST_EACH (it, &c->calls)
        client_call_credentials(container_of(it, struct client_call, link));
}

static int set_tls(struct client *c, struct transport *t, const struct http_tls *tls,
                   bool close_all, struct error *e)
{
    if (c->options.set_tls)
        return c->options.set_tls(c->options.arg, t, tls, close_all, e);
    return c->options.transport ? 0 : http_curl_set_tls(t, tls, close_all, e);
}

static int on_tls(void *arg, const struct http_tls *tls, bool close_all, struct error *e)
{
    struct client *c = arg;

    if (set_tls(c, c->writes, tls, close_all, e) < 0)
        return -1;
    if (set_tls(c, c->busy, tls, close_all, e) < 0)
        return -1;
    return set_tls(c, c->streams, tls, close_all, e);
}

static void on_auth_warning(void *arg, const char *text)
{
    client_warn(arg, text);
}

static const struct auth_events auth_events = { on_credentials, on_tls, on_auth_warning };

static struct transport *make_transport(struct client *c, usec unacked, struct error *e)
{
    struct http_options o = {
        .tls = *auth_tls(c->auth),
        .user_agent = c->user_agent,
        .proxy_url = c->options.config->proxy_url,
        .no_http2 = getenv("DISABLE_HTTP2") && *getenv("DISABLE_HTTP2"),
        .tcp_user_timeout = unacked,
    };

    if (c->options.transport)
        return c->options.transport(c->options.arg, c->loop, &o, e);
    return http_curl_new(c->loop, &o, e);
}

static const char *host_of(const char *server)
{
    const char *p = strstr(server, "://");

    return p ? p + 3 : server;
}

struct client *client_new(struct loop *l, const struct client_options *o, struct error *e)
{
    struct client *c = xcalloc(1, sizeof(*c));

    c->loop = l;
    c->options = *o;
    c->host = host_of(o->config->server);
    c->user_agent = xstrdup(o->user_agent ? o->user_agent : "kube9-operator/" K9_VERSION);
    c->field_manager = xstrdup(o->field_manager ? o->field_manager : "kube9-operator");
    c->tokens = o->burst;
    c->tokens_at = clock_mono();
    list_init(&c->calls);
    c->auth = auth_new(l, o->config, &auth_events, c, e);
    if (c->auth)
        c->streams = make_transport(c, 0, e);
    if (c->streams)
        c->busy = make_transport(c, 0, e);
    if (c->busy)
        c->writes = make_transport(c, WRITES_UNACKED, e);
    if (!c->writes) {
        error_wrap(e, "client for %s (%s)", o->config->server, o->config->source);
        client_free(c);
        return NULL;
    }
    return c;
}

void client_free(struct client *c)
{
    if (!c)
        return;
    LIST_EACH (it, &c->calls)
        client_cancel(c, container_of(it, struct client_call, link));
    auth_free(c->auth);
    transport_free(c->streams);
    transport_free(c->busy);
    transport_free(c->writes);
    free(c->user_agent);
    free(c->field_manager);
    free(c);
}

const struct kube_config *client_config(const struct client *c)
{
    return c->options.config;
}

void client_set_fence(struct client *c, bool (*may_write)(void *arg, usec *ret_remaining),
                      void *arg)
{
    c->may_write = may_write;
    c->fence_arg = arg;
}

struct client_call *client_stream(struct client *c, const struct client_stream_request *r,
                                  const struct http_events *ev, void *arg)
{
    struct client_call *call = client_call_new(c, 0);

    client_stream_ask(c, r, &call->ask);
    call->ev = *ev;
    call->arg = arg;
    client_call_start(call);
    return call;
}

struct client_call *client_do(struct client *c, const struct client_request *r, client_fn done,
                              void *arg)
{
    struct client_call *call = client_call_new(c, r->deadline ? r->deadline : DEADLINE);
    struct error e = { 0 };

    call->done = done;
    call->arg = arg;
    if (client_request_ask(c, r, &call->ask, &e) < 0)
        client_call_fail(call, &e);
    else
        client_call_start(call);
    return call;
}
