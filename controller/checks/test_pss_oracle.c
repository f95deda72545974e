// SPDX-License-Identifier: Apache-2.0
// The Pod Security Admission's own fixtures as an oracle: our profiles pss-baseline and
// pss-restricted must judge each Pod as the standard of that version does, and find it by a check
// of the control that the fixture is about. They come as a Go module, which cmake/pss.sh fetches;
// K9_PSS_TESTDATA names another copy.
#include "controller/checks/checks.h"
#include "controller/checks/fake_snapshot.h"

#include "base/test.h"
#include <glob.h>
#include <unistd.h>

#define MODULE     "k8s.io/pod-security-admission@v0.37.2"
#define FIXTURES   4537
#define LAST_MINOR 37

// Control, as the fixtures' names begin, and the checks of which one must find it.
static const struct {
    const char *control, *checks[4];
} controls[] = {
    {"allowprivilegeescalation",    { "security/privilege-escalation" }                                  },
    { "apparmorprofile",            { "security/apparmor-profile" }                                      },
    { "capabilities_baseline",      { "security/capabilities-baseline" }                                 },
    { "capabilities_restricted",
     { "security/capabilities-drop-all", "security/capabilities-restricted-add" }                        },
    { "hostnamespaces",             { "security/host-network", "security/host-pid", "security/host-ipc" }},
    { "hostpathvolumes",            { "security/host-path-volume" }                                      },
    { "hostports",                  { "security/host-port" }                                             },
    { "hostprobesandhostlifecycle", { "security/probe-host-field" }                                      },
    { "privileged",                 { "security/privileged-container" }                                  },
    { "procmount",                  { "security/proc-mount" }                                            },
    { "restrictedvolumes",          { "security/restricted-volume-types", "security/host-path-volume" }  },
    { "runasnonroot",               { "security/run-as-non-root" }                                       },
    { "runasuser",                  { "security/run-as-user-root" }                                      },
    { "seccompprofile_baseline",    { "security/seccomp-unconfined" }                                    },
    { "seccompprofile_restricted",  { "security/seccomp-profile", "security/seccomp-unconfined" }        },
    { "selinuxoptions",             { "security/selinux-options" }                                       },
    { "sysctls",                    { "security/unsafe-sysctls" }                                        },
    { "windowshostprocess",         { "security/windows-host-process" }                                  },
};

struct seen {
    const char *file; // name of the fixture
    const struct check *first;
    bool by_control;
};

static bool of_control(const char *file, const char *id)
{
    for (size_t i = 0; i < ARRAY_SIZE(controls); i++) {
        if (!str_starts(file, controls[i].control))
            continue;
        for (size_t k = 0; k < ARRAY_SIZE(controls[i].checks) && controls[i].checks[k]; k++) {
            if (strcmp(controls[i].checks[k], id) == 0)
                return true;
        }
    }
    return false;
}

static int on_finding(void *arg, const struct finding *f)
{
    struct seen *seen = arg;

    if (!seen->first)
        seen->first = f->check;
    seen->by_control |= of_control(seen->file, f->check->id);
    return 0;
}

// Returns 1 when the verdict is not the standard's.
static int judge(const char *path, const char *profile, int minor, bool fails)
{
    struct assessment_options o = { .profile = profile };
    struct seen seen = { .file = strrchr(path, '/') + 1 };
    struct assess_sink sink = { .finding = on_finding, .arg = &seen };
    struct assessment_summary sum;
    struct fake_snapshot f;
    struct error e = { 0 };
    int wrong = 0;

    fake_snapshot_init(&f);
    f.s.server_minor = MAX(minor, 1); // 1.0 and 1.1 have the same rules; 0 would be the newest
    if (fake_snapshot_file(&f, path, &e) < 0 || assess_run(&f.s, &o, &sink, &sum, &e) < 0) {
        print_error("%s: %s\n", path, e.text);
        wrong = 1;
    } else if ((seen.first != NULL) != fails || seen.by_control != fails) {
        print_error("%s: %s\n", path, seen.first ? seen.first->id : "nothing found");
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

static bool in_cache(const char *cache, const char *below, char *ret, size_t size)
{
    if (!cache || !*cache)
        return false;
    snprintf(ret, size, "%s%s/" MODULE "/test/testdata", cache, below);
    return access(ret, R_OK) == 0;
}

static void find_root(char *ret, size_t size)
{
    if (in_cache(getenv("GOMODCACHE"), "", ret, size) ||
        in_cache(getenv("GOPATH"), "/pkg/mod", ret, size) ||
        in_cache(getenv("HOME"), "/go/pkg/mod", ret, size))
        return;
    fail_msg("the Go module " MODULE " is not in the module cache: run cmake/pss.sh");
}

static void every_fixture_is_judged_as_the_standard_does(void **state unused_arg)
{
    const char *given = getenv("K9_PSS_TESTDATA");
    char root[512];
    int wrong = 0, seen = 0;

    if (given)
        snprintf(root, sizeof(root), "%s", given);
    else
        find_root(root, sizeof(root));
    for (int minor = 0; minor <= LAST_MINOR; minor++) {
        for (int fails = 0; fails < 2; fails++) {
            wrong += judge_folder(root, "baseline", minor, fails, &seen);
            wrong += judge_folder(root, "restricted", minor, fails, &seen);
        }
    }
    print_message("%d of %d Pods of %s are judged as the standard does\n", seen - wrong, seen,
                  root);
    assert_int_equal(wrong, 0);
    assert_int_equal(seen, FIXTURES);
}

RUN(T(every_fixture_is_judged_as_the_standard_does))
