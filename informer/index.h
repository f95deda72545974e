// SPDX-License-Identifier: Apache-2.0
// One index of a cache: value -> set of objects. A value whose last object leaves is dropped.
// Objects are borrowed.
#pragma once

#include "apis/object.h"
#include "base/base.h"
#include "base/map.h"
#include "base/str.h"
#include "informer/informer.h"

struct index;

struct index *index_new(enum informer_index which, atom label);
void index_free(struct index *x); // NULL ok
bool index_is(const struct index *x, enum informer_index which, atom label);
void index_update(struct index *x, const struct object *old,
                  const struct object *now); // either may be NULL
const struct object *index_next(const struct index *x, struct str value,
                                uint32_t *iter); // start with 0; NULL at the end
uint32_t index_count(const struct index *x, struct str value);
size_t index_values(const struct index *x);
