// SPDX-License-Identifier: Apache-2.0
// Tests only: the network between one process and the fake API server, with a gate at its writes.
// At the write that was chosen the gate trips: the test then ends the process there. Lease, Event
// and access review requests pass uncounted.
#pragma once

#include "informer/fake_server.h"

enum fake_gate_mode {
    GATE_BEFORE,    // the write does not reach the server
    GATE_AFTER,     // it is done, its answer does not come back
    GATE_DELIVERED, // the answer comes back, then it trips
    GATE_HELD,      // as before, and fake_gate_release sends it after all
    GATE_PASS,      // trips and passes everything on
};

struct fake_gate;

struct fake_gate *fake_gate_new(struct fake_server *f);
void fake_gate_free(struct fake_gate *g);             // NULL ok; after the client
struct client *fake_gate_client(struct fake_gate *g); // free by client_free
void fake_gate_arm(struct fake_gate *g, size_t nth, enum fake_gate_mode mode); // from 0
bool fake_gate_tripped(const struct fake_gate *g);
size_t fake_gate_writes(const struct fake_gate *g);         // seen so far
bool fake_gate_counts(const char *method, const char *url); // is such a request a write?
// Method and URL of the write that tripped it; "" before.
const char *fake_gate_what(const struct fake_gate *g);
void fake_gate_release(struct fake_gate *g); // nothing held: no-op
