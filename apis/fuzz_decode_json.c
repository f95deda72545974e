// SPDX-License-Identifier: Apache-2.0
// Any JSON as an object of any kind; what was read is written and, for our kinds, read again. The
// first byte is the kind.
#include "apis/types.h"
#include "apis/validate.h"
#include "base/writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_text(const struct object *o, struct buf *out)
{
    struct writer w;
    buf_init(out, (size_t)64 << 20);
    writer_to_buf(&w, WRITER_JSON, out);
    object_write(o, &w);
    if (writer_end(&w))
        abort();
}

// encode(decode(x)) must not change any more.
static void check_stable(const struct object *o)
{
    const struct kind *k = kind_get(o->kind);
    autobuf struct buf first = { 0 }, second = { 0 };
    autoobject struct object *again = NULL;
    struct json_doc doc;
    write_text(o, &first);
    if (json_parse(buf_str(&first), NULL, &doc, NULL))
        return; // text of the input that JSON cannot hold was cut
    if (object_decode(k, json_root(&doc), (struct decode_options){ 0 }, &again, NULL))
        abort();
    json_free(&doc);
    write_text(again, &second);
    if (first.n != second.n || memcmp(first.p, second.p, first.n) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_doc doc;
    autoobject struct object *o = NULL;
    if (!size || json_parse((struct str){ (const char *)data + 1, size - 1 }, NULL, &doc, NULL))
        return 0;
    const struct kind *k = kind_get(data[0] % KIND_COUNT);
    struct decode_options options = { .strict = data[0] & 128, .validate = data[0] & 64 };
    struct error e;
    int r = object_decode(k, json_root(&doc), options, &o, &e);
    json_free(&doc);
    if (r)
        return 0;
    check_stable(o);
    if (k->id == KIND_KUBE9_CONFIG && kube9_config_validate(o, &e))
        return 0;
    if (k->id == KIND_ASSESSMENT_RUN && assessment_run_validate(o, &e))
        return 0;
    return 0;
}
