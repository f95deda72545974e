// SPDX-License-Identifier: Apache-2.0
// A selector and labels, as JSON: {"metadata":{"name":…,"labels":…},"spec":{"selector":…}}. The
// verdict is compared with one that is found on the JSON itself.
#include "apis/selector.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PLAIN_MAX 60 // longer texts are cut when they are decoded

static bool plain_text(json_val *v)
{
    struct str s = json_text(v);

    return yyjson_is_str(v) && s.n <= PLAIN_MAX && !memchr(s.p, '\0', s.n);
}

// Only texts, each key once.
static bool plain_map(json_val *map)
{
    size_t i, max;
    json_val *key, *value;

    if (!map)
        return true;
    if (!yyjson_is_obj(map) || yyjson_obj_size(map) > 8)
        return false;
    yyjson_obj_foreach (map, i, max, key, value) {
        if (!plain_text(key) || !plain_text(value) ||
            yyjson_obj_getn(map, yyjson_get_str(key), yyjson_get_len(key)) != value)
            return false;
    }
    return true;
}

static bool plain_list(json_val *list)
{
    size_t i, max;
    json_val *v;

    if (!list)
        return true;
    if (!yyjson_is_arr(list) || yyjson_arr_size(list) > 8)
        return false;
    yyjson_arr_foreach (list, i, max, v) {
        if (!plain_text(v))
            return false;
    }
    return true;
}

static bool holds(json_val *list, const char *text)
{
    for (size_t i = 0; i < yyjson_arr_size(list); i++)
        if (strcmp(yyjson_get_str(yyjson_arr_get(list, i)), text) == 0)
            return true;
    return false;
}

// 1 it is met, 0 it is not, -1 the document is not one to judge.
static int expression(json_val *x, json_val *labels)
{
    json_val *key = json_get(x, "key"), *op = json_get(x, "operator");
    json_val *values = json_get(x, "values");
    const char *have;

    if (!yyjson_is_obj(x) || yyjson_obj_size(x) != 2u + (values != NULL) || !plain_text(key) ||
        !plain_text(op) || !plain_list(values))
        return -1;
    have = json_str(json_get(labels, yyjson_get_str(key)), NULL);
    if (strcmp(yyjson_get_str(op), "In") == 0)
        return have && holds(values, have);
    if (strcmp(yyjson_get_str(op), "NotIn") == 0)
        return !have || !holds(values, have);
    if (strcmp(yyjson_get_str(op), "Exists") == 0)
        return have != NULL;
    return strcmp(yyjson_get_str(op), "DoesNotExist") == 0 ? !have : -1;
}

static bool plain_selector(json_val *selector, json_val *labels)
{
    json_val *wanted = json_get(selector, "matchLabels");
    json_val *expressions = json_get(selector, "matchExpressions");

    return yyjson_is_obj(selector) && plain_map(wanted) && plain_map(labels) &&
           yyjson_obj_size(selector) == (size_t)(wanted != NULL) + (expressions != NULL) &&
           (!expressions || (yyjson_is_arr(expressions) && yyjson_arr_size(expressions) <= 8));
}

static bool labels_are(json_val *wanted, json_val *labels)
{
    yyjson_obj_iter it;

    if (!wanted)
        return true;
    it = yyjson_obj_iter_with(wanted);
    for (json_val *key; (key = yyjson_obj_iter_next(&it));)
        if (strcmp(json_str(json_get(labels, yyjson_get_str(key)), "(none)"),
                   yyjson_get_str(yyjson_obj_iter_get_val(key))) != 0)
            return false;
    return true;
}

static int verdict(json_val *selector, json_val *labels)
{
    json_val *expressions = json_get(selector, "matchExpressions");
    int all;

    if (!plain_selector(selector, labels))
        return -1;
    all = labels_are(json_get(selector, "matchLabels"), labels);
    for (size_t i = 0; i < yyjson_arr_size(expressions); i++) {
        int met = expression(yyjson_arr_get(expressions, i), labels);

        if (met < 0)
            return -1;
        all &= met;
    }
    return all;
}

static bool once(json_val *obj, const char *key)
{
    size_t n = 0, i, max;
    json_val *k, *v;

    if (!yyjson_is_obj(obj))
        return false;
    yyjson_obj_foreach (obj, i, max, k, v) {
        n += yyjson_equals_str(k, key);
    }
    return n <= 1;
}

// Of a member that is given twice the decoder takes the last, and the server sends none.
static bool plain_document(json_val *root)
{
    json_val *spec = json_get(root, "spec"), *meta = json_get(root, "metadata");

    return once(root, "spec") && once(root, "metadata") && once(spec, "selector") &&
           once(meta, "labels");
}

static void judge(const struct object *o, int want)
{
    const struct label_selector *s = pod_disruption_budget_spec_selector(
        pod_disruption_budget_spec(pod_disruption_budget_of(o)));
    bool matches = selector_matches(s, object_meta_labels(object_meta_of(o)));

    assert(!selector_empty(s) || matches);
    assert(s || !matches);
    assert(want < 0 || matches == (want == 1));
    (void)selector_matches_namespace(s, o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autojson struct json_doc doc = { 0 };
    autoobject struct object *o = NULL;
    int want;

    if (json_parse((struct str){ (const char *)data, size }, NULL, &doc, NULL) < 0)
        return 0;
    want = plain_document(json_root(&doc)) ? verdict(json_path(json_root(&doc), "spec.selector"),
                                                     json_path(json_root(&doc), "metadata.labels"))
                                           : -1;
    if (object_decode(kind_get(KIND_POD_DISRUPTION_BUDGET), json_root(&doc),
                      (struct decode_options){ 0 }, &o, NULL) == 0)
        judge(o, want);
    return 0;
}
