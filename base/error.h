// SPDX-License-Identifier: Apache-2.0
// Errors are values on the caller's stack. Functions return 0 for success, -1 for failure with *e
// set, and a positive number for a named outcome of that one function. Outputs are untouched on
// failure. Every function takes e == NULL for "the text does not matter". Text: lower case, no full
// stop, what first ("open '/x': no such file").
#pragma once

#include "base/base.h"

// One row per class: name, retry?, condition reason, CLI exit status, HTTP status we would answer.
// clang-format off
#define ERROR_CLASSES(X)                                              \
    X(NONE,           RETRY_NO,      "",                    0, 200)   \
    X(INVALID,        RETRY_NO,      "Invalid",             1, 400)   \
    X(USAGE,          RETRY_NO,      "Usage",               2, 400)   \
    X(UNAUTHORIZED,   RETRY_SLOW,    "Unauthorized",        1, 401)   \
    X(DENIED,         RETRY_SLOW,    "Forbidden",           1, 403)   \
    X(NOT_FOUND,      RETRY_NO,      "NotFound",            1, 404)   \
    X(ALREADY_EXISTS, RETRY_NO,      "AlreadyExists",       1, 409)   \
    X(CONFLICT,       RETRY_FRESH,   "Conflict",            1, 409)   \
    X(GONE,           RETRY_RELIST,  "Gone",                1, 410)   \
    X(TOO_LARGE_RV,   RETRY_RELIST,  "ResourceVersionTooLarge", 1, 504) \
    X(UNPROCESSABLE,  RETRY_NO,      "Invalid",             1, 422)   \
    X(LIMIT,          RETRY_BACKOFF, "TooManyRequests",     1, 429)   \
    X(TOO_BIG,        RETRY_NO,      "TooLarge",            1, 413)   \
    X(TIMEOUT,        RETRY_BACKOFF, "Timeout",             1, 504)   \
    X(UNAVAILABLE,    RETRY_BACKOFF, "Unavailable",         1, 503)   \
    X(REFUSED,        RETRY_BACKOFF, "ConnectionRefused",   1, 503)   \
    X(SERVER,         RETRY_BACKOFF, "InternalError",       1, 500)   \
    X(IO,             RETRY_BACKOFF, "IOError",             1, 500)   \
    X(CANCELLED,      RETRY_NO,      "Cancelled",           1, 499)   \
    X(BUG,            RETRY_NO,      "InternalError",       1, 500)

// clang-format on

enum err {

#define X(name, retry, reason, exit_status, http) ERR_##name,
    ERROR_CLASSES(X)
#undef X
        ERR_COUNT
};

enum retry {
    RETRY_NO,      // the same request can never succeed
    RETRY_BACKOFF, // per-key exponential back-off
    RETRY_SLOW,    // permission or credential: once a minute is enough
    RETRY_FRESH,   // read again first, then decide again
    RETRY_RELIST,  // the resourceVersion is of no use any more
};

#define ERROR_TEXT_MAX 384

struct error {
    enum err code;
    int http;                  // HTTP status that caused it, 0 if none
    usec retry_after;          // server's wish (Retry-After), 0 if none
    char text[ERROR_TEXT_MAX]; // cut with "..." when longer
};

// Always -1.
int error_set(struct error *e, enum err code, const char *fmt, ...) printf_like(3, 4);
// Always -1; adds ": strerror".
int error_errno(struct error *e, int errnum, const char *fmt, ...) printf_like(3, 4);
// Puts "fmt: " in front; always -1.
int error_wrap(struct error *e, const char *fmt, ...) printf_like(2, 3);
void error_clear(struct error *e);

const char *err_name(enum err code); // "INVALID"
enum retry err_retry(enum err code);
const char *err_reason(enum err code); // CamelCase condition reason
int err_exit_status(enum err code);
