// SPDX-License-Identifier: Apache-2.0
#include "base/sha256.h"
#include "base/test.h"

static void digests_match_the_standards_examples(void **state unused_arg)
{
    char hex[SHA256_HEX_MAX];

    assert_string_equal(sha256_hex(str_of(""), hex),
                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_string_equal(sha256_hex(str_of("abc"), hex),
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

RUN(T(digests_match_the_standards_examples))
