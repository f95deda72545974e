// SPDX-License-Identifier: Apache-2.0
// Is a label selector one that can mean something? A schema cannot say it, and a selector that the
// API server would refuse elsewhere matches nothing, or everything, without a word. Any thread.
#pragma once

#include "apis/types.h"
#include "base/base.h"
#include "base/error.h"

// NULL is right. INVALID begins with the JSON path, below `path`.
int must_check selector_check(const struct label_selector *s, const char *path, struct error *e);
