// SPDX-License-Identifier: Apache-2.0
// JUnit XML: a suite per check, a case per finding, one more for the objects that pass, and a
// skipped case for what could not be judged or is exempted. Warnings are failures of that type.
#include "cmd/markup.h"
#include "cmd/output.h"
#include "cmd/render.h"

struct tests {
    size_t cases, failures, skipped;
};

// Rows of one check are few; they stand apart in the order of severities only by their verdict.
static struct tests count(const struct findings *fs, const struct check_row *c)
{
    struct tests t = { 0 };

    for (size_t i = 0; i < fs->n; i++) {
        if (fs->v[i].check != c->check)
            continue;
        t.cases++;
        if (fs->v[i].verdict == VERDICT_SKIP)
            t.skipped++;
        else
            t.failures++;
    }
    t.cases += c->units.passed > 0;
    if (c->verdict == VERDICT_SKIP && !t.cases)
        t.cases = t.skipped = 1;
    return t;
}

static void put_attribute(FILE *out, const char *name, const char *value)
{
    fprintf(out, " %s=\"", name);
    put_xml(out, value);
    fputc('"', out);
}

static void put_tests(FILE *out, struct tests t)
{
    fprintf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" time=\"0\"", t.cases,
            t.failures, t.skipped);
}

static void open_case(FILE *out, const struct check *c, const char *name)
{
    fputs("    <testcase", out);
    put_attribute(out, "classname", c->id);
    put_attribute(out, "name", name);
    fputs(" time=\"0\"", out);
}

static void put_line(FILE *out, const char *what, const char *text)
{
    if (!*text)
        return;
    fprintf(out, "%s: ", what);
    put_xml(out, text);
    fputc('\n', out);
}

static void put_failure(FILE *out, const struct row *r)
{
    char place[1024], type[64];

    snprintf(type, sizeof(type), "%s %s", check_severity_name(r->severity),
             verdict_name(r->verdict));
    fputs("      <failure", out);
    put_attribute(out, "type", type);
    put_attribute(out, "message", r->message);
    fputs(">", out);
    put_line(out, "at", row_place(r, place, sizeof(place)));
    put_line(out, "field", r->path);
    put_line(out, "found", r->message);
    put_line(out, "fix", r->check->remediation);
    fputs("</failure>\n", out);
}

static void put_skipped(FILE *out, const char *why)
{
    fputs("      <skipped>", out);
    put_xml(out, why);
    fputs("</skipped>\n", out);
}

static void put_row(FILE *out, const struct row *r)
{
    char name[640], text[1600];

    open_case(out, r->check, row_object(r, name, sizeof(name)));
    fputs(">\n", out);
    if (r->verdict == VERDICT_SKIP)
        put_skipped(out, row_exemption(r, text, sizeof(text)));
    else
        put_failure(out, r);
    fputs("    </testcase>\n", out);
}

static void put_suite(FILE *out, const struct findings *fs, const struct check_row *c)
{
    struct tests t = count(fs, c);
    char name[64];

    fputs("  <testsuite", out);
    put_attribute(out, "name", c->check->id);
    put_tests(out, t);
    fputs(">\n", out);
    for (size_t i = 0; i < fs->n; i++) {
        if (fs->v[i].check == c->check)
            put_row(out, &fs->v[i]);
    }
    if (c->units.passed) {
        snprintf(name, sizeof(name), "%" PRIu32 " object%s", c->units.passed,
                 c->units.passed == 1 ? " passes" : "s pass");
        open_case(out, c->check, name);
        fputs("/>\n", out);
    } else if (c->verdict == VERDICT_SKIP && t.skipped == 1 && t.cases == 1) {
        open_case(out, c->check, skip_reason_name(c->reason));
        fputs(">\n", out);
        put_skipped(out, c->message);
        fputs("    </testcase>\n", out);
    }
    fputs("  </testsuite>\n", out);
}

int render_junit(const struct findings *fs, struct look look unused_arg, FILE *out)
{
    struct tests all = { 0 };

    for (size_t i = 0; i < fs->n_checks; i++) {
        struct tests t = count(fs, &fs->checks[i]);

        all.cases += t.cases;
        all.failures += t.failures;
        all.skipped += t.skipped;
    }
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"kube9-operator assess\"",
          out);
    fprintf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" time=\"0\">\n", all.cases,
            all.failures);
    for (size_t i = 0; i < fs->n_checks; i++)
        put_suite(out, fs, &fs->checks[i]);
    fputs("</testsuites>\n", out);
    return output_flush(out);
}
