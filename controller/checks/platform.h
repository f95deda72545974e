// SPDX-License-Identifier: Apache-2.0
// Namespaces that belong to the platform and not to its users (checks-catalog.md §0.10).
#pragma once

#include "base/base.h"

// own: the operator's namespace or NULL; more: globs, NULL-terminated, or NULL.
bool platform_namespace(const char *ns, const char *own, const char *const *more);
