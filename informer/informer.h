// SPDX-License-Identifier: Apache-2.0
// The cluster in memory: one list+watch, one cache and one state per kind, and subscribers that
// learn which keys changed. Subscribers are level-triggered: they get keys, not events, so that a
// slow one costs at most one entry per key. Everything here belongs to the loop thread. Borrowed
// objects are valid until the callback returns; object_ref keeps one.
#pragma once

#include "apis/snapshot.h"
#include "base/base.h"
#include "base/error.h"
#include "base/loop.h"
#include "informer/key.h"

struct client;
struct informers;

struct informers_options {
    struct loop *loop;
    struct client *client;
    // Asked before the first list of a kind and after a 403; answer on any later turn by
    // informers_permission(), and again whenever the answer changes (permission.h looks again and
    // again while one is missing). NULL: everything is tried, and a 403 again after 2 s, later
    // after up to a minute.
    void (*ask_permission)(void *arg, const struct kind *k);
    // A kind's state or last error changed; may be NULL.
    void (*on_state)(void *arg, const struct kind *k);
    void *arg;
    size_t max_object; // bytes of one object's JSON; 0: 8 MiB
    size_t page_size;  // 0: 500
    uint64_t seed;     // of the jitter; 0: from the clock and the pid
};

struct informers *informers_new(const struct informers_options *o);
void informers_free(struct informers *in); // after all subscribers and the epoch; NULL ok
// Starts on the next turn; a second add is a no-op. Kinds whose CRD may be absent come and go at
// runtime when KIND_CUSTOM_RESOURCE_DEFINITION is added too; without it they are tried slowly.
void informers_add(struct informers *in, enum kind_id kind);
void informers_stop(struct informers *in); // ends all requests; caches stay readable
// list and watch are (not) allowed. The same answer twice is a no-op.
void informers_permission(struct informers *in, enum kind_id kind, bool allowed);
// The server's store went back in time (a Lease PUT returned a lower resourceVersion): list all
// kinds with RV unset. Until its list is in, a kind counts as not synced.
void informers_regressed(struct informers *in);
void informers_set_server_minor(struct informers *in, int minor); // for snapshots

struct informer_status {
    enum kind_state state;
    bool watched;       // informers_add was called
    bool stale;         // synced once, but its watch has been failing since `failing_since`
    struct error error; // last failure, ERR_NONE after success
    usec failing_since; // clock_mono; 0 when not failing
    uint64_t rv;        // newest resourceVersion seen (bookmarks too); 0 unknown
    uint32_t objects;
};
const struct informer_status *informer_status(struct informers *in, enum kind_id kind);
bool informers_synced(const struct informers *in); // no watched kind is KIND_NOT_SYNCED

// Reading. ns "" for cluster scope. Objects of denied or absent kinds stay readable as they were
// last seen.
const struct object *informer_get(struct informers *in, enum kind_id kind, const char *ns,
                                  const char *name);
const struct object *informer_get_key(struct informers *in, const struct key *k);
// Start with *iter = 0; NULL at the end.
const struct object *informer_next(struct informers *in, enum kind_id kind, uint32_t *iter);
uint32_t informer_count(struct informers *in, enum kind_id kind);
// What is wrong with the object of this key (a JSON path and a reason), or NULL. Own kinds are
// decoded strictly; an object that does not pass is cached as far as it can be read, if need be
// with its metadata alone (OBJECT_METADATA_ONLY). 64 are remembered per kind.
const char *informer_problem(struct informers *in, const struct key *k);

#define INFORMER_EACH(in, kind, it)                                                                \
    for (uint32_t it##_i = 0, *it##_p = &it##_i; it##_p; it##_p = NULL)                            \
        for (const struct object *it; (it = informer_next((in), (kind), it##_p));)

// Indexes are built at the first question and kept up to date from then on.
enum informer_index {
    INDEX_NAMESPACE, // value: namespace
    INDEX_OWNER,     // by uid of the ownerReference with controller=true
    INDEX_NODE,      // value: spec.nodeName (Pods)
    INDEX_LABEL,     // value: of label `label`
};

struct informer_query {
    enum kind_id kind;
    enum informer_index index;
    atom label;               // INDEX_LABEL only: the label's key
    const char *value;        // all but INDEX_OWNER
    const uint8_t *owner_uid; // INDEX_OWNER: struct object's uid, 16 bytes
};
const struct object *informer_by_index(struct informers *in, const struct informer_query *q,
                                       uint32_t *iter);

// Subscribers.
struct subscriber;

struct change {
    struct key key;            // valid until the next subscriber_next
    const struct object *gone; // last state of an object of this key that was deleted since it was
                               // last taken or read, else NULL
    const struct object *now;  // what the cache holds, NULL if nothing; gone and now: deleted and
                               // re-created (other uid)
    bool initial;              // part of the first list (or of the replay to a late subscriber)
};

// kinds ends with KIND_COUNT. notify runs on a later turn, once, when the set of changes stops
// being empty.
struct subscriber *informers_subscribe(struct informers *in, const enum kind_id *kinds,
                                       loop_fn notify, void *arg);
void subscriber_free(struct subscriber *s); // NULL ok; before informers_free
bool subscriber_next(struct subscriber *s, struct change *ret);
size_t subscriber_pending(const struct subscriber *s);
bool subscriber_synced(const struct subscriber *s); // its kinds are synced (or denied, absent) and
                                                    // initial keys were taken
void subscriber_resync(struct subscriber *s);       // every cached key again, as initial
