// SPDX-License-Identifier: Apache-2.0
// Functions that are unsafe, unbounded or not thread-safe: a use is a compile error.
#pragma once

// These headers declare the names below; they have to come before the poison.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// With _FORTIFY_SOURCE and clang glibc makes macros of these, and a macro must not be poisoned.
#undef strcpy
#undef strcat
#undef strncat
#undef stpcpy
#undef sprintf
#undef vsprintf
#undef gets

#pragma GCC poison strcpy strcat strncat stpcpy sprintf vsprintf strtok gets
#pragma GCC poison atoi atol atoll atof gmtime localtime ctime asctime tmpnam
