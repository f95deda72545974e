// SPDX-License-Identifier: Apache-2.0
// What the client sends, and what it makes of answers.
#include "base/clock.h"
#include "base/fake_http.h"
#include "base/test.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

static void assert_body(const struct fake_call *r, const char *text)
{
    assert_int_equal(r->e.code, ERR_NONE);
    assert_string_equal(r->body.n ? r->body.p : "", text);
}

static void assert_error(const struct fake_call *r, enum err code, const char *part)
{
    if (r->e.code != code || !strstr(r->e.text, part))
        fail_msg("want %s with '%s', have %s: %s", err_name(code), part, err_name(r->e.code),
                 r->e.text);
}

static const struct fake_step small[] = {
    { .text = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" }, { 0 }
};

static void a_whole_answer_is_gathered_with_its_headers(void **state)
{
    static const struct fake_step script[] = {
        { .text =
              "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nRetry-After: 7\r\n"
              "Warning: 299 - \"policy/v1beta1 is deprecated\"\r\nContent-Length: 2\r\n\r\n{}" },
        { 0 }
    };
    struct fake_http *v = fake_http_begin();
    struct http_request req = fake_http_get(v);
    struct fake_call *r;

    (void)state;
    fake_http_script(v, script);
    r = fake_http_fetch(v, &req, &fake_http_gathered);
    assert_body(r, "{}");
    assert_int_equal(r->status, 200);
    assert_int_equal(r->headers, 1);
    assert_string_equal(r->type, "application/json");
    assert_string_equal(r->warning, "policy/v1beta1 is deprecated");
    assert_int_equal(r->retry_after, 7 * USEC_PER_SEC);
    fake_http_end(v);
}

static void a_status_of_any_kind_is_no_error(void **state)
{
    static const struct fake_step s404[] = {
        { .text = "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno" }, { 0 }
    };
    static const struct fake_step s204[] = { { .text = "HTTP/1.1 204 No Content\r\n\r\n" }, { 0 } };
    struct fake_http *v = fake_http_begin();
    struct http_request req = fake_http_get(v);
    struct fake_call *r;

    (void)state;
    fake_http_script(v, s404);
    fake_http_script(v, s204);
    r = fake_http_fetch(v, &req, &fake_http_gathered);
    assert_body(r, "no");
    assert_int_equal(r->status, 404);
    r = fake_http_start(v, 1, &req, &fake_http_gathered);
    fake_http_finish(v, r);
    assert_body(r, "");
    assert_int_equal(r->status, 204);
    fake_http_end(v);
}

static void a_redirect_is_told_not_followed_and_cookies_are_forgotten(void **state)
{
    static const struct fake_step script[] = {
        { .text =
              "HTTP/1.1 302 Found\r\nLocation: /y\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n" },
        { 0 }
    };
    struct fake_http *v = fake_http_begin();
    struct http_request req = fake_http_get(v);
    struct fake_call *r;

    (void)state;
    fake_http_script(v, script);
    r = fake_http_fetch(v, &req, &fake_http_gathered);
    assert_int_equal(r->status, 302);
    r = fake_http_start(v, 1, &req, &fake_http_gathered);
    fake_http_finish(v, r);
    assert_int_equal(v->peer.requests, 2);
    assert_int_equal(fake_http_seen(v, "Cookie"), 0);
    fake_http_end(v);
}

static void interim_answers_are_not_told(void **state)
{
    static const struct fake_step script[] = {
        { .text = "HTTP/1.1 103 Early Hints\r\nContent-Type: x/y\r\n\r\n" },
        { .text = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na" },
        { 0 }
    };
    struct fake_http *v = fake_http_begin();
    struct http_request req = fake_http_get(v);
    struct fake_call *r;

    (void)state;
    fake_http_script(v, script);
    r = fake_http_fetch(v, &req, &fake_http_streamed);
    assert_int_equal(r->headers, 1);
    assert_int_equal(r->status, 200);
    assert_string_equal(r->type, "");
    fake_http_end(v);
}

// Each byte of the answer is a segment of its own, chunk sizes and trailers included; they come
// further apart than the transport waits before it reads again.
static void chunk_borders_fall_anywhere(void **state)
{
    static const char text[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                               "1\r\na\r\n5;x=y\r\nbcdef\r\nA\r\nghijklmnop\r\n0\r\nT: x\r\n\r\n";
    static struct fake_step script[sizeof(text)];
    struct fake_http *v = fake_http_begin();
    struct http_request req = fake_http_get(v);
    struct fake_call *r;

    (void)state;
    clock_fake(USEC_PER_HOUR, 0);
    for (size_t i = 0; i + 1 < sizeof(text); i++)
        script[i] = (struct fake_step){ .after = 2 * USEC_PER_MSEC, .text = &text[i], .n = 1 };
    fake_http_script(v, script);
    r = fake_http_fetch(v, &req, &fake_http_streamed);
    assert_body(r, "abcdefghijklmnop");
    assert_true(r->pieces >= 16);
    fake_http_end(v);
}

static void what_comes_in_fast_small_pieces_is_read_together(void **state)
{
    static struct fake_step script[202] = {
        { .text = "HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n" }
    };
    struct fake_http *v = fake_http_begin();
    struct http_request req = fake_http_get(v);
    struct fake_call *r;

    (void)state;
    clock_fake(USEC_PER_HOUR, 0);
    for (size_t i = 1; i <= 200; i++)
        script[i] = (struct fake_step){ .after = 20, .text = "x", .n = 1 };
    fake_http_script(v, script);
    r = fake_http_fetch(v, &req, &fake_http_streamed);
    assert_int_equal(r->status, 200);
    assert_in_range(r->pieces, 1, 20);
    fake_http_end(v);
}

static void a_cut_in_the_middle_is_an_io_error(void **state)
{
    static const struct fake_step cuts[][2] = {
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
        struct fake_http *v = fake_http_begin();
        struct http_request req = fake_http_get(v);

        fake_http_script(v, cuts[i]);
        assert_error(fake_http_fetch(v, &req, &fake_http_gathered), ERR_IO, "http://127.0.0.1:");
        fake_http_end(v);
    }
}

static void an_answer_that_is_not_http_is_an_io_error(void **state)
{
    static const struct fake_step script[] = {
        {.text = "SSH-2.0-OpenSSH_9.2\r\n", .close = true}
    };
    struct fake_http *v = fake_http_begin();
    struct http_request req = fake_http_get(v);

    (void)state;
    fake_http_script(v, script);
    assert_error(fake_http_fetch(v, &req, &fake_http_gathered), ERR_IO, "not HTTP");
    fake_http_end(v);
}

static void nobody_listening_is_refused_and_told_on_a_later_turn(void **state)
{
    struct fake_http *v = fake_http_begin();
    struct http_request req = fake_http_get(v);
    struct fake_call *r;

    (void)state;
    loop_io_remove(v->l, v->peer.fd);
    close(v->peer.fd);
    r = fake_http_start(v, 0, &req, &fake_http_gathered);
    assert_int_equal(r->done, 0);
    fake_http_finish(v, r);
    assert_error(r, ERR_REFUSED, "connection refused");
    assert_int_equal(r->status, 0);
    v->peer.fd = socket(AF_INET, SOCK_STREAM, 0);
    fake_http_end(v);
}

static void an_unknown_name_is_unavailable(void **state)
{
    struct fake_http *v = fake_http_begin();
    struct http_request req = { .method = "GET", .url = "http://no-such-host.invalid/" };

    (void)state;
    fake_http_fetch(v, &req, &fake_http_gathered);
    if (v->r[0].e.code == ERR_TIMEOUT) // no name server answers here
        assert_error(&v->r[0], ERR_TIMEOUT, "no connection in time");
    else
        assert_error(&v->r[0], ERR_UNAVAILABLE, "check the address and DNS");
    fake_http_end(v);
}

static void a_request_that_makes_no_sense_is_invalid_and_never_sent(void **state)
{
    static const char *const urls[] = { "",        "ftp://127.0.0.1/x", "file:///etc/passwd",
                                        "http://", "https://:443/",     "http://a b/",
                                        "/healthz" };
    static const char *const smuggled[] = { "X-A: b\r\nX-C: d", NULL };
    struct fake_http *v = fake_http_begin();
    struct http_request req = fake_http_get(v);

    (void)state;
    fake_http_script(v, small);
    for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
        req.url = urls[i];
        assert_error(fake_http_start(v, i, &req, &fake_http_gathered), ERR_NONE, "");
        fake_http_finish(v, &v->r[i]);
        assert_error(&v->r[i], ERR_INVALID, "");
    }
    req = fake_http_get(v);
    req.headers = smuggled;
    fake_http_start(v, 10, &req, &fake_http_gathered);
    fake_http_finish(v, &v->r[10]);
    assert_error(&v->r[10], ERR_INVALID, "line break");
    assert_int_equal(v->peer.requests, 0);
    fake_http_end(v);
}

static void c11_a_call_ends_at_its_time_limit_however_lively_it_is(void **state)
{
    static const struct fake_step script[] = {
        {.text = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"},
        { .after = 4 * USEC_PER_SEC,                             .text = "a" },
        { .after = 4 * USEC_PER_SEC,                                                     .text = "b" },
        { .after = 4 * USEC_PER_SEC,.text = "c" },
        { 0                            }
    };
    struct fake_http *v = fake_http_begin();
    struct http_request req = fake_http_get(v);
    struct fake_call *r;

    (void)state;
    clock_fake(USEC_PER_HOUR, 0);
    fake_http_script(v, script);
    req.timeout = 10 * USEC_PER_SEC;
    req.idle_timeout = 5 * USEC_PER_SEC;
    r = fake_http_fetch(v, &req, &fake_http_streamed);
    assert_error(r, ERR_TIMEOUT, "no complete answer in time");
    assert_string_equal(r->body.p, "ab");
    assert_int_equal(clock_mono(), USEC_PER_HOUR + 10 * USEC_PER_SEC);
    fake_http_end(v);
}

static void k6_bytes_keep_a_watch_alive_and_silence_ends_it(void **state)
{
    static const struct fake_step script[] = {
        {.text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"},
        { .after = 4 * USEC_PER_MIN,                                      .text = "1\r\na\r\n" },
        { .after = 4 * USEC_PER_MIN,                                                              .text = "1\r\nb\r\n" },
        { .after = 4 * USEC_PER_MIN,.text = "1\r\nc\r\n" },
        { 0                                     }
    };
    struct fake_http *v = fake_http_begin();
    struct http_request req = fake_http_get(v);
    struct fake_call *r;

    (void)state;
    clock_fake(USEC_PER_HOUR, 0);
    fake_http_script(v, script);
    req.idle_timeout = 5 * USEC_PER_MIN;
    r = fake_http_fetch(v, &req, &fake_http_streamed);
    assert_error(r, ERR_TIMEOUT, "silent for 300 s");
    assert_string_equal(r->body.p, "abc");
    assert_int_equal(clock_mono(), USEC_PER_HOUR + 17 * USEC_PER_MIN);
    fake_http_end(v);
}

static void silence_before_the_answer_counts_as_well(void **state)
{
    static const struct fake_step script[] = {
        {.after = USEC_PER_HOUR, .text = "x" },
        { 0                    }
    };
    struct fake_http *v = fake_http_begin();
    struct http_request req = fake_http_get(v);

    (void)state;
    clock_fake(USEC_PER_HOUR, 0);
    fake_http_script(v, script);
    req.idle_timeout = 30 * USEC_PER_SEC;
    assert_error(fake_http_fetch(v, &req, &fake_http_streamed), ERR_TIMEOUT, "silent for 30 s");
    fake_http_end(v);
}

static void a_body_of_the_limit_passes_and_one_byte_more_does_not(void **state)
{
    struct fake_http *v = fake_http_begin();
    struct http_request req = fake_http_get(v);

    (void)state;
    fake_http_script(v, small);
    req.max_body = 5;
    assert_body(fake_http_fetch(v, &req, &fake_http_gathered), "hello");
    req.max_body = 4;
    fake_http_start(v, 1, &req, &fake_http_gathered);
    fake_http_finish(v, &v->r[1]);
    assert_error(&v->r[1], ERR_TOO_BIG, "more than 4 bytes");
    fake_http_end(v);
}

static void a_reader_that_refuses_ends_the_call(void **state)
{
    struct fake_http *v = fake_http_begin();
    struct http_request req = fake_http_get(v);

    (void)state;
    fake_http_script(v, small);
    v->r[0].data_answer = -1;
    assert_error(fake_http_fetch(v, &req, &fake_http_streamed), ERR_INVALID, "refused");
    assert_int_equal(v->r[0].pieces, 1);
    fake_http_end(v);
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
static void script_gzip(struct fake_step script[3], char head[128], const char *bytes, size_t n)
{
    snprintf(head, 128, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
             n);
    script[0] = (struct fake_step){ .text = head };
    script[1] = (struct fake_step){ .text = bytes, .n = n };
    script[2] = (struct fake_step){ 0 };
}

static void gzip_is_offered_and_decoded_only_when_asked_for(void **state)
{
    static char bytes[4096], head[128], text[20000];
    static struct fake_step script[3];
    struct fake_http *v = fake_http_begin();
    struct http_request req = fake_http_get(v);

    (void)state;
    memset(text, 'k', sizeof(text) - 1);
    script_gzip(script, head, bytes, gzip(text, sizeof(text) - 1, bytes, sizeof(bytes)));
    fake_http_script(v, script);
    fake_http_script(v, small);
    req.accept_gzip = true;
    assert_body(fake_http_fetch(v, &req, &fake_http_gathered), text);
    assert_int_equal(fake_http_seen(v, "Accept-Encoding: gzip"), 1);
    req.accept_gzip = false;
    fake_http_start(v, 1, &req, &fake_http_gathered);
    fake_http_finish(v, &v->r[1]);
    assert_body(&v->r[1], "hello");
    assert_int_equal(fake_http_seen(v, "Accept-Encoding"), 1);
    fake_http_end(v);
}

static void the_limit_of_a_body_is_on_its_decoded_bytes(void **state)
{
    static char bytes[65536], head[128], text[1000000];
    static struct fake_step script[3];
    struct fake_http *v = fake_http_begin();
    struct http_request req = fake_http_get(v);

    (void)state;
    script_gzip(script, head, bytes, gzip(text, sizeof(text), bytes, sizeof(bytes)));
    fake_http_script(v, script);
    req.accept_gzip = true;
    req.max_body = 100000;
    assert_error(fake_http_fetch(v, &req, &fake_http_gathered), ERR_TOO_BIG,
                 "more than 100000 bytes");
    fake_http_end(v);
}

static void broken_gzip_is_an_io_error(void **state)
{
    static char bytes[4096], head[128];
    static struct fake_step script[3];
    struct fake_http *v = fake_http_begin();
    struct http_request req = fake_http_get(v);
    size_t n;

    (void)state;
    n = gzip("some text that is compressed", 28, bytes, sizeof(bytes));
    memset(bytes + 10, 0xff, 8);
    script_gzip(script, head, bytes, n);
    fake_http_script(v, script);
    req.accept_gzip = true;
    assert_error(fake_http_fetch(v, &req, &fake_http_gathered), ERR_IO, "");
    fake_http_end(v);
}

static void a_second_gzip_member_is_never_dropped_in_silence(void **state)
{
    static char bytes[4096], head[128];
    static struct fake_step script[3];
    struct fake_http *v = fake_http_begin();
    struct http_request req = fake_http_get(v);
    struct fake_call *r;
    size_t n;

    (void)state;
    n = gzip("first", 5, bytes, sizeof(bytes));
    n += gzip("second", 6, bytes + n, sizeof(bytes) - n);
    script_gzip(script, head, bytes, n);
    fake_http_script(v, script);
    req.accept_gzip = true;
    r = fake_http_fetch(v, &req, &fake_http_gathered);
    if (r->e.code == ERR_NONE)
        assert_string_equal(r->body.p, "firstsecond");
    else // libcurl 7.88 stops at the first one's end
        assert_error(r, ERR_IO, "cannot be decompressed");
    fake_http_end(v);
}

static void the_request_carries_method_headers_and_body_and_no_inventions(void **state)
{
    static const char *const headers[] = { "Accept: application/json",
                                           "Content-Type: application/apply-patch+yaml", NULL };
    struct fake_http *v = fake_http_begin();
    struct http_request req = {
        .method = "PATCH", .url = v->url, .headers = headers, .body = str_of("spec: {}")
    };

    (void)state;
    fake_http_script(v, small);
    assert_body(fake_http_fetch(v, &req, &fake_http_gathered), "hello");
    assert_int_equal(fake_http_seen(v, "PATCH /x HTTP/1.1\r\n"), 1);
    assert_int_equal(fake_http_seen(v, "User-Agent: kube9-operator/test\r\n"), 1);
    assert_int_equal(fake_http_seen(v, "Accept: application/json\r\n"), 1);
    assert_int_equal(fake_http_seen(v, "Content-Type: application/apply-patch+yaml\r\n"), 1);
    assert_int_equal(fake_http_seen(v, "Content-Length: 8\r\n"), 1);
    assert_int_equal(fake_http_seen(v, "\r\n\r\nspec: {}"), 1);
    assert_int_equal(fake_http_seen(v, "Expect"), 0);
    fake_http_end(v);
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
        static const struct fake_step empty[] = {
            { .text = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" }, { 0 }
        };
        struct fake_http *v = fake_http_begin();
        struct http_request req = { .method = rows[i].method,
                                    .url = v->url,
                                    .body = str_of(rows[i].body) };

        fake_http_script(v, empty);
        assert_body(fake_http_fetch(v, &req, &fake_http_gathered), "");
        assert_int_equal(fake_http_seen(v, rows[i].want), 1);
        assert_int_equal(fake_http_seen(v, "Content-Length"), rows[i].content_length);
        assert_int_equal(fake_http_seen(v, "Content-Type"), 0);
        fake_http_end(v);
    }
}

static void a_body_of_a_megabyte_is_sent_whole(void **state)
{
    size_t n = 1500000;
    char *text = malloc(n + 1);
    struct fake_http *v = fake_http_begin();
    struct http_request req = {
        .method = "POST", .url = v->url, .body = {text, n}
    };
    const char *sent;

    (void)state;
    for (size_t i = 0; i < n; i++)
        text[i] = (char)('a' + i * 7 % 26);
    text[n] = '\0';
    fake_http_script(v, small);
    assert_body(fake_http_fetch(v, &req, &fake_http_gathered), "hello");
    sent = strstr(v->peer.seen.p, "\r\n\r\n");
    assert_non_null(sent);
    assert_string_equal(sent + 4, text);
    assert_int_equal(http_curl_stats(v->t).bytes_out, n);
    free(text);
    fake_http_end(v);
}

static void a_long_answer_comes_in_pieces_of_16_kb_at_most(void **state)
{
    static const struct fake_step script[] = {
        { .text = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" }, { .text = NULL }
    };
    static struct fake_step with_body[3];
    static char text[1000001];
    struct fake_http *v = fake_http_begin();
    struct http_request req = fake_http_get(v);
    struct fake_call *r;

    (void)state;
    memset(text, 'q', sizeof(text) - 1);
    with_body[0] = script[0];
    with_body[1] = (struct fake_step){ .text = text, .n = 1000000 };
    fake_http_script(v, with_body);
    req.timeout = USEC_PER_MIN;
    r = fake_http_fetch(v, &req, &fake_http_streamed);
    assert_body(r, text);
    assert_true(r->largest <= 16384);
    fake_http_end(v);
}

static void a_kept_connection_serves_the_next_call(void **state)
{
    struct fake_http *v = fake_http_begin();
    struct http_request req = fake_http_get(v);

    (void)state;
    fake_http_script(v, small);
    for (size_t i = 0; i < 5; i++) {
        fake_http_start(v, i, &req, &fake_http_gathered);
        fake_http_finish(v, &v->r[i]);
        assert_body(&v->r[i], "hello");
    }
    assert_int_equal(v->peer.conns_n, 1);
    assert_int_equal(http_curl_stats(v->t).connections, 1);
    assert_int_equal(http_curl_stats(v->t).requests, 5);
    assert_int_equal(http_curl_stats(v->t).errors, 0);
    fake_http_end(v);
}

static void after_the_peer_closed_a_kept_connection(struct fake_http *v, struct http_request *req)
{
    static const struct fake_step gone[] = { { .close = true } };

    fake_http_script(v, small);
    fake_http_script(v, gone);
    fake_http_script(v, small);
    fake_http_fetch(v, req, &fake_http_gathered);
    fake_http_start(v, 1, req, &fake_http_gathered);
    fake_http_finish(v, &v->r[1]);
}

static void c11_a_write_on_a_connection_that_dies_is_not_repeated(void **state)
{
    struct fake_http *v = fake_http_begin();
    struct http_request req = { .method = "POST", .url = v->url, .body = str_of("once") };

    (void)state;
    after_the_peer_closed_a_kept_connection(v, &req);
    assert_error(&v->r[1], ERR_IO, "");
    assert_int_equal(v->peer.requests, 2);
    fake_http_end(v);
}

static void c11_a_read_on_a_connection_that_dies_is_repeated_at_once(void **state)
{
    struct fake_http *v = fake_http_begin();
    struct http_request req = fake_http_get(v);

    (void)state;
    after_the_peer_closed_a_kept_connection(v, &req);
    assert_body(&v->r[1], "hello");
    assert_int_equal(v->peer.requests, 3);
    fake_http_end(v);
}

static void c8_query_values_are_escaped_but_for_unreserved_characters(void **state)
{
    autofree char *a = http_escape("a b,c=d!(x)/\xc3\xa9~-._"), *b = http_escape("");

    (void)state;
    assert_string_equal(a, "a%20b%2Cc%3Dd%21%28x%29%2F%C3%A9~-._");
    assert_string_equal(b, "");
}

RUN(T(a_whole_answer_is_gathered_with_its_headers), T(a_status_of_any_kind_is_no_error),
    T(a_redirect_is_told_not_followed_and_cookies_are_forgotten), T(interim_answers_are_not_told),
    T(chunk_borders_fall_anywhere), T(what_comes_in_fast_small_pieces_is_read_together),
    T(a_cut_in_the_middle_is_an_io_error), T(an_answer_that_is_not_http_is_an_io_error),
    T(nobody_listening_is_refused_and_told_on_a_later_turn), T(an_unknown_name_is_unavailable),
    T(a_request_that_makes_no_sense_is_invalid_and_never_sent),
    T(c11_a_call_ends_at_its_time_limit_however_lively_it_is),
    T(k6_bytes_keep_a_watch_alive_and_silence_ends_it), T(silence_before_the_answer_counts_as_well),
    T(a_body_of_the_limit_passes_and_one_byte_more_does_not),
    T(a_reader_that_refuses_ends_the_call), T(gzip_is_offered_and_decoded_only_when_asked_for),
    T(the_limit_of_a_body_is_on_its_decoded_bytes), T(broken_gzip_is_an_io_error),
    T(a_second_gzip_member_is_never_dropped_in_silence),
    T(the_request_carries_method_headers_and_body_and_no_inventions),
    T(bodies_are_as_the_method_wants), T(a_body_of_a_megabyte_is_sent_whole),
    T(a_long_answer_comes_in_pieces_of_16_kb_at_most), T(a_kept_connection_serves_the_next_call),
    T(c11_a_write_on_a_connection_that_dies_is_not_repeated),
    T(c11_a_read_on_a_connection_that_dies_is_repeated_at_once),
    T(c8_query_values_are_escaped_but_for_unreserved_characters))
