// SPDX-License-Identifier: Apache-2.0
// P1: the operator dies at each of its writes (docs/testing.md). K9_SIEVE_ALL plays every case.
#include "base/test.h"
#include "controller/fake_sieve.h"

static void every_write_may_be_the_last_of_a_process(void **state unused_arg)
{
    assert_int_equal(sieve_cases(SIEVE_CRASH, "build/dev/test_sieve_crash"), 0);
}

RUN(T(every_write_may_be_the_last_of_a_process))
