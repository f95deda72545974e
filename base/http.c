// SPDX-License-Identifier: Apache-2.0
// The libcurl transport: multi handles driven by our loop. libcurl must not be entered again from
// its own callbacks, and users may start, cancel, free and exchange credentials in theirs; so while
// libcurl is on the stack such wishes are only noted (dead, !added, dying) and done by leave().
//
// Between two readings of a socket lies a moment (PACE), unless much comes: libcurl asks every
// stream of a connection whenever its socket is readable, so with forty watches an event read by
// itself costs ten times its decoding, and a thousand readings a second are as good as five
// thousand. What comes alone is read at once; what comes within the moment waits for its end.
//
// A socket that several calls share is read once more after that moment though nothing came:
// libcurl 7.88 leaves bytes of one stream lying that it met while it read for another, and looks at
// them at the next traffic only.
//
// A pool opens one connection at a time. libcurl 7.88 does not let calls wait for a connection that
// is being made while an older one to that server still ends: forty watches that start anew then
// would open one each. A call that is about to is taken out and held until the opener is through.
#include "base/http.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/http_call.h"
#include "base/http_error.h"
#include "base/http_tls.h"

#include <signal.h>
#include <sys/epoll.h>

#define USER_TIMEOUT (30 * USEC_PER_SEC)
#define IDLE_SOCKETS 32L // kept connections per pool
#define PACE         USEC_PER_MSEC
#define MUCH         ((uint64_t)32 << 10) // of one reading: a list, which is not slowed down

static void pool_destroy(struct http_pool *p);

static void call_destroy(struct http_call *c)
{
    if (c->pool->opener == c)
        c->pool->opener = NULL;
    if (c->added)
        curl_multi_remove_handle(c->pool->multi, c->easy);
    http_call_free(c);
}

static void call_add(struct http_call *c)
{
    if (c->fail.code || c->added || (c->held && c->pool->opener))
        return; // its timer tells, or the opener's end
    c->held = false;
    c->added = curl_multi_add_handle(c->pool->multi, c->easy) == CURLM_OK;
    if (!c->added) {
        error_set(&c->fail, ERR_BUG, "%s: libcurl does not take the call", c->origin);
        timer_start(c->pool->t->loop, &c->timer, 0);
    }
}

static void pool_settle(struct http_pool *p)
{
    LIST_EACH (it, &p->calls) {
        struct http_call *c = container_of(it, struct http_call, link);

        if (c->dead)
            call_destroy(c);
    }
    LIST_EACH (it, &p->calls) // of the dead the opener may have been one, for whom others wait
        call_add(container_of(it, struct http_call, link));
    if (p->t->dying || (p != p->t->pool && list_empty(&p->calls)))
        pool_destroy(p);
}

static void transport_destroy(struct http_curl *t)
{
    free(t->user_agent);
    free(t->proxy_url);
    free(t);
    curl_global_cleanup();
}

static void enter(struct http_curl *t)
{
    t->busy++;
}

// What was put off happens when the outermost of our callbacks ends. t may be gone afterwards.
static void leave(struct http_curl *t)
{
    if (t->busy > 1) {
        t->busy--;
        return;
    }
    LIST_EACH (it, &t->pools)
        pool_settle(container_of(it, struct http_pool, link));
    t->busy--;
    if (t->dying)
        transport_destroy(t);
}

static void call_finish(struct http_call *c, const struct error *e)
{
    struct http_curl *t = c->pool->t;
    struct http_response r = http_call_response(c);

    c->dead = true;
    timer_stop(t->loop, &c->timer);
    t->stats.errors += e->code != ERR_NONE;
    c->ev.on_done(c->arg, &r, c->body.n ? buf_str(&c->body) : str_of(""), e);
    call_destroy(c);
}

// Nothing of it was sent yet.
static void call_put_back(struct http_call *c)
{
    curl_multi_remove_handle(c->pool->multi, c->easy);
    c->added = false;
    c->out_at = 0;
}

static void call_result(struct http_call *c, CURLcode code)
{
    struct http_failure f = { .code = code, .detail = c->detail, .origin = c->origin };
    struct error e = { 0 };
    long os_errno = 0;

    if (code != CURLE_OK && c->fail.code == ERR_NONE) {
        curl_easy_getinfo(c->easy, CURLINFO_OS_ERRNO, &os_errno);
        curl_easy_getinfo(c->easy, CURLINFO_SSL_VERIFYRESULT, &f.verify_result);
        f.os_errno = (int)os_errno;
        http_error(&f, &e);
    } else if (code != CURLE_OK) {
        e = c->fail;
    } else if (!c->head.complete) { // libcurl is content with half a header
        error_set(&e, ERR_IO, "%s: connection closed in the middle of the headers", c->origin);
    }
    call_finish(c, &e);
}

static void on_call_timer(void *arg)
{
    struct http_call *c = arg;
    struct http_curl *t = c->pool->t;
    struct error e;

    enter(t);
    if (c->fail.code == ERR_NONE)
        http_call_set_timeout(c);
    e = c->fail;
    call_finish(c, &e);
    leave(t);
}

// Between enter and leave.
static void pool_step(struct http_pool *p, curl_socket_t fd, int mask)
{
    struct http_curl *t = p->t;
    struct http_call *c;
    CURLMsg *m;
    int left;

    loop_name(t->loop, "http");
    t->in_curl = true;
    curl_multi_socket_action(p->multi, fd, mask, &left);
    t->in_curl = false;
    while ((m = curl_multi_info_read(p->multi, &left))) {
        CURLcode code = m->data.result;

        if (m->msg != CURLMSG_DONE)
            continue;
        c = NULL;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&c);
        if (c && !c->dead && c->held && code != CURLE_OK && !c->fail.code)
            call_put_back(c);
        else if (c && !c->dead)
            call_result(c, code);
    }
}

static void pool_act(struct http_pool *p, curl_socket_t fd, int mask)
{
    struct http_curl *t = p->t;

    enter(t);
    pool_step(p, fd, mask);
    leave(t);
}

static void on_pool_timer(void *arg)
{
    pool_act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static void on_pool_io(void *arg, int fd, uint32_t events);

// -1 would make libcurl give up every call of this multi for good; a socket that cannot be watched
// (out of kernel memory) ends in its call's timeout.
static void watch_socket(struct http_pool *p, int fd, uint32_t events)
{
    int unwatched = loop_io(p->t->loop, fd, events, on_pool_io, p, NULL);

    (void)unwatched;
}

static void pace_end(struct http_pool *p)
{
    timer_stop(p->t->loop, &p->pace);
    if (p->paused)
        watch_socket(p, p->paced_fd, EPOLLIN);
    p->paused = false;
    p->paced_fd = -1;
}

static bool is_shared(const struct http_pool *p)
{
    return p->calls.next != p->calls.prev;
}

// Acts on a socket, and sees to its next reading. The pool may be gone afterwards.
static void pool_read(struct http_pool *p, int fd, int mask)
{
    struct http_curl *t = p->t;
    uint64_t came = t->stats.bytes_in;

    if (p->paced_fd >= 0 && fd != p->paced_fd) { // HTTP/1.1: one is enough
        pool_act(p, fd, mask);
        return;
    }
    enter(t);
    p->paced_fd = p->read_fd = fd;
    p->read_at = clock_mono();
    t->stats.readings++;
    pool_step(p, fd, mask);
    came = t->stats.bytes_in - came;
    p->much = came >= MUCH;
    if (p->paced_fd >= 0 && came && (p->paused || is_shared(p)))
        timer_start(t->loop, &p->pace, PACE);
    else
        pace_end(p);
    leave(t);
}

static void on_pace_timer(void *arg)
{
    struct http_pool *p = arg;

    pool_read(p, p->paced_fd, CURL_CSELECT_IN);
}

// What becomes readable within the moment waits for its end. True: nothing to do now.
static bool pace(struct http_pool *p, int fd, uint32_t events)
{
    usec left = PACE;

    if (fd != p->read_fd || events != EPOLLIN || p->much || p->sending ||
        (p->paced_fd >= 0 && p->paced_fd != fd))
        return false;
    if (p->paced_fd < 0) {
        left -= clock_mono() - p->read_at;
        if (left <= 0)
            return false;
        p->paced_fd = fd;
        timer_start(p->t->loop, &p->pace, left);
    }
    if (!p->paused)
        watch_socket(p, fd, 0);
    p->paused = true;
    return true;
}

static void on_pool_io(void *arg, int fd, uint32_t events)
{
    int mask = 0;

    if (pace(arg, fd, events))
        return;
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        mask |= CURL_CSELECT_IN;
    if (events & EPOLLOUT)
        mask |= CURL_CSELECT_OUT;
    if (events & EPOLLERR)
        mask |= CURL_CSELECT_ERR;
    pool_read(arg, fd, mask);
}

// sock is what was assigned to the socket: the pool while libcurl wants to write to it.
static int curl_wants_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *sock)
{
    struct http_pool *p = arg;
    bool out = what != CURL_POLL_REMOVE && (what & CURL_POLL_OUT);
    uint32_t events = out ? EPOLLOUT : 0;

    (void)easy;
    p->sending += out - (sock != NULL);
    if (fd == p->paced_fd && (out || what == CURL_POLL_REMOVE))
        pace_end(p);
    if (what == CURL_POLL_REMOVE) {
        loop_io_remove(p->t->loop, fd);
        return 0;
    }
    curl_multi_assign(p->multi, fd, out ? p : NULL);
    if (what & CURL_POLL_IN)
        events |= EPOLLIN;
    if (fd != p->paced_fd || !p->paused)
        watch_socket(p, fd, events);
    return 0;
}

static int curl_wants_time(CURLM *multi, long ms, void *arg)
{
    struct http_pool *p = arg;

    (void)multi;
    if (ms < 0)
        timer_stop(p->t->loop, &p->timer);
    else
        timer_start(p->t->loop, &p->timer, ms * USEC_PER_MSEC);
    return 0;
}

static struct http_pool *pool_new(struct http_curl *t, const struct http_tls *tls)
{
    struct http_pool *p = xcalloc(1, sizeof(*p));

    p->t = t;
    p->multi = curl_multi_init();
    if (!p->multi) {
        free(p);
        return NULL;
    }
    p->tls = http_tls_copy(tls);
    list_init(&p->calls);
    timer_init(&p->timer, "http", on_pool_timer, p);
    timer_init(&p->pace, "http_pace", on_pace_timer, p);
    p->paced_fd = p->read_fd = -1;
    curl_multi_setopt(p->multi, CURLMOPT_SOCKETFUNCTION, curl_wants_socket);
    curl_multi_setopt(p->multi, CURLMOPT_SOCKETDATA, p);
    curl_multi_setopt(p->multi, CURLMOPT_TIMERFUNCTION, curl_wants_time);
    curl_multi_setopt(p->multi, CURLMOPT_TIMERDATA, p);
    curl_multi_setopt(p->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
    curl_multi_setopt(p->multi, CURLMOPT_MAXCONNECTS, IDLE_SOCKETS);
    list_append(&t->pools, &p->link);
    return p;
}

static void pool_destroy(struct http_pool *p)
{
    LIST_EACH (it, &p->calls)
        call_destroy(container_of(it, struct http_call, link));
    curl_multi_cleanup(p->multi);
    timer_stop(p->t->loop, &p->timer);
    timer_stop(p->t->loop, &p->pace);
    http_tls_fini(&p->tls);
    list_remove(&p->link);
    free(p);
}

static struct http_call *curl_start(struct transport *base, const struct http_request *req,
                                    const struct http_events *ev, void *arg)
{
    struct http_curl *t = container_of(base, struct http_curl, base);
    struct http_call *c = http_call_new(t->pool, req, ev, arg, on_call_timer);

    t->stats.requests++;
    list_append(&t->pool->calls, &c->link);
    http_call_touch(c);
    if (c->fail.code)
        timer_start(t->loop, &c->timer, 0);
    else if (!t->in_curl)
        call_add(c);
    return c;
}

static void curl_cancel(struct transport *base, struct http_call *c)
{
    struct http_curl *t = container_of(base, struct http_curl, base);

    if (!c || c->dead)
        return;
    c->dead = true;
    timer_stop(t->loop, &c->timer);
    enter(t);
    if (!t->in_curl)
        call_destroy(c);
    leave(t);
}

static void curl_transport_free(struct transport *base)
{
    struct http_curl *t = container_of(base, struct http_curl, base);

    enter(t);
    t->dying = true;
    LIST_EACH (pit, &t->pools) {
        struct http_pool *p = container_of(pit, struct http_pool, link);

        LIST_EACH (it, &p->calls) {
            struct http_call *c = container_of(it, struct http_call, link);

            c->dead = true;
            timer_stop(t->loop, &c->timer);
        }
    }
    leave(t);
}

// libcurl leaves SIGPIPE of a closed TLS connection to the program.
static void ignore_sigpipe(void)
{
    struct sigaction sa;

    if (sigaction(SIGPIPE, NULL, &sa) == 0 && sa.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
}

struct transport *http_curl_new(struct loop *l, const struct http_options *o, struct error *e)
{
    struct http_curl *t;

    if (http_tls_check(&o->tls, e) < 0)
        return NULL;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        error_set(e, ERR_BUG, "libcurl does not start");
        return NULL;
    }
    ignore_sigpipe();
    t = xcalloc(1, sizeof(*t));
    t->base = (struct transport){ curl_start, curl_cancel, curl_transport_free };
    t->loop = l;
    t->user_agent = xstrdup(o->user_agent);
    t->proxy_url = xstrdup(o->proxy_url);
    t->no_http2 = o->no_http2;
    t->tcp_user_timeout = o->tcp_user_timeout ? o->tcp_user_timeout : USER_TIMEOUT;
    list_init(&t->pools);
    t->pool = pool_new(t, &o->tls);
    if (!t->pool) {
        transport_destroy(t);
        error_set(e, ERR_BUG, "libcurl gives no multi handle");
        return NULL;
    }
    return &t->base;
}

static void pool_end_calls(struct http_pool *p)
{
    LIST_EACH (it, &p->calls) {
        struct http_call *c = container_of(it, struct http_call, link);

        if (c->dead)
            continue;
        error_set(&c->fail, ERR_UNAVAILABLE, "%s: connection closed for new TLS credentials",
                  c->origin);
        timer_start(p->t->loop, &c->timer, 0);
    }
}

int http_curl_set_tls(struct transport *base, const struct http_tls *tls, bool close_all,
                      struct error *e)
{
    struct http_curl *t = container_of(base, struct http_curl, base);
    struct http_pool *p;

    if (http_tls_check(tls, e) < 0)
        return -1;
    p = pool_new(t, tls);
    if (!p)
        return error_set(e, ERR_BUG, "libcurl gives no multi handle");
    enter(t);
    t->pool = p;
    LIST_EACH (it, &t->pools)
        if (close_all && it != &p->link)
            pool_end_calls(container_of(it, struct http_pool, link));
    leave(t);
    return 0;
}

struct http_stats http_curl_stats(const struct transport *base)
{
    return container_of(base, struct http_curl, base)->stats;
}

char *http_escape(const char *query_value)
{
    static const char hex[] = "0123456789ABCDEF";
    const char *plain = "-._~";
    size_t n = 0;
    char *out = xmalloc(3 * strlen(query_value) + 1);

    for (const unsigned char *p = (const unsigned char *)query_value; *p; p++) {
        bool alnum =
            (*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z');

        if (alnum || strchr(plain, *p)) {
            out[n++] = (char)*p;
            continue;
        }
        out[n++] = '%';
        out[n++] = hex[*p >> 4];
        out[n++] = hex[*p & 15];
    }
    out[n] = '\0';
    return out;
}
