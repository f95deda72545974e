// SPDX-License-Identifier: Apache-2.0
// JSON on yyjson. What it adds: a depth bound (so that whoever walks a document needs no bound of
// its own), the pool that keeps the decoding of a watch stream away from malloc, and the refusal of
// duplicate keys, which yyjson accepts.
#include "base/json.h"

#include "base/alloc.h"
#include "base/json_span.h"
#include <ctype.h>

#define POOL_ROUND ((size_t)64 * 1024)

struct json_pool {
    char *p; // owned
    size_t cap, max;
    struct buf text; // of json_parse_without
};

struct json_pool *json_pool_new(size_t max)
{
    struct json_pool *pool = xcalloc(1, sizeof(*pool));

    pool->max = max;
    buf_init(&pool->text, max);
    return pool;
}

void json_pool_free(struct json_pool *pool)
{
    if (!pool)
        return;
    free(pool->p);
    buf_fini(&pool->text);
    free(pool);
}

void json_pool_trim(struct json_pool *pool, size_t keep)
{
    buf_shrink(&pool->text, keep);
    if (pool->cap <= keep)
        return;
    free(TAKE(pool->p));
    pool->cap = 0;
}

// Makes the pool large enough for any text of n bytes, or as large as it may be. Pages that a parse
// does not touch cost nothing, so the worst case may be asked for.
static bool pool_allocator(struct json_pool *pool, size_t n, yyjson_alc *ret)
{
    size_t need =
        n > SIZE_MAX / 32 ? SIZE_MAX : yyjson_read_max_memory_usage(n, YYJSON_READ_NOFLAG);

    need =
        MIN(need > SIZE_MAX - POOL_ROUND ? need : need + POOL_ROUND - need % POOL_ROUND, pool->max);
    if (need > pool->cap) {
        free(pool->p);
        pool->p = xmalloc(need);
        pool->cap = need;
    }
    return yyjson_alc_pool_init(ret, pool->p, pool->cap);
}

static int set_read_error(struct str text, const yyjson_read_err *err, struct error *e)
{
    size_t line, column, chars;

    if (err->code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
        return error_set(e, ERR_TOO_BIG, "JSON text of %zu bytes needs too much memory", text.n);
    if (!text.n || !yyjson_locate_pos(text.p, text.n, err->pos, &line, &column, &chars))
        return error_set(e, ERR_INVALID, "JSON: %s", text.n ? err->msg : "empty text");
    return error_set(e, ERR_INVALID, "JSON line %zu column %zu: %s", line, column, err->msg);
}

// yyjson keeps the values of a document in one row, each before its children; so a walk over all of
// them is a loop.
static yyjson_val *end_of(yyjson_val *v)
{
    return unsafe_yyjson_get_next(v);
}

static bool is_deeper_than(yyjson_val *root, size_t max)
{
    yyjson_val *ends[JSON_DEPTH_MAX], *end = end_of(root);
    size_t depth = 0;

    for (yyjson_val *v = root; v < end; v++) {
        if (!unsafe_yyjson_is_ctn(v))
            continue;
        while (depth && v >= ends[depth - 1])
            depth--;
        if (depth == max)
            return true;
        ends[depth++] = end_of(v);
    }
    return false;
}

// Without YYJSON_READ_INSITU the text is only read; the parameter's type says otherwise.
static yyjson_doc *read_text(struct str text, const yyjson_alc *alc, yyjson_read_err *err)
{
    return text.n
               ? yyjson_read_opts((char *)(uintptr_t)text.p, text.n, YYJSON_READ_NOFLAG, alc, err)
               : NULL;
}

static int parse(struct str text, const yyjson_alc *alc, yyjson_doc **ret, struct error *e)
{
    yyjson_read_err err = { 0 };
    yyjson_doc *doc = read_text(text, alc, &err);

    if (!doc)
        return set_read_error(text, &err, e);
    if (is_deeper_than(yyjson_doc_get_root(doc), JSON_DEPTH_MAX)) {
        yyjson_doc_free(doc);
        return error_set(e, ERR_INVALID, "JSON is nested deeper than %d levels", JSON_DEPTH_MAX);
    }
    *ret = doc;
    return 0;
}

int json_parse(struct str text, struct json_pool *pool, struct json_doc *ret, struct error *e)
{
    yyjson_doc *doc = NULL;
    yyjson_alc alc;

    if (pool && !pool_allocator(pool, text.n, &alc))
        return error_set(e, ERR_TOO_BIG, "JSON text of %zu bytes needs too much memory", text.n);
    if (parse(text, pool ? &alc : NULL, &doc, e) < 0)
        return -1;
    *ret = (struct json_doc){ .doc = doc, .pooled = pool != NULL };
    return 0;
}

// Where a member of that name stands in the text, from its opening quote on; NULL if nowhere.
// Quotes inside strings are escaped, so that what is found is a key, or the end of one that has a
// quote in it.
static const char *find_member(const char *p, const char *end, struct str name, size_t rare)
{
    const char *begin = p;

    while ((size_t)(end - p) >= name.n + 3 &&
           (p = memchr(p + 1 + rare, name.p[rare], (size_t)(end - p) - rare - 1))) {
        const char *from = p - rare - 1;

        if ((size_t)(end - from) < name.n + 3)
            return NULL;
        if (from[0] == '"' && memcmp(from + 1, name.p, name.n) == 0 && from[name.n + 1] == '"' &&
            from[name.n + 2] == ':' && from > begin && from[-1] != '\\')
            return from;
        p = from + 1;
    }
    return NULL;
}

// Copies the text but for the lists and objects of these members; false when there are none, or
// when one has no end.
static bool cut_members(struct str text, struct str name, struct buf *out)
{
    const char *p = text.p, *end = text.p + text.n, *at;
    size_t rare = 0;

    while (rare < name.n - 1 && !isupper((unsigned char)name.p[rare]))
        rare++;
    buf_reset(out);
    while ((at = find_member(p, end, name, rare))) {
        struct json_span span = { 0 };
        size_t n;

        at += name.n + 3;
        if (at == end || (*at != '[' && *at != '{'))
            return false;
        n = json_span_end(&span, at, (size_t)(end - at));
        if (!n)
            return false;
        buf_add(out, p, (size_t)(at - p));
        buf_addc(out, '0');
        p = at + n;
    }
    if (p == text.p)
        return false;
    buf_add(out, p, (size_t)(end - p));
    return !out->failed;
}

int json_parse_without(struct str text, const char *member, struct json_pool *pool,
                       struct json_doc *ret, struct error *e)
{
    yyjson_read_err err = { 0 };
    yyjson_alc alc;

    // The pool's room is for the whole text: the allocator must not move what was parsed.
    if (!pool_allocator(pool, text.n, &alc))
        return error_set(e, ERR_TOO_BIG, "JSON text of %zu bytes needs too much memory", text.n);
    *ret = (struct json_doc){ .pooled = true };
    if (cut_members(text, str_of(member), &pool->text))
        ret->doc = read_text(buf_str(&pool->text), &alc, &err);
    if (!ret->doc) // nothing to cut, or not JSON: then the message is about the text as it came
        ret->doc = read_text(text, &alc, &err);
    return ret->doc ? 0 : set_read_error(text, &err, e);
}

static int compare_keys(const void *a, const void *b)
{
    yyjson_val *x = *(yyjson_val *const *)a, *y = *(yyjson_val *const *)b;
    size_t n = yyjson_get_len(x), m = yyjson_get_len(y);
    int order = memcmp(yyjson_get_str(x), yyjson_get_str(y), MIN(n, m));

    return order ? order : (n > m) - (n < m);
}

// A key that the object has twice, or NULL. keys has room for all keys of obj.
static const char *twice(yyjson_val *obj, yyjson_val **keys)
{
    size_t n = 0, i, max;
    yyjson_val *key, *val;

    yyjson_obj_foreach (obj, i, max, key, val)
        keys[n++] = key;
    qsort(keys, n, sizeof(*keys), compare_keys);
    for (i = 1; i < n; i++)
        if (!compare_keys(&keys[i - 1], &keys[i]))
            return yyjson_get_str(keys[i]);
    return NULL;
}

int json_parse_strict(struct str text, struct json_doc *ret, struct error *e)
{
    autofree yyjson_val **keys = NULL;
    size_t room = 0;
    autojson struct json_doc d = { 0 };

    if (json_parse(text, NULL, &d, e) < 0)
        return -1;
    for (yyjson_val *v = json_root(&d), *end = end_of(v); v < end; v++) {
        const char *key;

        if (yyjson_obj_size(v) < 2)
            continue;
        if (yyjson_obj_size(v) > room) {
            room = yyjson_obj_size(v);
            keys = xrealloc(keys, room * sizeof(yyjson_val *));
        }
        key = twice(v, keys);
        if (key)
            return error_set(e, ERR_INVALID, "JSON: key '%.64s' is given twice", key);
    }
    *ret = (struct json_doc){ .doc = TAKE(d.doc) };
    return 0;
}

void json_free(struct json_doc *d)
{
    if (!d)
        return;
    if (!d->pooled)
        yyjson_doc_free(d->doc);
    d->doc = NULL;
}

static yyjson_val *child(yyjson_val *v, struct str name)
{
    int64_t i;

    if (!yyjson_is_arr(v))
        return yyjson_obj_getn(v, name.p, name.n);
    return str_i64(name, &i) == 0 && i >= 0 ? yyjson_arr_get(v, (size_t)i) : NULL;
}

json_val *json_path(json_val *v, const char *dotted)
{
    struct str rest = str_of(dotted), name;

    while (v && str_split(&rest, '.', &name))
        v = child(v, name);
    return v;
}

const char *json_str(json_val *v, const char *fallback)
{
    return yyjson_is_str(v) ? yyjson_get_str(v) : fallback;
}

struct str json_text(json_val *v)
{
    return (struct str){ yyjson_get_str(v), yyjson_get_len(v) * yyjson_is_str(v) };
}

int64_t json_int(json_val *v, int64_t fallback)
{
    if (yyjson_is_sint(v))
        return yyjson_get_sint(v);
    return yyjson_is_uint(v) && yyjson_get_uint(v) <= INT64_MAX ? (int64_t)yyjson_get_uint(v)
                                                                : fallback;
}

bool json_bool(json_val *v, bool fallback)
{
    return yyjson_is_bool(v) ? yyjson_get_bool(v) : fallback;
}

bool json_equal(json_val *a, json_val *b)
{
    return a && b ? yyjson_equals(a, b) : a == b;
}

int json_write(json_val *v, struct buf *out)
{
    size_t n = 0;
    autofree char *text = v ? yyjson_val_write(v, YYJSON_WRITE_NOFLAG, &n) : NULL;

    return text ? buf_add(out, text, n) : -1;
}
