// SPDX-License-Identifier: Apache-2.0
// ServiceAccounts and their tokens.
#include "controller/checks/join.h"
#include "controller/checks/report.h"

static const char *account_of(const struct workload *w)
{
    const char *name = pod_spec_service_account_name(w->spec);

    if (!name || !*name)
        name = pod_spec_service_account(w->spec);
    return name && *name ? name : "default";
}

// Pod field, then ServiceAccount field, then true.
static bool automounts(const struct report *r, const struct workload *w)
{
    if (pod_spec_has_automount_service_account_token(w->spec))
        return pod_spec_automount_service_account_token(w->spec);
    const struct object *sa = join_find(r->join, KIND_SERVICE_ACCOUNT, w->ns, account_of(w));
    if (sa && service_account_has_automount_service_account_token(service_account_of(sa)))
        return service_account_automount_service_account_token(service_account_of(sa));
    return true;
}

static void automount_token(struct report *r, const struct workload *w)
{
    bool no_rbac =
        !r->snapshot->live &&
        r->snapshot->n[KIND_ROLE_BINDING] + r->snapshot->n[KIND_CLUSTER_ROLE_BINDING] == 0;

    if (automounts(r, w) && !rbac_account_bound(&r->join->rbac, w->ns, account_of(w)))
        report_as(r, no_rbac ? VERDICT_WARN : VERDICT_FAIL, "automountServiceAccountToken",
                  "mounts the token of ServiceAccount '%s', which is bound to no role",
                  account_of(w));
}

static void workload_takeover(struct report *r, const struct workload *w)
{
    const char *power = rbac_takeover(&r->join->rbac, w->ns, account_of(w));

    if (power && automounts(r, w))
        report_fail(r, "serviceAccountName", "runs as ServiceAccount '%s', which %s", account_of(w),
                    power);
}

static void default_used(struct report *r, const struct workload *w)
{
    if (strcmp(account_of(w), "default") != 0 || !automounts(r, w))
        return;
    bool bound = rbac_account_bound(&r->join->rbac, w->ns, "default");
    report_as(r, bound ? VERDICT_FAIL : VERDICT_WARN, "serviceAccountName",
              "runs as the ServiceAccount 'default'%s", bound ? ", which is bound to a role" : "");
}

static void default_automount(struct report *r, const struct object *o)
{
    const struct service_account *sa = service_account_of(o);

    if (strcmp(object_name(o), "default") != 0)
        report_skip(r, SKIP_NOT_APPLICABLE,
                    "only the ServiceAccounts named 'default' are looked at");
    else if (!service_account_has_automount_service_account_token(sa) ||
             service_account_automount_service_account_token(sa))
        report_warn(r, "automountServiceAccountToken",
                    "hands its token to every Pod that names no ServiceAccount");
}

static bool is_default_subject(const struct subject *s)
{
    const char *name = text_or(subject_name(s), ""), *kind = atom_str(subject_kind(s));

    if (strcmp(kind, "ServiceAccount") == 0)
        return strcmp(name, "default") == 0;
    return strcmp(kind, "Group") == 0 && (strcmp(name, "system:serviceaccounts") == 0 ||
                                          str_starts(name, "system:serviceaccounts:"));
}

static void default_bound(struct report *r, const struct object *o)
{
    const char *role = text_or(role_ref_name(rbac_role_ref(o)), "");

    if (role_is_discovery(role) || object_is_bootstrap(o))
        return;
    FOR_EACH (subject, s, rbac_subjects(o)) {
        if (is_default_subject(s))
            report_fail(r, "subjects", "gives %s '%s' to %s '%s'",
                        atom_str(role_ref_kind(rbac_role_ref(o))), role, atom_str(subject_kind(s)),
                        text_or(subject_name(s), ""));
    }
}

static void automount_explicit(struct report *r, const struct object *o)
{
    if (service_account_automount_service_account_token(service_account_of(o)))
        report_warn(r, "automountServiceAccountToken",
                    "mounts its token into every Pod that does not object");
}

static void deprecated_field(struct report *r, const struct pod_view *p)
{
    const char *old = pod_spec_service_account(p->spec),
               *name = pod_spec_service_account_name(p->spec);

    if (old && *old && (!name || strcmp(old, name) != 0))
        report_warn(r, "serviceAccount", "uses the deprecated field serviceAccount%s",
                    name ? ", which differs from serviceAccountName" : "");
}

#define BINDINGS (KIND_BIT(KIND_ROLE_BINDING) | KIND_BIT(KIND_CLUSTER_ROLE_BINDING))

CHECK_TABLE(
    security_accounts, CHECK_SECURITY,
    { .id = "security/automount-token-workload",
      .title = "Only workloads that call the API mount a token",
      .remediation = "Set automountServiceAccountToken to false in the Pod spec.",
      .frameworks = "CIS-5.1.6 NSA-SAT C-0034 C-0190 C-0261",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 1,
      .reads = BINDINGS | KIND_BIT(KIND_SERVICE_ACCOUNT),
      .per_workload = automount_token },
    { .id = "security/default-service-account-used",
      .title = "Workloads have a ServiceAccount of their own",
      .remediation = "Create a ServiceAccount for the workload and name it in serviceAccountName.",
      .frameworks = "CIS-5.1.5 NSA-SAT C-0189 C-0225 C-0239",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 1,
      .reads = BINDINGS | KIND_BIT(KIND_SERVICE_ACCOUNT),
      .per_workload = default_used },
    { .id = "security/default-service-account-automount",
      .title = "The ServiceAccounts named default do not mount their token",
      .remediation = "Set automountServiceAccountToken to false on the ServiceAccount 'default'.",
      .frameworks = "CIS-5.1.5 NSA-SAT C-0189 C-0034",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 1,
      .kinds = KIND_BIT(KIND_SERVICE_ACCOUNT),
      .per_object = default_automount },
    { .id = "security/default-service-account-bound",
      .title = "No role is given to a default ServiceAccount or to all of them",
      .remediation = "Bind the role to a ServiceAccount of its own.",
      .frameworks = "CIS-5.1.5 NSA-RBAC C-0189",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 1,
      .flags = CHECK_ALL_NAMESPACES,
      .kinds = BINDINGS,
      .per_object = default_bound },
    { .id = "security/service-account-automount-explicit",
      .title = "No ServiceAccount mounts its token by its own field",
      .remediation =
          "Remove the field and set automountServiceAccountToken in the Pods that need it.",
      .frameworks = "CIS-5.1.6 C-0034",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 1,
      .kinds = KIND_BIT(KIND_SERVICE_ACCOUNT),
      .per_object = automount_explicit },
    { .id = "security/service-account-deprecated-field",
      .title = "Manifests use serviceAccountName",
      .remediation = "Rename serviceAccount to serviceAccountName.",
      .frameworks = "C-0294",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 1,
      .flags = CHECK_FILES,
      .per_pod_spec = deprecated_field },
    { .id = "security/rbac-workload-takeover",
      .title = "Who gets into a Pod does not get the cluster",
      .remediation = "Take the right away, name the single objects it is for, or mount no token.",
      .frameworks = "NSA-RBAC NSA-SAT C-0053 C-0267 C-0272",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 2,
      .reads = KIND_BIT(KIND_SERVICE_ACCOUNT) | KIND_BIT(KIND_ROLE) | KIND_BIT(KIND_ROLE_BINDING) |
               KIND_BIT(KIND_CLUSTER_ROLE) | KIND_BIT(KIND_CLUSTER_ROLE_BINDING),
      .per_workload = workload_takeover }, );
