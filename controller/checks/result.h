// SPDX-License-Identifier: Apache-2.0
// What an assessment gives back: findings and results as a stream, and a summary at the end.
#pragma once

#include "apis/object.h"
#include "base/base.h"
#include "controller/checks/check.h"

// One object that a check did not pass. Valid during the call. Text never holds a secret value.
struct finding {
    const struct check *check;
    enum verdict verdict;         // WARN, FAIL; SKIP only when wanted
    enum check_severity severity; // the check's, unless a profile or an exemption lowers it
    enum skip_reason reason;      // SKIP
    const char *group, *kind, *ns,
        *name; // ns "" for cluster scope; kind "Cluster", name "cluster" for the whole cluster
    const struct object *object; // that object, or one that stands for it; NULL: the whole cluster
    const char *container;       // first offender, "" if it is not about a container
    const char *path;    // first offender: "spec.template.spec.containers[0].image", "" if none
    const char *message; // all offenders of this object, joined by "; ", at most 1 KiB
    // Who accepted it: "annotation", "label", "platform" or the name of the configured exemption.
    // With a verdict other than SKIP it was downgraded. NULL: nobody.
    const char *exemption;
    const char *exemption_reason; // NULL: none
    usec exemption_expires;       // 0: never
    uint32_t offenders;
    uint32_t line;        // of the object in its file, 0 if live
    char fingerprint[17]; // hex; stable over runs, clusters and Pod names (§0.5)
};

struct unit_counts {
    uint32_t passed, warned, failed, skipped, exempted;
};

// What became of one check; sent once per listed check, in list order, after all findings.
struct check_result {
    const struct check *check;
    enum verdict verdict; // §0.9
    enum check_severity severity;
    enum skip_reason reason; // when SKIP
    const char *message;     // one sentence, never ""
    struct unit_counts units;
};

struct assess_sink { // each may be NULL; -1 from finding ends the walk with CANCELLED
    int (*finding)(void *arg, const struct finding *f);
    void (*result)(void *arg, const struct check_result *r);
    void (*notice)(void *arg, const char *object,
                   const char *text); // odd exemptions, unread objects
    void *arg;
    // After all of a unit's checks: how many it passed, and for how many nothing can be said.
    void (*unit)(void *arg, const char *ns, uint32_t passed, uint32_t skipped);
};

struct check_counts {
    uint32_t total, passing, failing, warning, skipped, error;
};

struct pillar_summary {
    int32_t score; // 0..100; -1: nothing evaluated
    struct check_counts counts;
    uint32_t evaluated; // checks with a verdict other than skipped
};

#define ASSESS_TOP_MAX  20
#define ASSESS_TOP_TEXT 256
#define ASSESS_TOP_NAME 254

struct assess_top {
    const struct check *check;
    enum verdict verdict;
    enum check_severity severity;
    const char *kind,
        *ns; // static or interned; kind "Cluster" for the whole cluster, ns "" for cluster scope
    char name[ASSESS_TOP_NAME];
    char message[ASSESS_TOP_TEXT];
};

struct assessment_summary {
    bool partial;      // stopped early: what is missing counts as skipped, never as passing
    int32_t score;     // -1: nothing evaluated
    const char *grade; // "A" "B" "C" "D" "F"; "" without a score
    struct check_counts counts;
    uint32_t evaluated; // coverage: evaluated of counts.total
    struct pillar_summary pillars[CHECK_PILLARS];
    struct assess_top top[ASSESS_TOP_MAX];
    size_t n_top;
    struct unit_counts units;
    uint32_t objects; // of the snapshot; 0: unknown
};
