// SPDX-License-Identifier: Apache-2.0
// Credentials in places that are not made for them. The texts were classified when the object was
// decoded and are gone; a message can name the variable or key and what its value looked like, and
// nothing else.
#include "apis/argument.h"
#include "base/utf8.h"
#include "controller/checks/join.h"
#include "controller/checks/report.h"

static void secret_in_env(struct report *r, const struct pod_view *p unused_arg,
                          const struct container_view *c)
{
    uint32_t i = 0;

    FOR_EACH (env_var, e, container_env(c->c)) {
        char field[REPORT_FIELD_MAX];
        snprintf(field, sizeof(field), "env[%" PRIu32 "].valueFrom.secretKeyRef", i++);
        if (env_source_has_secret_key_ref(env_var_value_from(e)))
            report_warn(r, field, "reads a Secret into the variable %s",
                        text_or(env_var_name(e), ""));
    }
    FOR_EACH (env_from, e, container_env_from(c->c)) {
        if (env_from_has_secret_ref(e))
            report_warn(r, "envFrom", "reads the whole Secret '%s' into variables",
                        text_or(object_ref_name(env_from_secret_ref(e)), ""));
    }
}

static void hardcoded_env(struct report *r, const struct pod_view *p unused_arg,
                          const struct container_view *c)
{
    uint32_t i = 0;

    FOR_EACH (env_var, e, container_env(c->c)) {
        enum credential_class k = env_var_value(e);
        const char *name = text_or(env_var_name(e), "");
        char field[REPORT_FIELD_MAX];
        snprintf(field, sizeof(field), "env[%" PRIu32 "].value", i++);
        if (credential_by_format(k))
            report_fail(r, field, "has %s in the variable %s", credential_text(k), name);
        else if ((k == CREDENTIAL_TEXT || k == CREDENTIAL_NAMED) && credential_name(str_of(name)))
            report_warn(
                r, field,
                "has a literal value in the variable %s, whose name is that of a credential", name);
    }
}

static bool is_credential(enum credential_class cls)
{
    return cls == CREDENTIAL_NAMED || credential_by_format(cls);
}

static void credential_in_args(struct report *r, const struct pod_view *p unused_arg,
                               const struct container_view *c)
{
    FOR_EACH_WORD (k, container_command(c->c)) {
        if (is_credential(argument_class(k)))
            report_fail(r, "command", "has a credential in its command");
    }
    FOR_EACH_WORD (k, container_args(c->c)) {
        if (is_credential(argument_class(k)))
            report_fail(r, "args", "has a credential in its arguments");
    }
}

static bool public_by_nature(const char *name)
{
    static const char *const names[] = { "kube-root-ca.crt", "istio-ca-root-cert",
                                         "openshift-service-ca.crt" };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

#define KEY_SHOWN 100 // bytes

static void judge_keys(struct report *r, struct rlist map, const char *member)
{
    FOR_EACH_CREDENTIAL (key, k, map) {
        enum credential_class cls = (enum credential_class)k;
        char field[REPORT_FIELD_MAX];
        snprintf(field, sizeof(field), "%s[%.*s]", member,
                 (int)utf8_cut(key, strlen(key), KEY_SHOWN), key);
        if (credential_by_format(cls))
            report_fail(r, field, "key '%s' holds %s", key, credential_text(cls));
        else if (cls == CREDENTIAL_NAMED ||
                 (cls == CREDENTIAL_TEXT && credential_name(str_of(key))))
            report_warn(r, field, "key '%s' looks like it holds a credential", key);
    }
}

static void credential_in_config_map(struct report *r, const struct object *o)
{
    if (public_by_nature(object_name(o)))
        return;
    judge_keys(r, config_map_data(config_map_of(o)), "data");
    judge_keys(r, config_map_binary_data(config_map_of(o)), "binaryData");
}

static bool reads_secret(const struct container *c)
{
    FOR_EACH (env_var, e, container_env(c)) {
        if (env_source_has_secret_key_ref(env_var_value_from(e)))
            return true;
    }
    FOR_EACH (env_from, e, container_env_from(c)) {
        if (env_from_has_secret_ref(e))
            return true;
    }
    return false;
}

static bool uses_secret(const struct workload *w)
{
    FOR_EACH (volume, v, pod_spec_volumes(w->spec)) {
        if (volume_has_secret(v))
            return true;
    }
    FOR_EACH (container, c, pod_spec_containers(w->spec)) {
        if (reads_secret(c))
            return true;
    }
    return false;
}

static void external_secret_store(struct report *r)
{
    static const struct {
        const char *group, *plural;
    } stores[] = {
        {"external-secrets.io",         "externalsecrets"      },
        { "secrets-store.csi.x-k8s.io", "secretproviderclasses"},
        { "bitnami.com",                "sealedsecrets"        },
        { "secrets.hashicorp.com",      NULL                   },
        { "ricoberger.de",              "vaultsecrets"         },
    };

    bool used = false;

    for (size_t i = 0; i < ARRAY_SIZE(stores); i++) {
        if (join_crd(r->join, stores[i].group, stores[i].plural))
            return;
    }
    for (uint32_t i = 0; !used && i < r->join->walk.n; i++)
        used = uses_secret(r->join->walk.units[i]);
    if (used)
        report_warn(
            r, "",
            "no external secret store was found (External Secrets, Secrets Store CSI, Sealed Secrets, Vault)");
    else
        report_skip(r, SKIP_NO_OBJECTS, "no workload uses a Secret");
}

CHECK_TABLE(
    security_secrets, CHECK_SECURITY,
    { .id = "security/secret-in-env",
      .title = "Secrets reach containers as files and not as variables",
      .remediation =
          "Mount the Secret as a volume; variables leak into logs, dumps and child processes.",
      .frameworks = "CIS-5.4.1 NSA-SEC C-0207",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 1,
      .sets = SET_ALL,
      .per_container = secret_in_env },
    { .id = "security/hardcoded-credential-env",
      .title = "No variable holds a credential as text",
      .remediation =
          "Move the value into a Secret and refer to it; change the credential, since it has been published.",
      .frameworks = "CIS-5.4.1 NSA-SEC C-0012 C-0259",
      .aliases = "security.hardcoded-secrets",
      .severity = CHECK_CRITICAL,
      .tier = 1,
      .sets = SET_ALL,
      .per_container = hardcoded_env },
    { .id = "security/credential-in-args",
      .title = "No command line holds a credential",
      .remediation = "Read the credential from a mounted Secret.",
      .frameworks = "NSA-SEC C-0012",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 2,
      .sets = SET_ALL,
      .per_container = credential_in_args },
    { .id = "security/credential-in-configmap",
      .title = "No ConfigMap holds a credential",
      .remediation =
          "Move the value into a Secret or an external secret store and change the credential.",
      .frameworks = "CIS-5.4.1 NSA-SEC C-0012",
      .aliases = "security.secrets-in-configmaps",
      .severity = CHECK_HIGH,
      .tier = 1,
      .kinds = KIND_BIT(KIND_CONFIG_MAP),
      .per_object = credential_in_config_map },
    { .id = "security/external-secret-store",
      .title = "Secrets come from an external store",
      .remediation =
          "Consider External Secrets, the Secrets Store CSI driver, Sealed Secrets or Vault.",
      .frameworks = "CIS-5.4.2 NSA-SEC C-0208 C-0234",
      .aliases = "security.external-secrets-usage",
      .severity = CHECK_LOW,
      .tier = 1,
      .flags = CHECK_LIVE | CHECK_ALL_NAMESPACES,
      .reads = KIND_BIT(KIND_CUSTOM_RESOURCE_DEFINITION),
      .per_cluster = external_secret_store }, );
