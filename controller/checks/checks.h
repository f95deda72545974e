// SPDX-License-Identifier: Apache-2.0
// The checks as a whole: the list of them, and one assessment of a snapshot. Pure: no I/O, no clock but the snapshot's.
// assess_run belongs on the worker thread (or a batch program's only thread) and streams its results into a sink.
#pragma once

#include "apis/snapshot.h"
#include "apis/types.h"
#include "base/base.h"
#include "base/error.h"
#include "base/str.h"
#include "controller/checks/check.h"

// The list, in the order of docs/checks.md: pillars, then table order.
size_t checks_count(void);
const struct check *checks_at(size_t i);
const struct check *checks_find(const char *id); // "pillar/name"; NULL if unknown
enum check_pillar check_pillar(const struct check *c);
size_t check_index(const struct check *c);                 // place in the list
bool check_matches(const struct check *c, const char *pattern); // id, glob ("reliability/*") or upstream alias
bool check_has_alias(const struct check *c, const char *alias); // one upstream id can stand for several checks
int checks_markdown(struct buf *out);                      // docs/checks.md

enum assess_mode { ASSESS_FULL, ASSESS_PILLAR, ASSESS_SINGLE_CHECK };

// May an object exempt itself by annotation (checks-catalog.md §4)?
enum object_exemptions { OBJECT_EXEMPT_NOT_CRITICAL_SECURITY, OBJECT_EXEMPT_ALL, OBJECT_EXEMPT_NONE };

struct assessment_options {
    enum assess_mode mode;
    unsigned pillars;                             // bits 1 << enum check_pillar; ASSESS_PILLAR
    const char *const *include, *const *exclude;  // ids, globs or aliases; NULL-terminated or NULL
    const char *profile;                          // NULL: "default"
    const struct label_selector *namespaces;      // namespaces to look at; NULL = all
    struct rlist exemptions;                      // of struct exemption: Kube9Config spec.assessment.exemptions; borrowed
    enum object_exemptions object_exemptions;
    const char *own_namespace;                    // the operator's; NULL if unknown
    const char *const *platform_namespaces;       // globs added to the built-in set (§0.10)
    bool (*stop)(void *arg);                      // asked every few hundred units; true ends the walk as partial
    void *stop_arg;
    bool want_skipped; // also send findings of exempted objects (verdict SKIP)
    bool no_memo;      // tests: judge every Pod spec anew
};

// One object that a check did not pass. Valid during the call. Text never holds a secret value.
struct finding {
    const struct check *check;
    enum verdict verdict;      // WARN, FAIL; SKIP only when wanted
    enum check_severity severity;    // the check's, unless a profile overrides it
    enum skip_reason reason;   // SKIP
    const char *group, *kind, *ns, *name; // ns "" for cluster scope; kind "Cluster", name "cluster" for the whole cluster
    const struct object *object; // that object, or one that stands for it; NULL: the whole cluster
    const char *container;     // first offender, "" if it is not about a container
    const char *path;          // first offender: "spec.template.spec.containers[0].image", "" if none
    const char *message;       // all offenders of this object, joined by "; ", at most 1 KiB
    const char *exemption;     // SKIP: "annotation", "platform" or the name of the configured exemption
    uint32_t offenders;
    uint32_t line;             // of the object in its file, 0 if live
    char fingerprint[17];      // hex; stable over runs, clusters and Pod names (§0.5)
};

struct unit_counts {
    uint32_t passed, warned, failed, skipped, exempted;
};

// What became of one check; sent once per listed check, in list order, after all findings.
struct check_result {
    const struct check *check;
    enum verdict verdict;    // §0.9
    enum check_severity severity;
    enum skip_reason reason; // when SKIP
    const char *message;     // one sentence, never ""
    struct unit_counts units;
};

struct assess_sink { // each may be NULL; -1 from finding ends the walk with CANCELLED
    int (*finding)(void *arg, const struct finding *f);
    void (*result)(void *arg, const struct check_result *r);
    void (*notice)(void *arg, const char *object, const char *text); // expired or odd exemptions
    void *arg;
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
    const char *kind, *ns; // static or interned; kind "Cluster" for the whole cluster, ns "" for cluster scope
    char name[ASSESS_TOP_NAME];
    char message[ASSESS_TOP_TEXT];
};

struct assessment_summary {
    bool partial;          // stopped early: what is missing counts as skipped, never as passing
    int32_t score;         // -1: nothing evaluated
    const char *grade;     // "A" "B" "C" "D" "F"; "" without a score
    struct check_counts counts;
    uint32_t evaluated;    // coverage: evaluated of counts.total
    struct pillar_summary pillars[CHECK_PILLARS];
    struct assess_top top[ASSESS_TOP_MAX];
    size_t n_top;
    struct unit_counts units;
    uint32_t objects;      // units walked
};

// 0, or -1: USAGE for unknown checks, pillars or profile; CANCELLED by the sink. *ret is set on success only.
int must_check assess_run(const struct snapshot *s, const struct assessment_options *o, const struct assess_sink *sink,
                          struct assessment_summary *ret, struct error *e);
const char *assess_grade(int32_t score); // A ≥ 90, B ≥ 80, C ≥ 70, D ≥ 60, else F; "" for -1
bool assess_profile_known(const char *name);
