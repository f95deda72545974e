// SPDX-License-Identifier: Apache-2.0
// One libcurl transfer. Two habits of libcurl are worked around here. It repeats a request by
// itself when a kept connection turns out to be dead, a POST as well: bodies are given by a read
// callback that cannot rewind, so a request that went out once is never sent twice. And it has no
// idle timeout fit for watches (LOW_SPEED counts in whole seconds and wakes up every second): each
// call has a timer instead.
#include "base/http_call.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/http_tls.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>

#define MAX_BODY         ((size_t)4 * 1024 * 1024)
#define CONNECT_TIMEOUT  (30 * USEC_PER_SEC)
// libcurl 7.88 reads HTTP/2 in runs of 32 kB. What of a run does not fit into its stream's buffer
// is left lying until the connection has traffic again: with 4 kB half of the lists of 10,000 Pods
// never ended. Pages that nothing writes to cost nothing.
#define BUFFER_BYTES     32768L
#define KEEPALIVE_IDLE   30L
#define KEEPALIVE_REPEAT 10L

static long msec(usec t)
{
    return (long)MIN((t + USEC_PER_MSEC - 1) / USEC_PER_MSEC, (usec)INT32_MAX);
}

void http_call_touch(struct http_call *c)
{
    usec now, at = c->ends_at;

    if (at == USEC_NEVER && !c->idle_timeout)
        return;
    now = clock_mono();
    if (c->idle_timeout && c->idle_timeout < at - now)
        at = now + c->idle_timeout;
    timer_start(c->pool->t->loop, &c->timer, at - now);
}

void http_call_set_timeout(struct http_call *c)
{
    if (clock_mono() >= c->ends_at)
        error_set(&c->fail, ERR_TIMEOUT, "%s: no complete answer in time", c->origin);
    else
        error_set(&c->fail, ERR_TIMEOUT, "%s: silent for %" PRId64 " s", c->origin,
                  c->idle_timeout / USEC_PER_SEC);
}

static size_t on_header(char *p, size_t size, size_t n, void *arg)
{
    struct http_call *c = arg;
    struct http_response r;

    if (c->dead || c->fail.code)
        return 0;
    c->pool->t->stats.bytes_in += size * n;
    http_call_touch(c);
    http_headers_line(&c->head, (struct str){ p, size * n });
    if (c->head.complete && !c->told) {
        c->told = true;
        r = http_call_response(c);
        if (c->ev.on_headers)
            c->ev.on_headers(c->arg, &r);
    }
    return c->dead ? 0 : size * n;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
    struct http_call *c = arg;

    if (c->dead || c->fail.code)
        return 0;
    n *= size;
    c->pool->t->stats.bytes_in += n;
    http_call_touch(c);
    if (c->ev.on_data) {
        if (c->ev.on_data(c->arg, p, n) < 0)
            error_set(&c->fail, ERR_INVALID, "%s: the answer's reader refused it", c->origin);
    } else if (buf_add(&c->body, p, n) < 0) {
        error_set(&c->fail, ERR_TOO_BIG, "%s: answer of more than %zu bytes", c->origin,
                  c->body.max);
    }
    return c->dead || c->fail.code ? 0 : n;
}

static size_t on_send(char *p, size_t size, size_t n, void *arg)
{
    struct http_call *c = arg;
    size_t piece = MIN(size * n, c->out.n - c->out_at);

    if (c->dead)
        return CURL_READFUNC_ABORT;
    http_call_touch(c);
    if (piece)
        memcpy(p, c->out.p + c->out_at, piece);
    c->out_at += piece;
    c->pool->t->stats.bytes_out += piece;
    return piece;
}

// Whether another call makes a connection now that this one may share.
static bool must_wait(struct http_call *c)
{
    struct http_pool *p = c->pool;

    if (!c->h2)
        return false;
    if (!p->opener)
        p->opener = c;
    c->held = p->opener != c;
    return c->held;
}

// The connection is there, and its protocol is known: what was held may go on.
static int on_connected(void *arg, char *peer, char *local, int peer_port, int local_port)
{
    struct http_call *c = arg;

    (void)peer, (void)local, (void)peer_port, (void)local_port;
    if (c->pool->opener == c)
        c->pool->opener = NULL;
    return CURL_PREREQFUNC_OK;
}

// A peer that vanished without a word: the kernel gives up when what was sent, keepalive probes
// included, stays unacknowledged for that long.
static int on_socket_made(void *arg, curl_socket_t fd, curlsocktype purpose)
{
    struct http_call *c = arg;
    unsigned ms = (unsigned)msec(c->pool->t->tcp_user_timeout);

    if (purpose == CURLSOCKTYPE_IPCXN) {
        if (must_wait(c))
            return CURL_SOCKOPT_ERROR;
        c->pool->t->stats.connections++;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
    return CURL_SOCKOPT_OK;
}

static bool is_header(const char *line, const char *name)
{
    size_t n = strlen(name);

    return strncasecmp(line, name, n) == 0 && line[n] == ':';
}

static bool has_header(const struct http_request *req, const char *name)
{
    for (size_t i = 0; req->headers && req->headers[i]; i++)
        if (is_header(req->headers[i], name))
            return true;
    return false;
}

static void add_header(struct http_call *c, const char *line)
{
    struct curl_slist *s = curl_slist_append(c->headers, line);

    if (s)
        c->headers = s;
}

// A line break inside a header would smuggle in another one.
static void set_headers(struct http_call *c, const struct http_request *req)
{
    for (size_t i = 0; req->headers && req->headers[i]; i++) {
        if (strpbrk(req->headers[i], "\r\n"))
            error_set(&c->fail, ERR_INVALID, "%s: line break in a request header", c->origin);
        else
            add_header(c, req->headers[i]);
    }
    add_header(c, "Expect:"); // would cost a round trip on each large body
    if (!has_header(req, "Content-Type"))
        add_header(c, "Content-Type:"); // libcurl would say it is a form
    curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, c->headers);
}

static void set_method(struct http_call *c, const struct http_request *req)
{
    const char *m = req->method;
    bool body = req->body.p || !strcmp(m, "POST") || !strcmp(m, "PUT") || !strcmp(m, "PATCH");

    if (!strcmp(m, "HEAD"))
        curl_easy_setopt(c->easy, CURLOPT_NOBODY, 1L);
    else if (strcmp(m, "GET") != 0 || body)
        curl_easy_setopt(c->easy, CURLOPT_CUSTOMREQUEST, m);
    if (!body)
        return;
    if (req->body.p && req->body.n)
        c->out =
            (struct str){ memcpy(xmalloc(req->body.n), req->body.p, req->body.n), req->body.n };
    curl_easy_setopt(c->easy, CURLOPT_POST, 1L);
    curl_easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)c->out.n);
    curl_easy_setopt(c->easy, CURLOPT_UPLOAD_BUFFERSIZE, BUFFER_BYTES);
    curl_easy_setopt(c->easy, CURLOPT_READFUNCTION, on_send);
    curl_easy_setopt(c->easy, CURLOPT_READDATA, c);
}

// libcurl verifies, and sends as SNI, the URL's host. For another name the URL gets that name, the
// connection goes to the true address, and the Host header keeps what the caller asked for.
static void set_server_name(struct http_call *c, CURLU *u, const struct http_request *req)
{
    char *host = NULL, *port = NULL;
    autofree char *to = NULL, *line = NULL;

    curl_url_get(u, CURLUPART_HOST, &host, 0);
    curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
    to = xasprintf("::%s:%s", host ? host : "", port ? port : "");
    line = xasprintf("Host: %s:%s", host ? host : "", port ? port : "");
    curl_free(host);
    curl_free(port);
    if (curl_url_set(u, CURLUPART_HOST, c->pool->tls.server_name, 0) != CURLUE_OK) {
        error_set(&c->fail, ERR_INVALID, "%s: '%s' is no server name", c->origin,
                  c->pool->tls.server_name);
        return;
    }
    if (!has_header(req, "Host"))
        add_header(c, line);
    c->connect_to = curl_slist_append(NULL, to);
    curl_easy_setopt(c->easy, CURLOPT_CONNECT_TO, c->connect_to);
}

static char *origin_of(CURLU *u)
{
    char *part[3] = { NULL };
    char *origin;

    curl_url_get(u, CURLUPART_SCHEME, &part[0], 0);
    curl_url_get(u, CURLUPART_HOST, &part[1], 0);
    curl_url_get(u, CURLUPART_PORT, &part[2], CURLU_DEFAULT_PORT);
    origin = xasprintf("%.8s://%.200s:%.5s", part[0] ? part[0] : "", part[1] ? part[1] : "",
                       part[2] ? part[2] : "");
    for (size_t i = 0; i < ARRAY_SIZE(part); i++)
        curl_free(part[i]);
    return origin;
}

static void set_url(struct http_call *c, const struct http_request *req)
{
    CURLU *u = curl_url();
    char *url = NULL;
    bool https = strncasecmp(req->url, "https://", 8) == 0;
    bool http = strncasecmp(req->url, "http://", 7) == 0;

    c->h2 = https && !c->pool->t->no_http2;
    if ((!http && !https) || curl_url_set(u, CURLUPART_URL, req->url, 0) != CURLUE_OK) {
        c->origin = xstrdup("request");
        error_set(&c->fail, ERR_INVALID, "not a http:// or https:// URL");
    } else {
        c->origin = origin_of(u);
        if (https && c->pool->tls.server_name)
            set_server_name(c, u, req);
        curl_url_get(u, CURLUPART_URL, &url, 0);
        curl_easy_setopt(c->easy, CURLOPT_URL, url ? url : "");
        curl_free(url);
    }
    curl_url_cleanup(u);
    curl_easy_setopt(c->easy, CURLOPT_HTTP_VERSION,
                     c->h2 ? (long)CURL_HTTP_VERSION_2TLS : (long)CURL_HTTP_VERSION_1_1);
    // Calls that start together wait for the first one's connection and share it.
    curl_easy_setopt(c->easy, CURLOPT_PIPEWAIT, c->h2 ? 1L : 0L);
}

static void set_times(struct http_call *c, const struct http_request *req)
{
    usec connect = req->connect_timeout ? req->connect_timeout : CONNECT_TIMEOUT;

    curl_easy_setopt(c->easy, CURLOPT_CONNECTTIMEOUT_MS, msec(connect));
    curl_easy_setopt(c->easy, CURLOPT_BUFFERSIZE, BUFFER_BYTES);
    c->ends_at = req->timeout ? clock_mono() + req->timeout : USEC_NEVER;
    c->idle_timeout = req->idle_timeout;
}

static void set_connection(struct http_call *c)
{
    const struct http_curl *t = c->pool->t;

    curl_easy_setopt(c->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c->easy, CURLOPT_QUICK_EXIT,
                     1L); // freeing does not wait for a resolver thread
    curl_easy_setopt(c->easy, CURLOPT_SOCKOPTFUNCTION, on_socket_made);
    curl_easy_setopt(c->easy, CURLOPT_SOCKOPTDATA, c);
    curl_easy_setopt(c->easy, CURLOPT_PREREQFUNCTION, on_connected);
    curl_easy_setopt(c->easy, CURLOPT_PREREQDATA, c);
    curl_easy_setopt(c->easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(c->easy, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_IDLE);
    curl_easy_setopt(c->easy, CURLOPT_TCP_KEEPINTVL, KEEPALIVE_REPEAT);
    curl_easy_setopt(c->easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (t->user_agent)
        curl_easy_setopt(c->easy, CURLOPT_USERAGENT, t->user_agent);
    if (t->proxy_url)
        curl_easy_setopt(c->easy, CURLOPT_PROXY, t->proxy_url);
    http_tls_apply(&c->pool->tls, c->easy);
}

static void set_callbacks(struct http_call *c, const struct http_request *req)
{
    curl_easy_setopt(c->easy, CURLOPT_PRIVATE, c);
    curl_easy_setopt(c->easy, CURLOPT_ERRORBUFFER, c->detail);
    curl_easy_setopt(c->easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(c->easy, CURLOPT_HEADERDATA, c);
    curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, c);
    if (req->accept_gzip)
        curl_easy_setopt(c->easy, CURLOPT_ACCEPT_ENCODING, "gzip");
}

struct http_call *http_call_new(struct http_pool *p, const struct http_request *req,
                                const struct http_events *ev, void *arg, loop_fn on_timer)
{
    struct http_call *c = xcalloc(1, sizeof(*c));

    c->pool = p;
    c->ev = *ev;
    c->arg = arg;
    list_init(&c->link);
    http_headers_init(&c->head);
    buf_init(&c->body, req->max_body ? req->max_body : MAX_BODY);
    timer_init(&c->timer, "http_timeout", on_timer, c);
    c->easy = curl_easy_init();
    if (!c->easy) {
        c->origin = xstrdup("request");
        error_set(&c->fail, ERR_BUG, "libcurl gives no handle");
        return c;
    }
    set_callbacks(c, req);
    set_connection(c);
    set_times(c, req);
    set_url(c, req);
    set_method(c, req);
    set_headers(c, req);
    return c;
}

void http_call_free(struct http_call *c)
{
    timer_stop(c->pool->t->loop, &c->timer);
    list_remove(&c->link);
    if (c->easy)
        curl_easy_cleanup(c->easy);
    curl_slist_free_all(c->headers);
    curl_slist_free_all(c->connect_to);
    http_headers_fini(&c->head);
    buf_fini(&c->body);
    free((char *)c->out.p);
    free(c->origin);
    free(c);
}

struct http_response http_call_response(const struct http_call *c)
{
    return (struct http_response){
        .status = c->head.status,
        .content_type = c->head.content_type,
        .warning = c->head.warning ? c->head.warning : "",
        .retry_after = c->head.retry_after,
    };
}
