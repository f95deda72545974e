// SPDX-License-Identifier: Apache-2.0
// From libyaml's events to node trees, without recursion: an explicit stack of open lists and maps,
// and one row of the entries read so far. Aliases share nodes, so a bomb costs no memory here; but
// whoever walks the tree meets a shared part each time. Hence nodes are counted, and depth is
// measured, as a walker would see them.
#include "base/yaml.h"

#include "base/alloc.h"
#include "base/map.h"
#include "base/yaml_parts.h"
#include <yaml.h>

struct anchor {
    const char *name;
    struct yaml_node *node;
    size_t size;     // nodes below and with it, as a walker counts
    uint32_t height; // levels of lists and maps
    bool open;       // still being read: an alias would make a ring
};

struct frame { // an open list or map
    struct yaml_node *node;
    struct anchor *anchor;
    size_t first; // of its entries
    size_t nodes; // the count when it began
    uint32_t height;
};

struct yaml_reader {
    yaml_parser_t parser;
    struct arena *arena;
    bool ended;
    struct error error; // sticky
    struct map anchors; // of this document, by name
    struct yaml_node *root;
    struct frame frames[YAML_DEPTH_MAX];
    size_t depth, nodes;
    struct yaml_entry *entries; // owned
    size_t n, cap;
};

static uint32_t anchor_hash(const void *entry)
{
    return hash_str(((const struct anchor *)entry)->name);
}

static bool anchor_is(const void *entry, const void *key)
{
    return !strcmp(((const struct anchor *)entry)->name, key);
}

static const struct map_ops anchor_ops = { anchor_hash, anchor_is };

struct yaml_reader *yaml_open(struct str text, struct arena *a)
{
    struct yaml_reader *r = xcalloc(1, sizeof(*r));

    r->arena = a;
    r->cap = 64;
    r->entries = xmalloc(r->cap * sizeof(*r->entries));
    map_init(&r->anchors, &anchor_ops);
    if (!yaml_parser_initialize(&r->parser))
        abort(); // out of memory
    yaml_parser_set_input_string(&r->parser, (const unsigned char *)(text.n ? text.p : ""), text.n);
    // Named, or UTF-16 would be guessed from the first bytes.
    yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
    if (text.n > YAML_BYTES_MAX)
        error_set(&r->error, ERR_TOO_BIG, "YAML of %zu bytes; the limit is %zu", text.n,
                  YAML_BYTES_MAX);
    return r;
}

void yaml_close(struct yaml_reader *r)
{
    if (!r)
        return;
    yaml_parser_delete(&r->parser);
    map_fini(&r->anchors);
    free(r->entries);
    free(r);
}

static uint32_t line_of(const yaml_event_t *ev)
{
    return (uint32_t)MIN(ev->start_mark.line + 1, UINT32_MAX);
}

static int set_parser_error(const yaml_parser_t *p, struct error *e)
{
    const char *problem = p->problem ? p->problem : "unreadable";

    if (p->error == YAML_MEMORY_ERROR)
        abort();
    if (p->error == YAML_READER_ERROR)
        return error_set(e, ERR_INVALID, "byte %zu: %s", p->problem_offset, problem);
    return error_set(e, ERR_INVALID, "line %zu: %s", p->problem_mark.line + 1, problem);
}

static int count_nodes(struct yaml_reader *r, size_t n, uint32_t line, struct error *e)
{
    if (n > YAML_NODES_MAX - r->nodes)
        return error_set(e, ERR_TOO_BIG, "line %u: more than %u values", line, YAML_NODES_MAX);
    r->nodes += n;
    return 0;
}

// Is the next node a key of the innermost map?
static bool wants_key(const struct yaml_reader *r)
{
    const struct frame *f = r->depth ? &r->frames[r->depth - 1] : NULL;

    if (!f || f->node->type != YAML_MAP)
        return false;
    return r->n == f->first || r->entries[r->n - 1].value;
}

static void push_entry(struct yaml_reader *r, struct yaml_entry entry)
{
    if (r->n == r->cap) {
        r->cap *= 2;
        r->entries = xrealloc(r->entries, r->cap * sizeof(*r->entries));
    }
    r->entries[r->n++] = entry;
}

static int add_key(struct yaml_reader *r, struct str text, bool is_merge, uint32_t line)
{
    push_entry(r, (struct yaml_entry){ .key = text, .line = line, .is_merge = is_merge });
    return 0;
}

// Puts a node where it belongs: root, list item, value of the last key.
static void add_value(struct yaml_reader *r, struct yaml_node *n, uint32_t height)
{
    struct frame *f;

    if (!r->depth) {
        r->root = n;
        return;
    }
    f = &r->frames[r->depth - 1];
    f->height = MAX(f->height, height + 1);
    if (f->node->type == YAML_LIST)
        push_entry(r, (struct yaml_entry){ .value = n });
    else
        r->entries[r->n - 1].value = n;
}

static int new_anchor(struct yaml_reader *r, const yaml_char_t *name, struct yaml_node *n,
                      struct anchor **ret, struct error *e)
{
    const char *text = (const char *)name;

    *ret = NULL;
    if (!text)
        return 0;
    if (yaml_room(r->arena, 2, sizeof(**ret) + strlen(text) + 1, n->line, e) < 0)
        return -1;
    *ret = ARENA_NEW(r->arena, struct anchor);
    **ret = (struct anchor){ .name = arena_strdup(r->arena, text), .node = n, .size = 1 };
    map_put(&r->anchors, text, *ret); // a name may be given anew; later aliases mean the later one
    return 0;
}

static int copy_text(struct yaml_reader *r, const yaml_event_t *ev, struct str *ret,
                     struct error *e)
{
    size_t n = ev->data.scalar.length;

    if (yaml_room(r->arena, 1, n + 1, line_of(ev), e) < 0)
        return -1;
    ret->p = arena_strndup(r->arena, (const char *)ev->data.scalar.value, n);
    ret->n = n;
    return 0;
}

static int new_node(struct yaml_reader *r, const yaml_event_t *ev, enum yaml_type type,
                    struct yaml_node **ret, struct error *e)
{
    uint32_t line = line_of(ev);

    if (count_nodes(r, 1, line, e) < 0 || yaml_room(r->arena, 1, sizeof(**ret), line, e) < 0)
        return -1;
    *ret = ARENA_NEW(r->arena, struct yaml_node);
    (*ret)->type = type;
    (*ret)->line = line;
    (*ret)->text = (struct str){ "", 0 };
    return 0;
}

static int resolve(struct yaml_node *n, const yaml_event_t *ev, struct error *e)
{
    const char *tag = (const char *)ev->data.scalar.tag;

    if (tag && strcmp(tag, "!") != 0)
        return yaml_resolve_tagged(n, tag, e);
    if (tag || ev->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
        n->type = YAML_STR;
    else
        yaml_resolve_plain(n);
    return 0;
}

static int on_scalar(struct yaml_reader *r, const yaml_event_t *ev, struct error *e)
{
    bool is_key = wants_key(r);
    bool is_merge = ev->data.scalar.plain_implicit && ev->data.scalar.length == 2 &&
                    !memcmp(ev->data.scalar.value, "<<", 2);
    struct yaml_node *n;
    struct anchor *anchor;
    struct str text;

    if (copy_text(r, ev, &text, e) < 0)
        return -1;
    if (is_key && !ev->data.scalar.anchor)
        return count_nodes(r, 1, line_of(ev), e) < 0 ? -1 : add_key(r, text, is_merge, line_of(ev));
    if (new_node(r, ev, YAML_STR, &n, e) < 0)
        return -1;
    n->text = text;
    if (resolve(n, ev, e) < 0 || new_anchor(r, ev->data.scalar.anchor, n, &anchor, e) < 0)
        return -1;
    if (is_key)
        return add_key(r, text, is_merge, n->line);
    add_value(r, n, 0);
    return 0;
}

static int on_alias(struct yaml_reader *r, const yaml_event_t *ev, struct error *e)
{
    const char *name = (const char *)ev->data.alias.anchor;
    const struct anchor *a = map_get(&r->anchors, hash_str(name), name);
    uint32_t line = line_of(ev);

    if (!a)
        return error_set(e, ERR_INVALID, "line %u: alias '*%.64s' has no anchor", line, name);
    if (a->open)
        return error_set(e, ERR_INVALID, "line %u: alias '*%.64s' contains itself", line, name);
    if (r->depth + a->height > YAML_DEPTH_MAX)
        return error_set(e, ERR_TOO_BIG, "line %u: deeper than %d levels", line, YAML_DEPTH_MAX);
    if (count_nodes(r, a->size, line, e) < 0)
        return -1;
    if (!wants_key(r)) {
        add_value(r, a->node, a->height);
        return 0;
    }
    if (a->node->type == YAML_LIST || a->node->type == YAML_MAP)
        return error_set(e, ERR_INVALID, "line %u: a key has to be a scalar", line);
    return add_key(r, a->node->text, false, line);
}

static int on_start(struct yaml_reader *r, const yaml_event_t *ev, struct error *e)
{
    bool list = ev->type == YAML_SEQUENCE_START_EVENT;
    struct frame f = { .first = r->n, .nodes = r->nodes };

    if (wants_key(r))
        return error_set(e, ERR_INVALID, "line %u: a key has to be a scalar", line_of(ev));
    if (r->depth == YAML_DEPTH_MAX)
        return error_set(e, ERR_TOO_BIG, "line %u: deeper than %d levels", line_of(ev),
                         YAML_DEPTH_MAX);
    if (new_node(r, ev, list ? YAML_LIST : YAML_MAP, &f.node, e) < 0 ||
        new_anchor(r, list ? ev->data.sequence_start.anchor : ev->data.mapping_start.anchor, f.node,
                   &f.anchor, e) < 0)
        return -1;
    if (f.anchor)
        f.anchor->open = true;
    f.height = 1;
    r->frames[r->depth++] = f;
    return 0;
}

static int fill_list(struct yaml_reader *r, const struct frame *f, struct error *e)
{
    size_t n = r->n - f->first;

    if (yaml_room(r->arena, n, sizeof(void *), f->node->line, e) < 0)
        return -1;
    f->node->sub.v = ARENA_ARRAY(r->arena, struct yaml_node *, n);
    f->node->sub.n = (uint32_t)n;
    for (size_t i = 0; i < n; i++)
        f->node->sub.v[i] = r->entries[f->first + i].value;
    return 0;
}

static int on_end(struct yaml_reader *r, struct error *e)
{
    struct frame *f = &r->frames[r->depth - 1];
    int failed = f->node->type == YAML_LIST
                     ? fill_list(r, f, e)
                     : yaml_fill_map(f->node, r->entries + f->first, r->n - f->first, r->arena, e);

    if (failed < 0)
        return -1;
    if (f->anchor) {
        f->anchor->open = false;
        f->anchor->size = r->nodes - f->nodes;
        f->anchor->height = f->height;
    }
    r->n = f->first;
    r->depth--;
    add_value(r, f->node, f->height);
    return 0;
}

// 1: a document, or the stream, has ended.
static int on_event(struct yaml_reader *r, const yaml_event_t *ev, struct error *e)
{
    switch (ev->type) {
    case YAML_DOCUMENT_START_EVENT:
        map_fini(&r->anchors);
        r->nodes = 0;
        return 0;
    case YAML_SCALAR_EVENT:
        return on_scalar(r, ev, e);
    case YAML_ALIAS_EVENT:
        return on_alias(r, ev, e);
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        return on_start(r, ev, e);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return on_end(r, e);
    case YAML_STREAM_END_EVENT:
        r->ended = true;
        return 1;
    case YAML_DOCUMENT_END_EVENT:
        return 1;
    default:
        return 0;
    }
}

int yaml_next(struct yaml_reader *r, struct yaml_node **ret, struct error *e)
{
    int got = 0;

    r->root = NULL;
    while (!got && !r->ended && !r->error.code) {
        yaml_event_t ev;

        if (!yaml_parser_parse(&r->parser, &ev)) {
            set_parser_error(&r->parser, &r->error);
            break;
        }
        got = on_event(r, &ev, &r->error);
        yaml_event_delete(&ev);
    }
    if (r->error.code)
        return error_set(e, r->error.code, "%s", r->error.text);
    *ret = r->root;
    return 0;
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
    if (!map || map->type != YAML_MAP)
        return NULL;
    for (uint32_t i = 0; i < map->sub.n; i++)
        if (str_eq(map->sub.keys[i], key))
            return map->sub.v[i];
    return NULL;
}

static const struct yaml_node *child(const struct yaml_node *n, struct str name)
{
    int64_t i;

    if (n->type == YAML_LIST)
        return str_i64(name, &i) == 0 && i >= 0 && i < n->sub.n ? n->sub.v[i] : NULL;
    for (i = 0; n->type == YAML_MAP && i < n->sub.n; i++)
        if (n->sub.keys[i].n == name.n && !memcmp(n->sub.keys[i].p, name.p, name.n))
            return n->sub.v[i];
    return NULL;
}

const struct yaml_node *yaml_path(const struct yaml_node *n, const char *dotted)
{
    struct str rest = str_of(dotted), name;

    while (n && str_split(&rest, '.', &name))
        n = child(n, name);
    return n;
}

const char *yaml_str(const struct yaml_node *n, const char *fallback)
{
    if (!n || n->type == YAML_NULL || n->type == YAML_LIST || n->type == YAML_MAP)
        return fallback;
    return n->text.p;
}
