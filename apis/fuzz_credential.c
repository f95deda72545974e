// SPDX-License-Identifier: Apache-2.0
// Also as a word of a command line: what it looks like does not depend on what it is set to.
#include "apis/argument.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str s = { (const char *)data, size };
    bool after = size & 1;
    enum credential_class a = credential_of_value(s), b = credential_of_document(s),
                          c = credential_of_arg(s, &after);
    struct argument_state words = { .after_credential = size & 1 };
    uint32_t word = argument_of(s, &words);

    if (argument_class((int)word) != c || argument_flag((int)word) >= ARG_FLAGS)
        abort();
    (void)credential_name(s);
    if (!*credential_text(a) || !*credential_text(b) || !*credential_text(c))
        abort();
    return 0;
}
