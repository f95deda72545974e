// SPDX-License-Identifier: Apache-2.0
// Any YAML stream as objects of any kind. The first byte is the kind.
#include "apis/types.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    const struct kind *k = kind_get(data[0] % KIND_COUNT);
    autoarena struct arena *a = arena_new((size_t)256 << 20);
    struct yaml_reader *r = yaml_open((struct str){ (const char *)data + 1, size - 1 }, a);
    struct yaml_node *node;
    for (int docs = 0; docs < 100 && !yaml_next(r, &node, NULL) && node; docs++) {
        autoobject struct object *o = NULL;
        struct error e;
        if (object_decode_yaml(k, node, (struct decode_options){ .strict = true }, &o, &e) &&
            !e.text[0])
            abort(); // an error without a text
    }
    yaml_close(r);
    return 0;
}
