// SPDX-License-Identifier: Apache-2.0
// A time zone file, and the next times in it.
#include "apis/cron.h"
#include "apis/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct zone *z;
    struct cron c;
    if (zone_parse((struct str){ (const char *)data, size }, &z, NULL))
        return 0;
    static const int64_t times[] = { INT64_MIN / 2, -1, 0, 1767323045, 4102444800, INT64_MAX / 2 };
    for (size_t i = 0; i < ARRAY_SIZE(times); i++)
        (void)zone_offset(z, times[i]);
    if (!cron_parse(str_of("30 2 29 2 *"), &c, NULL) && cron_next(&c, z, 0) <= 0)
        abort();
    zone_free(z);
    return 0;
}
