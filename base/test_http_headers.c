// SPDX-License-Identifier: Apache-2.0
#include "base/http_headers.h"

#include "base/test.h"

static void feed(struct http_headers *h, const char *text)
{
    struct str rest = str_of(text), line;

    while (str_split(&rest, '\n', &line)) {
        struct str with_nl = { line.p, line.n + 1 };

        http_headers_line(h, with_nl);
    }
}

static void status_lines_of_both_protocols_are_read(void **state)
{
    static const struct {
        const char *line;
        int status;
    } rows[] = {
        {"HTTP/1.1 200 OK\r\n", 200},
        { "HTTP/2 404 \r\n",    404},
        { "HTTP/1.0 503\r\n",   503},
        { "HTTP/1.1\r\n",       0  },
        { "HTTP/1.1 x\r\n",     0  },
        { "HTTP/1.1 20\r\n",    0  },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct http_headers h;

        http_headers_init(&h);
        feed(&h, rows[i].line);
        assert_int_equal(h.status, rows[i].status);
        http_headers_fini(&h);
    }
}

static void names_are_found_in_any_case_and_values_trimmed(void **state)
{
    struct http_headers h;

    (void)state;
    http_headers_init(&h);
    feed(&h, "HTTP/2 200 \r\ncontent-TYPE:  application/json \r\nRETRY-after:3\r\n"
             "X-Content-Type: no\r\nContent-Type-X: no\r\nno colon\r\n");
    assert_false(h.complete);
    feed(&h, "\r\n");
    assert_true(h.complete);
    assert_string_equal(h.content_type, "application/json");
    assert_int_equal(h.retry_after, 3 * USEC_PER_SEC);
    http_headers_fini(&h);
}

static void an_interim_answer_is_forgotten_and_trailers_do_not_count(void **state)
{
    struct http_headers h;

    (void)state;
    http_headers_init(&h);
    feed(&h, "HTTP/1.1 100 Continue\r\nContent-Type: a/b\r\nWarning: 299 - \"x\"\r\n\r\n");
    assert_false(h.complete);
    feed(&h, "HTTP/1.1 200 OK\r\n\r\n");
    assert_true(h.complete);
    feed(&h, "Content-Type: c/d\r\nRetry-After: 1\r\n");
    assert_string_equal(h.content_type, "");
    assert_null(h.warning);
    assert_int_equal(h.retry_after, 0);
    http_headers_fini(&h);
}

static void a_content_type_that_is_too_long_is_left_out(void **state)
{
    char line[HTTP_CONTENT_TYPE_MAX + 32] = "Content-Type: ";
    struct http_headers h;

    (void)state;
    memset(line + 14, 'x', HTTP_CONTENT_TYPE_MAX);
    http_headers_init(&h);
    feed(&h, "HTTP/1.1 200 OK\r\n");
    http_headers_line(&h, str_of(line));
    assert_string_equal(h.content_type, "");
    line[14 + HTTP_CONTENT_TYPE_MAX - 1] = '\0';
    http_headers_line(&h, str_of(line));
    assert_int_equal(strlen(h.content_type), HTTP_CONTENT_TYPE_MAX - 1);
    http_headers_fini(&h);
}

static void retry_after_is_whole_seconds_within_a_day(void **state)
{
    static const struct {
        const char *value;
        usec want;
    } rows[] = {
        {"0",                              HTTP_RETRY_AT_ONCE},
        { " 120 ",                         120 * USEC_PER_SEC},
        { "86400",                         USEC_PER_DAY      },
        { "86401",                         USEC_PER_DAY      },
        { "9223372036854775807",           USEC_PER_DAY      },
        { "-1",                            0                 },
        { "1.5",                           0                 },
        { "",                              0                 },
        { "99999999999999999999",          0                 },
        { "Wed, 21 Oct 2026 07:28:00 GMT", 0                 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_int_equal(http_retry_after(str_of(rows[i].value)), rows[i].want);
}

static void assert_warning(const char *headers, const char *want)
{
    struct http_headers h;

    http_headers_init(&h);
    feed(&h, "HTTP/1.1 200 OK\r\n");
    feed(&h, headers);
    if (want)
        assert_string_equal(h.warning ? h.warning : "(none)", want);
    else
        assert_null(h.warning);
    http_headers_fini(&h);
}

static void c10_warnings_are_unquoted_and_joined(void **state)
{
    (void)state;
    assert_warning("Warning: 299 - \"old API\"\r\n", "old API");
    assert_warning("Warning: 299 host:80 \"a \\\"b\\\" \\\\c\"\r\n", "a \"b\" \\c");
    assert_warning("Warning: 299 - \"a\", 299 - \"b, c\"\r\n", "a; b, c");
    assert_warning("Warning: 299 - \"a\" \"Sat, 25 Aug 2012 23:34:45 GMT\", 299 - \"b\"\r\n",
                   "a; b");
    assert_warning("Warning: 299 - \"a\"\r\nWarning: 299 - \"b\"\r\n", "a; b");
    assert_warning("Warning: 299 - \"a\tb\x01\"\r\n", "a b ");
}

static void other_codes_and_broken_warnings_are_left_out(void **state)
{
    (void)state;
    assert_warning("Warning: 199 - \"a\"\r\n", NULL);
    assert_warning("Warning: 110 - \"stale\", 299 - \"b\"\r\n", "b");
    assert_warning("Warning: 299 - \"not ended\r\n", NULL);
    assert_warning("Warning: 299 - \"x\\\r\n", NULL);
    assert_warning("Warning: 299 -\r\n", NULL);
    assert_warning("Warning: 299\r\n", NULL);
    assert_warning("Warning: \r\n", NULL);
    assert_warning("Warning: 299 - \"a\" junk, 299 - \"b\"\r\n", "a");
}

static void warnings_beyond_the_limit_are_left_out(void **state)
{
    struct http_headers h;
    char line[400];

    (void)state;
    http_headers_init(&h);
    feed(&h, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 100; i++) {
        snprintf(line, sizeof(line), "Warning: 299 - \"%0200d\"", i);
        http_headers_line(&h, str_of(line));
    }
    assert_int_equal(strlen(h.warning), 402);
    http_headers_fini(&h);
}

RUN(T(status_lines_of_both_protocols_are_read), T(names_are_found_in_any_case_and_values_trimmed),
    T(an_interim_answer_is_forgotten_and_trailers_do_not_count),
    T(a_content_type_that_is_too_long_is_left_out), T(retry_after_is_whole_seconds_within_a_day),
    T(c10_warnings_are_unquoted_and_joined), T(other_codes_and_broken_warnings_are_left_out),
    T(warnings_beyond_the_limit_are_left_out))
