// SPDX-License-Identifier: Apache-2.0
// Selectors are matched the way round that is cheap: each is filed under its namespace and one
// label it demands, and each workload looks only under the labels it has. So the cost grows with
// labels, not with workloads times selectors.
#include "controller/checks/join.h"

#include "apis/selector.h"
#include "base/alloc.h"
#include "controller/checks/platform.h"

#define INDEXED_KINDS                                                                              \
    (WORKLOAD_KINDS | KIND_BIT(KIND_SERVICE) | KIND_BIT(KIND_SERVICE_ACCOUNT) |                    \
     KIND_BIT(KIND_CONFIG_MAP) | KIND_BIT(KIND_ROLE) | KIND_BIT(KIND_CLUSTER_ROLE) |               \
     KIND_BIT(KIND_PERSISTENT_VOLUME_CLAIM) | KIND_BIT(KIND_CUSTOM_RESOURCE_DEFINITION) |          \
     KIND_BIT(KIND_NAMESPACE) | KIND_BIT(KIND_PERSISTENT_VOLUME) | KIND_BIT(KIND_PRIORITY_CLASS) | \
     KIND_BIT(KIND_SECRET) | KIND_BIT(KIND_STORAGE_CLASS) | KIND_BIT(KIND_CLUSTER_ROLE_BINDING))

// By name and not by atom: only the loop thread may look atoms up, and a Namespace's own name is no
// atom.
static uint32_t ns_hash(const void *entry)
{
    return hash_str(((const struct ns_info *)entry)->name);
}

static bool ns_is(const void *entry, const void *key)
{
    return strcmp(((const struct ns_info *)entry)->name, key) == 0;
}

static const struct map_ops ns_ops = { ns_hash, ns_is };

static uint32_t pointer_hash(const void *p)
{
    return hash_bytes(&p, sizeof(p));
}

static uint32_t selected_hash(const void *entry)
{
    return pointer_hash(((const struct selected *)entry)->object);
}

static bool selected_is(const void *entry, const void *key)
{
    return ((const struct selected *)entry)->object == key;
}

static const struct map_ops selected_ops = { selected_hash, selected_is };

struct ns_info *join_namespace(const struct join *j, const char *ns)
{
    return map_get(&j->namespaces, hash_str(ns), ns);
}

static void add_namespace(struct join *j, const char *ns, const struct join_options *o)
{
    struct ns_info *n = join_namespace(j, ns);

    if (n)
        return;
    n = ARENA_NEW(j->a, struct ns_info);
    n->name = ns;
    n->object = object_index_find(&j->objects, KIND_NAMESPACE, 0, ns);
    n->platform = platform_namespace(ns, o->own_namespace, o->platform_namespaces);
    n->selected = !*ns || !o->namespaces;
    if (!n->selected && n->object)
        n->selected = selector_matches_namespace(o->namespaces, n->object);
    map_put(&j->namespaces, ns, n);
}

static void add_namespaces(struct join *j, const struct join_options *o)
{
    add_namespace(j, "", o);
    FOR_EACH_OBJECT(ns, j->s, KIND_NAMESPACE)
    add_namespace(j, object_name(ns), o);
    for (int k = 0; k < KIND_COUNT; k++) {
        atom last = 0;
        FOR_EACH_OBJECT(obj, j->s, k)
        {
            if (obj->ns != last)
                add_namespace(j, atom_str(last = obj->ns), o);
        }
    }
}

static struct ns_info *info_of(const struct join *j, const struct object *o)
{
    return join_namespace(j, object_namespace(o));
}

// One of the tables of selectors, hashed by namespace and one demanded label.
struct filing {
    struct selected **buckets;
    uint32_t mask;
};

static uint32_t filing_hash(atom ns, const char *key, const char *value)
{
    return hash_mix(hash_mix(ns, hash_str(key)), hash_str(value));
}

// Labels that a controller adds to its Pods and no template shows.
static bool generated(const char *key)
{
    return strcmp(key, "statefulset.kubernetes.io/pod-name") == 0 ||
           strcmp(key, "apps.kubernetes.io/pod-index") == 0 ||
           strcmp(key, "batch.kubernetes.io/job-name") == 0 || strcmp(key, "job-name") == 0 ||
           strcmp(key, "batch.kubernetes.io/job-completion-index") == 0;
}

static uint32_t anchor(const struct object *o, struct rlist labels)
{
    FOR_EACH_PAIR (key, value, labels) {
        if (!generated(key))
            return filing_hash(o->ns, key, value);
    }
    return filing_hash(o->ns, "", "");
}

static struct rlist demanded(const struct object *o)
{
    switch (o->kind) {
    case KIND_SERVICE:
        return service_spec_selector(service_spec(service_of(o)));
    case KIND_POD_DISRUPTION_BUDGET:
        return label_selector_match_labels(pod_disruption_budget_spec_selector(
            pod_disruption_budget_spec(pod_disruption_budget_of(o))));
    default:
        return label_selector_match_labels(
            network_policy_spec_pod_selector(network_policy_spec(network_policy_of(o))));
    }
}

static bool may_generate(const struct workload *w, const char *key, const char *value)
{
    if (str_starts(key, "statefulset.") || str_starts(key, "apps."))
        return w->id == KIND_STATEFUL_SET && (strstr(key, "index") || str_starts(value, w->name));
    return (w->id == KIND_JOB || w->id == KIND_CRON_JOB) &&
           (strstr(key, "index") || str_starts(value, w->name));
}

static bool service_matches(struct rlist wanted, const struct workload *w)
{
    struct rlist labels = object_meta_labels(w->template);

    FOR_EACH_PAIR (key, value, wanted) {
        const char *have = rmap_get(labels, key);
        if (have ? strcmp(have, value) != 0 : !generated(key) || !may_generate(w, key, value))
            return false;
    }
    return wanted.n > 0; // no selector selects nothing
}

static bool matches(const struct object *o, const struct workload *w)
{
    struct rlist labels = object_meta_labels(w->template);
    const struct label_selector *sel;

    if (object_undecoded(o))
        return false;
    switch (o->kind) {
    case KIND_SERVICE:
        return service_matches(demanded(o), w);
    case KIND_POD_DISRUPTION_BUDGET:
        sel = pod_disruption_budget_spec_selector(
            pod_disruption_budget_spec(pod_disruption_budget_of(o)));
        return sel && selector_matches(sel, labels);
    default:
        sel = network_policy_spec_pod_selector(network_policy_spec(network_policy_of(o)));
        return !sel || selector_matches(sel, labels);
    }
}

static void file(struct join *j, struct filing *f, const struct object *o)
{
    struct selected *s = ARENA_NEW(j->a, struct selected);

    s->object = o;
    s->tail = &s->links;
    s->hash = anchor(o, demanded(o));
    s->next = f->buckets[s->hash & f->mask];
    f->buckets[s->hash & f->mask] = s;
    map_put(&j->selecteds, o, s);
}

static void filing_init(struct filing *f, struct join *j, enum kind_id kind)
{
    uint32_t n = 16;

    while (n < j->s->n[kind] * 2)
        n *= 2;
    f->mask = n - 1;
    f->buckets = ARENA_ARRAY(j->a, struct selected *, n);
    FOR_EACH_OBJECT(o, j->s, kind)
    file(j, f, o);
}

static void note_policy(const struct object *policy, struct workload *w)
{
    const struct network_policy_spec *spec = network_policy_spec(network_policy_of(policy));
    struct rlist types = network_policy_spec_policy_types(spec);

    if (types.n == 0) {
        w->ingress_policy = true;
        w->egress_policy |= network_policy_spec_egress(spec).n > 0;
    }
    FOR_EACH_ATOM (t, types) {
        w->ingress_policy |= strcmp(atom_str(t), "Ingress") == 0;
        w->egress_policy |= strcmp(atom_str(t), "Egress") == 0;
    }
}

static bool leads_outside(const struct object *o)
{
    enum service_type t = service_spec_type(service_spec(service_of(o)));

    return t == SERVICE_LOAD_BALANCER || t == SERVICE_NODE_PORT;
}

// One that leads out of the cluster, however it is called; else the first by name.
static bool better_service(const struct object *o, const struct object *than)
{
    if (!than || leads_outside(o) != leads_outside(than))
        return !than || leads_outside(o);
    return object_compare(&o, &than) < 0;
}

static void note(struct join *j, struct selected *s, struct workload *w)
{
    if (s->object->kind == KIND_NETWORK_POLICY) {
        note_policy(s->object, w);
    } else if (s->object->kind == KIND_POD_DISRUPTION_BUDGET) {
        w->budgets++;
    } else {
        w->services++;
        if (better_service(s->object, w->service))
            w->service = s->object;
    }
    s->replicas += w->finished || w->id == KIND_CRON_JOB ? 0 : workload_replicas(w);
    if (s->n++ < SELECTED_LINKS_MAX) {
        struct link *l = ARENA_NEW(j->a, struct link);
        l->to = w;
        *s->tail = l;
        s->tail = &l->next;
    }
}

static void look_under(struct join *j, const struct filing *f, uint32_t hash, struct workload *w)
{
    for (struct selected *s = f->buckets[hash & f->mask]; s; s = s->next) {
        if (s->hash == hash && s->object->ns == w->ns && matches(s->object, w))
            note(j, s, w);
    }
}

static void look_up(struct join *j, const struct filing *f, struct workload *w)
{
    FOR_EACH_PAIR (key, value, object_meta_labels(w->template))
        look_under(j, f, filing_hash(w->ns, key, value), w);
    look_under(j, f, filing_hash(w->ns, "", ""), w);
}

static int join_selectors(struct join *j, const struct join_options *o)
{
    static const enum kind_id kinds[] = { KIND_SERVICE, KIND_POD_DISRUPTION_BUDGET,
                                          KIND_NETWORK_POLICY };
    struct filing f[ARRAY_SIZE(kinds)];

    for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
        filing_init(&f[k], j, kinds[k]);
    for (uint32_t i = 0; i < j->walk.n; i++) {
        if (i % 256 == 0 && o->stop && o->stop(o->stop_arg))
            return 1;
        for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
            look_up(j, &f[k], j->walk.units[i]);
    }
    return 0;
}

static void note_backend(struct join *j, const struct object *o, const struct ingress_backend *b)
{
    const struct object *svc = object_index_find(&j->objects, KIND_SERVICE, o->ns,
                                                 backend_service_name(ingress_backend_service(b)));
    const struct selected *s = svc ? join_selected(j, svc) : NULL;

    for (const struct link *l = s ? s->links : NULL; l; l = l->next)
        l->to->ingress = true;
}

static void join_ingresses(struct join *j)
{
    FOR_EACH_OBJECT(o, j->s, KIND_INGRESS)
    {
        const struct ingress_spec *spec = ingress_spec(ingress_of(o));
        note_backend(j, o, ingress_spec_default_backend(spec));
        FOR_EACH (ingress_rule, rule, ingress_spec_rules(spec)) {
            FOR_EACH (ingress_path, path, ingress_http_paths(ingress_rule_http(rule)))
                note_backend(j, o, ingress_path_backend(path));
        }
    }
}

static void join_autoscalers(struct join *j)
{
    FOR_EACH_OBJECT(h, j->s, KIND_HORIZONTAL_POD_AUTOSCALER)
    {
        const struct scale_target_ref *t = horizontal_pod_autoscaler_spec_scale_target_ref(
            horizontal_pod_autoscaler_spec(horizontal_pod_autoscaler_of(h)));
        struct workload *w = walk_find(&j->walk, atom_str(scale_target_ref_kind(t)), h->ns,
                                       text_or(scale_target_ref_name(t), ""));
        if (w && (!w->hpa || object_compare(&h, &w->hpa) < 0))
            w->hpa = h;
    }
}

static void note_limit_range(struct ns_info *n, const struct object *o)
{
    n->limit_ranges++;
    FOR_EACH (limit_range_item, item,
              limit_range_spec_limits(limit_range_spec(limit_range_of(o)))) {
        if (limit_range_item_type(item) != LIMIT_TYPE_CONTAINER)
            continue;
        struct rlist lim = limit_range_item_default_limit(item),
                     req = limit_range_item_default_request(item);
        n->default_cpu_limit |= rmap_get(lim, "cpu") != NULL;
        n->default_memory_limit |= rmap_get(lim, "memory") != NULL;
        n->default_cpu_request |= rmap_get(req, "cpu") || rmap_get(lim, "cpu");
        n->default_memory_request |= rmap_get(req, "memory") || rmap_get(lim, "memory");
    }
}

static void count_workloads(struct join *j)
{
    for (uint32_t i = 0; i < j->walk.n; i++) {
        const struct workload *w = j->walk.units[i];
        if (!w->finished && (workload_replicas(w) > 0 || !w->running))
            info_of(j, w->object)->workloads++;
    }
}

static void count_identities(struct join *j)
{
    FOR_EACH_OBJECT(a, j->s, KIND_SERVICE_ACCOUNT)
    info_of(j, a)->service_accounts++;
    FOR_EACH_OBJECT(x, j->s, KIND_SECRET)
    info_of(j, x)->secrets++;
}

static void join_namespaces(struct join *j)
{
    FOR_EACH_OBJECT(p, j->s, KIND_NETWORK_POLICY)
    info_of(j, p)->policies++;
    FOR_EACH_OBJECT(q, j->s, KIND_RESOURCE_QUOTA)
    info_of(j, q)->quotas++;
    count_identities(j);
    FOR_EACH_OBJECT(l, j->s, KIND_LIMIT_RANGE)
    note_limit_range(info_of(j, l), l);
    count_workloads(j);
}

int join_init(struct join *j, const struct snapshot *s, const struct join_options *o,
              struct arena *a)
{
    *j = (struct join){ .s = s, .a = a };
    map_init(&j->namespaces, &ns_ops);
    map_init(&j->selecteds, &selected_ops);
    object_index_init(&j->objects, s, INDEXED_KINDS);
    add_namespaces(j, o);
    walk_init(&j->walk, s, &j->objects, a);
    rbac_init(&j->rbac, s, &j->objects, a);
    join_autoscalers(j);
    join_namespaces(j);
    if (join_selectors(j, o))
        return 1;
    join_ingresses(j);
    return 0;
}

void join_fini(struct join *j)
{
    rbac_fini(&j->rbac);
    walk_fini(&j->walk);
    object_index_fini(&j->objects);
    map_fini(&j->selecteds);
    map_fini(&j->namespaces);
}

const struct object *join_find(const struct join *j, enum kind_id kind, atom ns, const char *name)
{
    return object_index_find(&j->objects, kind, ns, name);
}

const struct selected *join_selected(const struct join *j, const struct object *o)
{
    return map_get(&j->selecteds, pointer_hash(o), o);
}

bool join_crd(const struct join *j, const char *group, const char *plural)
{
    FOR_EACH_OBJECT(o, j->s, KIND_CUSTOM_RESOURCE_DEFINITION)
    {
        const struct crd_spec *spec =
            custom_resource_definition_spec(custom_resource_definition_of(o));
        if (strcmp(atom_str(crd_spec_group(spec)), group) != 0)
            continue;
        if (!plural || strcmp(atom_str(crd_names_plural(crd_spec_names(spec))), plural) == 0)
            return true;
    }
    return false;
}
