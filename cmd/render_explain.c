// SPDX-License-Identifier: Apache-2.0
// The table of `assess --explain`: a paragraph per finding that says what should hold, how to get
// there, and who asks for it.
#include "cmd/output.h"
#include "cmd/render.h"

static void print_finding(const struct row *r, struct look look, FILE *out)
{
    char object[640], place[1024], text[2048];

    snprintf(text, sizeof(text), "%s  %s  %s  %s  %s", check_severity_name(r->severity),
             verdict_name(r->verdict), r->check->id, row_object(r, object, sizeof(object)),
             row_place(r, place, sizeof(place)));
    table_text(text, 0, out, look.screen);
    table_text(r->message, 4, out, look.screen);
    snprintf(text, sizeof(text), "should hold: %s", r->check->title);
    table_text(text, 4, out, look.screen);
    snprintf(text, sizeof(text), "fix: %s", r->check->remediation);
    table_text(text, 4, out, look.screen);
    if (*r->check->frameworks) {
        snprintf(text, sizeof(text), "asked for by: %s", r->check->frameworks);
        table_text(text, 4, out, look.screen);
    }
    fputc('\n', out);
}

int render_explained(const struct findings *fs, struct look look, FILE *out)
{
    if (!fs->n)
        fprintf(out, "%s\n\n", findings_none(fs));
    for (size_t i = 0; i < fs->n; i++)
        print_finding(&fs->v[i], look, out);
    return output_flush(out);
}
