// SPDX-License-Identifier: Apache-2.0
// Ten Pods of one Deployment are one workload, judged by the Deployment's template. Pods tell us
// only what the template cannot: owners we cannot read, and containers that were put in behind the
// template's back.
#include "controller/checks/walk.h"

#include "base/alloc.h"

struct unit_key {
    const char *kind;
    atom ns;
    const char *name;
};

static uint32_t unit_key_hash(const char *kind, atom ns, const char *name)
{
    return hash_mix(hash_mix(hash_str(kind), ns), hash_str(name));
}

static uint32_t by_name_hash(const void *entry)
{
    const struct workload *w = entry;

    return unit_key_hash(w->kind, w->ns, w->name);
}

static bool by_name_is(const void *entry, const void *key)
{
    const struct workload *w = entry;
    const struct unit_key *k = key;

    return w->ns == k->ns && strcmp(w->kind, k->kind) == 0 && strcmp(w->name, k->name) == 0;
}

static const struct map_ops by_name_ops = { by_name_hash, by_name_is };

struct maker { // an object that makes Pods, and the workload these count for
    const struct object *object;
    struct workload *unit; // NULL: they are not judged
};

static uint32_t maker_hash(const void *entry)
{
    return hash_pointer(((const struct maker *)entry)->object);
}

static bool maker_is(const void *entry, const void *key)
{
    return ((const struct maker *)entry)->object == key;
}

static const struct map_ops maker_ops = { maker_hash, maker_is };

// Facts of a workload kind that differ in how they are spelled.
struct shape {
    const struct object_meta *template;
    int32_t replicas;
    bool running;
    const char *prefix;
};

static struct shape shape_of(const struct object *o)
{
    struct shape s = { .template = object_template_meta(o),
                       .replicas = 1,
                       .running = true,
                       .prefix = "spec.template.spec" };

    switch (o->kind) {
    case KIND_DEPLOYMENT:
        s.replicas = deployment_spec_replicas(deployment_spec(deployment_of(o)));
        break;
    case KIND_STATEFUL_SET:
        s.replicas = stateful_set_spec_replicas(stateful_set_spec(stateful_set_of(o)));
        break;
    case KIND_REPLICA_SET:
        s.replicas = replica_set_spec_replicas(replica_set_spec(replica_set_of(o)));
        break;
    case KIND_REPLICATION_CONTROLLER:
        s.replicas = replication_controller_spec_replicas(
            replication_controller_spec(replication_controller_of(o)));
        break;
    case KIND_DAEMON_SET:
        break;
    case KIND_CRON_JOB:
        s.prefix = "spec.jobTemplate.spec.template.spec";
        s.running = false;
        break;
    case KIND_JOB:
        s.running = false;
        break;
    default:
        s.running = false;
        s.prefix = "spec";
        break;
    }
    return s;
}

static bool job_finished(const struct object *o)
{
    FOR_EACH (workload_condition, c, job_status_conditions(job_status(job_of(o)))) {
        const char *type = atom_str(workload_condition_type(c));
        if (workload_condition_status(c) == CONDITION_TRUE &&
            (strcmp(type, "Complete") == 0 || strcmp(type, "Failed") == 0))
            return true;
    }
    return false;
}

static bool finished(const struct object *o)
{
    if (o->kind == KIND_JOB)
        return job_finished(o);
    if (o->kind != KIND_POD)
        return false;
    enum pod_phase phase = pod_status_phase(pod_status(pod_of(o)));
    return phase == POD_PHASE_SUCCEEDED || phase == POD_PHASE_FAILED;
}

static void fill(struct workload *u, const struct object *o)
{
    struct shape s = shape_of(o);

    u->object = o;
    u->id = (enum kind_id)o->kind;
    u->ns = o->ns;
    u->meta = object_meta_of(o);
    u->template = s.template;
    u->spec = object_pod_spec(o);
    u->replicas = s.replicas;
    u->running = s.running;
    u->prefix = s.prefix;
    u->block = o->spec;
    u->finished = finished(o);
}

static struct workload *add(struct walk *w, const struct object *o, const char *kind,
                            const char *group, const char *name)
{
    struct workload *u = ARENA_NEW(w->a, struct workload);
    struct unit_key key = { kind, o->ns, name };

    fill(u, o);
    u->kind = kind;
    u->group = group;
    u->name = name;
    if (w->n == w->cap) {
        w->cap = w->cap ? w->cap * 2 : 256;
        w->units = xrealloc(w->units, w->cap * sizeof(*w->units));
    }
    w->units[w->n++] = u;
    map_put(&w->by_name, &key, u);
    return u;
}

static void made_by(struct walk *w, const struct object *o, struct workload *u)
{
    struct maker *m = ARENA_NEW(w->a, struct maker);

    *m = (struct maker){ .object = o, .unit = u };
    map_put(&w->by_object, o, m);
}

static struct workload *add_root(struct walk *w, const struct object *o)
{
    const struct kind *k = kind_get((enum kind_id)o->kind);
    struct workload *u = add(w, o, k->kind, k->group, object_name(o));

    u->known = true;
    made_by(w, o, u);
    return u;
}

static const struct owner_reference *controller_of(const struct object *o)
{
    FOR_EACH (owner_reference, r, object_meta_owner_references(object_meta_of(o))) {
        if (owner_reference_controller(r))
            return r;
    }
    return NULL;
}

static const struct object *find_owner(const struct walk *w, const struct object *o,
                                       const struct owner_reference *r)
{
    const struct kind *k =
        kind_find(atom_str(owner_reference_api_version(r)), atom_str(owner_reference_kind(r)));

    if (!k || !(KIND_BIT(k->id) & WORKLOAD_KINDS))
        return NULL;
    return object_index_find(w->objects, k->id, o->ns, owner_reference_name(r));
}

// "argoproj.io/v1alpha1" → "argoproj.io"; "v1" → "".
static const char *group_of(struct walk *w, atom api_version)
{
    const char *text = atom_str(api_version), *slash = strchr(text, '/');

    return slash ? arena_strndup(w->a, text, (size_t)(slash - text)) : "";
}

// The workload of an owner that we cannot read: shown by the first, in name order, of the objects
// it made.
static struct workload *add_to_group(struct walk *w, const struct object *o,
                                     const struct owner_reference *r)
{
    const char *kind = atom_str(owner_reference_kind(r)), *name = owner_reference_name(r);
    struct workload *u = walk_find(w, kind, o->ns, name ? name : "");

    if (!u) {
        u = add(w, o, kind, group_of(w, owner_reference_api_version(r)), name ? name : "");
        u->running = u->running || o->kind == KIND_POD;
    } else if (!u->known && u->id == o->kind &&
               strcmp(object_name(o), object_name(u->object)) < 0) {
        bool running = u->running;
        fill(u, o);
        u->running = running;
    }
    return u;
}

static bool scaled_down(const struct object *o)
{
    return (o->kind == KIND_REPLICA_SET || o->kind == KIND_REPLICATION_CONTROLLER) &&
           shape_of(o).replicas == 0;
}

// ReplicaSets, ReplicationControllers and Jobs: either somebody's tool, or a workload of their own.
static void add_maker(struct walk *w, const struct object *o)
{
    const struct owner_reference *r = controller_of(o);
    const struct object *owner = r ? find_owner(w, o, r) : NULL;

    if (owner) {
        made_by(
            w, o,
            walk_find(w, kind_get((enum kind_id)owner->kind)->kind, owner->ns, object_name(owner)));
        return;
    }
    if (scaled_down(o))
        made_by(w, o, NULL);
    else if (r)
        made_by(w, o, add_to_group(w, o, r));
    else
        add_root(w, o);
}

static bool in_template(const struct workload *u, const char *name)
{
    FOR_EACH (container, c, pod_spec_containers(u->spec)) {
        if (container_name(c) && strcmp(container_name(c), name) == 0)
            return true;
    }
    FOR_EACH (container, c, pod_spec_init_containers(u->spec)) {
        if (container_name(c) && strcmp(container_name(c), name) == 0)
            return true;
    }
    return false;
}

static void note_injected(struct walk *w, struct workload *u, const struct object *pod,
                          const char *name, uint32_t at)
{
    struct injected *i = u->injected;

    while (i && strcmp(i->name, name) != 0)
        i = i->next;
    if (i && strcmp(object_name(i->pod), object_name(pod)) <= 0)
        return;
    if (!i) {
        i = ARENA_NEW(w->a, struct injected);
        i->next = u->injected;
        u->injected = i;
    }
    i->pod = pod;
    i->name = name;
    i->at = at;
}

// Pods of one template share their spec block, so the comparison is made once per block and not
// once per Pod.
static void find_injected(struct walk *w, struct workload *u, const struct object *pod)
{
    struct container_view list[POD_CONTAINERS_MAX];
    struct pod_view v;

    if (!u->known || (u->block && u->block == pod->spec && !u->injected))
        return;
    u->block = pod->spec;
    pod_view_init(&v, object_pod_spec(pod), NULL, 0, list);
    for (uint32_t i = 0; i < v.n; i++) {
        if (!in_template(u, list[i].name))
            note_injected(w, u, pod, list[i].name, i);
    }
}

static bool is_mirror(const struct object *o, const struct owner_reference *r)
{
    return rmap_get(object_meta_annotations(object_meta_of(o)), "kubernetes.io/config.mirror") ||
           (r && strcmp(atom_str(owner_reference_kind(r)), "Node") == 0);
}

static void link_pod(struct walk *w, struct workload *u, const struct object *pod)
{
    struct pod_link *l = ARENA_NEW(w->a, struct pod_link);

    *l = (struct pod_link){ .next = u->pods, .pod = pod };
    u->pods = l;
}

// A Pod that is being deleted is no unit of its own, but its owner is told of it.
static struct workload *unit_of_pod(struct walk *w, const struct object *o,
                                    const struct owner_reference *r)
{
    const struct object *owner = find_owner(w, o, r);
    const struct maker *m = owner ? map_get(&w->by_object, hash_pointer(owner), owner) : NULL;
    bool leaving = object_meta_has_deletion_timestamp(object_meta_of(o));

    if (owner) {
        if (m && m->unit && !leaving)
            find_injected(w, m->unit, o);
        return m ? m->unit : NULL;
    }
    if (!leaving)
        return add_to_group(w, o, r);
    return walk_find(w, atom_str(owner_reference_kind(r)), o->ns,
                     text_or(owner_reference_name(r), ""));
}

static void add_pod(struct walk *w, const struct object *o)
{
    const struct owner_reference *r = controller_of(o);
    struct workload *u = NULL;

    if (is_mirror(o, r))
        return;
    if (r)
        u = unit_of_pod(w, o, r);
    else if (!object_meta_has_deletion_timestamp(object_meta_of(o)))
        u = add_root(w, o);
    if (u)
        link_pod(w, u, o);
}

static int unit_compare(const void *a, const void *b)
{
    const struct workload *x = *(struct workload *const *)a, *y = *(struct workload *const *)b;
    int d = x->ns == y->ns ? 0 : strcmp(atom_str(x->ns), atom_str(y->ns));

    if (!d)
        d = strcmp(x->kind, y->kind);
    return d ? d : strcmp(x->name, y->name);
}

static int injected_compare(const struct injected *a, const struct injected *b)
{
    return strcmp(a->name, b->name);
}

// Insertion sort: a Pod has a handful of injected containers at most.
static void sort_injected(struct workload *u)
{
    struct injected *sorted = NULL, *i = u->injected;

    while (i) {
        struct injected *next = i->next, **at = &sorted;
        while (*at && injected_compare(*at, i) < 0)
            at = &(*at)->next;
        i->next = *at;
        *at = i;
        i = next;
    }
    u->injected = sorted;
}

static void each(struct walk *w, const struct snapshot *s, enum kind_id k,
                 void (*fn)(struct walk *, const struct object *))
{
    for (uint32_t i = 0; i < s->n[k]; i++)
        fn(w, s->objects[k][i]);
}

static void root(struct walk *w, const struct object *o)
{
    add_root(w, o);
}

void walk_init(struct walk *w, const struct snapshot *s, const struct object_index *objects,
               struct arena *a)
{
    *w = (struct walk){ .a = a, .objects = objects };
    map_init(&w->by_name, &by_name_ops);
    map_init(&w->by_object, &maker_ops);
    each(w, s, KIND_DEPLOYMENT, root);
    each(w, s, KIND_STATEFUL_SET, root);
    each(w, s, KIND_DAEMON_SET, root);
    each(w, s, KIND_CRON_JOB, root);
    each(w, s, KIND_REPLICA_SET, add_maker);
    each(w, s, KIND_REPLICATION_CONTROLLER, add_maker);
    each(w, s, KIND_JOB, add_maker);
    each(w, s, KIND_POD, add_pod);
    if (w->n)
        qsort(w->units, w->n, sizeof(*w->units), unit_compare);
    for (uint32_t i = 0; i < w->n; i++)
        sort_injected(w->units[i]);
}

void walk_fini(struct walk *w)
{
    map_fini(&w->by_name);
    map_fini(&w->by_object);
    free(w->units);
    w->units = NULL;
}

struct workload *walk_find(const struct walk *w, const char *kind, atom ns, const char *name)
{
    struct unit_key key = { kind, ns, name };

    return map_get(&w->by_name, unit_key_hash(kind, ns, name), &key);
}
