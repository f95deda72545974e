// SPDX-License-Identifier: Apache-2.0
// Documents on stdout: JSON and YAML through the one writer, tables with aligned columns.
#pragma once

#include "base/base.h"
#include "base/writer.h"
#include "cmd/command.h"

enum output_format { OUTPUT_JSON, OUTPUT_YAML, OUTPUT_TABLE, OUTPUT_MARKDOWN };

enum output_format output_format(const struct args *a);
void output_start(struct writer *w, const struct args *a);          // to stdout, JSON or YAML
int output_end(struct writer *w);                                   // exit status

// A table is gathered and printed at the end; widths follow the content, the last column is never cut.
#define TABLE_COLUMNS_MAX 10
struct table {
    const char *heads[TABLE_COLUMNS_MAX];
    size_t columns, rows, cap;
    char **cells; // owned
    int width[TABLE_COLUMNS_MAX];
};

void table_init(struct table *t, const char *const *heads, size_t n);
void table_add(struct table *t, const char *const *cells); // NULL cells print as "-"
int table_print(struct table *t, const char *when_empty);  // frees; exit status
const char *text_time(usec at, char *ret, size_t n);       // "2026-01-31 12:00:00Z", "-" for 0
const char *text_score(int32_t score, char *ret, size_t n); // "87", "-" for -1
