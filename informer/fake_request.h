// SPDX-License-Identifier: Apache-2.0
// A request's URL taken apart, for the fake API server.
#pragma once

#include "informer/fake_server.h"

struct fake_request_parts {
    char *resource; // "apps/deployments", "/pods"
    char *ns, *name, *subresource, *api_version, *kind;
    char *cont;
    const char *verb; // "list", "watch", "get", "create", "update", "patch", "delete"
    uint64_t rv;
    size_t limit;
    usec timeout;
    bool initial_events;
    bool custom; // a kind of ours: items carry their kind, status is a subresource
};

bool fake_request_parse(const struct fake_request *r, struct fake_request_parts *ret);
void fake_request_fini(struct fake_request_parts *q);
