// SPDX-License-Identifier: Apache-2.0
// The text of a role is no access: what counts is who is bound to it, and where.
#include "controller/checks/rbac.h"

#include "base/alloc.h"

static uint32_t use_hash(const void *entry)
{
    return hash_pointer(((const struct role_use *)entry)->role);
}

static bool use_is(const void *entry, const void *key)
{
    return ((const struct role_use *)entry)->role == key;
}

static const struct map_ops use_ops = { use_hash, use_is };

struct account {
    atom ns;
    const char *name;
};

static uint32_t account_hash_of(atom ns, const char *name)
{
    return hash_mix(ns, hash_str(name));
}

static uint32_t account_hash(const void *entry)
{
    const struct account *a = entry;

    return account_hash_of(a->ns, a->name);
}

static bool account_is(const void *entry, const void *key)
{
    const struct account *a = entry, *k = key;

    return a->ns == k->ns && strcmp(a->name, k->name) == 0;
}

static const struct map_ops account_ops = { account_hash, account_is };

struct rlist rbac_subjects(const struct object *b)
{
    const void *rec = object_record(b);

    return b->kind == KIND_ROLE_BINDING ? role_binding_subjects(rec)
                                        : cluster_role_binding_subjects(rec);
}

const struct role_ref *rbac_role_ref(const struct object *b)
{
    const void *rec = object_record(b);

    return b->kind == KIND_ROLE_BINDING ? role_binding_role_ref(rec)
                                        : cluster_role_binding_role_ref(rec);
}

struct rlist rbac_rules(const struct object *role)
{
    const void *rec = object_record(role);

    return role->kind == KIND_ROLE ? role_rules(rec) : cluster_role_rules(rec);
}

bool object_is_bootstrap(const struct object *o)
{
    const char *v = rmap_get(object_meta_labels(object_meta_of(o)), "kubernetes.io/bootstrapping");

    return v && strcmp(v, "rbac-defaults") == 0;
}

bool role_built_in(const struct object *role)
{
    static const char *const names[] = { "cluster-admin", "admin", "edit", "view" };
    const char *name = object_name(role);

    if (str_starts(name, "system:") || object_is_bootstrap(role))
        return true;
    for (size_t i = 0; role->kind == KIND_CLUSTER_ROLE && i < ARRAY_SIZE(names); i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

bool role_is_discovery(const char *name)
{
    return strcmp(name, "system:basic-user") == 0 || strcmp(name, "system:discovery") == 0 ||
           strcmp(name, "system:public-info-viewer") == 0;
}

bool binding_built_in(const struct object *b)
{
    const char *name = object_name(b);

    return object_is_bootstrap(b) || str_starts(name, "system:") || str_starts(name, "kubeadm:");
}

static const struct object *find_role(const struct object_index *objects, const struct object *b)
{
    const struct role_ref *ref = rbac_role_ref(b);
    bool cluster = strcmp(atom_str(role_ref_kind(ref)), "ClusterRole") == 0;

    return object_index_find(objects, cluster ? KIND_CLUSTER_ROLE : KIND_ROLE, cluster ? 0 : b->ns,
                             role_ref_name(ref));
}

// ClusterRoleBindings come first, then by name: the message must not depend on the order of
// objects.
static bool before(const struct object *a, const struct object *b)
{
    if (a->kind != b->kind)
        return a->kind == KIND_CLUSTER_ROLE_BINDING;
    return object_compare(&a, &b) < 0;
}

static void note_use(struct rbac *r, const struct object *role, const struct object *b,
                     struct arena *a)
{
    struct role_use *u = map_get(&r->uses, hash_pointer(role), role);

    if (!u) {
        u = ARENA_NEW(a, struct role_use);
        u->role = role;
        map_put(&r->uses, role, u);
    }
    if (b->kind == KIND_CLUSTER_ROLE_BINDING)
        u->cluster++;
    else
        u->namespaced++;
    u->kube_system |= strcmp(object_namespace(b), "kube-system") == 0;
    if (!u->binding || before(b, u->binding))
        u->binding = b;
}

static void note_account(struct rbac *r, atom ns, const char *name, struct arena *a)
{
    struct account *x = ARENA_NEW(a, struct account);

    *x = (struct account){ ns, name };
    map_put(&r->accounts, x, x);
}

static void note_accounts(struct rbac *r, const struct object *b, struct arena *a)
{
    const char *role = role_ref_name(rbac_role_ref(b));

    if (role && role_is_discovery(role))
        return;
    FOR_EACH (subject, s, rbac_subjects(b)) {
        const char *name = subject_name(s);
        if (!name || strcmp(atom_str(subject_kind(s)), "ServiceAccount") != 0)
            continue;
        note_account(r, subject_namespace(s) ? subject_namespace(s) : b->ns, name, a);
    }
}

void rbac_init(struct rbac *r, const struct snapshot *s, const struct object_index *objects,
               struct arena *a)
{
    static const enum kind_id kinds[] = { KIND_CLUSTER_ROLE_BINDING, KIND_ROLE_BINDING };

    map_init(&r->uses, &use_ops);
    map_init(&r->accounts, &account_ops);
    for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
        for (uint32_t i = 0; i < s->n[kinds[k]]; i++) {
            const struct object *b = s->objects[kinds[k]][i];
            const struct object *role = find_role(objects, b);
            if (role && rbac_subjects(b).n > 0)
                note_use(r, role, b, a);
            note_accounts(r, b, a);
        }
    }
}

void rbac_fini(struct rbac *r)
{
    map_fini(&r->uses);
    map_fini(&r->accounts);
}

const struct role_use *rbac_use(const struct rbac *r, const struct object *role)
{
    return map_get(&r->uses, hash_pointer(role), role);
}

bool rbac_account_bound(const struct rbac *r, atom ns, const char *name)
{
    struct account key = { ns, name };

    return map_get(&r->accounts, account_hash_of(ns, name), &key) != NULL;
}

static bool has(struct rlist list, const char *word)
{
    FOR_EACH_ATOM (a, list) {
        const char *s = atom_str(a);
        if (strcmp(s, "*") == 0 || strcmp(s, word) == 0)
            return true;
    }
    return false;
}

bool rule_has_verb(const struct policy_rule *rule, const char *verb)
{
    return has(policy_rule_verbs(rule), verb);
}

bool rule_has_group(const struct policy_rule *rule, const char *group)
{
    return has(policy_rule_api_groups(rule), group);
}

bool rule_has_resource(const struct policy_rule *rule, const char *resource)
{
    const char *sub = strchr(resource, '/');

    if (has(policy_rule_resources(rule), resource))
        return true;
    if (!sub)
        return false;
    FOR_EACH_ATOM (a, policy_rule_resources(rule)) {
        const char *s = atom_str(a);
        if (s[0] == '*' && strcmp(s + 1, sub) == 0)
            return true;
    }
    return false;
}
