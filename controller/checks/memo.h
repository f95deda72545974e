// SPDX-License-Identifier: Apache-2.0
// What the pure Pod-spec checks said about an interned spec: Pods that share a block are judged
// once.
#pragma once

#include "base/arena.h"
#include "base/map.h"
#include "controller/checks/report.h"

#define MEMO_BLOCKS_MAX 256 // further blocks are judged each time, so that memory stays flat

struct memo_entry {
    const struct shared_block *block;
    const struct outcome **outcomes; // by check index; NULL: not judged yet
};

struct memo {
    struct arena *a;
    struct map map;
    size_t n_checks;
};

void memo_init(struct memo *m, size_t n_checks, struct arena *a);
void memo_fini(struct memo *m);
struct memo_entry *memo_entry(struct memo *m,
                              const struct shared_block *block); // NULL: not remembered
void memo_put(struct memo *m, struct memo_entry *e, size_t check, const struct outcome *o);
