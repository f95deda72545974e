// SPDX-License-Identifier: Apache-2.0
// For people. On a terminal findings stand below their check, with colours; in a pipe each is a
// line of its own, for grep. The scores come last, where the eye is.
#include "cmd/output.h"
#include "cmd/render.h"

#define CALM        100 // findings; with more of them
#define GROUP_SHOWN 8   // a check shows that many on a terminal

static void paint(FILE *out, struct look look, const char *code)
{
    if (look.color)
        fprintf(out, "\033[%sm", code);
}

static const char *severity_color(enum check_severity s)
{
    static const char *const codes[CHECK_SEVERITIES] = { "36", "33", "31", "1;97;41" };

    return codes[s];
}

static const char *score_color(int32_t score)
{
    return score < 0 ? "2" : score >= 90 ? "32" : score >= 70 ? "33" : "31";
}

static bool from_files(const struct row *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (v[i].file)
            return true;
    }
    return false;
}

struct line { // one finding as cells
    char object[640], place[1024];
    const char *cells[6];
};

static const char *const *cells_of(struct line *l, const struct row *r, bool files)
{
    const char *const cells[] = { check_severity_name(r->severity),
                                  verdict_name(r->verdict),
                                  r->check->id,
                                  row_object(r, l->object, sizeof(l->object)),
                                  files ? row_place(r, l->place, sizeof(l->place)) : r->message,
                                  r->message };

    memcpy(l->cells, cells, sizeof(cells));
    return l->cells;
}

static int print_lines(const struct findings *fs, FILE *out)
{
    static const char *const heads[] = { "SEVERITY", "STATUS", "CHECK", "OBJECT", "MESSAGE" };
    static const char *const with_place[] = { "SEVERITY", "STATUS", "CHECK",
                                              "OBJECT",   "PLACE",  "MESSAGE" };
    bool files = from_files(fs->v, fs->n);
    struct line l;
    struct table t;

    table_init(&t, files ? with_place : heads, files ? 6 : 5);
    for (size_t i = 0; i < fs->n; i++)
        table_fit(&t, cells_of(&l, &fs->v[i], files));
    if (fs->n)
        table_line(&t, t.heads, out);
    else
        fprintf(out, "%s\n", findings_none(fs));
    for (size_t i = 0; i < fs->n; i++)
        table_line(&t, cells_of(&l, &fs->v[i], files), out);
    return output_flush(out);
}

// "critical  security/privileged-container  2 failing" and what to do.
static void print_head(const struct row *r, size_t n, struct look look, FILE *out)
{
    char text[1024];

    paint(out, look, severity_color(r->severity));
    fprintf(out, "%s", check_severity_name(r->severity));
    paint(out, look, "0");
    fputs("  ", out);
    paint(out, look, "1");
    fputs(r->check->id, out);
    paint(out, look, "0");
    fprintf(out, "  %zu %s\n", n, verdict_name(r->verdict));
    paint(out, look, "2");
    snprintf(text, sizeof(text), "%s. Fix: %s", r->check->title, r->check->remediation);
    table_text(text, 2, out, look.screen);
    paint(out, look, "0");
}

static void print_group(const struct row *v, size_t n, size_t most, struct look look, FILE *out)
{
    static const char *const heads[] = { "", "", "" };
    bool files = from_files(v, n);
    struct table t;

    print_head(v, n, look, out);
    table_init(&t, heads, files ? 3 : 2);
    t.bare = t.below = true;
    t.indent = 4;
    for (size_t i = 0; i < MIN(n, most); i++) {
        char object[640], place[1024];
        const char *cells[] = { row_object(&v[i], object, sizeof(object)), v[i].message,
                                v[i].message };

        if (files)
            cells[1] = row_place(&v[i], place, sizeof(place));
        table_add(&t, cells);
    }
    (void)table_print_to(&t, "", out, look.screen);
    if (n > most)
        fprintf(out, "    and %zu more; -o html shows them, or a pipe\n", n - most);
    fputc('\n', out);
}

static int print_groups(const struct findings *fs, struct look look, FILE *out)
{
    size_t most = fs->n > CALM ? GROUP_SHOWN : SIZE_MAX;

    if (!fs->n)
        fprintf(out, "%s\n\n", findings_none(fs));
    for (size_t i = 0, n; i < fs->n; i += n) {
        n = findings_run(fs, i);
        print_group(&fs->v[i], n, most, look, out);
    }
    return output_flush(out);
}

static void add_pillar(struct table *t, const char *name, int32_t score,
                       const struct check_counts *c, uint32_t evaluated)
{
    char text[5][24];
    const char *cells[] = { name,    text_score(score, text[0], sizeof(text[0])),
                            text[1], text[2],
                            text[3], text[4] };

    snprintf(text[1], sizeof(text[1]), "%u of %u", evaluated, c->total);
    snprintf(text[2], sizeof(text[2]), "%u", c->passing);
    snprintf(text[3], sizeof(text[3]), "%u", c->failing);
    snprintf(text[4], sizeof(text[4]), "%u", c->warning);
    table_add(t, cells);
}

static int print_scores(const struct findings *fs, struct look look, FILE *out)
{
    static const char *const heads[] = { "PILLAR",  "SCORE",   "EVALUATED",
                                         "PASSING", "FAILING", "WARNING" };
    const struct assessment_summary *s = &fs->summary;
    struct table t;
    char score[8], count[128];

    table_init(&t, heads, ARRAY_SIZE(heads));
    for (int p = 0; p < CHECK_PILLARS; p++)
        add_pillar(&t, check_pillar_name((enum check_pillar)p), s->pillars[p].score,
                   &s->pillars[p].counts, s->pillars[p].evaluated);
    add_pillar(&t, "all", s->score, &s->counts, s->evaluated);
    if (table_print_to(&t, "", out, look.screen) != EXIT_OK)
        return EXIT_FAILED;
    fputs("\nScore ", out);
    paint(out, look, score_color(s->score));
    fprintf(out, "%s %s", text_score(s->score, score, sizeof(score)), s->grade);
    paint(out, look, "0");
    fprintf(out, "   %s", findings_count(fs, count, sizeof(count)));
    if (s->objects)
        fprintf(out, " over %u object%s", s->objects, s->objects == 1 ? "" : "s");
    fprintf(out, "; %u of %u checks evaluated%s\n", s->evaluated, s->counts.total,
            s->partial ? "; stopped early" : "");
    return output_flush(out);
}

int render_table(const struct findings *fs, struct look look, FILE *out)
{
    int status;

    if (look.explain)
        status = render_explained(fs, look, out);
    else
        status = look.screen ? print_groups(fs, look, out) : print_lines(fs, out);
    if (status != EXIT_OK)
        return status;
    if (!look.screen && !look.explain)
        fputc('\n', out);
    return print_scores(fs, look, out);
}
