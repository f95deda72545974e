// SPDX-License-Identifier: Apache-2.0
// What is read as a quantity has the value that floating point says it has, prints as nano units
// that read back, and rounds the same way everywhere.
#include "apis/quantity.h"

#include <assert.h>
#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NANO_MAX ((__int128)INT64_MAX * 1000000000)

static long double factor_of(const char *suffix)
{
    static const char decimal[] = "num kMGTPE";
    const char *at = *suffix ? strchr(decimal, *suffix) : NULL;

    if (*suffix && suffix[1] == 'i')
        return powl(1024, (long double)(strchr("KMGTPE", *suffix) - "KMGTPE" + 1));
    return at ? powl(1000, (long double)(at - decimal - 3)) : 1;
}

// Digits, point and exponent read by the C library.
static void check_value(struct quantity q, const char *text)
{
    char *end;
    long double want = strtold(text, &end) * factor_of(end) * 1e9L;
    long double have = (long double)q.nano;

    if (fabsl(want) >= (long double)NANO_MAX)
        assert(q.nano == NANO_MAX || q.nano == -NANO_MAX);
    else
        assert(fabsl(want - have) <= 1.001L + fabsl(want) * 1e-15L);
}

static __int128 parsed(const char *sign, const char *text)
{
    struct quantity q;
    char *joined = NULL;

    assert(asprintf(&joined, "%s%s", sign, text) > 0);
    assert(quantity_parse(str_of(joined), &q, NULL) == 0);
    free(joined);
    return q.nano;
}

static void check_again(struct quantity q)
{
    __int128 size = q.nano < 0 ? -q.nano : q.nano;
    char text[64];

    snprintf(text, sizeof(text), "%s%" PRIu64 "%09" PRIu64 "n", q.nano < 0 ? "-" : "",
             (uint64_t)(size / 1000000000), (uint64_t)(size % 1000000000));
    assert(parsed("", text) == q.nano);
}

static void check_rounding(struct quantity q)
{
    __int128 units = quantity_units(q), milli = quantity_milli(q);

    assert(units * 1000000000 >= q.nano && (units - 1) * 1000000000 < q.nano);
    assert(milli == INT64_MAX || milli == -INT64_MAX ||
           (milli * 1000000 >= q.nano && (milli - 1) * 1000000 < q.nano));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[512];
    struct quantity q;

    if (quantity_parse((struct str){ (const char *)data, size }, &q, NULL) < 0)
        return 0;
    assert(quantity_compare(q, q) == 0);
    assert(q.nano <= NANO_MAX && q.nano >= -NANO_MAX);
    check_again(q);
    check_rounding(q);
    if (size >= sizeof(text))
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    check_value(q, text);
    if (*text != '-' && *text != '+') {
        assert(parsed("-", text) == -q.nano && parsed("+", text) == q.nano);
        assert(parsed("00", text) == q.nano);
    }
    return 0;
}
