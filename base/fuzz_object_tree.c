// SPDX-License-Identifier: Apache-2.0
// A manifest in JSON is YAML too: where both readers accept a text, they have to give the same tree
// with the same lines; and of any tree each place that is kept is found by its path.
#include "base/json_tree.h"
#include "base/yaml_lines.h"
#include <assert.h>

#define ARENA ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(const struct yaml_node *a, const struct yaml_node *b)
{
    assert(a->type == b->type);
    assert(a->line == b->line);
    if (a->type != YAML_LIST && a->type != YAML_MAP) {
        assert(a->text.n == b->text.n && !memcmp(a->text.p, b->text.p, a->text.n));
        return;
    }
    assert(a->sub.n == b->sub.n);
    for (uint32_t i = 0; i < a->sub.n; i++) {
        if (a->type == YAML_MAP) {
            struct str x = a->sub.keys[i], y = b->sub.keys[i];

            assert(x.n == y.n && !memcmp(x.p, y.p, x.n));
            assert(a->sub.lines[i] == b->sub.lines[i]);
        }
        same(a->sub.v[i], b->sub.v[i]);
    }
}

// Follows the first child down, as far as a path can be written.
static void find_places(const struct yaml_node *root)
{
    struct yaml_lines *l = yaml_lines_new(root);
    const struct yaml_node *n = root;
    autobuf struct buf path = { 0 };

    if (!l)
        return;
    buf_init(&path, 4096);
    buf_adds(&path, "");
    while (n->type == YAML_LIST && n->sub.n && !path.failed) {
        buf_addf(&path, "[%u]", n->sub.n - 1);
        n = n->sub.v[n->sub.n - 1];
        if (!path.failed)
            assert(yaml_lines_find(l, path.p) <= n->line);
    }
    yaml_lines_free(l);
}

// What means something else in YAML alone: a key '<<', a lone carriage return, and characters
// beyond ASCII that break lines.
static bool comparable(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        char next = i + 1 < text.n ? text.p[i + 1] : 0;

        if ((uint8_t)text.p[i] >= 0x7f || text.p[i] == '\r' || (text.p[i] == '<' && next == '<'))
            return false;
    }
    return true;
}

static struct yaml_node *read_yaml(struct str text, struct arena *a)
{
    struct yaml_reader *r = yaml_open(text, a);
    struct yaml_node *n = NULL, *end = NULL;

    if (yaml_next(r, &n, NULL) < 0 || !n || yaml_next(r, &end, NULL) < 0 || end)
        n = NULL; // unread, or not the only document
    yaml_close(r);
    return n;
}

static struct yaml_node *read_json(struct str text, struct arena *a)
{
    struct yaml_node *n = NULL, *end = NULL;
    struct error e = { 0 };
    struct json_tree t;

    json_tree_init(&t, text, a);
    if (json_tree_next(&t, &n, &e) < 0) {
        assert(e.code && e.text[0]);
        return NULL;
    }
    return json_tree_next(&t, &end, NULL) < 0 || end ? NULL : n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autoarena struct arena *a = arena_new(ARENA), *b = arena_new(ARENA);
    struct str text = { (const char *)data, size };
    struct yaml_node *yaml, *json;

    if (size > 65536)
        return 0;
    yaml = read_yaml(text, a);
    json = read_json(text, b);
    if (yaml && json && comparable(text))
        same(json, yaml);
    if (yaml)
        find_places(yaml);
    if (json)
        find_places(json);
    return 0;
}
