// SPDX-License-Identifier: Apache-2.0
// The files that `assess PATH...` reads: those named, and below directories every *.yaml, *.yml and
// *.json in the order of their names. Hidden files and directories are left out; what is reached
// twice, by another name or a symbolic link, is there once.
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/map.h"

#define PATHS_MAX 200000u // files

struct path_entry {
    const char *path;  // as it is shown: under the name that was given
    const char *chart; // the Helm chart whose templates/ it lies in; NULL: none
};

struct paths {
    struct arena *a;      // borrowed
    struct path_entry *v; // owned
    size_t n, cap;
    struct map seen;
    bool standard_input, full;
    void (*broken)(void *arg, const char *path, const char *text); // what cannot be read; goes on
    void *arg;
};

void paths_init(struct paths *p, struct arena *a);
void paths_fini(struct paths *p);
// One operand; "-" is kept as it is.
void paths_add(struct paths *p, const char *path);
