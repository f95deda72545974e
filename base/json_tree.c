// SPDX-License-Identifier: Apache-2.0
// yyjson says whether it is JSON and what the strings are, but not where anything stands; so the
// text is gone through a second time beside the values, which is little work once it is known to be
// valid. Scalars keep the text that they were written as.
#include "base/json_tree.h"

#include "base/alloc.h"
#include "base/json.h"
#include "base/json_span.h"
#include "base/yaml_parts.h"

#define MEMORY_MAX ((size_t)256 * 1024 * 1024) // of the values of one document

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// To the next value or bracket.
static void skip_between(struct json_tree *t)
{
    for (; t->at < t->text.n; t->at++) {
        char c = t->text.p[t->at];

        if (!is_blank(c) && c != ',' && c != ':')
            return;
        t->line += c == '\n';
    }
}

static struct str skip_scalar(struct json_tree *t)
{
    const char *p = t->text.p;
    size_t from = t->at;

    if (p[from] == '"') {
        while (p[++t->at] != '"')
            t->at += p[t->at] == '\\';
        t->at++;
    } else {
        while (t->at < t->text.n && !is_blank(p[t->at]) && !strchr(",]}", p[t->at]))
            t->at++;
    }
    return (struct str){ p + from, t->at - from };
}

static int copy_text(struct json_tree *t, struct str s, struct str *ret, struct error *e)
{
    if (yaml_room(t->arena, 1, s.n + 1, t->line, e) < 0)
        return -1;
    *ret = (struct str){ arena_strndup(t->arena, s.n ? s.p : "", s.n), s.n };
    return 0;
}

static int new_node(struct json_tree *t, enum yaml_type type, struct yaml_node **ret,
                    struct error *e)
{
    if (t->nodes++ == YAML_NODES_MAX)
        return error_set(e, ERR_TOO_BIG, "line %u: more than %u values", t->line, YAML_NODES_MAX);
    if (yaml_room(t->arena, 1, sizeof(**ret), t->line, e) < 0)
        return -1;
    *ret = ARENA_NEW(t->arena, struct yaml_node);
    (*ret)->type = type;
    (*ret)->line = t->line;
    (*ret)->text = (struct str){ "", 0 };
    return 0;
}

static int read_value(struct json_tree *t, json_val *v, int depth, struct yaml_node **ret,
                      struct error *e);

static int read_scalar(struct json_tree *t, json_val *v, struct yaml_node **ret, struct error *e)
{
    struct str written;

    if (new_node(t, YAML_STR, ret, e) < 0)
        return -1;
    written = skip_scalar(t);
    if (yyjson_is_str(v))
        return copy_text(t, json_text(v), &(*ret)->text, e);
    if (copy_text(t, written, &(*ret)->text, e) < 0)
        return -1;
    yaml_resolve_plain(*ret);
    return 0;
}

static int read_key(struct json_tree *t, json_val *key, struct yaml_entry *ret, struct error *e)
{
    skip_between(t);
    *ret = (struct yaml_entry){ .line = t->line };
    skip_scalar(t);
    t->nodes++;
    return copy_text(t, json_text(key), &ret->key, e);
}

static int read_map(struct json_tree *t, json_val *v, int depth, struct yaml_node *map,
                    struct error *e)
{
    size_t n = yyjson_obj_size(v), i, max;
    autofree struct yaml_entry *entries = xcalloc(n ? n : 1, sizeof(*entries));
    yyjson_val *key, *val;

    yyjson_obj_foreach (v, i, max, key, val) {
        if (read_key(t, key, &entries[i], e) < 0 ||
            read_value(t, val, depth, &entries[i].value, e) < 0)
            return -1;
    }
    return yaml_fill_map(map, entries, n, t->arena, e);
}

static int read_list(struct json_tree *t, json_val *v, int depth, struct yaml_node *list,
                     struct error *e)
{
    size_t n = yyjson_arr_size(v), i, max;
    yyjson_val *item;

    if (yaml_room(t->arena, n, sizeof(void *), t->line, e) < 0)
        return -1;
    list->sub.v = ARENA_ARRAY(t->arena, struct yaml_node *, n);
    list->sub.n = (uint32_t)n;
    yyjson_arr_foreach (v, i, max, item) {
        if (read_value(t, item, depth, &list->sub.v[i], e) < 0)
            return -1;
    }
    return 0;
}

static int read_value(struct json_tree *t, json_val *v, int depth, struct yaml_node **ret,
                      struct error *e)
{
    bool map = yyjson_is_obj(v);

    skip_between(t);
    if (!map && !yyjson_is_arr(v))
        return read_scalar(t, v, ret, e);
    if (depth == YAML_DEPTH_MAX)
        return error_set(e, ERR_TOO_BIG, "line %u: deeper than %d levels", t->line, YAML_DEPTH_MAX);
    if (new_node(t, map ? YAML_MAP : YAML_LIST, ret, e) < 0)
        return -1;
    t->at++; // the bracket
    if ((map ? read_map : read_list)(t, v, depth + 1, *ret, e) < 0)
        return -1;
    skip_between(t);
    t->at++;
    return 0;
}

static int syntax_error(const struct json_tree *t, const yyjson_read_err *err, struct error *e)
{
    uint32_t line = t->line;

    if (err->code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
        return error_set(e, ERR_TOO_BIG, "line %u: the document needs too much memory", line);
    for (size_t i = 0; i < err->pos && t->at + i < t->text.n; i++)
        line += t->text.p[t->at + i] == '\n';
    return error_set(e, ERR_INVALID, "line %u: %s", line, err->msg);
}

// The text of the value that begins here; the rest of the text if that has no end.
static struct str document(const struct json_tree *t)
{
    struct str rest = { t->text.p + t->at, t->text.n - t->at };
    struct json_span span = { 0 };
    size_t n = json_span_end(&span, rest.p, rest.n);

    return n ? (struct str){ rest.p, n } : rest;
}

static int read_document(struct json_tree *t, struct yaml_node **ret, struct error *e)
{
    struct str text = document(t);
    size_t need = yyjson_read_max_memory_usage(text.n, YYJSON_READ_NOFLAG);
    // Three times: brackets that are never closed take more than any valid text.
    size_t room = MIN(3 * need, MEMORY_MAX);
    autofree void *memory = xmalloc(room); // what is not touched costs nothing
    yyjson_read_err err = { 0 };
    yyjson_alc alc;
    yyjson_doc *doc;

    if (*text.p != '{' && *text.p != '[')
        return error_set(e, ERR_INVALID, "line %u: a JSON document is an object or a list",
                         t->line);
    if (!yyjson_alc_pool_init(&alc, memory, room))
        return error_set(e, ERR_TOO_BIG, "line %u: the document needs too much memory", t->line);
    // The text is only read; the parameter's type says otherwise.
    doc = yyjson_read_opts((char *)(uintptr_t)text.p, text.n, YYJSON_READ_NOFLAG, &alc, &err);
    if (!doc)
        return syntax_error(t, &err, e);
    t->nodes = 0;
    return read_value(t, yyjson_doc_get_root(doc), 0, ret, e);
}

void json_tree_init(struct json_tree *t, struct str text, struct arena *a)
{
    *t = (struct json_tree){ .text = text, .arena = a, .line = 1 };
}

int json_tree_next(struct json_tree *t, struct yaml_node **ret, struct error *e)
{
    struct yaml_node *root = NULL;

    if (t->failed)
        return error_set(e, ERR_INVALID, "line %u: not read on after an error", t->line);
    if (t->text.n > YAML_BYTES_MAX) {
        t->failed = true;
        return error_set(e, ERR_TOO_BIG, "JSON of %zu bytes; the limit is %zu", t->text.n,
                         YAML_BYTES_MAX);
    }
    for (; t->at < t->text.n && is_blank(t->text.p[t->at]); t->at++)
        t->line += t->text.p[t->at] == '\n';
    if (t->at < t->text.n && read_document(t, &root, e) < 0) {
        t->failed = true;
        return -1;
    }
    *ret = root;
    return 0;
}
