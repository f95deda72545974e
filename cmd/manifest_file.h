// SPDX-License-Identifier: Apache-2.0
// One thread's part of reading manifests: a file at a time, and what came of it.
#pragma once

#include "apis/manifest.h"
#include "base/arena.h"
#include "base/str.h"
#include "cmd/paths.h"

struct manifest_item {
    struct object *object;    // owned
    struct yaml_lines *lines; // owned
    uint32_t file;            // number in the list of files
    atom api_version;
};

struct manifest_trouble { // of one file
    uint32_t file, line;
    char *text; // owned
};

struct manifest_thread {
    const char *ns;
    uint32_t file;
    struct buf text;
    struct arena *tree;
    struct manifest_item *items; // owned, in the order of the files
    struct manifest_trouble *troubles;
    uint32_t n_items, cap_items, n_troubles, cap_troubles;
    struct manifest_counts counts;
    uint32_t files;
    uint32_t *templates; // owned: numbers of the files that are templates of Helm
    uint32_t n_templates, cap_templates;
    _Atomic size_t *budget; // what all threads together may still take
};

void manifest_thread_init(struct manifest_thread *t, const char *ns, _Atomic size_t *budget);
void manifest_thread_fini(struct manifest_thread *t); // items that are left, too
// Reads file number i, which is at that path.
void manifest_thread_read(struct manifest_thread *t, uint32_t i, const struct path_entry *file);
