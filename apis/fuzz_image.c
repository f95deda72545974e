// SPDX-License-Identifier: Apache-2.0
#include "apis/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct image i;
    struct str s = { (const char *)data, size };
    if (!image_parse(s, &i))
        return 0;
    if (!i.path.n || !i.registry.n || !image_under(&i, i.registry))
        abort();
    (void)image_mutable(&i);
    (void)image_under(&i, s);
    return 0;
}
