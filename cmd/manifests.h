// SPDX-License-Identifier: Apache-2.0
// Manifests as a snapshot: all files are read, on as many threads as there are processors, and each
// object remembers where it stands. One thread owns it; while it is read nothing else may intern.
#pragma once

#include "apis/manifest.h"
#include "apis/snapshot.h"
#include "base/error.h"

#define MANIFEST_FILE_MAX   YAML_BYTES_MAX      // bytes of a file
#define MANIFEST_MEMORY_MAX ((size_t)512 << 20) // of all objects together

struct manifest_problem {
    const char *file; // or "stdin"
    uint32_t line;    // 0: the file as a whole
    const char *text;
};

struct manifest_totals {
    struct manifest_counts counts;
    uint32_t files;     // that were read
    uint32_t templates; // of Helm, which were not
};

struct manifests_options {
    const char *const *paths; // "-" is stdin
    size_t n_paths;
    const char *ns;                                      // of objects that name none
    int server_minor;                                    // 0: unknown
    int threads;                                         // 0: one for each processor
    void (*progress)(void *arg, size_t done, size_t of); // files, now and then; NULL: none
    void *arg;
};

struct manifests;

// Never fails as a whole: what could not be read is among the problems.
struct manifests *manifests_read(const struct manifests_options *o);
void manifests_free(struct manifests *m); // NULL ok
const struct snapshot *manifests_snapshot(const struct manifests *m);
const struct manifest_totals *manifests_totals(const struct manifests *m);
// Errors, in the order of the files; and remarks, which nothing depends on (objects given twice).
const struct manifest_problem *manifests_problems(const struct manifests *m, size_t *ret_n);
const struct manifest_problem *manifests_remarks(const struct manifests *m, size_t *ret_n);
// Where the field of an object of the snapshot stands; NULL object: nowhere, "" and 0. The text
// lives as long as the manifests.
const char *manifests_place(const struct manifests *m, const struct object *o, const char *path,
                            uint32_t *ret_line);
