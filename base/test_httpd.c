// SPDX-License-Identifier: Apache-2.0
#include "base/httpd.h"

#include "base/clock.h"
#include "base/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define LONG_BYTES 300000u

struct server {
    struct loop *l;
    struct httpd *h;
    char query[256];
    int calls;
};

static void get_plain(void *arg, const char *query, struct httpd_reply *ret)
{
    struct server *s = arg;

    s->calls++;
    snprintf(s->query, sizeof(s->query), "%s", query);
    buf_adds(&ret->body, "fine\n");
}

static void get_long(void *arg, const char *query, struct httpd_reply *ret)
{
    (void)arg;
    (void)query;
    ret->content_type = "application/x-long";
    for (size_t i = 0; i < LONG_BYTES; i++)
        buf_addc(&ret->body, (char)('a' + i % 26));
}

static void get_failing(void *arg, const char *query, struct httpd_reply *ret)
{
    (void)arg;
    (void)query;
    ret->status = 503;
    buf_adds(&ret->body, "not ready\n");
}

static void get_too_long(void *arg, const char *query, struct httpd_reply *ret)
{
    static const char page[65536];

    (void)arg;
    (void)query;
    while (!ret->body.failed)
        buf_add(&ret->body, page, sizeof(page));
}

static void get_nothing(void *arg, const char *query, struct httpd_reply *ret)
{
    (void)arg;
    (void)query;
    (void)ret;
}

static const struct httpd_route routes[] = {
    {"/healthz",   get_plain   },
    { "/long",     get_long    },
    { "/failing",  get_failing },
    { "/too-long", get_too_long},
    { "/nothing",  get_nothing },
};

static void begin(struct server *s, const char *listen_on)
{
    struct error e = { 0 };

    *s = (struct server){ 0 };
    s->l = loop_new(&e);
    assert_non_null(s->l);
    s->h = httpd_new(s->l, listen_on, routes, ARRAY_SIZE(routes), s, &e);
    if (!s->h)
        fail_msg("%s", e.text);
    assert_true(httpd_port(s->h) > 0);
}

static void end(struct server *s)
{
    httpd_free(s->h);
    loop_free(s->l);
}

static int dial(const struct server *s)
{
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_port = htons((uint16_t)httpd_port(s->h)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    return fd;
}

static void turn(struct server *s)
{
    struct error e;

    assert_int_equal(loop_turn(s->l, 5 * USEC_PER_MSEC, &e), 0);
}

// Reads while the server runs, until `until` is in the text (NULL: until the connection ends).
static void receive(struct server *s, int fd, const char *until, struct buf *ret)
{
    usec give_up = clock_mono() + 20 * USEC_PER_SEC;

    for (;;) {
        char piece[16384];
        ssize_t n = recv(fd, piece, sizeof(piece), MSG_DONTWAIT);

        if (n > 0)
            buf_add(ret, piece, (size_t)n);
        if (n == 0 || (n < 0 && errno != EAGAIN))
            return;
        if (until && ret->n && strstr(ret->p, until))
            return;
        if (clock_mono() > give_up)
            fail_msg("no answer; have: %.200s", ret->n ? ret->p : "");
        if (n < 0)
            turn(s);
    }
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

// One request on a connection of its own; the whole answer.
static char *ask(struct server *s, const char *request)
{
    struct buf b;
    int fd = dial(s);

    buf_init(&b, 1024 * 1024);
    say(fd, request);
    shutdown(fd, SHUT_WR);
    receive(s, fd, NULL, &b);
    close(fd);
    return buf_take(&b);
}

static void assert_starts(const char *text, const char *with)
{
    if (strncmp(text, with, strlen(with)) != 0)
        fail_msg("'%.120s' does not start with '%s'", text, with);
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%.400s' lacks '%s'", text, part);
}

static const char *body_of(const char *answer)
{
    const char *b = strstr(answer, "\r\n\r\n");

    return b ? b + 4 : "(none)";
}

#define CLOSE "Host: x\r\nConnection: close\r\n\r\n"

static void m11_a_route_answers_with_status_type_and_length(void **state)
{
    struct server s;
    autofree char *a = NULL;

    (void)state;
    begin(&s, "127.0.0.1:0");
    a = ask(&s, "GET /healthz HTTP/1.1\r\n" CLOSE);
    assert_starts(a, "HTTP/1.1 200 ");
    assert_has(a, "content-length: 5");
    assert_has(a, "content-type: text/plain");
    assert_string_equal(body_of(a), "fine\n");
    end(&s);
}

static void a_route_may_answer_an_error_status(void **state)
{
    struct server s;
    autofree char *a = NULL, *b = NULL;

    (void)state;
    begin(&s, "127.0.0.1:0");
    a = ask(&s, "GET /failing HTTP/1.1\r\n" CLOSE);
    assert_starts(a, "HTTP/1.1 503 ");
    assert_string_equal(body_of(a), "not ready\n");
    b = ask(&s, "GET /nothing HTTP/1.1\r\n" CLOSE);
    assert_starts(b, "HTTP/1.1 200 ");
    assert_string_equal(body_of(b), "");
    end(&s);
}

static void the_query_reaches_the_route_and_not_the_path(void **state)
{
    struct server s;
    autofree char *a = NULL, *b = NULL;

    (void)state;
    begin(&s, "127.0.0.1:0");
    a = ask(&s, "GET /healthz?verbose=1&exclude=etcd HTTP/1.1\r\n" CLOSE);
    assert_starts(a, "HTTP/1.1 200 ");
    assert_string_equal(s.query, "verbose=1&exclude=etcd");
    b = ask(&s, "GET /healthz HTTP/1.1\r\n" CLOSE);
    assert_starts(b, "HTTP/1.1 200 ");
    assert_string_equal(s.query, "");
    end(&s);
}

static void a_long_answer_arrives_whole(void **state)
{
    struct server s;
    autofree char *a = NULL;
    const char *b;

    (void)state;
    begin(&s, "127.0.0.1:0");
    a = ask(&s, "GET /long HTTP/1.1\r\n" CLOSE);
    assert_starts(a, "HTTP/1.1 200 ");
    assert_has(a, "content-type: application/x-long");
    b = body_of(a);
    assert_int_equal(strlen(b), LONG_BYTES);
    for (size_t i = 0; i < LONG_BYTES; i++)
        assert_int_equal(b[i], 'a' + i % 26);
    end(&s);
}

static void an_answer_beyond_the_limit_is_a_500(void **state)
{
    struct server s;
    autofree char *a = NULL;

    (void)state;
    begin(&s, "127.0.0.1:0");
    a = ask(&s, "GET /too-long HTTP/1.1\r\n" CLOSE);
    assert_starts(a, "HTTP/1.1 500 ");
    end(&s);
}

static void head_gives_the_headers_of_get_alone(void **state)
{
    struct server s;
    autofree char *a = NULL;

    (void)state;
    begin(&s, "127.0.0.1:0");
    a = ask(&s, "HEAD /long HTTP/1.1\r\n" CLOSE);
    assert_starts(a, "HTTP/1.1 200 ");
    assert_has(a, "content-length: 300000");
    assert_string_equal(body_of(a), "");
    end(&s);
}

static void an_unknown_path_is_a_404(void **state)
{
    static const char *const paths[] = { "/", "/healthz/", "/healthzz", "/..", "/%2e%2e/healthz2" };
    struct server s;

    (void)state;
    begin(&s, "127.0.0.1:0");
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        char req[256];
        autofree char *a = NULL;

        snprintf(req, sizeof(req), "GET %s HTTP/1.1\r\n" CLOSE, paths[i]);
        a = ask(&s, req);
        assert_starts(a, "HTTP/1.1 404 ");
    }
    assert_int_equal(s.calls, 0);
    end(&s);
}

static void other_methods_are_a_405_and_end_the_connection(void **state)
{
    static const char *const methods[] = { "POST", "PUT", "DELETE", "PATCH", "OPTIONS" };
    struct server s;

    (void)state;
    begin(&s, "127.0.0.1:0");
    for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
        char req[256];
        autofree char *a = NULL;

        snprintf(req, sizeof(req),
                 "%s /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", methods[i]);
        a = ask(&s, req);
        assert_starts(a, "HTTP/1.1 405 ");
        assert_has(a, "allow: GET, HEAD");
    }
    assert_int_equal(s.calls, 0);
    end(&s);
}

static void a_body_after_a_get_ends_the_connection(void **state)
{
    struct server s;
    autofree char *a = NULL;

    (void)state;
    begin(&s, "127.0.0.1:0");
    a = ask(&s, "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 29\r\n\r\n"
                "GET /smuggled HTTP/1.1\r\nX: y\r\n\r\n");
    assert_null(strstr(a, " 404 "));
    end(&s);
}

static void nonsense_gets_no_200_and_does_not_stop_the_server(void **state)
{
    static const char *const nonsense[] = {
        "\r\n\r\n",
        "GET\r\n\r\n",
        "FOO /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: x",
    };
    struct server s;
    autofree char *after = NULL;

    (void)state;
    begin(&s, "127.0.0.1:0");
    for (size_t i = 0; i < ARRAY_SIZE(nonsense); i++) {
        autofree char *a = ask(&s, nonsense[i]);

        assert_null(strstr(a, " 200 "));
    }
    after = ask(&s, "GET /healthz HTTP/1.1\r\n" CLOSE);
    assert_starts(after, "HTTP/1.1 200 ");
    end(&s);
}

#define WEBSOCKET                                                                                  \
    "GET /healthz HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"            \
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"

#define H2C                                                                                        \
    "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\n"                  \
    "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n"

// Another protocol would have neither limits nor an end that the server is told of.
static void no_connection_becomes_another_protocol(void **state)
{
    static const char *const wishes[] = {
        WEBSOCKET "\r\n",
        WEBSOCKET "Sec-WebSocket-Protocol: http\r\n\r\n",
        WEBSOCKET "Sec-WebSocket-Protocol: loop\r\n\r\n",
        H2C,
    };
    struct server s;
    autofree char *after = NULL;

    (void)state;
    begin(&s, "127.0.0.1:0");
    for (size_t i = 0; i < ARRAY_SIZE(wishes) * (HTTPD_CONNECTIONS_MAX + 1); i++) {
        autofree char *a = ask(&s, wishes[i % ARRAY_SIZE(wishes)]);

        assert_has(a, " 400 Bad Request\r\n");
    }
    assert_int_equal(s.calls, 0);
    after = ask(&s, "GET /healthz HTTP/1.1\r\n" CLOSE);
    assert_starts(after, "HTTP/1.1 200 ");
    end(&s);
}

// before + 6000 times 'x' + after as one request
static void assert_refuses_long(struct server *s, const char *before, const char *after)
{
    char req[8192];
    size_t n = strlen(before);
    autofree char *a = NULL;

    memcpy(req, before, n);
    memset(req + n, 'x', 6000);
    snprintf(req + n + 6000, sizeof(req) - n - 6000, "%s", after);
    a = ask(s, req);
    assert_null(strstr(a, " 200 "));
}

static void headers_beyond_the_limit_are_refused(void **state)
{
    struct server s;
    autofree char *after = NULL;

    (void)state;
    begin(&s, "127.0.0.1:0");
    assert_refuses_long(&s, "GET /healthz HTTP/1.1\r\nHost: x\r\nCookie: ", "\r\n\r\n");
    assert_refuses_long(&s, "GET /healthz?", " HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(s.calls, 0);
    after = ask(&s, "GET /healthz HTTP/1.1\r\n" CLOSE);
    assert_starts(after, "HTTP/1.1 200 ");
    end(&s);
}

static void a_connection_serves_many_requests(void **state)
{
    struct server s;
    int fd;

    (void)state;
    begin(&s, "127.0.0.1:0");
    fd = dial(&s);
    for (int i = 0; i < 50; i++) {
        autobuf struct buf b = { 0 };

        buf_init(&b, 4096);
        say(fd, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
        receive(&s, fd, "fine\n", &b);
        assert_starts(b.p, "HTTP/1.1 200 ");
    }
    assert_int_equal(s.calls, 50);
    close(fd);
    end(&s);
}

static void beyond_the_limit_the_most_silent_connection_makes_room(void **state)
{
    struct server s;
    int fd[HTTPD_CONNECTIONS_MAX + 1];
    char c;

    (void)state;
    begin(&s, "127.0.0.1:0");
    for (size_t i = 0; i < ARRAY_SIZE(fd); i++) {
        autobuf struct buf b = { 0 };

        buf_init(&b, 4096);
        fd[i] = dial(&s);
        say(fd[i], "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
        receive(&s, fd[i], "fine\n", &b);
        assert_starts(b.p, "HTTP/1.1 200 ");
    }
    for (int i = 0; i < 3; i++)
        turn(&s);
    assert_int_equal(recv(fd[0], &c, 1, MSG_DONTWAIT), 0);
    assert_int_equal(recv(fd[1], &c, 1, MSG_DONTWAIT), -1);
    for (size_t i = 0; i < ARRAY_SIZE(fd); i++)
        close(fd[i]);
    end(&s);
}

static void a_crowd_that_says_nothing_does_not_keep_a_probe_out(void **state)
{
    struct server s;
    int fd[40];

    (void)state;
    begin(&s, "127.0.0.1:0");
    for (size_t i = 0; i < ARRAY_SIZE(fd); i++) {
        fd[i] = dial(&s);
        turn(&s);
    }
    for (int i = 0; i < 5; i++) {
        autofree char *a = ask(&s, "GET /healthz HTTP/1.1\r\n" CLOSE);

        assert_starts(a, "HTTP/1.1 200 ");
    }
    for (size_t i = 0; i < ARRAY_SIZE(fd); i++)
        close(fd[i]);
    end(&s);
}

static void a_reader_that_leaves_in_the_middle_harms_nobody(void **state)
{
    struct server s;
    autofree char *a = NULL;

    (void)state;
    begin(&s, "127.0.0.1:0");
    for (int i = 0; i < 20; i++) {
        int fd = dial(&s);

        say(fd, "GET /long HTTP/1.1\r\nHost: x\r\n\r\n");
        turn(&s);
        close(fd);
    }
    a = ask(&s, "GET /healthz HTTP/1.1\r\n" CLOSE);
    assert_starts(a, "HTTP/1.1 200 ");
    end(&s);
}

static void set_true(void *arg)
{
    *(bool *)arg = true;
}

static void timers_and_posts_run_while_the_server_waits(void **state)
{
    struct server s;
    struct timer t;
    bool fired = false, posted = false;
    struct error e;

    (void)state;
    begin(&s, "127.0.0.1:0");
    timer_init(&t, "t", set_true, &fired);
    timer_start(s.l, &t, 5 * USEC_PER_MSEC);
    while (!fired)
        assert_int_equal(loop_turn(s.l, USEC_NEVER, &e), 0);
    loop_post(s.l, set_true, &posted);
    while (!posted)
        assert_int_equal(loop_turn(s.l, USEC_NEVER, &e), 0);
    end(&s);
}

static void an_idle_server_hardly_wakes_up(void **state)
{
    struct server s;
    usec start;
    uint64_t before;
    struct error e;
    autofree char *a = NULL;

    (void)state;
    begin(&s, "127.0.0.1:0");
    a = ask(&s, "GET /healthz HTTP/1.1\r\n" CLOSE);
    assert_starts(a, "HTTP/1.1 200 ");
    for (int i = 0; i < 5; i++)
        turn(&s);
    before = loop_wakeups(s.l);
    start = clock_mono();
    while (clock_mono() - start < USEC_PER_SEC)
        assert_int_equal(loop_turn(s.l, start + USEC_PER_SEC - clock_mono(), &e), 0);
    assert_true(loop_wakeups(s.l) - before <= 2); // one is the end of the wait itself
    end(&s);
}

static void the_fake_clock_does_not_wait_for_the_server(void **state)
{
    struct server s;
    struct timer t;
    bool fired = false;
    struct error e;

    (void)state;
    begin(&s, "127.0.0.1:0");
    clock_fake(USEC_PER_DAY, 0);
    timer_init(&t, "t", set_true, &fired);
    timer_start(s.l, &t, 5 * USEC_PER_HOUR);
    while (!fired)
        assert_int_equal(loop_turn(s.l, USEC_NEVER, &e), 0);
    assert_int_equal(clock_mono(), USEC_PER_DAY + 5 * USEC_PER_HOUR);
    clock_real();
    end(&s);
}

static void addresses_are_accepted_in_every_usual_form(void **state)
{
    static const char *const forms[] = { ":0",      "127.0.0.1:0", "localhost:0",
                                         "[::1]:0", "[::]:0",      "0.0.0.0:0" };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
        struct server s;

        begin(&s, forms[i]);
        if (forms[i][0] == ':' || forms[i][0] == '0') {
            autofree char *a = ask(&s, "GET /healthz HTTP/1.1\r\n" CLOSE);

            assert_starts(a, "HTTP/1.1 200 ");
        }
        end(&s);
    }
}

static void a_bad_address_is_refused_with_words(void **state)
{
    static const char *const bad[] = { "",         "8080",    "localhost", ":",
                                       "::1:8080", ":65536",  ":-1",       ":80x",
                                       "[]:80",    "[::1:80", "x]:80",     "256.0.0.1:0" };
    struct error e;
    struct loop *l = loop_new(&e);

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        error_clear(&e);
        if (httpd_new(l, bad[i], routes, 1, NULL, &e))
            fail_msg("'%s' was accepted", bad[i]);
        assert_int_equal(e.code, ERR_INVALID);
        assert_has(e.text, "listen");
    }
    loop_free(l);
}

static void m11_a_taken_port_is_refused_with_words(void **state)
{
    struct server s;
    struct loop *l;
    char listen_on[32];
    struct error e = { 0 };

    (void)state;
    begin(&s, "127.0.0.1:0");
    l = loop_new(&e);
    snprintf(listen_on, sizeof(listen_on), "127.0.0.1:%d", httpd_port(s.h));
    assert_null(httpd_new(l, listen_on, routes, 1, NULL, &e));
    assert_has(e.text, listen_on);
    assert_has(e.text, "in use");
    loop_free(l);
    end(&s);
}

RUN(T(m11_a_route_answers_with_status_type_and_length), T(a_route_may_answer_an_error_status),
    T(the_query_reaches_the_route_and_not_the_path), T(a_long_answer_arrives_whole),
    T(an_answer_beyond_the_limit_is_a_500), T(head_gives_the_headers_of_get_alone),
    T(an_unknown_path_is_a_404), T(other_methods_are_a_405_and_end_the_connection),
    T(a_body_after_a_get_ends_the_connection), T(nonsense_gets_no_200_and_does_not_stop_the_server),
    T(no_connection_becomes_another_protocol), T(headers_beyond_the_limit_are_refused),
    T(a_connection_serves_many_requests), T(beyond_the_limit_the_most_silent_connection_makes_room),
    T(a_crowd_that_says_nothing_does_not_keep_a_probe_out),
    T(a_reader_that_leaves_in_the_middle_harms_nobody),
    T(timers_and_posts_run_while_the_server_waits), T(an_idle_server_hardly_wakes_up),
    T(the_fake_clock_does_not_wait_for_the_server), T(addresses_are_accepted_in_every_usual_form),
    T(a_bad_address_is_refused_with_words), T(m11_a_taken_port_is_refused_with_words))
