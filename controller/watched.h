// SPDX-License-Identifier: Apache-2.0
// Which kinds are watched: those that every cluster has from the start, other people's kinds once
// their CRD is installed.
#pragma once

#include "apis/kinds.h"
#include "base/base.h"

struct informers;
struct permission;
struct permissions;

// Asks whether each kind may be listed and watched, and tells the caches. Zeroed but for the first
// two.
struct watch_permissions {
    struct informers *informers;
    struct permissions *permissions;

    struct watch_slot {
        struct watch_permissions *all;
        enum kind_id kind;
        struct permission *permission;
    } slots[KIND_COUNT];
};

extern const enum kind_id watched_kinds[]; // of every cluster, and our own; ends with KIND_COUNT

void watched_start(struct informers *in);
// Adds kinds whose CRD has appeared; call after each change of CRDs. A kind whose CRD goes away
// becomes absent by itself.
void watched_add_installed(struct informers *in);
// For informers_options.ask_permission: the first time adds the question, later asks it again.
void watched_ask(struct watch_permissions *w, const struct kind *k);
