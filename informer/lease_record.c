// SPDX-License-Identifier: Apache-2.0
//
// Lease documents in and out. Texts are copied into fixed places, so that two records compare as
// bytes; what does not fit is refused, for a cut holder could look like another one.
#include "informer/lease_record.h"

#include "base/alloc.h"
#include "base/json.h"
#include "base/writer.h"

#define METADATA_MAX (256u << 10)

static int copy_text(json_val *obj, const char *key, char *ret, size_t size, struct error *e)
{
    struct str s = json_text(json_get(obj, key));

    if (s.n >= size || (s.n && memchr(s.p, '\0', s.n)))
        return error_set(e, ERR_INVALID, "Lease: %s does not fit (%zu bytes)", key, s.n);
    if (s.n)
        memcpy(ret, s.p, s.n);
    ret[s.n] = '\0';
    return 0;
}

static int64_t clamp_int32(int64_t v)
{
    return v < 0 ? 0 : MIN(v, INT32_MAX);
}

// metadata without managedFields, which is long and ours to leave to the server.
static char *copy_metadata(json_val *meta)
{
    autobuf struct buf out = { 0 };
    struct writer w;
    size_t i, max;
    json_val *key, *value;

    buf_init(&out, METADATA_MAX);
    writer_to_buf(&w, WRITER_JSON, &out);
    w_object(&w);
    yyjson_obj_foreach (meta, i, max, key, value) {
        autobuf struct buf raw = { 0 };
        struct str name = json_text(key);

        if (str_eq(name, "managedFields"))
            continue;
        buf_init(&raw, METADATA_MAX);
        if (json_write(value, &raw) < 0)
            return NULL;
        w_keyn(&w, name.p, name.n);
        w_json(&w, buf_str(&raw));
    }
    w_object_end(&w);
    return writer_end(&w) < 0 ? NULL : buf_take(&out);
}

static int read_spec(json_val *spec, struct lease_spec *s, struct error *e)
{
    memset(s, 0, sizeof(*s));
    s->duration = clamp_int32(json_int(json_get(spec, "leaseDurationSeconds"), 0));
    s->transitions = clamp_int32(json_int(json_get(spec, "leaseTransitions"), 0));
    if (copy_text(spec, "holderIdentity", s->holder, sizeof(s->holder), e) < 0 ||
        copy_text(spec, "acquireTime", s->acquire, sizeof(s->acquire), e) < 0 ||
        copy_text(spec, "renewTime", s->renew, sizeof(s->renew), e) < 0 ||
        copy_text(spec, "strategy", s->strategy, sizeof(s->strategy), e) < 0)
        return -1;
    return copy_text(spec, "preferredHolder", s->preferred, sizeof(s->preferred), e);
}

int lease_record_parse(struct str json, struct lease_record *ret, struct error *e)
{
    autojson struct json_doc doc = { 0 };
    struct lease_record r;
    json_val *meta;
    int64_t rv;

    memset(&r, 0, sizeof(r));
    if (json_parse(json, NULL, &doc, e) < 0)
        return error_wrap(e, "Lease");
    meta = json_get(json_root(&doc), "metadata");
    if (!*json_str(json_get(meta, "name"), ""))
        return error_set(e, ERR_INVALID, "Lease: it has no metadata.name");
    if (read_spec(json_get(json_root(&doc), "spec"), &r.spec, e) < 0 ||
        copy_text(meta, "uid", r.uid, sizeof(r.uid), e) < 0 ||
        copy_text(meta, "resourceVersion", r.rv_text, sizeof(r.rv_text), e) < 0)
        return -1;
    if (str_i64(str_of(r.rv_text), &rv) == 0 && rv > 0)
        r.rv = (uint64_t)rv;
    r.metadata = copy_metadata(meta);
    if (!r.metadata)
        return error_set(e, ERR_TOO_BIG, "Lease: its metadata is longer than %u bytes",
                         METADATA_MAX);
    *ret = r;
    return 0;
}

void lease_record_fini(struct lease_record *r)
{
    free(r->metadata);
    memset(r, 0, sizeof(*r));
}

bool lease_spec_same(const struct lease_spec *a, const struct lease_spec *b)
{
    return a->duration == b->duration && a->transitions == b->transitions &&
           !strcmp(a->holder, b->holder) && !strcmp(a->acquire, b->acquire) &&
           !strcmp(a->renew, b->renew) && !strcmp(a->strategy, b->strategy) &&
           !strcmp(a->preferred, b->preferred);
}

static void put_text(struct writer *w, const char *key, const char *value)
{
    if (*value)
        w_key_str(w, key, value);
}

int lease_record_write(const struct lease_spec *spec, const char *metadata, struct buf *out)
{
    struct writer w;

    writer_to_buf(&w, WRITER_JSON, out);
    w_object(&w);
    w_key_str(&w, "apiVersion", "coordination.k8s.io/v1");
    w_key_str(&w, "kind", "Lease");
    w_key(&w, "metadata");
    w_json(&w, str_of(metadata));
    w_key_object(&w, "spec");
    w_key_str(&w, "holderIdentity", spec->holder);
    w_key_int(&w, "leaseDurationSeconds", spec->duration);
    put_text(&w, "acquireTime", spec->acquire);
    put_text(&w, "renewTime", spec->renew);
    w_key_int(&w, "leaseTransitions", spec->transitions);
    put_text(&w, "strategy", spec->strategy);
    put_text(&w, "preferredHolder", spec->preferred);
    w_object_end(&w);
    w_object_end(&w);
    return writer_end(&w);
}
