// SPDX-License-Identifier: Apache-2.0
// Counts of one check during a walk, and the verdict that follows from them (checks-catalog.md
// §0.9).
#pragma once

#include "apis/snapshot.h"
#include "controller/checks/checks.h"

struct tally {
    bool run; // enabled, and what it needs can be read
    enum check_severity severity;
    enum skip_reason why_not; // not run: why
    enum kind_id missing;     // the kind behind why_not or blind
    enum skip_reason blind;   // some kind cannot be read: a pass would be a guess
    const char *problem;      // why that kind could not be read; NULL: unknown
    bool undecoded;           // blind: the kind is read, but not all of its objects
    struct unit_counts units;
    uint32_t skips[SKIP_REASON_COUNT];
    char skip_text[160]; // what the first skipped unit said
};

#define TALLY_TEXT_MAX 320

// Can the check run on this snapshot? Fills run, why_not, missing and blind. undecoded: the kinds
// of which some objects have their metadata alone.
void tally_init(struct tally *t, const struct check *c, const struct snapshot *s,
                kind_mask undecoded, bool enabled);
// unfinished: the walk stopped before it saw all units of this check.
void tally_result(const struct tally *t, const struct check *c, bool unfinished,
                  struct check_result *ret, char text[TALLY_TEXT_MAX]);
