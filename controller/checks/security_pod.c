// SPDX-License-Identifier: Apache-2.0
// What a Pod takes from its node: namespaces, paths, kernel parameters.
#include "controller/checks/join.h"
#include "controller/checks/report.h"
#include "controller/checks/security.h"

#define PATH_MAX_CLEAN 1024

static void host_network(struct report *r, const struct pod_view *p)
{
    if (pod_spec_host_network(p->spec))
        report_fail(r, "hostNetwork", "uses the network of the node");
}

static void host_pid(struct report *r, const struct pod_view *p)
{
    if (pod_spec_host_pid(p->spec))
        report_fail(r, "hostPID", "sees the processes of the node");
}

static void host_ipc(struct report *r, const struct pod_view *p)
{
    if (pod_spec_host_ipc(p->spec))
        report_fail(r, "hostIPC", "shares the IPC namespace of the node");
}

// Path without double slashes, ".", ".." and a slash at the end; "/" stays.
static const char *clean_path(const char *path, char ret[PATH_MAX_CLEAN])
{
    struct str rest = str_of(path), part;
    size_t n = 0;

    while (str_split(&rest, '/', &part)) {
        if (part.n == 0 || str_eq(part, "."))
            continue;
        if (str_eq(part, "..")) {
            while (n > 0 && ret[--n] != '/')
                ;
            continue;
        }
        if (n + part.n + 2 > PATH_MAX_CLEAN)
            break;
        ret[n++] = '/';
        memcpy(ret + n, part.p, part.n);
        n += part.n;
    }
    if (n == 0)
        ret[n++] = '/';
    ret[n] = '\0';
    return ret;
}

// Is `a` the same folder as `b`, or one above it?
static bool same_or_above(const char *a, const char *b)
{
    size_t n = strlen(a);

    if (strcmp(a, "/") == 0)
        return true;
    return strncmp(a, b, n) == 0 && (b[n] == '\0' || b[n] == '/');
}

static void volume_field(char field[REPORT_FIELD_MAX], uint32_t i)
{
    snprintf(field, REPORT_FIELD_MAX, "volumes[%" PRIu32 "].hostPath.path", i);
}

// A claim can be the way round: its PersistentVolume may be a path of the node.
static bool claims_host_path(const struct report *r, const struct volume *v)
{
    const char *name = claim_volume_claim_name(volume_persistent_volume_claim(v));
    const struct object *claim =
        name ? join_find(r->join, KIND_PERSISTENT_VOLUME_CLAIM, r->workload->ns, name) : NULL;
    const struct object *pv = NULL;

    if (claim)
        pv = join_find(r->join, KIND_PERSISTENT_VOLUME, 0,
                       claim_spec_volume_name(
                           persistent_volume_claim_spec(persistent_volume_claim_of(claim))));
    if (!pv)
        return false;
    const struct persistent_volume_spec *spec = persistent_volume_spec(persistent_volume_of(pv));
    return persistent_volume_spec_has_host_path(spec) || persistent_volume_spec_has_local(spec);
}

static void host_path(struct report *r, const struct pod_view *p)
{
    char field[REPORT_FIELD_MAX], path[PATH_MAX_CLEAN];
    uint32_t i = 0;

    FOR_EACH (volume, v, pod_spec_volumes(p->spec)) {
        const char *name = text_or(volume_name(v), "");
        volume_field(field, i++);
        if (volume_has_host_path(v))
            report_fail(r, field, "volume '%s' is the node's %s", name,
                        clean_path(text_or(host_path_path(volume_host_path(v)), ""), path));
        else if (!r->profile->standard && claims_host_path(r, v))
            report_fail(r, "volumes", "volume '%s' claims a PersistentVolume on the node", name);
    }
}

static const char *const sensitive[] = {
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/proc",
    "/root",
    "/sys",
    "/usr",
    "/var/lib/kubelet",
    "/var/lib/etcd",
    "/var/lib/docker",
    "/var/lib/containerd",
    "/var/run",
    "/run",
    "/var/log",
};

static void host_path_sensitive(struct report *r, const struct pod_view *p)
{
    char field[REPORT_FIELD_MAX], path[PATH_MAX_CLEAN];
    uint32_t i = 0;

    FOR_EACH (volume, v, pod_spec_volumes(p->spec)) {
        volume_field(field, i++);
        if (!volume_has_host_path(v))
            continue;
        clean_path(text_or(host_path_path(volume_host_path(v)), ""), path);
        for (size_t k = 0; k < ARRAY_SIZE(sensitive); k++) {
            if (same_or_above(path, sensitive[k]) || same_or_above(sensitive[k], path)) {
                report_fail(r, field, "volume '%s' exposes %s of the node",
                            text_or(volume_name(v), ""), path);
                break;
            }
        }
    }
}

static const struct volume *host_volume(const struct pod_view *p, const char *name)
{
    FOR_EACH (volume, v, pod_spec_volumes(p->spec)) {
        if (volume_has_host_path(v) && strcmp(text_or(volume_name(v), ""), name) == 0)
            return v;
    }
    return NULL;
}

static void host_path_writable(struct report *r, const struct pod_view *p,
                               const struct container_view *c)
{
    uint32_t i = 0;

    FOR_EACH (volume_mount, m, container_volume_mounts(c->c)) {
        const char *name = text_or(volume_mount_name(m), "");
        char field[REPORT_FIELD_MAX];
        snprintf(field, sizeof(field), "volumeMounts[%" PRIu32 "].readOnly", i++);
        if (!volume_mount_read_only(m) && host_volume(p, name))
            report_fail(r, field, "can write to the node through volume '%s'", name);
    }
}

static const char *const sockets[] = {
    "docker.sock",        "containerd/containerd.sock", "crio/crio.sock",  "dockershim.sock",
    "podman/podman.sock", "cri-dockerd.sock",           "containerd.sock", "crio.sock",
    "podman.sock",
};

static enum verdict socket_verdict(const char *path)
{
    static const char *const roots[] = { "/run", "/var/run" };
    enum verdict worst = VERDICT_PASS;
    char full[64];

    for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
        for (size_t k = 0; k < ARRAY_SIZE(sockets); k++) {
            snprintf(full, sizeof(full), "%s/%s", roots[i], sockets[k]);
            if (strcmp(full, path) == 0)
                return VERDICT_FAIL;
            if (same_or_above(path, full))
                worst = VERDICT_WARN;
        }
    }
    return worst;
}

static void runtime_socket(struct report *r, const struct pod_view *p)
{
    char field[REPORT_FIELD_MAX], path[PATH_MAX_CLEAN];
    uint32_t i = 0;

    FOR_EACH (volume, v, pod_spec_volumes(p->spec)) {
        volume_field(field, i++);
        if (!volume_has_host_path(v))
            continue;
        clean_path(text_or(host_path_path(volume_host_path(v)), ""), path);
        enum verdict verdict = socket_verdict(path);
        if (verdict != VERDICT_PASS)
            report_as(r, verdict, field, "volume '%s' %s %s", text_or(volume_name(v), ""),
                      verdict == VERDICT_FAIL ? "is the container runtime's socket"
                                              : "holds the container runtime's socket below",
                      path);
    }
}

// Safe kernel parameters and the minor version from which each counts as safe.
static const struct {
    const char *name;
    int from;
} safe_sysctls[] = {
    {"kernel.shm_rmid_forced",               0 },
    { "net.ipv4.ip_local_port_range",        0 },
    { "net.ipv4.tcp_syncookies",             0 },
    { "net.ipv4.ping_group_range",           0 },
    { "net.ipv4.ip_unprivileged_port_start", 0 },
    { "net.ipv4.ip_local_reserved_ports",    27},
    { "net.ipv4.tcp_keepalive_time",         29},
    { "net.ipv4.tcp_fin_timeout",            29},
    { "net.ipv4.tcp_keepalive_intvl",        29},
    { "net.ipv4.tcp_keepalive_probes",       29},
    { "net.ipv4.tcp_rmem",                   32},
    { "net.ipv4.tcp_wmem",                   32},
    { "net.ipv4.tcp_slow_start_after_idle",  37},
    { "net.ipv4.tcp_notsent_lowat",          37},
};

static bool is_safe(const char *name, int minor)
{
    for (size_t i = 0; i < ARRAY_SIZE(safe_sysctls); i++) {
        if (strcmp(safe_sysctls[i].name, name) == 0)
            return minor == 0 || minor >= safe_sysctls[i].from;
    }
    return false;
}

static void unsafe_sysctls(struct report *r, const struct pod_view *p)
{
    uint32_t i = 0;

    FOR_EACH (sysctl, s, pod_security_context_sysctls(pod_spec_security_context(p->spec))) {
        const char *name = text_or(sysctl_name(s), "");
        char field[REPORT_FIELD_MAX];
        snprintf(field, sizeof(field), "securityContext.sysctls[%" PRIu32 "]", i++);
        if (!is_safe(name, p->server_minor))
            report_fail(r, field, "sets the unsafe kernel parameter %s", name);
    }
}

static void host_aliases(struct report *r, const struct pod_view *p)
{
    if (pod_spec_host_aliases(p->spec).n)
        report_warn(r, "hostAliases", "adds lines to /etc/hosts");
}

static void restricted_volumes(struct report *r, const struct pod_view *p)
{
    char field[REPORT_FIELD_MAX];
    uint32_t i = 0;

    FOR_EACH (volume, v, pod_spec_volumes(p->spec)) {
        snprintf(field, sizeof(field), "volumes[%" PRIu32 "]", i++);
        if (volume_has_other_source(v))
            report_warn(r, field, "volume '%s' is of a type that the restricted standard refuses",
                        text_or(volume_name(v), ""));
    }
}

static bool names_host(const struct http_get *http, const struct tcp_socket *tcp)
{
    return *text_or(http_get_host(http), "") || *text_or(tcp_socket_host(tcp), "");
}

static void judge_probe(struct report *r, const struct probe *p, const char *field)
{
    bool refused = r->snapshot->server_minor == 0 || r->snapshot->server_minor >= 34;

    if (names_host(probe_http_get(p), probe_tcp_socket(p)))
        report_as(r, refused ? VERDICT_FAIL : VERDICT_WARN, field,
                  "lets the kubelet probe another host than the Pod");
}

static void judge_hook(struct report *r, const struct lifecycle_handler *h, const char *field)
{
    bool refused = r->snapshot->server_minor == 0 || r->snapshot->server_minor >= 34;

    if (names_host(lifecycle_handler_http_get(h), lifecycle_handler_tcp_socket(h)))
        report_as(r, refused ? VERDICT_FAIL : VERDICT_WARN, field,
                  "lets the kubelet call another host than the Pod");
}

static void probe_host(struct report *r, const struct pod_view *p unused_arg,
                       const struct container_view *c)
{
    const struct lifecycle *hooks = container_lifecycle(c->c);

    judge_probe(r, container_liveness_probe(c->c), "livenessProbe");
    judge_probe(r, container_readiness_probe(c->c), "readinessProbe");
    judge_probe(r, container_startup_probe(c->c), "startupProbe");
    judge_hook(r, lifecycle_post_start(hooks), "lifecycle.postStart");
    judge_hook(r, lifecycle_pre_stop(hooks), "lifecycle.preStop");
}

CHECK_TABLE(
    security_pod, CHECK_SECURITY,
    { .id = "security/host-network",
      .title = "No workload uses the node's network",
      .remediation = "Remove hostNetwork and reach the Pod through a Service.",
      .frameworks = "PSS-B:hostNamespaces CIS-5.2.5 NSA-PSE C-0041 C-0196 C-0216",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 1,
      .per_pod_spec = host_network },
    { .id = "security/host-pid",
      .title = "No workload sees the node's processes",
      .remediation = "Remove hostPID.",
      .frameworks = "PSS-B:hostNamespaces CIS-5.2.3 NSA-PSE C-0038 C-0194 C-0214 C-0275",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 1,
      .per_pod_spec = host_pid },
    { .id = "security/host-ipc",
      .title = "No workload shares the node's IPC namespace",
      .remediation = "Remove hostIPC.",
      .frameworks = "PSS-B:hostNamespaces CIS-5.2.4 NSA-PSE C-0038 C-0195 C-0215 C-0276",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 1,
      .per_pod_spec = host_ipc },
    { .id = "security/host-path-volume",
      .title = "No workload mounts a path of the node",
      .remediation = "Use a persistentVolumeClaim, configMap or emptyDir in place of hostPath.",
      .frameworks = "PSS-B:hostPathVolumes CIS-5.2.11 NSA-PSE C-0048 C-0203",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 1,
      .flags = CHECK_JOINS,
      .glances = KIND_BIT(KIND_PERSISTENT_VOLUME_CLAIM) | KIND_BIT(KIND_PERSISTENT_VOLUME),
      .per_pod_spec = host_path },
    { .id = "security/host-path-sensitive",
      .title = "No workload mounts a sensitive path of the node",
      .remediation =
          "Remove the hostPath volume or narrow it to a folder that belongs to the workload.",
      .frameworks = "PSS-B:hostPathVolumes CIS-5.2.11 C-0048",
      .aliases = "",
      .severity = CHECK_CRITICAL,
      .tier = 1,
      .per_pod_spec = host_path_sensitive },
    { .id = "security/host-path-writable",
      .title = "Paths of the node are mounted read-only",
      .remediation = "Set readOnly to true on mounts of hostPath volumes.",
      .frameworks = "PSS-B:hostPathVolumes C-0045",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 1,
      .sets = SET_ALL,
      .per_container = host_path_writable },
    { .id = "security/container-runtime-socket",
      .title = "No workload reaches the container runtime's socket",
      .remediation = "Remove the hostPath volume; build images with a tool that needs no daemon.",
      .frameworks = "CIS-5.2.11 NSA-RT C-0074",
      .aliases = "",
      .severity = CHECK_CRITICAL,
      .tier = 1,
      .per_pod_spec = runtime_socket },
    { .id = "security/unsafe-sysctls",
      .title = "Only safe kernel parameters are set",
      .remediation = "Remove the parameter from securityContext.sysctls or set it on the node.",
      .frameworks = "PSS-B:sysctls",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 1,
      .flags = CHECK_LINUX,
      .per_pod_spec = unsafe_sysctls },
    { .id = "security/restricted-volume-types",
      .title = "Volumes are of the types that the restricted standard allows",
      .remediation = "Use a persistentVolumeClaim or a CSI driver.",
      .frameworks = "PSS-R:volumes",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 2,
      .per_pod_spec = restricted_volumes },
    { .id = "security/probe-host-field",
      .title = "Probes and hooks stay within the Pod",
      .remediation = "Remove host from the probe or hook.",
      .frameworks = "PSS-B:hostProbesAndHostLifecycle",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 3,
      .pss_since = 34,
      .sets = SET_ALL,
      .per_container = probe_host },
    { .id = "security/host-aliases",
      .title = "No workload overrides host names",
      .remediation = "Remove hostAliases and use DNS.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 1,
      .per_pod_spec = host_aliases }, );
