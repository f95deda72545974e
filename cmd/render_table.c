// SPDX-License-Identifier: Apache-2.0
// A line per finding, the scores at the end.
#include "cmd/output.h"
#include "cmd/render.h"

static int print_findings(const struct findings *fs, int screen, FILE *out)
{
    static const char *const heads[] = { "SEVERITY", "STATUS", "CHECK", "OBJECT", "MESSAGE" };
    struct table t;

    table_init(&t, heads, ARRAY_SIZE(heads));
    for (size_t i = 0; i < fs->n; i++) {
        const struct row *r = &fs->v[i];
        char object[640];
        const char *cells[] = { check_severity_name(r->severity), verdict_name(r->verdict),
                                r->check->id, row_object(r, object, sizeof(object)), r->message };

        table_add(&t, cells);
    }
    return table_print_to(&t, "No findings.", out, screen);
}

int render_table(const struct findings *fs, struct look look, FILE *out)
{
    const struct assessment_summary *s = &fs->summary;
    char score[8];

    if (print_findings(fs, look.screen, out) != EXIT_OK)
        return EXIT_FAILED;
    fprintf(
        out,
        "\nScore %s %s   %u passing, %u failing, %u warning, %u skipped; %u of %u checks evaluated over %u objects\n",
        text_score(s->score, score, sizeof(score)), s->grade, s->counts.passing, s->counts.failing,
        s->counts.warning, s->counts.skipped, s->evaluated, s->counts.total, s->objects);
    return output_flush(out);
}
