// SPDX-License-Identifier: Apache-2.0
// A selector and labels, as JSON: {"metadata":{"name":…,"labels":…},"spec":{"selector":…}}.
#include "apis/selector.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_doc doc;
    autoobject struct object *o = NULL;
    if (json_parse((struct str){ (const char *)data, size }, NULL, &doc, NULL))
        return 0;
    int r = object_decode(kind_get(KIND_POD_DISRUPTION_BUDGET), json_root(&doc),
                          (struct decode_options){ 0 }, &o, NULL);
    json_free(&doc);
    if (r)
        return 0;
    const struct label_selector *s = pod_disruption_budget_spec_selector(
        pod_disruption_budget_spec(pod_disruption_budget_of(o)));
    bool matches = selector_matches(s, object_meta_labels(object_meta_of(o)));
    if (selector_empty(s) && !matches)
        abort();
    (void)selector_matches_namespace(s, o);
    return 0;
}
