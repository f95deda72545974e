// SPDX-License-Identifier: Apache-2.0
// `serve`: builds everything, waits for leadership, reconciles, and goes down in order. Runs until
// SIGTERM, SIGINT or a fatal error; everything happens on the calling thread and one worker.
#pragma once

#include "base/base.h"
#include "base/error.h"

struct client;
struct loop;

struct manager_options {
    const char *kubeconfig, *context; // NULL: look around
    const char *db;                   // path of the database
    const char *listen;               // "HOST:PORT"
    const char
        *namespace; // the operator's; NULL: POD_NAMESPACE, the ServiceAccount's, kube9-system
    const char *lease_name; // NULL: "kube9-operator"
    const char *version;
    usec lease_duration, lease_renew, lease_retry; // 0: defaults

    // Component tests: the loop they turn, a client of a fake API server (moves in), and store work
    // done on the loop's thread: at once, or each job store_late after the one before. NULL: real
    // ones. listen NULL: no HTTP.
    struct loop *loop;
    struct client *client;
    usec store_late;
};

// 0 after an orderly stop. -1: could not start, or leadership was lost.
int must_check manager_run(const struct manager_options *o, struct error *e);
