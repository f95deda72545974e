// SPDX-License-Identifier: Apache-2.0
// Who refers to whom, for the checks that look beyond one object. Built once per walk; read-only
// afterwards.
#pragma once

#include "apis/snapshot.h"
#include "base/arena.h"
#include "base/map.h"
#include "controller/checks/objects.h"
#include "controller/checks/rbac.h"
#include "controller/checks/walk.h"

struct ns_info {
    const char *name;            // "" for cluster scope
    const struct object *object; // the Namespace, NULL if not in the snapshot
    bool platform;               // §0.10
    bool selected;               // by the run's namespace selector
    uint32_t workloads;          // with Pods to run: not scaled to zero, not finished
    uint32_t policies, quotas, limit_ranges, service_accounts, secrets;
    bool default_cpu_request, default_memory_request, default_cpu_limit,
        default_memory_limit; // by a LimitRange
    const struct object_exemption
        *exemption; // what its annotations exempt; NULL: not looked at yet
};

// A Service, PodDisruptionBudget or NetworkPolicy and the workloads it selects.
#define SELECTED_LINKS_MAX 64

struct link {
    struct link *next;
    struct workload *to;
};

struct selected {
    const struct object *object;
    uint32_t n;         // workloads selected, also beyond the links
    int64_t replicas;   // their sum
    struct link *links; // the first SELECTED_LINKS_MAX, in workload order
    struct link **tail;
    struct selected *next; // of its bucket
    uint32_t hash;
};

struct join {
    const struct snapshot *s;
    struct arena *a;
    struct object_index objects;
    struct walk walk;
    struct map namespaces, selecteds;
    struct rbac rbac;
};

struct join_options {
    const char *own_namespace;
    const char *const *platform_namespaces;
    const struct label_selector *namespaces; // NULL: all
    bool (*stop)(void *arg);
    void *stop_arg;
};

int join_init(struct join *j, const struct snapshot *s, const struct join_options *o,
              struct arena *a); // 1: stopped
void join_fini(struct join *j);

struct ns_info *join_namespace(const struct join *j,
                               const char *ns); // never NULL for a namespace that some object is in
const struct object *join_find(const struct join *j, enum kind_id kind, atom ns, const char *name);
const struct selected *join_selected(const struct join *j, const struct object *o);
bool join_crd(const struct join *j, const char *group,
              const char *plural); // plural NULL: any of the group

#define FOR_EACH_OBJECT(it, snap, kind)                                                            \
    for (uint32_t it##_i = 0; it##_i < (snap)->n[kind]; it##_i++)                                  \
        for (const struct object *it = (snap)->objects[kind][it##_i]; it; it = NULL)
