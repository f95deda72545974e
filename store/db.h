// SPDX-License-Identifier: Apache-2.0
// The thin layer over SQLite; db.c is the only file that includes <sqlite3.h>. One thread per
// handle. Error classes: LIMIT = locked by another, UNAVAILABLE = the disk is full, read-only or
// fails to write, GONE = the file is corrupt or no database, IO = the rest.
#pragma once

#include "base/base.h"
#include "base/error.h"
#include "base/str.h"
#include "store/queries.h"

struct db;
struct stmt;

// readonly: on a medium that cannot be written, where SQLite cannot make its shared index, a file
// that was closed in order is read as immutable.
struct db *db_open(const char *path, bool readonly, struct error *e);
void db_close(struct db *d); // NULL ok
int must_check db_exec(struct db *d, const char *sql, struct error *e);
int must_check db_int(struct db *d, const char *sql, int64_t *ret,
                      struct error *e); // first column of the first row
// A consistent copy of one moment, by way of `to`.partial; writers are not held up. `to` must not
// exist.
int must_check db_backup(struct db *d, const char *to, struct error *e);
// One moment for several reads; false inside a transaction, which is one already. End it only when
// it began.
bool db_snapshot(struct db *d);
void db_snapshot_end(struct db *d);
int64_t db_changes(const struct db *d); // rows changed by the last statement
int db_error(const struct db *d, const char *what,
             struct error *e); // maps the handle's last failure; always -1

// Fixed statements are prepared once and reset when stepped to their end; dynamic ones belong to
// the caller.
struct stmt *db_query(struct db *d, enum query_id id, struct error *e); // NULL on failure
struct stmt *db_prepare(struct db *d, const char *sql, struct error *e);
void stmt_free(struct stmt *s);  // dynamic statements only; NULL ok
void stmt_reset(struct stmt *s); // ends a fixed statement early; NULL ok

// A function of two integers for dynamic statements, which always gives the same for the same two
// while one runs; arg belongs to the caller.
int must_check db_function(struct db *d, const char *name,
                           int64_t (*fn)(void *arg, int64_t a, int64_t b), void *arg,
                           struct error *e);

void bind_text(struct stmt *s, int i,
               const char *v); // from 1; NULL binds NULL; the text must live until the step
void bind_int(struct stmt *s, int i, int64_t v);
void bind_time(struct stmt *s, int i, usec v); // RFC 3339 text with milliseconds; 0 binds NULL
int must_check stmt_step(struct stmt *s,
                         struct error *e); // 1: a row; 0: done (reset); -1: failed (reset)
int must_check stmt_run(struct stmt *s, struct error *e); // steps to the end, 0 or -1

const char *col_text(struct stmt *s, int i); // from 0; NULL for NULL; valid until the next step
int64_t col_int(struct stmt *s, int i);
usec col_time(struct stmt *s, int i); // 0 for NULL or unreadable text
struct arena;
const char *col_dup(struct stmt *s, int i, struct arena *a); // NULL for NULL
