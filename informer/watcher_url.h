// SPDX-License-Identifier: Apache-2.0
// The requests a watcher makes (controller-semantics §0.3, §1.3, §1.6) and the order of
// resourceVersions.
#pragma once

#include "apis/kinds.h"
#include "base/base.h"

struct list_parameters {
    const char *rv;     // "" : unset
    const char *cont;   // "" : first page; else rv is not sent
    size_t limit;       // 0: none
    const char *labels; // selector; NULL: all
};

struct watch_parameters {
    const char *rv;      // "" : unset (watch-list only)
    bool initial_events; // watch-list
    unsigned timeout;    // seconds
};

// Path and query; the caller frees.
char *watcher_list_url(const struct kind *k, const struct list_parameters *p);
char *watcher_watch_url(const struct kind *k, const struct watch_parameters *p);

// Accept headers; static. List: of a list, else of a watch.
const char *watcher_accept(bool metadata_only, bool list);
