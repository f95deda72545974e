// SPDX-License-Identifier: Apache-2.0
// Nothing but the document goes to stdout, and a failed write is a failed command.
#include "cmd/output.h"

#include "base/clock.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SAID_MAX ((size_t)64 << 10)

enum output_format output_format(const struct args *a)
{
    static const char *const names[] = { "json", "yaml", "table", "markdown" };
    const char *f = arg_text(a, "format");

    for (size_t i = 0; f && i < ARRAY_SIZE(names); i++) {
        if (strcmp(names[i], f) == 0)
            return (enum output_format)i;
    }
    return f ? OUTPUT_OTHER : OUTPUT_JSON;
}

void output_start(struct writer *w, const struct args *a)
{
    writer_to_file(w, output_format(a) == OUTPUT_YAML ? WRITER_YAML : WRITER_JSON_PRETTY, stdout);
}

int output_flush(FILE *out)
{
    if (fflush(out) == 0 && !ferror(out))
        return EXIT_OK;
    if (out == stdout && errno != EPIPE) // `... | head` has seen enough
        fprintf(stderr, "error: cannot write to stdout: %s\n", strerror(errno));
    return EXIT_FAILED;
}

int output_screen(void)
{
    struct winsize w = { 0 };

    return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 ? w.ws_col : 0;
}

bool output_color(void)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM"); // NOLINT(concurrency-mt-unsafe)

    return output_screen() && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

int output_end(struct writer *w)
{
    int ended = writer_end(w);

    return output_flush(stdout) == EXIT_OK && ended == 0 ? EXIT_OK : EXIT_FAILED;
}

void output_say(const char *fmt, ...)
{
    struct buf autobuf line = { 0 };
    va_list ap;

    buf_init(&line, SAID_MAX);
    va_start(ap, fmt);
    if (buf_vaddf(&line, fmt, ap) == 0) {
        text_clean(line.p, ' ');
        fprintf(stderr, "%s\n", line.p);
    }
    va_end(ap);
}

int command_fail(const struct args *a, const char *what, const struct error *e)
{
    struct writer w;
    int status = err_exit_status(e->code);

    if (arg_text(a, "format") && output_format(a) == OUTPUT_JSON) {
        writer_to_file(&w, WRITER_JSON, stderr);
        w_object(&w);
        w_key_str(&w, "error", what);
        w_key_str(&w, "details", e->text);
        w_object_end(&w);
        if (writer_end(&w) == 0)
            fputc('\n', stderr);
    } else {
        output_say("error: %s: %s", what, e->text);
    }
    return status ? status : EXIT_FAILED;
}

const char *text_time(usec at, char *ret, size_t n)
{
    char text[TIME_TEXT_MAX];

    snprintf(ret, n, "%s", at ? time_format(at, 0, text) : "-");
    return ret;
}

const char *text_score(int32_t score, char *ret, size_t n)
{
    if (score < 0)
        snprintf(ret, n, "-");
    else
        snprintf(ret, n, "%d", score);
    return ret;
}

void text_clean(char *text, char with)
{
    for (size_t n; *text; text += n) {
        uint32_t c = (unsigned char)*text; // of what is no UTF-8, as a name of a file may be

        n = utf8_decode(text, strnlen(text, 4), &c);
        n = n ? n : 1;
        if (c < ' ' || (c >= 0x7f && c < 0xa0))
            memset(text, with, n);
    }
}

void w_time(struct writer *w, const char *key, usec at)
{
    char text[TIME_TEXT_MAX];

    w_key_str(w, key, at ? time_format(at, 3, text) : NULL);
}

void w_score(struct writer *w, const char *key, int32_t score)
{
    w_key(w, key);
    if (score < 0)
        w_null(w);
    else
        w_int(w, score);
}
