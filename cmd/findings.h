// SPDX-License-Identifier: Apache-2.0
// What one assessment said, collected for printing: findings in the order in which people read
// them, what became of each check, and the summary. Text is copied into the arena; check rows are
// static.
#pragma once

#include "base/arena.h"
#include "controller/checks/checks.h"

struct row { // tens of thousands of a big tree: nothing in it is wider than it has to be
    const struct check *check;
    enum check_pillar pillar : 8;
    enum verdict verdict : 8; // SKIP: exempted
    enum check_severity severity : 8;
    char id[17];                  // fingerprint
    uint32_t line;                // in the file, from 1; 0: unknown
    const char *file;             // NULL when the object came from a cluster; borrowed
    const char *kind, *ns, *name; // ns "" for cluster scope
    const char *path;             // "" if it is about no field
    const char *message;
    const char *exemption; // who exempted it, or downgraded it if it is not SKIP; NULL: nobody
    const char *exemption_reason; // NULL: none
    usec exemption_expires;       // 0: never
};

struct check_row { // a struct check_result whose text lives on
    const struct check *check;
    enum check_pillar pillar;
    enum verdict verdict;
    enum check_severity severity;
    enum skip_reason reason;
    const char *message;
    struct unit_counts units;
};

struct findings_baseline {
    bool given;
    size_t known, fixed; // of the findings before
};

struct findings {
    struct arena *arena; // borrowed
    struct row *v;
    size_t n, cap;
    size_t last[256];         // newest row of a check, by its address; counted from 1
    size_t exempted;          // how many of v are exempted
    struct check_row *checks; // in list order
    size_t n_checks, cap_checks;
    int worst; // of enum check_severity over what is not exempted; -1: nothing found
    struct findings_baseline baseline; // given: v has only what is new
    // Whoever runs the assessment fills these.
    struct assessment_summary summary;
    const char *subject; // "deploy/", "https://10.0.0.1:6443"; borrowed, NULL: not said
    usec made;           // 0: not said
};

void findings_init(struct findings *fs, struct arena *a);
// Copies f; its file and line may be set in what is returned, until the next call.
struct row *findings_add(struct findings *fs, const struct finding *f);
void findings_add_check(struct findings *fs, const struct check_result *r);
// Worst first, then failing before warning, then by check, object and place: the same findings are
// always in the same order. Exempted ones stand at the end.
void findings_sort(struct findings *fs);

// How many rows from v[at] on are of one check, verdict and severity; sorted, all of them stand
// together.
size_t findings_run(const struct findings *fs, size_t at);

// What is said when there is none: "No findings.", or "No new findings.".
const char *findings_none(const struct findings *fs);
// "12 findings", "1 new finding, 11 known, 3 fixed since the baseline"
const char *findings_count(const struct findings *fs, char *ret, size_t n);
// "Deployment shop/web"
const char *row_object(const struct row *r, char *ret, size_t n);
// "exempted by: mesh (reviewed by the platform team; until 2027-01-01T00:00:00Z)", or "downgraded
// by: …"; "" if nobody did.
const char *row_exemption(const struct row *r, char *ret, size_t n);
// "deploy/web.yaml:12", "" when the object came from a cluster.
const char *row_place(const struct row *r, char *ret, size_t n);
