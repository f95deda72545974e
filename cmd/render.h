// SPDX-License-Identifier: Apache-2.0
// The formats of `assess`: one file each, one table of all. A format gets sorted findings and a
// file to write to; it says nothing else and changes nothing.
#pragma once

#include "cmd/findings.h"

struct look {   // of what is written to
    int screen; // columns of the terminal; 0: no terminal
    bool color;
    bool explain; // the table says with each finding what should hold and how to get there
};

struct render {
    const char *name; // of --format
    // Exit status; a line on stderr when stdout could not be written, else errno tells.
    int (*print)(const struct findings *fs, struct look look, FILE *out);
    bool wants_exempted; // shows findings that are exempted, as such
};

const struct render *render_find(const char *name); // NULL if unknown
const struct render *render_at(size_t i);           // NULL at the end

// By a command's --format, --explain and --fail-on.
struct args;
int render_answer(const struct args *a, const struct findings *fs); // to stdout; exit status
bool render_trips(const struct args *a, const struct findings *fs); // exit with EXIT_FOUND

int render_table(const struct findings *fs, struct look look, FILE *out);
// The part of the table above the scores, with look.explain.
int render_explained(const struct findings *fs, struct look look, FILE *out);
int render_json(const struct findings *fs, struct look look, FILE *out);
int render_yaml(const struct findings *fs, struct look look, FILE *out);
int render_sarif(const struct findings *fs, struct look look, FILE *out);
int render_junit(const struct findings *fs, struct look look, FILE *out);
int render_markdown(const struct findings *fs, struct look look, FILE *out);
int render_html(const struct findings *fs, struct look look, FILE *out);
