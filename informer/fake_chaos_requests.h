// SPDX-License-Identifier: Apache-2.0
// Tests: what the request log of a schedule says: which troubles took effect, and whether requests
// were bounded in every minute.
#pragma once

#include "informer/fake_chaos.h"
#include "informer/fake_server.h"

#define CHAOS_TROUBLES 512

struct chaos_troubles { // when each began, in order
    usec at[CHAOS_TROUBLES];
    size_t n;
};

void chaos_trouble(struct chaos_troubles *t); // now
// Checks lists and watches of one kind, by its plural.
void chaos_requests_check(const struct fake_server *f, const char *plural,
                          const struct chaos_troubles *t);
void chaos_requests_count(const struct fake_server *f);
size_t chaos_requests_most(bool calm); // in one minute, over all schedules of the process
