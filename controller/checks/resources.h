// SPDX-License-Identifier: Apache-2.0
// Requests and limits as numbers (checks-catalog.md §0.4). CPU in thousandths of a core, memory in
// bytes.
#pragma once

#include "controller/checks/join.h"
#include "controller/checks/report.h"
#include "controller/checks/unit.h"

enum resource { RESOURCE_CPU, RESOURCE_MEMORY };

const char *resource_name(enum resource r);
// Value in a requests or limits map; false when absent or unreadable.
bool resource_in(struct rlist map, enum resource r, int64_t *ret);
// Any quantity in thousandths; false when unreadable.
bool quantity_value(const char *text, int64_t *ret);
// A container's own request (else its limit), and its own limit.
bool container_request(const struct container *c, enum resource r, int64_t *ret);
bool container_limit(const struct container *c, enum resource r, int64_t *ret);
// Is it given by the container, by its Pod, or by the LimitRange of the workload's namespace? For
// checks with CHECK_JOINS.
bool request_given(const struct report *rep, const struct pod_view *p, const struct container *c,
                   enum resource r);
bool limit_given(const struct report *rep, const struct pod_view *p, const struct container *c,
                 enum resource r);
// What the scheduler counts for one Pod: Pod level, or max of (app + sidecars) and each init with
// the sidecars before it, + overhead.
int64_t pod_request(const struct pod_spec *spec, enum resource r);
