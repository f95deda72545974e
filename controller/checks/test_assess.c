// SPDX-License-Identifier: Apache-2.0
// What the engine promises whatever the checks are: one unit per owner, honest skips, exemptions,
// order, scores.
#include "controller/checks/checks.h"
#include "controller/checks/fake_snapshot.h"

#include "base/alloc.h"
#include "base/test.h"
#include "base/utf8.h"

#define SPEC_BAD                                                                                   \
    "{containers: [{name: app, image: 'nginx:1.27', securityContext: {privileged: true}}]}"
#define SPEC_OK "{containers: [{name: app, image: 'nginx:1.27'}]}"

#define DEPLOYMENT(name, notes, spec)                                                              \
    "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: " name                           \
    ", namespace: shop, labels: {app: " name "}" notes "}\n"                                       \
    "spec: {replicas: 3, selector: {matchLabels: {app: " name                                      \
    "}}, template: {metadata: {labels: {app: " name "}}, spec: " spec "}}\n"
#define REPLICA_SET(name, owner)                                                                                      \
    "---\napiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: " name ", namespace: shop" owner                    \
    "}\n"                                                                                                             \
    "spec: {replicas: 3, selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: " SPEC_BAD \
    "}}\n"
#define OWNER(api, kind, name)                                                                     \
    ", ownerReferences: [{apiVersion: " api ", kind: " kind ", name: " name                        \
    ", uid: u, controller: true}]"
#define POD(name, meta, spec)                                                                      \
    "---\napiVersion: v1\nkind: Pod\nmetadata: {name: " name                                       \
    ", namespace: shop, labels: {app: a}" meta "}\nspec: " spec "\n"
#define NOTES(text) ", annotations: {" text "}"

struct log {
    struct buf text;    // findings, one line each
    struct buf results; // of every check
    struct buf notices;
    uint32_t n;
    struct assessment_summary sum;
};

static int on_finding(void *arg, const struct finding *f)
{
    struct log *l = arg;

    l->n++;
    return buf_addf(&l->text, "%s %s %s %s/%s %s %s [%s] %s %s\n", f->check->id,
                    verdict_name(f->verdict), f->kind, f->ns, f->name, f->container, f->path,
                    f->message, f->fingerprint, f->exemption ? f->exemption : "-");
}

static void on_result(void *arg, const struct check_result *r)
{
    buf_addf(&((struct log *)arg)->results, "%s %s %s %u/%u/%u/%u/%u %s\n", r->check->id,
             verdict_name(r->verdict), skip_reason_name(r->reason), r->units.passed,
             r->units.warned, r->units.failed, r->units.skipped, r->units.exempted, r->message);
}

static void on_notice(void *arg, const char *object, const char *text)
{
    buf_addf(&((struct log *)arg)->notices, "%s: %s\n", object, text);
}

static void log_init(struct log *l)
{
    memset(l, 0, sizeof(*l));
    buf_init(&l->text, 1 << 22);
    buf_init(&l->results, 1 << 20);
    buf_init(&l->notices, 1 << 20);
    buf_adds(&l->text, "");
    buf_adds(&l->notices, "");
}

static void log_fini(struct log *l)
{
    buf_fini(&l->text);
    buf_fini(&l->results);
    buf_fini(&l->notices);
}

static const char *text_of(struct buf *b)
{
    return b->p ? b->p : "";
}

static void run(const struct fake_snapshot *f, const struct assessment_options *o, struct log *l)
{
    struct assess_sink sink = {
        .finding = on_finding, .result = on_result, .notice = on_notice, .arg = l
    };
    struct error e = { 0 };

    log_init(l);
    if (assess_run(&f->s, o, &sink, &l->sum, &e) < 0)
        fail_msg("assess_run: %s", e.text);
}

static void load(struct fake_snapshot *f, const char *yaml)
{
    struct error e = { 0 };

    fake_snapshot_init(f);
    if (fake_snapshot_yaml(f, str_of(yaml), &e) < 0)
        fail_msg("yaml: %s", e.text);
}

// One check over one text.
static void run_check(const char *check, const char *yaml, struct log *l)
{
    const char *include[] = { check, NULL };
    struct assessment_options o = { .mode = ASSESS_SINGLE_CHECK,
                                    .include = include,
                                    .want_skipped = true };
    struct fake_snapshot f;

    load(&f, yaml);
    run(&f, &o, l);
    fake_snapshot_fini(&f);
}

#define HAS(buffer, word)   assert_non_null(strstr(text_of(&(buffer)), word))
#define LACKS(buffer, word) assert_null(strstr(text_of(&(buffer)), word))

static void pods_of_a_deployment_are_one_unit(void **state unused_arg)
{
    struct log l;

    run_check("security/privileged-container",
              DEPLOYMENT("a", "", SPEC_BAD) REPLICA_SET("a-1", OWNER("apps/v1", "Deployment", "a"))
                  POD("a-1-x", OWNER("apps/v1", "ReplicaSet", "a-1"), SPEC_BAD)
                      POD("a-1-y", OWNER("apps/v1", "ReplicaSet", "a-1"), SPEC_BAD),
              &l);
    assert_int_equal(l.n, 1);
    assert_int_equal(l.sum.objects, 4); // all that were looked at, however many checks there are
    HAS(l.text,
        "failing Deployment shop/a app spec.template.spec.containers[0].securityContext.privileged");
    log_fini(&l);
}

static void a_message_that_is_too_long_ends_at_a_whole_character(void **state unused_arg)
{
    for (int shift = 0; shift < 2; shift++) {
        struct buf autobuf yaml = { 0 };
        struct log l;
        uint32_t c;

        buf_init(&yaml, 4096);
        buf_addf(&yaml,
                 "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: %.*s",
                 shift, "x");
        for (int i = 0; i < 700; i++)
            buf_adds(&yaml, "\xc3\xa9");
        buf_adds(&yaml, ", image: a}]}\n");
        run_check("reliability/schema-valid", yaml.p, &l);
        HAS(l.text, "\xc3\xa9...] ");
        for (size_t i = 0, n; i < l.text.n; i += n)
            assert_true((n = utf8_decode(l.text.p + i, l.text.n - i, &c)) > 0);
        log_fini(&l);
    }
}

static void pods_of_an_unreadable_owner_are_one_unit(void **state unused_arg)
{
    struct log l;

    run_check("security/privileged-container",
              REPLICA_SET("r-1", OWNER("argoproj.io/v1alpha1", "Rollout", "r"))
                  POD("r-1-x", OWNER("apps/v1", "ReplicaSet", "r-1"), SPEC_BAD)
                      POD("w-0", OWNER("example.org/v1", "Workflow", "w"), SPEC_BAD)
                          POD("w-1", OWNER("example.org/v1", "Workflow", "w"), SPEC_BAD),
              &l);
    assert_int_equal(l.n, 2);
    HAS(l.text, "failing Rollout shop/r ");
    HAS(l.text, "failing Workflow shop/w ");
    log_fini(&l);
}

static void old_replica_sets_mirror_pods_and_dying_pods_are_no_units(void **state unused_arg)
{
    struct log l;

    run_check(
        "security/privileged-container",
        "---\napiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: old, namespace: shop}\nspec: {replicas: 0, template: {spec: " SPEC_BAD
        "}}\n" POD("etcd", NOTES("kubernetes.io/config.mirror: x"), SPEC_BAD)
            POD("dying", ", deletionTimestamp: '2026-11-20T10:00:00Z'", SPEC_BAD)
                POD("static", OWNER("v1", "Node", "n1"), SPEC_BAD),
        &l);
    assert_int_equal(l.n, 0);
    HAS(l.results, "skipped no-objects");
    log_fini(&l);
}

#define SPEC_MESH                                                                                  \
    "{containers: [{name: app, image: 'nginx:1.27'}, {name: mesh, image: 'mesh:1', securityContext: {privileged: true}}]}"

static void an_injected_container_is_reported_once_under_the_owner(void **state unused_arg)
{
    struct log l;

    run_check("security/privileged-container",
              DEPLOYMENT("a", "", SPEC_OK) REPLICA_SET("a-1", OWNER("apps/v1", "Deployment", "a"))
                  POD("a-1-x", OWNER("apps/v1", "ReplicaSet", "a-1"), SPEC_MESH)
                      POD("a-1-y", OWNER("apps/v1", "ReplicaSet", "a-1"), SPEC_MESH),
              &l);
    assert_int_equal(l.n, 1);
    HAS(l.text, "Deployment shop/a mesh ");
    HAS(l.text, "[container 'mesh' is privileged");
    log_fini(&l);
}

static void an_annotation_exempts_with_reason_until_its_date(void **state unused_arg)
{
    struct log l;

    run_check(
        "security/host-network",
        DEPLOYMENT(
            "a",
            NOTES(
                "kube9.io/exempt: 'security/host-*', kube9.io/exempt-reason: cni, kube9.io/exempt-until: '2026-12-31'"),
            "{hostNetwork: true, containers: [{name: a, image: b}]}"),
        &l);
    HAS(l.text, "security/host-network skipped Deployment shop/a");
    HAS(l.text, " annotation\n");
    HAS(l.results, "skipped exempted 0/0/0/0/1");
    assert_string_equal(text_of(&l.notices), "");
    log_fini(&l);
    run_check(
        "security/host-network",
        DEPLOYMENT("a",
                   NOTES("kube9.io/exempt: 'security/host-*', kube9.io/exempt-until: '2026-11-20'"),
                   "{hostNetwork: true, containers: [{name: a, image: b}]}"),
        &l);
    HAS(l.text, "security/host-network failing");
    HAS(l.notices, "Deployment shop/a: the exemption has expired");
    log_fini(&l);
}

// now is 2026-11-21T00:00:00Z
static void an_exemption_ends_at_its_very_instant(void **state unused_arg)
{
    static const struct {
        const char *until, *word;
    } rows[] = {
        {"2026-11-21T00:00:00Z",       "failing"},
        { "2026-11-21T00:00:01Z",      "skipped"},
        { "2026-11-21T01:00:00+01:00", "failing"},
        { "2026-11-20",                "failing"},
        { "2026-11-21",                "skipped"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char yaml[1024];
        struct log l;
        snprintf(yaml, sizeof(yaml),
                 "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: shop, annotations: "
                 "{kube9.io/exempt: '*', kube9.io/exempt-reason: x, kube9.io/exempt-until: '%s'}}\n"
                 "spec: {hostPID: true, containers: [{name: a, image: b}]}\n",
                 rows[i].until);
        run_check("security/host-pid", yaml, &l);
        HAS(l.text, rows[i].word);
        log_fini(&l);
    }
}

static uint32_t times(const char *text, const char *word)
{
    uint32_t n = 0;

    while ((text = strstr(text, word))) {
        text += strlen(word);
        n++;
    }
    return n;
}

// A Deployment is walked as a workload and as an object, and its Pods copy its template.
static void an_odd_annotation_is_noticed_once(void **state unused_arg)
{
    struct assessment_options o = { .mode = ASSESS_FULL };
    struct fake_snapshot f;
    struct log l;

    load(&f, DEPLOYMENT("a", NOTES("kube9.io/exempt: '*'"),
                        SPEC_OK) REPLICA_SET("a-1", OWNER("apps/v1", "Deployment", "a"))
                 POD("a-1-x", OWNER("apps/v1", "ReplicaSet", "a-1") NOTES("kube9.io/exempt: '*'"),
                     SPEC_OK));
    run(&f, &o, &l);
    assert_int_equal(times(text_of(&l.notices), "has no kube9.io/exempt-reason"), 1);
    log_fini(&l);
    fake_snapshot_fini(&f);
}

static void odd_annotations_are_noticed(void **state unused_arg)
{
    struct log l;

    run_check(
        "security/host-network",
        DEPLOYMENT("a", NOTES("kube9.io/exempt: 'security/no-such-check, reliability/*'"), SPEC_OK),
        &l);
    HAS(l.notices, "names a check that does not exist");
    HAS(l.notices, "has no kube9.io/exempt-reason");
    log_fini(&l);
    run_check("security/host-network",
              DEPLOYMENT("a", NOTES("kube9.io/exempt: '*', kube9.io/exempt-until: soon"), SPEC_OK),
              &l);
    HAS(l.notices, "is not an RFC 3339 date");
    HAS(l.results, "passing");
    log_fini(&l);
}

static void nobody_exempts_himself_from_critical_security_checks(void **state unused_arg)
{
    struct log l;

    run_check("security/privileged-container",
              DEPLOYMENT("a", NOTES("kube9.io/exempt: '*', kube9.io/exempt-reason: x"), SPEC_BAD),
              &l);
    HAS(l.text, "security/privileged-container failing");
    log_fini(&l);
}

static void a_namespace_exempts_what_is_in_it(void **state unused_arg)
{
    struct log l;

    run_check(
        "security/host-pid",
        "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop, annotations: {kube9.io/exempt: security.host-pid, kube9.io/exempt-reason: x}}\n" DEPLOYMENT(
            "a", "", "{hostPID: true, containers: [{name: a, image: b}]}"),
        &l);
    HAS(l.text,
        "security/host-pid failing"); // 2.4 never had this id: a dotted name is no alias here
    HAS(l.notices, "names a check that does not exist");
    log_fini(&l);
    run_check(
        "security/host-pid",
        "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop, annotations: {kube9.io/exempt: security/host-pid, kube9.io/exempt-reason: x}}\n" DEPLOYMENT(
            "a", "", "{hostPID: true, containers: [{name: a, image: b}]}"),
        &l);
    HAS(l.text, "security/host-pid skipped");
    log_fini(&l);
}

#define TWO_ROOTS "{containers: [{name: app, image: a}, {name: agent, image: b}]}"

static void an_exemption_can_be_for_single_containers(void **state unused_arg)
{
    struct log l;

    run_check(
        "security/run-as-non-root",
        DEPLOYMENT("a",
                   NOTES("kube9.io/exempt-containers: 'agent, other', kube9.io/exempt-reason: x"),
                   TWO_ROOTS),
        &l);
    assert_int_equal(l.n, 1);
    HAS(l.text, "container 'app'");
    LACKS(l.text, "container 'agent'");
    log_fini(&l);
}

static void labels_of_2_4_still_exempt(void **state unused_arg)
{
    struct log l;

    run_check(
        "reliability/pdb-missing",
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: shop, labels: {kube9.io/ha-exempt: 'true'}}\n"
        "spec: {replicas: 3, template: {spec: " SPEC_OK "}}\n",
        &l);
    HAS(l.text, "reliability/pdb-missing skipped Deployment");
    HAS(l.text, " label\n");
    log_fini(&l);
}

static void platform_namespaces_are_counted_and_not_judged(void **state unused_arg)
{
    struct log l;

    run_check(
        "security/host-network",
        "---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: cni, namespace: kube-system}\n"
        "spec: {template: {spec: {hostNetwork: true, containers: [{name: a, image: b}]}}}\n",
        &l);
    HAS(l.text, " platform\n");
    HAS(l.results, "skipped exempted 0/0/0/0/1");
    log_fini(&l);
    run_check(
        "security/rbac-secrets-access",
        "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: r, namespace: kube-system}\n"
        "rules: [{apiGroups: [''], resources: [secrets], verbs: [list]}]\n",
        &l);
    HAS(l.text, "security/rbac-secrets-access warning Role kube-system/r");
    log_fini(&l);
}

static struct object *config(const char *exemptions)
{
    struct fake_snapshot f;
    autofree char *yaml = xasprintf(
        "apiVersion: kube9.io/v1alpha1\nkind: Kube9Config\nmetadata: {name: default}\nspec: {assessment: {exemptions: [%s]}}\n",
        exemptions);
    struct object *o;

    load(&f, yaml);
    o = object_ref(f.v[KIND_KUBE9_CONFIG][0]);
    fake_snapshot_fini(&f);
    return o;
}

static void run_exempted(const char *exemptions, enum assess_mode mode, struct log *l)
{
    autoobject struct object *o = config(exemptions);
    const char *include[] = { "security/host-pid", NULL };
    struct assessment_options opt = { .mode = mode, .include = include, .want_skipped = true };
    struct fake_snapshot f;

    opt.exemptions = assessment_settings_exemptions(
        kube9_config_spec_assessment(kube9_config_spec(kube9_config_of(o))));
    load(&f, DEPLOYMENT("cart", "", "{hostPID: true, containers: [{name: a, image: b}]}"));
    run(&f, &opt, l);
    fake_snapshot_fini(&f);
}

static void the_configuration_exempts_by_kind_name_and_labels(void **state unused_arg)
{
    struct log l;

    run_exempted(
        "{name: ok, reason: x, checks: ['security/*'], kinds: [Deployment], namespaces: ['sh*'], names: ['ca*t'], selector: {matchLabels: {app: cart}}}",
        ASSESS_SINGLE_CHECK, &l);
    HAS(l.text, "security/host-pid skipped");
    HAS(l.text, " ok\n");
    log_fini(&l);
    run_exempted(
        "{name: other, reason: x, kinds: [StatefulSet]}, {name: prefix, reason: x, names: [car]}",
        ASSESS_FULL, &l);
    HAS(l.text, "security/host-pid failing");
    HAS(l.notices, "other: the exemption hid nothing");
    HAS(l.notices, "prefix: the exemption hid nothing");
    log_fini(&l);
    run_exempted("{name: new, reason: x, expires: '2026-11-21T00:00:01Z'}", ASSESS_SINGLE_CHECK,
                 &l);
    HAS(l.text, "security/host-pid skipped");
    log_fini(&l);
    run_exempted("{name: old, reason: x, expires: '2026-11-21T00:00:00Z'}", ASSESS_SINGLE_CHECK,
                 &l);
    HAS(l.text, "security/host-pid failing");
    HAS(l.notices, "old: the exemption has expired");
    log_fini(&l);
}

// Every check, one kind in one state: nothing that needs it may pass.
static void run_with_state(enum kind_id kind, enum kind_state state, const char *check,
                           struct log *l)
{
    const char *include[] = { check, NULL };
    struct assessment_options o = { .mode = ASSESS_SINGLE_CHECK, .include = include };
    struct fake_snapshot f;

    load(&f, DEPLOYMENT("a", "", SPEC_OK)
                 DEPLOYMENT("b", "", "{hostPID: true, containers: [{name: a, image: b}]}"));
    f.s.state[kind] = state;
    run(&f, &o, l);
    fake_snapshot_fini(&f);
}

static void what_cannot_be_read_never_passes(void **state unused_arg)
{
    struct log l;

    run_with_state(KIND_POD_DISRUPTION_BUDGET, KIND_DENIED, "reliability/pdb-missing", &l);
    HAS(l.results, "skipped no-permission 0/0/0/0/0 no permission to list PodDisruptionBudget");
    log_fini(&l);
    run_with_state(KIND_POD_DISRUPTION_BUDGET, KIND_NOT_SYNCED, "reliability/pdb-missing", &l);
    HAS(l.results, "skipped no-data");
    log_fini(&l);
    run_with_state(KIND_VULNERABILITY_REPORT, KIND_ABSENT,
                   "security/image-critical-vulnerabilities", &l);
    HAS(l.results, "skipped not-applicable");
    log_fini(&l);
    run_with_state(KIND_STATEFUL_SET, KIND_DENIED, "security/host-ipc", &l);
    HAS(l.results,
        "skipped no-permission 2/0/0/0/0"); // both Deployments pass, but what of the StatefulSets?
    log_fini(&l);
    run_with_state(KIND_STATEFUL_SET, KIND_DENIED, "security/host-pid", &l);
    HAS(l.results, "failing  1/0/1/0/0");
    log_fini(&l);
}

static void undecoded(struct fake_snapshot *f, enum kind_id kind, const char *name)
{
    for (uint32_t i = 0; i < f->s.n[kind]; i++) {
        if (strcmp(object_name(f->v[kind][i]), name) == 0)
            f->v[kind][i]->flags |= OBJECT_METADATA_ONLY;
    }
}

#define POLICY                                                                                     \
    "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"                                 \
    "metadata: {name: all, namespace: shop}\n"                                                     \
    "spec: {podSelector: {}, policyTypes: [Ingress, Egress]}\n"

static void what_could_not_be_decoded_is_not_judged(void **state unused_arg)
{
    const char *include[] = { "security/host-pid", NULL };
    struct assessment_options o = { .mode = ASSESS_SINGLE_CHECK, .include = include };
    struct fake_snapshot f;
    struct log l;

    load(&f, DEPLOYMENT("a", "", SPEC_OK));
    undecoded(&f, KIND_DEPLOYMENT, "a");
    run(&f, &o, &l);
    HAS(l.results, "skipped no-data 0/0/0/1/0 the content of the object could not be read");
    assert_string_equal(text_of(&l.notices), "Deployment shop/a: its content could not be read, so "
                                             "it is not judged\n");
    log_fini(&l);
    fake_snapshot_fini(&f);
    load(&f, DEPLOYMENT("a", "", SPEC_OK) DEPLOYMENT("b", "", SPEC_OK));
    undecoded(&f, KIND_DEPLOYMENT, "a");
    run(&f, &o, &l);
    HAS(l.results, "passing  1/0/0/1/0");
    log_fini(&l);
    fake_snapshot_fini(&f);
}

// Taken as empty, the policy would select every Pod.
static void a_policy_that_could_not_be_decoded_protects_nobody(void **state unused_arg)
{
    const char *include[] = { "security/network-policy-pod-isolation", NULL };
    struct assessment_options o = { .mode = ASSESS_SINGLE_CHECK, .include = include };
    struct fake_snapshot f;
    struct log l;

    load(&f, POLICY DEPLOYMENT("a", "", SPEC_OK));
    run(&f, &o, &l);
    HAS(l.results, "passing  1/0/0/0/0");
    log_fini(&l);
    undecoded(&f, KIND_NETWORK_POLICY, "all");
    run(&f, &o, &l);
    HAS(l.results, "warning  0/1/0/0/0");
    log_fini(&l);
    fake_snapshot_fini(&f);
    include[0] = "security/network-policy-namespace";
    load(&f, POLICY "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n" DEPLOYMENT(
                 "a", "", SPEC_OK));
    undecoded(&f, KIND_NETWORK_POLICY, "all");
    run(&f, &o, &l);
    HAS(l.results, "skipped no-data 1/0/0/0/0 the content of some NetworkPolicy objects could not");
    log_fini(&l);
    fake_snapshot_fini(&f);
}

static void a_field_is_named_from_the_object_or_from_its_pod_spec(void **state unused_arg)
{
    struct log l;

    run_check("operational-excellence/common-labels",
              "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: shop}\n"
              "spec: {template: {spec: " SPEC_OK "}}\n",
              &l);
    HAS(l.text, "  metadata.labels [");
    log_fini(&l);
    run_check("security/default-service-account-used", DEPLOYMENT("a", "", SPEC_OK), &l);
    HAS(l.text, "  spec.template.spec.serviceAccountName [");
    log_fini(&l);
}

static void an_exempted_container_does_not_hide_what_the_pod_sets(void **state unused_arg)
{
    struct log l;

    run_check("security/seccomp-unconfined",
              DEPLOYMENT("a", NOTES("kube9.io/exempt-containers: app, kube9.io/exempt-reason: x"),
                         "{securityContext: {seccompProfile: {type: Unconfined}}, containers: "
                         "[{name: app, image: b}, {name: other, image: b}]}"),
              &l);
    HAS(l.text, "failing Deployment shop/a");
    HAS(l.text, "the Pod switches seccomp off");
    log_fini(&l);
}

#define SERVICE(name, type)                                                                        \
    "---\napiVersion: v1\nkind: Service\nmetadata: {name: " name ", namespace: shop}\n"            \
    "spec: {type: " type ", selector: {app: a}, ports: [{port: 80}]}\n"

static void a_service_that_leads_outside_counts_whatever_its_name(void **state unused_arg)
{
    struct log l;

    run_check("security/network-policy-pod-isolation",
              DEPLOYMENT("a", "", SPEC_OK) SERVICE("a", "ClusterIP") SERVICE("z", "LoadBalancer"),
              &l);
    HAS(l.text, "failing Deployment shop/a");
    log_fini(&l);
}

static void policies_of_other_kinds_make_it_a_warning(void **state unused_arg)
{
    struct log l;

    run_check("security/network-policy-namespace",
              "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"
              "---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
              "metadata: {name: ciliumnetworkpolicies.cilium.io}\n"
              "spec: {group: cilium.io, names: {plural: ciliumnetworkpolicies, kind: "
              "CiliumNetworkPolicy}}\n" DEPLOYMENT("a", "", SPEC_OK),
              &l);
    HAS(l.text, "warning Namespace /shop");
    log_fini(&l);
}

static void a_target_of_an_unknown_kind_is_not_missing(void **state unused_arg)
{
    struct log l;

    run_check("performance-efficiency/vpa-sanity",
              "---\napiVersion: autoscaling.k8s.io/v1\nkind: VerticalPodAutoscaler\n"
              "metadata: {name: v, namespace: shop}\n"
              "spec: {targetRef: {apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: r}}\n",
              &l);
    HAS(l.results, "skipped not-applicable");
    log_fini(&l);
}

static void with_no_permission_at_all_everything_is_skipped(void **state unused_arg)
{
    struct assessment_options o = { .mode = ASSESS_FULL };
    struct fake_snapshot f;
    struct log l;

    fake_snapshot_init(&f);
    f.s.live = true;
    for (int k = 0; k < KIND_COUNT; k++)
        f.s.state[k] = KIND_DENIED;
    f.s.server_minor = 0;
    run(&f, &o, &l);
    assert_int_equal(l.sum.counts.skipped, l.sum.counts.total);
    assert_int_equal(l.sum.score, -1);
    assert_string_equal(l.sum.grade, "");
    assert_int_equal(l.sum.evaluated, 0);
    log_fini(&l);
    fake_snapshot_fini(&f);
}

static const char crowd[] = DEPLOYMENT("a", "", SPEC_BAD) DEPLOYMENT("b", "", SPEC_OK) DEPLOYMENT(
    "c", "", SPEC_BAD) REPLICA_SET("a-1",
                                   OWNER("apps/v1", "Deployment",
                                         "a")) POD("a-1-x", OWNER("apps/v1", "ReplicaSet", "a-1"),
                                                   SPEC_MESH) POD("p1", "", SPEC_BAD) POD("p2", "",
                                                                                          SPEC_BAD)
    POD("p3", "", SPEC_MESH) POD("w-0", OWNER("example.org/v1", "Workflow", "w"), SPEC_BAD) POD(
        "w-1", OWNER("example.org/v1", "Workflow", "w"),
        SPEC_BAD) "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: shop}}\n"
                  "---\napiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: shop}\nspec: {selector: {app: a}, ports: [{port: 80}]}\n"
                  "---\napiVersion: v1\nkind: Service\nmetadata: {name: t, namespace: shop}\nspec: {selector: {app: a}, type: NodePort, ports: [{port: 80}]}\n"
                  "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: m, namespace: shop}\ndata: {password: correct-horse-battery}\n"
                  "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r}\nrules: [{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]\n"
                  "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: z}\nroleRef: {kind: ClusterRole, name: r}\nsubjects: [{kind: User, name: u}]\n"
                  "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: y}\nroleRef: {kind: ClusterRole, name: r}\nsubjects: [{kind: User, name: u}]\n";

static void order_of_objects_and_memory_of_specs_change_nothing(void **state unused_arg)
{
    struct assessment_options o = { .mode = ASSESS_FULL, .want_skipped = true }, plain = o;
    struct fake_snapshot f;
    struct log first, reversed, judged_anew;

    plain.no_memo = true;
    load(&f, crowd);
    run(&f, &o, &first);
    run(&f, &plain, &judged_anew);
    fake_snapshot_reverse(&f);
    run(&f, &o, &reversed);
    assert_true(first.n > 50);
    assert_string_equal(text_of(&first.text), text_of(&judged_anew.text));
    assert_string_equal(text_of(&first.text), text_of(&reversed.text));
    assert_string_equal(text_of(&first.results), text_of(&judged_anew.results));
    assert_string_equal(text_of(&first.results), text_of(&reversed.results));
    assert_memory_equal(&first.sum.counts, &reversed.sum.counts, sizeof(first.sum.counts));
    for (size_t i = 0; i < first.sum.n_top; i++)
        assert_string_equal(first.sum.top[i].message, reversed.sum.top[i].message);
    log_fini(&first);
    log_fini(&reversed);
    log_fini(&judged_anew);
    fake_snapshot_fini(&f);
}

static void no_message_holds_a_secret(void **state unused_arg)
{
    struct assessment_options o = { .mode = ASSESS_FULL };
    struct fake_snapshot f;
    struct log l;

    load(&f, crowd);
    run(&f, &o, &l);
    HAS(l.text, "key 'password' looks like it holds a credential");
    LACKS(l.text, "correct-horse");
    log_fini(&l);
    fake_snapshot_fini(&f);
}

static void fingerprints_do_not_depend_on_pod_names_or_offenders(void **state unused_arg)
{
    struct log a, b;
    const char *from, *to;

    run_check("security/privileged-container",
              POD("w-0", OWNER("example.org/v1", "Workflow", "w"), SPEC_BAD), &a);
    run_check("security/privileged-container",
              POD("w-777", OWNER("example.org/v1", "Workflow", "w"), SPEC_MESH), &b);
    from = strstr(text_of(&a.text), "] ");
    to = strstr(text_of(&b.text), "] ");
    assert_non_null(from);
    assert_non_null(to);
    assert_string_equal(from, to);
    log_fini(&a);
    log_fini(&b);
}

static bool stop_at_once(void *arg unused_arg)
{
    return true;
}

static void a_run_that_is_stopped_is_partial_and_passes_nothing(void **state unused_arg)
{
    struct assessment_options o = { .mode = ASSESS_FULL, .stop = stop_at_once };
    struct fake_snapshot f;
    struct log l;

    load(&f, crowd);
    run(&f, &o, &l);
    assert_true(l.sum.partial);
    assert_int_equal(l.sum.counts.passing, 0);
    assert_int_equal(l.sum.counts.total, checks_count());
    log_fini(&l);
    fake_snapshot_fini(&f);
}

static int refuse(void *arg unused_arg, const struct finding *f unused_arg)
{
    return -1;
}

static void a_sink_can_cancel(void **state unused_arg)
{
    struct assessment_options o = { .mode = ASSESS_FULL };
    struct assess_sink sink = { .finding = refuse };
    struct assessment_summary sum;
    struct fake_snapshot f;
    struct error e = { 0 };

    load(&f, crowd);
    assert_int_equal(assess_run(&f.s, &o, &sink, &sum, &e), -1);
    assert_int_equal(e.code, ERR_CANCELLED);
    fake_snapshot_fini(&f);
}

static void expect_usage(const struct assessment_options *o, const char *word)
{
    struct assess_sink sink = { 0 };
    struct assessment_summary sum;
    struct fake_snapshot f;
    struct error e = { 0 };

    fake_snapshot_init(&f);
    assert_int_equal(assess_run(&f.s, o, &sink, &sum, &e), -1);
    assert_int_equal(e.code, ERR_USAGE);
    assert_non_null(strstr(e.text, word));
    fake_snapshot_fini(&f);
}

static void a_wrong_selection_is_an_error_and_no_empty_run(void **state unused_arg)
{
    const char *gone[] = { "security/gone", NULL };

    expect_usage(&(struct assessment_options){ .include = gone }, "security/gone");
    expect_usage(&(struct assessment_options){ .exclude = gone }, "security/gone");
    expect_usage(&(struct assessment_options){ .profile = "gone" }, "gone");
    expect_usage(&(struct assessment_options){ .mode = ASSESS_PILLAR }, "pillar");
    expect_usage(&(struct assessment_options){ .mode = ASSESS_SINGLE_CHECK }, "exactly one check");
}

static void selection_follows_mode_lists_and_profile(void **state unused_arg)
{
    const char *alias[] = { "reliability.resource-limits", NULL },
               *exclude[] = { "security/host-*", NULL };
    struct assessment_options pillar = { .mode = ASSESS_PILLAR, .pillars = 1U << CHECK_COST },
                              by_alias = { .include = alias }, without = { .exclude = exclude },
                              strict = { .profile = "strict" }, pss = { .profile = "pss-baseline" };
    struct fake_snapshot f;
    struct log l;

    load(&f, crowd);
    run(&f, &pillar, &l);
    assert_int_equal(l.sum.counts.total, l.sum.pillars[CHECK_COST].counts.total);
    log_fini(&l);
    run(&f, &by_alias, &l);
    HAS(l.results, "reliability/memory-limit failing");
    HAS(l.results, "reliability/cpu-limit skipped disabled");
    assert_int_equal(l.sum.counts.total, 2);
    log_fini(&l);
    run(&f, &without, &l);
    HAS(l.results, "security/host-network skipped disabled");
    log_fini(&l);
    run(&f, &strict, &l);
    HAS(l.results, "reliability/cpu-limit warning");
    log_fini(&l);
    run(&f, &pss, &l);
    HAS(l.results, "security/privileged-container failing");
    LACKS(l.results, "reliability/");
    log_fini(&l);
    fake_snapshot_fini(&f);
}

static void a_namespace_selector_leaves_the_rest_out(void **state unused_arg)
{
    struct assessment_options o = { .mode = ASSESS_FULL };
    struct fake_snapshot f;
    struct log l;
    autoobject struct object *sel = NULL;

    load(
        &f,
        "---\napiVersion: kube9.io/v1alpha1\nkind: AssessmentRun\nmetadata: {name: r}\nspec: {namespaceSelector: {matchLabels: {team: other}}}\n");
    sel = object_ref(f.v[KIND_ASSESSMENT_RUN][0]);
    fake_snapshot_fini(&f);
    o.namespaces =
        assessment_run_spec_namespace_selector(assessment_run_spec(assessment_run_of(sel)));
    load(&f, crowd);
    run(&f, &o, &l);
    LACKS(l.text, " shop/");
    HAS(l.text, "ClusterRoleBinding /z"); // what is cluster-wide is always looked at
    log_fini(&l);
    fake_snapshot_fini(&f);
}

static void top_findings_are_the_worst_and_not_all_of_one_check(void **state unused_arg)
{
    struct assessment_options o = { .mode = ASSESS_FULL };
    struct fake_snapshot f;
    struct log l;
    uint32_t same = 0;

    load(&f, crowd);
    run(&f, &o, &l);
    assert_int_equal(l.sum.n_top, ASSESS_TOP_MAX);
    assert_int_equal(l.sum.top[0].severity, CHECK_CRITICAL);
    for (size_t i = 1; i < l.sum.n_top; i++) {
        assert_true(l.sum.top[i - 1].verdict >= l.sum.top[i].verdict);
        same += strcmp(l.sum.top[i].check->id, "security/privileged-container") == 0;
    }
    assert_in_range(same, 1, 3);
    log_fini(&l);
    fake_snapshot_fini(&f);
}

RUN(T(pods_of_a_deployment_are_one_unit), T(a_message_that_is_too_long_ends_at_a_whole_character),
    T(pods_of_an_unreadable_owner_are_one_unit),
    T(old_replica_sets_mirror_pods_and_dying_pods_are_no_units),
    T(an_injected_container_is_reported_once_under_the_owner),
    T(an_annotation_exempts_with_reason_until_its_date), T(an_exemption_ends_at_its_very_instant),
    T(an_odd_annotation_is_noticed_once), T(odd_annotations_are_noticed),
    T(nobody_exempts_himself_from_critical_security_checks), T(a_namespace_exempts_what_is_in_it),
    T(an_exemption_can_be_for_single_containers), T(labels_of_2_4_still_exempt),
    T(platform_namespaces_are_counted_and_not_judged),
    T(the_configuration_exempts_by_kind_name_and_labels), T(what_cannot_be_read_never_passes),
    T(what_could_not_be_decoded_is_not_judged),
    T(a_policy_that_could_not_be_decoded_protects_nobody),
    T(a_field_is_named_from_the_object_or_from_its_pod_spec),
    T(an_exempted_container_does_not_hide_what_the_pod_sets),
    T(a_service_that_leads_outside_counts_whatever_its_name),
    T(a_target_of_an_unknown_kind_is_not_missing), T(policies_of_other_kinds_make_it_a_warning),
    T(with_no_permission_at_all_everything_is_skipped),
    T(order_of_objects_and_memory_of_specs_change_nothing), T(no_message_holds_a_secret),
    T(fingerprints_do_not_depend_on_pod_names_or_offenders),
    T(a_run_that_is_stopped_is_partial_and_passes_nothing), T(a_sink_can_cancel),
    T(a_wrong_selection_is_an_error_and_no_empty_run), T(selection_follows_mode_lists_and_profile),
    T(a_namespace_selector_leaves_the_rest_out),
    T(top_findings_are_the_worst_and_not_all_of_one_check))
