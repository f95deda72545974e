// SPDX-License-Identifier: Apache-2.0
// Results are kept as small copies, sorted when the body is made.
#include "controller/report_set.h"

#include "apis/kinds.h"
#include "apis/object.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/map.h"
#include "base/utf8.h"
#include "base/writer.h"
#include "controller/checks/checks.h"

#define ARENA_MAX   ((size_t)64 << 20)
#define MESSAGE_MAX 512
#define RESULT_MAX  ((size_t)32 << 10) // no result takes more in a body
#define SPARE       4 // a report keeps that many times the results it shows, to choose from

struct result {
    const struct check *check;
    enum verdict verdict;
    enum check_severity severity;
    const char *kind, *name, *api_version, *uid; // api_version and uid: NULL if unknown
    const char *message, *path, *fingerprint;
};

struct report {
    const char *ns;
    struct result *v;
    uint32_t n, cap;
    uint32_t fail, warn, pass, skip;
};

struct report_set {
    struct arena *arena;
    struct map by_ns;
    struct report **v; // in the arena
    size_t n;
    usec at;
};

static uint32_t report_hash(const void *r)
{
    return hash_str(((const struct report *)r)->ns);
}

static bool report_is(const void *r, const void *ns)
{
    return strcmp(((const struct report *)r)->ns, ns) == 0;
}

static const struct map_ops by_ns = { report_hash, report_is };

struct report_set *report_set_new(usec at)
{
    struct report_set *s = xcalloc(1, sizeof(*s));

    s->arena = arena_new(ARENA_MAX);
    s->v = ARENA_ARRAY(s->arena, struct report *, REPORTS_MAX);
    s->at = at;
    map_init(&s->by_ns, &by_ns);
    return s;
}

void report_set_free(struct report_set *s)
{
    if (!s)
        return;
    map_fini(&s->by_ns);
    arena_free(s->arena);
    free(s);
}

// Kept in the order of namespaces.
static void insert(struct report_set *s, struct report *r)
{
    size_t at = s->n++;

    for (; at > 0 && strcmp(s->v[at - 1]->ns, r->ns) > 0; at--)
        s->v[at] = s->v[at - 1];
    s->v[at] = r;
}

static struct report *report_of(struct report_set *s, const char *ns)
{
    struct report *r = map_get(&s->by_ns, hash_str(ns), ns);

    if (r || s->n == REPORTS_MAX)
        return r;
    r = ARENA_NEW(s->arena, struct report);
    r->ns = arena_strdup(s->arena, ns);
    map_put(&s->by_ns, r->ns, r);
    insert(s, r);
    return r;
}

static bool room_for(struct report_set *s, struct report *r)
{
    struct result *grown;
    uint32_t cap = r->cap ? 2 * r->cap : 16;

    if (r->n < r->cap)
        return true;
    if (r->cap >= SPARE * REPORT_RESULTS_MAX ||
        arena_room(s->arena) < (size_t)cap * sizeof(*grown) + ((size_t)1 << 20))
        return false;
    grown = ARENA_ARRAY(s->arena, struct result, cap);
    if (r->n)
        memcpy(grown, r->v, r->n * sizeof(*grown));
    r->v = grown;
    r->cap = cap;
    return true;
}

// The root may be of a kind that we cannot read; then the finding's object only stands for it.
static bool is_itself(const struct finding *f)
{
    return f->object && strcmp(kind_get((enum kind_id)f->object->kind)->kind, f->kind) == 0;
}

void report_set_add(struct report_set *s, const struct finding *f)
{
    struct report *r = f->verdict >= VERDICT_WARN ? report_of(s, f->ns) : NULL;
    size_t n = strlen(f->message);
    char uid[UID_TEXT_MAX];

    if (!r)
        return;
    r->fail += f->verdict == VERDICT_FAIL;
    r->warn += f->verdict == VERDICT_WARN;
    if (!room_for(s, r))
        return;
    r->v[r->n++] = (struct result){
        .check = f->check,
        .verdict = f->verdict,
        .severity = f->severity,
        .kind = arena_strdup(s->arena, f->kind),
        .name = arena_strdup(s->arena, f->name),
        .api_version =
            is_itself(f) ? kind_api_version(kind_get((enum kind_id)f->object->kind)) : NULL,
        .uid = is_itself(f) ? arena_strdup(s->arena, object_uid_text(f->object, uid)) : NULL,
        .message =
            arena_strndup(s->arena, f->message, utf8_cut(f->message, n, MIN(n, MESSAGE_MAX))),
        .path = arena_strdup(s->arena, f->path),
        .fingerprint = arena_strdup(s->arena, f->fingerprint)
    };
}

void report_set_count_unit(struct report_set *s, const char *ns, uint32_t passed, uint32_t skipped)
{
    struct report *r = report_of(s, ns);

    if (!r)
        return;
    r->pass += passed;
    r->skip += skipped;
}

size_t report_set_count(const struct report_set *s)
{
    return s->n;
}

const char *report_set_namespace(const struct report_set *s, size_t i)
{
    return s->v[i]->ns;
}

bool report_set_has(const struct report_set *s, const char *ns)
{
    return map_get(&s->by_ns, hash_str(ns), ns) != NULL;
}

static int by_rank(const void *a, const void *b)
{
    const struct result *x = a, *y = b;
    int c = (int)y->severity - (int)x->severity;

    c = c ? c : (int)y->verdict - (int)x->verdict;
    c = c ? c : strcmp(x->check->id, y->check->id);
    c = c ? c : strcmp(x->kind, y->kind);
    return c ? c : strcmp(x->name, y->name);
}

// A namespace that passes everything has no report.
static void drop_empty(struct report_set *s)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n; i++) {
        struct report *r = s->v[i];
        if (r->fail + r->warn > 0)
            s->v[n++] = r;
        else
            map_del(&s->by_ns, hash_str(r->ns), r->ns);
    }
    s->n = n;
}

void report_set_sort(struct report_set *s)
{
    drop_empty(s);
    for (size_t i = 0; i < s->n; i++) {
        if (s->v[i]->n)
            qsort(s->v[i]->v, s->v[i]->n, sizeof(*s->v[i]->v), by_rank);
    }
}

static void write_head(struct writer *w, const struct report *r)
{
    w_key_str(w, "apiVersion", "wgpolicyk8s.io/v1alpha2");
    w_key_str(w, "kind", *r->ns ? "PolicyReport" : "ClusterPolicyReport");
    w_key_object(w, "metadata");
    w_key_str(w, "name", REPORT_NAME);
    if (*r->ns)
        w_key_str(w, "namespace", r->ns);
    w_key_object(w, "labels");
    w_key_str(w, "app.kubernetes.io/managed-by", "kube9-operator");
    w_object_end(w);
    w_object_end(w);
    w_key_object(w, "summary");
    w_key_int(w, "pass", r->pass);
    w_key_int(w, "fail", r->fail);
    w_key_int(w, "warn", r->warn);
    w_key_int(w, "error", 0);
    w_key_int(w, "skip", r->skip);
    w_object_end(w);
}

static void write_resource(struct writer *w, const char *ns, const struct result *x)
{
    if (strcmp(x->kind, "Cluster") == 0)
        return; // the cluster as a whole is no object
    w_key_list(w, "resources");
    w_object(w);
    if (x->api_version)
        w_key_str(w, "apiVersion", x->api_version);
    w_key_str(w, "kind", x->kind);
    if (*ns)
        w_key_str(w, "namespace", ns);
    w_key_str(w, "name", x->name);
    if (x->uid)
        w_key_str(w, "uid", x->uid);
    w_object_end(w);
    w_list_end(w);
}

static void write_result(struct writer *w, const char *ns, const struct result *x, usec at)
{
    w_object(w);
    w_key_str(w, "source", "kube9-operator");
    w_key_str(w, "policy", x->check->id);
    w_key_str(w, "category", check_pillar_name(check_pillar(x->check)));
    w_key_str(w, "severity", check_severity_name(x->severity));
    w_key_str(w, "result", x->verdict == VERDICT_FAIL ? "fail" : "warn");
    w_key_bool(w, "scored", true);
    w_key_str(w, "message", x->message);
    write_resource(w, ns, x);
    w_key_object(w, "properties");
    w_key_str(w, "fingerprint", x->fingerprint);
    if (*x->path)
        w_key_str(w, "path", x->path);
    w_object_end(w);
    w_key_object(w, "timestamp");
    w_key_int(w, "seconds", at / USEC_PER_SEC);
    w_key_int(w, "nanos", 0);
    w_object_end(w);
    w_object_end(w);
}

int report_set_body(const struct report_set *s, const char *ns, struct buf *out)
{
    const struct report *r = map_get(&s->by_ns, hash_str(ns), ns);
    struct writer w;

    if (!r)
        return -1;
    writer_to_buf(&w, WRITER_JSON, out);
    w_object(&w);
    write_head(&w, r);
    w_key_list(&w, "results");
    for (uint32_t k = 0; k < MIN(r->n, REPORT_RESULTS_MAX) && out->n + RESULT_MAX < REPORT_BODY_MAX;
         k++)
        write_result(&w, r->ns, &r->v[k], s->at);
    w_list_end(&w);
    w_object_end(&w);
    return writer_end(&w);
}
