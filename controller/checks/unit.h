// SPDX-License-Identifier: Apache-2.0
// What a check looks at: one workload with its Pod template, however many Pods run from it
// (checks-catalog.md §0.1, §0.5).
#pragma once

#include "apis/kinds.h"
#include "apis/object.h"
#include "apis/types.h"
#include "base/base.h"
#include "controller/checks/check.h"

struct container_view {
    const struct container *c;
    const char *name; // "" if absent (files)
    enum container_set set;
    uint32_t index; // in its list
};

struct pod_view {
    const struct pod_spec *spec;
    const struct object_meta *meta; // of the template or Pod; NULL if the template has none
    const struct container_view *containers; // C, then I and S in order, then E
    uint32_t n;
    bool windows;        // §0.11
    bool user_namespace; // hostUsers: false
    int server_minor;    // 0 unknown
};

// Objects that select this workload are linked by join.c.
struct workload {
    const struct object
        *object; // the root; for an owner we cannot read, one of the objects that it made
    const char *kind, *group; // of the root, also when we cannot read it
    const char *name;
    atom ns;
    enum kind_id id; // of `object`
    bool known;      // the root is `object` itself
    bool running;  // long-running: its Pods are meant to stay (Deployment …, custom controllers)
    bool finished; // bare Pod or Job that has ended
    int32_t replicas;               // spec.replicas or its default; DaemonSet and bare Pod 1
    const struct object_meta *meta; // of `object`
    const struct object_meta
        *template; // labels of the Pods; the Pod's own for a bare Pod; may be NULL
    const struct pod_spec *spec;
    const char *prefix;               // JSON path of the Pod spec: "spec.template.spec"
    const struct shared_block *block; // interned spec, NULL for templates

    // Filled by the joins.
    const struct object *hpa;           // HorizontalPodAutoscaler that scales it
    const struct object *service;       // a Service that selects it, rather one that leads out
    uint32_t services, budgets;         // how many select it
    bool ingress;                       // an Ingress leads to it
    bool ingress_policy, egress_policy; // some NetworkPolicy selects it for that direction
    struct injected *injected;          // containers that only its Pods have
    struct pod_link *pods;              // that run from it, in no order; also those being deleted
};

struct pod_link {
    struct pod_link *next;
    const struct object *pod;
};

// A container that a webhook or kubectl debug put into Pods and the template does not know.
struct injected {
    struct injected *next;
    const struct object *pod;
    uint32_t at; // number among all containers of that Pod
    const char *name;
};

static inline const char *text_or(const char *s, const char *fallback)
{
    return s ? s : fallback;
}

#define POD_CONTAINERS_MAX 256

// Fills v and list (room for POD_CONTAINERS_MAX); what is beyond is left out.
void pod_view_init(struct pod_view *v, const struct pod_spec *spec, const struct object_meta *meta,
                   int server_minor, struct container_view *list);

#define FOR_EACH_CONTAINER(it, pod, which)                                                         \
    for (const struct container_view *it = (pod)->containers; it < (pod)->containers + (pod)->n;   \
         it++)                                                                                     \
        if (!(it->set & (which))) {                                                                \
        } else

int32_t
workload_replicas(const struct workload *w); // with an HPA its minReplicas, else spec.replicas
bool workload_is(const struct workload *w, kind_mask kinds);
const char *container_set_word(
    enum container_set s); // "container" "init container" "sidecar" "ephemeral container"
const char *
container_set_field(enum container_set s); // "containers" "initContainers" "ephemeralContainers"
