// SPDX-License-Identifier: Apache-2.0
// Which Kubernetes the API server says it is: for the status, the log and checks that depend on a
// version. The client itself never decides by version; it tries and falls back
// (controller-semantics.md §0.2).
#pragma once

#include "base/base.h"
#include "base/error.h"
#include "base/str.h"

struct client;
struct client_call;

struct server_version {
    int major, minor; // "1", "36+" gives 36
    char git[64];     // "v1.36.3", "" if not said
};

int must_check server_version_parse(struct str json, struct server_version *ret, struct error *e);

struct server_version_call;
typedef void (*server_version_fn)(void *arg, const struct server_version *v, const struct error *e);
// GET /version. fn comes once, on a later turn; v is zeroed when e->code is not ERR_NONE.
struct server_version_call *server_version_get(struct client *c, server_version_fn fn, void *arg);
void server_version_cancel(struct server_version_call *v); // NULL ok; no fn afterwards
