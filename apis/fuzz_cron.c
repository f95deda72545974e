// SPDX-License-Identifier: Apache-2.0
#include "apis/cron.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cron c;
    usec after = 0;
    if (size < sizeof(after))
        return 0;
    memcpy(&after, data, sizeof(after));
    if (cron_parse((struct str){ (const char *)data + sizeof(after), size - sizeof(after) }, &c,
                   NULL))
        return 0;
    if (cron_next(&c, NULL, after) <= after && after < USEC_NEVER)
        abort();
    return 0;
}
