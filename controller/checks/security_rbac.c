// SPDX-License-Identifier: Apache-2.0
// What roles allow and to whom they are given. A role that nobody has is only a warning; built-in
// roles are left out, their bindings are not (checks-catalog.md §0.8).
#include "controller/checks/join.h"
#include "controller/checks/report.h"

enum reach { REACH_NONE, REACH_NAMESPACE, REACH_CLUSTER };

static enum reach reach_of(const struct report *r, const struct object *role)
{
    const struct role_use *u = rbac_use(&r->join->rbac, role);

    if (!u)
        return REACH_NONE;
    return u->cluster ? REACH_CLUSTER : REACH_NAMESPACE;
}

static const char *bound_text(const struct report *r, const struct object *role, char ret[320])
{
    const struct role_use *u = rbac_use(&r->join->rbac, role);

    if (!u)
        return "; it is bound to nobody";
    snprintf(ret, 320, "; bound by %s%s%s '%s'", kind_get((enum kind_id)u->binding->kind)->kind,
             u->binding->ns ? " " : "", object_namespace(u->binding), object_name(u->binding));
    return ret;
}

// The verdict of a dangerous role by how far it reaches.
struct scale {
    enum verdict unbound, in_namespace, in_cluster;
};

static const struct scale fail_when_bound = { VERDICT_WARN, VERDICT_FAIL, VERDICT_FAIL };
static const struct scale fail_in_cluster = { VERDICT_WARN, VERDICT_WARN, VERDICT_FAIL };
static const struct scale only_warn = { VERDICT_WARN, VERDICT_WARN, VERDICT_WARN };

static bool built_in(struct report *r, const struct object *role)
{
    if (!role_built_in(role))
        return false;
    report_skip(r, SKIP_NOT_APPLICABLE, "built-in roles are not judged");
    return true;
}

static void say(struct report *r, const struct object *role, const struct scale *s, uint32_t rule,
                const char *what)
{
    enum reach reach = reach_of(r, role);
    enum verdict v = reach == REACH_CLUSTER     ? s->in_cluster
                     : reach == REACH_NAMESPACE ? s->in_namespace
                                                : s->unbound;
    char field[REPORT_FIELD_MAX], text[320];

    snprintf(field, sizeof(field), "rules[%" PRIu32 "]", rule);
    report_as(r, v, field, "%s%s", what, bound_text(r, role, text));
}

static bool any_verb(const struct policy_rule *rule, const char *const *verbs)
{
    for (; *verbs; verbs++) {
        if (rule_has_verb(rule, *verbs))
            return true;
    }
    return false;
}

static bool any_resource(const struct policy_rule *rule, const char *group,
                         const char *const *resources)
{
    if (!rule_has_group(rule, group))
        return false;
    for (; *resources; resources++) {
        if (rule_has_resource(rule, *resources))
            return true;
    }
    return false;
}

struct power { // one thing that a rule can give
    const char *const *verbs;
    const char *group;
    const char *const *resources;
};

#define WORDS_OF(...) ((const char *const[]){ __VA_ARGS__, NULL })

static bool gives(const struct policy_rule *rule, const struct power *p)
{
    return any_verb(rule, p->verbs) && any_resource(rule, p->group, p->resources);
}

// Says `what` for the first rule that gives any of the powers.
static void judge(struct report *r, const struct object *role, const struct power *p, size_t n,
                  const struct scale *s, const char *what)
{
    uint32_t i = 0;

    if (built_in(r, role))
        return;
    FOR_EACH (policy_rule, rule, rbac_rules(role)) {
        for (size_t k = 0; k < n; k++) {
            if (gives(rule, &p[k])) {
                say(r, role, s, i, what);
                return;
            }
        }
        i++;
    }
}

static bool has_star(struct rlist words)
{
    FOR_EACH_ATOM (a, words) {
        if (strcmp(atom_str(a), "*") == 0)
            return true;
    }
    return false;
}

static void wildcard(struct report *r, const struct object *role)
{
    uint32_t i = 0;

    if (built_in(r, role))
        return;
    FOR_EACH (policy_rule, rule, rbac_rules(role)) {
        if (has_star(policy_rule_verbs(rule)))
            say(r, role, &fail_when_bound, i, "allows every verb");
        if (has_star(policy_rule_resources(rule)))
            say(r, role, &fail_when_bound, i, "covers every resource");
        if (has_star(policy_rule_api_groups(rule)))
            say(r, role, &fail_when_bound, i, "covers every API group");
        if (has_star(policy_rule_non_resource_urls(rule)))
            say(r, role, &fail_when_bound, i, "covers every path");
        i++;
    }
}

static bool is_everything(const struct object *role)
{
    FOR_EACH (policy_rule, rule, rbac_rules(role)) {
        if (has_star(policy_rule_verbs(rule)) && has_star(policy_rule_resources(rule)) &&
            has_star(policy_rule_api_groups(rule)))
            return true;
    }
    return false;
}

static bool gives_everything(const struct report *r, const struct object *b)
{
    const struct role_ref *ref = rbac_role_ref(b);
    bool cluster = strcmp(atom_str(role_ref_kind(ref)), "ClusterRole") == 0;
    const char *name = text_or(role_ref_name(ref), "");
    const struct object *role =
        join_find(r->join, cluster ? KIND_CLUSTER_ROLE : KIND_ROLE, cluster ? 0 : b->ns, name);

    return (cluster && strcmp(name, "cluster-admin") == 0) || (role && is_everything(role));
}

static bool part_of_the_system(const struct subject *s)
{
    if (strcmp(atom_str(subject_kind(s)), "ServiceAccount") == 0)
        return strcmp(atom_str(subject_namespace(s)), "kube-system") == 0;
    return str_starts(text_or(subject_name(s), ""), "system:kube-");
}

// The bootstrap binding and the group that kubeadm makes for administrators.
static bool meant_for_admins(const struct object *b, const struct subject *s)
{
    const char *name = text_or(subject_name(s), "");

    if (strcmp(name, "kubeadm:cluster-admins") == 0)
        return true;
    // Anybody may call a binding system:…; who is bound cannot be made up.
    if (str_starts(object_name(b), "system:") && part_of_the_system(s))
        return true;
    return strcmp(name, "system:masters") == 0 && b->kind == KIND_CLUSTER_ROLE_BINDING &&
           strcmp(object_name(b), "cluster-admin") == 0;
}

static void cluster_admin(struct report *r, const struct object *b)
{
    if (!gives_everything(r, b))
        return;
    FOR_EACH (subject, s, rbac_subjects(b)) {
        if (!meant_for_admins(b, s))
            report_as(r, b->kind == KIND_CLUSTER_ROLE_BINDING ? VERDICT_FAIL : VERDICT_WARN,
                      "roleRef", "gives %s '%s' to %s '%s'",
                      b->kind == KIND_CLUSTER_ROLE_BINDING ? "all power over the cluster by"
                                                           : "all power over the namespace by",
                      text_or(role_ref_name(rbac_role_ref(b)), ""), atom_str(subject_kind(s)),
                      text_or(subject_name(s), ""));
    }
}

static void namespace_admin(struct report *r, const struct object *b)
{
    const struct role_ref *ref = rbac_role_ref(b);
    const struct object *role =
        join_find(r->join, KIND_ROLE, b->ns, text_or(role_ref_name(ref), ""));
    bool all = false;

    if (strcmp(atom_str(role_ref_kind(ref)), "Role") != 0 || !role)
        return;
    FOR_EACH (policy_rule, rule, rbac_rules(role))
        all |= has_star(policy_rule_resources(rule));
    FOR_EACH (subject, s, rbac_subjects(b)) {
        if (all && strcmp(atom_str(subject_kind(s)), "ServiceAccount") == 0)
            report_warn(r, "roleRef",
                        "gives every resource of the namespace to ServiceAccount '%s'",
                        text_or(subject_name(s), ""));
    }
}

// A get that is limited to named Secrets is fine; list and watch cannot be limited that way.
static void secrets_access(struct report *r, const struct object *role)
{
    uint32_t i = 0;

    if (built_in(r, role))
        return;
    FOR_EACH (policy_rule, rule, rbac_rules(role)) {
        bool all = rule_has_verb(rule, "list") || rule_has_verb(rule, "watch");
        bool get = rule_has_verb(rule, "get") && policy_rule_resource_names(rule).n == 0;
        if ((all || get) && any_resource(rule, "", WORDS_OF("secrets"))) {
            say(r, role, &fail_in_cluster, i, "can read Secrets");
            return;
        }
        i++;
    }
}

static void create_pods(struct report *r, const struct object *role)
{
    // clang-format off
    const struct power p[] = {
        { WORDS_OF("create"), "", WORDS_OF("pods") },
        { WORDS_OF("create", "update", "patch"), "", WORDS_OF("replicationcontrollers") },
        { WORDS_OF("create", "update", "patch"), "apps",
          WORDS_OF("deployments", "statefulsets", "daemonsets", "replicasets") },
        { WORDS_OF("create", "update", "patch"), "batch", WORDS_OF("jobs", "cronjobs") },
    };
    // clang-format on

    judge(r, role, p, ARRAY_SIZE(p), &fail_in_cluster, "can create Pods");
}

static void pod_exec(struct report *r, const struct object *role)
{
    bool old = r->snapshot->server_minor && r->snapshot->server_minor < 35;
    const struct power p[] = {
        {old ? WORDS_OF("create", "get") : WORDS_OF("create"), "",
         WORDS_OF("pods/exec", "pods/attach")},
    };

    judge(r, role, p, ARRAY_SIZE(p), &fail_when_bound, "can run commands in Pods");
}

// "userextras/scopes", with whatever key.
static bool user_extras(const struct policy_rule *rule)
{
    FOR_EACH_ATOM (a, policy_rule_resources(rule)) {
        if (str_starts(atom_str(a), "userextras/") && rule_has_group(rule, "authentication.k8s.io"))
            return true;
    }
    return false;
}

static void impersonate(struct report *r, const struct object *role)
{
    uint32_t i = 0;

    if (built_in(r, role))
        return;
    FOR_EACH (policy_rule, rule, rbac_rules(role)) {
        bool core = any_resource(rule, "", WORDS_OF("users", "groups", "serviceaccounts"));
        bool extra = any_resource(rule, "authentication.k8s.io", WORDS_OF("userextras", "uids")) ||
                     user_extras(rule);
        bool named = policy_rule_resource_names(rule).n > 0;
        if (rule_has_verb(rule, "impersonate") && (core || extra)) {
            say(r, role, named ? &only_warn : &fail_when_bound, i, "can act as other users");
            return;
        }
        i++;
    }
}

static void escalate_bind(struct report *r, const struct object *role)
{
    const struct power p[] = {
        {WORDS_OF("escalate", "bind"), "rbac.authorization.k8s.io",
         WORDS_OF("roles", "clusterroles")},
    };

    judge(r, role, p, ARRAY_SIZE(p), &fail_when_bound,
          "can give itself any right (escalate or bind)");
}

static void delete_events(struct report *r, const struct object *role)
{
    const struct power p[] = {
        {WORDS_OF("delete", "deletecollection"), "",                WORDS_OF("events",                "pods/log") },
        { WORDS_OF("delete",                "deletecollection"),                  "events.k8s.io", WORDS_OF("events")},
    };

    judge(r, role, p, ARRAY_SIZE(p), &only_warn, "can delete events or logs");
}

static void nodes_proxy(struct report *r, const struct object *role)
{
    const struct power p[] = {
        {WORDS_OF("get", "create"), "", WORDS_OF("nodes/proxy")}
    };

    judge(r, role, p, ARRAY_SIZE(p), &fail_when_bound,
          "can reach the kubelet's API, which runs commands in every Pod");
}

static void webhook_config(struct report *r, const struct object *role)
{
    uint32_t i = 0;

    if (built_in(r, role))
        return;
    FOR_EACH (policy_rule, rule, rbac_rules(role)) {
        bool named = policy_rule_resource_names(rule).n > 0;
        if (any_verb(rule, WORDS_OF("create", "update", "patch", "delete")) &&
            any_resource(rule, "admissionregistration.k8s.io",
                         WORDS_OF("validatingwebhookconfigurations",
                                  "mutatingwebhookconfigurations",
                                  "validatingadmissionpolicies"))) {
            say(r, role, named ? &only_warn : &fail_when_bound, i, "can change admission control");
            return;
        }
        i++;
    }
}

// kube-system holds coredns, kube-proxy and aws-auth; a ClusterRole reaches it by a binding there
// or everywhere.
static void configmap_write(struct report *r, const struct object *role)
{
    uint32_t i = 0;
    const struct role_use *use = rbac_use(&r->join->rbac, role);
    bool here = role->kind == KIND_CLUSTER_ROLE
                    ? use && (use->cluster > 0 || use->kube_system)
                    : strcmp(object_namespace(role), "kube-system") == 0;

    if (built_in(r, role) || !here)
        return;
    FOR_EACH (policy_rule, rule, rbac_rules(role)) {
        bool named = policy_rule_resource_names(rule).n > 0;
        bool aws = rlist_has_str(policy_rule_resource_names(rule), "aws-auth");
        if (any_verb(rule, WORDS_OF("update", "patch", "delete")) &&
            any_resource(rule, "", WORDS_OF("configmaps")) && (!named || aws)) {
            say(r, role, aws ? &fail_when_bound : &only_warn, i,
                "can change ConfigMaps of kube-system");
            return;
        }
        i++;
    }
}

static void anonymous(struct report *r, const struct object *b)
{
    const char *role = text_or(role_ref_name(rbac_role_ref(b)), "");

    if (role_is_discovery(role) || strcmp(role, "kubeadm:bootstrap-signer-clusterinfo") == 0)
        return;
    FOR_EACH (subject, s, rbac_subjects(b)) {
        const char *name = text_or(subject_name(s), "");
        if (strcmp(name, "system:anonymous") == 0 || strcmp(name, "system:unauthenticated") == 0)
            report_fail(r, "subjects", "gives '%s' to callers who have not logged in", role);
    }
}

static void authenticated(struct report *r, const struct object *b)
{
    const char *role = text_or(role_ref_name(rbac_role_ref(b)), "");

    if (role_is_discovery(role) || object_is_bootstrap(b))
        return;
    FOR_EACH (subject, s, rbac_subjects(b)) {
        const char *name = text_or(subject_name(s), "");
        if (strcmp(name, "system:authenticated") == 0 ||
            strcmp(name, "system:serviceaccounts") == 0)
            report_fail(r, "subjects", "gives '%s' to everybody in %s", role, name);
    }
}

static void system_masters(struct report *r, const struct object *b)
{
    if (b->kind == KIND_CLUSTER_ROLE_BINDING && strcmp(object_name(b), "cluster-admin") == 0)
        return;
    FOR_EACH (subject, s, rbac_subjects(b)) {
        if (strcmp(text_or(subject_name(s), ""), "system:masters") == 0)
            report_fail(r, "subjects",
                        "names the group system:masters, which no policy can restrict");
    }
}

#define ROLES         (KIND_BIT(KIND_ROLE) | KIND_BIT(KIND_CLUSTER_ROLE))
#define BINDINGS      (KIND_BIT(KIND_ROLE_BINDING) | KIND_BIT(KIND_CLUSTER_ROLE_BINDING))
#define ROLE_CHECK    .tier = 1, .flags = CHECK_ALL_NAMESPACES, .kinds = ROLES, .reads = BINDINGS
#define BINDING_CHECK .tier = 1, .flags = CHECK_ALL_NAMESPACES, .kinds = BINDINGS

CHECK_TABLE(
    security_rbac, CHECK_SECURITY,
    { .id = "security/rbac-cluster-admin-binding",
      .title = "cluster-admin is given to administrators only",
      .remediation = "Bind a role that names what is needed, and remove this binding.",
      .frameworks = "CIS-5.1.1 NSA-RBAC C-0035 C-0185 C-0272",
      .aliases = "security.rbac-cluster-admin-misuse",
      .severity = CHECK_CRITICAL,
      BINDING_CHECK,
      .reads = ROLES,
      .per_object = cluster_admin },
    { .id = "security/rbac-wildcard",
      .title = "Roles name their verbs, resources and groups",
      .remediation = "Replace * by the verbs, resources and groups that are needed.",
      .frameworks = "CIS-5.1.3 NSA-RBAC C-0187",
      .aliases = "security.rbac-wildcard-permissions",
      .severity = CHECK_HIGH,
      ROLE_CHECK,
      .per_object = wildcard },
    { .id = "security/rbac-namespace-admin",
      .title = "No ServiceAccount owns every resource of its namespace",
      .remediation = "Name the resources in the Role.",
      .frameworks = "CIS-5.1.3 C-0035",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 1,
      .flags = CHECK_ALL_NAMESPACES,
      .kinds = KIND_BIT(KIND_ROLE_BINDING),
      .reads = KIND_BIT(KIND_ROLE),
      .per_object = namespace_admin },
    { .id = "security/rbac-secrets-access",
      .title = "Reading Secrets is limited to named ones",
      .remediation = "Allow get with resourceNames only; list and watch show every Secret.",
      .frameworks = "CIS-5.1.2 NSA-RBAC NSA-SEC C-0015 C-0186",
      .aliases = "",
      .severity = CHECK_HIGH,
      ROLE_CHECK,
      .per_object = secrets_access },
    { .id = "security/rbac-create-pods",
      .title = "Creating Pods is limited to controllers",
      .remediation =
          "Remove create on Pods and workloads; whoever may create Pods may use every Secret of the namespace.",
      .frameworks = "CIS-5.1.4 NSA-RBAC C-0188",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      ROLE_CHECK,
      .per_object = create_pods },
    { .id = "security/rbac-pod-exec-attach",
      .title = "Nobody can run commands in Pods by role",
      .remediation = "Remove pods/exec and pods/attach, or give them for a limited time.",
      .frameworks = "NSA-RBAC C-0002",
      .aliases = "",
      .severity = CHECK_HIGH,
      ROLE_CHECK,
      .per_object = pod_exec },
    { .id = "security/rbac-impersonate",
      .title = "Nobody can act as another user",
      .remediation = "Remove the verb impersonate or limit it with resourceNames.",
      .frameworks = "CIS-5.1.8 NSA-RBAC C-0065 C-0191",
      .aliases = "",
      .severity = CHECK_CRITICAL,
      ROLE_CHECK,
      .per_object = impersonate },
    { .id = "security/rbac-escalate-bind",
      .title = "Nobody can give itself more rights",
      .remediation = "Remove the verbs escalate and bind.",
      .frameworks = "CIS-5.1.8 NSA-RBAC C-0191",
      .aliases = "",
      .severity = CHECK_CRITICAL,
      ROLE_CHECK,
      .per_object = escalate_bind },
    { .id = "security/rbac-delete-events-logs",
      .title = "Nobody can delete the traces of what happened",
      .remediation = "Remove delete on events and pods/log.",
      .frameworks = "NSA-LOG C-0031",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      ROLE_CHECK,
      .per_object = delete_events },
    { .id = "security/rbac-nodes-proxy",
      .title = "Nobody can reach the kubelet's API",
      .remediation = "Allow nodes/metrics, nodes/stats or nodes/log in place of nodes/proxy.",
      .frameworks = "CIS-5.1.10 C-0279",
      .aliases = "",
      .severity = CHECK_HIGH,
      ROLE_CHECK,
      .per_object = nodes_proxy },
    { .id = "security/rbac-webhook-config",
      .title = "Admission control is changed by administrators only",
      .remediation = "Limit the rule to the controller's own objects with resourceNames.",
      .frameworks = "CIS-5.1.12 C-0281",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 1,
      .flags = CHECK_ALL_NAMESPACES,
      .kinds = KIND_BIT(KIND_CLUSTER_ROLE),
      .reads = BINDINGS,
      .per_object = webhook_config },
    { .id = "security/rbac-configmap-write",
      .title = "ConfigMaps of kube-system are changed by administrators only",
      .remediation = "Limit the rule with resourceNames, or bind it in another namespace.",
      .frameworks = "NSA-RBAC C-0037",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      ROLE_CHECK,
      .per_object = configmap_write },
    { .id = "security/rbac-anonymous-binding",
      .title = "Callers who have not logged in get nothing",
      .remediation = "Remove system:anonymous and system:unauthenticated from the binding.",
      .frameworks = "CIS-1.2.1 NSA-AUTHN C-0262",
      .aliases = "",
      .severity = CHECK_CRITICAL,
      BINDING_CHECK,
      .per_object = anonymous },
    { .id = "security/rbac-authenticated-binding",
      .title = "Nothing is given to every logged-in user",
      .remediation = "Bind the role to the users or ServiceAccounts that need it.",
      .frameworks = "NSA-RBAC C-0265",
      .aliases = "",
      .severity = CHECK_HIGH,
      BINDING_CHECK,
      .per_object = authenticated },
    { .id = "security/rbac-system-masters",
      .title = "The group system:masters is not used",
      .remediation = "Bind cluster-admin to a group of your own, whose members can be removed.",
      .frameworks = "CIS-5.1.7 C-0246",
      .aliases = "",
      .severity = CHECK_HIGH,
      BINDING_CHECK,
      .per_object = system_masters }, );
