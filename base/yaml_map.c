// SPDX-License-Identifier: Apache-2.0
// The keys of a YAML map: duplicates and merges. Both are one sort: entries in order of precedence
// (own keys, then each merged map in its order) are sorted by key; of equal keys the first stays,
// and a second own one is the error.
#include "base/yaml_parts.h"

#include "base/alloc.h"

int yaml_room(const struct arena *a, size_t n, size_t size, uint32_t line, struct error *e)
{
    // 16: what padding may take of each
    if (n && arena_room(a) / n < size + 16)
        return error_set(e, ERR_TOO_BIG, "line %u: the document needs too much memory", line);
    return 0;
}

static int compare_entries(const void *a, const void *b)
{
    const struct yaml_entry *x = *(struct yaml_entry *const *)a;
    const struct yaml_entry *y = *(struct yaml_entry *const *)b;
    int order = memcmp(x->key.p, y->key.p, MIN(x->key.n, y->key.n));

    if (!order)
        order = (x->key.n > y->key.n) - (x->key.n < y->key.n);
    return order ? order : (x > y) - (x < y);
}

static int set_twice(const struct yaml_entry *first, const struct yaml_entry *again,
                     struct error *e)
{
    return error_set(e, ERR_INVALID, "line %u: key '%.64s' is given twice (first in line %u)",
                     again->line, again->key.p, first->line);
}

static bool same_key(const struct yaml_entry *x, const struct yaml_entry *y)
{
    return x->key.n == y->key.n && !memcmp(x->key.p, y->key.p, x->key.n);
}

// Most maps have a few keys of their own: comparing each with each is quicker than sorting.
#define FEW 16u

static int refuse_twice(const struct yaml_entry *v, size_t n, struct error *e)
{
    for (size_t i = 1; i < n; i++)
        for (size_t j = 0; j < i; j++)
            if (same_key(&v[i], &v[j]))
                return set_twice(&v[j], &v[i], e);
    return 0;
}

// Takes the value from each entry that an earlier one overrules.
static int drop_overruled(struct yaml_entry *v, size_t n, struct error *e)
{
    autofree struct yaml_entry **sorted = xmalloc(n * sizeof(struct yaml_entry *));

    for (size_t i = 0; i < n; i++)
        sorted[i] = &v[i];
    qsort(sorted, n, sizeof(struct yaml_entry *), compare_entries);
    for (size_t i = 1; i < n; i++) {
        if (!same_key(sorted[i - 1], sorted[i]))
            continue;
        if (!sorted[i]->merged)
            return set_twice(sorted[i - 1], sorted[i], e);
        sorted[i]->value = NULL;
    }
    return 0;
}

// The maps that a << brings: its value is one or a list of them. NULL: neither.
static struct yaml_node *const *sources_of(const struct yaml_entry *merge, size_t *ret_n)
{
    struct yaml_node *const *v = &merge->value;

    *ret_n = 1;
    if (merge->value->type == YAML_LIST) {
        v = merge->value->sub.v;
        *ret_n = merge->value->sub.n;
    }
    for (size_t i = 0; i < *ret_n; i++)
        if (v[i]->type != YAML_MAP)
            return NULL;
    return v;
}

static size_t entries_of(struct yaml_node *const *maps, size_t n)
{
    size_t sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += maps[i]->sub.n;
    return sum;
}

// Appends the entries of maps to v, as merged ones.
static size_t append_merged(struct yaml_entry *v, size_t n, struct yaml_node *const *maps,
                            size_t n_maps)
{
    for (size_t m = 0; m < n_maps; m++)
        for (uint32_t i = 0; i < maps[m]->sub.n; i++)
            v[n++] = (struct yaml_entry){ .key = maps[m]->sub.keys[i],
                                          .line = maps[m]->sub.lines[i],
                                          .merged = true,
                                          .value = maps[m]->sub.v[i] };
    return n;
}

// Finds the one << of the entries. NULL without *e changed: there is none.
static int find_merge(const struct yaml_entry *v, size_t n, const struct yaml_entry **ret,
                      struct error *e)
{
    *ret = NULL;
    for (size_t i = 0; i < n; i++) {
        if (!v[i].is_merge)
            continue;
        if (*ret)
            return set_twice(*ret, &v[i], e);
        *ret = &v[i];
    }
    return 0;
}

static int fill(struct yaml_node *map, const struct yaml_entry *v, size_t n, struct arena *a,
                struct error *e)
{
    if (yaml_room(a, n, sizeof(void *) + sizeof(struct str) + sizeof(uint32_t), map->line, e) < 0)
        return -1;
    map->sub.v = ARENA_ARRAY(a, struct yaml_node *, n);
    map->sub.keys = ARENA_ARRAY(a, struct str, n);
    map->sub.lines = ARENA_ARRAY(a, uint32_t, n);
    map->sub.n = 0;
    for (size_t i = 0; i < n; i++) {
        if (!v[i].value)
            continue;
        map->sub.keys[map->sub.n] = v[i].key;
        map->sub.lines[map->sub.n] = v[i].line;
        map->sub.v[map->sub.n++] = v[i].value;
    }
    return 0;
}

static int fill_merged(struct yaml_node *map, const struct yaml_entry *v, size_t n,
                       const struct yaml_entry *merge, struct arena *a, struct error *e)
{
    size_t n_maps = 0, total = 0;
    struct yaml_node *const *maps = sources_of(merge, &n_maps);
    autofree struct yaml_entry *all = NULL;

    if (!maps)
        return error_set(e, ERR_INVALID, "line %u: '<<' takes a map or a list of maps",
                         merge->line);
    all = xmalloc((n + entries_of(maps, n_maps)) * sizeof(*all));
    for (size_t i = 0; i < n; i++)
        if (!v[i].is_merge)
            all[total++] = v[i];
    total = append_merged(all, total, maps, n_maps);
    if (drop_overruled(all, total, e) < 0)
        return -1;
    return fill(map, all, total, a, e);
}

int yaml_fill_map(struct yaml_node *map, struct yaml_entry *v, size_t n, struct arena *a,
                  struct error *e)
{
    const struct yaml_entry *merge;

    if (find_merge(v, n, &merge, e) < 0)
        return -1;
    if (merge)
        return fill_merged(map, v, n, merge, a, e);
    if ((n <= FEW ? refuse_twice(v, n, e) : drop_overruled(v, n, e)) < 0)
        return -1;
    return fill(map, v, n, a, e);
}
