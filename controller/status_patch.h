// SPDX-License-Identifier: Apache-2.0
// The body that turns one status into another. Server-side apply takes away only what this program
// applied before: what somebody else put into the status (a condition by hand) stays. Whenever
// something has to go, a merge patch that names it is sent instead. Pure; any thread.
#pragma once

#include "base/base.h"
#include "base/json.h"
#include "base/writer.h"

// Writes `want` with null for every member that `now` has and `want` has not. *ret_loses: there is
// such a member, or an item of a list that goes.
void status_patch_write(struct writer *w, json_val *now, json_val *want, bool *ret_loses);
