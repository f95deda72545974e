// SPDX-License-Identifier: Apache-2.0
#include "apis/selector.h"
#include "apis/test_object.h"

// Does the PodDisruptionBudget's selector (YAML, or NULL for none) match a Pod with these labels?
static bool matches(const char *selector, const char *labels)
{
    char text[512];
    snprintf(text, sizeof(text), "metadata: {name: a}\nspec: {%s%s}\n",
             selector ? "selector: " : "", selector ? selector : "");
    autoobject struct object *pdb = object_from_yaml(KIND_POD_DISRUPTION_BUDGET, text);
    snprintf(text, sizeof(text), "metadata: {name: a, labels: %s}\n", labels);
    autoobject struct object *pod = object_from_yaml(KIND_POD, text);
    return selector_matches(pod_disruption_budget_spec_selector(
                                pod_disruption_budget_spec(pod_disruption_budget_of(pdb))),
                            object_meta_labels(object_meta_of(pod)));
}

static void an_absent_selector_matches_nothing_and_an_empty_one_everything(void **state unused_arg)
{
    assert_false(matches(NULL, "{a: b}"));
    assert_true(matches("{}", "{a: b}"));
    assert_true(matches("{}", "{}"));
    assert_true(matches("{matchLabels: {}, matchExpressions: []}", "{}"));
}

static void labels_and_expressions_must_all_hold(void **state unused_arg)
{
    assert_true(matches("{matchLabels: {a: b, c: d}}", "{a: b, c: d, e: f}"));
    assert_false(matches("{matchLabels: {a: b, c: d}}", "{a: b}"));
    assert_false(matches("{matchLabels: {a: b}}", "{a: B}"));
    assert_true(matches("{matchExpressions: [{key: a, operator: In, values: [x, b]}]}", "{a: b}"));
    assert_false(matches("{matchExpressions: [{key: a, operator: In, values: [x, b]}]}", "{}"));
    assert_false(
        matches("{matchLabels: {a: b}, matchExpressions: [{key: c, operator: Exists}]}", "{a: b}"));
    assert_true(matches("{matchLabels: {a: b}, matchExpressions: [{key: c, operator: Exists}]}",
                        "{a: b, c: \"\"}"));
}

static void negative_operators_match_objects_without_the_key(void **state unused_arg)
{
    assert_true(matches("{matchExpressions: [{key: a, operator: NotIn, values: [b]}]}", "{}"));
    assert_false(matches("{matchExpressions: [{key: a, operator: NotIn, values: [b]}]}", "{a: b}"));
    assert_true(matches("{matchExpressions: [{key: a, operator: DoesNotExist}]}", "{b: a}"));
    assert_false(matches("{matchExpressions: [{key: a, operator: DoesNotExist}]}", "{a: a}"));
}

static void numbers_compare_for_nodes(void **state unused_arg)
{
    assert_true(
        matches("{matchExpressions: [{key: a, operator: Gt, values: [\"9\"]}]}", "{a: \"10\"}"));
    assert_false(
        matches("{matchExpressions: [{key: a, operator: Lt, values: [\"9\"]}]}", "{a: \"10\"}"));
    assert_false(
        matches("{matchExpressions: [{key: a, operator: Gt, values: [x]}]}", "{a: \"10\"}"));
}

static void an_unknown_operator_never_matches(void **state unused_arg)
{
    assert_false(matches("{matchExpressions: [{key: a, operator: Near, values: [b]}]}", "{a: b}"));
}

static void namespaces_have_their_name_as_label(void **state unused_arg)
{
    autoobject struct object *ns =
        object_from_yaml(KIND_NAMESPACE, "metadata: {name: shop, labels: {team: a}}\n");
    autoobject struct object *pdb = object_from_yaml(
        KIND_POD_DISRUPTION_BUDGET,
        "metadata: {name: a}\nspec: {selector: {matchLabels: {kubernetes.io/metadata.name: shop, team: a}}}\n");
    autoobject struct object *other = object_from_yaml(
        KIND_POD_DISRUPTION_BUDGET,
        "metadata: {name: a}\nspec: {selector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [shop]}]}}\n");
    assert_true(
        selector_matches_namespace(pod_disruption_budget_spec_selector(
                                       pod_disruption_budget_spec(pod_disruption_budget_of(pdb))),
                                   ns));
    assert_false(
        selector_matches_namespace(pod_disruption_budget_spec_selector(
                                       pod_disruption_budget_spec(pod_disruption_budget_of(other))),
                                   ns));
    assert_false(selector_matches_namespace(NULL, ns));
}

static void a_service_without_selector_has_no_pods(void **state unused_arg)
{
    autoobject struct object *a = object_from_yaml(
        KIND_SERVICE, "metadata: {name: a, labels: {x: y}}\nspec: {selector: {x: y}}\n");
    autoobject struct object *b =
        object_from_yaml(KIND_SERVICE, "metadata: {name: a}\nspec: {selector: {}}\n");
    struct rlist labels = object_meta_labels(object_meta_of(a));
    assert_true(labels_match(service_spec_selector(service_spec(service_of(a))), labels));
    assert_false(labels_match(service_spec_selector(service_spec(service_of(b))), labels));
    assert_false(labels_match(service_spec_selector(NULL), labels));
}

RUN(T(an_absent_selector_matches_nothing_and_an_empty_one_everything),
    T(labels_and_expressions_must_all_hold), T(negative_operators_match_objects_without_the_key),
    T(numbers_compare_for_nodes), T(an_unknown_operator_never_matches),
    T(namespaces_have_their_name_as_label), T(a_service_without_selector_has_no_pods))
