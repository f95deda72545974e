// SPDX-License-Identifier: Apache-2.0
// JSON lines on stderr: {"time","level","msg", fields…}. Only cmd/, the runner and the manager log;
// below, errors are returned. Never pass a secret: tokens, Secret data, Authorization headers,
// webhook bodies. Any thread.
#pragma once

#include "base/base.h"
#include "base/error.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_field {
    const char *key;
    const char *str; // NULL: num counts
    int64_t num;
};

static inline struct log_field log_str(const char *key, const char *v)
{
    return (struct log_field){ .key = key, .str = v ? v : "" };
}

static inline struct log_field log_int(const char *key, int64_t v)
{
    return (struct log_field){ .key = key, .num = v };
}

static inline struct log_field log_err(const struct error *e)
{
    return log_str("error", e->text);
}

void log_write(enum log_level level, const char *msg, const struct log_field *fields, size_t n);
#define log_at(level, msg, ...)                                                                    \
    log_write((level), (msg), (const struct log_field[]){ { 0 }, ##__VA_ARGS__ } + 1,              \
              ARRAY_SIZE(((const struct log_field[]){ { 0 }, ##__VA_ARGS__ })) - 1)
#define log_debug(msg, ...) log_at(LOG_DEBUG, msg, ##__VA_ARGS__)
#define log_info(msg, ...)  log_at(LOG_INFO, msg, ##__VA_ARGS__)
#define log_warn(msg, ...)  log_at(LOG_WARN, msg, ##__VA_ARGS__)
#define log_error(msg, ...) log_at(LOG_ERROR, msg, ##__VA_ARGS__)

void log_set_level(enum log_level level);
// Debug info warn error.
int must_check log_parse_level(const char *word, enum log_level *ret, struct error *e);
// Tests: lines go there; NULL ends it.
void log_capture(void (*fn)(void *arg, const char *line), void *arg);
