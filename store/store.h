// SPDX-License-Identifier: Apache-2.0
// The history: one SQLite file (WAL), one writer. Every function blocks and belongs to the worker
// thread (serve) or to the only thread (CLI). Errors say what to do; ERR_UNAVAILABLE means "degrade
// StoreHealthy and go on without history".
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "base/error.h"

#define STORE_SCHEMA_VERSION 4

struct store;

struct store_open_result {
    bool created;        // a new file
    char set_aside[512]; // name under which a corrupt or foreign file was kept, "" if none
    const char *why;     // static: what was wrong with it
    // Name under which the log of a file was kept that is not there any more (a backup was put back
    // after a crash), "" if none.
    char log_set_aside[512];
};

// Writer: takes the exclusive file lock (LIMIT when another process holds it), migrates, sets a
// corrupt file aside. A file from a newer version is refused with ERR_INVALID and left alone. ret
// may be NULL.
struct store *store_open(const char *path, struct store_open_result *ret, struct error *e);
// The same after a call failed with ERR_GONE: every page and index is looked at, not only those
// that a start looks at.
struct store *store_open_suspect(const char *path, struct store_open_result *ret, struct error *e);
// Reader: never writes or migrates; works while a writer is active. NOT_FOUND when there is no
// file.
struct store *store_open_readonly(const char *path, struct error *e);
void store_close(struct store *s); // NULL ok; checkpoints when writing

const char *store_path(const struct store *s);
int64_t store_bytes(const struct store *s); // file and WAL

// Small facts that must survive a restart (last good config, last schedule time, cluster id).
int must_check store_fact_put(struct store *s, const char *key, const char *value, struct error *e);
int must_check store_fact_get(struct store *s, const char *key, struct arena *a, const char **ret,
                              struct error *e); // *ret NULL if absent

int must_check store_check(struct store *s, struct arena *a, const char **ret_problems,
                           struct error *e); // integrity_check; NULL = fine
int must_check store_backup(struct store *s, const char *to,
                            struct error *e); // consistent copy while in use

// Since it was opened.
void store_stats(const struct store *s, uint64_t *ret_rows_written, uint64_t *ret_errors);
