// SPDX-License-Identifier: Apache-2.0
// `assess --live`: reads the cluster once through the same caches as `serve`, judges it, prints,
// and writes nothing.
#include "base/clock.h"
#include "cmd/live.h"
#include "cmd/output.h"
#include "cmd/render.h"

#include <errno.h>

#define FINDINGS_ARENA ((size_t)1 << 30)
#define NOTICES_SHOWN  20

struct assessing {
    struct findings findings;
    size_t notices;
};

static int take(void *arg, const struct finding *f)
{
    struct assessing *as = arg;

    // What the platform's namespaces may do is nobody's finding, so it is not worth a line.
    if (!f->exemption || strcmp(f->exemption, "platform") != 0)
        findings_add(&as->findings, f);
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
        fprintf(stderr, "%s: %s\n", object, text);
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

static bool trips(const struct args *a, const struct findings *fs)
{
    const char *word = arg_text(a, "fail-on");

    return word && fs->worst >= check_severity_find(word);
}

static int print_to_file(const struct args *a, const struct findings *fs, const char *path)
{
    struct error e = { 0 };
    FILE *out = fopen(path, "w");
    int status;

    if (!out) {
        error_errno(&e, errno, "--output: open '%s'", path);
        return command_fail(a, "assess", &e);
    }
    status = render_find(arg_text(a, "format"))->print(fs, (struct look){ 0 }, out);
    if (fclose(out) == 0)
        return status;
    error_errno(&e, errno, "--output: write '%s'", path);
    return command_fail(a, "assess", &e);
}

static int print_to_stdout(const struct args *a, const struct findings *fs)
{
    struct look look = { .screen = output_screen(), .color = output_color() };

    return render_find(arg_text(a, "format"))->print(fs, look, stdout);
}

static int print(const struct args *a, struct findings *fs)
{
    const char *path = arg_text(a, "output");
    int status;

    findings_sort(fs);
    status = path ? print_to_file(a, fs, path) : print_to_stdout(a, fs);
    return status == EXIT_OK && trips(a, fs) ? EXIT_FOUND : status;
}

int cmd_assess(const struct args *a)
{
    struct arena *autoarena arena = arena_new(FINDINGS_ARENA);
    struct assessing as = { 0 };
    struct assess_sink sink = {
        .finding = take, .result = take_result, .notice = take_notice, .arg = &as
    };
    struct assessment_options o = options_of(a);
    struct error e = { 0 };

    o.want_skipped = render_find(arg_text(a, "format"))->wants_exempted;
    findings_init(&as.findings, arena);
    if (!arg_given(a, "live")) {
        error_set(&e, ERR_USAGE,
                  "name what is to be assessed: --live for the cluster of the kubeconfig");
        return command_fail(a, "assess", &e);
    }
    if (live_assess(a, &o, &sink, &as.findings.summary, &e) < 0)
        return command_fail(a, "assess", &e);
    as.findings.made = clock_wall();
    as.findings.subject = arg_text(a, "context") ? arg_text(a, "context") : "live cluster";
    count_notices(&as);
    return print(a, &as.findings);
}
