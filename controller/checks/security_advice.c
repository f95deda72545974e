// SPDX-License-Identifier: Apache-2.0
// Further ways from a Pod to its node, its neighbours and its cloud.
#include "apis/argument.h"
#include "controller/checks/report.h"
#include "controller/checks/security.h"

static const char *const cloud_files[] = {
    "/etc/kubernetes/azure.json",
    "/etc/kubernetes/cloud.conf",
    "/etc/kubernetes/cloud-config",
    "/var/lib/waagent",
    "/root/.aws",
    "/root/.config/gcloud",
    "/root/.azure",
    "/etc/boto.cfg",
};

static bool at_or_below(const char *path, const char *folder)
{
    size_t n = strlen(folder);

    return strncmp(path, folder, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

static void cloud_credentials(struct report *r, const struct pod_view *p)
{
    char field[REPORT_FIELD_MAX];
    uint32_t i = 0;

    FOR_EACH (volume, v, pod_spec_volumes(p->spec)) {
        const char *path = text_or(host_path_path(volume_host_path(v)), "");
        snprintf(field, sizeof(field), "volumes[%" PRIu32 "].hostPath.path", i++);
        for (size_t k = 0; k < ARRAY_SIZE(cloud_files); k++) {
            if (at_or_below(path, cloud_files[k]))
                report_fail(r, field, "volume '%s' holds the node's credentials for the cloud (%s)",
                            text_or(volume_name(v), ""), path);
        }
    }
}

static void sudo(struct report *r, const struct pod_view *p unused_arg,
                 const struct container_view *c)
{
    FOR_EACH_WORD (w, container_command(c->c)) {
        if (argument_flag(w) == ARG_SUDO)
            report_fail(r, "command", "starts its program by sudo");
    }
    FOR_EACH_WORD (w, container_args(c->c)) {
        if (argument_flag(w) == ARG_SUDO)
            report_fail(r, "args", "starts its program by sudo");
    }
}

static void shared_processes(struct report *r, const struct pod_view *p)
{
    uint32_t n = 0;

    FOR_EACH_CONTAINER(c, p, SET_SERVING)
    n++;
    if (pod_spec_share_process_namespace(p->spec) && n > 1)
        report_warn(r, "shareProcessNamespace",
                    "its containers see each other's processes and, through /proc, their files");
}

static bool adds_capabilities(const struct pod_view *p)
{
    FOR_EACH_CONTAINER(c, p, SET_ALL)
    {
        const struct security_context *sc = container_security_context(c->c);
        if (capabilities_add(security_context_capabilities(sc)).n)
            return true;
    }
    return false;
}

static bool asks_for_root(const struct pod_view *p)
{
    const struct pod_security_context *psc = pod_spec_security_context(p->spec);
    bool root =
        pod_security_context_has_run_as_user(psc) && pod_security_context_run_as_user(psc) == 0;

    FOR_EACH_CONTAINER(c, p, SET_ALL)
    {
        const struct security_context *sc = container_security_context(c->c);
        root |= security_context_has_run_as_user(sc) && security_context_run_as_user(sc) == 0;
    }
    return root;
}

static void user_namespace(struct report *r, const struct pod_view *p)
{
    bool shares =
        pod_spec_host_network(p->spec) || pod_spec_host_pid(p->spec) || pod_spec_host_ipc(p->spec);

    if (p->server_minor && p->server_minor < 33)
        report_skip(r, SKIP_NOT_APPLICABLE, "the server has no user namespaces by default");
    else if (!p->user_namespace && !shares && (asks_for_root(p) || adds_capabilities(p)))
        report_warn(r, "hostUsers",
                    "is root or has capabilities and could have a user namespace of its own");
}

CHECK_TABLE(security_advice, CHECK_SECURITY,
            { .id = "security/cloud-credential-mount",
              .title = "No workload mounts the node's credentials for the cloud",
              .remediation = "Give the workload an identity of its own (workload identity, IRSA).",
              .frameworks = "NSA-CLOUD C-0020",
              .aliases = "",
              .severity = CHECK_HIGH,
              .tier = 2,
              .per_pod_spec = cloud_credentials },
            { .id = "security/sudo-entrypoint",
              .title = "No container starts its program by sudo",
              .remediation = "Start the program as its user: runAsUser.",
              .frameworks = "NSA-NR C-0062",
              .aliases = "",
              .severity = CHECK_MEDIUM,
              .tier = 2,
              .sets = SET_ALL,
              .per_container = sudo },
            { .id = "security/share-process-namespace",
              .title = "Containers do not see each other's processes",
              .remediation = "Remove shareProcessNamespace.",
              .frameworks = "",
              .aliases = "",
              .severity = CHECK_LOW,
              .tier = 3,
              .per_pod_spec = shared_processes },
            { .id = "security/user-namespace",
              .title = "Workloads that are root have a user namespace",
              .remediation = "Set hostUsers to false.",
              .frameworks = "",
              .aliases = "",
              .severity = CHECK_LOW,
              .tier = 2,
              .flags = CHECK_LINUX,
              .per_pod_spec = user_namespace }, );
