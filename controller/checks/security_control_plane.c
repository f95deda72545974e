// SPDX-License-Identifier: Apache-2.0
// The control plane, where it runs as mirror Pods: flags of its programs as the CIS benchmark wants
// them. A managed control plane shows none. What only the nodes show is listed as manual.
#include "apis/argument.h"
#include "controller/checks/join.h"
#include "controller/checks/report.h"

enum rule {
    IS,     // has all bits of the value
    ISNT,   // has none of them
    LEAST,  // a number of at least the value
    MOST,   // a number of at most the value
    ABSENT, // not given
};

struct control {
    const char *id, *cis, *program;
    enum argument_flag flag;
    enum rule rule;
    uint32_t value;
    bool absent; // holds when the flag is absent
    enum verdict verdict;
    const char *set;
};

static const struct control controls[] = {
#define CONTROL(id, cis, ks, program, flag, rule, value, absent, verdict, sev, title, set)         \
    { "security/" id, cis, program, ARG_##flag, rule, value, absent, VERDICT_##verdict, set },
#include "controller/checks/control_plane.def"
#undef CONTROL
};

// A flag that does the work of another.
static enum argument_flag instead_of(enum argument_flag f)
{
    switch (f) {
    case ARG_ANONYMOUS_AUTH:
        return ARG_AUTHENTICATION_CONFIG;
    case ARG_AUTHORIZATION_MODE:
        return ARG_AUTHORIZATION_CONFIG;
    case ARG_AUDIT_LOG_PATH:
        return ARG_AUDIT_WEBHOOK;
    default:
        return ARG_NONE;
    }
}

// A certificate is worth nothing without its key.
static enum argument_flag key_of(enum argument_flag f)
{
    switch (f) {
    case ARG_KUBELET_CERT:
        return ARG_KUBELET_KEY;
    case ARG_ETCD_CERT:
        return ARG_ETCD_KEY;
    case ARG_TLS_CERT:
        return ARG_TLS_KEY;
    case ARG_CERT_FILE:
        return ARG_KEY_FILE;
    case ARG_PEER_CERT:
        return ARG_PEER_KEY;
    default:
        return ARG_NONE;
    }
}

static void look_for(struct rlist words, enum argument_flag f, bool *given, uint32_t *value)
{
    FOR_EACH_WORD (w, words) {
        if (argument_flag(w) != f)
            continue;
        *given = true;
        *value = argument_value(w); // the last one wins
    }
}

static bool find_flag(const struct container *c, enum argument_flag f, uint32_t *value)
{
    bool given = false;

    *value = 0;
    look_for(container_command(c), f, &given, value);
    look_for(container_args(c), f, &given, value);
    return given;
}

static bool follows(const struct control *k, bool given, uint32_t value)
{
    if (!given)
        return k->absent;
    switch (k->rule) {
    case IS:
        return (value & k->value) == k->value;
    case ISNT:
        return (value & k->value) == 0;
    case LEAST:
        return value >= k->value;
    case MOST:
        return value <= k->value;
    default:
        return false;
    }
}

static bool holds(const struct control *k, const struct container *c)
{
    uint32_t value, other;
    bool given = find_flag(c, k->flag, &value);

    if (instead_of(k->flag) && find_flag(c, instead_of(k->flag), &other))
        return true;
    if (key_of(k->flag) && !find_flag(c, key_of(k->flag), &other))
        return false;
    return follows(k, given, value);
}

// Of ten thousand Pods nearly all are told by their namespace.
static bool is_mirror(const struct object *pod)
{
    if (strcmp(object_namespace(pod), "kube-system") != 0)
        return false;
    return rmap_get(object_meta_annotations(object_meta_of(pod)), "kubernetes.io/config.mirror");
}

static const struct container *program_of(const struct object *pod, const char *program)
{
    FOR_EACH (container, c, pod_spec_containers(object_pod_spec(pod))) {
        if (strcmp(text_or(container_name(c), ""), program) == 0)
            return c;
    }
    return NULL;
}

// How many Pods of the control plane run the program, and the first by name of those that do not
// follow the control.
static uint32_t judge(const struct report *r, const struct control *k, const struct object **first)
{
    uint32_t n = 0;

    *first = NULL;
    FOR_EACH_OBJECT(o, r->snapshot, KIND_POD)
    {
        const struct container *c = is_mirror(o) ? program_of(o, k->program) : NULL;
        if (!c)
            continue;
        n++;
        if (!holds(k, c) && (!*first || strcmp(object_name(o), object_name(*first)) < 0))
            *first = o;
    }
    return n;
}

static void one_control(struct report *r, const struct control *k)
{
    const struct object *first;

    if (judge(r, k, &first) == 0)
        report_skip(r, SKIP_NOT_APPLICABLE, "no mirror Pod runs %s: it is managed elsewhere",
                    k->program);
    else if (first)
        report_as(r, k->verdict, "", "Pod %s: the benchmark wants %s", object_name(first), k->set);
}

static void by_id(struct report *r)
{
    for (size_t i = 0; i < ARRAY_SIZE(controls); i++) {
        if (strcmp(controls[i].id, r->check->id) == 0)
            one_control(r, &controls[i]);
    }
}

static void all_flags(struct report *r)
{
    uint32_t found = 0;

    for (size_t i = 0; i < ARRAY_SIZE(controls); i++) {
        const struct object *first;
        found += judge(r, &controls[i], &first);
        if (first)
            report_as(r, controls[i].verdict, "", "%s of %s: %s", controls[i].cis,
                      controls[i].program, controls[i].set);
    }
    if (!found)
        report_skip(r, SKIP_NOT_APPLICABLE, "the control plane does not run as mirror Pods");
}

static void one_flag(struct report *r, const char *id)
{
    for (size_t i = 0; i < ARRAY_SIZE(controls); i++) {
        if (strcmp(controls[i].id, id) == 0)
            one_control(r, &controls[i]);
    }
}

static void encryption(struct report *r)
{
    one_flag(r, "security/cis-1-2-27-encryption-provider-config");
}

static void audit(struct report *r)
{
    static const char *const ids[] = {
        "security/cis-1-2-16-audit-log-path",      "security/cis-1-2-17-audit-log-maxage",
        "security/cis-1-2-18-audit-log-maxbackup", "security/cis-1-2-19-audit-log-maxsize",
        "security/cis-3-2-1-audit-policy",
    };

    for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
        one_flag(r, ids[i]);
}

static void manual(struct report *r)
{
    report_skip(r, SKIP_MANUAL, "the API does not show it; look on the nodes");
}

#define CIS_FLAGS (CHECK_LIVE | CHECK_ALL_NAMESPACES)

// clang-format off
// The arguments of a macro cannot include a file, so this table is spelled out.
static const struct check control_plane_checks[] = {
    { .id = "security/control-plane-flags",
      .title = "The control plane's programs run with the flags of the CIS benchmark",
      .remediation = "Change the flags in the static manifests of the control plane.",
      .frameworks = "NSA-CP C-0005 C-0088 C-0069 C-0070",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 1,
      .flags = CHECK_LIVE | CHECK_ALL_NAMESPACES | CHECK_ROLLUP,
      .reads = KIND_BIT(KIND_POD),
      .per_cluster = all_flags },
    { .id = "security/secrets-encryption-at-rest",
      .title = "Secrets are encrypted where they are stored",
      .remediation = "Start kube-apiserver with --encryption-provider-config.",
      .frameworks = "CIS-1.2.27 CIS-1.2.28 NSA-ENC NSA-SEC C-0066 C-0141 C-0142 C-0244",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 1,
      .flags = CIS_FLAGS,
      .reads = KIND_BIT(KIND_POD),
      .per_cluster = encryption },
#define CONTROL(name, cis, ks, program, flag, rule, value, absent, verdict, sev, says, set)        \
    { .id = "security/" name,                                                                      \
      .title = says,                                                                               \
      .remediation = "The benchmark wants " set ".",                                               \
      .frameworks = "CIS-" cis ks,                                                                 \
      .aliases = "",                                                                               \
      .severity = CHECK_##sev,                                                                     \
      .tier = 2,                                                                                   \
      .flags = CIS_FLAGS,                                                                          \
      .reads = KIND_BIT(KIND_POD),                                                                 \
      .per_cluster = by_id },
#include "controller/checks/control_plane.def"
#undef CONTROL
#define MANUAL(name, cis, ks, says, fix)                                                           \
    { .id = "security/" name,                                                                      \
      .title = says,                                                                               \
      .remediation = fix,                                                                          \
      .frameworks = "CIS-" cis ks,                                                                 \
      .aliases = "",                                                                               \
      .severity = CHECK_LOW,                                                                       \
      .tier = 2,                                                                                   \
      .flags = CHECK_ALL_NAMESPACES | CHECK_MANUAL,                                                \
      .per_cluster = manual },
#include "controller/checks/control_plane_manual.def"
#undef MANUAL
};
// clang-format on

const struct pillar_table pillar_security_control_plane = { CHECK_SECURITY, control_plane_checks,
                                                            ARRAY_SIZE(control_plane_checks) };

CHECK_TABLE(
    operations_audit, CHECK_OPERATIONS,
    { .id = "operational-excellence/audit-logging",
      .title = "The API server writes an audit log that is kept long enough",
      .remediation =
          "Give kube-apiserver an audit policy and --audit-log-path, with maxage 30, maxbackup 10 and maxsize 100.",
      .frameworks =
          "CIS-1.2.16 CIS-1.2.17 CIS-1.2.18 CIS-1.2.19 CIS-3.2.1 CIS-3.2.2 NSA-AUD C-0067 C-0130 C-0131 C-0132 C-0133 C-0160 C-0161 C-0254",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 1,
      .flags = CIS_FLAGS,
      .reads = KIND_BIT(KIND_POD),
      .per_cluster = audit }, );
