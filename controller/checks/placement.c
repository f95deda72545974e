// SPDX-License-Identifier: Apache-2.0
// The scheduler's rules: an empty term matches nothing, NotIn and DoesNotExist also match nodes
// without the label.
#include "controller/checks/placement.h"

#include "apis/selector.h"

// matchFields knows one field, metadata.name.
static bool field_holds(const struct label_requirement *q, const char *name)
{
    bool in = rlist_has_str(label_requirement_values(q), name);

    return label_requirement_op(q) == SELECT_IN ? in
                                                : label_requirement_op(q) == SELECT_NOT_IN && !in;
}

static bool term_fits(const struct node_selector_term *t, struct rlist labels,
                      const struct object *node)
{
    struct rlist exprs = node_selector_term_match_expressions(t),
                 fields = node_selector_term_match_fields(t);

    FOR_EACH (label_requirement, q, exprs) {
        if (!requirement_matches(q, labels))
            return false;
    }
    FOR_EACH (label_requirement, q, fields) {
        if (!field_holds(q, object_name(node)))
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

    FOR_EACH_PAIR (key, value, pod_spec_node_selector(spec)) {
        const char *have = rmap_get(labels, key);
        if (!have || strcmp(have, value) != 0)
            return false;
    }
    if (!sel)
        return true;
    FOR_EACH (node_selector_term, t, node_selector_node_selector_terms(sel)) {
        if (term_fits(t, labels, node))
            return true;
    }
    return false;
}
