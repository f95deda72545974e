// SPDX-License-Identifier: Apache-2.0
// Documents on stdout: JSON and YAML through the one writer, tables with aligned columns.
#pragma once

#include "base/base.h"
#include "base/writer.h"
#include "cmd/command.h"
#include "cmd/table.h"

enum output_format { OUTPUT_JSON, OUTPUT_YAML, OUTPUT_TABLE, OUTPUT_MARKDOWN, OUTPUT_OTHER };

enum output_format output_format(const struct args *a);
void output_start(struct writer *w, const struct args *a); // to stdout, JSON or YAML
int output_end(struct writer *w);                          // exit status
// Exit status; an error line when stdout could not be written. Of another file the caller tells by
// errno.
int output_flush(FILE *out);
int output_screen(void); // columns of the terminal that stdout is, 0 if it is none
bool output_color(void); // a terminal, unless NO_COLOR or TERM=dumb say otherwise

const char *text_time(usec at, char *ret, size_t n);        // "2026-01-31 12:00:00Z", "-" for 0
const char *text_score(int32_t score, char *ret, size_t n); // "87", "-" for -1
// One line on stderr; control characters become blanks.
void output_say(const char *fmt, ...) printf_like(1, 2);
// Control characters, which a terminal would obey, become `with`.
void text_clean(char *text, char with);
void w_time(struct writer *w, const char *key, usec at); // RFC 3339 with milliseconds, null for 0
void w_score(struct writer *w, const char *key, int32_t score); // null for -1
