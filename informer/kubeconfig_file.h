// SPDX-License-Identifier: Apache-2.0
// The kubeconfig format (v1 Config): some files, already merged in order, and one context of
// theirs. Used by kubeconfig.c, which knows where the files come from.
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "base/yaml.h"
#include "informer/kubeconfig.h"

struct kube_file {
    const char *path;             // for messages; relative names resolve against its folder
    const struct yaml_node *root; // NULL: empty file
};

// The text becomes ret->root, checked to be a Config. Everything goes into the arena.
int must_check kube_file_parse(struct str text, const char *path, struct arena *a,
                               struct kube_file *ret, struct error *e);
// Does it name any cluster or context? An empty Config is as good as none.
bool kube_file_is_empty(const struct kube_file *f);
// context NULL: the first current-context. Strings go into ret->arena.
int must_check kube_files_resolve(const struct kube_file *files, size_t n, const char *context,
                                  struct kube_config *ret, struct error *e);
