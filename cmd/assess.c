// SPDX-License-Identifier: Apache-2.0
// `assess --live`: reads the cluster once through the same caches as `serve`, judges it, prints,
// and writes nothing.
#include "apis/types.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "cmd/live.h"
#include "cmd/output.h"
#include "controller/checks/checks.h"

#include <unistd.h>

#define FINDINGS_ARENA ((size_t)1 << 30)

struct row {
    const char *id, *check, *status, *severity, *pillar, *kind, *ns, *name, *path, *message, *fix;
    int rank;
};

#define NOTICES_SHOWN 20

struct report_rows {
    struct arena *arena;
    struct row *v;
    size_t n, cap;
    int worst; // of enum check_severity; -1: nothing found
    size_t notices;
};

static int take(void *arg, const struct finding *f)
{
    struct report_rows *r = arg;
    struct arena *a = r->arena;

    if (r->n == r->cap) {
        struct row *grown = ARENA_ARRAY(a, struct row, r->cap ? 2 * r->cap : 256);

        if (r->n)
            memcpy(grown, r->v, r->n * sizeof(*grown));
        r->v = grown;
        r->cap = r->cap ? 2 * r->cap : 256;
    }
    r->v[r->n++] = (struct row){ .id = arena_strdup(a, f->fingerprint),
                                 .check = f->check->id,
                                 .status = verdict_name(f->verdict),
                                 .severity = check_severity_name(f->severity),
                                 .pillar = check_pillar_name(check_pillar(f->check)),
                                 .kind = arena_strdup(a, f->kind),
                                 .ns = arena_strdup(a, f->ns),
                                 .name = arena_strdup(a, f->name),
                                 .path = arena_strdup(a, f->path),
                                 .message = arena_strdup(a, f->message),
                                 .fix = f->check->remediation,
                                 .rank = (int)f->severity * 2 + (f->verdict == VERDICT_FAIL) };
    r->worst = MAX(r->worst, (int)f->severity);
    return 0;
}

static int by_rank(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    int c = y->rank - x->rank;

    c = c ? c : strcmp(x->check, y->check);
    c = c ? c : strcmp(x->ns, y->ns);
    c = c ? c : strcmp(x->kind, y->kind);
    return c ? c : strcmp(x->name, y->name);
}

static void write_summary(struct writer *w, const struct assessment_summary *s)
{
    w_key_object(w, "summary");
    w_key(w, "score");
    if (s->score < 0)
        w_null(w);
    else
        w_int(w, s->score);
    w_key_str(w, "grade", s->grade);
    w_key_bool(w, "partial", s->partial);
    w_key_int(w, "total", s->counts.total);
    w_key_int(w, "evaluated", s->evaluated);
    w_key_int(w, "passing", s->counts.passing);
    w_key_int(w, "failing", s->counts.failing);
    w_key_int(w, "warning", s->counts.warning);
    w_key_int(w, "skipped", s->counts.skipped);
    w_key_int(w, "objects", s->objects);
    w_object_end(w);
}

static int print_document(const struct args *a, const struct report_rows *r,
                          const struct assessment_summary *s)
{
    struct writer w;

    output_start(&w, a);
    w_object(&w);
    write_summary(&w, s);
    w_key_list(&w, "findings");
    for (size_t i = 0; i < r->n; i++) {
        const struct row *f = &r->v[i];

        w_object(&w);
        w_key_str(&w, "id", f->id);
        w_key_str(&w, "check", f->check);
        w_key_str(&w, "status", f->status);
        w_key_str(&w, "severity", f->severity);
        w_key_str(&w, "pillar", f->pillar);
        w_key_object(&w, "object");
        w_key_str(&w, "kind", f->kind);
        w_key_str(&w, "namespace", *f->ns ? f->ns : NULL);
        w_key_str(&w, "name", f->name);
        w_object_end(&w);
        w_key_str(&w, "path", *f->path ? f->path : NULL);
        w_key_str(&w, "message", f->message);
        w_key_str(&w, "fix", f->fix);
        w_object_end(&w);
    }
    w_list_end(&w);
    w_object_end(&w);
    return output_end(&w);
}

static int print_table(const struct report_rows *r, const struct assessment_summary *s)
{
    static const char *const heads[] = { "SEVERITY", "STATUS", "CHECK", "OBJECT", "MESSAGE" };
    struct table t;
    char score[8];

    table_init(&t, heads, ARRAY_SIZE(heads));
    for (size_t i = 0; i < r->n; i++) {
        const struct row *f = &r->v[i];
        char object[640];
        const char *cells[] = { f->severity, f->status, f->check, object, f->message };

        snprintf(object, sizeof(object), "%s %s%s%s", f->kind, f->ns, *f->ns ? "/" : "", f->name);
        table_add(&t, cells);
    }
    if (table_print(&t, "No findings.") != EXIT_OK)
        return EXIT_FAILED;
    printf(
        "\nScore %s %s   %u passing, %u failing, %u warning, %u skipped; %u of %u checks evaluated over %u objects\n",
        text_score(s->score, score, sizeof(score)), s->grade, s->counts.passing, s->counts.failing,
        s->counts.warning, s->counts.skipped, s->evaluated, s->counts.total, s->objects);
    return fflush(stdout) == 0 ? EXIT_OK : EXIT_FAILED;
}

static struct assessment_options options_of(const struct args *a)
{
    struct assessment_options o = { .include = arg_list(a, "check"),
                                    .exclude = arg_list(a, "exclude"),
                                    .profile = arg_text(a, "profile") };
    const char *const *p = arg_list(a, "pillar");

    for (; p && *p; p++)
        o.pillars |= 1u << check_pillar_find(*p);
    o.mode = o.pillars ? ASSESS_PILLAR : ASSESS_FULL;
    return o;
}

static bool trips(const struct args *a, const struct report_rows *r)
{
    const char *word = arg_text(a, "fail-on");

    return word && r->worst >= check_severity_find(word);
}

// Exemptions that have expired, are void or match nothing, objects that could not be read. On
// stderr: documents stay as they are.
static void take_notice(void *arg, const char *object, const char *text)
{
    struct report_rows *r = arg;

    if (r->notices++ < NOTICES_SHOWN)
        fprintf(stderr, "%s: %s\n", object, text);
}

static void count_notices(const struct report_rows *r)
{
    if (r->notices > NOTICES_SHOWN)
        fprintf(stderr, "%zu more remarks\n", r->notices - NOTICES_SHOWN);
}

int cmd_assess(const struct args *a)
{
    struct arena *autoarena arena = arena_new(FINDINGS_ARENA);
    struct report_rows rows = { .arena = arena, .worst = -1 };
    struct assess_sink sink = { .finding = take, .notice = take_notice, .arg = &rows };
    struct assessment_options o = options_of(a);
    struct assessment_summary s;
    struct error e = { 0 };
    int status;

    if (!arg_given(a, "live")) {
        error_set(&e, ERR_USAGE,
                  "name what is to be assessed: --live for the cluster of the kubeconfig");
        return command_fail(a, "assess", &e);
    }
    if (live_assess(a, &o, &sink, &s, &e) < 0)
        return command_fail(a, "assess", &e);
    count_notices(&rows);
    qsort(rows.v, rows.n, sizeof(*rows.v), by_rank);
    status =
        output_format(a) == OUTPUT_TABLE ? print_table(&rows, &s) : print_document(a, &rows, &s);
    if (status == EXIT_OK && trips(a, &rows))
        return EXIT_FOUND;
    return status;
}
