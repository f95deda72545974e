// SPDX-License-Identifier: Apache-2.0
#include "base/json_span.h"
#include "base/test.h"

typedef size_t (*end_fn)(struct json_span *s, const char *p, size_t n);

// The end of the value, given in pieces of n bytes; 0 when there is none.
static size_t end_in_pieces(end_fn end_of, const char *text, size_t n)
{
    struct json_span s = { 0 };
    size_t len = strlen(text);

    for (size_t at = 0; at < len; at += n) {
        size_t end = end_of(&s, text + at, MIN(n, len - at));

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
        for (size_t n = 1; n < 200; n++) {
            assert_int_equal(end_in_pieces(json_span_end, rows[i].text, n), rows[i].end);
            assert_int_equal(end_in_pieces(json_span_end_plain, rows[i].text, n), rows[i].end);
        }
}

// Texts of nothing but what matters, which open far more than they close, so that blocks go by
// without an end and the state is carried over.
static void both_ways_agree_on_any_text(void **state unused_arg)
{
    static const char letters[] = "{[{[{[}]\"\"\"\\x,\x5b\x7b\x5d\x7d\x80\xff";
    uint32_t seed = 1;
    char text[500];
    size_t ends = 0;

    for (int round = 0; round < 20000; round++) {
        struct json_span a = { 0 }, b = { 0 };
        size_t n = sizeof(text), cut, end;

        text[0] = '{';
        for (size_t i = 1; i < n; i++) {
            seed = seed * 1664525 + 1013904223;
            text[i] = letters[(seed >> 16) % (sizeof(letters) - 1)];
        }
        cut = (seed >> 8) % n;
        end = json_span_end(&a, text, cut);
        assert_int_equal(end, json_span_end_plain(&b, text, cut));
        if (!end) {
            end = json_span_end(&a, text + cut, n - cut);
            assert_int_equal(end, json_span_end_plain(&b, text + cut, n - cut));
        }
        ends += end > 0;
        assert_int_equal(a.depth, b.depth);
        assert_true(a.in_string == b.in_string && a.escaped == b.escaped);
    }
    assert_in_range(ends, 1000, 19000);
}

RUN(T(the_end_is_found_whatever_the_pieces), T(both_ways_agree_on_any_text))
