// SPDX-License-Identifier: Apache-2.0
// Markdown for a comment on a pull request. GitHub refuses comments of more than 65,536
// characters, so that what does not fit is counted instead.
#include "base/utf8.h"
#include "cmd/markup.h"
#include "cmd/output.h"
#include "cmd/render.h"

#define FINDINGS_MAX ((size_t)50 << 10) // bytes of all findings
#define TEXT_MAX     300                // of one message

static void put_summary(FILE *out, const struct findings *fs)
{
    const struct assessment_summary *s = &fs->summary;
    char score[8], count[128];

    fprintf(out, "## Kubernetes assessment: %s %s\n\n", text_score(s->score, score, sizeof(score)),
            s->grade);
    fprintf(out,
            "**%s**; of %" PRIu32 " checks %" PRIu32 " failing, %" PRIu32 " warning, %" PRIu32
            " passing, %" PRIu32 " skipped",
            findings_count(fs, count, sizeof(count)), s->counts.total, s->counts.failing,
            s->counts.warning, s->counts.passing, s->counts.skipped);
    if (s->objects)
        fprintf(out, "; %" PRIu32 " objects looked at", s->objects);
    fprintf(out, "%s.\n\n", s->partial ? "; the assessment was **stopped early**" : "");
}

static void put_pillars(FILE *out, const struct assessment_summary *s)
{
    char score[8];

    fputs("| Pillar | Score | Evaluated | Failing | Warning |\n|---|--:|--:|--:|--:|\n", out);
    for (int p = 0; p < CHECK_PILLARS; p++) {
        const struct pillar_summary *x = &s->pillars[p];

        fprintf(out, "| %s | %s | %" PRIu32 " of %" PRIu32 " | %" PRIu32 " | %" PRIu32 " |\n",
                check_pillar_name((enum check_pillar)p), text_score(x->score, score, sizeof(score)),
                x->evaluated, x->counts.total, x->counts.failing, x->counts.warning);
    }
    fprintf(out, "| **all** | **%s** | %" PRIu32 " of %" PRIu32 " | %" PRIu32 " | %" PRIu32 " |\n",
            text_score(s->score, score, sizeof(score)), s->evaluated, s->counts.total,
            s->counts.failing, s->counts.warning);
}

static size_t put_head(FILE *out, const struct row *r)
{
    static const char *const marks[CHECK_SEVERITIES] = { "\xf0\x9f\x94\xb5", "\xf0\x9f\x9f\xa1",
                                                         "\xf0\x9f\x9f\xa0", "\xf0\x9f\x94\xb4" };
    size_t n = strlen(r->check->id);

    fprintf(out, "\n### %s %s, %s: `%s`\n\n", marks[r->severity], check_severity_name(r->severity),
            verdict_name(r->verdict), r->check->id);
    n += put_markdown(out, r->check->title);
    fputs(". _Fix:_ ", out);
    n += strlen(r->check->remediation);
    fputs(r->check->remediation, out); // may be Markdown itself
    fputs("\n\n", out);
    return n + 64;
}

static size_t put_row(FILE *out, const struct row *r)
{
    char text[1024];
    size_t n;

    fputs("- ", out);
    n = put_markdown_code(out, row_object(r, text, sizeof(text)));
    row_place(r, text, sizeof(text));
    if (*text) {
        fputs(" in ", out);
        n += put_markdown_code(out, text);
    }
    fputs(": ", out);
    snprintf(text, sizeof(text), "%s", r->message);
    if (strlen(text) > TEXT_MAX)
        snprintf(text + utf8_cut(text, strlen(text), TEXT_MAX), 4, "…");
    n += put_markdown(out, text);
    fputc('\n', out);
    return n + 8;
}

static void put_findings(FILE *out, const struct findings *fs)
{
    size_t used = 0, head = 0, i = 0;

    for (; i < fs->n && used < FINDINGS_MAX; i++) {
        if (i == head) {
            head += findings_run(fs, i);
            used += put_head(out, &fs->v[i]);
        }
        used += put_row(out, &fs->v[i]);
    }
    if (i < fs->n)
        fprintf(out, "\n%zu more findings are not shown here, the least severe.\n", fs->n - i);
}

int render_markdown(const struct findings *fs, struct look look unused_arg, FILE *out)
{
    put_summary(out, fs);
    put_pillars(out, &fs->summary);
    put_findings(out, fs);
    return output_flush(out);
}
