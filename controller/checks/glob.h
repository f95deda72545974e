// SPDX-License-Identifier: Apache-2.0
// Anchored globs of exemptions and check lists: '*' is any run of characters, '?' any single one,
// all else is literal.
#pragma once

#include "base/str.h"

bool glob_match(struct str pattern,
                const char *text); // linear in pattern × text, never exponential
bool glob_any(const char *const *patterns, const char *text); // NULL or empty list: false
