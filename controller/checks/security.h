// SPDX-License-Identifier: Apache-2.0
// Facts that several security tables share.
#pragma once

#include "controller/checks/unit.h"

// Is the capability in the container's add list? CAP_ prefix and letter case do not matter; ALL
// adds every one.
bool capability_added(const struct container_view *c, const char *name);
