// SPDX-License-Identifier: Apache-2.0
// Error values. The text is formatted into a local copy first, so that a caller may quote the old
// text in the new one; what is too long is cut at a whole character and ends with "...".
#include "base/error.h"

#include "base/utf8.h"
#include <errno.h>
#include <stdarg.h>

struct class_row {
    const char *name;
    enum retry retry;
    const char *reason;
    int exit_status;
    int http;
};

static const struct class_row classes[] = {
#define X(name, retry, reason, exit_status, http) { #name, retry, reason, exit_status, http },
    ERROR_CLASSES(X)
#undef X
};

static const struct class_row *row(enum err code)
{
    return &classes[(unsigned)code < ERR_COUNT ? code : ERR_BUG];
}

static printf_like(2, 0) void format(char ret[ERROR_TEXT_MAX], const char *fmt, va_list ap)
{
    int n = vsnprintf(ret, ERROR_TEXT_MAX, fmt, ap);

    if (n < 0) {
        ret[0] = '\0';
        return;
    }
    if (n >= ERROR_TEXT_MAX) {
        size_t cut = utf8_cut(ret, ERROR_TEXT_MAX - 1, ERROR_TEXT_MAX - 4);

        memcpy(ret + cut, "...", 4);
    }
}

static printf_like(2, 3) void format_all(char ret[ERROR_TEXT_MAX], const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    format(ret, fmt, ap);
    va_end(ap);
}

int error_set(struct error *e, enum err code, const char *fmt, ...)
{
    char text[ERROR_TEXT_MAX];
    va_list ap;

    if (!e)
        return -1;
    va_start(ap, fmt);
    format(text, fmt, ap);
    va_end(ap);
    e->code = code;
    e->http = 0;
    e->retry_after = 0;
    memcpy(e->text, text, strlen(text) + 1);
    return -1;
}

static enum err class_of_errno(int errnum)
{
    switch (errnum) {
    case ENOENT:
    case ENOTDIR:
        return ERR_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return ERR_DENIED;
    case EEXIST:
        return ERR_ALREADY_EXISTS;
    case EINVAL:
    case ENAMETOOLONG:
    case EISDIR:
        return ERR_INVALID;
    case EFBIG:
        return ERR_TOO_BIG;
    case ETIMEDOUT:
        return ERR_TIMEOUT;
    case ECONNREFUSED:
        return ERR_REFUSED;
    case ECANCELED:
        return ERR_CANCELLED;
    default:
        return ERR_IO;
    }
}

int error_errno(struct error *e, int errnum, const char *fmt, ...)
{
    char text[ERROR_TEXT_MAX], why[128];
    va_list ap;

    if (!e)
        return -1;
    va_start(ap, fmt);
    format(text, fmt, ap);
    va_end(ap);
    return error_set(e, class_of_errno(errnum), "%s: %s", text,
                     strerror_r(errnum, why, sizeof(why)));
}

int error_wrap(struct error *e, const char *fmt, ...)
{
    char front[ERROR_TEXT_MAX], text[ERROR_TEXT_MAX];
    va_list ap;

    if (!e)
        return -1;
    va_start(ap, fmt);
    format(front, fmt, ap);
    va_end(ap);
    format_all(text, "%s: %s", front, e->text);
    memcpy(e->text, text, strlen(text) + 1);
    return -1;
}

void error_clear(struct error *e)
{
    if (!e)
        return;
    e->code = ERR_NONE;
    e->http = 0;
    e->retry_after = 0;
    e->text[0] = '\0';
}

const char *err_name(enum err code)
{
    return row(code)->name;
}

enum retry err_retry(enum err code)
{
    return row(code)->retry;
}

const char *err_reason(enum err code)
{
    return row(code)->reason;
}

int err_exit_status(enum err code)
{
    return row(code)->exit_status;
}
