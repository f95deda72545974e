// SPDX-License-Identifier: Apache-2.0
// One line per event, written with one write(2), so that lines of two threads never mix and nothing
// is lost in a buffer at a crash. A line has a maximum: long texts are cut, never the JSON.
#include "base/log.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "base/writer.h"
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#define TEXT_MAX       ((size_t)4096)      // of one message or field
#define LINE_BYTES_MAX ((size_t)64 * 1024) // of all of it

static _Atomic int least = LOG_INFO;
static const char *const words[] = { "debug", "info", "warn", "error" };

static pthread_mutex_t capture_lock = PTHREAD_MUTEX_INITIALIZER;
static void (*capture_fn)(void *arg, const char *line);
static void *capture_arg;

static void put_text(struct writer *w, const char *key, const char *s)
{
    size_t n = strnlen(s, TEXT_MAX + 4);

    w_key(w, key);
    w_strn(w, s, utf8_cut(s, n, TEXT_MAX));
}

static int build(struct buf *line, enum log_level level, const char *msg,
                 const struct log_field *fields, size_t n)
{
    char now[TIME_TEXT_MAX];
    struct writer w;

    writer_to_buf(&w, WRITER_JSON, line);
    w_object(&w);
    w_key_str(&w, "time", time_format(clock_wall(), 3, now));
    w_key_str(&w, "level", words[level]);
    put_text(&w, "msg", msg);
    for (size_t i = 0; i < n; i++) {
        if (fields[i].str)
            put_text(&w, fields[i].key, fields[i].str);
        else
            w_key_int(&w, fields[i].key, fields[i].num);
    }
    w_object_end(&w);
    return writer_end(&w);
}

static void write_all(const char *p, size_t n)
{
    while (n) {
        ssize_t done = write(STDERR_FILENO, p, n);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return; // nobody is left to tell
        p += done;
        n -= (size_t)done;
    }
}

static void emit(struct buf *line)
{
    pthread_mutex_lock(&capture_lock);
    if (capture_fn)
        capture_fn(capture_arg, line->p);
    else if (buf_addc(line, '\n') == 0)
        write_all(line->p, line->n);
    pthread_mutex_unlock(&capture_lock);
}

void log_write(enum log_level level, const char *msg, const struct log_field *fields, size_t n)
{
    autobuf struct buf line = { 0 };
    int saved = errno;

    if ((int)level < least)
        return;
    buf_init(&line, LINE_BYTES_MAX);
    if (build(&line, level, msg, fields, n) < 0) {
        // Only many long fields come here: the message alone always fits.
        buf_reset(&line);
        if (build(&line, level, msg, NULL, 0) < 0)
            return;
    }
    emit(&line);
    errno = saved;
}

void log_set_level(enum log_level level)
{
    least = (int)level;
}

int log_parse_level(const char *word, enum log_level *ret, struct error *e)
{
    for (size_t i = 0; word && i < ARRAY_SIZE(words); i++) {
        if (!strcmp(word, words[i])) {
            *ret = (enum log_level)i;
            return 0;
        }
    }
    return error_set(e, ERR_INVALID, "log level '%.64s' is none of debug, info, warn, error",
                     word ? word : "");
}

void log_capture(void (*fn)(void *arg, const char *line), void *arg)
{
    pthread_mutex_lock(&capture_lock);
    capture_fn = fn;
    capture_arg = arg;
    pthread_mutex_unlock(&capture_lock);
}
