// SPDX-License-Identifier: Apache-2.0
// The client against a peer in the same loop that plays back bytes: each request gets the next
// script. Where time matters the clock is fake: loopback delivers at once, so nothing depends on
// the machine.
#include "base/http.h"

#include "base/clock.h"
#include "base/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#define CONNS_MAX   40
#define SCRIPTS_MAX 40
#define CALLS_MAX   40

struct step {
    usec after;
    const char *text;
    size_t n;   // 0: strlen(text)
    bool close; // then
};

struct peer;

struct peer_conn {
    struct peer *p;
    int fd;
    struct buf in;
    struct timer timer;
    const struct step *step;
};

struct peer {
    struct loop *l;
    int fd, port;
    struct peer_conn conns[CONNS_MAX];
    size_t conns_n;
    const struct step *scripts[SCRIPTS_MAX]; // the last one repeats
    size_t scripts_n, requests;
    struct buf seen; // all requests
};

struct result {
    struct env *env;
    struct http_call *call;
    int headers, pieces, done;
    int status;
    size_t largest;
    char type[64], warning[128];
    usec retry_after;
    struct buf body;
    struct error e;
    void (*hook)(struct result *r); // called in every callback
    char where;                     // 'h', 'd' or 'D': which one
    int data_answer;
};

struct env {
    struct loop *l;
    struct transport *t;
    struct peer peer;
    struct result r[CALLS_MAX];
    char url[64];
};

// The peer.

static void conn_close(struct peer_conn *c)
{
    if (c->fd < 0)
        return;
    timer_stop(c->p->l, &c->timer);
    loop_io_remove(c->p->l, c->fd);
    close(c->fd);
    c->fd = -1;
    buf_fini(&c->in);
}

static void conn_send(struct peer_conn *c, const char *p, size_t n)
{
    while (n) {
        ssize_t sent = send(c->fd, p, n, MSG_NOSIGNAL);

        if (sent < 0)
            return; // the client has left
        p += sent;
        n -= (size_t)sent;
    }
}

static bool step_is_last(const struct step *s)
{
    return !s->text && !s->close;
}

static void conn_play(void *arg)
{
    struct peer_conn *c = arg;

    while (c->step && !step_is_last(c->step)) {
        const struct step *s = c->step++;

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
    struct peer_conn *c = arg;
    struct peer *p = c->p;
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

static void on_peer(void *arg, int fd, uint32_t unused_arg events)
{
    struct peer *p = arg;
    struct peer_conn *c = &p->conns[p->conns_n];
    struct error e;

    assert_true(p->conns_n < CONNS_MAX);
    p->conns_n++;
    *c = (struct peer_conn){ .p = p, .fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC) };
    assert_true(c->fd >= 0);
    buf_init(&c->in, 16 * 1024 * 1024);
    timer_init(&c->timer, "play", conn_play, c);
    assert_int_equal(loop_io(p->l, c->fd, EPOLLIN, on_conn, c, &e), 0);
}

static void peer_start(struct peer *p, struct loop *l)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof(a);
    struct error e;

    p->l = l;
    buf_init(&p->seen, 16 * 1024 * 1024);
    p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(p->fd, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(p->fd, 64), 0);
    assert_int_equal(getsockname(p->fd, (struct sockaddr *)&a, &n), 0);
    p->port = ntohs(a.sin_port);
    assert_int_equal(loop_io(l, p->fd, EPOLLIN, on_peer, p, &e), 0);
}

static void peer_stop(struct peer *p)
{
    for (size_t i = 0; i < p->conns_n; i++)
        conn_close(&p->conns[i]);
    loop_io_remove(p->l, p->fd);
    close(p->fd);
    buf_fini(&p->seen);
}

static void add_script(struct env *v, const struct step *s)
{
    assert_true(v->peer.scripts_n < SCRIPTS_MAX);
    v->peer.scripts[v->peer.scripts_n++] = s;
}

static size_t occurrences(const struct env *v, const char *part)
{
    size_t n = 0;

    for (const char *p = v->peer.seen.p; p && (p = strstr(p, part)); p++)
        n++;
    return n;
}

// The client.

static void took(struct result *r, char where)
{
    r->where = where;
    if (r->hook)
        r->hook(r);
}

static void on_headers(void *arg, const struct http_response *h)
{
    struct result *r = arg;

    r->headers++;
    r->status = h->status;
    took(r, 'h');
}

static int on_data(void *arg, const char *p, size_t n)
{
    struct result *r = arg;

    r->pieces++;
    r->largest = MAX(r->largest, n);
    buf_add(&r->body, p, n);
    took(r, 'd');
    return r->data_answer;
}

static void on_done(void *arg, const struct http_response *h, struct str body,
                    const struct error *e)
{
    struct result *r = arg;

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

static const struct http_events gathered = { .on_headers = on_headers, .on_done = on_done };
static const struct http_events streamed = { on_headers, on_data, on_done };

static struct env *begin_with(const struct http_options *o)
{
    struct env *v = calloc(1, sizeof(*v));
    struct error e = { 0 };

    assert_non_null(v);
    v->l = loop_new(&e);
    assert_non_null(v->l);
    v->t = http_curl_new(v->l, o, &e);
    if (!v->t)
        fail_msg("%s", e.text);
    peer_start(&v->peer, v->l);
    snprintf(v->url, sizeof(v->url), "http://127.0.0.1:%d/x", v->peer.port);
    for (size_t i = 0; i < CALLS_MAX; i++) {
        v->r[i].env = v;
        buf_init(&v->r[i].body, 16 * 1024 * 1024);
    }
    return v;
}

static struct env *begin(void)
{
    struct http_options o = { .user_agent = "kube9-operator/test" };

    return begin_with(&o);
}

static void end(struct env *v)
{
    transport_free(v->t);
    peer_stop(&v->peer);
    loop_free(v->l);
    for (size_t i = 0; i < CALLS_MAX; i++)
        buf_fini(&v->r[i].body);
    free(v);
    clock_real();
}

static struct result *start(struct env *v, size_t i, const struct http_request *req,
                            const struct http_events *ev)
{
    v->r[i].call = http_start(v->t, req, ev, &v->r[i]);
    assert_non_null(v->r[i].call);
    return &v->r[i];
}

static struct http_request get(const struct env *v)
{
    return (struct http_request){ .method = "GET", .url = v->url };
}

static void turn(struct env *v, usec max_wait)
{
    struct error e;

    assert_int_equal(loop_turn(v->l, max_wait, &e), 0);
}

static void finish(struct env *v, struct result *r)
{
    for (int i = 0; !r->done; i++) {
        if (i == 100000)
            fail_msg("the call does not end");
        turn(v, USEC_PER_SEC);
    }
    assert_int_equal(r->done, 1);
}

static struct result *fetch(struct env *v, const struct http_request *req,
                            const struct http_events *ev)
{
    struct result *r = start(v, 0, req, ev);

    finish(v, r);
    return r;
}

static void assert_body(const struct result *r, const char *text)
{
    assert_int_equal(r->e.code, ERR_NONE);
    assert_string_equal(r->body.n ? r->body.p : "", text);
}

static void assert_error(const struct result *r, enum err code, const char *part)
{
    if (r->e.code != code || !strstr(r->e.text, part))
        fail_msg("want %s with '%s', have %s: %s", err_name(code), part, err_name(r->e.code),
                 r->e.text);
}

static const struct step small[] = {
    { .text = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" }, { 0 }
};

static void a_whole_answer_is_gathered_with_its_headers(void **state)
{
    static const struct step script[] = {
        { .text =
              "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nRetry-After: 7\r\n"
              "Warning: 299 - \"policy/v1beta1 is deprecated\"\r\nContent-Length: 2\r\n\r\n{}" },
        { 0 }
    };
    struct env *v = begin();
    struct http_request req = get(v);
    struct result *r;

    (void)state;
    add_script(v, script);
    r = fetch(v, &req, &gathered);
    assert_body(r, "{}");
    assert_int_equal(r->status, 200);
    assert_int_equal(r->headers, 1);
    assert_string_equal(r->type, "application/json");
    assert_string_equal(r->warning, "policy/v1beta1 is deprecated");
    assert_int_equal(r->retry_after, 7 * USEC_PER_SEC);
    end(v);
}

static void a_status_of_any_kind_is_no_error(void **state)
{
    static const struct step s404[] = {
        { .text = "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno" }, { 0 }
    };
    static const struct step s204[] = { { .text = "HTTP/1.1 204 No Content\r\n\r\n" }, { 0 } };
    struct env *v = begin();
    struct http_request req = get(v);
    struct result *r;

    (void)state;
    add_script(v, s404);
    add_script(v, s204);
    r = fetch(v, &req, &gathered);
    assert_body(r, "no");
    assert_int_equal(r->status, 404);
    r = start(v, 1, &req, &gathered);
    finish(v, r);
    assert_body(r, "");
    assert_int_equal(r->status, 204);
    end(v);
}

static void a_redirect_is_told_not_followed_and_cookies_are_forgotten(void **state)
{
    static const struct step script[] = {
        { .text =
              "HTTP/1.1 302 Found\r\nLocation: /y\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n" },
        { 0 }
    };
    struct env *v = begin();
    struct http_request req = get(v);
    struct result *r;

    (void)state;
    add_script(v, script);
    r = fetch(v, &req, &gathered);
    assert_int_equal(r->status, 302);
    r = start(v, 1, &req, &gathered);
    finish(v, r);
    assert_int_equal(v->peer.requests, 2);
    assert_int_equal(occurrences(v, "Cookie"), 0);
    end(v);
}

static void interim_answers_are_not_told(void **state)
{
    static const struct step script[] = {
        { .text = "HTTP/1.1 103 Early Hints\r\nContent-Type: x/y\r\n\r\n" },
        { .text = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na" },
        { 0 }
    };
    struct env *v = begin();
    struct http_request req = get(v);
    struct result *r;

    (void)state;
    add_script(v, script);
    r = fetch(v, &req, &streamed);
    assert_int_equal(r->headers, 1);
    assert_int_equal(r->status, 200);
    assert_string_equal(r->type, "");
    end(v);
}

// Each byte of the answer is a segment of its own, chunk sizes and trailers included.
static void chunk_borders_fall_anywhere(void **state)
{
    static const char text[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                               "1\r\na\r\n5;x=y\r\nbcdef\r\nA\r\nghijklmnop\r\n0\r\nT: x\r\n\r\n";
    static struct step script[sizeof(text)];
    struct env *v = begin();
    struct http_request req = get(v);
    struct result *r;

    (void)state;
    clock_fake(USEC_PER_HOUR, 0);
    for (size_t i = 0; i + 1 < sizeof(text); i++)
        script[i] = (struct step){ .after = 1, .text = &text[i], .n = 1 };
    add_script(v, script);
    r = fetch(v, &req, &streamed);
    assert_body(r, "abcdefghijklmnop");
    assert_true(r->pieces >= 16);
    end(v);
}

static void a_cut_in_the_middle_is_an_io_error(void **state)
{
    static const struct step cuts[][2] = {
        { { .text = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", .close = true } },
        { { .text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
            .close = true } },
        { { .text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n",
            .close = true } },
        { { .text = "HTTP/1.1 200 OK\r\nContent-Le", .close = true } },
        { { .close = true } },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cuts); i++) {
        struct env *v = begin();
        struct http_request req = get(v);

        add_script(v, cuts[i]);
        assert_error(fetch(v, &req, &gathered), ERR_IO, "http://127.0.0.1:");
        end(v);
    }
}

static void an_answer_that_is_not_http_is_an_io_error(void **state)
{
    static const struct step script[] = {
        {.text = "SSH-2.0-OpenSSH_9.2\r\n", .close = true}
    };
    struct env *v = begin();
    struct http_request req = get(v);

    (void)state;
    add_script(v, script);
    assert_error(fetch(v, &req, &gathered), ERR_IO, "not HTTP");
    end(v);
}

static void nobody_listening_is_refused_and_told_on_a_later_turn(void **state)
{
    struct env *v = begin();
    struct http_request req = get(v);
    struct result *r;

    (void)state;
    loop_io_remove(v->l, v->peer.fd);
    close(v->peer.fd);
    r = start(v, 0, &req, &gathered);
    assert_int_equal(r->done, 0);
    finish(v, r);
    assert_error(r, ERR_REFUSED, "connection refused");
    assert_int_equal(r->status, 0);
    v->peer.fd = socket(AF_INET, SOCK_STREAM, 0);
    end(v);
}

static void an_unknown_name_is_unavailable(void **state)
{
    struct env *v = begin();
    struct http_request req = { .method = "GET", .url = "http://no-such-host.invalid/" };

    (void)state;
    fetch(v, &req, &gathered);
    if (v->r[0].e.code == ERR_TIMEOUT) // no name server answers here
        assert_error(&v->r[0], ERR_TIMEOUT, "no connection in time");
    else
        assert_error(&v->r[0], ERR_UNAVAILABLE, "check the address and DNS");
    end(v);
}

static void a_request_that_makes_no_sense_is_invalid_and_never_sent(void **state)
{
    static const char *const urls[] = { "",        "ftp://127.0.0.1/x", "file:///etc/passwd",
                                        "http://", "https://:443/",     "http://a b/",
                                        "/healthz" };
    static const char *const smuggled[] = { "X-A: b\r\nX-C: d", NULL };
    struct env *v = begin();
    struct http_request req = get(v);

    (void)state;
    add_script(v, small);
    for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
        req.url = urls[i];
        assert_error(start(v, i, &req, &gathered), ERR_NONE, "");
        finish(v, &v->r[i]);
        assert_error(&v->r[i], ERR_INVALID, "");
    }
    req = get(v);
    req.headers = smuggled;
    start(v, 10, &req, &gathered);
    finish(v, &v->r[10]);
    assert_error(&v->r[10], ERR_INVALID, "line break");
    assert_int_equal(v->peer.requests, 0);
    end(v);
}

static void a_call_ends_at_its_time_limit_however_lively_it_is(void **state)
{
    static const struct step script[] = {
        {.text = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"},
        { .after = 4 * USEC_PER_SEC,                             .text = "a" },
        { .after = 4 * USEC_PER_SEC,                                                     .text = "b" },
        { .after = 4 * USEC_PER_SEC,.text = "c" },
        { 0                            }
    };
    struct env *v = begin();
    struct http_request req = get(v);
    struct result *r;

    (void)state;
    clock_fake(USEC_PER_HOUR, 0);
    add_script(v, script);
    req.timeout = 10 * USEC_PER_SEC;
    req.idle_timeout = 5 * USEC_PER_SEC;
    r = fetch(v, &req, &streamed);
    assert_error(r, ERR_TIMEOUT, "no complete answer in time");
    assert_string_equal(r->body.p, "ab");
    assert_int_equal(clock_mono(), USEC_PER_HOUR + 10 * USEC_PER_SEC);
    end(v);
}

static void bytes_keep_a_watch_alive_and_silence_ends_it(void **state)
{
    static const struct step script[] = {
        {.text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"},
        { .after = 4 * USEC_PER_MIN,                                      .text = "1\r\na\r\n" },
        { .after = 4 * USEC_PER_MIN,                                                              .text = "1\r\nb\r\n" },
        { .after = 4 * USEC_PER_MIN,.text = "1\r\nc\r\n" },
        { 0                                     }
    };
    struct env *v = begin();
    struct http_request req = get(v);
    struct result *r;

    (void)state;
    clock_fake(USEC_PER_HOUR, 0);
    add_script(v, script);
    req.idle_timeout = 5 * USEC_PER_MIN;
    r = fetch(v, &req, &streamed);
    assert_error(r, ERR_TIMEOUT, "silent for 300 s");
    assert_string_equal(r->body.p, "abc");
    assert_int_equal(clock_mono(), USEC_PER_HOUR + 17 * USEC_PER_MIN);
    end(v);
}

static void silence_before_the_answer_counts_as_well(void **state)
{
    static const struct step script[] = {
        {.after = USEC_PER_HOUR, .text = "x" },
        { 0                    }
    };
    struct env *v = begin();
    struct http_request req = get(v);

    (void)state;
    clock_fake(USEC_PER_HOUR, 0);
    add_script(v, script);
    req.idle_timeout = 30 * USEC_PER_SEC;
    assert_error(fetch(v, &req, &streamed), ERR_TIMEOUT, "silent for 30 s");
    end(v);
}

static void a_body_of_the_limit_passes_and_one_byte_more_does_not(void **state)
{
    struct env *v = begin();
    struct http_request req = get(v);

    (void)state;
    add_script(v, small);
    req.max_body = 5;
    assert_body(fetch(v, &req, &gathered), "hello");
    req.max_body = 4;
    start(v, 1, &req, &gathered);
    finish(v, &v->r[1]);
    assert_error(&v->r[1], ERR_TOO_BIG, "more than 4 bytes");
    end(v);
}

static void a_reader_that_refuses_ends_the_call(void **state)
{
    struct env *v = begin();
    struct http_request req = get(v);

    (void)state;
    add_script(v, small);
    v->r[0].data_answer = -1;
    assert_error(fetch(v, &req, &streamed), ERR_INVALID, "refused");
    assert_int_equal(v->r[0].pieces, 1);
    end(v);
}

// gzip member of n bytes of text at *out
static size_t gzip(const char *text, size_t n, char *out, size_t max)
{
    z_stream z = { .next_in = (unsigned char *)text,
                   .avail_in = (unsigned)n,
                   .next_out = (unsigned char *)out,
                   .avail_out = (unsigned)max };

    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return z.total_out;
}

// A script that answers with these gzip bytes.
static void script_gzip(struct step script[3], char head[128], const char *bytes, size_t n)
{
    snprintf(head, 128, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
             n);
    script[0] = (struct step){ .text = head };
    script[1] = (struct step){ .text = bytes, .n = n };
    script[2] = (struct step){ 0 };
}

static void gzip_is_offered_and_decoded_only_when_asked_for(void **state)
{
    static char bytes[4096], head[128], text[20000];
    static struct step script[3];
    struct env *v = begin();
    struct http_request req = get(v);

    (void)state;
    memset(text, 'k', sizeof(text) - 1);
    script_gzip(script, head, bytes, gzip(text, sizeof(text) - 1, bytes, sizeof(bytes)));
    add_script(v, script);
    add_script(v, small);
    req.accept_gzip = true;
    assert_body(fetch(v, &req, &gathered), text);
    assert_int_equal(occurrences(v, "Accept-Encoding: gzip"), 1);
    req.accept_gzip = false;
    start(v, 1, &req, &gathered);
    finish(v, &v->r[1]);
    assert_body(&v->r[1], "hello");
    assert_int_equal(occurrences(v, "Accept-Encoding"), 1);
    end(v);
}

static void the_limit_of_a_body_is_on_its_decoded_bytes(void **state)
{
    static char bytes[65536], head[128], text[1000000];
    static struct step script[3];
    struct env *v = begin();
    struct http_request req = get(v);

    (void)state;
    script_gzip(script, head, bytes, gzip(text, sizeof(text), bytes, sizeof(bytes)));
    add_script(v, script);
    req.accept_gzip = true;
    req.max_body = 100000;
    assert_error(fetch(v, &req, &gathered), ERR_TOO_BIG, "more than 100000 bytes");
    end(v);
}

static void broken_gzip_is_an_io_error(void **state)
{
    static char bytes[4096], head[128];
    static struct step script[3];
    struct env *v = begin();
    struct http_request req = get(v);
    size_t n;

    (void)state;
    n = gzip("some text that is compressed", 28, bytes, sizeof(bytes));
    memset(bytes + 10, 0xff, 8);
    script_gzip(script, head, bytes, n);
    add_script(v, script);
    req.accept_gzip = true;
    assert_error(fetch(v, &req, &gathered), ERR_IO, "");
    end(v);
}

static void a_second_gzip_member_is_never_dropped_in_silence(void **state)
{
    static char bytes[4096], head[128];
    static struct step script[3];
    struct env *v = begin();
    struct http_request req = get(v);
    struct result *r;
    size_t n;

    (void)state;
    n = gzip("first", 5, bytes, sizeof(bytes));
    n += gzip("second", 6, bytes + n, sizeof(bytes) - n);
    script_gzip(script, head, bytes, n);
    add_script(v, script);
    req.accept_gzip = true;
    r = fetch(v, &req, &gathered);
    if (r->e.code == ERR_NONE)
        assert_string_equal(r->body.p, "firstsecond");
    else // libcurl 7.88 stops at the first one's end
        assert_error(r, ERR_IO, "cannot be decompressed");
    end(v);
}

static void the_request_carries_method_headers_and_body_and_no_inventions(void **state)
{
    static const char *const headers[] = { "Accept: application/json",
                                           "Content-Type: application/apply-patch+yaml", NULL };
    struct env *v = begin();
    struct http_request req = {
        .method = "PATCH", .url = v->url, .headers = headers, .body = str_of("spec: {}")
    };

    (void)state;
    add_script(v, small);
    assert_body(fetch(v, &req, &gathered), "hello");
    assert_int_equal(occurrences(v, "PATCH /x HTTP/1.1\r\n"), 1);
    assert_int_equal(occurrences(v, "User-Agent: kube9-operator/test\r\n"), 1);
    assert_int_equal(occurrences(v, "Accept: application/json\r\n"), 1);
    assert_int_equal(occurrences(v, "Content-Type: application/apply-patch+yaml\r\n"), 1);
    assert_int_equal(occurrences(v, "Content-Length: 8\r\n"), 1);
    assert_int_equal(occurrences(v, "\r\n\r\nspec: {}"), 1);
    assert_int_equal(occurrences(v, "Expect"), 0);
    end(v);
}

static void bodies_are_as_the_method_wants(void **state)
{
    static const struct {
        const char *method, *body, *want;
        int content_length;
    } rows[] = {
        {"POST",    "",   "POST /x HTTP/1.1\r\n",   1},
        { "POST",   NULL, "POST /x HTTP/1.1\r\n",   1},
        { "PUT",    "ab", "PUT /x HTTP/1.1\r\n",    1},
        { "DELETE", NULL, "DELETE /x HTTP/1.1\r\n", 0},
        { "DELETE", "{}", "DELETE /x HTTP/1.1\r\n", 1},
        { "HEAD",   NULL, "HEAD /x HTTP/1.1\r\n",   0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        static const struct step empty[] = {
            { .text = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" }, { 0 }
        };
        struct env *v = begin();
        struct http_request req = { .method = rows[i].method,
                                    .url = v->url,
                                    .body = str_of(rows[i].body) };

        add_script(v, empty);
        assert_body(fetch(v, &req, &gathered), "");
        assert_int_equal(occurrences(v, rows[i].want), 1);
        assert_int_equal(occurrences(v, "Content-Length"), rows[i].content_length);
        assert_int_equal(occurrences(v, "Content-Type"), 0);
        end(v);
    }
}

static void a_body_of_a_megabyte_is_sent_whole(void **state)
{
    size_t n = 1500000;
    char *text = malloc(n + 1);
    struct env *v = begin();
    struct http_request req = {
        .method = "POST", .url = v->url, .body = {text, n}
    };
    const char *sent;

    (void)state;
    for (size_t i = 0; i < n; i++)
        text[i] = (char)('a' + i * 7 % 26);
    text[n] = '\0';
    add_script(v, small);
    assert_body(fetch(v, &req, &gathered), "hello");
    sent = strstr(v->peer.seen.p, "\r\n\r\n");
    assert_non_null(sent);
    assert_string_equal(sent + 4, text);
    assert_int_equal(http_curl_stats(v->t).bytes_out, n);
    free(text);
    end(v);
}

static void a_long_answer_comes_in_pieces_of_16_kb_at_most(void **state)
{
    static const struct step script[] = {
        { .text = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" }, { .text = NULL }
    };
    static struct step with_body[3];
    static char text[1000001];
    struct env *v = begin();
    struct http_request req = get(v);
    struct result *r;

    (void)state;
    memset(text, 'q', sizeof(text) - 1);
    with_body[0] = script[0];
    with_body[1] = (struct step){ .text = text, .n = 1000000 };
    add_script(v, with_body);
    req.timeout = USEC_PER_MIN;
    r = fetch(v, &req, &streamed);
    assert_body(r, text);
    assert_true(r->largest <= 16384);
    end(v);
}

static void a_kept_connection_serves_the_next_call(void **state)
{
    struct env *v = begin();
    struct http_request req = get(v);

    (void)state;
    add_script(v, small);
    for (size_t i = 0; i < 5; i++) {
        start(v, i, &req, &gathered);
        finish(v, &v->r[i]);
        assert_body(&v->r[i], "hello");
    }
    assert_int_equal(v->peer.conns_n, 1);
    assert_int_equal(http_curl_stats(v->t).connections, 1);
    assert_int_equal(http_curl_stats(v->t).requests, 5);
    assert_int_equal(http_curl_stats(v->t).errors, 0);
    end(v);
}

static void after_the_peer_closed_a_kept_connection(struct env *v, struct http_request *req)
{
    static const struct step gone[] = { { .close = true } };

    add_script(v, small);
    add_script(v, gone);
    add_script(v, small);
    fetch(v, req, &gathered);
    start(v, 1, req, &gathered);
    finish(v, &v->r[1]);
}

static void a_write_on_a_connection_that_dies_is_not_repeated(void **state)
{
    struct env *v = begin();
    struct http_request req = { .method = "POST", .url = v->url, .body = str_of("once") };

    (void)state;
    after_the_peer_closed_a_kept_connection(v, &req);
    assert_error(&v->r[1], ERR_IO, "");
    assert_int_equal(v->peer.requests, 2);
    end(v);
}

static void a_read_on_a_connection_that_dies_is_repeated_at_once(void **state)
{
    struct env *v = begin();
    struct http_request req = get(v);

    (void)state;
    after_the_peer_closed_a_kept_connection(v, &req);
    assert_body(&v->r[1], "hello");
    assert_int_equal(v->peer.requests, 3);
    end(v);
}

static void many_calls_run_at_once(void **state)
{
    struct env *v = begin();
    struct http_request req = get(v);

    (void)state;
    add_script(v, small);
    for (size_t i = 0; i < CALLS_MAX; i++)
        start(v, i, &req, &gathered);
    for (size_t i = 0; i < CALLS_MAX; i++) {
        finish(v, &v->r[i]);
        assert_body(&v->r[i], "hello");
    }
    end(v);
}

// Cancelling, starting and freeing inside callbacks.

static char hook_where;

static void cancel_self(struct result *r)
{
    if (r->where == hook_where)
        http_cancel(r->env->t, r->call);
}

static void a_call_cancelled_in_its_own_callback_is_silent_from_then_on(void **state)
{
    static const struct step script[] = {
        { .text = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello" }, { .text = "again" }, { 0 }
    };

    (void)state;
    for (const char *where = "hd"; *where; where++) {
        struct env *v = begin();
        struct http_request req = get(v);

        hook_where = *where;
        add_script(v, script);
        v->r[0].hook = cancel_self;
        start(v, 0, &req, &streamed);
        start(v, 1, &req, &streamed);
        finish(v, &v->r[1]);
        for (int i = 0; i < 5; i++)
            turn(v, USEC_PER_MSEC);
        assert_int_equal(v->r[0].done, 0);
        assert_int_equal(v->r[0].where, *where);
        assert_int_equal(v->r[0].pieces, *where == 'd');
        end(v);
    }
}

static void cancel_others(struct result *r)
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
        struct env *v = begin();
        struct http_request req = get(v);
        int done = 0;

        hook_where = *where;
        add_script(v, small);
        for (size_t i = 0; i < 10; i++) {
            v->r[i].hook = cancel_others;
            start(v, i, &req, &streamed);
        }
        for (int i = 0; i < 50; i++)
            turn(v, USEC_PER_MSEC);
        for (size_t i = 0; i < 10; i++)
            done += v->r[i].done;
        assert_true(done >= 1);
        assert_true(done < 10);
        end(v);
    }
}

static void start_another(struct result *r)
{
    struct http_request req = get(r->env);

    if (r->where != hook_where || r->env->r[1].call)
        return;
    start(r->env, 1, &req, &streamed);
}

static void any_callback_may_start_a_call(void **state)
{
    (void)state;
    for (const char *where = "hdD"; *where; where++) {
        struct env *v = begin();
        struct http_request req = get(v);

        hook_where = *where;
        add_script(v, small);
        v->r[0].hook = start_another;
        start(v, 0, &req, &streamed);
        finish(v, &v->r[0]);
        finish(v, &v->r[1]);
        assert_body(&v->r[1], "hello");
        end(v);
    }
}

static void free_transport(struct result *r)
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
        struct env *v = begin();
        struct http_request req = get(v);

        hook_where = *where;
        add_script(v, small);
        for (size_t i = 0; i < 3; i++) {
            v->r[i].hook = free_transport;
            start(v, i, &req, &streamed);
        }
        for (int i = 0; i < 20; i++)
            turn(v, USEC_PER_MSEC);
        assert_int_equal(v->r[0].done + v->r[1].done + v->r[2].done, *where == 'D');
        end(v);
    }
}

static void new_tls(struct result *r)
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
    static const struct step script[] = {
        { .text = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello" }, { 0 }
    };

    (void)state;
    for (const char *where = "hd"; *where; where++) {
        struct env *v = begin();
        struct http_request req = get(v);

        hook_where = *where;
        add_script(v, script);
        add_script(v, script);
        add_script(v, small);
        start(v, 1, &req, &streamed);
        while (!v->r[1].pieces)
            turn(v, USEC_PER_SEC);
        v->r[0].hook = new_tls;
        start(v, 0, &req, &streamed);
        finish(v, &v->r[0]);
        finish(v, &v->r[1]);
        assert_error(&v->r[0], ERR_UNAVAILABLE, "new TLS credentials");
        assert_error(&v->r[1], ERR_UNAVAILABLE, "new TLS credentials");
        start(v, 2, &req, &streamed);
        finish(v, &v->r[2]);
        assert_body(&v->r[2], "hello");
        end(v);
    }
}

static void new_credentials_leave_running_calls_alone_unless_asked(void **state)
{
    static const struct step script[] = {
        {.text = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"},
        { .after = 5 * USEC_PER_MSEC,                                  .text = "again" },
        { 0                                                          }
    };
    struct env *v = begin();
    struct http_request req = get(v);
    struct http_tls tls = { 0 };
    struct error e;

    (void)state;
    add_script(v, script);
    add_script(v, small);
    start(v, 0, &req, &streamed);
    while (!v->r[0].pieces)
        turn(v, USEC_PER_SEC);
    assert_int_equal(http_curl_set_tls(v->t, &tls, false, &e), 0);
    finish(v, &v->r[0]);
    assert_body(&v->r[0], "helloagain");
    start(v, 1, &req, &streamed);
    finish(v, &v->r[1]);
    assert_body(&v->r[1], "hello");
    assert_int_equal(v->peer.conns_n, 2); // the old one is not used again
    end(v);
}

static void a_call_cancelled_before_its_first_turn_sends_nothing(void **state)
{
    struct env *v = begin();
    struct http_request req = get(v);

    (void)state;
    add_script(v, small);
    start(v, 0, &req, &gathered);
    http_cancel(v->t, v->r[0].call);
    http_cancel(v->t, NULL);
    for (int i = 0; i < 5; i++)
        turn(v, USEC_PER_MSEC);
    assert_int_equal(v->r[0].done, 0);
    assert_int_equal(v->peer.requests, 0);
    end(v);
}

static void free_of(void *arg)
{
    struct env *v = arg;

    transport_free(v->t);
    v->t = NULL;
}

static void freeing_with_calls_on_their_way_is_silent(void **state)
{
    struct env *v = begin();
    struct http_request req = get(v), bad = { .method = "GET", .url = "x:" };
    struct http_request slow = { .method = "GET", .url = "http://no-such-host.invalid/" };

    (void)state;
    add_script(v, small);
    start(v, 0, &req, &gathered);
    start(v, 1, &bad, &gathered);
    start(v, 2, &slow, &gathered);
    loop_post(v->l, free_of, v); // before the timer that tells of the bad URL
    for (int i = 0; i < 5; i++)
        turn(v, USEC_PER_MSEC);
    assert_int_equal(v->r[0].done + v->r[1].done + v->r[2].done, 0);
    end(v);
}

static void a_proxy_gets_the_whole_url(void **state)
{
    char proxy[64];
    struct http_options o = { .proxy_url = proxy };
    struct env *first = begin(), *v;
    struct http_request req = { .method = "GET", .url = "http://cluster.example:8001/api" };
    struct http_request tls = { .method = "GET", .url = "https://cluster.example:6443/api" };
    static const struct step denied[] = {
        { .text = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n" }, { 0 }
    };

    (void)state;
    snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", first->peer.port);
    v = begin_with(&o);
    transport_free(first->t);
    first->t = v->t;
    v->t = NULL;
    add_script(first, small);
    add_script(first, denied);
    // The transport belongs to v's loop, the peer to first's: both have to turn.
    start(first, 0, &req, &gathered);
    start(first, 1, &tls, &gathered);
    for (int i = 0; i < 10000 && !(first->r[0].done && first->r[1].done); i++) {
        turn(first, 0);
        turn(v, USEC_PER_MSEC);
    }
    assert_body(&first->r[0], "hello");
    assert_int_equal(occurrences(first, "GET http://cluster.example:8001/api HTTP/1.1\r\n"), 1);
    assert_int_equal(occurrences(first, "CONNECT cluster.example:6443 HTTP/1.1\r\n"), 1);
    assert_int_equal(first->r[1].done, 1);
    assert_int_not_equal(first->r[1].e.code, ERR_NONE);
    assert_int_equal(first->r[1].headers, 0);
    transport_free(first->t);
    first->t = NULL;
    end(v);
    end(first);
}

static void query_values_are_escaped_but_for_unreserved_characters(void **state)
{
    autofree char *a = http_escape("a b,c=d!(x)/\xc3\xa9~-._"), *b = http_escape("");

    (void)state;
    assert_string_equal(a, "a%20b%2Cc%3Dd%21%28x%29%2F%C3%A9~-._");
    assert_string_equal(b, "");
}

static void an_idle_watch_causes_no_wake_ups(void **state)
{
    static const struct step script[] = {
        { .text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n" }, { 0 }
    };
    struct env *v = begin();
    struct http_request req = get(v);
    uint64_t before;
    usec start_at;

    (void)state;
    add_script(v, script);
    req.idle_timeout = 5 * USEC_PER_MIN;
    for (size_t i = 0; i < 10; i++)
        start(v, i, &req, &streamed);
    for (size_t i = 0; i < 10; i++)
        while (!v->r[i].pieces)
            turn(v, USEC_PER_SEC);
    // libcurl's timers of the connecting phase (200 ms) end first.
    for (start_at = clock_mono(); clock_mono() - start_at < 500 * USEC_PER_MSEC;)
        turn(v, 50 * USEC_PER_MSEC);
    before = loop_wakeups(v->l);
    start_at = clock_mono();
    while (clock_mono() - start_at < USEC_PER_SEC)
        turn(v, start_at + USEC_PER_SEC - clock_mono());
    assert_true(loop_wakeups(v->l) - before <= 2); // one is the end of the wait itself
    end(v);
}

static int without_proxies(void **state)
{
    static const char *const names[] = { "http_proxy",  "https_proxy", "all_proxy", "no_proxy",
                                         "HTTPS_PROXY", "ALL_PROXY",   "NO_PROXY" };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        unsetenv(names[i]);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_whole_answer_is_gathered_with_its_headers),
        T(a_status_of_any_kind_is_no_error),
        T(a_redirect_is_told_not_followed_and_cookies_are_forgotten),
        T(interim_answers_are_not_told),
        T(chunk_borders_fall_anywhere),
        T(a_cut_in_the_middle_is_an_io_error),
        T(an_answer_that_is_not_http_is_an_io_error),
        T(nobody_listening_is_refused_and_told_on_a_later_turn),
        T(an_unknown_name_is_unavailable),
        T(a_request_that_makes_no_sense_is_invalid_and_never_sent),
        T(a_call_ends_at_its_time_limit_however_lively_it_is),
        T(bytes_keep_a_watch_alive_and_silence_ends_it),
        T(silence_before_the_answer_counts_as_well),
        T(a_body_of_the_limit_passes_and_one_byte_more_does_not),
        T(a_reader_that_refuses_ends_the_call),
        T(gzip_is_offered_and_decoded_only_when_asked_for),
        T(the_limit_of_a_body_is_on_its_decoded_bytes),
        T(broken_gzip_is_an_io_error),
        T(a_second_gzip_member_is_never_dropped_in_silence),
        T(the_request_carries_method_headers_and_body_and_no_inventions),
        T(bodies_are_as_the_method_wants),
        T(a_body_of_a_megabyte_is_sent_whole),
        T(a_long_answer_comes_in_pieces_of_16_kb_at_most),
        T(a_kept_connection_serves_the_next_call),
        T(a_write_on_a_connection_that_dies_is_not_repeated),
        T(a_read_on_a_connection_that_dies_is_repeated_at_once),
        T(many_calls_run_at_once),
        T(a_call_cancelled_in_its_own_callback_is_silent_from_then_on),
        T(any_callback_may_cancel_all_other_calls),
        T(any_callback_may_start_a_call),
        T(any_callback_may_free_the_transport),
        T(new_credentials_in_a_callback_end_running_calls_and_serve_later_ones),
        T(new_credentials_leave_running_calls_alone_unless_asked),
        T(a_call_cancelled_before_its_first_turn_sends_nothing),
        T(freeing_with_calls_on_their_way_is_silent),
        T(a_proxy_gets_the_whole_url),
        T(query_values_are_escaped_but_for_unreserved_characters),
        T(an_idle_watch_causes_no_wake_ups),
    };

    return cmocka_run_group_tests(tests, without_proxies, NULL);
}
