// SPDX-License-Identifier: Apache-2.0
// Nothing but the document goes to stdout, and a failed write is a failed command.
#include "cmd/output.h"

#include "base/alloc.h"
#include "base/clock.h"

#define CELL_MAX 120

enum output_format output_format(const struct args *a)
{
    static const char *const names[] = { "json", "yaml", "table", "markdown" };
    const char *f = arg_text(a, "format");

    for (size_t i = 0; f && i < ARRAY_SIZE(names); i++) {
        if (strcmp(names[i], f) == 0)
            return (enum output_format)i;
    }
    return OUTPUT_JSON;
}

void output_start(struct writer *w, const struct args *a)
{
    writer_to_file(w, output_format(a) == OUTPUT_YAML ? WRITER_YAML : WRITER_JSON_PRETTY, stdout);
}

int output_end(struct writer *w)
{
    if (writer_end(w) == 0 && fflush(stdout) == 0)
        return EXIT_OK;
    fprintf(stderr, "error: cannot write to stdout\n");
    return EXIT_FAILED;
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
        fprintf(stderr, "error: %s: %s\n", what, e->text);
    }
    return status ? status : EXIT_FAILED;
}

void table_init(struct table *t, const char *const *heads, size_t n)
{
    *t = (struct table){ .columns = n };
    for (size_t i = 0; i < n; i++) {
        t->heads[i] = heads[i];
        t->width[i] = (int)strlen(heads[i]);
    }
}

static int columns_of(const char *s) // characters, not bytes
{
    int n = 0;

    for (; *s; s++)
        n += ((unsigned char)*s & 0xc0) != 0x80;
    return n;
}

static char *cell(const char *s, bool last)
{
    char *copy;

    if (!s || !*s)
        return xstrdup("-");
    copy = last || columns_of(s) <= CELL_MAX ? xstrdup(s) : xasprintf("%.*s...", CELL_MAX - 3, s);
    for (char *p = copy; *p; p++) {
        if (*p == '\n' || *p == '\t' || *p == '\r')
            *p = ' ';
    }
    return copy;
}

void table_add(struct table *t, const char *const *cells)
{
    if (t->rows == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 64;
        t->cells = xrealloc(t->cells, t->cap * t->columns * sizeof(*t->cells));
    }
    for (size_t i = 0; i < t->columns; i++) {
        char *c = cell(cells[i], i + 1 == t->columns);

        t->cells[t->rows * t->columns + i] = c;
        t->width[i] = MAX(t->width[i], columns_of(c));
    }
    t->rows++;
}

static void print_cell(const struct table *t, size_t column, const char *text)
{
    fputs(text, stdout);
    if (column + 1 == t->columns)
        return;
    for (int pad = t->width[column] - columns_of(text) + 3; pad > 0; pad--)
        fputc(' ', stdout);
}

int table_print(struct table *t, const char *when_empty)
{
    for (size_t i = 0; t->rows && i < t->columns; i++)
        print_cell(t, i, t->heads[i]);
    if (t->rows)
        fputc('\n', stdout);
    else
        printf("%s\n", when_empty);
    for (size_t i = 0; i < t->rows * t->columns; i++) {
        print_cell(t, i % t->columns, t->cells[i]);
        if (i % t->columns + 1 == t->columns)
            fputc('\n', stdout);
        free(t->cells[i]);
    }
    free(t->cells);
    t->cells = NULL;
    if (fflush(stdout) == 0)
        return EXIT_OK;
    fprintf(stderr, "error: cannot write to stdout\n");
    return EXIT_FAILED;
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
