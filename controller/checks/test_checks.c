// SPDX-License-Identifier: Apache-2.0
// Holds every row of the tables to its promises: a well-formed id, one scope, fixtures with the
// right verdict, a line in the docs.
#include "controller/checks/checks.h"
#include "controller/checks/fake_snapshot.h"
#include "controller/checks/select.h"

#include "base/alloc.h"
#include "base/test.h"
#include <glob.h>

#define TESTDATA "controller/checks/testdata"

static bool well_formed(const struct check *c)
{
    const char *pillar = check_pillar_name(check_pillar(c));
    size_t n = strlen(pillar);

    if (strncmp(c->id, pillar, n) != 0 || c->id[n] != '/' || c->id[n + 1] == '\0')
        return false;
    return strspn(c->id + n + 1, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(c->id + n + 1);
}

static void each_id_is_well_formed_and_unique(void **state unused_arg)
{
    for (size_t i = 0; i < checks_count(); i++) {
        const struct check *c = checks_at(i);
        assert_true(well_formed(c));
        assert_ptr_equal(checks_find(c->id), c);
        assert_int_equal(check_index(c), i);
    }
    assert_true(checks_count() <= CHECKS_MAX);
}

static bool ends_with_stop(const char *text)
{
    return text && *text && text[strlen(text) - 1] == '.';
}

static void each_check_has_exactly_one_scope_and_its_texts(void **state unused_arg)
{
    for (size_t i = 0; i < checks_count(); i++) {
        const struct check *c = checks_at(i);
        int scopes = !!c->per_container + !!c->per_pod_spec + !!c->per_workload + !!c->per_object +
                     !!c->per_cluster + !!c->per_exemption;
        assert_int_equal(scopes, 1);
        assert_true(!!c->per_container == !!c->sets);
        assert_true(!c->per_object || c->kinds);
        assert_true(c->tier >= 1 && c->tier <= 3);
        assert_true(c->title && *c->title && !ends_with_stop(c->title));
        assert_true(ends_with_stop(c->remediation));
        assert_true(c->frameworks && c->aliases);
    }
}

// The checks of 2.4: every one lives on under an alias.
static void every_upstream_check_has_an_alias(void **state unused_arg)
{
    static const char *const upstream[] = {
        "security.run-as-non-root",
        "security.privileged-containers",
        "security.capabilities-validation",
        "security.rbac-wildcard-permissions",
        "security.rbac-cluster-admin-misuse",
        "security.secrets-in-configmaps",
        "security.external-secrets-usage",
        "security.hardcoded-secrets",
        "security.stored-vulnerability-thresholds",
        "reliability.replica-counts",
        "reliability.spread-anti-affinity",
        "reliability.pod-disruption-budgets",
        "reliability.resource-requests",
        "reliability.resource-limits",
        "reliability.liveness-readiness-probes",
        "reliability.backup-dr-signals",
        "performance-efficiency.hpa-configuration-sanity",
        "performance-efficiency.vpa-configuration-sanity",
        "performance-efficiency.namespace-resource-governance",
        "performance-efficiency.node-affinity-and-placement",
        "cost-optimization.resource-request-limit-ratios",
        "cost-optimization.over-provisioning-detection",
        "cost-optimization.spot-instance-usage",
        "operational-excellence.kube9-operator-health-probes",
        "operational-excellence.kube9-operator-metrics-exposure",
        "operational-excellence.kube9-operator-logging-configuration",
        "operational-excellence.kube9-operator-audit-signals",
        "operational-excellence.kube9-operator-deployment-strategy",
        "operational-excellence.gitops-delivery-signals",
        "sustainability.resource-efficiency-signals",
        "sustainability.workload-consolidation-signals",
    };

    assert_int_equal(ARRAY_SIZE(upstream), 31);
    for (size_t i = 0; i < ARRAY_SIZE(upstream); i++) {
        bool found = false;
        for (size_t k = 0; k < checks_count(); k++)
            found |= check_has_alias(checks_at(k), upstream[i]);
        if (!found)
            fail_msg("no check has the alias %s", upstream[i]);
    }
}

struct seen {
    const struct check *check; // the one that is looked at
    uint32_t findings;
    struct check_result result;
    char message[512];
};

static int on_finding(void *arg, const struct finding *f)
{
    struct seen *s = arg;

    if (f->check != s->check)
        return 0;
    assert_true(*f->message);
    assert_true(f->verdict == VERDICT_WARN || f->verdict == VERDICT_FAIL);
    snprintf(s->message, sizeof(s->message), "%.500s", f->message);
    s->findings++;
    return 0;
}

static void on_result(void *arg, const struct check_result *r)
{
    struct seen *s = arg;

    assert_true(r->message && *r->message);
    if (r->check == s->check)
        s->result = *r;
}

// "# server-minor: 31" in the first line.
static void read_directive(const char *path, struct snapshot *s)
{
    char line[256] = "";
    FILE *in = fopen(path, "re");

    assert_non_null(in);
    if (fgets(line, sizeof(line), in) && str_starts(line, "# server-minor: "))
        s->server_minor = (int)strtol(line + strlen("# server-minor: "), NULL, 10);
    fclose(in);
}

// A fixture may hold a Kube9Config, whose conventions and exemptions are those of the run.
static void take_config(const struct snapshot *s, struct assessment_options *o)
{
    const struct assessment_settings *set;

    if (s->n[KIND_KUBE9_CONFIG] == 0)
        return;
    set = kube9_config_spec_assessment(
        kube9_config_spec(kube9_config_of(s->objects[KIND_KUBE9_CONFIG][0])));
    o->conventions = assessment_settings_conventions(set);
    o->exemptions = assessment_settings_exemptions(set);
}

static struct seen assess_file(const struct check *c, const char *path)
{
    const char *include[] = { c->id, NULL };
    struct assessment_options o = { .mode = ASSESS_SINGLE_CHECK, .include = include };
    struct seen seen = { .check = c };
    struct assess_sink sink = { .finding = on_finding, .result = on_result, .arg = &seen };
    struct assessment_summary sum;
    struct fake_snapshot f;
    struct error e = { 0 };

    if (c->per_exemption) // of use or not: only a whole run can tell
        o = (struct assessment_options){ .mode = ASSESS_FULL };
    fake_snapshot_init(&f);
    f.s.live = c->flags & CHECK_LIVE;
    read_directive(path, &f.s);
    if (fake_snapshot_file(&f, path, &e) < 0)
        fail_msg("%s: %s", path, e.text);
    take_config(&f.s, &o);
    if (assess_run(&f.s, &o, &sink, &sum, &e) < 0)
        fail_msg("%s: %s", path, e.text);
    fake_snapshot_fini(&f);
    return seen;
}

static int judge_fixtures(const struct check *c, const char *word)
{
    char pattern[256];
    int wrong = 0;
    glob_t g;

    snprintf(pattern, sizeof(pattern), TESTDATA "/%s.%s*.yaml", c->id, word);
    if (glob(pattern, 0, NULL, &g) != 0) {
        print_error("%s: no fixture\n", pattern);
        return 1;
    }
    for (size_t i = 0; i < g.gl_pathc; i++) {
        struct seen s = assess_file(c, g.gl_pathv[i]);
        bool ok = *word == 'p' ? s.result.verdict == VERDICT_PASS && s.findings == 0
                               : s.result.verdict >= VERDICT_WARN && s.findings > 0;
        if (!ok)
            print_error("%s: %s (%s) %s\n", g.gl_pathv[i], verdict_name(s.result.verdict),
                        s.result.message, s.message);
        wrong += !ok;
    }
    globfree(&g);
    return wrong;
}

// What the API does not show is neither good nor bad, whatever the cluster holds.
static int judge_manual(const struct check *c)
{
    struct seen s = assess_file(c, TESTDATA "/security/privileged-container.fail.yaml");
    bool ok = s.result.verdict == VERDICT_SKIP && s.result.reason == SKIP_MANUAL && !s.findings;

    if (!ok)
        print_error("%s: is manual, and yet %s\n", c->id, verdict_name(s.result.verdict));
    return !ok;
}

static void each_check_passes_and_fails_its_fixtures(void **state unused_arg)
{
    int wrong = 0;

    for (size_t i = 0; i < checks_count(); i++) {
        const struct check *c = checks_at(i);
        wrong += c->flags & CHECK_MANUAL ? judge_manual(c)
                                         : judge_fixtures(c, "pass") + judge_fixtures(c, "fail");
    }
    assert_int_equal(wrong, 0);
}

// The objects of a kind as they look when nothing but their metadata could be read.
static void forget_content(struct fake_snapshot *f, const struct kind *k)
{
    for (uint32_t i = 0; i < f->s.n[k->id]; i++) {
        struct object *o = f->v[k->id][i];
        struct fake_snapshot bare;
        struct error e = { 0 };
        char text[1024];

        snprintf(text, sizeof(text),
                 "apiVersion: %s%s%s\nkind: %s\nmetadata: {name: '%s', namespace: '%s'}\n",
                 k->group, *k->group ? "/" : "", k->version, k->kind, object_name(o),
                 object_namespace(o));
        fake_snapshot_init(&bare);
        assert_int_equal(fake_snapshot_yaml(&bare, str_of(text), &e), 0);
        assert_int_equal(bare.s.n[k->id], 1);
        f->v[k->id][i] = bare.v[k->id][0];
        f->v[k->id][i]->flags |= OBJECT_METADATA_ONLY;
        bare.v[k->id][0] = o;
        fake_snapshot_fini(&bare);
    }
}

enum blindness { BLIND_DENIED, BLIND_NOT_SYNCED, BLIND_UNDECODED };

static void blind(struct fake_snapshot *f, const struct kind *k, enum blindness how)
{
    if (how == BLIND_UNDECODED) {
        forget_content(f, k);
        return;
    }
    f->s.state[k->id] = how == BLIND_DENIED ? KIND_DENIED : KIND_NOT_SYNCED;
    while (f->s.n[k->id])
        object_unref(f->v[k->id][--f->s.n[k->id]]);
}

// Does the check pass on its own bad fixture once a kind in it cannot be seen?
static int judge_blind(const struct check *c, const char *path, enum kind_id k, enum blindness how)
{
    const char *include[] = { c->id, NULL };
    struct assessment_options o = { .mode = ASSESS_SINGLE_CHECK, .include = include };
    struct seen seen = { .check = c };
    struct assess_sink sink = { .finding = on_finding, .result = on_result, .arg = &seen };
    struct assessment_summary sum;
    struct fake_snapshot f;
    struct error e = { 0 };
    int wrong = 0;

    fake_snapshot_init(&f);
    f.s.live = c->flags & CHECK_LIVE;
    read_directive(path, &f.s);
    assert_int_equal(fake_snapshot_file(&f, path, &e), 0);
    if (f.s.n[k] && !(how == BLIND_UNDECODED && kind_get(k)->metadata_only)) {
        if (k != KIND_KUBE9_CONFIG)
            take_config(&f.s, &o);
        blind(&f, kind_get(k), how);
        assert_int_equal(assess_run(&f.s, &o, &sink, &sum, &e), 0);
        wrong = seen.result.verdict == VERDICT_PASS;
        if (wrong)
            print_error("%s: passes although %s %s\n", path, kind_get(k)->kind,
                        how == BLIND_UNDECODED ? "could not be decoded" : "cannot be listed");
    }
    fake_snapshot_fini(&f);
    return wrong;
}

static int judge_blindness(const struct check *c, enum blindness how)
{
    char pattern[256];
    int wrong = 0;
    glob_t g;

    if (c->flags & CHECK_MANUAL)
        return 0;
    snprintf(pattern, sizeof(pattern), TESTDATA "/%s.fail*.yaml", c->id);
    assert_int_equal(glob(pattern, 0, NULL, &g), 0);
    for (size_t i = 0; i < g.gl_pathc; i++) {
        for (int k = 0; k < KIND_COUNT; k++)
            wrong += judge_blind(c, g.gl_pathv[i], (enum kind_id)k, how);
    }
    globfree(&g);
    return wrong;
}

static void no_check_passes_for_want_of_a_kind_that_it_needs(void **state unused_arg)
{
    int wrong = 0;

    for (size_t i = 0; i < checks_count(); i++) {
        wrong += judge_blindness(checks_at(i), BLIND_DENIED);
        wrong += judge_blindness(checks_at(i), BLIND_NOT_SYNCED);
    }
    assert_int_equal(wrong, 0);
}

static void no_check_passes_for_want_of_what_could_not_be_decoded(void **state unused_arg)
{
    int wrong = 0;

    for (size_t i = 0; i < checks_count(); i++)
        wrong += judge_blindness(checks_at(i), BLIND_UNDECODED);
    assert_int_equal(wrong, 0);
}

static void each_fixture_belongs_to_a_check(void **state unused_arg)
{
    glob_t g;

    assert_int_equal(glob(TESTDATA "/*/*.yaml", 0, NULL, &g), 0);
    for (size_t i = 0; i < g.gl_pathc; i++) {
        autofree char *id = xstrdup(g.gl_pathv[i] + strlen(TESTDATA "/"));
        char *dot = strchr(id, '.');
        *dot = '\0';
        if (!checks_find(id))
            fail_msg("%s belongs to no check", g.gl_pathv[i]);
    }
    globfree(&g);
}

static void the_documentation_is_the_tables(void **state unused_arg)
{
    autobuf struct buf want, have;
    char chunk[4096];
    size_t n;
    FILE *in = fopen("docs/checks.md", "re");

    buf_init(&want, 1 << 20);
    buf_init(&have, 1 << 20);
    assert_int_equal(checks_markdown(&want), 0);
    if (getenv("K9_UPDATE")) {
        FILE *out = fopen("docs/checks.md", "we");
        assert_non_null(out);
        assert_int_equal(fwrite(want.p, 1, want.n, out), want.n);
        fclose(out);
    }
    if (!in)
        fail_msg("docs/checks.md is missing; K9_UPDATE=1 writes it");
    while ((n = fread(chunk, 1, sizeof(chunk), in)) > 0)
        buf_add(&have, chunk, n);
    fclose(in);
    if (have.n != want.n || memcmp(have.p, want.p, want.n) != 0)
        fail_msg("docs/checks.md differs from the tables; K9_UPDATE=1 writes it anew");
}

static void a_check_answers_to_its_frameworks_and_controls(void **state unused_arg)
{
    const struct check *c = checks_find("security/privileged-container");
    struct error e = { 0 };

    assert_true(check_has_framework(c, "pss"));
    assert_true(check_has_framework(c, "pss-baseline"));
    assert_false(check_has_framework(c, "pss-restricted"));
    assert_true(check_has_framework(c, "cis-5.2.2"));
    assert_false(check_has_framework(c, "CIS-5.2"));
    assert_true(check_has_framework(c, "kubescape"));
    assert_int_equal(framework_check("cis-5.2.2", &e), 0);
    assert_int_equal(framework_check("cis-9.9.9", &e), -1);
    assert_non_null(strstr(e.text, "kubescape"));
}

static void a_check_that_is_off_runs_in_the_profiles_that_name_it(void **state unused_arg)
{
    const struct check *c = checks_find("security/low-uid-gid");

    assert_false(check_in_profile(c, "default"));
    assert_true(check_in_profile(c, "multi-tenant"));
    assert_false(check_in_profile(c, "pss-baseline"));
    assert_false(check_in_profile(c, "no-such-profile"));
    assert_true(check_in_profile(checks_find("security/privileged-container"), "pss-baseline"));
}

// What others make an error is a matter of opinion (catalogue §3, case 32).
static void limits_of_cpu_are_asked_for_in_strict_profiles_alone(void **state unused_arg)
{
    const struct check *c = checks_find("reliability/cpu-limit");

    assert_false(check_in_profile(c, "default"));
    assert_false(check_in_profile(c, "nsa"));
    assert_true(check_in_profile(c, "strict"));
    assert_true(check_in_profile(c, "multi-tenant"));
    assert_true(check_in_profile(checks_find("reliability/memory-limit"), "default"));
}

RUN(T(each_id_is_well_formed_and_unique), T(each_check_has_exactly_one_scope_and_its_texts),
    T(every_upstream_check_has_an_alias), T(each_check_passes_and_fails_its_fixtures),
    T(each_fixture_belongs_to_a_check), T(no_check_passes_for_want_of_a_kind_that_it_needs),
    T(no_check_passes_for_want_of_what_could_not_be_decoded), T(the_documentation_is_the_tables),
    T(a_check_answers_to_its_frameworks_and_controls),
    T(a_check_that_is_off_runs_in_the_profiles_that_name_it),
    T(limits_of_cpu_are_asked_for_in_strict_profiles_alone))
