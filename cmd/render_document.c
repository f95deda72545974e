// SPDX-License-Identifier: Apache-2.0
// JSON and YAML: {summary, findings[]}. Members are added at the end of their object, never renamed
// or taken away, for others parse this.
#include "base/clock.h"
#include "cmd/output.h"
#include "cmd/render.h"

static void write_counts(struct writer *w, const struct check_counts *c, uint32_t evaluated)
{
    w_key_int(w, "total", c->total);
    w_key_int(w, "evaluated", evaluated);
    w_key_int(w, "passing", c->passing);
    w_key_int(w, "failing", c->failing);
    w_key_int(w, "warning", c->warning);
    w_key_int(w, "skipped", c->skipped);
}

static void write_pillars(struct writer *w, const struct assessment_summary *s)
{
    w_key_list(w, "pillars");
    for (int p = 0; p < CHECK_PILLARS; p++) {
        w_object(w);
        w_key_str(w, "pillar", check_pillar_name((enum check_pillar)p));
        w_score(w, "score", s->pillars[p].score);
        write_counts(w, &s->pillars[p].counts, s->pillars[p].evaluated);
        w_object_end(w);
    }
    w_list_end(w);
}

static void write_summary(struct writer *w, const struct findings *fs)
{
    const struct assessment_summary *s = &fs->summary;

    w_key_object(w, "summary");
    w_score(w, "score", s->score);
    w_key_str(w, "grade", s->grade);
    w_key_bool(w, "partial", s->partial);
    write_counts(w, &s->counts, s->evaluated);
    w_key(w, "objects");
    if (s->objects)
        w_int(w, s->objects);
    else
        w_null(w); // a report of the history does not know
    w_key_int(w, "exempted", s->units.exempted);
    write_pillars(w, s);
    if (fs->baseline.given) {
        w_key_object(w, "baseline");
        w_key_int(w, "new", (int64_t)fs->n);
        w_key_int(w, "known", (int64_t)fs->baseline.known);
        w_key_int(w, "fixed", (int64_t)fs->baseline.fixed);
        w_object_end(w);
    }
    w_object_end(w);
}

static void write_exemption(struct writer *w, const struct row *r)
{
    char until[TIME_TEXT_MAX];

    w_key(w, "exemption");
    if (!r->exemption) {
        w_null(w);
        return;
    }
    w_object(w);
    w_key_str(w, "by", r->exemption);
    w_key_str(w, "reason", r->exemption_reason);
    w_key_str(w, "expires",
              r->exemption_expires ? time_format(r->exemption_expires, 0, until) : NULL);
    w_object_end(w);
}

static void write_row(struct writer *w, const struct row *r)
{
    w_object(w);
    w_key_str(w, "id", r->id);
    w_key_str(w, "check", r->check->id);
    w_key_str(w, "status", verdict_name(r->verdict));
    w_key_str(w, "severity", check_severity_name(r->severity));
    w_key_str(w, "pillar", check_pillar_name(r->pillar));
    w_key_object(w, "object");
    w_key_str(w, "kind", r->kind);
    w_key_str(w, "namespace", *r->ns ? r->ns : NULL);
    w_key_str(w, "name", r->name);
    w_object_end(w);
    w_key_str(w, "path", *r->path ? r->path : NULL);
    w_key_str(w, "file", r->file);
    w_key(w, "line");
    if (r->line)
        w_int(w, r->line);
    else
        w_null(w);
    w_key_str(w, "message", r->message);
    w_key_str(w, "fix", r->check->remediation);
    write_exemption(w, r);
    w_object_end(w);
}

static int print(const struct findings *fs, enum writer_format format, FILE *out)
{
    struct writer w;
    int ended;

    writer_to_file(&w, format, out);
    w_object(&w);
    write_summary(&w, fs);
    w_key_list(&w, "findings");
    for (size_t i = 0; i < fs->n; i++)
        write_row(&w, &fs->v[i]);
    w_list_end(&w);
    w_object_end(&w);
    ended = writer_end(&w);
    return output_flush(out) == EXIT_OK && ended == 0 ? EXIT_OK : EXIT_FAILED;
}

int render_json(const struct findings *fs, struct look look unused_arg, FILE *out)
{
    return print(fs, WRITER_JSON_PRETTY, out);
}

int render_yaml(const struct findings *fs, struct look look unused_arg, FILE *out)
{
    return print(fs, WRITER_YAML, out);
}
