// SPDX-License-Identifier: Apache-2.0
// Tests only: what the fake API server's lists and watches of one resource show may stand still at
// an old resourceVersion while reads of single objects and all writes go on, as with a server whose
// watch cache has stopped. And the history of events, by which such moments are named.
#pragma once

#include "base/base.h"

struct fake_server;

struct fake_view { // inside of the server
    char resource[96];
    bool frozen, armed, before;
    uint64_t rv;
    size_t at;
};

struct fake_view_event { // borrowed until the server is restored or freed
    const char *resource, *ns, *name, *type, *json;
    uint64_t rv;
};

struct fake_view_list {
    const char *resource, *ns; // "": all
    bool metadata_only, with_kind;
    uint64_t rv;
};

size_t fake_view_events(const struct fake_server *f);
struct fake_view_event fake_view_event(const struct fake_server *f, size_t i);

// Nothing of the resource is shown that is newer than rv; one resource at a time.
void fake_view_freeze(struct fake_server *f, const char *resource, uint64_t rv);
// The same by itself, when event number `at` of the history happens: that one is the last that is
// shown, or (before) the first that is not.
void fake_view_arm(struct fake_server *f, size_t at, bool before);
bool fake_view_frozen(const struct fake_server *f);
void fake_view_thaw(struct fake_server *f); // open watches get what was held back, at once
// The open watches end, history is compacted, and then it thaws: only the net effect is seen.
void fake_view_thaw_by_list(struct fake_server *f);

// For the server itself.
uint64_t fake_view_rv(const struct fake_server *f, const char *resource); // newest that is shown
void fake_view_on_event(struct fake_server *f, size_t i); // appended, told to nobody yet
// The list as it was at that version; returns the number of items, which the caller frees.
size_t fake_view_collect(const struct fake_server *f, const struct fake_view_list *what,
                         char ***ret_items);
