// SPDX-License-Identifier: Apache-2.0
// Finds an object of a snapshot by kind, namespace and name.
#pragma once

#include "apis/snapshot.h"
#include "base/map.h"
#include "controller/checks/check.h"

struct object_index {
    struct map map;
};

void object_index_init(struct object_index *ix, const struct snapshot *s, kind_mask kinds);
void object_index_fini(struct object_index *ix);
const struct object *object_index_find(const struct object_index *ix, enum kind_id kind, atom ns,
                                       const char *name);

// Order of everything that is reported: namespace, then name. For qsort over object pointers.
int object_compare(const void *a, const void *b);
