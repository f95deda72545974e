// SPDX-License-Identifier: Apache-2.0
#include "base/test.h"
#include "base/utf8.h"

static void well_formed_characters_decode(void **state unused_arg)
{
    static const struct {
        const char *text;
        uint32_t c;
    } rows[] = {
        {"a",                 'a'     },
        { "\x7F",             0x7F    },
        { "\xC2\x80",         0x80    },
        { "\xC3\xA9",         0xE9    },
        { "\xDF\xBF",         0x7FF   },
        { "\xE0\xA0\x80",     0x800   },
        { "\xE2\x82\xAC",     0x20AC  },
        { "\xED\x9F\xBF",     0xD7FF  },
        { "\xEE\x80\x80",     0xE000  },
        { "\xEF\xBF\xBF",     0xFFFF  },
        { "\xF0\x90\x80\x80", 0x10000 },
        { "\xF4\x8F\xBF\xBF", 0x10FFFF}
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        uint32_t c = 0;

        assert_int_equal(utf8_decode(rows[i].text, strlen(rows[i].text), &c), strlen(rows[i].text));
        assert_int_equal(c, rows[i].c);
    }
}

static void malformed_bytes_do_not(void **state unused_arg)
{
    // Continuation first, overlong, surrogate, beyond the last, never a first byte, cut, wrong
    // continuation.
    static const char *const rows[] = { "\x80",
                                        "\xBF",
                                        "\xC0\x80",
                                        "\xC1\xBF",
                                        "\xE0\x9F\xBF",
                                        "\xF0\x8F\xBF\xBF",
                                        "\xED\xA0\x80",
                                        "\xED\xBF\xBF",
                                        "\xF4\x90\x80\x80",
                                        "\xF5\x80\x80\x80",
                                        "\xFE",
                                        "\xFF",
                                        "\xC3",
                                        "\xE2\x82",
                                        "\xF0\x90\x80",
                                        "\xC3\x41",
                                        "\xE2\x82\x41",
                                        "\xF0\x90\x41\x80" };
    uint32_t c = 77;

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_int_equal(utf8_decode(rows[i], strlen(rows[i]), &c), 0);
    assert_int_equal(utf8_decode("a", 0, &c), 0);
    assert_int_equal(c, 77);
}

static void a_cut_never_splits_a_character(void **state unused_arg)
{
    const char *s = "a\xE2\x82\xAC"
                    "b"; // a€b

    assert_int_equal(utf8_cut(s, 5, 9), 5);
    assert_int_equal(utf8_cut(s, 5, 5), 5);
    assert_int_equal(utf8_cut(s, 5, 4), 4);
    assert_int_equal(utf8_cut(s, 5, 3), 1);
    assert_int_equal(utf8_cut(s, 5, 2), 1);
    assert_int_equal(utf8_cut(s, 5, 1), 1);
    assert_int_equal(utf8_cut(s, 5, 0), 0);
    assert_int_equal(utf8_cut("\x80\x80\x80\x80\x80\x80", 6, 5), 5); // no characters at all
    assert_int_equal(utf8_cut("\xF0\x9F\x98\x80", 4, 3), 0);
}

RUN(T(well_formed_characters_decode), T(malformed_bytes_do_not), T(a_cut_never_splits_a_character))
