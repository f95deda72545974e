// SPDX-License-Identifier: Apache-2.0
// The scheduler's rules: an empty term matches nothing, NotIn and DoesNotExist also match nodes without the label.
#include "controller/checks/placement.h"

static bool number_holds(const struct label_requirement *q, const char *have)
{
    int64_t a, b;

    if (!have || str_i64(str_of(have), &a) < 0)
        return false;
    FOR_EACH_STR(v, label_requirement_values(q))
        return str_i64(str_of(v), &b) == 0 && (label_requirement_op(q) == SELECT_GT ? a > b : a < b);
    return false;
}

static bool holds(const struct label_requirement *q, const char *have)
{
    bool in = have && rlist_has_str(label_requirement_values(q), have);

    switch (label_requirement_op(q)) {
    case SELECT_IN:
        return in;
    case SELECT_NOT_IN:
        return !in;
    case SELECT_EXISTS:
        return have != NULL;
    case SELECT_DOES_NOT_EXIST:
        return have == NULL;
    case SELECT_GT:
    case SELECT_LT:
        return number_holds(q, have);
    default:
        return false;
    }
}

static bool term_fits(const struct node_selector_term *t, struct rlist labels, const struct object *node)
{
    struct rlist exprs = node_selector_term_match_expressions(t), fields = node_selector_term_match_fields(t);

    FOR_EACH(label_requirement, q, exprs) {
        if (!holds(q, rmap_get_atom(labels, label_requirement_key(q))))
            return false;
    }
    FOR_EACH(label_requirement, q, fields) {
        if (!holds(q, object_name(node)))
            return false;
    }
    return exprs.n + fields.n > 0;
}

static const struct node_selector *required(const struct pod_spec *spec)
{
    return node_affinity_required(affinity_node_affinity(pod_spec_affinity(spec)));
}

bool placement_constrained(const struct pod_spec *spec)
{
    return pod_spec_node_selector(spec).n > 0 || required(spec);
}

bool placement_fits(const struct pod_spec *spec, const struct object *node)
{
    struct rlist labels = object_meta_labels(object_meta_of(node));
    const struct node_selector *sel = required(spec);

    FOR_EACH_PAIR(key, value, pod_spec_node_selector(spec)) {
        const char *have = rmap_get(labels, key);
        if (!have || strcmp(have, value) != 0)
            return false;
    }
    if (!sel)
        return true;
    FOR_EACH(node_selector_term, t, node_selector_node_selector_terms(sel)) {
        if (term_fits(t, labels, node))
            return true;
    }
    return false;
}
