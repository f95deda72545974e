// SPDX-License-Identifier: Apache-2.0
// Cost of the cluster in memory, without network: the list of N Pods (2.5 kB each, 20 per template)
// comes from memory in pieces of 16 kB through splitter, parser, decoder and cache; then 5,000
// updates of single Pods as watch lines; then the same list again (relist), and an epoch.
// Budgets (DESIGN §9): 10k Pods ≤ 0.09 s of CPU with transport; 5,000 updates ≤ 0.06 s; 500 B a
// Pod.
//   bench_informer [pods]...      default: 10000 100000
#include "base/alloc.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "informer/cache.h"
#include "informer/split.h"
#include <malloc.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#define PIECE        16384
#define PER_TEMPLATE 20
#define UPDATES      5000

struct bench {
    struct cache *cache;
    struct json_pool *pool;
    size_t items, text, kept;
};

static double cpu(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t heap_bytes(void)
{
    struct mallinfo2 m = mallinfo2();

    return m.uordblks + m.hblkhd;
}

static void add_pod(struct buf *b, int i, int rv, bool with_kind)
{
    int app = i / PER_TEMPLATE;

    buf_addf(b, "{%s\"metadata\":{\"name\":\"app-%d-%08x-%05x\",\"generateName\":\"app-%d-%08x-\",",
             with_kind ? "\"kind\":\"Pod\",\"apiVersion\":\"v1\"," : "", app,
             (unsigned)app * 2654435761u, (unsigned)i * 40503u & 0xfffff, app,
             (unsigned)app * 2654435761u);
    buf_addf(
        b,
        "\"namespace\":\"ns-%d\",\"uid\":\"%08x-1111-4222-8333-%012x\",\"resourceVersion\":\"%d\","
        "\"creationTimestamp\":\"2026-01-02T03:04:05Z\",\"labels\":{\"app\":\"app-%d\","
        "\"pod-template-hash\":\"%08x\"},",
        app % 50, (unsigned)i, (unsigned)i, rv, app, (unsigned)app * 2654435761u);
    buf_addf(b,
             "\"ownerReferences\":[{\"apiVersion\":\"apps/v1\",\"kind\":\"ReplicaSet\",\"name\":"
             "\"app-%d\",\"uid\":\"%08x-aaaa-4222-8333-000000000000\",\"controller\":true,"
             "\"blockOwnerDeletion\":true}],",
             app, (unsigned)app);
    buf_adds(b,
             "\"managedFields\":[{\"manager\":\"kube-controller-manager\",\"operation\":\"Update\","
             "\"apiVersion\":\"v1\",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":{\"f:metadata\":{"
             "\"f:generateName\":{},\"f:labels\":{\".\":{},\"f:app\":{},\"f:pod-template-hash\":{}"
             "},\"f:ownerReferences\":{\".\":{},\"k:{\\\"uid\\\":\\\"x\\\"}\":{}}},\"f:spec\":{"
             "\"f:containers\":{\"k:{\\\"name\\\":\\\"main\\\"}\":{\".\":{},\"f:image\":{},"
             "\"f:imagePullPolicy\":{},\"f:name\":{},\"f:resources\":{\".\":{},\"f:limits\":{}}}}"
             ",\"f:dnsPolicy\":{},\"f:restartPolicy\":{}}}}]},");
    buf_addf(
        b,
        "\"spec\":{\"volumes\":[{\"name\":\"kube-api-access-%05x\",\"projected\":{\"sources\":[{"
        "\"serviceAccountToken\":{\"expirationSeconds\":3607,\"path\":\"token\"}}],"
        "\"defaultMode\":420}}],\"containers\":[{\"name\":\"main\",\"image\":"
        "\"registry.example/team/app-%d:1.2.3\",\"ports\":[{\"containerPort\":8080,\"protocol\":"
        "\"TCP\"}],\"env\":[{\"name\":\"MODE\",\"value\":\"prod\"},{\"name\":\"LEVEL\",\"value\":"
        "\"info\"}],\"resources\":{\"limits\":{\"cpu\":\"500m\",\"memory\":\"256Mi\"},"
        "\"requests\":{\"cpu\":\"100m\",\"memory\":\"128Mi\"}},",
        (unsigned)i * 7919u & 0xfffff, app);
    buf_addf(b,
             "\"volumeMounts\":[{\"name\":\"kube-api-access-%05x\",\"readOnly\":true,\"mountPath\":"
             "\"/var/run/secrets/kubernetes.io/serviceaccount\"}],\"livenessProbe\":{\"httpGet\":{"
             "\"path\":\"/healthz\",\"port\":8080,\"scheme\":\"HTTP\"},\"timeoutSeconds\":1},"
             "\"imagePullPolicy\":\"IfNotPresent\",\"securityContext\":{\"runAsNonRoot\":true,"
             "\"allowPrivilegeEscalation\":false,\"capabilities\":{\"drop\":[\"ALL\"]}}}],"
             "\"restartPolicy\":\"Always\",\"terminationGracePeriodSeconds\":30,\"dnsPolicy\":"
             "\"ClusterFirst\",\"serviceAccountName\":\"default\",\"nodeName\":\"node-%d\",",
             (unsigned)i * 7919u & 0xfffff, i % 200);
    buf_adds(b, "\"schedulerName\":\"default-scheduler\",\"tolerations\":[{\"key\":"
                "\"node.kubernetes.io/not-ready\",\"operator\":\"Exists\",\"effect\":\"NoExecute\","
                "\"tolerationSeconds\":300}],\"priority\":0,\"enableServiceLinks\":true},");
    buf_addf(
        b,
        "\"status\":{\"phase\":\"Running\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\","
        "\"lastTransitionTime\":\"2026-01-02T03:04:05Z\"}],\"hostIP\":\"10.0.0.1\",\"podIP\":"
        "\"10.1.%d.%d\",\"containerStatuses\":[{\"name\":\"main\",\"state\":{\"running\":{"
        "\"startedAt\":\"2026-01-02T03:04:05Z\"}},\"ready\":true,\"restartCount\":%d,\"image\":"
        "\"registry.example/team/app-%d:1.2.3\",\"imageID\":\"registry.example/team/app@sha256:"
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"}],\"qosClass\":"
        "\"Burstable\"}}",
        i / 250 % 250, i % 250, rv % 7, app);
}

static char *make_list(int pods, size_t *ret_n)
{
    struct buf b;

    buf_init(&b, (size_t)1 << 31);
    buf_adds(&b,
             "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"9\"},"
             "\"items\":[");
    for (int i = 0; i < pods; i++) {
        buf_adds(&b, i ? "," : "");
        add_pod(&b, i, i + 1, false);
    }
    buf_adds(&b, "]}");
    *ret_n = b.n;
    return buf_take(&b);
}

static void on_changed(void *arg, const struct object *old, const struct object *now, bool initial)
{
    (void)arg;
    (void)old;
    (void)now;
    (void)initial;
}

static void on_release(void *arg, struct object *o)
{
    (void)arg;
    object_unref(o);
}

static int only_split(void *arg, struct str text, struct error *e)
{
    struct bench *t = arg;

    (void)e;
    t->items++;
    t->text += text.n;
    return 0;
}

static int only_parse(void *arg, struct str text, struct error *e)
{
    struct bench *t = arg;
    struct json_doc doc;

    t->items++;
    return json_parse_without(text, "managedFields", t->pool, &doc, e);
}

static const struct object *held(const struct bench *t, json_val *obj)
{
    json_val *meta = json_get(obj, "metadata");
    struct str ns = json_text(json_get(meta, "namespace"));

    return cache_get(t->cache, atom_find(ns.p, ns.n), json_str(json_get(meta, "name"), ""));
}

static int whole(void *arg, struct str text, struct error *e)
{
    struct bench *t = arg;
    const struct object *before;
    struct json_doc doc;
    struct object *o;
    int64_t rv = 0;

    if (json_parse_without(text, "managedFields", t->pool, &doc, e) < 0)
        return -1;
    t->items++;
    before = held(t, json_root(&doc));
    if (before &&
        str_i64(json_text(json_path(json_root(&doc), "metadata.resourceVersion")), &rv) == 0 &&
        before->rv == (uint64_t)rv) {
        cache_stage_keep(t->cache, before);
        t->kept++;
        return 0;
    }
    if (object_decode(kind_get(KIND_POD), json_root(&doc), (struct decode_options){ 0 }, &o, e) < 0)
        return -1;
    cache_stage_put(t->cache, o);
    return 0;
}

static int update(void *arg, struct str text, struct error *e)
{
    struct bench *t = arg;
    struct json_doc doc;
    struct object *o;

    if (json_parse_without(text, "managedFields", t->pool, &doc, e) < 0)
        return -1;
    // As the informer does when metadata.generation did not move.
    if (object_decode(
            kind_get(KIND_POD), json_get(json_root(&doc), "object"),
            (struct decode_options){ .same_spec = held(t, json_get(json_root(&doc), "object")) },
            &o, e) < 0)
        return -1;
    cache_put(t->cache, o);
    return 0;
}

// One pass over the list; CPU seconds.
static double pass(struct bench *t, const char *text, size_t n, split_fn item)
{
    struct split_list s;
    struct split_list_end end;
    struct error e = { 0 };
    double before = cpu();
    int rc = 0;

    t->items = 0;
    split_list_init(&s, SPLIT_OBJECT_MAX, item, t);
    for (size_t at = 0; at < n && rc == 0; at += PIECE)
        rc = split_list_push(&s, text + at, MIN(PIECE, n - at), &e);
    if (rc == 0)
        rc = split_list_finish(&s, &end, &e);
    split_list_fini(&s);
    if (rc)
        printf("failed: %s\n", e.text);
    return cpu() - before;
}

static double updates(struct bench *t, int pods)
{
    struct split_lines s;
    struct error e = { 0 };
    struct buf b;
    double before;

    buf_init(&b, (size_t)1 << 30);
    for (int i = 0; i < UPDATES; i++) {
        buf_adds(&b, "{\"type\":\"MODIFIED\",\"object\":");
        add_pod(&b, (int)((unsigned)i * 7919u % (unsigned)pods), pods + i, true);
        buf_adds(&b, "}\n");
    }
    split_lines_init(&s, SPLIT_OBJECT_MAX, update, t);
    before = cpu();
    for (size_t at = 0; at < b.n; at += PIECE)
        if (split_lines_push(&s, b.p + at, MIN(PIECE, b.n - at), &e))
            printf("failed: %s\n", e.text);
    before = cpu() - before;
    split_lines_fini(&s);
    buf_fini(&b);
    return before;
}

static void row(const char *what, double seconds, size_t n, double mb)
{
    printf("  %-34s %8.1f ms  %7.2f us each", what, seconds * 1e3, seconds * 1e6 / (double)n);
    if (mb > 0)
        printf("  %7.0f MB/s", mb / seconds);
    printf("\n");
}

static void run(int pods)
{
    static const struct cache_events events = { on_changed, on_release };
    struct bench t = { .pool = json_pool_new(SPLIT_OBJECT_MAX * 16) };
    size_t n, before, after;
    char *text = make_list(pods, &n);
    double mb = (double)n / 1e6, seconds;

    printf("%d Pods, %.1f MB, %zu bytes each\n", pods, mb, n / (size_t)pods);
    row("split alone", pass(&t, text, n, only_split), (size_t)pods, mb);
    row("split, parse", pass(&t, text, n, only_parse), (size_t)pods, mb);
    before = heap_bytes();
    t.cache = cache_new(KIND_POD, &events, NULL);
    cache_stage_begin(t.cache);
    seconds = pass(&t, text, n, whole);
    cache_stage_commit(t.cache);
    row("first list: split, parse, decode, cache", seconds, (size_t)pods, mb);
    after = heap_bytes();
    printf("  %-34s %8.1f kB  %7zu B each; table %zu kB, %zu specs %zu kB\n", "held",
           (double)(after - before) / 1e3, (after - before) / (size_t)pods,
           cache_table_bytes(t.cache) / 1000, shared_blocks(), shared_block_bytes() / 1000);
    cache_stage_begin(t.cache);
    seconds = pass(&t, text, n, whole);
    printf("  %-34s %8.1f kB above\n", "peak of the relist", (double)(heap_bytes() - after) / 1e3);
    seconds -= cpu();
    cache_stage_commit(t.cache);
    row("relist, nothing changed", seconds + cpu(), (size_t)pods, mb);
    row("5000 updates", updates(&t, pods), UPDATES, 0);
    cache_free(t.cache);
    printf("  %-34s %8.1f kB above\n", "after all is freed",
           (double)heap_bytes() / 1e3 - (double)before / 1e3);
    json_pool_free(t.pool);
    free(text);
}

int main(int argc, char **argv)
{
    struct rusage u;
    int64_t n;

    if (argc < 2) {
        run(10000);
        run(100000);
    }
    for (int i = 1; i < argc; i++)
        if (str_i64(str_of(argv[i]), &n) == 0 && n > 0 && n < 10000000)
            run((int)n);
    getrusage(RUSAGE_SELF, &u);
    printf("peak of the process (with the text itself): %ld kB\n", u.ru_maxrss);
    return 0;
}
