// SPDX-License-Identifier: Apache-2.0
// The checks as a whole: the list of them, and one assessment of a snapshot. Pure: no I/O, no clock
// but the snapshot's. assess_run belongs on the worker thread (or a batch program's only thread)
// and streams its results into a sink.
#pragma once

#include "apis/snapshot.h"
#include "apis/types.h"
#include "base/base.h"
#include "base/error.h"
#include "base/str.h"
#include "controller/checks/check.h"
#include "controller/checks/result.h"

// The list, in the order of docs/checks.md: pillars, then table order.
size_t checks_count(void);
const struct check *checks_at(size_t i);
const struct check *checks_find(const char *id); // "pillar/name"; NULL if unknown
enum check_pillar check_pillar(const struct check *c);
size_t check_index(const struct check *c); // place in the list
bool check_matches(const struct check *c,
                   const char *pattern); // id, glob ("reliability/*") or upstream alias
bool check_has_alias(const struct check *c,
                     const char *alias); // one upstream id can stand for several checks
// Is the check mapped to a control ("CIS-5.2.2") or to any of a framework ("cis", see
// framework_check)? Letter case does not matter.
bool check_has_framework(const struct check *c, const char *name);
bool check_in_profile(const struct check *c, const char *profile); // runs in it
#define PROFILES_MAX 16
const char *profile_name(size_t i); // NULL behind the last
// 0, or -1: USAGE, naming the frameworks that there are.
int must_check framework_check(const char *name, struct error *e);
int checks_markdown(struct buf *out); // docs/checks.md

enum assess_mode { ASSESS_FULL, ASSESS_PILLAR, ASSESS_SINGLE_CHECK };

struct assessment_options {
    enum assess_mode mode;
    unsigned pillars;                            // bits 1 << enum check_pillar; ASSESS_PILLAR
    const char *const *include, *const *exclude; // ids, globs or aliases; NULL-terminated or NULL
    const char *profile;                         // NULL: "default"
    const struct label_selector *namespaces;     // namespaces to look at; NULL = all
    struct rlist
        exemptions; // of struct exemption: Kube9Config spec.assessment.exemptions; borrowed
    const struct conventions *conventions;    // spec.assessment.conventions; NULL: none; borrowed
    enum object_exemptions object_exemptions; // whether objects exempt themselves; absent: not from
                                              // critical security checks
    const char *own_namespace;                // the operator's; NULL if unknown
    const char *const *platform_namespaces;   // globs added to the built-in set (§0.10)
    bool (*stop)(void *arg); // asked every few hundred units; true ends the walk as partial
    void *stop_arg;
    bool want_skipped; // also send findings of exempted objects (verdict SKIP)
    bool no_memo;      // tests: judge every Pod spec anew
};

// 0, or -1: USAGE for unknown checks, pillars or profile; CANCELLED by the sink. *ret is set on
// success only.
int must_check assess_run(const struct snapshot *s, const struct assessment_options *o,
                          const struct assess_sink *sink, struct assessment_summary *ret,
                          struct error *e);
const char *assess_grade(int32_t score); // A ≥ 90, B ≥ 80, C ≥ 70, D ≥ 60, else F; "" for -1
// 0, or -1: USAGE, naming the profiles that there are.
int must_check assess_profile_check(const char *name, struct error *e);
