// SPDX-License-Identifier: Apache-2.0
// The frame of a program that follows a cluster: loop, credentials, client and informers, opened
// and closed together. The parts stay visible and may be used as their own headers say. SIGTERM and
// SIGINT end session_run; SIGPIPE is ignored. Loop thread only.
#pragma once

#include "base/base.h"
#include "base/error.h"
#include "base/list.h"
#include "base/loop.h"
#include "informer/client.h"
#include "informer/informer.h"
#include "informer/kubeconfig.h"

struct session_options {
    const char *name;       // User-Agent and field manager, "pod-watch/1.0"; borrowed
    const char *kubeconfig; // NULL: $KUBECONFIG, in-cluster, ~/.kube/config
    const char *context;    // NULL: current-context
    // Trouble that passes or that somebody may want to mend; NULL: a line on stderr.
    void (*warn)(void *arg, const char *text);
    void *arg;
};

struct session_hook { // embedded by its owner
    struct list link;
    loop_fn fn;
    void *arg;
};

struct session {
    struct session_options o;
    struct kube_config kube;
    struct loop *loop;
    struct client *client;
    struct informers *informers;
    char manager[64]; // the name up to its slash
    struct list hooks;
};

// *s needs not be initialised; session_close is right after a failure, too.
int must_check session_open(struct session *s, const struct session_options *o, struct error *e);
// The same of a loop and a client that the caller made (tests, programs with a loop already). They
// and s->informers are the caller's to free, in place of session_close; signals are its own matter.
void session_of_parts(struct session *s, const struct session_options *o, struct loop *l,
                      struct client *c);
// Starts to watch the kinds (ending with KIND_COUNT). The subscriber is the caller's, to be freed
// before session_close.
struct subscriber *session_follow(struct session *s, const enum kind_id *kinds, loop_fn notify,
                                  void *arg);
// fn(arg) whenever a kind's state or last error changes, inside the informers: only to start a
// timer.
void session_on_state(struct session *s, struct session_hook *h, loop_fn fn, void *arg);
void session_hook_remove(struct session_hook *h);
int must_check session_run(struct session *s, struct error *e); // until a signal or loop_stop
void session_close(struct session *s);
