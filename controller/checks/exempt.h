// SPDX-License-Identifier: Apache-2.0
// What is accepted, by whom and until when (checks-catalog.md §4). Who wins: configuration, then
// annotations of the object, its template and its namespace, then the built-in platform namespaces.
// An exemption that has expired or cannot be read is void and noticed.
#pragma once

#include "base/arena.h"
#include "controller/checks/checks.h"
#include "controller/checks/exemption.h"
#include "controller/checks/join.h"
#include "controller/checks/select.h"

#define CHECK_WORDS (CHECKS_MAX / 64)

struct object_exemption { // annotations of one object
    uint64_t checks[CHECK_WORDS];
    struct str containers; // comma list; empty: the whole object
    bool any;
    const char *reason;            // NULL: none
    usec expires;                  // 0: never
    struct exemption_entry *entry; // NULL: told before
};

struct central { // an entry of the configuration
    const struct exemption *e;
    uint64_t checks[CHECK_WORDS];
    struct exemption_entry *entry;
};

struct exemptions {
    const struct assessment_options *o;
    const struct assess_sink *sink;
    struct arena *a;
    usec now;
    struct central *central;
    uint32_t n;
    struct exemption_entry *entries, **tail; // all that were met, in that order
    bool quiet; // what is wrong with these annotations has been noticed before
};

#define UNIT_CENTRAL_MAX 32

struct unit_exemption {
    struct central *central[UNIT_CENTRAL_MAX];
    uint32_t n;
    const struct object_exemption *by[3]; // object, template, namespace
    bool platform;
    unsigned groups; // CHECK_HA …: labels of 2.4
    bool containers; // some exemption is for containers
};

struct exempted {
    const char *by, *reason; // as in struct finding
    usec expires;
    bool downgrade; // to severity; else the finding is skipped
    enum check_severity severity;
};

struct exempt_target {
    const char *group, *kind, *name;
    const struct object *object;               // NULL: the cluster
    const struct object_meta *meta, *template; // template may be NULL
    struct ns_info *ns;
    bool namespaced;
    bool object_is_namespace; // its annotations are those of the namespace
    bool again; // its annotations were read before, or are copies of those of its owner
};

void exempt_init(struct exemptions *x, const struct assessment_options *o,
                 const struct assess_sink *sink, usec now, struct arena *a);
void exempt_unit(struct exemptions *x, const struct exempt_target *t, struct unit_exemption *ret);
// Is the unit exempted from the check, by whom and how? hides: the unit did not pass, so that the
// exemption is of use.
bool exempt_by(const struct exemptions *x, const struct unit_exemption *u, const struct check *c,
               size_t index, bool hides, struct exempted *ret);
bool exempt_container(const struct exemptions *x, const struct unit_exemption *u,
                      const struct check *c, size_t index, const struct container_view *container);
void exempt_unused(const struct exemptions *x); // notices entries that matched nothing
