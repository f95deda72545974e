// SPDX-License-Identifier: Apache-2.0
// Tests: objects from a text written on the spot.
#pragma once

#include "apis/types.h"
#include "base/str.h"
#include "base/test.h"

static inline int read_json(enum kind_id kind, const char *text, struct decode_options o,
                            struct object **ret, struct error *e)
{
    struct json_doc doc;
    if (json_parse(str_of(text), NULL, &doc, e))
        return -1;
    int r = object_decode(kind_get(kind), json_root(&doc), o, ret, e);
    json_free(&doc);
    return r;
}

static inline int read_yaml(enum kind_id kind, const char *text, struct decode_options o,
                            struct object **ret, struct error *e)
{
    struct arena *a = arena_new((size_t)64 << 20);
    struct yaml_reader *reader = yaml_open(str_of(text), a);
    struct yaml_node *node = NULL;
    int r = yaml_next(reader, &node, e);
    if (!r)
        r = object_decode_yaml(kind_get(kind), node, o, ret, e);
    yaml_close(reader);
    arena_free(a);
    return r;
}

// The object, or a failed test.
static inline struct object *object_from_json(enum kind_id kind, const char *text)
{
    struct error e = { 0 };
    struct object *o = NULL;
    if (read_json(kind, text, (struct decode_options){ 0 }, &o, &e))
        fail_msg("%s", e.text);
    return o;
}

static inline struct object *object_from_yaml(enum kind_id kind, const char *text)
{
    struct error e = { 0 };
    struct object *o = NULL;
    if (read_yaml(kind, text, (struct decode_options){ .strict = true }, &o, &e))
        fail_msg("%s", e.text);
    return o;
}

// The error of a strict reading, or a failed test.
static inline void expect_error(enum kind_id kind, const char *text, const char *want)
{
    struct error e = { 0 };
    struct object *o = NULL;
    if (!read_yaml(kind, text, (struct decode_options){ .strict = true }, &o, &e)) {
        object_unref(o);
        fail_msg("accepted, but expected: %s", want);
    }
    assert_string_equal(e.text, want);
}
