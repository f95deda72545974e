// SPDX-License-Identifier: Apache-2.0
// Words of the command line into options, and problems into lines: a document on stdout stays a
// document.
#include "cmd/assess_files.h"

#include "base/clock.h"
#include "cmd/command.h"
#include "cmd/output.h"

#include <stdio.h>
#include <unistd.h>

#define PROBLEMS_SHOWN 50
#define REMARKS_SHOWN  20

struct progress {
    usec start;
    bool shown;
};

// Reading is quick; what is over within a second is not worth a line.
static void progress(void *arg, size_t done, size_t of)
{
    struct progress *p = arg;

    if (done == of && p->shown)
        fputs("\r\033[K", stderr);
    if (done == of || !isatty(STDERR_FILENO) || clock_mono() - p->start < USEC_PER_SEC)
        return;
    fprintf(stderr, "\r%zu of %zu files read", done, of);
    p->shown = true;
}

// "1.30", "v1.30", "1.30.4".
static int parse_version(const char *text, int *ret, struct error *e)
{
    struct str rest = str_of(text + (*text == 'v')), major = { 0 }, minor = { 0 };
    int64_t n = 0;

    if (!str_split(&rest, '.', &major) || !str_eq(major, "1") || !str_split(&rest, '.', &minor) ||
        str_i64(minor, &n) < 0 || n < 1 || n > 999)
        return error_set(e, ERR_USAGE, "--kubernetes-version: '%.40s' is no version such as 1.30",
                         text);
    *ret = (int)n;
    return 0;
}

static void describe(const struct manifest_problem *p, struct error *ret)
{
    if (p->line)
        error_set(ret, ERR_INVALID, "%.300s:%u: %s", p->file, p->line, p->text);
    else
        error_set(ret, ERR_INVALID, "%.300s: %s", p->file, p->text);
    text_clean(ret->text, '?'); // what is quoted of a file
}

static void tell_problems(const struct args *a, const struct manifests *m)
{
    size_t n;
    const struct manifest_problem *p = manifests_problems(m, &n);

    for (size_t i = 0; i < n && i < PROBLEMS_SHOWN; i++) {
        struct error e = { 0 };

        describe(&p[i], &e);
        command_fail(a, "assess", &e);
    }
    if (n > PROBLEMS_SHOWN)
        fprintf(stderr, "%zu more errors\n", n - PROBLEMS_SHOWN);
}

static void tell_remarks(const struct manifests *m)
{
    size_t n;
    const struct manifest_problem *r = manifests_remarks(m, &n);

    for (size_t i = 0; i < n && i < REMARKS_SHOWN; i++) {
        struct error e = { 0 };

        describe(&r[i], &e);
        fprintf(stderr, "%s\n", e.text);
    }
    if (n > REMARKS_SHOWN)
        fprintf(stderr, "%zu more remarks\n", n - REMARKS_SHOWN);
}

static void tell_left_out(const struct manifests *m)
{
    const struct manifest_totals *t = manifests_totals(m);

    if (t->counts.objects && (t->counts.unknown || t->counts.foreign))
        fprintf(
            stderr,
            "%u files read: %u objects; left out: %u of kinds that no check reads, %u documents "
            "that are no Kubernetes objects\n",
            t->files, t->counts.objects, t->counts.unknown, t->counts.foreign);
}

struct manifests *files_read(const struct args *a, struct error *e)
{
    struct progress p = { .start = clock_mono() };
    struct manifests_options o = { .paths = a->operands,
                                   .n_paths = (size_t)a->n_operands,
                                   .ns = arg_text(a, "namespace"),
                                   .progress = progress,
                                   .arg = &p };
    const char *version = arg_text(a, "kubernetes-version");
    struct manifests *m;

    if (version && parse_version(version, &o.server_minor, e) < 0)
        return NULL;
    m = manifests_read(&o);
    tell_problems(a, m);
    tell_remarks(m);
    tell_left_out(m);
    return m;
}
