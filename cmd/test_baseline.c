// SPDX-License-Identifier: Apache-2.0
// What counts as known: nothing that has become worse, everything that has only moved. The texts
// are manifests on disk, judged by the whole program.
#include "base/test.h"

#include "base/alloc.h"
#include "base/json.h"
#include "cmd/baseline.h"
#include "cmd/command.h"
#include "cmd/fake_cli.h"
#include "cmd/fake_findings.h"
#include "store/fake_store.h"

#include <stdlib.h>
#include <unistd.h>

#define CONTAINER(extra) "{name: app, image: 'nginx:1.27'" extra "}"
#define PRIVILEGED       ", securityContext: {privileged: true}"
#define DEPLOYMENT(name, containers)                                                               \
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: " name ", namespace: shop}\nspec:\n"  \
    "  replicas: 3\n  selector: {matchLabels: {app: " name "}}\n  template:\n"                     \
    "    metadata: {labels: {app: " name "}}\n    spec: {containers: [" containers "]}\n"
#define POD(name, owner)                                                                           \
    "---\napiVersion: v1\nkind: Pod\nmetadata: {name: " name ", namespace: shop, labels: {app: a}" \
    ", ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: " owner                     \
    ", uid: u, controller: true}]}\nspec: {containers: [" CONTAINER(PRIVILEGED) "]}\n"
#define REPLICA_SET(name)                                                                          \
    "---\napiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: " name                           \
    ", namespace: shop, ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: a, uid: u" \
    ", controller: true}]}\nspec: {replicas: 1, selector: {matchLabels: {app: a}}, template: "     \
    "{metadata: {labels: {app: a}}, spec: {containers: [" CONTAINER(PRIVILEGED) "]}}}\n"

static struct fake_dir d;

static int setup(void **state unused_arg)
{
    fake_dir_make(&d);
    return 0;
}

static int teardown(void **state unused_arg)
{
    fake_dir_remove(&d);
    return 0;
}

static char *in_dir(const char *name)
{
    return xasprintf("%s/%s", d.path, name);
}

static void put(const char *name, const char *text)
{
    autofree char *path = in_dir(name);
    FILE *f = fopen(path, "we");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void take_away(const char *name)
{
    autofree char *path = in_dir(name);

    unlink(path);
}

static void make_baseline(const char *manifest)
{
    autofree char *line = xasprintf("assess %s/%s -o json", d.path, manifest);

    put("baseline.json", cli(line).out);
}

static struct said compare(const char *manifest, const char *flags)
{
    autofree char *line =
        xasprintf("assess %s/%s --baseline %s/baseline.json%s", d.path, manifest, d.path, flags);

    return cli(line);
}

static int64_t count(const char *json, const char *what)
{
    struct json_doc autojson doc = { 0 };
    autofree char *path = xasprintf("summary.baseline.%s", what);

    assert_int_equal(json_parse(str_of(json), NULL, &doc, NULL), 0);
    return json_int(json_path(json_root(&doc), path), -1);
}

static void counts_are(const char *json, int64_t n_new, int64_t fixed)
{
    assert_int_equal(count(json, "new"), n_new);
    assert_int_equal(count(json, "fixed"), fixed);
    assert_true(count(json, "known") > 0);
}

static void another_file_and_other_lines_are_nothing_new(void **state unused_arg)
{
    put("a.yaml", DEPLOYMENT("a", CONTAINER(PRIVILEGED)));
    make_baseline("a.yaml");
    take_away("a.yaml");
    put("b.yaml", "# moved\n\n\n" DEPLOYMENT("a", CONTAINER(PRIVILEGED)));
    counts_are(compare("b.yaml", " -o json").out, 0, 0);
    take_away("b.yaml");
}

static void another_rollout_is_nothing_new(void **state unused_arg)
{
    put("a.yaml", DEPLOYMENT("a", CONTAINER(PRIVILEGED)) REPLICA_SET("a-5d4f")
                      POD("a-5d4f-x2x2x", "a-5d4f") POD("a-5d4f-y9y9y", "a-5d4f"));
    make_baseline("a.yaml");
    put("a.yaml",
        DEPLOYMENT("a", CONTAINER(PRIVILEGED)) REPLICA_SET("a-77bc") POD("a-77bc-q1q1q", "a-77bc"));
    counts_are(compare("a.yaml", " -o json").out, 0, 0);
    take_away("a.yaml");
}

static void only_what_is_new_is_told_and_trips(void **state unused_arg)
{
    struct said s;

    put("a.yaml", DEPLOYMENT("a", CONTAINER(PRIVILEGED)));
    make_baseline("a.yaml");
    s = compare("a.yaml", " --fail-on low");
    assert_int_equal(s.status, EXIT_OK);
    assert_non_null(strstr(s.out, "No new findings."));
    assert_non_null(strstr(s.out, "0 new findings, "));
    put("a.yaml",
        DEPLOYMENT("a", CONTAINER(PRIVILEGED)) "---\n" DEPLOYMENT("b", CONTAINER(PRIVILEGED)));
    s = compare("a.yaml", " --fail-on critical");
    assert_int_equal(s.status, EXIT_FOUND);
    assert_non_null(strstr(s.out, "Deployment shop/b"));
    assert_null(strstr(s.out, "Deployment shop/a"));
    take_away("a.yaml");
}

static void what_was_mended_is_counted(void **state unused_arg)
{
    put("a.yaml", DEPLOYMENT("a", CONTAINER(PRIVILEGED)));
    make_baseline("a.yaml");
    put("a.yaml", DEPLOYMENT("a", CONTAINER("")));
    assert_int_equal(
        count(compare("a.yaml", " -o json --check security/privileged-container").out, "fixed"), 1);
    take_away("a.yaml");
}

static int apply(const char *json, struct findings *fs, struct arena *a)
{
    struct error e = { 0 };
    struct baseline *b = baseline_parse(str_of(json), &e);

    fake_findings(fs, a);
    if (!b)
        return -1;
    baseline_apply(b, fs);
    baseline_free(b);
    return 0;
}

#define ONE(id, check, status)                                                                     \
    "{\"id\":\"000000000000000" id "\",\"check\":\"" check "\",\"status\":\"" status "\"}"
#define DOC(list) "{\"summary\":{},\"findings\":[" list "]}"

static void what_became_worse_is_new(void **state unused_arg)
{
    struct arena *autoarena arena = arena_new((size_t)256 << 20);
    struct findings fs;

    assert_int_equal(apply(DOC(ONE("5", "security/run-as-non-root", "warning")), &fs, arena), 0);
    assert_int_equal(fs.n, 6);
    assert_int_equal(apply(DOC(ONE("5", "security/run-as-non-root", "failing")), &fs, arena), 0);
    assert_int_equal(fs.n, 5);
    assert_int_equal(fs.baseline.known, 1);
    // And what became better is known.
    assert_int_equal(apply(DOC(ONE("4", "security/run-as-non-root", "failing")), &fs, arena), 0);
    assert_int_equal(fs.n, 5);
}

static void what_could_not_be_judged_is_not_mended(void **state unused_arg)
{
    struct arena *autoarena arena = arena_new((size_t)256 << 20);
    struct findings fs;

    assert_int_equal(apply(DOC(ONE("9", "security/run-as-non-root", "failing")), &fs, arena), 0);
    assert_int_equal(fs.baseline.fixed, 1);
    assert_int_equal(apply(DOC(ONE("9", "security/not-of-this-run", "failing")), &fs, arena), 0);
    assert_int_equal(fs.baseline.fixed, 0);
}

static void each_finding_before_covers_one_of_today(void **state unused_arg)
{
    struct arena *autoarena arena = arena_new((size_t)256 << 20);
    struct findings fs;
    struct error e = { 0 };
    struct baseline *b =
        baseline_parse(str_of(DOC(ONE("1", "reliability/liveness-probe", "failing"))), &e);
    struct row *twin;

    fake_findings(&fs, arena);
    fake_findings_many(&fs, arena, 1);
    twin = &fs.v[0];
    while (strcmp(twin->id, "0000000000000001") != 0)
        twin++;
    baseline_apply(b, &fs);
    assert_int_equal(fs.baseline.known, 1);
    assert_int_equal(fs.n, 6);
    baseline_free(b);
}

static void a_bad_baseline_is_refused_with_what_would_be_right(void **state unused_arg)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"",                                  "is empty"                                    },
        { "nonsense",                         "line 1"                                      },
        { "[]",                               "has no list 'findings': make it with"        },
        { "{\"runs\":[]}",                    "has no list 'findings'"                      },
        { DOC("{\"id\":\"zz\"}"),             "findings[0].id must be 16 hexadecimal digits"},
        { DOC(ONE("1",                        "",                                             "failing")), "findings[0].check must be the id" },
        { DOC(ONE("1", "a",                                              "failing") "," ONE("2", "a", "bad")),
         "findings[1].status must be failing or warning" },
        { "{\"summary\":{\"baseline\":{}},\"findings\":[]}",                                "was itself made with --baseline"          },
    };

    put("a.yaml", DEPLOYMENT("a", CONTAINER("")));
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct said s;

        put("baseline.json", cases[i].text);
        s = compare("a.yaml", "");
        assert_int_equal(s.status, EXIT_FAILED);
        assert_string_equal(s.out, "");
        assert_non_null(strstr(s.err, "baseline.json"));
        if (!strstr(s.err, cases[i].why))
            fail_msg("'%s' does not say '%s'", s.err, cases[i].why);
        assert_null(strchr(strchr(s.err, '\n') + 1, '\n'));
    }
    take_away("baseline.json");
    assert_non_null(strstr(compare("a.yaml", "").err, "No such file"));
    take_away("a.yaml");
}

int main(void)
{
    const struct CMUnitTest tests[] = { T(another_file_and_other_lines_are_nothing_new),
                                        T(another_rollout_is_nothing_new),
                                        T(only_what_is_new_is_told_and_trips),
                                        T(what_was_mended_is_counted),
                                        T(what_became_worse_is_new),
                                        T(what_could_not_be_judged_is_not_mended),
                                        T(each_finding_before_covers_one_of_today),
                                        T(a_bad_baseline_is_refused_with_what_would_be_right) };

    return cmocka_run_group_tests(tests, setup, teardown);
}
