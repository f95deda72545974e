// SPDX-License-Identifier: Apache-2.0
// Where the members of an object stand in its file, kept after the tree is gone: eight bytes for
// each key and list item. Immutable: any thread may ask.
#pragma once

#include "base/yaml.h"

#define YAML_LINES_MAX 262144u // keys and items of one object

struct yaml_lines;

struct yaml_lines *yaml_lines_new(const struct yaml_node *root); // NULL: more than the maximum
void yaml_lines_free(struct yaml_lines *l);                      // NULL ok
size_t yaml_lines_bytes(const struct yaml_lines *l);
// "spec.containers[0].image" or "data[app.properties]": the line of that key or item, or of the
// nearest thing above that is there; "" is the object.
uint32_t yaml_lines_find(const struct yaml_lines *l, const char *path);
