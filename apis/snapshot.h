// SPDX-License-Identifier: Apache-2.0
// A frozen view of the cluster (or of files) that checks walk: pointer tables per kind, the objects
// untouched. Made by informer/ (epoch) or by the file reader; read by the worker; nothing in it
// changes while it is open.
#pragma once

#include "apis/kinds.h"
#include "apis/object.h"
#include "base/base.h"

enum kind_state {
    KIND_NOT_SYNCED, // watch exists, first list not complete
    KIND_SYNCED,
    KIND_DENIED, // no permission, or never asked for: checks that need it are skipped:
                 // no-permission
    KIND_ABSENT, // the server does not serve it (CRD not installed)
};

// An object of a file whose apiVersion is not the one that its kind is read as.
struct written_version {
    const struct object *object;
    atom api_version;
};

struct snapshot {
    const struct object *const *objects[KIND_COUNT];
    uint32_t n[KIND_COUNT];
    uint8_t state[KIND_COUNT];             // enum kind_state
    usec now;                              // wall clock of the freeze
    int server_minor;                      // Kubernetes 1.N; 0 unknown
    bool live;                             // false: from files
    const struct usage *usage;             // of containers and Nodes; NULL: none; borrowed
    const struct written_version *written; // by snapshot_set_written; files only
    uint32_t n_written;
};

// Sorts v, which the snapshot borrows.
void snapshot_set_written(struct snapshot *s, struct written_version *v, uint32_t n);
// "extensions/v1beta1": what a manifest says, or what the API server serves.
const char *snapshot_api_version(const struct snapshot *s, const struct object *o);
