// SPDX-License-Identifier: Apache-2.0
// What the repositories of this folder share.
#pragma once

#include "store/db.h"
#include "store/store.h"

// Checks whose rows the current run has seen to; the hash is of all their words.
#define KNOWN_CHECKS 256

struct known_check {
    uint64_t hash; // 0: none
    int64_t number;
};

struct store {
    struct db *db;
    char *path;
    int lock_fd;     // -1 for readers
    bool suspect;    // look at everything when opening
    bool in_run;     // between store_run_begin and commit or rollback
    int64_t run_id;  // row of that run
    int64_t scan_id; // row of the report that vulnerabilities are put for
    int64_t stale;   // rows an earlier attempt at that run left
    struct known_check known[KNOWN_CHECKS];
    uint64_t rows_written, errors;
};

int must_check store_begin(struct store *s, struct error *e);
int must_check store_commit(struct store *s, struct error *e); // rolls back when it fails
void store_rollback(struct store *s);
int store_fail(struct store *s); // counts; always -1
