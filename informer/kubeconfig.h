// SPDX-License-Identifier: Apache-2.0
// Where the API server is and who we are to it. One context of a kubeconfig, or the Pod's
// ServiceAccount, as plain values. Order of sources (as kubectl and controller-runtime): the
// --kubeconfig file, the files of $KUBECONFIG (merged: the first file to name a thing wins),
// in-cluster, ~/.kube/config.
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "base/error.h"
#include "base/str.h"

struct kube_pair {
    const char *name, *value;
};

struct kube_extra { // one key of as-user-extra
    const char *key;
    const char **values;
    size_t n;
};

enum exec_interactive { EXEC_NEVER, EXEC_IF_AVAILABLE, EXEC_ALWAYS };

struct kube_exec {
    const char *command; // absolute, or looked up in PATH
    const char **args;   // n_args
    size_t n_args;
    struct kube_pair *env; // added to our environment
    size_t n_env;
    const char *api_version;  // "client.authentication.k8s.io/v1" or ".../v1beta1"
    const char *install_hint; // NULL: none
    bool provide_cluster_info;
    enum exec_interactive interactive;
    struct str cluster_config; // JSON of the cluster's client.authentication.k8s.io/exec extension;
                               // p NULL: none
};

// Filled by kube_config_load, emptied by kube_config_fini. Strings are NULL when absent.
struct kube_config {
    struct arena *arena; // owns everything below
    const char *source;  // for messages: file name(s), or "in-cluster"
    const char *context; // NULL in-cluster
    const char *ns;      // never NULL; "default" when nothing says otherwise
    bool in_cluster;

    const char *server; // "https://host:port[/path]", without a slash at the end
    const char *tls_server_name, *proxy_url;
    const char *ca_file;
    struct str ca_data; // PEM, already decoded
    bool insecure;      // no verification of the server
    bool no_compression;

    const char *cert_file, *key_file;
    struct str cert_data, key_data; // PEM, already decoded
    const char *token, *token_file; // what was last read from token_file beats token
    const char *username, *password;
    const char *as, *as_uid; // impersonation
    const char **as_groups;
    size_t n_as_groups;
    struct kube_extra *as_extra;
    size_t n_as_extra;
    struct kube_exec *exec; // NULL: none
};

#define KUBE_CONFIG_MAX     (4u << 20) // bytes of one file
#define KUBE_CREDENTIAL_MAX (1u << 20) // bytes of a certificate, key, CA or token file
#define KUBE_SA_DIR         "/var/run/secrets/kubernetes.io/serviceaccount"

struct kube_config_options {
    const char *kubeconfig; // --kubeconfig: then nothing else is looked at; NULL: look around
    const char *context;    // NULL: current-context
    bool home_first;        // ~/.kube/config goes before in-cluster: kubectl's order
    const char *sa_dir;     // tests; NULL: KUBE_SA_DIR
    // Things that work but should be known (no verification of the server, CA file missing); may be
    // NULL.
    void (*warn)(void *arg, const char *text);
    void *arg;
};

// Reads environment and files; blocks (start-up only). Errors are INVALID (path:line, field, what
// would be right), IO or NOT_FOUND (no source at all). Files named by the config are checked to be
// readable; keys must fit together.
int must_check kube_config_load(const struct kube_config_options *o, struct kube_config *ret,
                                struct error *e);
void kube_config_fini(struct kube_config *c); // zeroed memory ok

// One kubeconfig text as if read from `path` (relative names resolve against its folder). Tests and
// fuzzing; reads no files.
int must_check kube_config_parse(struct str text, const char *path, const char *context,
                                 struct kube_config *ret, struct error *e);

// Whole file, bounded; e names the file. The text goes into the arena with a NUL behind it.
int must_check kube_config_read_file(struct arena *a, const char *path, size_t max, struct str *ret,
                                     struct error *e);
