// SPDX-License-Identifier: Apache-2.0
// P2: the operator starts anew on lists and watches that stand still at an old moment, while its
// writes go live (docs/testing.md). K9_SIEVE_ALL plays every case.
#include "base/test.h"
#include "controller/fake_sieve.h"

static void a_stale_view_decides_nothing_that_stays(void **state unused_arg)
{
    assert_int_equal(sieve_cases(SIEVE_STALE, "build/dev/test_sieve_stale"), 0);
}

RUN(T(a_stale_view_decides_nothing_that_stays))
