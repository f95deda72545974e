// SPDX-License-Identifier: Apache-2.0
// Credentials over time: token files that rotate, certificates that are renewed, plugins that print
// tokens. The client asks before each request; what has to be waited for (a plugin) is announced by
// `ready`. Nothing here is ever logged.
#pragma once

#include "base/base.h"
#include "base/error.h"
#include "base/http.h"
#include "base/loop.h"
#include "informer/kubeconfig.h"

struct auth;

struct auth_events {
    // The plugin ended, well or not: ask auth_prepare again.
    void (*ready)(void *arg);
    // New TLS material for all transports; -1 when it is no good: the old one stays. close_all: the
    // old certificate must not be used any more.
    int (*tls)(void *arg, const struct http_tls *tls, bool close_all, struct error *e);
    // Something to know, once per text: a token file that cannot be read while the old token still
    // serves.
    void (*warn)(void *arg, const char *text);
};

// config and ev are borrowed for the life of auth. Reads certificate files, so that bad ones are
// found at start.
struct auth *auth_new(struct loop *l, const struct kube_config *config,
                      const struct auth_events *ev, void *arg, struct error *e);
void auth_free(struct auth *a); // NULL ok; ends a running plugin

enum { AUTH_READY = 0, AUTH_WAIT = 1 };

// AUTH_READY: the two functions below hold for this request. AUTH_WAIT: a plugin runs, `ready`
// follows.
int must_check auth_prepare(struct auth *a, struct error *e);
const char *
auth_header(const struct auth *a); // "Authorization: ..." or NULL; until the next prepare
const char *const *
auth_impersonation(const struct auth *a);              // NULL-terminated headers, may be empty
const struct http_tls *auth_tls(const struct auth *a); // for http_options, at birth

// What the server is shown, for messages: "the token of file '/x'".
void auth_describe(const struct auth *a, struct buf *out);

// A request that was started at `started` (clock_mono) got 401. True: other credentials may be had,
// try once more.
bool auth_rejected(struct auth *a, usec started);
