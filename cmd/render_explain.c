// SPDX-License-Identifier: Apache-2.0
// The table of `assess --explain`: a paragraph per finding that says what should hold, how to get
// there, and who asks for it.
#include "cmd/output.h"
#include "cmd/render.h"

static void print_text(FILE *out, struct look look, int indent, const char *text)
{
    const char *const cells[] = { text };
    struct table t;

    table_init(&t, cells, 1);
    t.bare = true;
    t.indent = indent;
    table_add(&t, cells);
    (void)table_print_to(&t, "", out, look.screen);
}

static void print_finding(const struct row *r, struct look look, FILE *out)
{
    char object[640], place[1024], text[2048];

    snprintf(text, sizeof(text), "%s  %s  %s  %s  %s", check_severity_name(r->severity),
             verdict_name(r->verdict), r->check->id, row_object(r, object, sizeof(object)),
             row_place(r, place, sizeof(place)));
    print_text(out, look, 0, text);
    print_text(out, look, 4, r->message);
    snprintf(text, sizeof(text), "should hold: %s", r->check->title);
    print_text(out, look, 4, text);
    snprintf(text, sizeof(text), "fix: %s", r->check->remediation);
    print_text(out, look, 4, text);
    if (*r->check->frameworks) {
        snprintf(text, sizeof(text), "asked for by: %s", r->check->frameworks);
        print_text(out, look, 4, text);
    }
    fputc('\n', out);
}

int render_explained(const struct findings *fs, struct look look, FILE *out)
{
    if (!fs->n)
        fputs(fs->baseline.given ? "No new findings.\n\n" : "No findings.\n\n", out);
    for (size_t i = 0; i < fs->n; i++)
        print_finding(&fs->v[i], look, out);
    return output_flush(out);
}
