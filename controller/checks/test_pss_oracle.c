// SPDX-License-Identifier: Apache-2.0
// The Pod Security Admission's own fixtures as an oracle: our profiles pss-baseline and
// pss-restricted must judge each Pod as the standard of that version does. They come with the Go
// modules that the test control plane is built from (e2e/build.sh); where these are not, the test
// is skipped. K9_PSS_TESTDATA names another copy.
#include "controller/checks/checks.h"
#include "controller/checks/fake_snapshot.h"

#include "base/test.h"
#include <glob.h>

#define FIRST_MINOR 23 // from here on every control of the restricted level exists
#define LAST_MINOR  40

static int on_finding(void *arg, const struct finding *f)
{
    struct finding *first = arg;

    if (!first->check)
        first->check = f->check;
    return 0;
}

// Returns 1 when the verdict is not the standard's.
static int judge(const char *path, const char *profile, int minor, bool fails)
{
    struct assessment_options o = { .profile = profile };
    struct finding first = { 0 };
    struct assess_sink sink = { .finding = on_finding, .arg = &first };
    struct assessment_summary sum;
    struct fake_snapshot f;
    struct error e = { 0 };
    int wrong = 0;

    fake_snapshot_init(&f);
    f.s.server_minor = minor;
    if (fake_snapshot_file(&f, path, &e) < 0 || assess_run(&f.s, &o, &sink, &sum, &e) < 0) {
        print_error("%s: %s\n", path, e.text);
        wrong = 1;
    } else if ((first.check != NULL) != fails) {
        print_error("%s: %s\n", path, first.check ? first.check->id : "nothing found");
        wrong = 1;
    }
    fake_snapshot_fini(&f);
    return wrong;
}

static int judge_folder(const char *root, const char *level, int minor, bool fails, int *seen)
{
    char pattern[1024], profile[32];
    int wrong = 0;
    glob_t g;

    snprintf(pattern, sizeof(pattern), "%s/%s/v1.%d/%s/*.yaml", root, level, minor,
             fails ? "fail" : "pass");
    snprintf(profile, sizeof(profile), "pss-%s", level);
    if (glob(pattern, 0, NULL, &g) != 0)
        return 0;
    for (size_t i = 0; i < g.gl_pathc; i++)
        wrong += judge(g.gl_pathv[i], profile, minor, fails);
    *seen += (int)g.gl_pathc;
    globfree(&g);
    return wrong;
}

// Newest copy in the module cache.
static bool find_root(char *ret, size_t size)
{
    const char *given = getenv("K9_PSS_TESTDATA"), *home = getenv("HOME");
    char pattern[512];
    glob_t g;

    if (given) {
        snprintf(ret, size, "%s", given);
        return true;
    }
    snprintf(pattern, sizeof(pattern),
             "%s/go/pkg/mod/k8s.io/pod-security-admission@*/test/testdata", home ? home : "");
    if (glob(pattern, 0, NULL, &g) != 0)
        return false;
    snprintf(ret, size, "%s", g.gl_pathv[g.gl_pathc - 1]);
    globfree(&g);
    return true;
}

static void every_fixture_is_judged_as_the_standard_does(void **state unused_arg)
{
    char root[512];
    int wrong = 0, seen = 0;

    if (!find_root(root, sizeof(root)))
        SKIP_TEST("needs the Go module k8s.io/pod-security-admission");
    for (int minor = FIRST_MINOR; minor <= LAST_MINOR; minor++) {
        for (int fails = 0; fails < 2; fails++) {
            wrong += judge_folder(root, "baseline", minor, fails, &seen);
            wrong += judge_folder(root, "restricted", minor, fails, &seen);
        }
    }
    print_message("%d fixtures of %s\n", seen, root);
    assert_int_equal(wrong, 0);
    assert_true(seen > 0);
}

RUN(T(every_fixture_is_judged_as_the_standard_does))
