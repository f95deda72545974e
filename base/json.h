// SPDX-License-Identifier: Apache-2.0
// Reading JSON: with writer.c the only files that know yyjson. Values are borrowed from their
// document. Depth is bounded by JSON_DEPTH_MAX (but see json_parse_without), numbers are int64 or
// double, text is valid UTF-8.
#pragma once

#include "base/base.h"
#include "base/error.h"
#include "base/str.h"
#include <yyjson.h>

#define JSON_DEPTH_MAX 64

typedef yyjson_val json_val; // NULL is "absent" and accepted by every getter

struct json_doc {
    yyjson_doc *doc;
    bool pooled; // memory is the pool's
};

// A reusable memory pool for parsing one object at a time without touching malloc; grows to the
// largest object, up to max.
struct json_pool;
struct json_pool *json_pool_new(size_t max);
void json_pool_free(struct json_pool *p);
// Gives the memory back when there is more than keep; documents of the pool are gone then.
void json_pool_trim(struct json_pool *p, size_t keep);

// pool may be NULL. The text may be freed afterwards. With a pool the document is valid until the
// next parse with that pool. Errors: INVALID with line and column; TOO_BIG when the pool's maximum
// does not suffice.
int must_check json_parse(struct str text, struct json_pool *pool, struct json_doc *ret,
                          struct error *e);
// For streams of objects, where each step counts: the lists and objects that are values of `member`
// (a name of plain characters) are skipped unread and come out as 0, and the depth is not bounded,
// so that who walks the document must not follow it by recursion of its own.
int must_check json_parse_without(struct str text, const char *member, struct json_pool *pool,
                                  struct json_doc *ret, struct error *e);
// Also refuses duplicate keys.
int must_check json_parse_strict(struct str text, struct json_doc *ret, struct error *e);
void json_free(struct json_doc *d);
#define autojson __attribute__((cleanup(json_free)))

static inline json_val *json_root(const struct json_doc *d)
{
    return yyjson_doc_get_root(d->doc);
}

static inline json_val *json_get(json_val *obj, const char *key)
{
    return yyjson_obj_get(obj, key);
}

json_val *json_path(json_val *v, const char *dotted); // "metadata.name", "items.0.kind"
// Fallback when absent or another type.
const char *json_str(json_val *v, const char *fallback);
struct str json_text(json_val *v);               // {NULL,0} when not a string
int64_t json_int(json_val *v, int64_t fallback); // also when outside int64
bool json_bool(json_val *v, bool fallback);
bool json_equal(json_val *a, json_val *b); // object key order does not matter
// Serialises a value; compact.
struct buf;
int must_check json_write(json_val *v, struct buf *out);
