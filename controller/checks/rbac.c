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
    size_t power; // of powers; their number: none
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

// What takes over a cluster or a namespace, the worst first.
static const struct {
    const char *verbs, *group, *resources, *text; // blank separated: any of them
} powers[] = {
    {"*",                    "*",                            "*",                            "may do everything"                       },
    { "escalate bind",       "rbac.authorization.k8s.io",    "roles clusterroles",
     "may give itself any role"                                                                                                        },
    { "impersonate",         "",                             "users groups serviceaccounts", "may act as others"                       },
    { "create update patch", "admissionregistration.k8s.io",
     "validatingwebhookconfigurations mutatingwebhookconfigurations",                        "may write admission webhooks"            },
    { "get create",          "",                             "nodes/proxy",                  "may run commands on nodes"               },
    { "create",              "",                             "serviceaccounts/token",        "may make tokens of other ServiceAccounts"},
    { "get list watch",      "",                             "secrets",                      "may read Secrets"                        },
    { "create",              "",                             "pods/exec",                    "may run commands in Pods"                },
};

static bool any(const struct policy_rule *rule,
                bool (*gives)(const struct policy_rule *, const char *), const char *words)
{
    struct str rest = str_of(words), one;
    char word[64];

    while (str_split(&rest, ' ', &one)) {
        snprintf(word, sizeof(word), STR_FMT, STR_ARG(one));
        if (gives(rule, word))
            return true;
    }
    return false;
}

// Single objects that are named may be given to somebody on purpose.
static size_t worst_power(const struct object *role)
{
    size_t worst = ARRAY_SIZE(powers);

    FOR_EACH (policy_rule, rule, rbac_rules(role)) {
        for (size_t i = 0; i < worst && policy_rule_resource_names(rule).n == 0; i++) {
            if (any(rule, rule_has_verb, powers[i].verbs) &&
                rule_has_group(rule, powers[i].group) &&
                any(rule, rule_has_resource, powers[i].resources))
                worst = i;
        }
    }
    return worst;
}

static void note_account(struct rbac *r, struct account key, struct arena *a)
{
    struct account *x = map_get(&r->accounts, account_hash_of(key.ns, key.name), &key);

    if (!x) {
        x = ARENA_NEW(a, struct account);
        *x = key;
        map_put(&r->accounts, x, x);
    }
    x->power = MIN(x->power, key.power);
}

static void note_accounts(struct rbac *r, const struct object *b, const struct object *bound,
                          struct arena *a)
{
    size_t power = ARRAY_SIZE(powers);
    const char *role = role_ref_name(rbac_role_ref(b));

    if (role && role_is_discovery(role))
        return;
    FOR_EACH (subject, s, rbac_subjects(b)) {
        const char *name = subject_name(s);
        if (!name || strcmp(atom_str(subject_kind(s)), "ServiceAccount") != 0)
            continue;
        if (bound)
            power = worst_power(bound);
        bound = NULL;
        note_account(
            r, (struct account){ subject_namespace(s) ? subject_namespace(s) : b->ns, name, power },
            a);
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
            note_accounts(r, b, role, a);
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
    struct account key = { .ns = ns, .name = name };

    return map_get(&r->accounts, account_hash_of(ns, name), &key) != NULL;
}

const char *rbac_takeover(const struct rbac *r, atom ns, const char *name)
{
    struct account key = { .ns = ns, .name = name };
    const struct account *x = map_get(&r->accounts, account_hash_of(ns, name), &key);

    return x && x->power < ARRAY_SIZE(powers) ? powers[x->power].text : NULL;
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
