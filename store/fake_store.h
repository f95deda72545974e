// SPDX-License-Identifier: Apache-2.0
// What the store's tests and its benchmark share: a folder that goes away by itself, and rows that
// follow a pattern.
#pragma once

#include "base/base.h"
#include "store/runs.h"
#include "store/store.h"

#define FAKE_START ((usec)1767225600 * USEC_PER_SEC) // 2026-01-01T00:00:00Z

struct fake_dir {
    char path[128];
    char db[160];
};

void fake_dir_make(struct fake_dir *d);
void fake_dir_remove(struct fake_dir *d);                       // and all files in it
int fake_dir_count(const struct fake_dir *d, const char *part); // files whose names contain it

struct fake_run { // run i: uid "run-i", name "default-i", one day after the other
    int number, findings;
    bool failed;      // no verdicts
    int check_base;   // number of the first check
    const char *mode; // NULL: "Full"
};

// A full run that somebody asked for at FAKE_START and that is under way.
struct run_row fake_run_row(const char *uid, const char *name);

// The number that a query of the file gives, by a connection of its own; aborts when there is none.
int64_t fake_store_count(const struct fake_dir *d, const char *sql);

// Aborts the test when the store refuses.
void fake_run_put(struct store *s, const struct fake_run *r);
int fake_run_try(struct store *s, const struct fake_run *r, struct error *e);
