// SPDX-License-Identifier: Apache-2.0
// The kinds that are watched and the rules of deploy/manifests that allow list and watch: each asks
// for the other.
#include "apis/kinds.h"
#include "base/test.h"
#include "base/yaml.h"
#include "controller/watched.h"

#define MANIFEST   "deploy/manifests/20-clusterrole.yaml"
#define GRANTS_MAX 128

struct grant {
    const char *group, *resource;
    bool watch; // beside list
};

struct grants {
    struct arena *arena;
    struct grant v[GRANTS_MAX];
    size_t n;
};

static bool has(const struct yaml_node *list, const char *word)
{
    for (uint32_t i = 0; i < list->sub.n; i++) {
        if (strcmp(yaml_str(list->sub.v[i], ""), word) == 0)
            return true;
    }
    return false;
}

static void take_rule(struct grants *g, const struct yaml_node *rule)
{
    const struct yaml_node *groups = yaml_get(rule, "apiGroups"),
                           *resources = yaml_get(rule, "resources");
    const struct yaml_node *verbs = yaml_get(rule, "verbs");

    assert_non_null(verbs);
    if (!has(verbs, "list"))
        return;
    for (uint32_t i = 0; i < groups->sub.n; i++) {
        for (uint32_t j = 0; j < resources->sub.n; j++) {
            assert_true(g->n < GRANTS_MAX);
            g->v[g->n++] = (struct grant){ .group = yaml_str(groups->sub.v[i], ""),
                                           .resource = yaml_str(resources->sub.v[j], ""),
                                           .watch = has(verbs, "watch") };
        }
    }
}

static void load(struct grants *g)
{
    FILE *file = fopen(MANIFEST, "r");
    struct yaml_reader *r;
    struct yaml_node *doc;
    struct error e = { 0 };
    char *text;
    size_t n;

    assert_non_null(file);
    *g = (struct grants){ .arena = arena_new((size_t)4 << 20) };
    text = arena_alloc(g->arena, (size_t)1 << 20);
    n = fread(text, 1, (size_t)1 << 20, file);
    fclose(file);
    r = yaml_open((struct str){ text, n }, g->arena);
    for (;;) {
        const struct yaml_node *rules;

        if (yaml_next(r, &doc, &e) < 0)
            fail_msg("%s", e.text);
        if (!doc)
            break;
        rules = yaml_get(doc, "rules");
        for (uint32_t i = 0; rules && i < rules->sub.n; i++)
            take_rule(g, rules->sub.v[i]);
    }
    yaml_close(r);
    assert_true(g->n > 20);
}

// Watched from the start, or once its CRD is there.
static bool watched(const struct kind *k)
{
    for (size_t i = 0; watched_kinds[i] != KIND_COUNT; i++) {
        if (watched_kinds[i] == k->id)
            return true;
    }
    return k->optional && !k->own;
}

static bool granted(const struct grants *g, const struct kind *k)
{
    for (size_t i = 0; i < g->n; i++) {
        if (strcmp(g->v[i].group, k->group) == 0 && strcmp(g->v[i].resource, k->plural) == 0)
            return g->v[i].watch == watched(k);
    }
    return false;
}

static void what_is_watched_may_be_listed(void **state unused_arg)
{
    struct grants g;

    load(&g);
    for (int i = 0; i < KIND_COUNT; i++) {
        const struct kind *k = kind_get((enum kind_id)i);

        if ((watched(k) || k->sampled) && !granted(&g, k))
            fail_msg("%s.%s is read, but %s does not grant it", k->plural, k->group, MANIFEST);
    }
    arena_free(g.arena);
}

static void what_may_be_listed_is_watched(void **state unused_arg)
{
    struct grants g;

    load(&g);
    for (size_t i = 0; i < g.n; i++) {
        bool found = false;

        for (int k = 0; k < KIND_COUNT && !found; k++) {
            const struct kind *kind = kind_get((enum kind_id)k);

            found = strcmp(g.v[i].group, kind->group) == 0 &&
                    strcmp(g.v[i].resource, kind->plural) == 0 &&
                    (g.v[i].watch ? watched(kind) : kind->sampled);
        }
        if (!found)
            fail_msg("%s grants %s.%s, which nobody %s", MANIFEST, g.v[i].resource, g.v[i].group,
                     g.v[i].watch ? "watches" : "lists");
    }
    arena_free(g.arena);
}

static void no_kind_is_watched_twice(void **state unused_arg)
{
    for (size_t i = 0; watched_kinds[i] != KIND_COUNT; i++) {
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(watched_kinds[i], watched_kinds[j]);
    }
}

RUN(T(what_is_watched_may_be_listed), T(what_may_be_listed_is_watched), T(no_kind_is_watched_twice))
