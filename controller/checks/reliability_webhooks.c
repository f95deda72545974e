// SPDX-License-Identifier: Apache-2.0
// Admission webhooks that can stop the cluster: with failurePolicy Fail nothing is admitted while
// they do not answer.
#include "apis/selector.h"
#include "controller/checks/join.h"
#include "controller/checks/report.h"

static void judge_backend(struct report *r, const struct webhook *w, const char *field)
{
    const struct service_reference *s = client_config_service(webhook_client_config(w));
    const char *name = text_or(service_reference_name(s), "");

    if (webhook_failure_policy(w) != FAILURE_FAIL || !s)
        return;
    if (!join_find(r->join, KIND_SERVICE, service_reference_namespace(s), name))
        report_fail(
            r, field,
            "asks the Service '%s/%s', which does not exist, and refuses everything without it",
            atom_str(service_reference_namespace(s)), name);
    else if (webhook_timeout_seconds(w) > 15)
        report_fail(r, field, "holds every request for up to %d seconds when it does not answer",
                    webhook_timeout_seconds(w));
}

static void backend(struct report *r, const struct object *o)
{
    char field[REPORT_FIELD_MAX];
    uint32_t i = 0;

    FOR_EACH (webhook, w, webhook_configuration_webhooks(webhook_configuration_of(o))) {
        snprintf(field, sizeof(field), "webhooks[%" PRIu32 "]", i++);
        judge_backend(r, w, field);
    }
}

static bool all_of(struct rlist words)
{
    FOR_EACH_ATOM (a, words) {
        if (strcmp(atom_str(a), "*") == 0 || strcmp(atom_str(a), "*/*") == 0)
            return true;
    }
    return false;
}

static bool sees_pods(const struct webhook *w)
{
    FOR_EACH (webhook_rule, rule, webhook_rules(w)) {
        FOR_EACH_ATOM (a, webhook_rule_resources(rule)) {
            if (strcmp(atom_str(a), "pods") == 0)
                return true;
        }
        if (all_of(webhook_rule_resources(rule)))
            return true;
    }
    return false;
}

// kube-system has only the label of its name.
static bool sees_kube_system(const struct report *r, const struct webhook *w)
{
    const struct label_selector *sel = webhook_namespace_selector(w);
    const struct object *ns = join_find(r->join, KIND_NAMESPACE, 0, "kube-system");

    return !sel || (ns && selector_matches(sel, object_meta_labels(object_meta_of(ns))));
}

static void scope(struct report *r, const struct object *o)
{
    char field[REPORT_FIELD_MAX];
    uint32_t i = 0;

    FOR_EACH (webhook, w, webhook_configuration_webhooks(webhook_configuration_of(o))) {
        snprintf(field, sizeof(field), "webhooks[%" PRIu32 "].namespaceSelector", i++);
        if (webhook_failure_policy(w) == FAILURE_FAIL && sees_pods(w) && sees_kube_system(r, w) &&
            !webhook_object_selector(w))
            report_warn(r, field, "can keep the Pods of kube-system from starting");
    }
}

CHECK_TABLE(
    reliability_webhooks, CHECK_RELIABILITY,
    { .id = "reliability/webhook-backend",
      .title = "Webhooks that must answer have a Service and a short time-out",
      .remediation =
          "Create the Service, set timeoutSeconds to 15 or less, or failurePolicy to Ignore.",
      .frameworks = "NSA-FT",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 2,
      .flags = CHECK_ALL_NAMESPACES,
      .kinds = KIND_BIT(KIND_VALIDATING_WEBHOOK_CONFIGURATION) |
               KIND_BIT(KIND_MUTATING_WEBHOOK_CONFIGURATION),
      .reads = KIND_BIT(KIND_SERVICE),
      .per_object = backend },
    { .id = "reliability/webhook-scope",
      .title = "Webhooks that must answer leave kube-system alone",
      .remediation = "Exclude kube-system by a namespaceSelector on kubernetes.io/metadata.name.",
      .frameworks = "NSA-FT",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 3,
      .flags = CHECK_ALL_NAMESPACES,
      .kinds = KIND_BIT(KIND_VALIDATING_WEBHOOK_CONFIGURATION) |
               KIND_BIT(KIND_MUTATING_WEBHOOK_CONFIGURATION),
      .glances = KIND_BIT(KIND_NAMESPACE),
      .per_object = scope }, );
