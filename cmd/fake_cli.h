// SPDX-License-Identifier: Apache-2.0
// Runs the program inside a test and keeps what it says.
#pragma once

#include "base/base.h"

struct said {
    int status;
    char *out, *err; // owned by the next call
};

// line: words separated by single blanks.
struct said cli(const char *line);
struct said cli_as(const char *program, const char *line); // argv[0]
struct said cli_full(const char *line);                    // with a stdout that is a full disk
// A small history that is always the same: three runs (the third failed), six findings each, a
// status, and two reports of vulnerabilities.
void fake_history(const char *db);
