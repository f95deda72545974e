// SPDX-License-Identifier: Apache-2.0
// CPU time and memory of one assessment: all checks over 10,000 Pods of 2,000 workloads. Budget:
// 100 ms of CPU (DESIGN §9).
#include "controller/checks/checks.h"
#include "controller/checks/fake_snapshot.h"

#include "base/alloc.h"
#include "base/json.h"
#include <sys/resource.h>

#define NAMESPACES 50
#define WORKLOADS  2000
#define PODS       5 // per workload
#define BUDGET_MS  100.0
#define ROUNDS     7

static void add(struct fake_snapshot *f, enum kind_id kind, const char *text)
{
    struct json_doc doc = { 0 };
    struct object *o = NULL;
    struct error e = { 0 };

    if (json_parse(str_of(text), NULL, &doc, &e) < 0 ||
        object_decode(kind_get(kind), json_root(&doc), (struct decode_options){ 0 }, &o, &e) < 0) {
        fprintf(stderr, "bench: %s\n", e.text);
        exit(1);
    }
    json_free(&doc);
    fake_snapshot_add(f, o);
}

static void addf(struct fake_snapshot *f, enum kind_id kind, const char *fmt, ...)
    printf_like(3, 4);

static void addf(struct fake_snapshot *f, enum kind_id kind, const char *fmt, ...)
{
    char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0)
        exit(1);
    va_end(ap);
    add(f, kind, text);
    free(text);
}

// Half of the workloads are careless and half careful, so that both ways through a check are
// walked.
static const char *pod_spec(int i)
{
    static const char careful[] =
        "{\"serviceAccountName\":\"app\",\"automountServiceAccountToken\":false,\"securityContext\":{\"runAsNonRoot\":true,\"runAsUser\":10001,"
        "\"seccompProfile\":{\"type\":\"RuntimeDefault\"}},\"containers\":[{\"name\":\"app\",\"image\":\"registry.example.org/app:1.0\","
        "\"ports\":[{\"name\":\"http\",\"containerPort\":8080}],\"resources\":{\"requests\":{\"cpu\":\"100m\",\"memory\":\"128Mi\"},\"limits\":{\"memory\":\"128Mi\"}},"
        "\"livenessProbe\":{\"httpGet\":{\"path\":\"/\",\"port\":\"http\"}},\"readinessProbe\":{\"httpGet\":{\"path\":\"/\",\"port\":\"http\"}},"
        "\"securityContext\":{\"allowPrivilegeEscalation\":false,\"readOnlyRootFilesystem\":true,\"capabilities\":{\"drop\":[\"ALL\"]}}}]}";
    static const char careless[] =
        "{\"containers\":[{\"name\":\"app\",\"image\":\"nginx\",\"env\":[{\"name\":\"DB_PASSWORD\",\"value\":\"correct-horse\"},{\"name\":\"MODE\",\"value\":\"x\"}],"
        "\"ports\":[{\"containerPort\":80}]},{\"name\":\"side\",\"image\":\"busybox:latest\",\"volumeMounts\":[{\"name\":\"cfg\",\"mountPath\":\"/c\"}]}],"
        "\"initContainers\":[{\"name\":\"init\",\"image\":\"busybox:1.36\"}],\"volumes\":[{\"name\":\"cfg\",\"configMap\":{\"name\":\"settings\"}}]}";

    return i % 2 ? careful : careless;
}

static void add_workload(struct fake_snapshot *f, int i)
{
    int ns = i % NAMESPACES;

    addf(
        f, KIND_DEPLOYMENT,
        "{\"metadata\":{\"name\":\"app-%d\",\"namespace\":\"ns-%d\",\"labels\":{\"app\":\"app-%d\"}},\"spec\":{\"replicas\":%d,\"selector\":{\"matchLabels\":"
        "{\"app\":\"app-%d\"}},\"template\":{\"metadata\":{\"labels\":{\"app\":\"app-%d\",\"tier\":\"web\"}},\"spec\":%s}}}",
        i, ns, i, PODS, i, i, pod_spec(i));
    addf(
        f, KIND_REPLICA_SET,
        "{\"metadata\":{\"name\":\"app-%d-rs\",\"namespace\":\"ns-%d\",\"ownerReferences\":[{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"name\":\"app-%d\","
        "\"uid\":\"1\",\"controller\":true}]},\"spec\":{\"replicas\":%d,\"selector\":{\"matchLabels\":{\"app\":\"app-%d\"}},\"template\":{\"metadata\":"
        "{\"labels\":{\"app\":\"app-%d\"}},\"spec\":%s}}}",
        i, ns, i, PODS, i, i, pod_spec(i));
    for (int p = 0; p < PODS; p++)
        addf(
            f, KIND_POD,
            "{\"metadata\":{\"name\":\"app-%d-rs-%d\",\"namespace\":\"ns-%d\",\"labels\":{\"app\":\"app-%d\"},\"ownerReferences\":[{\"apiVersion\":\"apps/v1\","
            "\"kind\":\"ReplicaSet\",\"name\":\"app-%d-rs\",\"uid\":\"1\",\"controller\":true}]},\"spec\":%s,\"status\":{\"phase\":\"Running\"}}",
            i, p, ns, i, i, pod_spec(i));
    if (i % 2)
        addf(
            f, KIND_SERVICE,
            "{\"metadata\":{\"name\":\"app-%d\",\"namespace\":\"ns-%d\"},\"spec\":{\"selector\":{\"app\":\"app-%d\"},\"ports\":[{\"port\":80,\"targetPort\":\"http\"}]}}",
            i, ns, i);
    if (i % 4 == 0)
        addf(
            f, KIND_POD_DISRUPTION_BUDGET,
            "{\"metadata\":{\"name\":\"app-%d\",\"namespace\":\"ns-%d\"},\"spec\":{\"maxUnavailable\":1,\"selector\":{\"matchLabels\":{\"app\":\"app-%d\"}}}}",
            i, ns, i);
    if (i % 4 == 1)
        addf(
            f, KIND_CONFIG_MAP,
            "{\"metadata\":{\"name\":\"settings-%d\",\"namespace\":\"ns-%d\"},\"data\":{\"a\":\"b\",\"token\":\"correct-horse\"}}",
            i, ns);
}

static void add_namespace(struct fake_snapshot *f, int i)
{
    addf(f, KIND_NAMESPACE, "{\"metadata\":{\"name\":\"ns-%d\"}}", i);
    addf(f, KIND_SERVICE_ACCOUNT, "{\"metadata\":{\"name\":\"app\",\"namespace\":\"ns-%d\"}}", i);
    addf(
        f, KIND_NODE,
        "{\"metadata\":{\"name\":\"node-%d\"},\"status\":{\"allocatable\":{\"cpu\":\"16\",\"memory\":\"64Gi\"}}}",
        i);
    addf(
        f, KIND_ROLE,
        "{\"metadata\":{\"name\":\"r\",\"namespace\":\"ns-%d\"},\"rules\":[{\"apiGroups\":[\"\"],\"resources\":[\"secrets\"],\"verbs\":[\"list\"]}]}",
        i);
    addf(
        f, KIND_ROLE_BINDING,
        "{\"metadata\":{\"name\":\"r\",\"namespace\":\"ns-%d\"},\"roleRef\":{\"kind\":\"Role\",\"name\":\"r\"},\"subjects\":[{\"kind\":\"ServiceAccount\",\"name\":\"app\"}]}",
        i);
    if (i % 2)
        addf(
            f, KIND_NETWORK_POLICY,
            "{\"metadata\":{\"name\":\"p\",\"namespace\":\"ns-%d\"},\"spec\":{\"podSelector\":{},\"policyTypes\":[\"Ingress\"],\"ingress\":[{\"from\":[{\"podSelector\":"
            "{\"matchLabels\":{\"tier\":\"web\"}}}]}]}}",
            i);
}

static double cpu_ms(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double)u.ru_utime.tv_sec * 1e3 + (double)u.ru_utime.tv_usec / 1e3 +
           (double)u.ru_stime.tv_sec * 1e3 + (double)u.ru_stime.tv_usec / 1e3;
}

static int count_finding(void *arg, const struct finding *f unused_arg)
{
    ++*(uint64_t *)arg;
    return 0;
}

static void measure(const struct fake_snapshot *f, const char *what)
{
    uint64_t findings = 0;
    struct assess_sink sink = { .finding = count_finding, .arg = &findings };
    struct assessment_options o = { .mode = ASSESS_FULL };
    struct assessment_summary sum;
    struct error e = { 0 };
    double best = 1e9;

    for (int i = 0; i < ROUNDS; i++) {
        double start = cpu_ms();
        findings = 0;
        if (assess_run(&f->s, &o, &sink, &sum, &e) < 0) {
            fprintf(stderr, "bench: %s\n", e.text);
            exit(1);
        }
        best = MIN(best, cpu_ms() - start);
    }
    printf("assess_cpu_ms{%s} %.1f budget %.0f %s (%zu checks, %" PRIu32 " units, %" PRIu64
           " findings, score %d)\n",
           what, best, BUDGET_MS, best <= BUDGET_MS ? "ok" : "OVER", checks_count(), sum.objects,
           findings, sum.score);
}

// The same number of Pods without a controller: every Pod is a unit.
static void add_bare_pods(struct fake_snapshot *f)
{
    for (int i = 0; i < WORKLOADS * PODS; i++)
        addf(
            f, KIND_POD,
            "{\"metadata\":{\"name\":\"bare-%d\",\"namespace\":\"ns-%d\",\"labels\":{\"app\":\"bare\"}},\"spec\":%s,\"status\":{\"phase\":\"Running\"}}",
            i, i % NAMESPACES, pod_spec(i));
}

int main(void)
{
    struct fake_snapshot f, bare;
    struct rusage before, after;

    fake_snapshot_init(&f);
    for (int i = 0; i < NAMESPACES; i++)
        add_namespace(&f, i);
    for (int i = 0; i < WORKLOADS; i++)
        add_workload(&f, i);
    f.s.live = true;
    getrusage(RUSAGE_SELF, &before);
    measure(&f, "pods=10000,workloads=2000");
    getrusage(RUSAGE_SELF, &after);
    printf("assess_peak_kib %ld\n", after.ru_maxrss - before.ru_maxrss);
    fake_snapshot_fini(&f);

    fake_snapshot_init(&bare);
    add_bare_pods(&bare);
    bare.s.live = true;
    measure(&bare, "bare_pods=10000");
    fake_snapshot_fini(&bare);
    return 0;
}
