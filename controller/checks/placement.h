// SPDX-License-Identifier: Apache-2.0
// Does a node suit a Pod by labels? (nodeSelector and required node affinity; terms are ORed,
// expressions ANDed.)
#pragma once

#include "apis/snapshot.h"
#include "apis/types.h"

bool placement_constrained(const struct pod_spec *spec);
bool placement_fits(const struct pod_spec *spec, const struct object *node);
