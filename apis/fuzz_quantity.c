// SPDX-License-Identifier: Apache-2.0
#include "apis/quantity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct quantity q;
    if (quantity_parse((struct str){ (const char *)data, size }, &q, NULL))
        return 0;
    if (quantity_compare(q, q) != 0 || (quantity_units(q) > 0) != (quantity_milli(q) > 0))
        abort();
    return 0;
}
