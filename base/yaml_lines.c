// SPDX-License-Identifier: Apache-2.0
// The tree in the order it is walked, flattened: each entry says where the next one beside it is. A
// key is kept as its hash. Two keys of one map with the same hash would be one in four thousand
// million, and cost a wrong line.
#include "base/yaml_lines.h"

#include "base/alloc.h"

// No table is filled with these, so nobody gains by choosing keys: this one is quick.
static uint32_t key_hash(const char *p, size_t n)
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < n; i++)
        h = (h ^ (uint8_t)p[i]) * 16777619u;
    return h;
}

struct entry {
    uint32_t key; // hash of a map's key; number of a list's item
    uint32_t line;
    uint32_t after; // index of the entry behind everything below this one
};

struct yaml_lines {
    uint32_t line; // of the object
    uint32_t n;
    struct entry v[];
};

struct open { // a list or map whose children are being written
    const struct yaml_node *node;
    uint32_t i;     // next child
    uint32_t entry; // its own; the root has none
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

static struct entry entry_of(const struct yaml_node *parent, uint32_t i)
{
    struct entry e = { .key = i, .line = parent->sub.v[i]->line };

    if (parent->type == YAML_MAP) {
        e.key = key_hash(parent->sub.keys[i].p, parent->sub.keys[i].n);
        e.line = parent->sub.lines[i];
    }
    return e;
}

static void write_entries(struct yaml_lines *l, const struct yaml_node *root)
{
    struct open open[YAML_DEPTH_MAX + 1] = { { .node = root } };
    uint32_t depth = 1;

    while (depth) {
        struct open *o = &open[depth - 1];
        const struct yaml_node *p = o->node;

        if ((p->type != YAML_MAP && p->type != YAML_LIST) || o->i == p->sub.n) {
            if (--depth)
                l->v[o->entry].after = l->n;
            continue;
        }
        l->v[l->n] = entry_of(p, o->i);
        l->v[l->n].after = l->n + 1;
        if (depth <= YAML_DEPTH_MAX)
            open[depth++] = (struct open){ .node = p->sub.v[o->i], .entry = l->n };
        o->i++;
        l->n++;
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

// The child with that key among the entries from `from` on, which end at `end`; NULL: none.
static const struct entry *child(const struct yaml_lines *l, uint32_t from, uint32_t end,
                                 uint32_t key)
{
    for (uint32_t i = from; i < end; i = l->v[i].after)
        if (l->v[i].key == key)
            return &l->v[i];
    return NULL;
}

// Keys may hold dots and slashes themselves ("requests.nvidia.com/gpu"): the shortest piece of the
// rest that is a key here is taken.
static const struct entry *named(const struct yaml_lines *l, uint32_t from, uint32_t end,
                                 const char **rest)
{
    const char *p = *rest;

    for (size_t n = strcspn(p, ".["); n; n += p[n] ? 1 + strcspn(p + n + 1, ".[") : 0) {
        const struct entry *e = child(l, from, end, key_hash(p, n));

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
static const struct entry *indexed(const struct yaml_lines *l, uint32_t from, uint32_t end,
                                   const char **rest)
{
    const char *p = *rest, *close = strchr(p, ']');
    const struct entry *e = NULL;
    struct str inside;
    int64_t i;

    if (!close)
        return NULL;
    inside = (struct str){ p, (size_t)(close - p) };
    if (str_i64(inside, &i) == 0 && i >= 0 && i <= UINT32_MAX)
        e = child(l, from, end, (uint32_t)i);
    if (!e)
        e = child(l, from, end, key_hash(inside.p, inside.n));
    *rest = close + 1;
    return e;
}

uint32_t yaml_lines_find(const struct yaml_lines *l, const char *path)
{
    uint32_t line = l->line, from = 0, end = l->n;

    while (*path) {
        const struct entry *e;

        if (*path == '.')
            path++;
        if (*path == '[') {
            path++;
            e = indexed(l, from, end, &path);
        } else {
            e = named(l, from, end, &path);
        }
        if (!e)
            break;
        line = e->line;
        from = (uint32_t)(e - l->v) + 1;
        end = e->after;
    }
    return line;
}
