// SPDX-License-Identifier: Apache-2.0
// The tree in the order it is walked, flattened: what is below an entry follows it, one level
// deeper. A key is kept as 24 bits of its hash. Two keys of one map with the same would be one in
// sixteen million, and cost a wrong line.
#include "base/yaml_lines.h"

#include "base/alloc.h"

struct entry {
    uint32_t line;
    uint32_t place; // key and, in the lowest byte, level
};

// No table is filled with these, so nobody gains by choosing keys: this one is quick.
static uint32_t key_of(const char *p, size_t n)
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < n; i++)
        h = (h ^ (uint8_t)p[i]) * 16777619u;
    return h ^ h >> 24;
}

static uint32_t place_of(uint32_t key, uint32_t level)
{
    return key << 8 | level;
}

static uint32_t level_of(struct entry e)
{
    return e.place & 0xff;
}

_Static_assert(YAML_LINES_MAX < 1u << 24, "a list's items are kept by their number");
_Static_assert(YAML_DEPTH_MAX < 0xff, "a level has one byte");

struct yaml_lines {
    uint32_t line; // of the object
    uint32_t n;
    struct entry v[];
};

struct open { // a list or map whose children are being written
    const struct yaml_node *node;
    uint32_t i; // next child
};

static size_t count_below(const struct yaml_node *root, size_t max)
{
    const struct yaml_node *open[YAML_DEPTH_MAX + 1];
    uint32_t at[YAML_DEPTH_MAX + 1], depth = 1;
    size_t n = 0;

    open[0] = root;
    at[0] = 0;
    while (depth && n < max) {
        const struct yaml_node *p = open[depth - 1], *child;

        if ((p->type != YAML_MAP && p->type != YAML_LIST) || at[depth - 1] == p->sub.n) {
            depth--;
            continue;
        }
        child = p->sub.v[at[depth - 1]++];
        n++;
        if (depth <= YAML_DEPTH_MAX) {
            open[depth] = child;
            at[depth++] = 0;
        }
    }
    return n;
}

static struct entry entry_of(const struct yaml_node *parent, uint32_t i, uint32_t level)
{
    struct str key;

    if (parent->type == YAML_LIST)
        return (struct entry){ parent->sub.v[i]->line, place_of(i, level) };
    key = parent->sub.keys[i];
    return (struct entry){ parent->sub.lines[i], place_of(key_of(key.p, key.n), level) };
}

static void write_entries(struct yaml_lines *l, const struct yaml_node *root)
{
    struct open open[YAML_DEPTH_MAX + 1] = { { .node = root } };
    uint32_t depth = 1;

    while (depth) {
        struct open *o = &open[depth - 1];
        const struct yaml_node *p = o->node;

        if ((p->type != YAML_MAP && p->type != YAML_LIST) || o->i == p->sub.n) {
            depth--;
            continue;
        }
        l->v[l->n++] = entry_of(p, o->i, depth);
        o->i++;
        if (depth <= YAML_DEPTH_MAX)
            open[depth++] = (struct open){ .node = p->sub.v[o->i - 1] };
    }
}

struct yaml_lines *yaml_lines_new(const struct yaml_node *root)
{
    size_t n = count_below(root, YAML_LINES_MAX + 1);
    struct yaml_lines *l;

    if (n > YAML_LINES_MAX)
        return NULL;
    l = xmalloc(sizeof(*l) + n * sizeof(l->v[0]));

    l->line = root->line;
    l->n = 0;
    write_entries(l, root);
    return l;
}

void yaml_lines_free(struct yaml_lines *l)
{
    free(l);
}

size_t yaml_lines_bytes(const struct yaml_lines *l)
{
    return l ? sizeof(*l) + l->n * sizeof(l->v[0]) : 0;
}

// What is below a thing: entries from `from` on, the next of its level ends them.
struct range {
    uint32_t from, level;
};

// The child with that key; NULL: none.
static const struct entry *child(const struct yaml_lines *l, struct range in, uint32_t key)
{
    uint32_t wanted = place_of(key, in.level);

    for (uint32_t i = in.from; i < l->n && level_of(l->v[i]) >= in.level; i++)
        if (l->v[i].place == wanted)
            return &l->v[i];
    return NULL;
}

// Keys may hold dots and slashes themselves ("requests.nvidia.com/gpu"): the shortest piece of the
// rest that is a key here is taken.
static const struct entry *named(const struct yaml_lines *l, struct range in, const char **rest)
{
    const char *p = *rest;

    for (size_t n = strcspn(p, ".["); n; n += p[n] ? 1 + strcspn(p + n + 1, ".[") : 0) {
        const struct entry *e = child(l, in, key_of(p, n));

        if (e) {
            *rest = p + n;
            return e;
        }
        if (!p[n])
            break;
    }
    return NULL;
}

// "[3]" or "[key]"; p is behind the opening bracket.
static const struct entry *indexed(const struct yaml_lines *l, struct range in, const char **rest)
{
    const char *p = *rest, *close = strchr(p, ']');
    const struct entry *e = NULL;
    struct str inside;
    int64_t i;

    if (!close)
        return NULL;
    inside = (struct str){ p, (size_t)(close - p) };
    if (str_i64(inside, &i) == 0 && i >= 0 && i < YAML_LINES_MAX)
        e = child(l, in, (uint32_t)i);
    if (!e)
        e = child(l, in, key_of(inside.p, inside.n));
    *rest = close + 1;
    return e;
}

uint32_t yaml_lines_find(const struct yaml_lines *l, const char *path)
{
    struct range in = { .from = 0, .level = 1 };
    uint32_t line = l->line;

    while (*path) {
        const struct entry *e;

        if (*path == '.')
            path++;
        if (*path == '[') {
            path++;
            e = indexed(l, in, &path);
        } else {
            e = named(l, in, &path);
        }
        if (!e)
            break;
        line = e->line;
        in = (struct range){ .from = (uint32_t)(e - l->v) + 1, .level = in.level + 1 };
    }
    return line;
}
