// SPDX-License-Identifier: Apache-2.0
// Exemptions of the configuration that do not simply hide: of lower severity, for images, for the
// subjects of bindings; and what an exempted finding carries.
#include "controller/checks/checks.h"
#include "controller/checks/fake_snapshot.h"

#include "base/alloc.h"
#include "base/test.h"

#define POD(image)                                                                                 \
    "---\napiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: shop}\n"                       \
    "spec: {containers: [{name: app, image: 'shop/app:1', securityContext: {privileged: true}}, "  \
    "{name: mesh, image: '" image "', securityContext: {privileged: true}}]}\n"
#define BINDING(subjects)                                                                          \
    "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\n"                    \
    "metadata: {name: admins}\n"                                                                   \
    "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}\n"     \
    "subjects: [" subjects "]\n"
#define JANE  "{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}"
#define CI    "{kind: ServiceAccount, name: runner, namespace: ci}"
#define PRIV  "security/privileged-container"
#define ADMIN "security/rbac-cluster-admin-binding"

struct seen {
    const char *check;
    uint32_t findings;
    enum verdict verdict, result;
    enum check_severity severity;
    struct unit_counts units;
    usec expires;
    char message[256], by[64], reason[64];
};

static int on_finding(void *arg, const struct finding *f)
{
    struct seen *s = arg;

    if (strcmp(f->check->id, s->check) != 0)
        return 0;
    s->findings++;
    s->verdict = f->verdict;
    s->severity = f->severity;
    s->expires = f->exemption_expires;
    snprintf(s->message, sizeof(s->message), "%.250s", f->message);
    snprintf(s->by, sizeof(s->by), "%s", f->exemption ? f->exemption : "");
    snprintf(s->reason, sizeof(s->reason), "%s", f->exemption_reason ? f->exemption_reason : "");
    return 0;
}

static void on_result(void *arg, const struct check_result *r)
{
    struct seen *s = arg;

    if (strcmp(r->check->id, s->check) != 0)
        return;
    s->result = r->verdict;
    s->units = r->units;
}

static struct seen run(const char *check, const char *exemption, const char *objects)
{
    const char *include[] = { check, NULL };
    struct assessment_options o = { .mode = ASSESS_SINGLE_CHECK,
                                    .include = include,
                                    .want_skipped = true };
    struct seen s = { .check = check };
    struct assess_sink sink = { .finding = on_finding, .result = on_result, .arg = &s };
    autofree char *yaml =
        xasprintf("apiVersion: kube9.io/v1alpha1\nkind: Kube9Config\nmetadata: {name: default}\n"
                  "spec: {assessment: {exemptions: [%s]}}\n%s",
                  exemption, objects);
    struct assessment_summary sum;
    struct fake_snapshot f;
    struct error e = { 0 };

    fake_snapshot_init(&f);
    if (fake_snapshot_yaml(&f, str_of(yaml), &e) < 0)
        fail_msg("%s", e.text);
    o.exemptions = assessment_settings_exemptions(kube9_config_spec_assessment(
        kube9_config_spec(kube9_config_of(f.s.objects[KIND_KUBE9_CONFIG][0]))));
    assert_int_equal(assess_run(&f.s, &o, &sink, &sum, &e), 0);
    fake_snapshot_fini(&f);
    return s;
}

static void an_exempted_finding_carries_its_reason_and_when_it_ends(void **state unused_arg)
{
    struct seen s = run(PRIV, "{name: ok, reason: reviewed, expires: '2027-01-01T00:00:00Z'}",
                        POD("mesh/proxy:2"));

    assert_int_equal(s.verdict, VERDICT_SKIP);
    assert_string_equal(s.by, "ok");
    assert_string_equal(s.reason, "reviewed");
    assert_int_equal(s.expires, INT64_C(1798761600) * USEC_PER_SEC);
    s = run("security/host-pid", "",
            "---\napiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: shop, annotations: "
            "{kube9.io/exempt: 'security/*', kube9.io/exempt-reason: node tool, "
            "kube9.io/exempt-until: '2026-12-31'}}\n"
            "spec: {hostPID: true, containers: [{name: a, image: b}]}\n");
    assert_int_equal(s.verdict, VERDICT_SKIP);
    assert_string_equal(s.by, "annotation");
    assert_string_equal(s.reason, "node tool");
    assert_int_equal(s.expires, INT64_C(1798761600) * USEC_PER_SEC); // to the end of that day
}

static void a_downgraded_finding_stays_as_a_warning_of_its_severity(void **state unused_arg)
{
    struct seen s = run(PRIV, "{name: ok, reason: reviewed, effect: Downgrade, severity: Medium}",
                        POD("mesh/proxy:2"));

    assert_int_equal(s.findings, 1);
    assert_int_equal(s.verdict, VERDICT_WARN);
    assert_int_equal(s.severity, CHECK_MEDIUM);
    assert_int_equal(s.result, VERDICT_WARN);
    assert_int_equal(s.units.warned, 1);
    assert_int_equal(s.units.failed, 0);
    assert_int_equal(s.units.exempted, 0);
    assert_string_equal(s.by, "ok");
    assert_string_equal(s.reason, "reviewed");
    s = run(PRIV, "{name: ok, reason: reviewed, effect: Downgrade}", POD("mesh/proxy:2"));
    assert_int_equal(s.severity, CHECK_LOW);
}

static void a_downgrade_never_raises_a_severity_nor_fails_what_passes(void **state unused_arg)
{
    struct seen s =
        run("security/host-aliases", "{name: ok, reason: x, effect: Downgrade, severity: High}",
            "---\napiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: shop}\n"
            "spec: {hostAliases: [{ip: 1.2.3.4, hostnames: [x]}], containers: [{name: a, "
            "image: b}]}\n");

    assert_int_equal(s.findings, 1);
    assert_int_equal(s.severity, CHECK_LOW);
    s = run("security/host-pid", "{name: ok, reason: x, effect: Downgrade}", POD("b"));
    assert_int_equal(s.findings, 0);
    assert_int_equal(s.result, VERDICT_PASS);
}

static void images_exempt_the_containers_that_run_them(void **state unused_arg)
{
    struct seen s = run(PRIV, "{name: mesh, reason: x, images: ['mesh/*']}", POD("mesh/proxy:2"));

    assert_int_equal(s.verdict, VERDICT_FAIL);
    assert_non_null(strstr(s.message, "'app'"));
    assert_null(strstr(s.message, "'mesh'"));
    s = run(PRIV, "{name: mesh, reason: x, images: ['mesh/*']}", POD("other/proxy:2"));
    assert_non_null(strstr(s.message, "'mesh'"));
    s = run(PRIV, "{name: all, reason: x, images: ['mesh/proxy@*', 'mesh/proxy:*', 'shop/app:1']}",
            POD("mesh/proxy:2"));
    assert_int_equal(s.findings, 0);
}

static void subjects_exempt_a_binding_when_all_of_its_are_named(void **state unused_arg)
{
    static const char both[] = "{name: admins, reason: x, subjects: [jane, ci/*]}";

    assert_int_equal(run(ADMIN, both, BINDING(JANE ", " CI)).verdict, VERDICT_SKIP);
    assert_int_equal(run(ADMIN, both, BINDING(JANE)).verdict, VERDICT_SKIP);
    assert_int_equal(
        run(ADMIN, "{name: one, reason: x, subjects: [jane]}", BINDING(JANE ", " CI)).verdict,
        VERDICT_FAIL);
    // A ServiceAccount is not a user of that name.
    assert_int_equal(run(ADMIN, "{name: user, reason: x, subjects: [runner]}", BINDING(CI)).verdict,
                     VERDICT_FAIL);
    // Who has no subjects is not meant.
    assert_int_equal(run(PRIV, "{name: every, reason: x, subjects: ['*']}", POD("b")).verdict,
                     VERDICT_FAIL);
}

RUN(T(an_exempted_finding_carries_its_reason_and_when_it_ends),
    T(a_downgraded_finding_stays_as_a_warning_of_its_severity),
    T(a_downgrade_never_raises_a_severity_nor_fails_what_passes),
    T(images_exempt_the_containers_that_run_them),
    T(subjects_exempt_a_binding_when_all_of_its_are_named))
