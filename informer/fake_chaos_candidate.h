// SPDX-License-Identifier: Apache-2.0
// Tests: a candidate for a Lease and a recorder of Events beside the informers, on the same client.
// A candidate that lost comes back as a new one, as a restarted process would.
#pragma once

#include "base/loop.h"
#include "informer/client.h"
#include "informer/informer.h"
#include "informer/lease.h"
#include "informer/recorder.h"

struct chaos_candidate {
    struct loop *loop;
    struct client *client;
    struct informers *in;
    struct recorder *recorder;
    struct lease *lease;
    struct timer restart;
    bool stopped; // the lease of now has told that it is over
};

void chaos_candidate_init(struct chaos_candidate *c, struct loop *l, struct client *client,
                          struct informers *in);
void chaos_candidate_say(struct chaos_candidate *c, const char *pod); // an Event about it
// Leads and has nothing left to say. Only in calm.
void chaos_candidate_check(const struct chaos_candidate *c);
void chaos_candidate_fini(struct chaos_candidate *c);
