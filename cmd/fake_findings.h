// SPDX-License-Identifier: Apache-2.0
// A report that is always the same, for tests of the formats: checks of its own, objects from files
// and from a cluster, exempted findings, and text that tries to break out of each format.
#pragma once

#include "cmd/findings.h"

// Sorted. HOSTILE: stands in messages, names and paths of some rows.
#define FAKE_HOSTILE "<script>alert('x')</script> \"q\" & `tick` | pipe ]]> \\ \xc3\xa9"

void fake_findings(struct findings *fs, struct arena *a);
// The same without a single finding.
void fake_findings_none(struct findings *fs, struct arena *a);
// And n more, copies of the same.
void fake_findings_many(struct findings *fs, struct arena *a, size_t n);
// What print() writes; owned by the caller.
char *fake_print(int (*print)(FILE *out, void *arg), void *arg);
