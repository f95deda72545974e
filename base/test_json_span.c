// SPDX-License-Identifier: Apache-2.0
#include "base/json_span.h"
#include "base/test.h"

// The end of the value, given in pieces of n bytes; 0 when there is none.
static size_t end_in_pieces(const char *text, size_t n)
{
    struct json_span s = { 0 };
    size_t len = strlen(text);

    for (size_t at = 0; at < len; at += n) {
        size_t end = json_span_end(&s, text + at, MIN(n, len - at));

        if (end)
            return at + end;
    }
    return 0;
}

static void the_end_is_found_whatever_the_pieces(void **state unused_arg)
{
    static const struct {
        const char *text;
        size_t end;
    } rows[] = {
        {"{}",                                                                                            2 },
        { "[[[]]] ]",                                                                                     6 },
        { "{\"a\":\"}\"}}",                                                                               9 },
        { "{\"a\":\"\\\"}\"},",                                                                           11},
        { "{\"a\":\"\\\\\"}",                                                                             10},
        { "{\"a\":[{\"b\":\"a string of more than sixty-four bytes, so that it spans blocks: ]}]}\"}]}x",
         85                                                                                                 },
        { "{\"a\":[",                                                                                     0 },
        { "{\"a\":\"}",                                                                                   0 },
        { "",                                                                                             0 },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        for (size_t n = 1; n < 200; n++)
            assert_int_equal(end_in_pieces(rows[i].text, n), rows[i].end);
}

RUN(T(the_end_is_found_whatever_the_pieces))
