// SPDX-License-Identifier: Apache-2.0
// The Lease document (coordination.k8s.io/v1): the record that candidates compare, and the rest
// that a PUT has to carry along untouched (labels, annotations, owners).
#pragma once

#include "base/base.h"
#include "base/error.h"
#include "base/str.h"

#define LEASE_HOLDER_MAX 256

struct lease_spec {                // compared byte by byte: zeroed before it is filled
    char holder[LEASE_HOLDER_MAX]; // "" = free
    int64_t duration;              // seconds, 0 to INT32_MAX
    int64_t transitions;
    char acquire[48], renew[48];                    // as written; "" when absent
    char strategy[64], preferred[LEASE_HOLDER_MAX]; // coordinated election: carried along
};

struct lease_record {
    struct lease_spec spec;
    char uid[64], rv_text[40];
    uint64_t rv;    // 0 when it is no number
    char *metadata; // heap: JSON object without managedFields, as the server sent it
};

// Reads a Lease. Unknown members are ignored, absent ones are zero; a text that is too long is
// INVALID. metadata.name is required.
int must_check lease_record_parse(struct str json, struct lease_record *ret, struct error *e);
void lease_record_fini(struct lease_record *r); // zeroed memory ok
bool lease_spec_same(const struct lease_spec *a, const struct lease_spec *b);

// A whole Lease document. metadata is a JSON object.
int must_check lease_record_write(const struct lease_spec *spec, const char *metadata,
                                  struct buf *out);
