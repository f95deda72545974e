// SPDX-License-Identifier: Apache-2.0
// What the commands of the kubectl plugin share: one API server, the operator's Pod in it, and
// kubectl itself for exec, which brings every kind of login and protocol that kubectl knows. All of
// it blocks; one thread.
#pragma once

#include "base/base.h"
#include "base/error.h"
#include "base/loop.h"
#include "base/str.h"
#include "cmd/command.h"
#include "informer/client.h"
#include "informer/kubeconfig.h"

#define PLUGIN_BODY_MAX ((size_t)8 << 20)

struct plugin {
    const struct args *args;
    struct kube_config kube;
    struct loop *loop;
    struct client *client;
};

struct operator_pod {
    char ns[64], name[254];
};

// 0, or -1 with e; plugin_close is right after a failure, too.
int must_check plugin_open(struct plugin *p, const struct args *a, struct error *e);
void plugin_close(struct plugin *p);

// One request and its answer; an answer that is no success is an error of its class.
int must_check plugin_ask(struct plugin *p, const struct client_request *r, struct buf *ret,
                          struct error *e);

// The Pod that --namespace and --pod mean: exactly one that is ready. e says what there is instead
// and what would be right.
int must_check operator_pod_find(struct plugin *p, struct operator_pod *ret, struct error *e);
// The API server allows exec in the Pod, and there is a kubectl.
int must_check operator_pod_check_exec(struct plugin *p, const struct operator_pod *pod,
                                       struct error *e);

// The AssessmentRun of `assess`, by its flags; *ret_name is what the server called it.
int must_check plugin_run_create(struct plugin *p, char *ret_name, size_t n, struct error *e);
// Until it has ended; 0: there is a report of it in the history.
int must_check plugin_run_wait(struct plugin *p, const char *name, struct error *e);

// The words for kubectl exec with a command of kube9-operator; the flags of the plugin's command
// that are the other command's as well go along. Words are the arena's.
struct arena;
char **plugin_exec_words(const struct args *a, const struct operator_pod *pod, const char *command,
                         const char *run, struct arena *arena);
// Why a program of that name cannot be started, by errno; -1.
int plugin_no_kubectl(int errnum, const char *name, struct error *e);
// Runs kubectl with our own stdin, stdout and stderr. Its exit status (128 and the number of the
// signal that ended it), or -1.
int must_check plugin_exec(char **words, struct error *e);
