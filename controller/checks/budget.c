// SPDX-License-Identifier: Apache-2.0
// Disruption budgets round percentages up; rolling updates round maxUnavailable down. Getting this
// wrong blames the wrong object.
#include "controller/checks/budget.h"

#include "base/str.h"

int64_t amount_of(struct int_or_string v, int64_t total, bool up)
{
    struct str s = str_of(v.s);
    int64_t percent, product;

    if (!v.s)
        return v.i;
    if (s.n < 2 || s.p[s.n - 1] != '%' || str_i64((struct str){ s.p, s.n - 1 }, &percent) < 0 ||
        percent < 0)
        return -1;
    if (__builtin_mul_overflow(percent, total, &product) || product > INT64_MAX - 99)
        return INT64_MAX;
    return (product + (up ? 99 : 0)) / 100;
}
