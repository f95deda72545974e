// SPDX-License-Identifier: Apache-2.0
// How namespaces are kept apart and guarded: Pod Security labels, policies that deny by default,
// admission by others.
#include "controller/checks/join.h"
#include "controller/checks/report.h"

#define PSS_LABEL "pod-security.kubernetes.io/"

static bool has_workloads(struct report *r, const struct object *ns)
{
    const struct ns_info *info = join_namespace(r->join, object_name(ns));

    if (info && info->workloads)
        return true;
    report_skip(r, SKIP_NOT_APPLICABLE, "no workload runs in the namespace");
    return false;
}

static bool names_pods(const struct webhook_rule *rule)
{
    FOR_EACH_ATOM (a, webhook_rule_resources(rule)) {
        const char *word = atom_str(a);
        if (strcmp(word, "pods") == 0 || strcmp(word, "*") == 0 || strcmp(word, "*/*") == 0)
            return true;
    }
    return false;
}

// Does a webhook of this configuration look at Pods?
static bool sees_pods(const struct object *o)
{
    FOR_EACH (webhook, w, webhook_configuration_webhooks(webhook_configuration_of(o))) {
        FOR_EACH (webhook_rule, rule, webhook_rules(w)) {
            if (names_pods(rule))
                return true;
        }
    }
    return false;
}

static bool engine(const struct report *r)
{
    static const char *const groups[] = { "kyverno.io", "templates.gatekeeper.sh",
                                          "policies.kubewarden.io", "jspolicy.com" };

    for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
        if (join_crd(r->join, groups[i], NULL))
            return true;
    }
    FOR_EACH_OBJECT(o, r->snapshot, KIND_VALIDATING_WEBHOOK_CONFIGURATION)
    {
        if (sees_pods(o))
            return true;
    }
    return false;
}

static void pss_label(struct report *r, const struct object *ns)
{
    struct rlist labels = object_meta_labels(object_meta_of(ns));
    bool softer = rmap_get(labels, PSS_LABEL "warn") || rmap_get(labels, PSS_LABEL "audit");

    if (!has_workloads(r, ns) || rmap_get(labels, PSS_LABEL "enforce") || engine(r))
        return;
    report_as(r, softer ? VERDICT_WARN : VERDICT_FAIL, "metadata.labels",
              softer
                  ? "has labels that warn or audit, but none that enforces a Pod Security Standard"
                  : "has no label " PSS_LABEL "enforce");
}

static void policy_engine(struct report *r)
{
    FOR_EACH_OBJECT(ns, r->snapshot, KIND_NAMESPACE)
    {
        if (rmap_get(object_meta_labels(object_meta_of(ns)), PSS_LABEL "enforce"))
            return;
    }
    if (!engine(r))
        report_warn(
            r, "",
            "nothing judges Pods when they are admitted: no Pod Security label, no policy engine");
}

static void image_signature(struct report *r)
{
    static const struct {
        const char *group, *plural;
    } tools[] = {
        {"kyverno.io",                 "imageverificationpolicies"},
        { "policies.kyverno.io",       "imagevalidatingpolicies"  },
        { "policy.sigstore.dev",       NULL                       },
        { "config.ratify.deislabs.io", NULL                       },
        { "connaisseur.policy",        NULL                       },
    };

    for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
        if (join_crd(r->join, tools[i].group, tools[i].plural))
            return;
    }
    report_warn(
        r, "",
        "nothing was found that verifies signatures of images (Sigstore policy-controller, Kyverno, Ratify)");
}

static bool denies(const struct object *o, const char *type)
{
    const struct network_policy_spec *spec = network_policy_spec(network_policy_of(o));
    const struct label_selector *sel = network_policy_spec_pod_selector(spec);
    bool ingress = strcmp(type, "Ingress") == 0, listed = false;

    FOR_EACH_ATOM (a, network_policy_spec_policy_types(spec))
        listed |= strcmp(atom_str(a), type) == 0;
    if (network_policy_spec_policy_types(spec).n == 0)
        listed = ingress;
    return listed && label_selector_match_labels(sel).n == 0 &&
           label_selector_match_expressions(sel).n == 0 &&
           (ingress ? network_policy_spec_ingress(spec) : network_policy_spec_egress(spec)).n == 0;
}

static void default_deny(struct report *r, const struct object *ns)
{
    bool found = false;

    if (!has_workloads(r, ns))
        return;
    FOR_EACH_OBJECT(o, r->snapshot, KIND_NETWORK_POLICY)
    {
        if (strcmp(object_namespace(o), object_name(ns)) == 0)
            found |= denies(o, "Ingress");
    }
    if (!found)
        report_warn(r, "", "no NetworkPolicy denies what comes in by default");
}

static void separation(struct report *r)
{
    const char *first = NULL;
    uint32_t n = 0;
    bool several = false;

    for (uint32_t i = 0; i < r->join->walk.n; i++) {
        const struct workload *w = r->join->walk.units[i];
        const struct ns_info *ns = join_namespace(r->join, atom_str(w->ns));
        if (!ns || ns->platform || w->finished)
            continue;
        n++;
        several |= first && strcmp(first, ns->name) != 0;
        first = ns->name;
    }
    if (n < 10)
        report_skip(r, SKIP_NOT_APPLICABLE,
                    "fewer than ten workloads run outside platform namespaces");
    else if (!several)
        report_warn(r, "", "all %" PRIu32 " workloads are in the namespace %s", n, first);
}

static void webhook_inventory(struct report *r, const struct object *o)
{
    char field[REPORT_FIELD_MAX];
    uint32_t i = 0;

    FOR_EACH (webhook, w, webhook_configuration_webhooks(webhook_configuration_of(o))) {
        const char *url = client_config_url(webhook_client_config(w));
        snprintf(field, sizeof(field), "webhooks[%" PRIu32 "].clientConfig.url", i++);
        if (url && *url)
            report_warn(r, field, "sends objects of the cluster to an address outside of it");
    }
}

// What a distribution installs says so by a label.
static bool part_of_platform(const struct workload *w)
{
    static const char *const labels[] = {
        "k8s-app",   "addonmanager.kubernetes.io/mode", "kubernetes.io/cluster-service",
        "component", "app.kubernetes.io/managed-by",    "tier"
    };

    for (size_t i = 0; i < ARRAY_SIZE(labels); i++) {
        if (rmap_get(object_meta_labels(w->meta), labels[i]) ||
            rmap_get(object_meta_labels(w->template), labels[i]))
            return true;
    }
    return false;
}

static void in_system_namespace(struct report *r, const struct workload *w)
{
    const char *ns = atom_str(w->ns);
    bool system = strcmp(ns, "kube-system") == 0 || strcmp(ns, "kube-public") == 0 ||
                  strcmp(ns, "kube-node-lease") == 0;

    if (!system)
        report_skip(r, SKIP_NOT_APPLICABLE, "runs in a namespace of its own");
    else if (!part_of_platform(w))
        report_warn(r, "metadata.namespace",
                    "runs in %s but has no label of a part of the platform", ns);
}

CHECK_TABLE(
    security_namespaces, CHECK_SECURITY,
    { .id = "security/pss-namespace-label",
      .title = "Namespaces enforce a Pod Security Standard",
      .remediation =
          "Label the namespace pod-security.kubernetes.io/enforce: baseline or restricted.",
      .frameworks =
          "CIS-5.2.1 NSA-PSE C-0068 C-0192 C-0193 C-0194 C-0195 C-0196 C-0197 C-0198 C-0199 C-0200 C-0201 C-0202 C-0203 C-0204",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 2,
      .kinds = KIND_BIT(KIND_NAMESPACE),
      .reads = KIND_BIT(KIND_CUSTOM_RESOURCE_DEFINITION) |
               KIND_BIT(KIND_VALIDATING_WEBHOOK_CONFIGURATION) | KIND_BIT(KIND_POD),
      .per_object = pss_label },
    { .id = "security/policy-engine-present",
      .title = "Something judges Pods when they are admitted",
      .remediation = "Use Pod Security labels, or install a policy engine.",
      .frameworks = "CIS-5.2.1 NSA-PSE C-0036 C-0192",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 2,
      .flags = CHECK_LIVE | CHECK_ALL_NAMESPACES,
      .reads = KIND_BIT(KIND_CUSTOM_RESOURCE_DEFINITION) |
               KIND_BIT(KIND_VALIDATING_WEBHOOK_CONFIGURATION) | KIND_BIT(KIND_NAMESPACE),
      .per_cluster = policy_engine },
    { .id = "security/image-signature",
      .title = "Signatures of images are verified at admission",
      .remediation = "Install the Sigstore policy-controller, or verify images with Kyverno.",
      .frameworks = "CIS-5.5.1 NSA-IMG C-0236 C-0237 C-0289",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 2,
      .flags = CHECK_LIVE | CHECK_ALL_NAMESPACES,
      .reads = KIND_BIT(KIND_CUSTOM_RESOURCE_DEFINITION),
      .per_cluster = image_signature },
    { .id = "security/network-policy-default-deny",
      .title = "Namespaces deny what comes in by default",
      .remediation =
          "Add a NetworkPolicy with an empty podSelector, policyTypes [Ingress] and no rules.",
      .frameworks = "NSA-NP C-0030 C-0206",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 2,
      .kinds = KIND_BIT(KIND_NAMESPACE),
      .reads = KIND_BIT(KIND_NETWORK_POLICY) | KIND_BIT(KIND_POD),
      .per_object = default_deny },
    { .id = "security/namespace-separation",
      .title = "Workloads are spread over namespaces",
      .remediation = "Give each team or application a namespace of its own.",
      .frameworks = "CIS-5.6.1 NSA-NS C-0209",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 2,
      .flags = CHECK_ALL_NAMESPACES,
      .reads = KIND_BIT(KIND_POD),
      .per_cluster = separation },
    { .id = "security/admission-webhook-inventory",
      .title = "Admission webhooks stay within the cluster",
      .remediation = "Use clientConfig.service, or accept that the address sees all these objects.",
      .frameworks = "NSA-CP C-0036 C-0039",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 2,
      .flags = CHECK_ALL_NAMESPACES,
      .kinds = KIND_BIT(KIND_VALIDATING_WEBHOOK_CONFIGURATION) |
               KIND_BIT(KIND_MUTATING_WEBHOOK_CONFIGURATION),
      .per_object = webhook_inventory },
    { .id = "security/user-workload-in-system-namespace",
      .title = "System namespaces hold parts of the platform alone",
      .remediation = "Move the workload to a namespace of its own.",
      .frameworks = "NSA-NS",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 2,
      .flags = CHECK_ALL_NAMESPACES,
      .per_workload = in_system_namespace }, );
