// SPDX-License-Identifier: Apache-2.0
// Checks of one value against its row: what the API server checks from the CRD, for files and for
// objects that an old CRD let in.
#pragma once

#include "apis/schema.h"
#include "base/str.h"

#define LIMITS_TEXT_MAX 256

// 0, or -1 with a reason in ret ("must match …"). Lengths count characters, as OpenAPI does.
int must_check limits_text(const struct row *row, struct str s, char ret[LIMITS_TEXT_MAX]);
void limits_words(const struct words *w,
                  char ret[LIMITS_TEXT_MAX]); // "must be one of Full, Pillar, SingleCheck"
