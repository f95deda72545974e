// SPDX-License-Identifier: Apache-2.0
// Permissions are asked, not tried (DESIGN §10): one SelfSubjectAccessReview per verb before a list
// or watch starts, again after any 403, and while one is missing: 2 s after it was denied, then
// half as often each time, down to every 5 minutes. A kind without permission is not requested.
#pragma once

#include "base/base.h"
#include "base/error.h"
#include "base/loop.h"
#include "base/str.h"

struct client;
struct permissions; // all that were asked for
struct permission;  // one of them

#define PERMISSION_VERBS_MAX     8
#define PERMISSION_RECHECK_FIRST (2 * USEC_PER_SEC)
#define PERMISSION_RECHECK       (5 * USEC_PER_MIN)

struct permission_query { // strings are copied
    const char *verbs;    // "list,watch": all of them are needed
    const char *group;    // "" or NULL: core
    const char *resource; // "pods", "deployments/status"
    const char *ns;       // NULL: everywhere
    const char *name;     // NULL: any
};

// The SelfSubjectAccessReview that asks for one verb on what q names; q->verbs is not looked at. -1
// when it does not fit.
int must_check permission_review(const struct permission_query *q, struct str verb,
                                 struct buf *out);

enum permission_state { PERMISSION_UNKNOWN, PERMISSION_ALLOWED, PERMISSION_DENIED };

struct permissions *permissions_new(struct loop *l, struct client *c, void (*changed)(void *arg),
                                    void *arg);
void permissions_free(struct permissions *p); // NULL ok; frees every permission
size_t permissions_missing(const struct permissions *p);
// "list, watch pods; get configmaps/x in kube9-system", in the order asked, bounded by out: for
// PermissionsSufficient.
void permissions_missing_text(const struct permissions *p, struct buf *out);
bool permissions_known(const struct permissions *p); // every one has an answer

// Asks at once. fn(arg, state) comes with the first answer and whenever the state changes later.
typedef void (*permission_fn)(void *arg, enum permission_state state);
struct permission *permission_add(struct permissions *p, const struct permission_query *q,
                                  permission_fn fn, void *arg);
void permission_remove(struct permission *m); // NULL ok; no fn afterwards
void permission_ask(struct permission *m); // after a 403: ask again; fn comes with the answer even
                                           // if it is the same
enum permission_state permission_state(const struct permission *m);
