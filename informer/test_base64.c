// SPDX-License-Identifier: Apache-2.0
#include "base/test.h"
#include "informer/base64.h"

static const char *decode(const char *in)
{
    static char out[64];
    size_t n;

    if (base64_decode(str_of(in), out, &n) < 0)
        return NULL;
    out[n] = '\0';
    return out;
}

static void rfc_4648_vectors_pass_both_ways(unused_arg void **state)
{
    static const char *const v[][2] = {
        {"",        ""        },
        { "f",      "Zg=="    },
        { "fo",     "Zm8="    },
        { "foo",    "Zm9v"    },
        { "foob",   "Zm9vYg=="},
        { "fooba",  "Zm9vYmE="},
        { "foobar", "Zm9vYmFy"}
    };

    for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
        autobuf struct buf b = { 0 };

        buf_init(&b, 64);
        base64_encode(str_of(v[i][0]), &b);
        assert_string_equal(b.p ? b.p : "", v[i][1]);
        assert_string_equal(decode(v[i][1]), v[i][0]);
    }
}

static void line_breaks_are_skipped(unused_arg void **state)
{
    assert_string_equal(decode("Zm9v\nYmFy\n"), "foobar");
}

static void damaged_text_is_refused(unused_arg void **state)
{
    static const char *const bad[] = { "Z",    "Zg",   "Zg=", "Zg===", "Zm9v=",
                                       "Z=g=", "Zm-v", "=",   "====" };

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_null(decode(bad[i]));
}

RUN(T(rfc_4648_vectors_pass_both_ways), T(line_breaks_are_skipped), T(damaged_text_is_refused))
