// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "base/test.h"
#include "base/utf8.h"
#include <errno.h>

static void set_gives_minus_one_and_fills_all_members(void **state unused_arg)
{
    struct error e = { .http = 410, .retry_after = 5 };

    assert_int_equal(error_set(&e, ERR_INVALID, "spec.%s: %d", "mode", 3), -1);
    assert_int_equal(e.code, ERR_INVALID);
    assert_int_equal(e.http, 0);
    assert_int_equal(e.retry_after, 0);
    assert_string_equal(e.text, "spec.mode: 3");
}

static void null_means_that_the_text_does_not_matter(void **state unused_arg)
{
    assert_int_equal(error_set(NULL, ERR_IO, "x"), -1);
    assert_int_equal(error_errno(NULL, ENOENT, "x"), -1);
    assert_int_equal(error_wrap(NULL, "x"), -1);
    error_clear(NULL);
}

static void wrap_puts_words_in_front_and_keeps_the_rest(void **state unused_arg)
{
    struct error e;

    error_set(&e, ERR_CONFLICT, "conflict");
    e.http = 409;
    e.retry_after = 7;
    assert_int_equal(error_wrap(&e, "patch '%s'", "web"), -1);
    assert_string_equal(e.text, "patch 'web': conflict");
    assert_int_equal(e.code, ERR_CONFLICT);
    assert_int_equal(e.http, 409);
    assert_int_equal(e.retry_after, 7);
}

static void the_old_text_may_be_quoted_in_the_new_one(void **state unused_arg)
{
    struct error e;

    error_set(&e, ERR_IO, "inner");
    error_set(&e, ERR_SERVER, "outer (%s)", e.text);
    assert_string_equal(e.text, "outer (inner)");
    error_wrap(&e, "%s", e.text);
    assert_string_equal(e.text, "outer (inner): outer (inner)");
}

static void a_long_text_is_cut_at_a_character_and_shows_it(void **state unused_arg)
{
    char long_text[1000];
    struct error e;
    uint32_t c;

    for (size_t i = 0; i + 3 < sizeof(long_text); i += 3)
        memcpy(long_text + i, "\xE2\x82\xAC", 4);
    error_set(&e, ERR_IO, "%s", long_text);
    assert_true(strlen(e.text) < ERROR_TEXT_MAX);
    assert_true(strlen(e.text) > ERROR_TEXT_MAX - 8);
    assert_string_equal(e.text + strlen(e.text) - 3, "...");
    for (size_t i = 0, n; e.text[i]; i += n) {
        n = utf8_decode(e.text + i, strlen(e.text + i), &c);
        assert_true(n > 0);
    }
    error_wrap(&e, "front");
    assert_true(strlen(e.text) < ERROR_TEXT_MAX);
    assert_memory_equal(e.text, "front: \xE2\x82\xAC", 10);
    assert_string_equal(e.text + strlen(e.text) - 3, "...");
}

static void the_longest_text_that_fits_is_not_cut(void **state unused_arg)
{
    char text[ERROR_TEXT_MAX];
    struct error e;

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    error_set(&e, ERR_IO, "%s", text);
    assert_string_equal(e.text, text);
}

static void errno_values_have_their_class_and_words(void **state unused_arg)
{
    static const struct {
        int errnum;
        enum err code;
    } rows[] = {
        {ENOENT,        ERR_NOT_FOUND     },
        { EACCES,       ERR_DENIED        },
        { EPERM,        ERR_DENIED        },
        { ETIMEDOUT,    ERR_TIMEOUT       },
        { ENOSPC,       ERR_IO            },
        { ECONNREFUSED, ERR_REFUSED       },
        { ECANCELED,    ERR_CANCELLED     },
        { EEXIST,       ERR_ALREADY_EXISTS},
        { EROFS,        ERR_DENIED        },
        { EISDIR,       ERR_INVALID       },
        { EFBIG,        ERR_TOO_BIG       }
    };
    struct error e;

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        assert_int_equal(error_errno(&e, rows[i].errnum, "open '%s'", "/x"), -1);
        assert_int_equal(e.code, rows[i].code);
    }
    error_errno(&e, ENOENT, "open '%s'", "/x");
    assert_string_equal(e.text, "open '/x': No such file or directory");
}

static void each_class_has_its_row(void **state unused_arg)
{
    assert_string_equal(err_name(ERR_INVALID), "INVALID");
    assert_string_equal(err_name(ERR_BUG), "BUG");
    assert_int_equal(err_retry(ERR_CONFLICT), RETRY_FRESH);
    assert_int_equal(err_retry(ERR_GONE), RETRY_RELIST);
    assert_int_equal(err_retry(ERR_DENIED), RETRY_SLOW);
    assert_string_equal(err_reason(ERR_LIMIT), "TooManyRequests");
    assert_int_equal(err_exit_status(ERR_USAGE), 2);
    assert_int_equal(err_exit_status(ERR_NONE), 0);
    assert_string_equal(err_name((enum err)999), "BUG");
    for (int code = 1; code < ERR_COUNT; code++)
        assert_true(err_exit_status((enum err)code) > 0 && *err_reason((enum err)code));
}

static void clear_makes_it_no_error(void **state unused_arg)
{
    struct error e;

    error_set(&e, ERR_IO, "x");
    error_clear(&e);
    assert_int_equal(e.code, ERR_NONE);
    assert_string_equal(e.text, "");
}

RUN(T(set_gives_minus_one_and_fills_all_members), T(null_means_that_the_text_does_not_matter),
    T(wrap_puts_words_in_front_and_keeps_the_rest), T(the_old_text_may_be_quoted_in_the_new_one),
    T(a_long_text_is_cut_at_a_character_and_shows_it), T(the_longest_text_that_fits_is_not_cut),
    T(errno_values_have_their_class_and_words), T(each_class_has_its_row),
    T(clear_makes_it_no_error))
