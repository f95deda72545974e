// SPDX-License-Identifier: Apache-2.0
// Isolation of single containers: the Pod Security Standards' container controls and their
// neighbours. A value at Pod level that is bad in itself is reported once, with the first container
// (checks-catalog.md §0.2).
#include "controller/checks/report.h"
#include "controller/checks/security.h"

static bool relaxed_by_user_namespace(const struct pod_view *p)
{
    return p->user_namespace && (p->server_minor == 0 || p->server_minor >= 35);
}

static void privileged(struct report *r, const struct pod_view *p unused_arg,
                       const struct container_view *c)
{
    if (is_privileged(c))
        report_fail(
            r, "securityContext.privileged",
            "is privileged (all capabilities, no seccomp, full access to the node's devices)");
}

static void host_port(struct report *r, const struct pod_view *p, const struct container_view *c)
{
    uint32_t i = 0;

    if (pod_spec_host_network(p->spec))
        return; // the API server copies the port; host-network says it
    FOR_EACH (container_port, port, container_ports(c->c)) {
        if (container_port_host_port(port)) {
            char field[REPORT_FIELD_MAX];
            snprintf(field, sizeof(field), "ports[%" PRIu32 "].hostPort", i);
            report_fail(r, field, "binds port %d of the node", container_port_host_port(port));
        }
        i++;
    }
}

static void windows_host_process(struct report *r, const struct pod_view *p,
                                 const struct container_view *c)
{
    if (r->first && windows_options_host_process(pod_security_context_windows_options(psc_of(p)))) {
        report_at(r, NULL);
        report_fail(r, "securityContext.windowsOptions.hostProcess",
                    "the Pod runs as host process");
        report_at(r, c);
    }
    if (windows_options_host_process(security_context_windows_options(sc_of(c))))
        report_fail(r, "securityContext.windowsOptions.hostProcess", "runs as host process");
}

static void privilege_escalation(struct report *r, const struct pod_view *p unused_arg,
                                 const struct container_view *c)
{
    const struct security_context *sc = sc_of(c);

    if (is_privileged(c))
        return;
    if (!security_context_has_allow_privilege_escalation(sc))
        report_fail(r, "securityContext.allowPrivilegeEscalation",
                    "does not set allowPrivilegeEscalation to false (the default is true)");
    else if (security_context_allow_privilege_escalation(sc))
        report_fail(r, "securityContext.allowPrivilegeEscalation", "allows privilege escalation");
    else if (capability_added(c, "SYS_ADMIN"))
        report_fail(r, "securityContext.allowPrivilegeEscalation",
                    "forbids privilege escalation but adds SYS_ADMIN, which makes it ineffective");
}

// Returns true when the Pod or the container has an effective user other than root.
static bool has_user(const struct pod_view *p, const struct container_view *c)
{
    const struct security_context *sc = sc_of(c);

    if (security_context_has_run_as_user(sc))
        return security_context_run_as_user(sc) > 0;
    return pod_security_context_run_as_user(psc_of(p)) > 0;
}

static void run_as_non_root(struct report *r, const struct pod_view *p,
                            const struct container_view *c)
{
    const struct pod_security_context *psc = psc_of(p);
    const struct security_context *sc = sc_of(c);
    bool pod_true = pod_security_context_run_as_non_root(psc);

    if (relaxed_by_user_namespace(p))
        return;
    if (r->first && pod_security_context_has_run_as_non_root(psc) && !pod_true) {
        report_at(r, NULL);
        report_fail(r, "securityContext.runAsNonRoot", "the Pod sets runAsNonRoot to false");
        report_at(r, c);
    }
    if (security_context_has_run_as_non_root(sc)) {
        if (!security_context_run_as_non_root(sc))
            report_fail(r, "securityContext.runAsNonRoot", "sets runAsNonRoot to false");
    } else if (!pod_true && !p->windows && has_user(p, c)) {
        report_warn(r, "securityContext.runAsNonRoot",
                    "runs as a user other than root but does not enforce it with runAsNonRoot");
    } else if (!pod_true) {
        report_fail(r, "securityContext.runAsNonRoot", "may run as root (runAsNonRoot is not set)");
    }
}

static void run_as_user_root(struct report *r, const struct pod_view *p,
                             const struct container_view *c)
{
    const struct pod_security_context *psc = psc_of(p);
    const struct security_context *sc = sc_of(c);

    if (relaxed_by_user_namespace(p))
        return;
    if (r->first && pod_security_context_has_run_as_user(psc) &&
        pod_security_context_run_as_user(psc) == 0) {
        report_at(r, NULL);
        report_fail(r, "securityContext.runAsUser", "the Pod sets runAsUser to 0");
        report_at(r, c);
    }
    if (security_context_has_run_as_user(sc) && security_context_run_as_user(sc) == 0)
        report_fail(r, "securityContext.runAsUser", "sets runAsUser to 0");
}

static bool has_group_root(struct rlist groups)
{
    for (uint32_t i = 0; i < groups.n; i++) {
        if (rlist_number(groups, i) == 0)
            return true;
    }
    return false;
}

static void run_as_group_root(struct report *r, const struct pod_view *p,
                              const struct container_view *c)
{
    const struct pod_security_context *psc = psc_of(p);
    const struct security_context *sc = sc_of(c);

    if (r->first) {
        report_at(r, NULL);
        if (pod_security_context_has_fs_group(psc) && pod_security_context_fs_group(psc) == 0)
            report_warn(r, "securityContext.fsGroup", "the Pod sets fsGroup to 0");
        if (has_group_root(pod_security_context_supplemental_groups(psc)))
            report_warn(r, "securityContext.supplementalGroups",
                        "the Pod has 0 among its supplementalGroups");
        report_at(r, c);
    }
    bool own = security_context_has_run_as_group(sc);
    bool set = own || pod_security_context_has_run_as_group(psc);
    int64_t group =
        own ? security_context_run_as_group(sc) : pod_security_context_run_as_group(psc);
    if (set && group == 0)
        report_warn(r, own ? "securityContext.runAsGroup" : "", "runs with group 0");
}

static void low_uid_gid(struct report *r, const struct pod_view *p, const struct container_view *c)
{
    const struct pod_security_context *psc = psc_of(p);
    const struct security_context *sc = sc_of(c);
    int64_t user = security_context_has_run_as_user(sc) ? security_context_run_as_user(sc)
                                                        : pod_security_context_run_as_user(psc);
    int64_t group = security_context_has_run_as_group(sc) ? security_context_run_as_group(sc)
                                                          : pod_security_context_run_as_group(psc);

    if (user < 10000)
        report_warn(r, "securityContext.runAsUser", "runs with a user id below 10000");
    if (group < 10000)
        report_warn(r, "securityContext.runAsGroup", "runs with a group id below 10000");
}

static void read_only_root(struct report *r, const struct pod_view *p unused_arg,
                           const struct container_view *c)
{
    if (!security_context_read_only_root_filesystem(sc_of(c)))
        report_fail(r, "securityContext.readOnlyRootFilesystem", "has a writable root file system");
}

static void proc_mount_unmasked(struct report *r, const struct pod_view *p,
                                const struct container_view *c)
{
    enum proc_mount m = security_context_proc_mount(sc_of(c));

    if (m == PROC_MOUNT_ABSENT || m == PROC_MOUNT_DEFAULT)
        return;
    if (relaxed_by_user_namespace(p) && !r->profile->restricted)
        return;
    report_fail(r, "securityContext.procMount", "mounts /proc without the default masks");
}

static bool non_root(const struct pod_view *p, const struct container_view *c)
{
    const struct security_context *sc = sc_of(c);

    if (has_user(p, c))
        return true;
    return security_context_has_run_as_non_root(sc)
               ? security_context_run_as_non_root(sc)
               : pod_security_context_run_as_non_root(psc_of(p));
}

static bool low_ports_allowed(const struct pod_view *p)
{
    FOR_EACH (sysctl, s, pod_security_context_sysctls(psc_of(p))) {
        const char *name = sysctl_name(s);
        if (name && strcmp(name, "net.ipv4.ip_unprivileged_port_start") == 0)
            return true;
    }
    return false;
}

static void privileged_ports(struct report *r, const struct pod_view *p,
                             const struct container_view *c)
{
    if (!non_root(p, c) || capability_added(c, "NET_BIND_SERVICE") || low_ports_allowed(p))
        return;
    FOR_EACH (container_port, port, container_ports(c->c)) {
        int32_t n = container_port_container_port(port);
        if (n >= 1 && n <= 1023)
            report_warn(r, "ports", "listens on port %d without root and NET_BIND_SERVICE", n);
    }
}

// The API server writes {} into every Pod that says nothing, so being there is not enough.
static bool pod_says_nothing(const struct pod_security_context *psc)
{
    return !pod_security_context_has_run_as_non_root(psc) &&
           !pod_security_context_has_run_as_user(psc) &&
           !pod_security_context_has_run_as_group(psc) && !pod_security_context_has_fs_group(psc) &&
           pod_security_context_supplemental_groups(psc).n == 0 &&
           pod_security_context_sysctls(psc).n == 0 && !pod_security_context_seccomp_profile(psc) &&
           !pod_security_context_apparmor_profile(psc) &&
           !pod_security_context_selinux_options(psc) && !pod_security_context_windows_options(psc);
}

static void context_missing(struct report *r, const struct pod_view *p,
                            const struct container_view *c)
{
    if (pod_says_nothing(psc_of(p)) && !sc_of(c))
        report_warn(r, "securityContext", "has no security context, nor has its Pod");
}

static void hardening_absent(struct report *r, const struct pod_view *p,
                             const struct container_view *c)
{
    const struct security_context *sc = sc_of(c);
    const struct pod_security_context *psc = psc_of(p);

    if (capabilities_drop(security_context_capabilities(sc)).n)
        return;
    if (security_context_seccomp_profile(sc) || pod_security_context_seccomp_profile(psc))
        return;
    if (security_context_apparmor_profile(sc) || pod_security_context_apparmor_profile(psc))
        return;
    if (security_context_selinux_options(sc) || pod_security_context_selinux_options(psc))
        return;
    report_warn(r, "securityContext",
                "has none of dropped capabilities, seccomp, AppArmor and SELinux");
}

CHECK_TABLE(
    security_container, CHECK_SECURITY,
    { .id = "security/privileged-container",
      .title = "No container is privileged",
      .remediation =
          "Remove securityContext.privileged and add only the capabilities that are needed.",
      .frameworks = "PSS-B:privileged CIS-5.2.2 NSA-PSE C-0057 C-0193 C-0213",
      .aliases = "security.privileged-containers",
      .severity = CHECK_CRITICAL,
      .tier = 1,
      .sets = SET_ALL,
      .per_container = privileged },
    { .id = "security/privilege-escalation",
      .title = "Containers cannot gain privileges",
      .remediation = "Set securityContext.allowPrivilegeEscalation to false in every container.",
      .frameworks = "PSS-R:allowPrivilegeEscalation CIS-5.2.6 NSA-PSE C-0016 C-0197 C-0217",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 1,
      .pss_since = 8,
      .pss_windows = 25,
      .flags = CHECK_LINUX,
      .sets = SET_ALL,
      .per_container = privilege_escalation },
    { .id = "security/run-as-non-root",
      .title = "Containers are kept from running as root",
      .remediation = "Set securityContext.runAsNonRoot to true and a runAsUser above 0.",
      .frameworks = "PSS-R:runAsNonRoot CIS-5.2.7 NSA-NR C-0013 C-0198 C-0218",
      .aliases = "security.run-as-non-root",
      .severity = CHECK_HIGH,
      .tier = 1,
      .sets = SET_ALL,
      .per_container = run_as_non_root },
    { .id = "security/run-as-user-root",
      .title = "No container asks for user 0",
      .remediation = "Set runAsUser to a number above 0, or leave it out and set runAsNonRoot.",
      .frameworks = "PSS-R:runAsUser CIS-5.2.7 NSA-NR C-0013",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 1,
      .pss_since = 23,
      .flags = CHECK_LINUX,
      .sets = SET_ALL,
      .per_container = run_as_user_root },
    { .id = "security/run-as-group-root",
      .title = "No container runs with group 0",
      .remediation = "Set runAsGroup, fsGroup and supplementalGroups to numbers above 0.",
      .frameworks = "NSA-NR C-0013",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 1,
      .flags = CHECK_LINUX,
      .sets = SET_ALL,
      .per_container = run_as_group_root },
    { .id = "security/low-uid-gid",
      .title = "User and group ids are 10000 or higher",
      .remediation = "Use runAsUser and runAsGroup of at least 10000, which no host account has.",
      .frameworks = "NSA-NR",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 1,
      .flags = CHECK_LINUX | CHECK_OFF,
      .sets = SET_ALL,
      .per_container = low_uid_gid },
    { .id = "security/host-port",
      .title = "No container binds a port of the node",
      .remediation = "Remove hostPort and reach the Pod through a Service.",
      .frameworks = "PSS-B:hostPorts CIS-5.2.12 NSA-PSE C-0044 C-0204",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 1,
      .sets = SET_ALL,
      .per_container = host_port },
    { .id = "security/windows-host-process",
      .title = "No Windows container runs as host process",
      .remediation = "Remove windowsOptions.hostProcess.",
      .frameworks = "PSS-B:windowsHostProcess CIS-5.2.10 C-0202",
      .aliases = "",
      .severity = CHECK_CRITICAL,
      .tier = 1,
      .sets = SET_ALL,
      .per_container = windows_host_process },
    { .id = "security/read-only-root-filesystem",
      .title = "Root file systems are read-only",
      .remediation =
          "Set readOnlyRootFilesystem to true and mount an emptyDir where the program writes.",
      .frameworks = "NSA-RO C-0017",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 1,
      .flags = CHECK_LINUX,
      .sets = SET_STARTED,
      .per_container = read_only_root },
    { .id = "security/proc-mount",
      .title = "/proc keeps its default masks",
      .remediation = "Remove procMount, or set hostUsers to false on Kubernetes 1.35 or newer.",
      .frameworks = "PSS-B:procMount PSS-R:procMount",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 1,
      .flags = CHECK_LINUX,
      .sets = SET_ALL,
      .per_container = proc_mount_unmasked },
    { .id = "security/privileged-ports",
      .title = "Containers without root listen on ports above 1023",
      .remediation = "Listen on a port above 1023 and map it in the Service.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 1,
      .flags = CHECK_LINUX,
      .sets = SET_ALL,
      .per_container = privileged_ports },
    { .id = "security/security-context-missing",
      .title = "Every container has a security context, its own or its Pod's",
      .remediation = "Add a securityContext to the Pod and to its containers.",
      .frameworks = "CIS-5.6.3 NSA-PSE C-0211",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 1,
      .flags = CHECK_ROLLUP,
      .sets = SET_STARTED,
      .per_container = context_missing },
    { .id = "security/linux-hardening-absent",
      .title = "Every container has at least one Linux hardening setting",
      .remediation = "Drop capabilities and set a seccomp profile.",
      .frameworks = "CIS-5.6.3 C-0055 C-0211",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 1,
      .flags = CHECK_LINUX | CHECK_ROLLUP,
      .sets = SET_ALL,
      .per_container = hardening_absent }, );
