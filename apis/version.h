// SPDX-License-Identifier: Apache-2.0
// Versions as Kubernetes and its distributions write them: "v1.30.14", "1.31.2+k3s1",
// "v1.29.0-eks-abc", minor "30+".
#pragma once

#include "base/base.h"
#include "base/str.h"

struct version {
    int major, minor, patch; // patch 0 when none is written
};

bool version_parse(struct str s, struct version *ret); // false: not a version
int version_compare(struct version a, struct version b);
