// SPDX-License-Identifier: Apache-2.0
// Whatever bytes come, the reader ends within its arena, and each string it gives reads back from
// the YAML we write.
#include "base/writer.h"
#include "base/yaml.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_back(struct str text, struct arena *a)
{
    autobuf struct buf out = { 0 };
    struct yaml_reader *r;
    struct yaml_node *n = NULL;
    struct writer w;

    buf_init(&out, (size_t)16 << 20);
    writer_to_buf(&w, WRITER_YAML, &out);
    w_list(&w);
    w_strn(&w, text.p, text.n);
    w_list_end(&w);
    assert(writer_end(&w) == 0);
    r = yaml_open(buf_str(&out), a);
    assert(yaml_next(r, &n, NULL) == 0 && n->sub.n == 1 && n->sub.v[0]->type == YAML_STR);
    assert(n->sub.v[0]->text.n == text.n && !memcmp(n->sub.v[0]->text.p, text.p, text.n));
    yaml_close(r);
}

// Writes back the strings of a list or map; deeper ones have their turn with other inputs.
static void write_strings_back(const struct yaml_node *n)
{
    autoarena struct arena *a = arena_new((size_t)64 << 20);

    if (n->type == YAML_STR)
        write_back(n->text, a);
    if (n->type != YAML_LIST && n->type != YAML_MAP)
        return;
    for (uint32_t i = 0; i < n->sub.n && i < 16; i++)
        if (n->sub.v[i]->type == YAML_STR)
            write_back(n->sub.v[i]->text, a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autoarena struct arena *a = arena_new((size_t)1 << 20);
    struct yaml_reader *r = yaml_open((struct str){ (const char *)data, size }, a);
    struct yaml_node *n = NULL;
    struct error e;

    while (yaml_next(r, &n, &e) == 0 && n) {
        write_strings_back(n);
        yaml_path(n, "a.0.b");
        yaml_str(n, NULL);
    }
    yaml_close(r);
    return 0;
}
