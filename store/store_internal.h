// SPDX-License-Identifier: Apache-2.0
// What the repositories of this folder share.
#pragma once

#include "store/db.h"
#include "store/results.h"
#include "store/store.h"

struct store {
    struct db *db;
    char *path;
    int lock_fd;     // -1 for readers
    bool suspect;    // look at everything when opening
    bool in_run;     // between store_run_begin and commit or rollback
    bool swept;      // no result is without a run, so far as this handle knows
    int64_t run_id;  // row of that run
    int64_t scan_id; // row of the report that vulnerabilities are put for
    struct run_results results;
    uint64_t rows_written, errors;
};

// Number of the row that the statement finds by its key; NOT_FOUND when there is none.
int must_check store_row_id(struct store *s, enum query_id id, const char *key, int64_t *ret,
                            struct error *e);
int must_check store_begin(struct store *s, struct error *e);
int must_check store_commit(struct store *s, struct error *e); // rolls back when it fails
void store_rollback(struct store *s);
int store_fail(struct store *s); // counts; always -1
