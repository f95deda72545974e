// SPDX-License-Identifier: Apache-2.0
// UTF-8 decoding for what we print: text from outside may hold anything, our output is always
// valid.
#include "base/utf8.h"

// How many bytes a character has, by its first byte; 0 for bytes that cannot be first.
static size_t length_of(unsigned char c)
{
    if (c < 0x80)
        return 1;
    if (c >= 0xC2 && c <= 0xDF)
        return 2;
    if (c >= 0xE0 && c <= 0xEF)
        return 3;
    return c >= 0xF0 && c <= 0xF4 ? 4 : 0;
}

size_t utf8_decode(const char *p, size_t n, uint32_t *ret)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    static const unsigned char first_bits[] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };
    size_t len = n ? length_of((unsigned char)p[0]) : 0;
    uint32_t c;

    if (!len || len > n)
        return 0;
    c = (unsigned char)p[0] & first_bits[len];
    for (size_t i = 1; i < len; i++) {
        if (((unsigned char)p[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | ((unsigned char)p[i] & 0x3F);
    }
    if (c < least[len] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        return 0;
    *ret = c;
    return len;
}

size_t utf8_cut(const char *p, size_t n, size_t max)
{
    size_t cut = max;

    if (n <= max)
        return n;
    while (cut && max - cut < 4 && ((unsigned char)p[cut] & 0xC0) == 0x80)
        cut--;
    // Four continuation bytes in a row are no character: any place is as good.
    return ((unsigned char)p[cut] & 0xC0) == 0x80 ? max : cut;
}
