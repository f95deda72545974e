// SPDX-License-Identifier: Apache-2.0
// What cmocka wants before its header, once.
#pragma once

#include "base/base.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define RUN(...)                                                                                   \
    int main(void)                                                                                 \
    {                                                                                              \
        const struct CMUnitTest tests[] = { __VA_ARGS__ };                                         \
        return cmocka_run_group_tests(tests, NULL, NULL);                                          \
    }
#define T(fn) cmocka_unit_test(fn)
