// SPDX-License-Identifier: Apache-2.0
// Reading YAML: the only file that knows libyaml. A stream becomes a list of node trees with line numbers; scalars are
// resolved by the YAML 1.2 core schema, as sigs.k8s.io/yaml readers expect (no yes/no booleans). Aliases, depth, nodes
// and bytes are bounded, so a bomb ends in an error. Merge keys (<<) are applied.
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "base/error.h"
#include "base/str.h"

enum yaml_type { YAML_NULL, YAML_BOOL, YAML_INT, YAML_DOUBLE, YAML_STR, YAML_LIST, YAML_MAP };

struct yaml_node {
    enum yaml_type type;
    uint32_t line;          // from 1
    struct str text;        // scalars: as written (unquoted)
    union {
        bool b;
        int64_t i;
        double d;
        struct {
            struct yaml_node **v; // LIST: items; MAP: values
            struct str *keys;     // MAP only
            uint32_t n;
        } sub;
    };
};

#define YAML_NODES_MAX 2000000u

// Next document of the text; ret NULL at the end of the stream. The parser is set up by yaml_open and owns nothing of text.
struct yaml_reader;
struct yaml_reader *yaml_open(struct str text, struct arena *a);
int must_check yaml_next(struct yaml_reader *r, struct yaml_node **ret, struct error *e);
void yaml_close(struct yaml_reader *r);

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key); // NULL if absent
const struct yaml_node *yaml_path(const struct yaml_node *n, const char *dotted);
const char *yaml_str(const struct yaml_node *n, const char *fallback); // scalars as text (kubeconfig); fallback when absent
