// SPDX-License-Identifier: Apache-2.0
// Which documents are objects, and of which kind. A former version of a kind we know is read by the
// rows of the present one: what they have in common is nearly everything that is judged.
#include "apis/manifest.h"

#include "apis/types.h"

struct reading {
    const char *ns;
    const struct manifest_sink *sink;
    struct manifest_counts *counts;
};

// Groups that kinds have moved out of.
static const struct {
    const char *group, *kind, *now;
} moved[] = {
    {"extensions",  "Deployment",    "apps"             },
    { "extensions", "DaemonSet",     "apps"             },
    { "extensions", "ReplicaSet",    "apps"             },
    { "extensions", "Ingress",       "networking.k8s.io"},
    { "extensions", "NetworkPolicy", "networking.k8s.io"},
};

static struct str group_of(const char *api_version)
{
    const char *slash = strchr(api_version, '/');

    return (struct str){ api_version, slash ? (size_t)(slash - api_version) : 0 };
}

static const struct kind *kind_of_group(struct str group, const char *kind)
{
    for (int k = 0; k < KIND_COUNT; k++) {
        const struct kind *it = kind_get((enum kind_id)k);

        if (str_eq(group, it->group) && strcmp(it->kind, kind) == 0)
            return it;
    }
    return NULL;
}

static const struct kind *find_kind(const char *api_version, const char *kind)
{
    const struct kind *k = kind_find(api_version, kind);
    struct str group = group_of(api_version);

    for (size_t i = 0; !k && i < ARRAY_SIZE(moved); i++) {
        if (str_eq(group, moved[i].group) && strcmp(moved[i].kind, kind) == 0)
            k = kind_of_group(str_of(moved[i].now), kind);
    }
    // Core has one version alone: "v2" of it is somebody's mistake.
    return k || !group.n ? k : kind_of_group(group, kind);
}

static void settle_namespace(struct object *o, const struct kind *k, const char *ns)
{
    if (!k->namespaced) {
        o->ns = 0;
    } else if (!o->ns) {
        o->ns = atom_of(ns);
        o->flags |= OBJECT_NAMESPACE_IMPLIED;
    }
}

// What an object interns is bounded by its size, so this leaves room for one in each thread.
static int check_bounds(const struct yaml_node *n, const struct yaml_lines *lines, struct error *e)
{
    if (!lines)
        return error_set(e, ERR_TOO_BIG, "line %u: the object has more than %u members", n->line,
                         YAML_LINES_MAX);
    if (atom_count() > ATOMS_MAX / 4)
        return error_set(e, ERR_TOO_BIG,
                         "line %u: more than %u different names in all: assess less at a time",
                         n->line, ATOMS_MAX / 4);
    return 0;
}

static void read_object(const struct reading *r, const struct yaml_node *n, const struct kind *k,
                        const char *api_version)
{
    bool former = strcmp(kind_api_version(k), api_version) != 0;
    struct yaml_lines *lines = yaml_lines_new(n);
    struct error e = { 0 };
    struct object *o;

    if (check_bounds(n, lines, &e) < 0 ||
        object_decode_yaml(k, n, (struct decode_options){ 0 }, &o, &e) < 0) {
        yaml_lines_free(lines);
        r->sink->broken(r->sink->arg, &e);
        return;
    }
    settle_namespace(o, k, r->ns);
    r->counts->objects++;
    r->sink->object(r->sink->arg, o, lines, former ? atom_of(api_version) : 0);
}

static const char *text_of(const struct yaml_node *n, const char *key)
{
    const struct yaml_node *v = yaml_get(n, key);

    return v && v->type == YAML_STR ? v->text.p : "";
}

static void read_node(const struct reading *r, const struct yaml_node *n, const char *api_version,
                      const char *kind);

// Items of a List say themselves what they are, those of a DeploymentList need not.
static void read_items(const struct reading *r, const struct yaml_node *items,
                       const char *api_version, const char *kind)
{
    char item_kind[128];

    snprintf(item_kind, sizeof(item_kind), "%.*s", (int)(strlen(kind) - 4), kind);
    for (uint32_t i = 0; i < items->sub.n; i++) {
        const struct yaml_node *item = items->sub.v[i];

        if (*item_kind && item->type == YAML_MAP && !*text_of(item, "kind"))
            read_node(r, item, api_version, item_kind);
        else
            read_node(r, item, text_of(item, "apiVersion"), text_of(item, "kind"));
    }
}

static const struct yaml_node *items_of(const struct yaml_node *n, const char *kind)
{
    const struct yaml_node *items = yaml_get(n, "items");

    if (!items || items->type != YAML_LIST || !str_ends(kind, "List"))
        return NULL;
    return yaml_path(n, "metadata.name") ? NULL : items;
}

static void read_node(const struct reading *r, const struct yaml_node *n, const char *api_version,
                      const char *kind)
{
    const struct yaml_node *items = items_of(n, kind);
    const struct kind *k = find_kind(api_version, kind);

    if (!*api_version || !*kind || str_starts(api_version, "kustomize.config.k8s.io/"))
        r->counts->foreign++;
    else if (items)
        read_items(r, items, api_version, kind);
    else if (k)
        read_object(r, n, k, api_version);
    else
        r->counts->unknown++;
}

void manifest_read(const struct yaml_node *document, const char *ns,
                   const struct manifest_sink *sink, struct manifest_counts *counts)
{
    struct reading r = { .ns = ns, .sink = sink, .counts = counts };

    if (document->type != YAML_NULL)
        read_node(&r, document, text_of(document, "apiVersion"), text_of(document, "kind"));
}
