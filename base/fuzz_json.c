// SPDX-License-Identifier: Apache-2.0
// Whatever bytes come: no parser may crash, pool and malloc have to agree, and what was accepted
// has to survive being written in each format.
#include "base/json.h"
#include "base/writer.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_in(enum writer_format f, struct str text, json_val *root)
{
    autobuf struct buf out = { 0 };
    autojson struct json_doc again = { 0 };
    struct writer w;

    buf_init(&out, (size_t)64 << 20);
    writer_to_buf(&w, f, &out);
    w_json(&w, text);
    assert(writer_end(&w) == 0);
    if (f == WRITER_YAML)
        return;
    assert(json_parse(buf_str(&out), NULL, &again, NULL) == 0);
    assert(json_equal(root, json_root(&again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = { (const char *)data, size };
    struct json_pool *pool = json_pool_new((size_t)16 << 20);
    autojson struct json_doc plain = { 0 }, pooled = { 0 }, strict = { 0 };
    struct error e;
    int r = json_parse(text, NULL, &plain, &e);

    assert(json_parse(text, pool, &pooled, &e) == r);
    assert(json_parse_strict(text, &strict, &e) <= r);
    if (r == 0) {
        assert(json_equal(json_root(&plain), json_root(&pooled)));
        write_in(WRITER_JSON, text, json_root(&plain));
        write_in(WRITER_JSON_PRETTY, text, json_root(&plain));
        write_in(WRITER_YAML, text, json_root(&plain));
    }
    json_pool_free(pool);
    return 0;
}
