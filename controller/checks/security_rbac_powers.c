// SPDX-License-Identifier: Apache-2.0
// Rights that lead further than they look, role by role, and bindings that lead nowhere. A role
// that nobody has is text and not power: it warns.
#include "controller/checks/join.h"
#include "controller/checks/report.h"

#define WORDS_OF(...) ((const char *const[]){ __VA_ARGS__, NULL })

struct power {
    const char *const *verbs;
    const char *group;
    const char *const *resources;
};

static bool gives(const struct policy_rule *rule, const struct power *p)
{
    bool verb = false, resource = false;

    for (const char *const *v = p->verbs; *v; v++)
        verb |= rule_has_verb(rule, *v);
    for (const char *const *w = p->resources; *w; w++)
        resource |= rule_has_resource(rule, *w);
    return verb && resource && rule_has_group(rule, p->group);
}

// worst: the verdict for a role that is bound.
static void judge(struct report *r, const struct object *role, const struct power *p, size_t n,
                  enum verdict worst, const char *what)
{
    const struct role_use *use = rbac_use(&r->join->rbac, role);
    char field[REPORT_FIELD_MAX];
    uint32_t i = 0;

    if (role_built_in(role)) {
        report_skip(r, SKIP_EXEMPTED, "is a built-in role");
        return;
    }
    FOR_EACH (policy_rule, rule, rbac_rules(role)) {
        snprintf(field, sizeof(field), "rules[%" PRIu32 "]", i++);
        for (size_t k = 0; k < n; k++) {
            if (!gives(rule, &p[k]))
                continue;
            report_as(r, use ? worst : VERDICT_WARN, field, "%s%s", what,
                      use ? "" : ", but nobody has it");
            return;
        }
    }
}

static void port_forward(struct report *r, const struct object *role)
{
    bool old = r->snapshot->server_minor && r->snapshot->server_minor < 35;
    const struct power p[] = {
        {old ? WORDS_OF("create", "get") : WORDS_OF("create"), "",                    WORDS_OF("pods/portforward")},
        { WORDS_OF("create",                 "get"),                          "", WORDS_OF("pods/proxy",            "services/proxy") },
    };

    judge(r, role, p, ARRAY_SIZE(p), VERDICT_WARN, "can open connections into Pods");
}

static void ephemeral_containers(struct report *r, const struct object *role)
{
    const struct power p[] = {
        {WORDS_OF("update", "patch"), "", WORDS_OF("pods/ephemeralcontainers")},
    };

    judge(r, role, p, ARRAY_SIZE(p), VERDICT_WARN, "can put containers into running Pods");
}

static void delete_workloads(struct report *r, const struct object *role)
{
    const struct power p[] = {
        {WORDS_OF("delete",    "deletecollection"), "",
         WORDS_OF("pods",                        "namespaces", "persistentvolumes")},
        { WORDS_OF("delete", "deletecollection"),              "apps",
         WORDS_OF("deployments", "statefulsets", "daemonsets",       "replicasets") },
    };

    judge(r, role, p, ARRAY_SIZE(p), VERDICT_WARN, "can delete workloads");
}

static void csr_approve(struct report *r, const struct object *role)
{
    const struct power p[] = {
        {WORDS_OF("update", "patch"), "certificates.k8s.io",
         WORDS_OF("certificatesigningrequests/approval")},
    };

    judge(r, role, p, ARRAY_SIZE(p), VERDICT_FAIL,
          "can approve certificates, also for administrators");
}

static void token_create(struct report *r, const struct object *role)
{
    const struct power p[] = {
        {WORDS_OF("create"), "", WORDS_OF("serviceaccounts/token")},
    };

    judge(r, role, p, ARRAY_SIZE(p), VERDICT_FAIL, "can make tokens of other ServiceAccounts");
}

static void volume_create(struct report *r, const struct object *role)
{
    const struct power p[] = {
        {WORDS_OF("create"), "", WORDS_OF("persistentvolumes")},
    };

    judge(r, role, p, ARRAY_SIZE(p), VERDICT_WARN,
          "can make PersistentVolumes, also of paths of nodes");
}

static void network_write(struct report *r, const struct object *role)
{
    const struct role_use *use = rbac_use(&r->join->rbac, role);
    const struct power p[] = {
        {WORDS_OF("create",          "update", "patch",           "delete"),              "",        WORDS_OF("services",        "endpoints") },
        { WORDS_OF("create",                         "update",                "patch", "delete"), "networking.k8s.io",
         WORDS_OF("networkpolicies",        "ingresses") },
        { WORDS_OF("create",              "update",                     "patch",                     "delete"),                      "discovery.k8s.io",
         WORDS_OF("endpointslices")},
        { WORDS_OF("create", "update",        "patch",        "delete"),                      "gateway.networking.k8s.io",
         WORDS_OF("httproutes")                                  },
    };

    if (use && use->cluster == 0)
        return; // in its own namespace
    judge(r, role, p, ARRAY_SIZE(p), VERDICT_WARN, "can redirect the traffic of all namespaces");
}

static void missing_role(struct report *r, const struct object *b)
{
    const struct role_ref *ref = rbac_role_ref(b);
    const char *name = text_or(role_ref_name(ref), "");
    bool cluster = strcmp(atom_str(role_ref_kind(ref)), "ClusterRole") == 0;

    if (!r->snapshot->live && role_is_discovery(name))
        return;
    if (!join_find(r->join, cluster ? KIND_CLUSTER_ROLE : KIND_ROLE, cluster ? 0 : b->ns, name))
        report_warn(r, "roleRef", "names the %s '%s', which does not exist",
                    atom_str(role_ref_kind(ref)), name);
}

static void missing_subject(struct report *r, const struct object *b)
{
    char field[REPORT_FIELD_MAX];
    uint32_t i = 0;

    FOR_EACH (subject, s, rbac_subjects(b)) {
        const char *name = text_or(subject_name(s), "");
        atom ns = subject_namespace(s) ? subject_namespace(s) : b->ns;
        snprintf(field, sizeof(field), "subjects[%" PRIu32 "]", i++);
        if (strcmp(atom_str(subject_kind(s)), "ServiceAccount") != 0 ||
            strcmp(name, "default") == 0)
            continue;
        if (!join_find(r->join, KIND_SERVICE_ACCOUNT, ns, name))
            report_warn(r, field, "names the ServiceAccount '%s/%s', which does not exist",
                        atom_str(ns), name);
    }
}

CHECK_TABLE(security_rbac_powers, CHECK_SECURITY,
            { .id = "security/rbac-port-forward",
              .title = "No role can open connections into Pods",
              .remediation = "Remove create on pods/portforward, pods/proxy and services/proxy.",
              .frameworks = "NSA-RBAC C-0063",
              .aliases = "",
              .severity = CHECK_MEDIUM,
              .tier = 2,
              .flags = CHECK_ALL_NAMESPACES,
              .kinds = KIND_BIT(KIND_ROLE) | KIND_BIT(KIND_CLUSTER_ROLE),
              .glances = KIND_BIT(KIND_ROLE_BINDING) | KIND_BIT(KIND_CLUSTER_ROLE_BINDING),
              .per_object = port_forward },
            { .id = "security/rbac-ephemeral-containers",
              .title = "No role can put containers into running Pods",
              .remediation = "Remove update and patch on pods/ephemeralcontainers.",
              .frameworks = "NSA-RBAC",
              .aliases = "",
              .severity = CHECK_MEDIUM,
              .tier = 3,
              .flags = CHECK_ALL_NAMESPACES,
              .kinds = KIND_BIT(KIND_ROLE) | KIND_BIT(KIND_CLUSTER_ROLE),
              .glances = KIND_BIT(KIND_ROLE_BINDING) | KIND_BIT(KIND_CLUSTER_ROLE_BINDING),
              .per_object = ephemeral_containers },
            { .id = "security/rbac-delete-workloads",
              .title = "No role can delete workloads",
              .remediation = "Remove delete and deletecollection where they are not needed.",
              .frameworks = "NSA-RBAC C-0007",
              .aliases = "",
              .severity = CHECK_LOW,
              .tier = 2,
              .flags = CHECK_ALL_NAMESPACES,
              .kinds = KIND_BIT(KIND_ROLE) | KIND_BIT(KIND_CLUSTER_ROLE),
              .glances = KIND_BIT(KIND_ROLE_BINDING) | KIND_BIT(KIND_CLUSTER_ROLE_BINDING),
              .per_object = delete_workloads },
            { .id = "security/rbac-csr-approve",
              .title = "No role can approve certificates",
              .remediation = "Remove update and patch on certificatesigningrequests/approval.",
              .frameworks = "CIS-5.1.11 C-0280",
              .aliases = "",
              .severity = CHECK_HIGH,
              .tier = 2,
              .flags = CHECK_ALL_NAMESPACES,
              .kinds = KIND_BIT(KIND_ROLE) | KIND_BIT(KIND_CLUSTER_ROLE),
              .glances = KIND_BIT(KIND_ROLE_BINDING) | KIND_BIT(KIND_CLUSTER_ROLE_BINDING),
              .per_object = csr_approve },
            { .id = "security/rbac-token-create",
              .title = "No role can make tokens of other ServiceAccounts",
              .remediation = "Remove create on serviceaccounts/token.",
              .frameworks = "CIS-5.1.13 NSA-SAT C-0282",
              .aliases = "",
              .severity = CHECK_HIGH,
              .tier = 2,
              .flags = CHECK_ALL_NAMESPACES,
              .kinds = KIND_BIT(KIND_ROLE) | KIND_BIT(KIND_CLUSTER_ROLE),
              .glances = KIND_BIT(KIND_ROLE_BINDING) | KIND_BIT(KIND_CLUSTER_ROLE_BINDING),
              .per_object = token_create },
            { .id = "security/rbac-persistent-volume-create",
              .title = "No role can make PersistentVolumes",
              .remediation = "Let people make claims, and a provisioner the volumes.",
              .frameworks = "CIS-5.1.9 C-0278",
              .aliases = "",
              .severity = CHECK_MEDIUM,
              .tier = 2,
              .flags = CHECK_ALL_NAMESPACES,
              .kinds = KIND_BIT(KIND_ROLE) | KIND_BIT(KIND_CLUSTER_ROLE),
              .glances = KIND_BIT(KIND_ROLE_BINDING) | KIND_BIT(KIND_CLUSTER_ROLE_BINDING),
              .per_object = volume_create },
            { .id = "security/rbac-network-write",
              .title = "No role can redirect traffic in all namespaces",
              .remediation = "Bind the role in single namespaces.",
              .frameworks = "NSA-RBAC",
              .aliases = "",
              .severity = CHECK_MEDIUM,
              .tier = 2,
              .flags = CHECK_ALL_NAMESPACES,
              .kinds = KIND_BIT(KIND_ROLE) | KIND_BIT(KIND_CLUSTER_ROLE),
              .glances = KIND_BIT(KIND_ROLE_BINDING) | KIND_BIT(KIND_CLUSTER_ROLE_BINDING),
              .per_object = network_write },
            { .id = "security/rbac-missing-role",
              .title = "Bindings name roles that exist",
              .remediation = "Create the role or delete the binding.",
              .frameworks = "",
              .aliases = "",
              .severity = CHECK_MEDIUM,
              .tier = 2,
              .flags = CHECK_ALL_NAMESPACES,
              .kinds = KIND_BIT(KIND_ROLE_BINDING) | KIND_BIT(KIND_CLUSTER_ROLE_BINDING),
              .reads = KIND_BIT(KIND_ROLE) | KIND_BIT(KIND_CLUSTER_ROLE),
              .per_object = missing_role },
            { .id = "security/rbac-missing-subject",
              .title = "Bindings name ServiceAccounts that exist",
              .remediation = "Create the ServiceAccount, or remove it from the binding.",
              .frameworks = "",
              .aliases = "",
              .severity = CHECK_LOW,
              .tier = 2,
              .flags = CHECK_ALL_NAMESPACES,
              .kinds = KIND_BIT(KIND_ROLE_BINDING) | KIND_BIT(KIND_CLUSTER_ROLE_BINDING),
              .reads = KIND_BIT(KIND_SERVICE_ACCOUNT),
              .per_object = missing_subject }, );
