// SPDX-License-Identifier: Apache-2.0
// The committed files are what crdgen would write now, and the samples are judged as the API server
// judges them (whether it does is what crds/testdata/try.sh asks a real one). Runs from the source
// root.
#include "apis/crd.h"
#include "apis/test_object.h"
#include "apis/validate.h"
#include "base/alloc.h"
#include <dirent.h>

static void read_file(const char *path, struct buf *out)
{
    char chunk[4096];
    FILE *f = fopen(path, "re");
    if (!f)
        fail_msg("cannot open %s", path);
    for (size_t n; (n = fread(chunk, 1, sizeof(chunk), f)) > 0;)
        buf_add(out, chunk, n);
    fclose(f);
    buf_adds(out, "");
}

static void the_crds_are_in_step_with_the_rows(void **state unused_arg)
{
    for (uint32_t i = 0; i < KIND_COUNT; i++) {
        const struct kind *k = kind_get(i);
        if (!k->own)
            continue;
        autobuf struct buf have, want;
        char path[256];
        struct writer w;
        buf_init(&have, (size_t)1 << 20);
        buf_init(&want, (size_t)1 << 20);
        snprintf(path, sizeof(path), "crds/%s.yaml", k->plural);
        read_file(path, &have);
        buf_adds(&want, "# Made by apis/crdgen.c from apis/*.def; do not edit.\n");
        writer_to_buf(&w, WRITER_YAML, &want);
        crd_write(k, &w);
        assert_int_equal(writer_end(&w), 0);
        if (have.n != want.n || memcmp(have.p, want.p, have.n) != 0)
            fail_msg("%s is not what crdgen writes: run it", path);
    }
}

static void the_documentation_is_in_step_with_the_rows(void **state unused_arg)
{
    autobuf struct buf have, want;
    buf_init(&have, (size_t)1 << 20);
    buf_init(&want, (size_t)1 << 20);
    read_file("docs/api.md", &have);
    assert_int_equal(crd_write_docs(&want), 0);
    if (have.n != want.n || memcmp(have.p, want.p, have.n) != 0)
        fail_msg("docs/api.md is not what crdgen writes: run it");
}

// 0 accepted, -1 refused with e.
static int judge(const char *text, struct error *e)
{
    bool run = strstr(text, "kind: AssessmentRun") != NULL;
    autoobject struct object *o = NULL;
    if (read_yaml(run ? KIND_ASSESSMENT_RUN : KIND_KUBE9_CONFIG, text,
                  (struct decode_options){ .strict = true }, &o, e))
        return -1;
    return run ? assessment_run_validate(o, e) : kube9_config_validate(o, e);
}

static void judge_folder(const char *folder, int want)
{
    DIR *d = opendir(folder);
    assert_non_null(d);
    int n = 0;
    for (struct dirent *entry; (entry = readdir(d));) {
        if (entry->d_name[0] == '.')
            continue;
        autobuf struct buf text = { 0 };
        char path[512];
        struct error e = { 0 };
        buf_init(&text, (size_t)1 << 20);
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        read_file(path, &text);
        if (judge(text.p, &e) != want)
            fail_msg("%s was %s: %s", path, want ? "accepted" : "refused", e.text);
        n++;
    }
    closedir(d);
    assert_true(n > 5);
}

static void the_operator_accepts_what_the_server_accepts(void **state unused_arg)
{
    judge_folder("crds/testdata/accept", 0);
}

static void the_operator_refuses_what_the_server_refuses(void **state unused_arg)
{
    judge_folder("crds/testdata/refuse", -1);
}

static void selectors_of_exemptions_are_judged_by_their_path(void **state unused_arg)
{
    static const char *const members[] = { "selector", "namespaceSelector" };

    for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
        autofree char *path =
            xasprintf("spec.assessment.exemptions[0].%s.matchLabels: 'not a key!' is no label key",
                      members[i]);
        autofree char *text = xasprintf(
            "kind: Kube9Config\nmetadata: {name: default}\nspec: {assessment: {exemptions: "
            "[{name: a, reason: b, %s: {matchLabels: {\"not a key!\": x}}}]}}\n",
            members[i]);
        struct error e = { 0 };

        assert_int_equal(judge(text, &e), -1);
        assert_string_equal(e.text, path);
    }
}

static void a_downgrade_of_containers_is_refused_by_its_path(void **state unused_arg)
{
    struct error e = { 0 };

    assert_int_equal(judge("kind: Kube9Config\nmetadata: {name: default}\nspec: {assessment: "
                           "{exemptions: [{name: a, reason: b}, {name: c, reason: d, effect: "
                           "Downgrade, containers: [x]}]}}\n",
                           &e),
                     -1);
    assert_string_equal(e.text, "spec.assessment.exemptions[1].effect: Downgrade is for whole "
                                "objects, not with containers or images");
}

static void schedules_and_time_zones_are_judged(void **state unused_arg)
{
    struct error e;
    assert_int_equal(
        judge(
            "kind: Kube9Config\nmetadata: {name: default}\nspec: {assessment: {schedule: 0 0 30 2 *}}\n",
            &e),
        -1);
    assert_string_equal(e.text, "spec.assessment.schedule: schedule: no such date ever comes");
    assert_int_equal(
        judge(
            "kind: Kube9Config\nmetadata: {name: default}\nspec: {assessment: {timeZone: Mars/Base}}\n",
            &e),
        -1);
    assert_string_equal(e.text, "spec.assessment.timeZone: unknown time zone 'Mars/Base'");
}

RUN(T(the_crds_are_in_step_with_the_rows), T(the_documentation_is_in_step_with_the_rows),
    T(the_operator_accepts_what_the_server_accepts),
    T(the_operator_refuses_what_the_server_refuses),
    T(selectors_of_exemptions_are_judged_by_their_path),
    T(a_downgrade_of_containers_is_refused_by_its_path), T(schedules_and_time_zones_are_judged))
