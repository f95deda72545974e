// SPDX-License-Identifier: Apache-2.0
// The two questions about UTF-8 that writers of text have.
#pragma once

#include "base/base.h"

// Decodes one character of p[0..n): its length in bytes with *ret set, or 0 when the bytes are not
// UTF-8 (overlong forms, surrogates and values beyond U+10FFFF included) or n is 0.
size_t utf8_decode(const char *p, size_t n, uint32_t *ret);
// The largest length <= max at which p[0..n) can be cut without splitting a character.
size_t utf8_cut(const char *p, size_t n, size_t max);
