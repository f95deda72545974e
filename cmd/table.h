// SPDX-License-Identifier: Apache-2.0
// Tables for people: columns as wide as their content. On a terminal the last column is wrapped
// inside its column, and columns that have no room go on below, indented; nothing is ever cut.
// Elsewhere a row is a line.
#pragma once

#include "base/base.h"

#define TABLE_COLUMNS_MAX 10

struct table {
    const char *heads[TABLE_COLUMNS_MAX];
    size_t columns, rows, cap;
    char **cells; // owned
    int width[TABLE_COLUMNS_MAX];
    bool bare;  // without heads; set after table_init
    int indent; // blanks before each line
    bool below; // the last column goes below all others rather than being wrapped beside them
};

void table_init(struct table *t, const char *const *heads, size_t n);
void table_fini(struct table *t);
void table_add(struct table *t, const char *const *cells); // NULL cells print as "-"
int table_print(struct table *t, const char *when_empty);  // to stdout; frees; exit status
// The same to any file; screen: columns of the terminal, 0 for none.
int table_print_to(struct table *t, const char *when_empty, FILE *out, int screen);
// Long tables for a pipe hold no cells: every row is fitted, then every row is printed; the heads
// are a row like the others.
void table_fit(struct table *t, const char *const *cells);
void table_line(const struct table *t, const char *const *cells, FILE *out);
int text_width(const char *s); // columns that it takes on a terminal
// A paragraph, wrapped at the screen's width.
void table_text(const char *text, int indent, FILE *out, int screen);
