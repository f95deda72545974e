// SPDX-License-Identifier: Apache-2.0
// The conditions of our kinds and their reasons (reasons.def): what the reconcilers may say, and
// what docs/api.md tells of it.
#pragma once

#include "apis/kinds.h"
#include "base/base.h"

enum reason {

#define CONDITION(kind, type, help)
#define REASON(kind, ID, reason, types, status, help) REASON_##ID,
#include "apis/reasons.def"
#undef CONDITION
#undef REASON
    REASON_COUNT
};

struct reason_row { // reason NULL: it introduces the condition `types`
    enum kind_id kind;
    const char *id; // "IN_FORCE"
    const char *types, *status, *reason, *help;
};

const char *reason_text(enum reason r);           // "InForce"
const struct reason_row *reason_row_at(size_t i); // in the order of the file; NULL at the end
bool reason_of_kind(enum kind_id kind, const char *type, const char *reason); // is in the table
