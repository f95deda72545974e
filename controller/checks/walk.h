// SPDX-License-Identifier: Apache-2.0
// From a snapshot to the workloads that are judged: one per root of an owner chain, in a fixed
// order (checks-catalog.md §0.5).
#pragma once

#include "apis/snapshot.h"
#include "base/arena.h"
#include "base/map.h"
#include "controller/checks/objects.h"
#include "controller/checks/unit.h"

struct walk {
    struct arena *a; // borrowed
    const struct object_index *objects;
    struct workload **units; // sorted by namespace, kind and name
    uint32_t n, cap;
    struct map by_name;   // workload by (kind, namespace, name)
    struct map by_object; // whose Pods and Jobs belong to which workload
};

#define WORKLOAD_KINDS                                                                             \
    (KIND_BIT(KIND_POD) | KIND_BIT(KIND_DEPLOYMENT) | KIND_BIT(KIND_REPLICA_SET) |                 \
     KIND_BIT(KIND_STATEFUL_SET) | KIND_BIT(KIND_DAEMON_SET) |                                     \
     KIND_BIT(KIND_REPLICATION_CONTROLLER) | KIND_BIT(KIND_JOB) | KIND_BIT(KIND_CRON_JOB))

void walk_init(struct walk *w, const struct snapshot *s, const struct object_index *objects,
               struct arena *a);
void walk_fini(struct walk *w);
struct workload *walk_find(const struct walk *w, const char *kind, atom ns,
                           const char *name); // NULL if there is none
