// SPDX-License-Identifier: Apache-2.0
// One exemption, wherever it is written, and what became of it: what the checks of exemptions
// judge. Lives in the run's arena.
#pragma once

#include "apis/object.h"
#include "base/base.h"

struct exemption_entry {
    struct exemption_entry *next;
    // Who carries it: an object, or for an entry of the configuration the kind "Exemption" and its
    // name.
    const char *group, *kind, *ns, *name;
    const struct object *object; // NULL: the configuration
    bool expired;                // its time is over
    bool unreadable;             // kube9.io/exempt-until is no date: void
    bool reasonless;
    bool unknown; // names a check that does not exist
    bool used;    // hid a finding in this run
    bool whole;   // the run judged everything, so that not being used means something
};
