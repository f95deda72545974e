// SPDX-License-Identifier: Apache-2.0
// One entry per id. An object can stand in several files: each of the earlier findings covers one.
#include "cmd/baseline.h"

#include "base/alloc.h"
#include "base/json.h"
#include "base/map.h"

#include <errno.h>

#define ID_LENGTH 16

struct entry {
    const char *id; // of the document; likewise check
    const char *check;
    enum verdict worst;
    uint32_t left; // findings that nothing of today has matched
};

struct baseline {
    struct json_doc doc; // owned
    struct entry *v;     // owned
    size_t n;
    struct map by_id;
};

static uint32_t entry_hash(const void *e)
{
    return hash_str(((const struct entry *)e)->id);
}

static bool entry_is(const void *e, const void *key)
{
    return strcmp(((const struct entry *)e)->id, key) == 0;
}

static const struct map_ops by_id = { entry_hash, entry_is };

void baseline_free(struct baseline *b)
{
    if (!b)
        return;
    map_fini(&b->by_id);
    json_free(&b->doc);
    free(b->v);
    free(b);
}

static bool is_id(const char *s)
{
    return strlen(s) == ID_LENGTH && strspn(s, "0123456789abcdef") == ID_LENGTH;
}

static int verdict_of(const char *status)
{
    for (int v = 0; v < VERDICT_COUNT; v++) {
        if (strcmp(verdict_name((enum verdict)v), status) == 0)
            return v;
    }
    return -1;
}

static int add(struct baseline *b, json_val *f, size_t i, struct error *e)
{
    struct entry *known, one = { .id = json_str(json_get(f, "id"), ""),
                                 .check = json_str(json_get(f, "check"), ""),
                                 .left = 1 };
    int verdict = verdict_of(json_str(json_get(f, "status"), ""));

    if (!is_id(one.id))
        return error_set(e, ERR_INVALID, "findings[%zu].id must be %d hexadecimal digits", i,
                         ID_LENGTH);
    if (!*one.check)
        return error_set(e, ERR_INVALID, "findings[%zu].check must be the id of a check", i);
    if (verdict < 0)
        return error_set(e, ERR_INVALID, "findings[%zu].status must be failing or warning", i);
    if (verdict < VERDICT_WARN)
        return 0; // exempted then
    one.worst = (enum verdict)verdict;
    known = map_get(&b->by_id, hash_str(one.id), one.id);
    if (known) {
        known->left++;
        known->worst = MAX(known->worst, one.worst);
        return 0;
    }
    b->v[b->n] = one;
    map_put(&b->by_id, one.id, &b->v[b->n++]);
    return 0;
}

static int add_all(struct baseline *b, struct error *e)
{
    json_val *root = json_root(&b->doc), *list = json_get(root, "findings"), *f;
    yyjson_arr_iter it;
    size_t i = 0;

    if (!yyjson_is_arr(list))
        return error_set(
            e, ERR_INVALID,
            "has no list 'findings': make it with `kube9-operator assess ... -o json`");
    if (json_path(root, "summary.baseline"))
        return error_set(e, ERR_INVALID,
                         "was itself made with --baseline and holds only what was new then: make "
                         "it without");
    b->v = xcalloc(yyjson_arr_size(list) + 1, sizeof(*b->v));
    yyjson_arr_iter_init(list, &it);
    while ((f = yyjson_arr_iter_next(&it))) {
        if (add(b, f, i++, e) < 0)
            return -1;
    }
    return 0;
}

struct baseline *baseline_parse(struct str text, struct error *e)
{
    struct baseline *b = xcalloc(1, sizeof(*b));

    map_init(&b->by_id, &by_id);
    if (json_parse(text, NULL, &b->doc, e) < 0 || add_all(b, e) < 0) {
        baseline_free(b);
        return NULL;
    }
    return b;
}

static int read_all(const char *path, struct buf *out, struct error *e)
{
    char chunk[16384];
    FILE *f = fopen(path, "re");
    size_t n;

    if (!f)
        return error_errno(e, errno, "open");
    while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0 && buf_add(out, chunk, n) == 0) {
    }
    if (ferror(f))
        error_errno(e, errno, "read");
    else if (out->failed)
        error_set(e, ERR_TOO_BIG, "larger than %zu MiB", BASELINE_MAX >> 20);
    else if (out->n == 0)
        error_set(e, ERR_INVALID, "is empty");
    else
        error_clear(e);
    fclose(f);
    return e->code == ERR_NONE ? 0 : -1;
}

struct baseline *baseline_read(const char *path, struct error *e)
{
    struct buf autobuf text = { 0 };
    struct baseline *b = NULL;

    buf_init(&text, BASELINE_MAX);
    if (read_all(path, &text, e) == 0)
        b = baseline_parse(buf_str(&text), e);
    if (!b)
        error_wrap(e, "--baseline '%s'", path);
    return b;
}

static bool is_known(struct baseline *b, const struct row *r)
{
    struct entry *known = map_get(&b->by_id, hash_str(r->id), r->id);

    if (!known || !known->left)
        return false;
    known->left--;
    return r->verdict == VERDICT_SKIP || r->verdict <= known->worst;
}

// Would a finding of that check have been found again? One whose check could not run is not mended.
static bool was_judged(const struct findings *fs, const char *check)
{
    for (size_t i = 0; i < fs->n_checks; i++) {
        const struct check_row *c = &fs->checks[i];

        if (strcmp(c->check->id, check) == 0)
            return c->verdict != VERDICT_SKIP || c->reason == SKIP_NO_OBJECTS;
    }
    return false;
}

void baseline_apply(struct baseline *b, struct findings *fs)
{
    struct findings_baseline *counts = &fs->baseline;
    size_t kept = 0;

    *counts = (struct findings_baseline){ .given = true };
    fs->exempted = 0;
    fs->worst = -1;
    for (size_t i = 0; i < fs->n; i++) {
        bool exempted = fs->v[i].verdict == VERDICT_SKIP, known = is_known(b, &fs->v[i]);

        counts->known += known && !exempted;
        if (known || exempted)
            continue;
        fs->worst = MAX(fs->worst, (int)fs->v[i].severity);
        fs->v[kept++] = fs->v[i];
    }
    fs->n = kept;
    for (size_t i = 0; i < b->n; i++)
        counts->fixed += was_judged(fs, b->v[i].check) ? b->v[i].left : 0;
}
