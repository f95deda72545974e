// SPDX-License-Identifier: Apache-2.0
// Allocation that cannot fail: running out of memory ends the process with one line on stderr.
// Everything that outside input can make grow must be bounded by its caller (buf, arena, codec
// limits).
#pragma once

#include "base/base.h"

void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size); // zeroed; n * size is checked for overflow
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *s); // NULL gives NULL
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) printf_like(1, 2); // caller frees
