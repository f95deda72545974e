// SPDX-License-Identifier: Apache-2.0
// Label selectors. Keys are compared as atoms, values as text.
#include "apis/selector.h"

static bool has_value(const struct label_requirement *r, const char *value)
{
    return rlist_has_str(label_requirement_values(r), value);
}

// Gt and Lt: both sides are whole numbers, or nothing matches.
static int compare_number(const struct label_requirement *r, const char *value, int *ret)
{
    int64_t have, want;
    const char *text = rlist_record(label_requirement_values(r), 0);
    if (!text || str_i64(str_of(text), &want) || str_i64(str_of(value), &have))
        return -1;
    *ret = (have > want) - (have < want);
    return 0;
}

bool requirement_matches(const struct label_requirement *r, struct rlist labels)
{
    const char *value = rmap_get_atom(labels, label_requirement_key(r));
    int order;
    switch (label_requirement_op(r)) {
    case SELECT_IN:
        return value && has_value(r, value);
    case SELECT_NOT_IN:
        return !value || !has_value(r, value);
    case SELECT_EXISTS:
        return value != NULL;
    case SELECT_DOES_NOT_EXIST:
        return value == NULL;
    case SELECT_GT:
        return value && !compare_number(r, value, &order) && order > 0;
    case SELECT_LT:
        return value && !compare_number(r, value, &order) && order < 0;
    default:
        return false; // an operator we do not know: never claim a match
    }
}

static bool all_pairs(struct rlist wanted, struct rlist labels)
{
    for (uint32_t i = 0; i < wanted.n; i++) {
        const char *value = rmap_get_atom(labels, wanted.v[2 * i]);
        if (!value || strcmp(value, rmap_value(wanted, i)) != 0)
            return false;
    }
    return true;
}

bool labels_match(struct rlist wanted, struct rlist labels)
{
    return wanted.n && all_pairs(wanted, labels);
}

bool selector_matches(const struct label_selector *s, struct rlist labels)
{
    if (!s || !all_pairs(label_selector_match_labels(s), labels))
        return false;
    FOR_EACH (label_requirement, r, label_selector_match_expressions(s)) {
        if (!requirement_matches(r, labels))
            return false;
    }
    return true;
}

bool selector_empty(const struct label_selector *s)
{
    return s && !label_selector_match_labels(s).n && !label_selector_match_expressions(s).n;
}

// The server sets the label kubernetes.io/metadata.name on every namespace; manifests seldom have
// it. So a requirement on that key is judged by the name.
static bool is_name_key(atom key)
{
    return strcmp(atom_str(key), "kubernetes.io/metadata.name") == 0;
}

static bool name_requirement(const struct label_requirement *r, const char *name)
{
    switch (label_requirement_op(r)) {
    case SELECT_IN:
        return has_value(r, name);
    case SELECT_NOT_IN:
        return !has_value(r, name);
    default:
        return label_requirement_op(r) == SELECT_EXISTS;
    }
}

bool selector_matches_namespace(const struct label_selector *s, const struct object *namespace)
{
    if (!s)
        return false;
    struct rlist labels = object_meta_labels(object_meta_of(namespace));
    const char *name = object_name(namespace);
    struct rlist wanted = label_selector_match_labels(s);
    for (uint32_t i = 0; i < wanted.n; i++) {
        bool by_name = is_name_key(wanted.v[2 * i]);
        const char *value = by_name ? name : rmap_get_atom(labels, wanted.v[2 * i]);
        if (!value || strcmp(value, rmap_value(wanted, i)) != 0)
            return false;
    }
    FOR_EACH (label_requirement, r, label_selector_match_expressions(s)) {
        bool by_name = is_name_key(label_requirement_key(r));
        if (by_name ? !name_requirement(r, name) : !requirement_matches(r, labels))
            return false;
    }
    return true;
}
