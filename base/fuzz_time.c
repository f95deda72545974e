// SPDX-License-Identifier: Apache-2.0
// What is read as a time or a duration prints as a text that reads back as the same.
#include "base/clock.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// Offsets can lead out of the years that have four digits; such times print as the nearest that
// has.
#define FIRST (-(usec)62167219200 * USEC_PER_SEC)
#define LAST  ((usec)253402300800 * USEC_PER_SEC - 1)

static void read_time(struct str text)
{
    char printed[TIME_TEXT_MAX];
    usec t, again;

    if (time_parse(text, &t, NULL) < 0)
        return;
    assert(time_parse(str_of(time_format(t, 6, printed)), &again, NULL) == 0);
    assert(again == MIN(MAX(t, FIRST), LAST));
}

static void read_duration(struct str text)
{
    char printed[TIME_TEXT_MAX];
    struct error e;
    usec d, again;

    if (duration_parse(text, &d, &e) < 0)
        return;
    assert(duration_parse(str_of(duration_format(d, printed)), &again, &e) == 0);
    assert(again == d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = { (const char *)data, size };
    char printed[TIME_TEXT_MAX];
    usec t;

    read_time(text);
    read_duration(text);
    if (size >= sizeof(t)) {
        memcpy(&t, data, sizeof(t));
        time_format(t, size & 1 ? 3 : 0, printed);
        duration_format(t, printed);
    }
    return 0;
}
