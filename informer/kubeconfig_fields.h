// SPDX-License-Identifier: Apache-2.0
// Reads single members of a kubeconfig mapping, with errors that say file, line, entry and member.
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "base/yaml.h"

struct kube_scope {
    struct arena *a;
    const char *path;             // of the file
    const char *kind, *name;      // "user", "admin"
    const struct yaml_node *node; // the mapping; NULL: empty
};

// Sets "PATH:LINE: KIND 'NAME': KEY: what"; always -1.
int kube_field_bad(const struct kube_scope *s, const char *key, struct error *e, const char *fmt,
                   ...) printf_like(4, 5);

// Absent and empty values leave *ret alone. Text may not hold control characters (it ends in
// request headers).
int must_check kube_field_str(const struct kube_scope *s, const char *key, const char **ret,
                              struct error *e);
int must_check kube_field_bool(const struct kube_scope *s, const char *key, bool *ret,
                               struct error *e);
int must_check kube_field_path(const struct kube_scope *s, const char *key, const char **ret,
                               struct error *e); // absolute
int must_check kube_field_pem(const struct kube_scope *s, const char *key, struct str *ret,
                              struct error *e); // base64
int must_check kube_field_strs(const struct kube_scope *s, const char *key, const char ***ret,
                               size_t *ret_n, struct error *e);
int must_check kube_field_map(const struct kube_scope *s, const char *key,
                              const struct yaml_node **ret, struct error *e);
int must_check kube_field_list(const struct kube_scope *s, const char *key,
                               const struct yaml_node **ret, struct error *e);

// A file name as written in the file at `path`: absolute, or relative to that file's folder.
const char *kube_field_resolve(struct arena *a, const char *path, const char *name);
