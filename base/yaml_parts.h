// SPDX-License-Identifier: Apache-2.0
// Parts of yaml.c that need no libyaml; for the files that make such trees alone.
#pragma once

#include "base/yaml.h"

// Type and value of a scalar by the YAML 1.2 core schema; n->text and n->line are set.
void yaml_resolve_plain(struct yaml_node *n);
// The same with a tag ("tag:yaml.org,2002:int"); a tag that is not of the core schema makes a
// string.
int must_check yaml_resolve_tagged(struct yaml_node *n, const char *tag, struct error *e);

struct yaml_entry { // of a list or map that is being read
    struct str key;
    uint32_t line; // of the key
    bool is_merge; // the key is a plain <<
    bool merged;   // it came by one
    struct yaml_node *value;
};

// Fills the map's keys and values from entries: applies merges, refuses duplicates.
int must_check yaml_fill_map(struct yaml_node *map, struct yaml_entry *v, size_t n, struct arena *a,
                             struct error *e);
// Is there room for n pieces of size bytes? TOO_BIG if not.
int must_check yaml_room(const struct arena *a, size_t n, size_t size, uint32_t line,
                         struct error *e);
