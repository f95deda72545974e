// SPDX-License-Identifier: Apache-2.0
// Cells come from a cluster, so control characters (a terminal would obey them) become blanks.
#include "cmd/table.h"

#include "base/alloc.h"
#include "base/utf8.h"
#include "cmd/output.h"

#define GAP        3
#define INDENT     4  // of a row's further lines on a narrow terminal
#define WRAP_LEAST 20 // with less, or a third of the screen, the last column gets a line

// The next character; *p moves on. A byte that is no UTF-8 counts as a character.
static uint32_t next(const char **p)
{
    uint32_t c = (unsigned char)**p;
    size_t n = 1;

    if (c >= 0x80)
        n = utf8_decode(*p, strnlen(*p, 4), &c);
    *p += n ? n : 1;
    return c;
}

static bool in_ranges(uint32_t c, const uint32_t (*ranges)[2], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (c >= ranges[i][0] && c <= ranges[i][1])
            return true;
    }
    return false;
}

// The ranges that matter in names and messages: East Asian wide forms and emoji take two columns,
// marks none.
static int char_width(uint32_t c)
{
    static const uint32_t wide[][2] = {
        {0x1100,   0x115f },
        { 0x2e80,  0x303e },
        { 0x3041,  0xa4cf },
        { 0xac00,  0xd7a3 },
        { 0xf900,  0xfaff },
        { 0xfe30,  0xfe6f },
        { 0xff00,  0xff60 },
        { 0xffe0,  0xffe6 },
        { 0x1f300, 0x1f64f},
        { 0x1f900, 0x1f9ff},
        { 0x20000, 0x3fffd}
    };
    static const uint32_t none[][2] = {
        {0x300,   0x36f },
        { 0x200b, 0x200f},
        { 0xfe00, 0xfe0f}
    };

    if (c < none[0][0]) // nearly all of them
        return 1;
    if (in_ranges(c, wide, ARRAY_SIZE(wide)))
        return 2;
    return in_ranges(c, none, ARRAY_SIZE(none)) ? 0 : 1;
}

int text_width(const char *s)
{
    int n = 0;

    for (;;) {
        for (; *s && (unsigned char)*s < 0x80; s++) // nearly all of it
            n++;
        if (!*s)
            return n;
        n += char_width(next(&s));
    }
}

// Nothing in it that cell() would change.
static bool is_plain(const char *s)
{
    unsigned char c;

    while ((c = (unsigned char)*s) >= 0x20 && c < 0x7f)
        s++;
    return !c;
}

static char *cell(const char *s)
{
    char *copy = xstrdup(s && *s ? s : "-");

    text_clean(copy, ' ');
    return copy;
}

void table_init(struct table *t, const char *const *heads, size_t n)
{
    *t = (struct table){ .columns = n };
    for (size_t i = 0; i < n; i++) {
        t->heads[i] = heads[i];
        t->width[i] = text_width(heads[i]);
    }
}

void table_fini(struct table *t)
{
    for (size_t i = 0; i < t->rows * t->columns; i++)
        free(t->cells[i]);
    free(t->cells);
    t->cells = NULL;
    t->rows = t->cap = 0;
}

void table_add(struct table *t, const char *const *cells)
{
    if (t->rows == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 64;
        t->cells = xrealloc(t->cells, t->cap * t->columns * sizeof(*t->cells));
    }
    for (size_t i = 0; i < t->columns; i++) {
        char *c = cell(cells[i]);
        int width;

        t->cells[t->rows * t->columns + i] = c;
        width = text_width(c);
        t->width[i] = MAX(t->width[i], width);
    }
    t->rows++;
}

static void pad(FILE *out, int n)
{
    static const char blanks[] = "                                ";

    for (; n > 0; n -= (int)sizeof(blanks) - 1)
        fwrite(blanks, 1, MIN((size_t)n, sizeof(blanks) - 1), out);
}

// One line's worth of text: up to the last blank that fits, or one long word whole.
static size_t line_length(const char *s, int room)
{
    const char *p = s, *blank = NULL;
    int n = 0;

    while (*p) {
        if (*p == ' ' && n > room)
            return (size_t)(p - s);
        if (*p == ' ')
            blank = p;
        n += char_width(next(&p));
        if (n > room && blank)
            return (size_t)(blank - s);
    }
    return (size_t)(p - s);
}

static void print_wrapped(FILE *out, const char *s, int indent, int room)
{
    while (*s) {
        size_t n = room > 0 ? line_length(s, room) : strlen(s);

        fwrite(s, 1, n, out);
        s += n;
        while (*s == ' ')
            s++;
        if (!*s)
            break;
        fputc('\n', out);
        pad(out, indent);
    }
}

// Which columns begin a line of their row: the first one, and what has no room any more beside the
// one before it.
static void place(const struct table *t, int screen, bool *ret_begins)
{
    size_t last = t->columns - 1;
    int at = t->indent, least = MAX(WRAP_LEAST, screen / 3);

    for (size_t i = 0; i < t->columns; i++) {
        int need = i == last && !t->below ? MIN(t->width[i], least) : t->width[i];

        ret_begins[i] = i > 0 && screen && at + need > screen;
        at = (ret_begins[i] ? t->indent + INDENT : at) + t->width[i] + GAP;
    }
}

static void print_row(const struct table *t, const char *const *cells, FILE *out,
                      const bool *begins, int screen)
{
    size_t last = t->columns - 1;
    int at = t->indent;

    pad(out, at);
    for (size_t i = 0; i < t->columns; i++) {
        if (begins[i]) {
            fputc('\n', out);
            pad(out, at = t->indent + INDENT);
        }
        if (i == last) {
            print_wrapped(out, cells[i], at, screen ? screen - at : 0);
            break;
        }
        fputs(cells[i], out);
        if (!begins[i + 1])
            pad(out, t->width[i] - text_width(cells[i]) + GAP);
        at += t->width[i] + GAP;
    }
    fputc('\n', out);
}

int table_print_to(struct table *t, const char *when_empty, FILE *out, int screen)
{
    bool begins[TABLE_COLUMNS_MAX];

    place(t, screen, begins);
    if (!t->rows)
        fprintf(out, "%s\n", when_empty);
    else if (!t->bare)
        print_row(t, t->heads, out, begins, screen);
    for (size_t i = 0; i < t->rows; i++)
        print_row(t, (const char *const *)&t->cells[i * t->columns], out, begins, screen);
    table_fini(t);
    return output_flush(out);
}

// The cell as it is shown; *ret_owned is to be freed.
static const char *shown(const char *s, char **ret_owned)
{
    *ret_owned = NULL;
    if (s && *s && is_plain(s))
        return s;
    return *ret_owned = cell(s);
}

void table_fit(struct table *t, const char *const *cells)
{
    for (size_t i = 0; i < t->columns; i++) {
        char *owned;
        int width = text_width(shown(cells[i], &owned));

        t->width[i] = MAX(t->width[i], width);
        free(owned);
    }
}

void table_line(const struct table *t, const char *const *cells, FILE *out)
{
    static const bool begins[TABLE_COLUMNS_MAX];
    const char *plain[TABLE_COLUMNS_MAX];
    char *owned[TABLE_COLUMNS_MAX];

    for (size_t i = 0; i < t->columns; i++)
        plain[i] = shown(cells[i], &owned[i]);
    print_row(t, plain, out, begins, 0);
    for (size_t i = 0; i < t->columns; i++)
        free(owned[i]);
}

int table_print(struct table *t, const char *when_empty)
{
    return table_print_to(t, when_empty, stdout, output_screen());
}

void table_text(const char *text, int indent, FILE *out, int screen)
{
    const char *const cells[] = { text };
    struct table t;

    table_init(&t, cells, 1);
    t.bare = true;
    t.indent = indent;
    table_add(&t, cells);
    (void)table_print_to(&t, "", out, screen);
}
