// SPDX-License-Identifier: Apache-2.0
// Reading YAML: the only file that knows libyaml. A stream becomes a list of node trees with line
// numbers; scalars are resolved by the YAML 1.2 core schema (no yes/no booleans, no dates).
// Aliases, depth, nodes and bytes are bounded, so a bomb ends in an error. Merge keys (<<) are
// applied. An alias gives the node of its anchor a second time, so a tree may share parts: read it,
// never change it.
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "base/error.h"
#include "base/str.h"

enum yaml_type { YAML_NULL, YAML_BOOL, YAML_INT, YAML_DOUBLE, YAML_STR, YAML_LIST, YAML_MAP };

struct yaml_node {
    enum yaml_type type;
    uint32_t line;   // from 1
    struct str text; // scalars: as written (unquoted)

    union {
        bool b;
        int64_t i;
        double d;

        struct {
            struct yaml_node **v; // LIST: items; MAP: values
            struct str *keys;     // MAP only; likewise
            uint32_t *lines;      // of the keys: a value may begin below its key, or be an alias
            uint32_t n;
        } sub;
    };
};

#define YAML_NODES_MAX 2000000u // in one document, counting what an alias repeats
#define YAML_DEPTH_MAX 64
#define YAML_BYTES_MAX ((size_t)64 * 1024 * 1024)

// The text is borrowed until yaml_close, the nodes live in the arena and hold nothing of it;
// between two documents the arena may be reset.
struct yaml_reader;
struct yaml_reader *yaml_open(struct str text, struct arena *a);
// Next document of the text; ret NULL at the end of the stream. An empty document is a YAML_NULL
// node. Errors, with the line: INVALID; TOO_BIG beyond a bound or what the arena has left. After an
// error every call fails.
int must_check yaml_next(struct yaml_reader *r, struct yaml_node **ret, struct error *e);
void yaml_close(struct yaml_reader *r);

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key); // NULL if absent
// "users.0.name".
const struct yaml_node *yaml_path(const struct yaml_node *n, const char *dotted);
// Scalars as text; fallback when absent or null.
const char *yaml_str(const struct yaml_node *n, const char *fallback);
