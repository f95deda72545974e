// SPDX-License-Identifier: Apache-2.0
// The scripted peer and the calls of the HTTP client's tests.
#include "base/fake_http.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define must(x) must_at((x), #x, __LINE__)

static void must_at(bool ok, const char *what, int line)
{
    if (ok)
        return;
    fprintf(stderr, "fake_http.c:%d: %s\n", line, what);
    abort();
}

// The peer.

static void conn_close(struct fake_conn *c)
{
    if (c->fd < 0)
        return;
    timer_stop(c->p->l, &c->timer);
    loop_io_remove(c->p->l, c->fd);
    close(c->fd);
    c->fd = -1;
    buf_fini(&c->in);
}

static void conn_send(struct fake_conn *c, const char *p, size_t n)
{
    while (n) {
        ssize_t sent = send(c->fd, p, n, MSG_NOSIGNAL);

        if (sent < 0)
            return; // the client has left
        p += sent;
        n -= (size_t)sent;
    }
}

static bool step_is_last(const struct fake_step *s)
{
    return !s->text && !s->close;
}

static void conn_play(void *arg)
{
    struct fake_conn *c = arg;

    while (c->step && !step_is_last(c->step)) {
        const struct fake_step *s = c->step++;

        if (s->text)
            conn_send(c, s->text, s->n ? s->n : strlen(s->text));
        if (s->close) {
            conn_close(c);
            return;
        }
        if (!step_is_last(c->step) && c->step->after) {
            timer_start(c->p->l, &c->timer, c->step->after);
            return;
        }
    }
    c->step = NULL;
}

// Length of the first whole request in the buffer, 0 if there is none yet.
static size_t request_size(const struct buf *b)
{
    const char *end = b->n ? strstr(b->p, "\r\n\r\n") : NULL;
    const char *length;
    size_t n;

    if (!end)
        return 0;
    n = (size_t)(end + 4 - b->p);
    length = strcasestr(b->p, "\r\nContent-Length: ");
    if (length && length < end)
        n += strtoul(length + 18, NULL, 10);
    return n <= b->n ? n : 0;
}

static void on_conn(void *arg, int fd, uint32_t unused_arg events)
{
    struct fake_conn *c = arg;
    struct fake_peer *p = c->p;
    char piece[65536];
    ssize_t got = recv(fd, piece, sizeof(piece), MSG_DONTWAIT);
    size_t n;

    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0) {
        conn_close(c);
        return;
    }
    buf_add(&c->in, piece, (size_t)got);
    n = request_size(&c->in);
    if (!n)
        return;
    buf_add(&p->seen, c->in.p, n);
    buf_drop(&c->in, n);
    c->step = p->scripts[MIN(p->requests, p->scripts_n - 1)];
    p->requests++;
    if (c->step->after)
        timer_start(p->l, &c->timer, c->step->after);
    else
        conn_play(c);
}

static struct fake_conn *conn_slot(struct fake_peer *p)
{
    for (size_t i = 0; i < FAKE_CONNS_MAX; i++)
        if (!p->conns[i].p || p->conns[i].fd < 0)
            return &p->conns[i];
    return NULL;
}

static void on_peer(void *arg, int fd, uint32_t unused_arg events)
{
    struct fake_peer *p = arg;
    struct fake_conn *c = conn_slot(p);
    int s = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    struct error e;

    must(s >= 0);
    p->conns_n++;
    if (!c) {
        close(s); // a full house is a cut like any other
        return;
    }
    *c = (struct fake_conn){ .p = p, .fd = s };
    buf_init(&c->in, 16 * 1024 * 1024);
    timer_init(&c->timer, "play", conn_play, c);
    must(loop_io(p->l, c->fd, EPOLLIN, on_conn, c, &e) == 0);
}

static void peer_start(struct fake_peer *p, struct loop *l)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof(a);
    struct error e;

    p->l = l;
    buf_init(&p->seen, 16 * 1024 * 1024);
    p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(bind(p->fd, (struct sockaddr *)&a, sizeof(a)) == 0);
    must(listen(p->fd, 64) == 0);
    must(getsockname(p->fd, (struct sockaddr *)&a, &n) == 0);
    p->port = ntohs(a.sin_port);
    must(loop_io(l, p->fd, EPOLLIN, on_peer, p, &e) == 0);
}

static void peer_stop(struct fake_peer *p)
{
    for (size_t i = 0; i < FAKE_CONNS_MAX; i++)
        if (p->conns[i].p)
            conn_close(&p->conns[i]);
    loop_io_remove(p->l, p->fd);
    close(p->fd);
    buf_fini(&p->seen);
}

void fake_http_script(struct fake_http *v, const struct fake_step *s)
{
    must(v->peer.scripts_n < FAKE_SCRIPTS_MAX);
    v->peer.scripts[v->peer.scripts_n++] = s;
}

size_t fake_http_seen(const struct fake_http *v, const char *part)
{
    size_t n = 0;

    for (const char *p = v->peer.seen.p; p && (p = strstr(p, part)); p++)
        n++;
    return n;
}

// The client.

static void took(struct fake_call *r, char where)
{
    r->where = where;
    if (r->hook)
        r->hook(r);
}

static void on_headers(void *arg, const struct http_response *h)
{
    struct fake_call *r = arg;

    r->headers++;
    r->status = h->status;
    took(r, 'h');
}

static int on_data(void *arg, const char *p, size_t n)
{
    struct fake_call *r = arg;

    r->pieces++;
    r->largest = MAX(r->largest, n);
    buf_add(&r->body, p, n);
    took(r, 'd');
    return r->data_answer;
}

static void on_done(void *arg, const struct http_response *h, struct str body,
                    const struct error *e)
{
    struct fake_call *r = arg;

    r->done++;
    r->call = NULL;
    r->status = h->status;
    snprintf(r->type, sizeof(r->type), "%s", h->content_type);
    snprintf(r->warning, sizeof(r->warning), "%s", h->warning);
    r->retry_after = h->retry_after;
    r->e = *e;
    buf_add(&r->body, body.p, body.n);
    took(r, 'D');
}

const struct http_events fake_http_gathered = { .on_headers = on_headers, .on_done = on_done };
const struct http_events fake_http_streamed = { on_headers, on_data, on_done };

static void forget_proxies(void)
{
    static const char *const names[] = { "http_proxy",  "https_proxy", "all_proxy", "no_proxy",
                                         "HTTPS_PROXY", "ALL_PROXY",   "NO_PROXY" };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        unsetenv(names[i]);
}

struct fake_http *fake_http_begin_with(const struct http_options *o)
{
    struct fake_http *v = calloc(1, sizeof(*v));
    struct error e = { 0 };

    must(v != NULL);
    forget_proxies();
    v->l = loop_new(&e);
    must(v->l != NULL);
    v->t = http_curl_new(v->l, o, &e);
    must(v->t != NULL);
    peer_start(&v->peer, v->l);
    snprintf(v->url, sizeof(v->url), "http://127.0.0.1:%d/x", v->peer.port);
    for (size_t i = 0; i < FAKE_CALLS_MAX; i++) {
        v->r[i].env = v;
        buf_init(&v->r[i].body, 16 * 1024 * 1024);
    }
    return v;
}

struct fake_http *fake_http_begin(void)
{
    struct http_options o = { .user_agent = "kube9-operator/test" };

    return fake_http_begin_with(&o);
}

void fake_http_end(struct fake_http *v)
{
    transport_free(v->t);
    peer_stop(&v->peer);
    loop_free(v->l);
    for (size_t i = 0; i < FAKE_CALLS_MAX; i++)
        buf_fini(&v->r[i].body);
    free(v);
    clock_real();
}

struct fake_call *fake_http_start(struct fake_http *v, size_t i, const struct http_request *req,
                                  const struct http_events *ev)
{
    v->r[i].call = http_start(v->t, req, ev, &v->r[i]);
    must(v->r[i].call != NULL);
    return &v->r[i];
}

struct http_request fake_http_get(const struct fake_http *v)
{
    return (struct http_request){ .method = "GET", .url = v->url };
}

void fake_http_turn(struct fake_http *v, usec max_wait)
{
    struct error e;

    must(loop_turn(v->l, max_wait, &e) == 0);
}

void fake_http_finish(struct fake_http *v, struct fake_call *r)
{
    for (int i = 0; !r->done; i++) {
        must(i < 100000);
        fake_http_turn(v, USEC_PER_SEC);
    }
    must(r->done == 1);
}

struct fake_call *fake_http_fetch(struct fake_http *v, const struct http_request *req,
                                  const struct http_events *ev)
{
    struct fake_call *r = fake_http_start(v, 0, req, ev);

    fake_http_finish(v, r);
    return r;
}
