// SPDX-License-Identifier: Apache-2.0
// Linux capabilities of containers. An added capability counts even when ALL is dropped: the
// runtime adds after it drops.
#include "controller/checks/report.h"
#include "controller/checks/security.h"
#include <strings.h>

static const char *const dangerous[] = {
    "ALL",          "SYS_ADMIN", "SYS_MODULE",         "SYS_PTRACE",
    "SYS_RAWIO",    "SYS_BOOT",  "SYS_TIME",           "NET_ADMIN",
    "BPF",          "PERFMON",   "DAC_READ_SEARCH",    "MAC_ADMIN",
    "MAC_OVERRIDE", "SYSLOG",    "CHECKPOINT_RESTORE", NULL,
};
static const char *const baseline[] = {
    "AUDIT_WRITE",      "CHOWN",   "DAC_OVERRIDE", "FOWNER",  "FSETID", "KILL",       "MKNOD",
    "NET_BIND_SERVICE", "SETFCAP", "SETGID",       "SETPCAP", "SETUID", "SYS_CHROOT", NULL,
};

static const char *bare(const char *cap)
{
    return strncasecmp(cap, "CAP_", 4) == 0 ? cap + 4 : cap;
}

static bool among(const char *const *names, const char *cap)
{
    for (; *names; names++) {
        if (strcasecmp(*names, bare(cap)) == 0)
            return true;
    }
    return false;
}

static const struct capabilities *caps_of(const struct container_view *c)
{
    return security_context_capabilities(container_security_context(c->c));
}

bool capability_added(const struct container_view *c, const char *name)
{
    FOR_EACH_ATOM (a, capabilities_add(caps_of(c))) {
        const char *cap = bare(atom_str(a));
        if (strcasecmp(cap, name) == 0 || strcasecmp(cap, "ALL") == 0)
            return true;
    }
    return false;
}

static bool dropped(const struct container_view *c, const char *name)
{
    FOR_EACH_ATOM (a, capabilities_drop(caps_of(c))) {
        if (strcasecmp(bare(atom_str(a)), name) == 0)
            return true;
    }
    return false;
}

static void added_dangerous(struct report *r, const struct pod_view *p unused_arg,
                            const struct container_view *c)
{
    FOR_EACH_ATOM (a, capabilities_add(caps_of(c))) {
        if (among(dangerous, atom_str(a)))
            report_fail(r, "securityContext.capabilities.add", "adds the dangerous capability %s",
                        atom_str(a));
    }
}

// The Pod Security Standards compare the text as it is: CAP_CHOWN and chown are not CHOWN.
static void added_beyond_baseline(struct report *r, const struct pod_view *p unused_arg,
                                  const struct container_view *c)
{
    FOR_EACH_ATOM (a, capabilities_add(caps_of(c))) {
        if (!str_is_one_of(atom_str(a), baseline))
            report_fail(r, "securityContext.capabilities.add",
                        among(baseline, atom_str(a))
                            ? "adds %s in a spelling that the Pod Security Standards refuse"
                            : "adds %s, which is not one of the baseline capabilities",
                        atom_str(a));
    }
}

static void net_raw(struct report *r, const struct pod_view *p unused_arg,
                    const struct container_view *c)
{
    if (capability_added(c, "NET_RAW"))
        report_fail(r, "securityContext.capabilities.add", "adds NET_RAW");
    else if (!is_privileged(c) && !dropped(c, "NET_RAW") && !dropped(c, "ALL"))
        report_warn(r, "securityContext.capabilities.drop",
                    "keeps NET_RAW, which the runtime grants by default");
}

static void drop_all(struct report *r, const struct pod_view *p unused_arg,
                     const struct container_view *c)
{
    if (is_privileged(c))
        return;
    FOR_EACH_ATOM (a, capabilities_drop(caps_of(c))) {
        if (strcmp(atom_str(a), "ALL") == 0)
            return;
    }
    if (dropped(c, "ALL"))
        report_fail(
            r, "securityContext.capabilities.drop",
            "drops ALL in another spelling, which the Pod Security Standards do not accept");
    else
        report_fail(r, "securityContext.capabilities.drop", "does not drop ALL capabilities");
}

static void restricted_add(struct report *r, const struct pod_view *p unused_arg,
                           const struct container_view *c)
{
    if (!dropped(c, "ALL"))
        return;
    FOR_EACH_ATOM (a, capabilities_add(caps_of(c))) {
        if (strcasecmp(bare(atom_str(a)), "NET_BIND_SERVICE") != 0)
            report_warn(r, "securityContext.capabilities.add",
                        "drops ALL but adds %s; only NET_BIND_SERVICE is accepted", atom_str(a));
    }
}

CHECK_TABLE(
    security_capabilities, CHECK_SECURITY,
    { .id = "security/capabilities-dangerous",
      .title = "No container adds a capability that gives power over the node",
      .remediation = "Remove the capability; drop ALL and add back only what the program needs.",
      .frameworks = "PSS-B:capabilities CIS-5.2.9 NSA-PSE C-0046 C-0200 C-0219",
      .aliases = "security.capabilities-validation",
      .severity = CHECK_CRITICAL,
      .tier = 1,
      .flags = CHECK_LINUX,
      .sets = SET_ALL,
      .per_container = added_dangerous },
    { .id = "security/capabilities-baseline",
      .title = "Added capabilities are within the baseline set",
      .remediation = "Add only capabilities of the baseline Pod Security Standard.",
      .frameworks = "PSS-B:capabilities CIS-5.2.9 C-0046 C-0200 C-0219",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 1,
      .flags = CHECK_LINUX,
      .sets = SET_ALL,
      .per_container = added_beyond_baseline },
    { .id = "security/capability-net-raw",
      .title = "NET_RAW is dropped",
      .remediation = "Drop NET_RAW or ALL in securityContext.capabilities.",
      .frameworks = "CIS-5.2.8 C-0199",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 1,
      .flags = CHECK_LINUX,
      .sets = SET_ALL,
      .per_container = net_raw },
    { .id = "security/capabilities-drop-all",
      .title = "Every container drops ALL capabilities",
      .remediation = "Set securityContext.capabilities.drop to [ALL].",
      .frameworks = "PSS-R:capabilities CIS-5.2.9 C-0055 C-0201 C-0220",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 1,
      .pss_since = 22,
      .pss_windows = 25,
      .flags = CHECK_LINUX,
      .sets = SET_ALL,
      .per_container = drop_all },
    { .id = "security/capabilities-restricted-add",
      .title = "After dropping ALL, only NET_BIND_SERVICE is added back",
      .remediation = "Remove the other added capabilities.",
      .frameworks = "PSS-R:capabilities CIS-5.2.9 C-0201",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 1,
      .pss_since = 22,
      .pss_windows = 25,
      .flags = CHECK_LINUX,
      .sets = SET_ALL,
      .per_container = restricted_add }, );
