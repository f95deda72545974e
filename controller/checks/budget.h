// SPDX-License-Identifier: Apache-2.0
// Arithmetic of "number or percentage" members.
#pragma once

#include "apis/record.h"
#include "base/base.h"

// Absolute value of `n` or `n %` of total; -1 when the text is not a percentage. up: round up, else
// down.
int64_t amount_of(struct int_or_string v, int64_t total, bool up);
