// SPDX-License-Identifier: Apache-2.0
//
// Strict in what it takes: a cut or damaged certificate has to be refused where it is read.
#include "informer/base64.h"

#include <ctype.h>

static const char digits64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int digit_value(unsigned char c)
{
    const char *p = c ? strchr(digits64, c) : NULL;

    return p ? (int)(p - digits64) : -1;
}

int base64_decode(struct str in, char *out, size_t *ret_n)
{
    uint32_t bits = 0;
    size_t digits = 0, pads = 0, n = 0;

    for (size_t i = 0; i < in.n; i++) {
        unsigned char c = (unsigned char)in.p[i];
        int value;

        if (isspace(c))
            continue;
        if (c == '=') {
            pads++;
            continue;
        }
        value = digit_value(c);
        if (value < 0 || pads)
            return -1;
        bits = (bits << 6 | (uint32_t)value) & 0xffffff;
        if (digits++ % 4) // each digit but the first of four completes a byte
            out[n++] = (char)(bits >> (2 * (3 - (digits - 1) % 4)));
    }
    if (pads > 2 || (digits + pads) % 4 || digits % 4 == 1)
        return -1;
    *ret_n = n;
    return 0;
}

void base64_encode(struct str in, struct buf *out)
{
    for (size_t i = 0; i < in.n; i += 3) {
        size_t left = MIN(in.n - i, 3);
        uint32_t bits = (uint32_t)(unsigned char)in.p[i] << 16;

        if (left > 1)
            bits |= (uint32_t)(unsigned char)in.p[i + 1] << 8;
        if (left > 2)
            bits |= (unsigned char)in.p[i + 2];
        for (size_t d = 0; d < 4; d++)
            buf_addc(out, d <= left ? digits64[bits >> (18 - 6 * d) & 63] : '=');
    }
}
