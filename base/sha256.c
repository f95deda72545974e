// SPDX-License-Identifier: Apache-2.0
// One-shot digest; failing to compute SHA-256 means that OpenSSL is broken, which no caller could
// handle.
#include <openssl/evp.h>

#include "base/sha256.h"

const char *sha256_hex(struct str s, char ret[SHA256_HEX_MAX])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char md[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    if (EVP_Digest(s.p, s.n, md, &n, EVP_sha256(), NULL) != 1 || n != 32)
        abort();
    for (unsigned i = 0; i < n; i++) {
        ret[2 * i] = digits[md[i] >> 4];
        ret[2 * i + 1] = digits[md[i] & 15];
    }
    ret[64] = 0;
    return ret;
}
