// SPDX-License-Identifier: Apache-2.0
// What cmocka wants before its header, once.
#pragma once

#include "base/base.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

// A test that cannot run here says why and shows as skipped in ctest (exit status 77), never as
// passed.
static int test_skips __attribute__((unused));
#define SKIP_TEST(why)                                                                             \
    do {                                                                                           \
        print_message("skipped: %s\n", (why));                                                     \
        test_skips++;                                                                              \
        skip();                                                                                    \
    } while (0)
#define TEST_STATUS(failed) ((failed) ? 1 : test_skips ? 77 : 0)

#define RUN(...)                                                                                   \
    int main(void)                                                                                 \
    {                                                                                              \
        const struct CMUnitTest tests[] = { __VA_ARGS__ };                                         \
        return TEST_STATUS(cmocka_run_group_tests(tests, NULL, NULL));                             \
    }
#define T(fn) cmocka_unit_test(fn)
