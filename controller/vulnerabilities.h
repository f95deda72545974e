// SPDX-License-Identifier: Apache-2.0
// From trivy-operator's VulnerabilityReports to the store's rows.
#pragma once

#include "apis/snapshot.h"
#include "base/error.h"

struct store;

// Brings the store's picture up to the snapshot's reports, inside a run's transaction; worker
// thread. Without the CRD the picture is empty; what may not be read, or is not read yet, leaves it
// as it is.
int must_check vulnerabilities_put(struct store *s, const struct snapshot *snapshot,
                                   struct error *e);
