// SPDX-License-Identifier: Apache-2.0
// What the query commands share: the open store and the envelope {"noun": [...], "total": n,
// "filters": {...}}.
#pragma once

#include "cmd/command.h"
#include "cmd/output.h"
#include "store/runs.h"
#include "store/store.h"

struct query {
    const struct args *args;
    const char *what; // the command, for its error lines
    struct store *store;
    struct arena *arena;
    struct writer writer;
    struct table table;
    bool is_table, started;
    const char *noun;
};

// 0, or the exit status after an error line.
int query_open(struct query *q, const struct args *a, const char *what);
int query_fail(struct query *q, const struct error *e); // closes; exit status
// A run by uid or name, or the "latest". -1 also when there is none, which e says.
int must_check query_find_run(struct query *q, const char *id, struct run_row *ret,
                              struct error *e);
// What the flags of a query of findings leave of them. Borrowed from a.
struct finding_query query_findings(const struct args *a);
void query_close(struct query *q);
// A list: start, one table row or object per row, end. Nothing is written before the first row or
// the end, so that a list that cannot be read at all is an error line alone. The end prints the
// table, or total and filters, and closes; exit status.
void query_list_start(struct query *q, const char *noun);
void query_list_row(struct query *q); // before each object that is written
int query_list_end(struct query *q, int64_t total, const char *const *filters, size_t n,
                   const char *when_empty);
// A table of one thing: FIELD and VALUE.
void query_fields_start(struct query *q);
void query_field(struct query *q, const char *name, const char *value);
int query_fields_end(struct query *q); // prints and closes; exit status
void query_filters(struct query *q, const char *const *names,
                   size_t n); // the filters that were given, as they were given
