// SPDX-License-Identifier: Apache-2.0
// A folder of files for one test.
#pragma once

#include "base/base.h"
#include "base/str.h"

struct fake_tree {
    char dir[64];
};

void fake_tree_init(struct fake_tree *t);
void fake_tree_fini(struct fake_tree *t); // removes all of it
// Makes the folders of name, too. The path is valid until the next call.
const char *fake_tree_path(const struct fake_tree *t, const char *name);
void fake_tree_put(const struct fake_tree *t, const char *name, const char *text);
void fake_tree_putn(const struct fake_tree *t, const char *name, struct str text);
