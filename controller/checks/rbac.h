// SPDX-License-Identifier: Apache-2.0
// Which roles are given to whom (checks-catalog.md §0.8).
#pragma once

#include "apis/snapshot.h"
#include "apis/types.h"
#include "base/arena.h"
#include "base/map.h"
#include "controller/checks/objects.h"

struct role_use {
    const struct object *role;
    uint32_t cluster, namespaced; // bindings by scope
    bool kube_system;             // bound in the namespace kube-system
    const struct object *binding; // the first one, by name; ClusterRoleBindings first
};

struct rbac {
    struct map uses;     // of roles that exist
    struct map accounts; // ServiceAccounts with a role beyond discovery
};

void rbac_init(struct rbac *r, const struct snapshot *s, const struct object_index *objects,
               struct arena *a);
void rbac_fini(struct rbac *r);

const struct role_use *rbac_use(const struct rbac *r, const struct object *role); // NULL: not bound
bool rbac_account_bound(const struct rbac *r, atom ns, const char *name);
// "may read Secrets": the worst of what its roles allow it; NULL: nothing that is that bad.
const char *rbac_takeover(const struct rbac *r, atom ns, const char *name);

// Parts of bindings of both kinds.
struct rlist rbac_subjects(const struct object *binding);
const struct role_ref *rbac_role_ref(const struct object *binding);
struct rlist rbac_rules(const struct object *role);
bool role_built_in(
    const struct object *role); // system:*, bootstrap label, cluster-admin, admin, edit, view
bool role_is_discovery(const char *role_name);       // roles that everybody has
bool binding_built_in(const struct object *binding); // of the bootstrap policy or kubeadm
bool object_is_bootstrap(const struct object *o); // label kubernetes.io/bootstrapping=rbac-defaults

// Does the rule say so? `*` counts. For resources `*/sub` matches any parent (KEP: RBAC
// authorizer's ResourceMatches).
bool rule_has_verb(const struct policy_rule *rule, const char *verb);
bool rule_has_group(const struct policy_rule *rule, const char *group);
bool rule_has_resource(const struct policy_rule *rule, const char *resource);
