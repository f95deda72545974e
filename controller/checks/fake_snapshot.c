// SPDX-License-Identifier: Apache-2.0
// Goes the way that real objects go: YAML reader, decoder, packed records.
#include "controller/checks/fake_snapshot.h"

#include "apis/manifest.h"
#include "apis/types.h"
#include "apis/usage.h"
#include "base/alloc.h"
#include "base/arena.h"

#include <stdlib.h>

#define FAKE_NOW (INT64_C(1795219200) * USEC_PER_SEC) // 2026-11-21

void fake_snapshot_init(struct fake_snapshot *f)
{
    memset(f, 0, sizeof(*f));
    f->s.now = FAKE_NOW;
    f->s.server_minor = 36;
    for (int k = 0; k < KIND_COUNT; k++)
        f->s.state[k] = KIND_SYNCED;
}

void fake_snapshot_fini(struct fake_snapshot *f)
{
    for (int k = 0; k < KIND_COUNT; k++) {
        for (uint32_t i = 0; i < f->s.n[k]; i++)
            object_unref(f->v[k][i]);
        free(f->v[k]);
    }
    free(f->written);
    usage_free(f->usage);
}

void fake_snapshot_add(struct fake_snapshot *f, struct object *o)
{
    uint32_t n = f->s.n[o->kind]++;

    if (n == f->cap[o->kind]) {
        f->cap[o->kind] = n ? n * 2 : 8;
        f->v[o->kind] = xrealloc(f->v[o->kind], f->cap[o->kind] * sizeof(*f->v[0]));
    }
    f->v[o->kind][n] = o;
    f->s.objects[o->kind] = (const struct object *const *)f->v[o->kind];
}

static const struct object *find(const struct fake_snapshot *f, enum kind_id k,
                                 const struct object *like)
{
    for (uint32_t i = 0; i < f->s.n[k]; i++) {
        if (f->v[k][i]->ns == like->ns && strcmp(object_name(f->v[k][i]), object_name(like)) == 0)
            return f->v[k][i];
    }
    return NULL;
}

// What was seen of Pods and Nodes that stand before it.
static void take_usage(struct fake_snapshot *f, const struct object *o)
{
    bool pod = o->kind == KIND_POD_METRICS;
    const struct object *of = find(f, pod ? KIND_POD : KIND_NODE, o);

    if (!f->usage)
        f->usage = usage_new();
    f->s.usage = f->usage;
    usage_begin(f->usage, USEC_PER_SEC * (pod ? pod_metrics_timestamp(pod_metrics_of(o))
                                              : node_metrics_timestamp(node_metrics_of(o))));
    if (of && pod)
        usage_put_pod(f->usage, of, o);
    else if (of)
        usage_put_node(f->usage, of, o);
}

static void on_object(void *arg, struct object *o, struct yaml_lines *lines, atom api_version)
{
    struct fake_snapshot *f = arg;
    uint32_t n = f->s.n_written;

    yaml_lines_free(lines);
    fake_snapshot_add(f, o);
    if (o->kind == KIND_POD_METRICS || o->kind == KIND_NODE_METRICS)
        take_usage(f, o);
    if (!api_version)
        return;
    f->written = xrealloc(f->written, (n + 1) * sizeof(*f->written));
    f->written[n] = (struct written_version){ o, api_version };
    snapshot_set_written(&f->s, f->written, n + 1);
}

static void on_broken(void *arg, const struct error *e)
{
    struct fake_snapshot *f = arg;

    if (!f->broken && f->error)
        *f->error = *e;
    f->broken = true;
}

// Objects without a namespace stay so: many tests have no use for one.
int fake_snapshot_yaml(struct fake_snapshot *f, struct str text, struct error *e)
{
    struct arena *a = arena_new((size_t)256 << 20);
    struct yaml_reader *r = yaml_open(text, a);
    struct manifest_sink sink = { .object = on_object, .broken = on_broken, .arg = f };
    struct manifest_counts counts = { 0 };
    struct yaml_node *doc = NULL;
    int rc;

    f->error = e;
    f->broken = false;
    while ((rc = yaml_next(r, &doc, e)) == 0 && doc && !f->broken)
        manifest_read(doc, "", &sink, &counts);
    yaml_close(r);
    arena_free(a);
    return f->broken ? -1 : rc;
}

int fake_snapshot_file(struct fake_snapshot *f, const char *path, struct error *e)
{
    autobuf struct buf text = { 0 };
    char chunk[4096];
    size_t n;
    FILE *in = fopen(path, "re");

    if (!in)
        return error_set(e, ERR_NOT_FOUND, "cannot open '%s'", path);
    buf_init(&text, (size_t)16 << 20);
    while ((n = fread(chunk, 1, sizeof(chunk), in)) > 0)
        buf_add(&text, chunk, n);
    fclose(in);
    return fake_snapshot_yaml(f, buf_str(&text), e);
}

void fake_snapshot_reverse(struct fake_snapshot *f)
{
    for (int k = 0; k < KIND_COUNT; k++) {
        for (uint32_t i = 0, j = f->s.n[k]; i + 1 < j; i++) {
            struct object *o = f->v[k][i];
            f->v[k][i] = f->v[k][--j];
            f->v[k][j] = o;
        }
    }
}
