// SPDX-License-Identifier: Apache-2.0
// Any YAML stream as objects of any kind: refused with a text, or an object that reads back from
// what we write of it. The first byte is the kind; its highest bit asks for strictness.
#include "apis/fake_round_trip.h"
#include "apis/types.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode(const struct kind *k, const struct yaml_node *node, bool strict)
{
    autoobject struct object *o = NULL;
    struct error e = { 0 };

    if (object_decode_yaml(k, node, (struct decode_options){ .strict = strict }, &o, &e) == 0)
        fake_round_trip(o, true, (struct decode_options){ 0 });
    else if (!e.text[0])
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autoarena struct arena *a = arena_new((size_t)256 << 20);
    struct yaml_node *node = NULL;
    struct yaml_reader *r;

    if (!size)
        return 0;
    r = yaml_open((struct str){ (const char *)data + 1, size - 1 }, a);
    for (int docs = 0; docs < 100 && !yaml_next(r, &node, NULL) && node; docs++)
        decode(kind_get((data[0] & 127) % KIND_COUNT), node, data[0] & 128);
    yaml_close(r);
    return 0;
}
