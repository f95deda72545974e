// SPDX-License-Identifier: Apache-2.0
// Container sets, Windows and desired replicas: rules that every check shares and none may get
// wrong on its own.
#include "controller/checks/unit.h"

#define OS_LABEL "kubernetes.io/os"

static bool is_windows(const char *s)
{
    return s && strcmp(s, "windows") == 0;
}

static bool only_windows(const struct label_requirement *q)
{
    if (label_requirement_op(q) != SELECT_IN ||
        strcmp(atom_str(label_requirement_key(q)), OS_LABEL) != 0)
        return false;
    FOR_EACH_STR (v, label_requirement_values(q)) {
        if (!is_windows(v))
            return false;
    }
    return label_requirement_values(q).n > 0;
}

static bool term_windows(const struct node_selector_term *term)
{
    FOR_EACH (label_requirement, q, node_selector_term_match_expressions(term)) {
        if (only_windows(q))
            return true;
    }
    return false;
}

// Terms are alternatives, so each of them has to demand Windows.
static bool affinity_windows(const struct pod_spec *spec)
{
    const struct node_affinity *na = affinity_node_affinity(pod_spec_affinity(spec));
    struct rlist terms = node_selector_node_selector_terms(node_affinity_required(na));

    FOR_EACH (node_selector_term, term, terms) {
        if (!term_windows(term))
            return false;
    }
    return terms.n > 0;
}

// §0.11: spec.os.name decides; without it the node selector or the required affinity.
static bool pod_windows(const struct pod_spec *spec)
{
    atom os = pod_os_name(pod_spec_os(spec));

    if (os)
        return is_windows(atom_str(os));
    const char *wanted = rmap_get(pod_spec_node_selector(spec), OS_LABEL);
    return wanted ? is_windows(wanted) : affinity_windows(spec);
}

static void add(struct pod_view *v, struct container_view *list, const struct container *c,
                enum container_set set, uint32_t index)
{
    const char *name = container_name(c);

    if (v->n < POD_CONTAINERS_MAX)
        list[v->n++] =
            (struct container_view){ .c = c, .name = name ? name : "", .set = set, .index = index };
}

void pod_view_init(struct pod_view *v, const struct pod_spec *spec, const struct object_meta *meta,
                   int server_minor, struct container_view *list)
{
    uint32_t i = 0;

    *v = (struct pod_view){
        .spec = spec, .meta = meta, .containers = list, .server_minor = server_minor
    };
    v->windows = pod_windows(spec);
    v->user_namespace = pod_spec_has_host_users(spec) && !pod_spec_host_users(spec);
    FOR_EACH (container, c, pod_spec_containers(spec))
        add(v, list, c, SET_MAIN, i++);
    i = 0;
    FOR_EACH (container, c, pod_spec_init_containers(spec)) {
        bool sidecar = container_restart_policy(c) == RESTART_POLICY_ALWAYS;
        add(v, list, c, sidecar ? SET_SIDECAR : SET_INIT, i++);
    }
    i = 0;
    FOR_EACH (container, c, pod_spec_ephemeral_containers(spec))
        add(v, list, c, SET_EPHEMERAL, i++);
}

int32_t workload_replicas(const struct workload *w)
{
    if (!w->hpa)
        return w->replicas;
    const struct horizontal_pod_autoscaler *h = object_record(w->hpa);
    return horizontal_pod_autoscaler_spec_min_replicas(horizontal_pod_autoscaler_spec(h));
}

bool workload_is(const struct workload *w, kind_mask kinds)
{
    return w->known && (kinds & KIND_BIT(w->id));
}

const char *container_set_word(enum container_set s)
{
    switch (s) {
    case SET_INIT:
        return "init container";
    case SET_SIDECAR:
        return "sidecar";
    case SET_EPHEMERAL:
        return "ephemeral container";
    default:
        return "container";
    }
}

const char *container_set_field(enum container_set s)
{
    switch (s) {
    case SET_INIT:
    case SET_SIDECAR:
        return "initContainers";
    case SET_EPHEMERAL:
        return "ephemeralContainers";
    default:
        return "containers";
    }
}
