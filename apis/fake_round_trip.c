// SPDX-License-Identifier: Apache-2.0
// Writing and reading again. What is kept has to be a fixed point: another round changes nothing.
#include "apis/fake_round_trip.h"

#include "base/writer.h"

#define TEXT_MAX  ((size_t)64 << 20)
#define ARENA_MAX ((size_t)512 << 20)

void fake_object_text(const struct object *o, bool yaml, struct buf *ret)
{
    struct writer w;

    buf_init(ret, TEXT_MAX);
    writer_to_buf(&w, yaml ? WRITER_YAML : WRITER_JSON, ret);
    object_write(o, &w);
    if (writer_end(&w))
        abort();
}

static int read_json(const struct kind *k, struct str text, struct decode_options options,
                     struct object **ret, struct error *e)
{
    autojson struct json_doc doc = { 0 };

    if (json_parse(text, NULL, &doc, e) < 0)
        return -1;
    return object_decode(k, json_root(&doc), options, ret, e);
}

static int read_yaml(const struct kind *k, struct str text, struct decode_options options,
                     struct object **ret, struct error *e)
{
    autoarena struct arena *a = arena_new(ARENA_MAX);
    struct yaml_reader *r = yaml_open(text, a);
    struct yaml_node *node = NULL;
    int rc = yaml_next(r, &node, e);

    if (rc == 0 && !node)
        rc = error_set(e, ERR_INVALID, "an empty stream");
    if (rc == 0)
        rc = object_decode_yaml(k, node, options, ret, e);
    yaml_close(r);
    return rc;
}

int fake_object_read(const struct kind *k, struct str text, bool yaml,
                     struct decode_options options, struct object **ret, struct error *e)
{
    int rc = yaml ? read_yaml(k, text, options, ret, e) : read_json(k, text, options, ret, e);

    if (rc < 0 && (e->code == ERR_NONE || !e->text[0]))
        abort(); // whoever wrote the document would not learn what is wrong
    return rc;
}

void fake_round_trip(const struct object *o, bool yaml, struct decode_options options)
{
    autobuf struct buf text = { 0 }, before = { 0 }, after = { 0 };
    autoobject struct object *again = NULL;
    struct error e = { 0 };

    fake_object_text(o, yaml, &text);
    if (fake_object_read(kind_get(o->kind), buf_str(&text), yaml, options, &again, &e) < 0) {
        fprintf(stderr, "%s\n%.*s\n", e.text, (int)text.n, text.p);
        abort();
    }
    fake_object_text(o, false, &before);
    fake_object_text(again, false, &after);
    if (before.n != after.n || memcmp(before.p, after.p, before.n) != 0) {
        fprintf(stderr, "%.*s\n%.*s\n", (int)before.n, before.p, (int)after.n, after.p);
        abort();
    }
}
