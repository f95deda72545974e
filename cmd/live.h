// SPDX-License-Identifier: Apache-2.0
// One look at a live cluster: all kinds listed once, judged, dropped again.
#pragma once

#include "base/base.h"
#include "base/error.h"
#include "controller/checks/checks.h"

struct args;

int must_check live_assess(const struct args *a, const struct assessment_options *o,
                           const struct assess_sink *sink, struct assessment_summary *ret,
                           struct error *e);
