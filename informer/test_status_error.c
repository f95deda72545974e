// SPDX-License-Identifier: Apache-2.0
#include "base/test.h"
#include "informer/status_error.h"

static int from(const char *method, int status, const char *body, struct error *e)
{
    struct http_response r = { .status = status, .content_type = "", .warning = "" };

    error_clear(e);
    return status_error_http(method, &r, str_of(body), e);
}

static void c6_a_bare_code_is_mapped_by_method(unused_arg void **state)
{
    static const struct {
        const char *method;
        int http;
        enum err code;
    } rows[] = {
        {"GET",   400, ERR_INVALID       },
        { "GET",  401, ERR_UNAUTHORIZED  },
        { "GET",  403, ERR_DENIED        },
        { "GET",  404, ERR_NOT_FOUND     },
        { "POST", 409, ERR_ALREADY_EXISTS},
        { "PUT",  409, ERR_CONFLICT      },
        { "GET",  410, ERR_GONE          },
        { "GET",  413, ERR_TOO_BIG       },
        { "GET",  415, ERR_INVALID       },
        { "GET",  418, ERR_INVALID       },
        { "GET",  422, ERR_UNPROCESSABLE },
        { "GET",  429, ERR_LIMIT         },
        { "GET",  500, ERR_SERVER        },
        { "GET",  502, ERR_SERVER        },
        { "GET",  503, ERR_UNAVAILABLE   },
        { "GET",  504, ERR_TIMEOUT       },
    };
    struct error e = { 0 };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        assert_int_equal(from(rows[i].method, rows[i].http, "", &e), -1);
        assert_int_equal(e.code, rows[i].code);
        assert_int_equal(e.http, rows[i].http);
    }
}

static void c6_a_success_is_no_error(unused_arg void **state)
{
    struct error e = { 0 };

    assert_int_equal(from("GET", 200, "{\"kind\":\"Pod\"}", &e), 0);
    assert_int_equal(from("DELETE", 200, "{\"kind\":\"Status\",\"status\":\"Success\"}", &e), 0);
    assert_int_equal(from("GET", 204, "", &e), 0);
}

static void c6_a_failure_status_overrides_the_http_code(unused_arg void **state)
{
    struct error e = { 0 };

    assert_int_equal(from("GET", 200,
                          "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\","
                          "\"reason\":\"Forbidden\",\"code\":403,\"message\":\"no\"}",
                          &e),
                     -1);
    assert_int_equal(e.code, ERR_DENIED);
    assert_string_equal(e.text, "no");
    // without a kind it is no Status
    assert_int_equal(from("GET", 200, "{\"apiVersion\":\"v1\",\"status\":\"Failure\"}", &e), 0);
    // without an apiVersion it is one
    assert_int_equal(from("GET", 409,
                          "{\"kind\":\"Status\",\"status\":\"Failure\","
                          "\"reason\":\"AlreadyExists\"}",
                          &e),
                     -1);
    assert_int_equal(e.code, ERR_ALREADY_EXISTS);
    assert_int_equal(e.http, 409);
}

static void c6_the_reason_beats_the_code_and_stands_in_for_it(unused_arg void **state)
{
    struct error e = { 0 };

    assert_int_equal(status_error_text(str_of("{\"kind\":\"Status\",\"status\":\"Failure\","
                                              "\"reason\":\"Expired\"}"),
                                       &e),
                     -1);
    assert_int_equal(e.code, ERR_GONE);
    assert_int_equal(e.http, 410);
    assert_int_equal(status_error_text(str_of("{\"kind\":\"Status\",\"code\":410,"
                                              "\"message\":\"too old\"}"),
                                       &e),
                     -1);
    assert_int_equal(e.code, ERR_GONE);
    assert_int_equal(
        status_error_text(str_of("{\"kind\":\"Status\",\"reason\":\"Odd\",\"code\":503}"), &e), -1);
    assert_int_equal(e.code, ERR_UNAVAILABLE);
}

static void r24_a_resource_version_from_the_future_is_told_apart(unused_arg void **state)
{
    struct error e = { 0 };

    assert_int_equal(
        from("GET", 504,
             "{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"Timeout\",\"code\":504,"
             "\"details\":{\"causes\":[{\"reason\":\"ResourceVersionTooLarge\"}],"
             "\"retryAfterSeconds\":1}}",
             &e),
        -1);
    assert_int_equal(e.code, ERR_TOO_LARGE_RV);
    assert_int_equal(e.retry_after, USEC_PER_SEC);
    assert_int_equal(from("GET", 504, "{\"kind\":\"Status\",\"reason\":\"Timeout\"}", &e), -1);
    assert_int_equal(e.code, ERR_TIMEOUT);
}

static void a_proxys_page_is_not_quoted_but_a_line_is(unused_arg void **state)
{
    struct error e = { 0 };

    assert_int_equal(from("GET", 502, "<html>bad gateway</html>", &e), -1);
    assert_string_equal(e.text, "API server answered 502");
    assert_int_equal(from("GET", 429, "slow\ndown\n", &e), -1);
    assert_string_equal(e.text, "API server answered 429: slow down");
}

static void c6_an_error_line_that_is_no_status_is_a_server_error(unused_arg void **state)
{
    struct error e = { 0 };

    assert_int_equal(status_error_text(str_of("{\"kind\":\"Pod\"}"), &e), -1);
    assert_int_equal(e.code, ERR_SERVER);
    assert_int_equal(status_error_text(str_of("nonsense"), &e), -1);
    assert_int_equal(e.code, ERR_SERVER);
    assert_int_equal(status_error_json(NULL, NULL), -1);
}

RUN(T(c6_a_bare_code_is_mapped_by_method), T(c6_a_success_is_no_error),
    T(c6_a_failure_status_overrides_the_http_code),
    T(c6_the_reason_beats_the_code_and_stands_in_for_it),
    T(r24_a_resource_version_from_the_future_is_told_apart),
    T(a_proxys_page_is_not_quoted_but_a_line_is),
    T(c6_an_error_line_that_is_no_status_is_a_server_error))
