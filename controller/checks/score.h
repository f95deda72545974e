// SPDX-License-Identifier: Apache-2.0
// From verdicts to a number (checks-catalog.md §5): per check p = (passed + warned / 2) / (passed +
// warned + failed); weight critical 10, high 5, medium 2, low 1, roll-ups 0; pillar = Σ w·p / Σ w
// over checks that are not skipped; overall = mean of the pillars that have one evaluated check. A
// failing critical check caps its pillar at 69. Rounded down: 100 means nothing found.
#pragma once

#include "controller/checks/checks.h"

struct score {
    double sum[CHECK_PILLARS], weight[CHECK_PILLARS];
    bool capped[CHECK_PILLARS];
};

// r: the final result of a check. Adds to the counts of its pillar and to the score.
void score_add(struct score *s, const struct check_result *r, struct assessment_summary *sum);
void score_finish(const struct score *s, struct assessment_summary *sum);
