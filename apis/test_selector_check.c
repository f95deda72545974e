// SPDX-License-Identifier: Apache-2.0
#include "apis/selector_check.h"
#include "apis/test_object.h"

// What is wrong with a selector (YAML); "" when nothing is.
static const char *problem(const char *selector, struct error *e)
{
    char text[1024];
    snprintf(text, sizeof(text), "metadata: {name: a}\nspec: {selector: %s}\n", selector);
    autoobject struct object *pdb = object_from_yaml(KIND_POD_DISRUPTION_BUDGET, text);
    *e = (struct error){ 0 };
    if (selector_check(pod_disruption_budget_spec_selector(
                           pod_disruption_budget_spec(pod_disruption_budget_of(pdb))),
                       "s", e) == 0)
        return "";
    assert_int_equal(e->code, ERR_INVALID);
    return e->text;
}

static void what_kubernetes_takes_is_right(void **state unused_arg)
{
    static const char *const right[] = {
        "{}",
        "{matchLabels: {app: web, a.b/c_d.e: \"\", example.com/x: A-1}}",
        "{matchExpressions: [{key: a, operator: In, values: [x, \"\"]}]}",
        "{matchExpressions: [{key: a, operator: Exists}, {key: b, operator: DoesNotExist}]}",
        "{matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [x]}]}",
        "{matchExpressions: [{key: a, operator: Gt, values: [\"5\"]}]}",
    };
    struct error e;
    for (size_t i = 0; i < ARRAY_SIZE(right); i++)
        assert_string_equal(problem(right[i], &e), "");
    assert_int_equal(selector_check(NULL, "s", &e), 0);
}

static void what_means_nothing_is_named_with_its_path(void **state unused_arg)
{
    static const struct {
        const char *selector, *text;
    } wrong[] = {
        {"{matchLabels: {\"not a key!\": x}}",                                                             "s.matchLabels: 'not a key!' is no label key"},
        { "{matchLabels: {app: \"not a value!\"}}",
         "s.matchLabels: 'not a value!' is no label value"                                                                                              },
        { "{matchLabels: {-a: x}}",                                                                        "s.matchLabels: '-a' is no label key"        },
        { "{matchLabels: {A.b/c: x}}",                                                                     "s.matchLabels: 'A.b/c' is no label key"     },
        { "{matchLabels: {a.-b/c: x}}",                                                                    "s.matchLabels: 'a.-b/c' is no label key"    },
        { "{matchLabels: {/c: x}}",                                                                        "s.matchLabels: '/c' is no label key"        },
        { "{matchLabels: {a/: x}}",                                                                        "s.matchLabels: 'a/' is no label key"        },
        { "{matchExpressions: [{key: \"\", operator: Exists}]}",
         "s.matchExpressions[0].key: '' is no label key"                                                                                                },
        { "{matchExpressions: [{key: a, operator: In}]}",
         "s.matchExpressions[0].values: must be given with this operator"                                                                               },
        { "{matchExpressions: [{key: a, operator: Exists, values: [x]}]}",
         "s.matchExpressions[0].values: must be empty with this operator"                                                                               },
        { "{matchExpressions: [{key: a, operator: Lt, values: [x, y]}]}",
         "s.matchExpressions[0].values: must be exactly one with this operator"                                                                         },
        { "{matchExpressions: [{key: a, operator: Exists}, {key: a, operator: In, values: [x, \"y \"]}]}",
         "s.matchExpressions[1].values[1]: 'y ' is no label value"                                                                                      },
    };
    struct error e;
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
        assert_string_equal(problem(wrong[i].selector, &e), wrong[i].text);
}

static void names_are_at_most_63_characters(void **state unused_arg)
{
    char text[160];
    struct error e;
    snprintf(text, sizeof(text), "{matchLabels: {%.*s: x}}", 63,
             "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    assert_string_equal(problem(text, &e), "");
    snprintf(text, sizeof(text), "{matchLabels: {%.*s: x}}", 64,
             "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    assert_string_not_equal(problem(text, &e), "");
}

RUN(T(what_kubernetes_takes_is_right), T(what_means_nothing_is_named_with_its_path),
    T(names_are_at_most_63_characters))
