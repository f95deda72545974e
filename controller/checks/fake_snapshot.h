// SPDX-License-Identifier: Apache-2.0
// A snapshot made of YAML, for tests, benchmarks and fuzzing.
#pragma once

#include "apis/snapshot.h"
#include "base/str.h"

struct fake_snapshot {
    struct snapshot s;
    struct object **v[KIND_COUNT]; // owned
    uint32_t cap[KIND_COUNT];
    struct written_version *written; // owned
    struct usage *usage;             // owned; of the PodMetrics and NodeMetrics, in their order
    struct error *error;             // while YAML is read: what could not be
    bool broken;
};

void fake_snapshot_init(
    struct fake_snapshot *f); // every kind synced, nothing in it, 2026-11-21, Kubernetes 1.36
void fake_snapshot_fini(struct fake_snapshot *f);
void fake_snapshot_add(struct fake_snapshot *f, struct object *o); // takes the reference
int must_check fake_snapshot_yaml(struct fake_snapshot *f, struct str text,
                                  struct error *e); // unknown kinds are left out
int must_check fake_snapshot_file(struct fake_snapshot *f, const char *path, struct error *e);
void fake_snapshot_reverse(struct fake_snapshot *f); // the same objects the other way round
