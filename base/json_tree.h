// SPDX-License-Identifier: Apache-2.0
// A JSON text as the node trees of base/yaml.h, with line numbers: manifests come in both forms and
// are read on by the same code. Values may follow each other without anything between them, as
// `kubectl get -o json` writes them when it is called twice.
#pragma once

#include "base/yaml.h"

struct json_tree {
    struct str text; // borrowed
    struct arena *arena;
    size_t at;
    uint32_t line;
    size_t nodes; // of this document
    bool failed;
};

void json_tree_init(struct json_tree *t, struct str text, struct arena *a);
// The next value; ret NULL at the end of the text. Nodes live in the arena, which may be reset in
// between. Errors as yaml_next has them, with the line; after one every call fails.
int must_check json_tree_next(struct json_tree *t, struct yaml_node **ret, struct error *e);
