// SPDX-License-Identifier: Apache-2.0
// What a check function says about the unit in front of it. Saying nothing is a pass. The field is
// the JSON path of what is wrong, below the container (per_container), the Pod spec (per_pod_spec)
// or the object; "" when there is no single one.
#pragma once

#include "apis/snapshot.h"
#include "controller/checks/check.h"
#include "controller/checks/select.h"
#include "controller/checks/unit.h"

#define REPORT_FIELD_MAX 128
#define REPORT_TEXT_MAX  1024

struct outcome {
    enum verdict verdict;
    enum skip_reason reason;
    uint32_t offenders;
    bool in_container; // the first offender of the worst verdict:
    const char *container;
    enum container_set set;
    uint32_t index;
    char field[REPORT_FIELD_MAX];
    size_t text_n;
    char text[REPORT_TEXT_MAX]; // all offenders, joined by "; "
};

struct join;

struct report { // set up by the engine; checks read join, profile and snapshot and call the
                // functions below
    const struct snapshot *snapshot;
    const struct check *check; // the row that is at work; per_cluster alone
    const struct join *join;
    const struct profile *profile;
    const struct conventions *conventions; // NULL: none; accessors take it
    const char *own_namespace;             // the operator's, "" if unknown
    const struct workload *workload;       // pod checks with CHECK_JOINS; else NULL
    const struct container_view *at;
    bool first; // per_container: of the unit's judged containers; it also tells of Pod-level values
    struct outcome out;
};

void report_reset(struct report *r);
void report_at(struct report *r,
               const struct container_view *c); // whom the next words are about; NULL: the Pod
void report_fail(struct report *r, const char *field, const char *fmt, ...) printf_like(3, 4);
void report_warn(struct report *r, const char *field, const char *fmt, ...) printf_like(3, 4);
void report_as(struct report *r, enum verdict v, const char *field, const char *fmt, ...)
    printf_like(4, 5);
// The whole unit cannot be judged.
void report_skip(struct report *r, enum skip_reason why, const char *fmt, ...) printf_like(3, 4);
void report_copy(struct outcome *to,
                 const struct outcome *from); // copies only what is used of the buffers
