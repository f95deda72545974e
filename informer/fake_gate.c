// SPDX-License-Identifier: Apache-2.0
// A transport in front of the fake server's own. Calls that pass are handed through untouched but
// for the one that trips, whose events come here first.
#include "informer/fake_gate.h"

#include "base/alloc.h"
#include "base/list.h"
#include "informer/client.h"

#define HEADERS_MAX 16

struct gate_transport {
    struct transport base;
    struct transport *inner;
    struct fake_gate *gate;
};

struct http_call { // what the client holds; the fake server has its own
    struct list link;
    struct gate_transport *t;
    struct http_call *inner; // NULL: kept from the server
    struct http_events ev;
    void *arg;
    bool chosen;
};

struct fake_gate {
    struct fake_server *server;
    struct list calls;
    size_t writes, nth;
    enum fake_gate_mode mode;
    bool tripped;
    char what[512];

    // The request that is held.
    char *method, *url, *body;
    char *headers[HEADERS_MAX + 1];
    struct transport *late;
};

bool fake_gate_counts(const char *method, const char *url)
{
    static const char *const others[] = { "/leases", "/events", "/selfsubjectaccessreviews" };

    if (strcmp(method, "GET") == 0)
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        if (strstr(url, others[i]))
            return false;
    }
    return true;
}

static void call_free(struct http_call *c)
{
    list_remove(&c->link);
    free(c);
}

static void on_headers(void *arg, const struct http_response *r)
{
    struct http_call *c = arg;

    if (c->ev.on_headers && !(c->chosen && c->t->gate->mode == GATE_AFTER))
        c->ev.on_headers(c->arg, r);
}

static int on_data(void *arg, const char *p, size_t n)
{
    struct http_call *c = arg;

    return c->ev.on_data(c->arg, p, n);
}

static void on_done(void *arg, const struct http_response *r, struct str body,
                    const struct error *e)
{
    struct http_call *c = arg, copy = *c;

    c->inner = NULL;
    if (c->chosen)
        c->t->gate->tripped = true;
    if (c->chosen && c->t->gate->mode == GATE_AFTER)
        return; // the answer is lost: the call stays until its owner ends
    call_free(c);
    copy.ev.on_done(copy.arg, r, body, e);
}

static void keep(struct fake_gate *g, const struct http_request *r)
{
    size_t n = 0;

    g->method = xstrdup(r->method);
    g->url = xstrdup(r->url);
    g->body = xstrndup(r->body.p ? r->body.p : "", r->body.n);
    for (const char *const *h = r->headers; h && *h && n < HEADERS_MAX; h++)
        g->headers[n++] = xstrdup(*h);
}

// True: the request goes on to the server.
static bool choose(struct fake_gate *g, struct http_call *c, const struct http_request *r)
{
    if (!fake_gate_counts(r->method, r->url) || g->writes++ != g->nth)
        return true;
    c->chosen = true;
    snprintf(g->what, sizeof(g->what), "%s %s", r->method, r->url);
    if (g->mode == GATE_AFTER || g->mode == GATE_DELIVERED)
        return true;
    g->tripped = true;
    if (g->mode == GATE_HELD)
        keep(g, r);
    return g->mode == GATE_PASS;
}

static struct http_call *gate_start(struct transport *t, const struct http_request *r,
                                    const struct http_events *ev, void *arg)
{
    struct gate_transport *gt = container_of(t, struct gate_transport, base);
    struct http_events mine = { .on_headers = on_headers,
                                .on_data = ev->on_data ? on_data : NULL,
                                .on_done = on_done };
    struct http_call *c = xcalloc(1, sizeof(*c));

    c->t = gt;
    c->ev = *ev;
    c->arg = arg;
    list_append(&gt->gate->calls, &c->link);
    if (choose(gt->gate, c, r))
        c->inner = http_start(gt->inner, r, &mine, c);
    return c;
}

static void gate_cancel(struct transport *t, struct http_call *c)
{
    struct gate_transport *gt = container_of(t, struct gate_transport, base);

    if (!c)
        return;
    if (c->inner)
        http_cancel(gt->inner, c->inner);
    call_free(c);
}

static void gate_free(struct transport *t)
{
    struct gate_transport *gt = container_of(t, struct gate_transport, base);

    LIST_EACH (l, &gt->gate->calls) {
        struct http_call *c = container_of(l, struct http_call, link);

        if (c->t == gt)
            gate_cancel(t, c);
    }
    transport_free(gt->inner);
    free(gt);
}

static struct transport *make_transport(void *arg, struct loop unused_arg *l,
                                        const struct http_options unused_arg *o,
                                        struct error unused_arg *e)
{
    struct fake_gate *g = arg;
    struct gate_transport *gt = xcalloc(1, sizeof(*gt));

    gt->base = (struct transport){ gate_start, gate_cancel, gate_free };
    gt->inner = fake_server_transport(g->server);
    gt->gate = g;
    return &gt->base;
}

struct client *fake_gate_client(struct fake_gate *g)
{
    static const struct kube_config config = { .source = "fake",
                                               .ns = "default",
                                               .server = FAKE_SERVER_URL };
    struct client_options o = { .config = &config, .transport = make_transport, .arg = g };

    return client_new(fake_server_loop(g->server), &o, NULL);
}

struct fake_gate *fake_gate_new(struct fake_server *f)
{
    struct fake_gate *g = xcalloc(1, sizeof(*g));

    g->server = f;
    g->nth = SIZE_MAX;
    list_init(&g->calls);
    return g;
}

static void drop_held(struct fake_gate *g)
{
    free(TAKE(g->method));
    free(TAKE(g->url));
    free(TAKE(g->body));
    for (size_t i = 0; i < HEADERS_MAX; i++)
        free(TAKE(g->headers[i]));
}

void fake_gate_free(struct fake_gate *g)
{
    if (!g)
        return;
    transport_free(g->late);
    drop_held(g);
    free(g);
}

void fake_gate_arm(struct fake_gate *g, size_t nth, enum fake_gate_mode mode)
{
    g->nth = nth;
    g->mode = mode;
}

bool fake_gate_tripped(const struct fake_gate *g)
{
    return g->tripped;
}

size_t fake_gate_writes(const struct fake_gate *g)
{
    return g->writes;
}

const char *fake_gate_what(const struct fake_gate *g)
{
    return g->what;
}

static void nobody_hears(void unused_arg *arg, const struct http_response unused_arg *r,
                         struct str unused_arg body, const struct error unused_arg *e)
{
    // Its sender is gone.
}

void fake_gate_release(struct fake_gate *g)
{
    struct http_request r = { .method = g->method,
                              .url = g->url,
                              .headers = (const char *const *)g->headers };
    struct http_events ev = { .on_done = nobody_hears };

    if (!g->method || g->late)
        return;
    r.body = *g->body ? str_of(g->body) : (struct str){ 0 };
    g->late = fake_server_transport(g->server);
    http_start(g->late, &r, &ev, g);
}
