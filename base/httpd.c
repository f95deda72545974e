// SPDX-License-Identifier: Apache-2.0
// The server. libwebsockets parses requests and keeps the connections; it polls our epoll
// descriptor among its own, which is how one thread serves both (see loop_set_waiter). Connections
// are accepted here and handed over, so that their number is ours to limit: probes must get through
// even when somebody holds connections open, therefore the most silent one makes room.
#include "base/httpd.h"

#include "base/alloc.h"
#include "base/httpd_listen.h"
#include "base/list.h"

#include <errno.h>
#include <libwebsockets.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADERS_MAX    2048
#define QUERY_MAX      512
#define IDLE_SECONDS   10
#define FDS_MAX        64 // libwebsockets' tables are sized for every possible descriptor otherwise
#define PIECE_BYTES    4096
#define ACCEPT_HOLDOFF USEC_PER_SEC
#define LOOP_PROTOCOL  "loop"

struct httpd {
    struct loop *loop;
    struct lws_context *lws;
    struct lws_vhost *vhost;
    int listen_fd;
    struct list conns; // most silent first
    size_t conns_n;
    struct timer accept_again;
    struct httpd_route *routes;
    size_t routes_n;
    void *arg;
};

struct conn {
    struct list link;
    struct httpd *h;
    struct lws *wsi;
    struct buf body;
    size_t at; // of body, sent
};

// One request on its way through a route.
struct answer {
    struct httpd *h;
    const struct httpd_route *route;
    const char *query;
    struct httpd_reply reply;
};

static void conn_free(struct conn *c)
{
    c->h->conns_n--;
    list_remove(&c->link);
    buf_fini(&c->body);
    free(c);
}

static void conn_spoke(struct conn *c)
{
    list_remove(&c->link);
    list_append(&c->h->conns, &c->link);
}

static const struct httpd_route *route_of(const struct httpd *h, const char *path, int n)
{
    for (size_t i = 0; i < h->routes_n; i++)
        if (n >= 0 && str_eq((struct str){ path, (size_t)n }, h->routes[i].path))
            return &h->routes[i];
    return NULL;
}

static void run_route(void *arg)
{
    struct answer *a = arg;

    a->route->get(a->h->arg, a->query, &a->reply);
}

static int write_head(struct conn *c, const struct httpd_reply *r, size_t body_n)
{
    unsigned char out[LWS_PRE + 1024];
    unsigned char *start = out + LWS_PRE, *p = start, *end = out + sizeof(out) - 1;
    const char *type = r->content_type ? r->content_type : "text/plain; charset=utf-8";
    static const char allow[] = "GET, HEAD";

    if (lws_add_http_common_headers(c->wsi, (unsigned)r->status, type, body_n, &p, end))
        return -1;
    if (r->status == HTTP_STATUS_METHOD_NOT_ALLOWED &&
        lws_add_http_header_by_name(c->wsi, (const unsigned char *)"allow:",
                                    (const unsigned char *)allow, sizeof(allow) - 1, &p, end))
        return -1;
    return lws_finalize_write_http_header(c->wsi, start, &p, end) ? -1 : 0;
}

// -1: libwebsockets shall close the connection.
static int request_end(struct conn *c)
{
    buf_fini(&c->body);
    c->at = 0;
    return lws_http_transaction_completed(c->wsi) ? -1 : 0;
}

// Who does not read on is as idle as who does not ask.
static int wants_to_write(struct conn *c)
{
    lws_set_timeout(c->wsi, PENDING_TIMEOUT_HTTP_CONTENT, IDLE_SECONDS);
    lws_callback_on_writable(c->wsi);
    return 0;
}

static int write_body(struct conn *c)
{
    unsigned char out[LWS_PRE + PIECE_BYTES];
    size_t n = MIN(c->body.n - c->at, (size_t)PIECE_BYTES);
    bool last = c->at + n == c->body.n;

    if (n)
        memcpy(out + LWS_PRE, c->body.p + c->at, n);
    c->at += n;
    if (lws_write(c->wsi, out + LWS_PRE, n, last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < 0)
        return -1;
    if (last)
        return request_end(c);
    return wants_to_write(c);
}

static int refuse(struct conn *c, int status, const char *text)
{
    struct httpd_reply r = { .status = status };

    buf_fini(&c->body);
    c->at = 0;
    buf_adds(&c->body, text);
    if (write_head(c, &r, c->body.n) == 0)
        write_body(c);
    return -1; // what may follow, a body, is not read
}

static int answer(struct conn *c, struct answer *a, bool head)
{
    size_t n;

    if (a->reply.body.failed) {
        buf_fini(&a->reply.body);
        a->reply.status = HTTP_STATUS_INTERNAL_SERVER_ERROR;
    }
    if (!a->reply.status)
        a->reply.status = HTTP_STATUS_OK;
    c->body = a->reply.body;
    c->at = 0;
    n = c->body.n;
    if (write_head(c, &a->reply, n) < 0)
        return -1;
    if (head || !n)
        return request_end(c);
    return wants_to_write(c);
}

// The query's parts are separate in libwebsockets.
static int query_of(struct lws *wsi, char query[QUERY_MAX])
{
    size_t n = 0;
    int got;

    query[0] = '\0';
    for (int i = 0; lws_hdr_fragment_length(wsi, WSI_TOKEN_HTTP_URI_ARGS, i) > 0; i++) {
        if (n && n + 2 < QUERY_MAX)
            query[n++] = '&';
        got =
            lws_hdr_copy_fragment(wsi, query + n, (int)(QUERY_MAX - n), WSI_TOKEN_HTTP_URI_ARGS, i);
        if (got < 0)
            return -1;
        n += (size_t)got;
    }
    return 0;
}

static int request(struct conn *c)
{
    char *path = NULL, query[QUERY_MAX];
    int n = 0, method = lws_http_get_uri_and_method(c->wsi, &path, &n);
    struct answer a = { .h = c->h, .query = query };

    conn_spoke(c);
    if (method != LWSHUMETH_GET && method != LWSHUMETH_HEAD)
        return refuse(c, HTTP_STATUS_METHOD_NOT_ALLOWED, "method not allowed\n");
    if (query_of(c->wsi, query) < 0)
        return refuse(c, HTTP_STATUS_REQ_URI_TOO_LONG, "query too long\n");
    a.route = route_of(c->h, path, n);
    if (!a.route) {
        a.reply.status = HTTP_STATUS_NOT_FOUND;
        buf_init(&a.reply.body, HTTPD_BODY_MAX);
        buf_adds(&a.reply.body, "not found\n");
    } else {
        buf_init(&a.reply.body, HTTPD_BODY_MAX);
        loop_measure(c->h->loop, a.route->path, run_route, &a);
    }
    return answer(c, &a, method == LWSHUMETH_HEAD);
}

static int on_http(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                   size_t len)
{
    struct conn *c = lws_get_opaque_user_data(wsi);

    (void)user;
    (void)in;
    (void)len;
    if (!c)
        return 0;
    c->wsi = wsi;
    switch (reason) {
    case LWS_CALLBACK_HTTP:
        return request(c);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return c->at < c->body.n ? write_body(c) : 0;
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE: // another protocol would have none of our limits
        return refuse(c, HTTP_STATUS_BAD_REQUEST, "no upgrades\n");
    case LWS_CALLBACK_HTTP_BODY: // of a GET
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return -1;
    case LWS_CALLBACK_WSI_DESTROY:
        lws_set_opaque_user_data(wsi, NULL);
        conn_free(c);
        return 0;
    default:
        return 0;
    }
}

// Being awake is all that is wanted: loop_turn dispatches when the waiter returns.
static int on_loop(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                   size_t len)
{
    (void)wsi;
    (void)reason;
    (void)user;
    (void)in;
    (void)len;
    return 0;
}

static const struct lws_protocols protocols[] = {
    {.name = "http",       .callback = on_http },
    { .name = LOOP_PROTOCOL,                   .callback = on_loop },
    { 0},
};

static int wait_lws(void *arg, usec max_wait)
{
    struct httpd *h = arg;

    if (lws_service(h->lws, max_wait == 0 ? -1 : 0) < 0) {
        errno = EIO;
        return -1;
    }
    return 0;
}

static void make_room(struct httpd *h)
{
    if (h->conns_n >= HTTPD_CONNECTIONS_MAX && !list_empty(&h->conns))
        lws_set_timeout(container_of(h->conns.next, struct conn, link)->wsi,
                        PENDING_TIMEOUT_CLOSE_SEND, LWS_TO_KILL_SYNC);
}

static bool has_conn(const struct httpd *h, const struct conn *c)
{
    for (const struct list *it = h->conns.next; it != &h->conns; it = it->next)
        if (it == &c->link)
            return true;
    return false;
}

static void adopt(struct httpd *h, int fd)
{
    struct conn *c = xcalloc(1, sizeof(*c));
    lws_adopt_desc_t d = {
        .vh = h->vhost, .type = LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP, .fd.sockfd = fd, .opaque = c
    };
    struct lws *wsi;

    c->h = h;
    buf_init(&c->body, HTTPD_BODY_MAX);
    list_append(&h->conns, &c->link);
    h->conns_n++;
    wsi = lws_adopt_descriptor_vhost_via_info(&d); // closes fd when it fails
    if (wsi)
        c->wsi = wsi;
    else if (has_conn(h, c))
        conn_free(c);
}

static void on_listen(void *arg, int fd, uint32_t unused_arg events)
{
    struct httpd *h = arg;
    int s;

    loop_name(h->loop, "httpd");
    s = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (s >= 0) {
        make_room(h);
        adopt(h, s);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        // The connection stays in the queue and would wake us up without end.
        loop_io_remove(h->loop, fd);
        timer_start(h->loop, &h->accept_again, ACCEPT_HOLDOFF);
    }
}

static void accept_again(void *arg)
{
    struct httpd *h = arg;

    if (loop_io(h->loop, h->listen_fd, EPOLLIN, on_listen, h, NULL) < 0)
        timer_start(h->loop, &h->accept_again, ACCEPT_HOLDOFF);
}

static int start_lws(struct httpd *h, struct error *e)
{
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .protocols = protocols,
        .gid = (gid_t)-1,
        .uid = (uid_t)-1,
        .fd_limit_per_thread = FDS_MAX,
        .max_http_header_data = HEADERS_MAX,
        .max_http_header_pool = HTTPD_CONNECTIONS_MAX,
        .keepalive_timeout = IDLE_SECONDS,
        .timeout_secs = IDLE_SECONDS,
    };
    lws_sock_file_fd_type fd;

    lws_set_log_level(0, NULL);
    h->lws = lws_create_context(&info);
    if (!h->lws)
        return error_set(e, ERR_BUG, "libwebsockets does not start");
    h->vhost = lws_get_vhost_by_name(h->lws, "default");
    // libwebsockets closes what it adopted.
    fd.filefd = dup(loop_fd(h->loop));
    if (!h->vhost || fd.filefd < 0)
        return error_errno(e, errno, "hand the loop to libwebsockets");
    if (!lws_adopt_descriptor_vhost(h->vhost, LWS_ADOPT_RAW_FILE_DESC, fd, LOOP_PROTOCOL, NULL))
        return error_set(e, ERR_BUG, "libwebsockets does not take the loop");
    return 0;
}

struct httpd *httpd_new(struct loop *l, const char *listen_on, const struct httpd_route *routes,
                        size_t n, void *arg, struct error *e)
{
    struct httpd *h = xcalloc(1, sizeof(*h));

    h->loop = l;
    h->listen_fd = -1;
    h->arg = arg;
    h->routes_n = n;
    h->routes = xcalloc(n ? n : 1, sizeof(*h->routes));
    for (size_t i = 0; i < n; i++)
        h->routes[i] = (struct httpd_route){ xstrdup(routes[i].path), routes[i].get };
    list_init(&h->conns);
    timer_init(&h->accept_again, "httpd_accept", accept_again, h);
    if (httpd_listen(listen_on, &h->listen_fd, e) < 0 || start_lws(h, e) < 0 ||
        loop_io(l, h->listen_fd, EPOLLIN, on_listen, h, e) < 0) {
        httpd_free(h);
        return NULL;
    }
    loop_set_waiter(l, wait_lws, h);
    return h;
}

void httpd_free(struct httpd *h)
{
    if (!h)
        return;
    loop_set_waiter(h->loop, NULL, NULL);
    timer_stop(h->loop, &h->accept_again);
    if (h->listen_fd >= 0) {
        loop_io_remove(h->loop, h->listen_fd);
        close(h->listen_fd);
    }
    if (h->lws)
        lws_context_destroy(h->lws);
    for (size_t i = 0; i < h->routes_n; i++)
        free((char *)h->routes[i].path);
    free(h->routes);
    free(h);
}

int httpd_port(const struct httpd *h)
{
    return httpd_listen_port(h->listen_fd);
}
