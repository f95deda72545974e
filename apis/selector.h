// SPDX-License-Identifier: Apache-2.0
// Label selectors (catalogue §0.6). An absent selector (NULL) matches nothing here; where the API
// means "all" by absence (NetworkPolicy podSelector) the caller says so. An empty one matches
// everything. Labels are a MAP of object_meta. Any thread.
#pragma once

#include "apis/types.h"

bool selector_matches(const struct label_selector *s, struct rlist labels);
bool selector_empty(const struct label_selector *s); // present and without any demand
bool labels_match(struct rlist wanted,
                  struct rlist labels); // Service selectors: empty matches nothing
bool requirement_matches(const struct label_requirement *r,
                         struct rlist labels); // node selectors too: Gt, Lt
// Scope of a namespaceSelector: the labels of the namespace, and its name as
// kubernetes.io/metadata.name even when it has no such label.
bool selector_matches_namespace(const struct label_selector *s, const struct object *namespace);
