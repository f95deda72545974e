// SPDX-License-Identifier: Apache-2.0
// The client's TLS and HTTP/2 side, against a real server in another process.
#include "base/alloc.h"
#include "base/clock.h"
#include "base/fake_tls.h"
#include "base/http.h"
#include "base/test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define CALLS_MAX 32
#define WATCHES   20 // libwebsockets allows 24 streams on a connection

static struct fake_certs certs; // made once, they take a second

struct result {
    struct http_call *call;
    int pieces, done, status;
    struct buf body;
    struct error e;
};

struct env {
    struct loop *l;
    struct transport *t;
    struct fake_tls server;
    struct result r[CALLS_MAX];
};

static int on_data(void *arg, const char *p, size_t n)
{
    struct result *r = arg;

    r->pieces++;
    buf_add(&r->body, p, n);
    return 0;
}

static void on_done(void *arg, const struct http_response *h, struct str unused_arg body,
                    const struct error *e)
{
    struct result *r = arg;

    r->done++;
    r->call = NULL;
    r->status = h->status;
    r->e = *e;
}

static const struct http_events events = { .on_data = on_data, .on_done = on_done };

static struct env *begin(const struct fake_tls_options *so)
{
    struct env *v = calloc(1, sizeof(*v));
    struct error e;

    assert_non_null(v);
    fake_tls_start(&v->server, &certs, so);
    v->l = loop_new(&e);
    assert_non_null(v->l);
    for (size_t i = 0; i < CALLS_MAX; i++)
        buf_init(&v->r[i].body, 65536);
    return v;
}

static void use(struct env *v, const struct http_options *o)
{
    struct error e = { 0 };

    transport_free(v->t);
    v->t = http_curl_new(v->l, o, &e);
    if (!v->t)
        fail_msg("%s", e.text);
}

// A server with this certificate, and a client that knows its CA.
static struct env *begin_trusting(const char *cert)
{
    autofree char *path = fake_certs_path(&certs, "ca");
    struct env *v = begin(&(struct fake_tls_options){ .cert = cert });

    use(v, &(struct http_options){ .tls.ca_file = path });
    return v;
}

static void end(struct env *v)
{
    transport_free(v->t);
    fake_tls_kill(&v->server);
    loop_free(v->l);
    for (size_t i = 0; i < CALLS_MAX; i++)
        buf_fini(&v->r[i].body);
    free(v);
}

static void start(struct env *v, size_t i, const char *path)
{
    autofree char *url = xasprintf("https://127.0.0.1:%d%s", v->server.port, path);
    struct http_request req = { .method = "GET", .url = url };

    v->r[i].done = v->r[i].pieces = 0;
    error_clear(&v->r[i].e);
    buf_reset(&v->r[i].body);
    v->r[i].call = http_start(v->t, &req, &events, &v->r[i]);
}

static void turn(struct env *v)
{
    struct error e;

    assert_int_equal(loop_turn(v->l, USEC_PER_SEC, &e), 0);
}

static struct result *fetch(struct env *v, const char *path)
{
    struct result *r = &v->r[0];

    start(v, 0, path);
    for (int i = 0; i < 1000 && !r->done; i++)
        turn(v);
    assert_int_equal(r->done, 1);
    return r;
}

static void assert_body(const struct result *r, const char *part)
{
    if (r->e.code || !r->body.n || !strstr(r->body.p, part))
        fail_msg("want '%s', have '%s' %s", part, r->body.n ? r->body.p : "", r->e.text);
}

static void assert_error(const struct result *r, enum err code, const char *part)
{
    if (r->e.code != code || !strstr(r->e.text, part))
        fail_msg("want %s with '%s', have %s: %s", err_name(code), part, err_name(r->e.code),
                 r->e.text);
}

static char *read_file(const char *name)
{
    autofree char *path = fake_certs_path(&certs, name);
    char text[16384];
    FILE *f = fopen(path, "r");
    size_t n;

    assert_non_null(f);
    n = fread(text, 1, sizeof(text), f);
    fclose(f);
    return xstrndup(text, n);
}

static void a_certificate_of_the_given_ca_is_trusted_from_file_or_memory(void **state)
{
    struct fake_tls_options so = { .cert = "ip" };
    autofree char *path = fake_certs_path(&certs, "ca"), *text = read_file("ca");
    struct http_options file = { .tls.ca_file = path }, memory = { .tls.ca_data = str_of(text) };
    struct env *v = begin(&so);

    (void)state;
    use(v, &file);
    assert_body(fetch(v, "/hello"), "hello\n");
    use(v, &memory);
    memset(text, 'x', strlen(text)); // it was copied
    assert_body(fetch(v, "/hello"), "hello\n");
    assert_int_equal(v->r[0].status, 200);
    end(v);
}

static void a_certificate_of_another_ca_is_unavailable_and_says_check_the_ca(void **state)
{
    struct fake_tls_options so = { .cert = "ip" };
    autofree char *path = fake_certs_path(&certs, "other-ca");
    struct http_options other = { .tls.ca_file = path }, roots = { 0 };
    struct env *v = begin(&so);

    (void)state;
    use(v, &other);
    assert_error(fetch(v, "/hello"), ERR_UNAVAILABLE, "certificate not trusted: check the CA");
    use(v, &roots);
    assert_error(fetch(v, "/hello"), ERR_UNAVAILABLE, "check the CA");
    assert_int_equal(http_curl_stats(v->t).errors, 1);
    end(v);
}

static void c18_insecure_trusts_anybody(void **state)
{
    struct fake_tls_options so = { .cert = "name" };
    struct http_options o = { .tls.insecure = true };
    struct env *v = begin(&so);

    (void)state;
    use(v, &o);
    assert_body(fetch(v, "/hello"), "hello\n");
    end(v);
}

static void an_expired_certificate_is_unavailable_and_says_so(void **state)
{
    struct env *v = begin_trusting("old");

    (void)state;
    assert_error(fetch(v, "/hello"), ERR_UNAVAILABLE, "certificate expired");
    end(v);
}

static void c18_another_name_is_refused_unless_it_is_the_server_name(void **state)
{
    struct fake_tls_options so = { .cert = "name" };
    autofree char *path = fake_certs_path(&certs, "ca");
    struct http_options plain = { .tls.ca_file = path };
    struct http_options named = {
        .tls = {.ca_file = path, .server_name = "cluster.test"}
    };
    struct http_options wrong = {
        .tls = {.ca_file = path, .server_name = "other.test"}
    };
    autofree char *host = NULL;
    struct env *v = begin(&so);

    (void)state;
    use(v, &plain);
    assert_error(fetch(v, "/hello"), ERR_UNAVAILABLE, "another name");
    use(v, &wrong);
    assert_error(fetch(v, "/hello"), ERR_UNAVAILABLE, "another name");
    use(v, &named);
    host = xasprintf("host=127.0.0.1:%d ", v->server.port);
    assert_body(fetch(v, "/who"), host); // Host is what the URL says
    assert_body(fetch(v, "/who"), "connections=3 h2=1");
    assert_int_equal(http_curl_stats(v->t).connections, 1);
    end(v);
}

static void a_client_certificate_is_shown_from_file_or_memory(void **state)
{
    struct fake_tls_options so = { .cert = "ip", .want_client = true };
    autofree char *ca = fake_certs_path(&certs, "ca"), *cert = fake_certs_path(&certs, "alice");
    autofree char *key = fake_certs_path(&certs, "alice.key"), *bob = read_file("bob");
    autofree char *bob_key = read_file("bob.key");
    struct http_options none = { .tls.ca_file = ca };
    struct http_options file = {
        .tls = {.ca_file = ca, .cert_file = cert, .key_file = key}
    };
    struct http_options memory = {
        .tls = {.ca_file = ca, .cert_data = str_of(bob), .key_data = str_of(bob_key)}
    };
    struct env *v = begin(&so);

    (void)state;
    use(v, &none);
    fetch(v, "/who");
    assert_int_not_equal(v->r[0].e.code, ERR_NONE);
    use(v, &file);
    assert_body(fetch(v, "/who"), "client=alice");
    use(v, &memory);
    assert_body(fetch(v, "/who"), "client=bob");
    end(v);
}

static void c14_new_credentials_serve_new_calls_while_a_watch_keeps_the_old(void **state)
{
    struct fake_tls_options so = { .cert = "ip", .want_client = true };
    autofree char *ca = fake_certs_path(&certs, "ca");
    autofree char *alice = read_file("alice"), *alice_key = read_file("alice.key");
    autofree char *bob = read_file("bob"), *bob_key = read_file("bob.key");
    struct http_options o = {
        .tls = {.ca_file = ca, .cert_data = str_of(alice), .key_data = str_of(alice_key)}
    };
    struct http_tls tls = { .ca_file = ca, .cert_data = str_of(bob), .key_data = str_of(bob_key) };
    struct env *v = begin(&so);
    struct error e;

    (void)state;
    use(v, &o);
    start(v, 1, "/watch");
    while (!v->r[1].pieces && !v->r[1].done)
        turn(v);
    assert_body(fetch(v, "/who"), "connections=1 h2=1 client=alice");
    assert_int_equal(http_curl_set_tls(v->t, &tls, false, &e), 0);
    assert_body(fetch(v, "/who"), "connections=2 h2=1 client=bob");
    assert_int_equal(v->r[1].done, 0);
    assert_int_equal(http_curl_set_tls(v->t, &o.tls, true, &e), 0);
    assert_body(fetch(v, "/who"), "client=alice");
    assert_int_equal(v->r[1].done, 1);
    assert_error(&v->r[1], ERR_UNAVAILABLE, "new TLS credentials");
    end(v);
}

// Nothing wakes the loop up within a second, once the timers of the connecting phase (200 ms)
// ended.
static void assert_sleeps(struct env *v)
{
    usec from = clock_mono();
    uint64_t before;
    struct error e;

    while (clock_mono() - from < 500 * USEC_PER_MSEC)
        assert_int_equal(loop_turn(v->l, 50 * USEC_PER_MSEC, &e), 0);
    before = loop_wakeups(v->l);
    from = clock_mono();
    while (clock_mono() - from < USEC_PER_SEC)
        assert_int_equal(loop_turn(v->l, from + USEC_PER_SEC - clock_mono(), &e), 0);
    assert_true(loop_wakeups(v->l) - before <= 2); // one is the end of the wait itself
}

static void many_watches_share_one_connection(void **state)
{
    struct env *v = begin_trusting("ip");

    (void)state;
    for (size_t i = 1; i <= WATCHES; i++)
        start(v, i, "/watch");
    for (size_t i = 1; i <= WATCHES; i++)
        while (!v->r[i].pieces && !v->r[i].done)
            turn(v);
    assert_body(fetch(v, "/who"), "connections=1 h2=1");
    assert_int_equal(http_curl_stats(v->t).connections, 1);
    assert_sleeps(v);
    for (size_t i = 2; i <= WATCHES; i++)
        http_cancel(v->t, v->r[i].call);
    assert_body(fetch(v, "/who"), "connections=1 h2=1"); // cancelling one leaves the others
    assert_int_equal(v->r[1].done, 0);
    end(v);
}

// What the client writes to its connections from now on fails, before it can read that they ended.
static void break_connections(const struct env *v)
{
    int broken = 0;

    for (int fd = 3; fd < 256; fd++) {
        struct sockaddr_in peer;
        socklen_t n = sizeof(peer);

        if (getpeername(fd, (struct sockaddr *)&peer, &n) == 0 && peer.sin_family == AF_INET &&
            ntohs(peer.sin_port) == v->server.port && shutdown(fd, SHUT_WR) == 0)
            broken++;
    }
    assert_int_equal(broken, 1);
}

static void calls_that_find_their_connection_broken_open_one_and_share_it(void **state)
{
    struct env *v = begin_trusting("ip");

    (void)state;
    start(v, 1, "/watch");
    while (!v->r[1].pieces && !v->r[1].done)
        turn(v);
    break_connections(v);
    for (size_t i = 2; i <= WATCHES; i++)
        start(v, i, "/watch");
    for (size_t i = 2; i <= WATCHES; i++) {
        while (!v->r[i].pieces && !v->r[i].done)
            turn(v);
        assert_int_equal(v->r[i].done, 0);
    }
    assert_body(fetch(v, "/who"), "connections=2 h2=1");
    assert_int_equal(http_curl_stats(v->t).connections, 2);
    end(v);
}

static void without_http2_each_watch_has_a_connection_of_its_own(void **state)
{
    struct fake_tls_options h1 = { .cert = "ip", .no_http2 = true }, h2 = { .cert = "ip" };
    autofree char *path = fake_certs_path(&certs, "ca");
    struct http_options o = { .tls.ca_file = path },
                        no_h2 = { .tls.ca_file = path, .no_http2 = true };

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct env *v = begin(i ? &h1 : &h2);

        use(v, i ? &o : &no_h2);
        for (size_t k = 1; k <= 5; k++)
            start(v, k, "/watch");
        for (size_t k = 1; k <= 5; k++)
            while (!v->r[k].pieces && !v->r[k].done)
                turn(v);
        assert_body(fetch(v, "/who"), "connections=6 h2=0");
        end(v);
    }
}

static void a_server_that_dies_ends_all_watches_with_an_io_error(void **state)
{
    struct env *v = begin_trusting("ip");

    (void)state;
    for (size_t i = 1; i <= 25; i++)
        start(v, i, "/watch");
    for (size_t i = 1; i <= 25; i++)
        while (!v->r[i].pieces && !v->r[i].done)
            turn(v);
    fake_tls_kill(&v->server);
    for (size_t i = 1; i <= 25; i++) {
        while (!v->r[i].done)
            turn(v);
        assert_error(&v->r[i], ERR_IO, "https://127.0.0.1:");
    }
    assert_error(fetch(v, "/hello"), ERR_REFUSED, "refused");
    end(v);
}

static void tls_to_a_plain_server_is_unavailable(void **state)
{
    struct fake_tls_options so = { .cert = "ip" };
    struct http_options o = { .tls.insecure = true };
    struct env *v = begin(&so);
    autofree char *url = xasprintf("http://127.0.0.1:%d/hello", v->server.port);
    struct http_request req = { .method = "GET", .url = url };

    (void)state;
    use(v, &o);
    v->r[0].call = http_start(v->t, &req, &events, &v->r[0]); // plain HTTP to a TLS server
    while (!v->r[0].done)
        turn(v);
    assert_true(v->r[0].e.code != ERR_NONE || v->r[0].status >= 400);
    end(v);
}

static void assert_refused(const struct http_tls *tls, const char *part)
{
    struct http_options o = { .tls = *tls };
    struct error e = { 0 };
    struct loop *l = loop_new(&e);

    assert_null(http_curl_new(l, &o, &e));
    assert_int_not_equal(e.code, ERR_NONE);
    if (!strstr(e.text, part))
        fail_msg("'%s' lacks '%s'", e.text, part);
    if (strstr(e.text, "PRIVATE KEY"))
        fail_msg("the key is in the text");
    loop_free(l);
}

static void material_that_cannot_work_is_refused_at_once(void **state)
{
    autofree char *alice = read_file("alice");
    autofree char *alice_key = read_file("alice.key"), *bob_key = read_file("bob.key");

    (void)state;
    assert_refused(&(struct http_tls){ .ca_file = "/nonexistent/ca" }, "/nonexistent/ca");
    assert_refused(&(struct http_tls){ .ca_data = str_of("") }, "no PEM certificate");
    assert_refused(&(struct http_tls){ .ca_data = str_of(alice_key) }, "no PEM certificate");
    assert_refused(&(struct http_tls){ .cert_data = str_of(alice) }, "without a client key");
    assert_refused(&(struct http_tls){ .key_data = str_of(alice_key) },
                   "without a client certificate");
    assert_refused(&(struct http_tls){ .cert_data = str_of(alice), .key_data = str_of(bob_key) },
                   "not the key of");
    assert_refused(&(struct http_tls){ .cert_data = str_of(alice), .key_data = str_of(alice) },
                   "no PEM private key");
}

static void bad_new_material_leaves_the_old_in_force(void **state)
{
    struct fake_tls_options so = { .cert = "ip" };
    autofree char *path = fake_certs_path(&certs, "ca");
    struct http_options o = { .tls.ca_file = path };
    struct http_tls bad = { .ca_data = str_of("garbage") };
    struct env *v = begin(&so);
    struct error e = { 0 };

    (void)state;
    use(v, &o);
    assert_int_equal(http_curl_set_tls(v->t, &bad, true, &e), -1);
    assert_int_equal(e.code, ERR_INVALID);
    assert_body(fetch(v, "/hello"), "hello\n");
    end(v);
}

static int make_certs(void **state)
{
    static const char *const names[] = {
        "https_proxy", "all_proxy", "no_proxy",   "HTTPS_PROXY",
        "ALL_PROXY",   "NO_PROXY",  "http_proxy", "SSL_CERT_FILE"
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        unsetenv(names[i]);
    fake_certs_make(&certs);
    return 0;
}

static int remove_certs(void **state)
{
    (void)state;
    fake_certs_remove(&certs);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_certificate_of_the_given_ca_is_trusted_from_file_or_memory),
        T(a_certificate_of_another_ca_is_unavailable_and_says_check_the_ca),
        T(c18_insecure_trusts_anybody),
        T(an_expired_certificate_is_unavailable_and_says_so),
        T(c18_another_name_is_refused_unless_it_is_the_server_name),
        T(a_client_certificate_is_shown_from_file_or_memory),
        T(c14_new_credentials_serve_new_calls_while_a_watch_keeps_the_old),
        T(many_watches_share_one_connection),
        T(calls_that_find_their_connection_broken_open_one_and_share_it),
        T(without_http2_each_watch_has_a_connection_of_its_own),
        T(a_server_that_dies_ends_all_watches_with_an_io_error),
        T(tls_to_a_plain_server_is_unavailable),
        T(material_that_cannot_work_is_refused_at_once),
        T(bad_new_material_leaves_the_old_in_force),
    };

    return cmocka_run_group_tests(tests, make_certs, remove_certs);
}
