// SPDX-License-Identifier: Apache-2.0
// `assess PATH...` judges manifests; `assess --live` reads the cluster once through the same caches
// as `serve`. Both print and write nothing else.
#include "base/clock.h"
#include "cmd/assess_files.h"
#include "cmd/baseline.h"
#include "cmd/live.h"
#include "cmd/output.h"
#include "cmd/render.h"

#include <errno.h>

#define FINDINGS_ARENA ((size_t)1 << 30)
#define NOTICES_SHOWN  20

struct assessing {
    struct findings findings;
    struct manifests *manifests; // NULL: a cluster
    struct baseline *baseline;   // NULL: everything is new
    size_t notices;
};

static int take(void *arg, const struct finding *f)
{
    struct assessing *as = arg;
    struct row *r;

    // What the platform's namespaces may do is nobody's finding, so it is not worth a line.
    if (f->exemption && strcmp(f->exemption, "platform") == 0)
        return 0;
    r = findings_add(&as->findings, f);
    if (as->manifests && f->object)
        r->file = manifests_place(as->manifests, f->object, f->path, &r->line);
    return 0;
}

static void take_result(void *arg, const struct check_result *r)
{
    struct assessing *as = arg;

    findings_add_check(&as->findings, r);
}

// Exemptions that have expired, are void or match nothing, objects that could not be read. On
// stderr: documents stay as they are.
static void take_notice(void *arg, const char *object, const char *text)
{
    struct assessing *as = arg;

    if (as->notices++ < NOTICES_SHOWN)
        output_say("%s: %s", object, text);
}

static void count_notices(const struct assessing *as)
{
    if (as->notices > NOTICES_SHOWN)
        fprintf(stderr, "%zu more remarks\n", as->notices - NOTICES_SHOWN);
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

static int print_to_file(const struct args *a, const struct findings *fs, const char *path)
{
    struct error e = { 0 };
    FILE *out = fopen(path, "w");
    int status, why;

    if (!out) {
        error_errno(&e, errno, "--output: open '%s'", path);
        return command_fail(a, "assess", &e);
    }
    status = render_find(arg_text(a, "format"))
                 ->print(fs, (struct look){ .explain = arg_given(a, "explain") }, out);
    why = errno;
    if (fclose(out) == 0 && status == EXIT_OK)
        return EXIT_OK;
    error_errno(&e, status == EXIT_OK ? errno : why, "--output: write '%s'", path);
    return command_fail(a, "assess", &e);
}

static int print(const struct args *a, const struct findings *fs)
{
    const char *path = arg_text(a, "output");
    int status;

    if (!path)
        return render_answer(a, fs);
    status = print_to_file(a, fs, path);
    return status == EXIT_OK && render_trips(a, fs) ? EXIT_FOUND : status;
}

// Flags that mean nothing for what is assessed are a misunderstanding.
static int check_words(const struct args *a, struct error *e)
{
    static const char *const of_files[] = { "namespace", "kubernetes-version" },
                             *const of_cluster[] = { "kubeconfig", "context", "timeout" };
    bool live = arg_given(a, "live");

    if (live && a->n_operands)
        return error_set(e, ERR_USAGE, "either --live or files ('%.100s'), not both",
                         a->operands[0]);
    if (!live && !a->n_operands)
        return error_set(e, ERR_USAGE,
                         "name what is to be assessed: files or directories, - for stdin, or "
                         "--live for the cluster of the kubeconfig");
    for (size_t i = 0; live && i < ARRAY_SIZE(of_files); i++)
        if (arg_given(a, of_files[i]))
            return error_set(e, ERR_USAGE, "--%s is for files, not for --live", of_files[i]);
    for (size_t i = 0; !live && i < ARRAY_SIZE(of_cluster); i++)
        if (arg_given(a, of_cluster[i]))
            return error_set(e, ERR_USAGE, "--%s is for --live, not for files", of_cluster[i]);
    return 0;
}

static const char *subject_of(const struct args *a)
{
    if (arg_given(a, "live"))
        return arg_text(a, "context") ? arg_text(a, "context") : "live cluster";
    if (a->n_operands > 1)
        return "manifests";
    return strcmp(a->operands[0], "-") == 0 ? "stdin" : a->operands[0];
}

static int judge(const struct args *a, struct assessing *as, struct error *e)
{
    struct assess_sink sink = {
        .finding = take, .result = take_result, .notice = take_notice, .arg = as
    };
    struct assessment_options o = options_of(a);

    o.want_skipped = render_find(arg_text(a, "format"))->wants_exempted || as->baseline;
    as->findings.made = clock_wall();
    as->findings.subject = subject_of(a);
    if (arg_given(a, "live"))
        return live_assess(a, &o, &sink, &as->findings.summary, e);
    as->manifests = files_read(a, e);
    if (!as->manifests)
        return -1;
    return assess_run(manifests_snapshot(as->manifests), &o, &sink, &as->findings.summary, e);
}

// What could not be read was told. Without a single object there is nothing to print.
static int conclude(const struct args *a, struct assessing *as)
{
    size_t problems = 0;
    int status = EXIT_OK;

    if (as->manifests)
        manifests_problems(as->manifests, &problems);
    if (!as->manifests || manifests_totals(as->manifests)->counts.objects)
        status = print(a, &as->findings);
    return problems ? EXIT_FAILED : status;
}

static int read_baseline(const struct args *a, struct assessing *as, struct error *e)
{
    const char *path = arg_text(a, "baseline");

    if (path)
        as->baseline = baseline_read(path, e);
    return path && !as->baseline ? -1 : 0;
}

int cmd_assess(const struct args *a)
{
    struct arena *autoarena arena = arena_new(FINDINGS_ARENA);
    struct assessing as = { 0 };
    struct error e = { 0 };
    int status;

    findings_init(&as.findings, arena);
    if (check_words(a, &e) < 0 || read_baseline(a, &as, &e) < 0 || judge(a, &as, &e) < 0) {
        status = command_fail(a, "assess", &e);
    } else {
        findings_sort(&as.findings);
        if (as.baseline)
            baseline_apply(as.baseline, &as.findings);
        count_notices(&as);
        status = conclude(a, &as);
    }
    manifests_free(as.manifests);
    baseline_free(as.baseline);
    return status;
}
