// SPDX-License-Identifier: Apache-2.0
#include "apis/credential.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str s = { (const char *)data, size };
    bool after = size & 1;
    enum credential_class a = credential_of_value(s), b = credential_of_document(s),
                          c = credential_of_arg(s, &after);
    (void)credential_name(s);
    if (!*credential_text(a) || !*credential_text(b) || !*credential_text(c))
        abort();
    return 0;
}
