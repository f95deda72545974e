// SPDX-License-Identifier: Apache-2.0
// The last Pod spec of a list, as values of JSON, and the block that it became. A list comes in the
// order of the names, so that the next Pod is mostly of the same template: comparing its spec costs
// a fraction of decoding it. Loop thread only; whoever lists keeps one while it lists.
#pragma once

#include "apis/object.h"
#include "apis/schema.h"
#include "base/json.h"

#define SPEC_MEMO_CUT 16 // generated names of volumes and mounts in one spec; more: not kept

struct spec_memo *spec_memo_new(void);
void spec_memo_free(struct spec_memo *m); // NULL ok

// The block of the kept spec when decoding v would give the same, else NULL. Borrowed.
struct shared_block *spec_memo_find(const struct spec_memo *m, json_val *v);
// Keeps v, decoded as t into block, in place of what was kept. cut[n] are texts in v of which only
// OBJECT_API_ACCESS counts. The members of t that are per_pod do not count.
void spec_memo_keep(struct spec_memo *m, const struct type *t, json_val *v, const char *const *cut,
                    uint32_t n, struct shared_block *block);
