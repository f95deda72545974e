// SPDX-License-Identifier: Apache-2.0
// One page that needs nothing else: no request leaves it, and without scripts it is a list of all
// that there is. cmd/html holds its looks and its filters; every text goes through put_xml().
#include "base/clock.h"
#include "cmd/html/report.h"
#include "cmd/markup.h"
#include "cmd/output.h"
#include "cmd/render.h"
#include "cmd/version.h"

static const char *const pillar_titles[CHECK_PILLARS] = { "Security",
                                                          "Reliability",
                                                          "Performance efficiency",
                                                          "Cost optimization",
                                                          "Operational excellence",
                                                          "Sustainability" };

static const char *score_class(int32_t score)
{
    return score < 0 ? "none" : score >= 90 ? "good" : score >= 70 ? "fair" : "poor";
}

static void put_element(FILE *out, const char *open, const char *text, const char *close)
{
    fputs(open, out);
    put_xml(out, text);
    fputs(close, out);
}

static void put_head(FILE *out)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
          "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
          "<title>Kubernetes assessment</title>\n<style>\n",
          out);
    fputs(html_report_css, out);
    fputs("</style>\n</head>\n<body>\n", out);
}

static void put_ring(FILE *out, const struct assessment_summary *s)
{
    char score[8];

    fprintf(out,
            "<div class=\"ring %s\"><svg viewBox=\"0 0 100 100\" aria-hidden=\"true\">"
            "<circle cx=\"50\" cy=\"50\" r=\"44\"/>",
            score_class(s->score));
    if (s->score > 0)
        fprintf(out,
                "<circle class=\"arc\" cx=\"50\" cy=\"50\" r=\"44\" pathLength=\"100\" "
                "stroke-dasharray=\"%d 100\"/>",
                s->score);
    fprintf(out, "</svg><p><b>%s</b><span>%s%s</span></p></div>\n",
            text_score(s->score, score, sizeof(score)), *s->grade ? "grade " : "no score",
            s->grade);
}

static void put_top(FILE *out, const struct findings *fs)
{
    const struct assessment_summary *s = &fs->summary;
    char at[40], count[128];

    fputs("<header class=\"top\"><div>\n<h1>Kubernetes assessment</h1>\n<p>", out);
    put_xml(out, fs->subject);
    if (fs->made)
        fprintf(out, "%s%s", fs->subject ? " · " : "", text_time(fs->made, at, sizeof(at)));
    fprintf(out, "</p>\n<p class=\"facts\">%s · %" PRIu32 " of %" PRIu32 " checks evaluated",
            findings_count(fs, count, sizeof(count)), s->evaluated, s->counts.total);
    if (s->objects)
        fprintf(out, " · %" PRIu32 " objects", s->objects);
    fprintf(out, "%s</p>\n", s->partial ? " · <span class=\"alarm\">stopped early</span>" : "");
    fputs("</div>\n", out);
    put_ring(out, s);
    fputs("</header>\n<main>\n", out);
}

static void put_pillar(FILE *out, enum check_pillar p, const struct pillar_summary *s)
{
    char score[8];

    fprintf(
        out,
        "<button type=\"button\" class=\"pillar\" data-filter=\"pillar\" data-value=\"%s\" disabled>"
        "<span class=\"name\">%s <b class=\"%s\">%s</b></span>",
        check_pillar_name(p), pillar_titles[p], score_class(s->score),
        text_score(s->score, score, sizeof(score)));
    fprintf(out, "<span class=\"bar %s\"><i style=\"width:%d%%\"></i></span>",
            score_class(s->score), MAX(s->score, 0));
    fprintf(out,
            "<small>%" PRIu32 " of %" PRIu32 " checks evaluated</small><small>%" PRIu32
            " failing, %" PRIu32 " warning</small></button>\n",
            s->evaluated, s->counts.total, s->counts.failing, s->counts.warning);
}

// Of a severity, without the exempted; with severity -1 of a verdict.
static size_t count_rows(const struct findings *fs, int severity, int verdict)
{
    size_t n = 0;

    for (size_t i = 0; i < fs->n; i++)
        n +=
            (severity < 0 ? (int)fs->v[i].verdict == verdict
                          : (int)fs->v[i].severity == severity && fs->v[i].verdict != VERDICT_SKIP);
    return n;
}

static void put_chip(FILE *out, const char *filter, const char *value, const char *title, size_t n)
{
    fprintf(out,
            "<button type=\"button\" class=\"chip %s\" data-filter=\"%s\" data-value=\"%s\" "
            "aria-pressed=\"false\">%s %zu</button>\n",
            value, filter, value, title, n);
}

static void put_tools(FILE *out, const struct findings *fs)
{
    static const enum verdict verdicts[] = { VERDICT_FAIL, VERDICT_WARN, VERDICT_SKIP };

    fputs("<div class=\"tools\" role=\"search\">\n<input id=\"search\" type=\"search\" "
          "placeholder=\"Search objects, messages, files\" aria-label=\"Search findings\">\n",
          out);
    for (int s = CHECK_CRITICAL; s >= CHECK_LOW; s--) {
        const char *name = check_severity_name((enum check_severity)s);

        put_chip(out, "severity", name, name, count_rows(fs, s, -1));
    }
    for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++) {
        const char *name = verdict_name(verdicts[i]);
        size_t n = count_rows(fs, -1, (int)verdicts[i]);

        if (n)
            put_chip(out, "status", name, verdicts[i] == VERDICT_SKIP ? "exempted" : name, n);
    }
    fputs(
        "<button type=\"button\" class=\"plain\" id=\"fold\">Fold or unfold</button>\n"
        "<button type=\"button\" class=\"plain\" id=\"clear\" hidden>Clear filters</button>\n</div>\n",
        out);
}

static void put_row(FILE *out, const struct row *r)
{
    char text[1600];

    put_element(out, "<li><div><b>", row_object(r, text, sizeof(text)), "</b>");
    row_place(r, text, sizeof(text));
    if (*text)
        put_element(out, "<small><code>", text, "</code></small>");
    put_element(out, "</div><div><span class=\"message\">", r->message, "</span>");
    if (*r->path)
        put_element(out, "<small><code>", r->path, "</code></small>");
    row_exemption(r, text, sizeof(text));
    if (*text)
        put_element(out, "<small>", text, "</small>");
    fputs("</div></li>\n", out);
}

static void open_check(FILE *out, const struct row *r, size_t n)
{
    const char *severity = check_severity_name(r->severity);
    bool exempted = r->verdict == VERDICT_SKIP;

    fprintf(
        out,
        "<details class=\"check\" open data-severity=\"%s\" data-pillar=\"%s\" data-status=\"%s\">"
        "<summary><span class=\"badge %s\">%s</span><span class=\"title\"><b>",
        severity, check_pillar_name(r->pillar), verdict_name(r->verdict), severity, severity);
    put_xml(out, r->check->title);
    put_element(out, "</b><code>", r->check->id, "</code></span>");
    fprintf(out,
            "<span class=\"count\"><span class=\"shown-here\">%zu</span> %s</span></summary>\n", n,
            exempted ? "exempted" : verdict_name(r->verdict));
    put_element(out, "<p class=\"fix\">", r->check->remediation, "");
    if (*r->check->frameworks)
        put_element(out, " <small>", r->check->frameworks, "</small>");
    fputs("</p>\n<ul>\n", out);
}

static void put_findings(FILE *out, const struct findings *fs)
{
    char count[128];

    fprintf(out, "<p class=\"shown\" id=\"shown\" role=\"status\">%s",
            findings_count(fs, count, sizeof(count)));
    if (fs->exempted)
        fprintf(out, ", %zu exempted", fs->exempted);
    fputs("</p>\n", out);
    for (size_t i = 0, n; i < fs->n; i += n) {
        n = findings_run(fs, i);
        open_check(out, &fs->v[i], n);
        for (size_t k = 0; k < n; k++)
            put_row(out, &fs->v[i + k]);
        fputs("</ul></details>\n", out);
    }
    if (!fs->n)
        fputs("<p class=\"empty\">Nothing was found.</p>\n", out);
    fputs("<p class=\"empty\" id=\"nothing\" hidden>No finding matches these filters.</p>\n", out);
}

static void put_check_row(FILE *out, const struct check_row *c)
{
    put_element(out, "<tr><td><code>", c->check->id, "</code></td>");
    put_element(out, "<td>", pillar_titles[c->pillar], "</td>");
    put_element(out, "<td>", check_severity_name(c->severity), "</td>");
    put_element(out, "<td>", verdict_name(c->verdict), "</td>");
    fprintf(out, "<td>%" PRIu32 " / %" PRIu32 "</td>", c->units.passed,
            c->units.passed + c->units.warned + c->units.failed);
    put_element(out, "<td>", c->message, "</td></tr>\n");
}

static void put_checks(FILE *out, const struct findings *fs)
{
    fprintf(out,
            "<details class=\"all\"><summary>All %zu checks, also those that pass or were "
            "skipped</summary><div><table>\n<thead><tr><th>Check</th><th>Pillar</th>"
            "<th>Severity</th><th>Result</th><th>Pass</th><th>Why</th></tr></thead>\n<tbody>\n",
            fs->n_checks);
    for (size_t i = 0; i < fs->n_checks; i++)
        put_check_row(out, &fs->checks[i]);
    fputs("</tbody></table></div></details>\n</main>\n", out);
}

static void put_foot(FILE *out)
{
    fprintf(out,
            "<footer>Score: of each check the share of objects that pass, warnings by half; "
            "checks weigh 10 (critical), 5 (high), 2 (medium) or 1 (low); a failing critical "
            "check holds its pillar at 69 at most; overall the mean of the pillars. Skipped "
            "checks do not count, so read a score beside how many were evaluated. "
            "kube9-operator %s.</footer>\n<script>\n",
            version_text());
    fputs(html_report_js, out);
    fputs("</script>\n</body>\n</html>\n", out);
}

int render_html(const struct findings *fs, struct look look unused_arg, FILE *out)
{
    put_head(out);
    put_top(out, fs);
    fputs("<h2>Pillars</h2>\n<div class=\"pillars\">\n", out);
    for (int p = 0; p < CHECK_PILLARS; p++)
        put_pillar(out, (enum check_pillar)p, &fs->summary.pillars[p]);
    fputs("</div>\n<h2>Findings</h2>\n", out);
    put_tools(out, fs);
    put_findings(out, fs);
    put_checks(out, fs);
    put_foot(out);
    return output_flush(out);
}
