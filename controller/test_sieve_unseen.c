// SPDX-License-Identifier: Apache-2.0
// P3: the operator hears two events of an object late and at once, or only what remains of them
// (docs/testing.md). K9_SIEVE_ALL plays every case.
#include "base/test.h"
#include "controller/fake_sieve.h"

static void what_was_not_heard_in_time_makes_no_difference(void **state unused_arg)
{
    assert_int_equal(sieve_cases(SIEVE_UNOBSERVED, "build/dev/test_sieve_unseen"), 0);
}

RUN(T(what_was_not_heard_in_time_makes_no_difference))
