// SPDX-License-Identifier: Apache-2.0
// Cost of a Pod in the cache: time of decoding, bytes after it. Two clusters are made up, as DESIGN
// §4 asks: ordinary Pods of 2.8 kB, and Pods of 8.6 kB with environment and annotations of their
// own, 20 Pods per template each. bench_decode [PODS] prints three lines per cluster.
#include "apis/shared.h"
#include "apis/types.h"
#include "base/alloc.h"
#include <malloc.h>

#define PER_TEMPLATE 20

struct fixture {
    const char *name;
    uint32_t env, sidecars, annotations;
};

static const struct fixture fixtures[] = {
    {"2.8 kB Pods",  0,  0, 0},
    { "8.6 kB Pods", 20, 1, 8},
};

static void add_meta(struct buf *b, const struct fixture *f, uint32_t i)
{
    uint32_t t = i / PER_TEMPLATE;
    buf_addf(
        b,
        "{\"metadata\":{\"name\":\"service-%u-7d9f8c6%03x-x%04x\",\"generateName\":\"service-%u-7d9f8c6%03x-\","
        "\"namespace\":\"team-%u\",\"uid\":\"6f1f2c3d-4e5f-4a6b-8c7d-%012x\","
        "\"resourceVersion\":\"%u\",\"creationTimestamp\":\"2026-03-04T05:06:07Z\","
        "\"labels\":{\"app.kubernetes.io/name\":\"service-%u\",\"app.kubernetes.io/instance\":\"prod\",\"pod-template-hash\":\"7d9f8c6%03x\"},",
        t, t & 0xfff, i, t, t & 0xfff, t % 50, i, 1000000 + i, t, t & 0xfff);
    if (f->annotations) {
        buf_adds(b, "\"annotations\":{");
        for (uint32_t a = 0; a < f->annotations; a++)
            buf_addf(b, "%s\"checksum/config-%u\":\"%064x\"", a ? "," : "", a, i * 31 + a);
        buf_adds(b, "},");
    }
    buf_addf(
        b,
        "\"ownerReferences\":[{\"apiVersion\":\"apps/v1\",\"kind\":\"ReplicaSet\",\"name\":\"service-%u-7d9f8c6%03x\","
        "\"uid\":\"0a1b2c3d-4e5f-4a6b-8c7d-%012x\",\"controller\":true,\"blockOwnerDeletion\":true}]},",
        t, t & 0xfff, t);
}

static const char readiness[] =
    "\"readinessProbe\":{\"httpGet\":{\"path\":\"/ready\",\"port\":8080,\"scheme\":\"HTTP\"},\"timeoutSeconds\":1,\"periodSeconds\":10,\"successThreshold\":1,\"failureThreshold\":3},";

static void add_container(struct buf *b, const struct fixture *f, uint32_t i, uint32_t c)
{
    uint32_t t = i / PER_TEMPLATE;
    buf_addf(
        b,
        "%s{\"name\":\"%s\",\"image\":\"registry.example.com/team-%u/service-%u:v1.2.%u\","
        "\"ports\":[{\"name\":\"http\",\"containerPort\":8080,\"protocol\":\"TCP\"}],\"env\":[",
        c ? "," : "", c ? "proxy" : "app", t % 50, t, t);
    for (uint32_t e = 0; e < f->env; e++)
        buf_addf(b, "%s{\"name\":\"SETTING_%u\",\"value\":\"value-%u-of-pod-%u-%032x\"}",
                 e ? "," : "", e, e, i, i * 7 + e);
    buf_addf(
        b,
        "],\"resources\":{\"limits\":{\"cpu\":\"500m\",\"memory\":\"256Mi\"},\"requests\":{\"cpu\":\"100m\",\"memory\":\"128Mi\"}},"
        "\"volumeMounts\":[{\"name\":\"kube-api-access-%05x\",\"readOnly\":true,\"mountPath\":\"/var/run/secrets/kubernetes.io/serviceaccount\"}],"
        "\"livenessProbe\":{\"httpGet\":{\"path\":\"/healthz\",\"port\":8080,\"scheme\":\"HTTP\"},\"timeoutSeconds\":1,\"periodSeconds\":10,\"successThreshold\":1,\"failureThreshold\":3},"
        "%s"
        "\"terminationMessagePath\":\"/dev/termination-log\",\"terminationMessagePolicy\":\"File\",\"imagePullPolicy\":\"IfNotPresent\","
        "\"securityContext\":{\"capabilities\":{\"drop\":[\"ALL\"]},\"runAsNonRoot\":true,\"readOnlyRootFilesystem\":true,\"allowPrivilegeEscalation\":false}}",
        i & 0xfffff, f->sidecars ? readiness : "");
}

static const char tolerations[] =
    "\"tolerations\":[{\"key\":\"node.kubernetes.io/not-ready\",\"operator\":\"Exists\",\"effect\":\"NoExecute\",\"tolerationSeconds\":300},"
    "{\"key\":\"node.kubernetes.io/unreachable\",\"operator\":\"Exists\",\"effect\":\"NoExecute\",\"tolerationSeconds\":300}],";

static void add_spec(struct buf *b, const struct fixture *f, uint32_t i)
{
    buf_addf(
        b,
        "\"spec\":{\"volumes\":[{\"name\":\"kube-api-access-%05x\",\"projected\":{\"sources\":[{\"serviceAccountToken\":{\"expirationSeconds\":3607,\"path\":\"token\"}},"
        "{\"configMap\":{\"name\":\"kube-root-ca.crt\",\"items\":[{\"key\":\"ca.crt\",\"path\":\"ca.crt\"}]}},"
        "{\"downwardAPI\":{\"items\":[{\"path\":\"namespace\",\"fieldRef\":{\"apiVersion\":\"v1\",\"fieldPath\":\"metadata.namespace\"}}]}}],\"defaultMode\":420}}],\"containers\":[",
        i & 0xfffff);
    for (uint32_t c = 0; c <= f->sidecars; c++)
        add_container(b, f, i, c);
    buf_addf(
        b,
        "],\"restartPolicy\":\"Always\",\"terminationGracePeriodSeconds\":30,\"dnsPolicy\":\"ClusterFirst\",\"serviceAccountName\":\"default\","
        "\"serviceAccount\":\"default\",\"nodeName\":\"node-%u\",\"securityContext\":{},\"schedulerName\":\"default-scheduler\","
        "%s\"priority\":0,\"enableServiceLinks\":true,\"preemptionPolicy\":\"PreemptLowerPriority\"},",
        i % 300, f->sidecars ? tolerations : "");
}

static void add_status(struct buf *b, const struct fixture *f, uint32_t i)
{
    static const char *const types[] = { "PodReadyToStartContainers", "Initialized", "Ready",
                                         "ContainersReady", "PodScheduled" };
    buf_adds(b, "\"status\":{\"phase\":\"Running\",\"conditions\":[");
    for (uint32_t c = 0; c < 5; c++)
        buf_addf(
            b,
            "%s{\"type\":\"%s\",\"status\":\"True\",\"lastProbeTime\":null,\"lastTransitionTime\":\"2026-03-04T05:%02u:%02uZ\"}",
            c ? "," : "", types[c], i % 60, c);
    buf_addf(
        b,
        "],\"hostIP\":\"10.0.%u.%u\",\"podIP\":\"10.1.%u.%u\",\"podIPs\":[{\"ip\":\"10.1.%u.%u\"}],\"startTime\":\"2026-03-04T05:06:07Z\",\"containerStatuses\":[",
        i % 300 / 250, i % 250, i / 250, i % 250, i / 250, i % 250);
    for (uint32_t c = 0; c <= f->sidecars; c++)
        buf_addf(
            b,
            "%s{\"name\":\"%s\",\"state\":{\"running\":{\"startedAt\":\"2026-03-04T05:06:09Z\"}},\"lastState\":{},\"ready\":true,\"restartCount\":0,"
            "\"image\":\"registry.example.com/service:v1\",\"imageID\":\"registry.example.com/service@sha256:%064x\",\"containerID\":\"containerd://%064x\",\"started\":true}",
            c ? "," : "", c ? "proxy" : "app", i / PER_TEMPLATE, i);
    buf_adds(b, "],\"qosClass\":\"Burstable\"}}");
}

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static size_t heap_used(void)
{
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

static void die(const struct error *e)
{
    fprintf(stderr, "%s\n", e->text);
    exit(1);
}

static struct object *decode(struct str text, struct json_pool *pool)
{
    struct error e;
    struct json_doc doc;
    struct object *o = NULL;
    if (json_parse(text, pool, &doc, &e) ||
        object_decode(kind_get(KIND_POD), json_root(&doc), (struct decode_options){ 0 }, &o, &e))
        die(&e);
    return o;
}

static void make_pod(const struct fixture *f, uint32_t i, struct buf *text)
{
    buf_init(text, (size_t)1 << 20);
    add_meta(text, f, i);
    add_spec(text, f, i);
    add_status(text, f, i);
}

// CPU of one pass over all texts: parsing alone, or with decoding.
static double pass(const struct buf *texts, uint32_t pods, struct json_pool *pool,
                   struct object **ret)
{
    double start = cpu_ms();
    for (uint32_t i = 0; i < pods; i++) {
        struct json_doc doc;
        struct error e;
        if (ret)
            ret[i] = decode(buf_str(&texts[i]), pool);
        else if (json_parse(buf_str(&texts[i]), pool, &doc, &e))
            die(&e);
    }
    return cpu_ms() - start;
}

static void bench(const struct fixture *f, uint32_t pods)
{
    struct object **objects = xcalloc(pods, sizeof(struct object *));
    struct buf *texts = xcalloc(pods, sizeof(*texts));
    struct json_pool *pool = json_pool_new((size_t)16 << 20);
    size_t bytes = 0, atoms = atom_bytes();
    for (uint32_t i = 0; i < pods; i++) {
        make_pod(f, i, &texts[i]);
        bytes += texts[i].n;
    }
    double parse = pass(texts, pods, pool, NULL);
    size_t before = heap_used();
    double all = pass(texts, pods, pool, objects);
    size_t heap = heap_used() - before;
    printf("%s: %u Pods, %zu bytes of JSON each\n", f->name, pods, bytes / pods);
    printf("  CPU   parse %.1f ms + decode %.1f ms (%.0f + %.0f ns per Pod)\n", parse, all - parse,
           parse * 1e6 / pods, (all - parse) * 1e6 / pods);
    printf("  heap  %zu bytes per Pod (block %zu, %zu specs of %zu bytes, atoms %zu)\n",
           heap / pods, object_bytes(objects[pods / 2]), shared_blocks(),
           shared_block_bytes() / shared_blocks(), (atom_bytes() - atoms) / pods);
    for (uint32_t i = 0; i < pods; i++) {
        object_unref(objects[i]);
        buf_fini(&texts[i]);
    }
    json_pool_free(pool);
    free(texts);
    free(objects);
}

int main(int argc, char **argv)
{
    int64_t pods = 10000;
    if (argc > 1 && (str_i64(str_of(argv[1]), &pods) || pods < 2 || pods > 1000000))
        return 2;
    for (size_t i = 0; i < ARRAY_SIZE(fixtures); i++)
        bench(&fixtures[i], (uint32_t)pods);
    return 0;
}
