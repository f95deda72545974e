// SPDX-License-Identifier: Apache-2.0
// The worst findings of a run: failing before warning, then severity, then list order; at most
// three of one check and verdict, so that one careless default does not fill the list.
#pragma once

#include "controller/checks/checks.h"
#include "controller/checks/select.h"

#define TOP_PER_CHECK 3

struct top {
    uint8_t taken[CHECKS_MAX][VERDICT_COUNT];
    size_t index[ASSESS_TOP_MAX]; // list position of each entry's check
};

void top_add(struct top *t, struct assessment_summary *sum, const struct finding *f, size_t index);
