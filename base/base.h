// SPDX-License-Identifier: Apache-2.0
// First include of every file: attributes, small macros, units and the banned functions.
#pragma once

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Time is counted in microseconds everywhere; wall clock values count from the Unix epoch.
typedef int64_t usec;
#define USEC_PER_MSEC ((usec)1000)
#define USEC_PER_SEC  ((usec)1000000)
#define USEC_PER_MIN  (60 * USEC_PER_SEC)
#define USEC_PER_HOUR (60 * USEC_PER_MIN)
#define USEC_PER_DAY  (24 * USEC_PER_HOUR)
#define USEC_NEVER    INT64_MAX

#define must_check        __attribute__((warn_unused_result))
#define printf_like(f, a) __attribute__((format(printf, f, a)))
#define no_return         __attribute__((noreturn))
#define unused_arg        __attribute__((unused))

#define ARRAY_SIZE(a)                   (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)                       ((a) < (b) ? (a) : (b))
#define MAX(a, b)                       ((a) > (b) ? (a) : (b))
#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

// Hands over ownership: yields the pointer and leaves NULL behind, so that a cleanup does nothing.
#define TAKE(p)                                                                                    \
    ({                                                                                             \
        typeof(p) take_v = (p);                                                                    \
        (p) = NULL;                                                                                \
        take_v;                                                                                    \
    })

void autofree_free(void *pp);
void autoclose_close(int *fd);
#define autofree  __attribute__((cleanup(autofree_free))) // char *p: freed at end of scope
// int fd: closed at end of scope if >= 0
#define autoclose __attribute__((cleanup(autoclose_close)))

#include "base/banned.h"
