// SPDX-License-Identifier: Apache-2.0
// Runs a credential plugin of a kubeconfig (client-go credential plugins,
// client.authentication.k8s.io): a child with pipes on the loop, bounded output and a time limit.
// The answer is one ExecCredential document.
#pragma once

#include "base/base.h"
#include "base/error.h"
#include "base/loop.h"
#include "base/str.h"
#include "informer/kubeconfig.h"

#define EXEC_OUTPUT_MAX (1u << 20)
#define EXEC_TIMEOUT    (60 * USEC_PER_SEC)

struct exec_credential { // heap; exec_credential_fini wipes it
    char *token;         // NULL: none
    char *cert, *key;    // PEM; both or neither
    usec expires;        // wall clock; 0: until refused
};

void exec_credential_fini(struct exec_credential *c);

// Decodes the plugin's stdout. api_version must be the one that was asked for. e never holds a part
// of the text.
int must_check exec_credential_parse(struct str text, const char *api_version,
                                     struct exec_credential *ret, struct error *e);

struct exec_plugin;
// e->code is ERR_NONE on success; c is then the callee's to take (TAKE its members) or leave.
typedef void (*exec_plugin_fn)(void *arg, struct exec_credential *c, const struct error *e);

// Starts the plugin; fn comes on a later turn, once. NULL with e set when it cannot be started
// (missing: the install hint is in e). config is borrowed while it runs.
struct exec_plugin *exec_plugin_start(struct loop *l, const struct kube_config *config,
                                      usec timeout, exec_plugin_fn fn, void *arg, struct error *e);
void exec_plugin_cancel(
    struct exec_plugin *p); // NULL ok; kills the child's process group; no fn afterwards
