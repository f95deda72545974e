// SPDX-License-Identifier: Apache-2.0
// Leader election over one coordination.k8s.io/v1 Lease (controller-semantics.md §4). Expiry is
// judged by our own clock (CLOCK_BOOTTIME) since the record last changed, never by the times
// written in it. Past the renew deadline the fence closes: no write leaves any more.
#pragma once

#include "base/base.h"
#include "base/error.h"
#include "base/loop.h"
#include "base/str.h"

struct client;
struct lease;
struct recorder;

#define LEASE_IDENTITY_MAX 128

struct lease_options {
    const char *ns, *name; // copied, as all strings
    const char *identity;  // NULL: lease_identity()
    usec duration, renew_deadline,
        retry_period;  // 0: 15 s, 10 s, 2 s; duration > renew_deadline > 1.2 * retry_period
    struct str owners; // JSON list of ownerReferences for a Lease that we create; p NULL: none
    struct recorder *recorder; // "became leader", "stopped leading"; NULL: none

    void (*started)(void *arg); // once: we lead
    // Once, always: leadership or the wait for it is over. lost: not by lease_release; the process
    // has to end.
    void (*stopped)(void *arg, bool lost);
    void (*new_leader)(void *arg,
                       const char *holder); // the holder seen changed ("" = nobody); may be NULL
    // A round failed for a reason that somebody may have to mend (no permission, no server); once
    // per reason, and with ERR_NONE when it is over. May be NULL.
    void (*problem)(void *arg, const struct error *e);
    // The Lease's resourceVersion went back: the store was restored from a backup. Relist
    // everything (E18a); may be NULL.
    void (*rv_regression)(void *arg, uint64_t was, uint64_t is);
    void *arg;
};

struct lease *lease_new(struct loop *l, struct client *c, const struct lease_options *o,
                        struct error *e);
void lease_free(struct lease *l); // NULL ok; does not release
void lease_start(struct lease *l);
// Gives the Lease back, if it is ours in the server's copy too, then calls stopped(lost = false).
// Call it after all work of a leader has ended. Bounded by the renew deadline.
void lease_release(struct lease *l);

bool lease_held(const struct lease *l);          // started and inside the fence
const char *lease_holder(const struct lease *l); // last seen; "" if none or not yet known
// For client_set_fence(client, lease_may_write, lease).
bool lease_may_write(void *lease, usec *ret_remaining);
// Liveness: fails when we believe to lead and the record has been expired for longer than
// `tolerance`.
int must_check lease_check(const struct lease *l, usec tolerance, struct error *e);

// $POD_UID, else "hostname_uuid" made anew.
void lease_identity(char ret[LEASE_IDENTITY_MAX]);
