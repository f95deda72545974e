// SPDX-License-Identifier: Apache-2.0
// Goes the way that real objects go: YAML reader, decoder, packed records.
#include "controller/checks/fake_snapshot.h"

#include "apis/types.h"
#include "base/alloc.h"
#include "base/arena.h"

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

static int add_document(struct fake_snapshot *f, const struct yaml_node *doc, struct error *e)
{
    const struct kind *k =
        kind_find(yaml_str(yaml_get(doc, "apiVersion"), ""), yaml_str(yaml_get(doc, "kind"), ""));
    struct object *o = NULL;

    if (!k)
        return 0;
    if (object_decode_yaml(k, doc, (struct decode_options){ 0 }, &o, e) < 0)
        return -1;
    fake_snapshot_add(f, o);
    return 0;
}

int fake_snapshot_yaml(struct fake_snapshot *f, struct str text, struct error *e)
{
    struct arena *a = arena_new((size_t)256 << 20);
    struct yaml_reader *r = yaml_open(text, a);
    struct yaml_node *doc = NULL;
    int rc;

    while ((rc = yaml_next(r, &doc, e)) == 0 && doc && rc == 0) {
        rc = add_document(f, doc, e);
        if (rc < 0)
            break;
    }
    yaml_close(r);
    arena_free(a);
    return rc;
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
