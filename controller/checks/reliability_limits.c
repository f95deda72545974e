// SPDX-License-Identifier: Apache-2.0
// Bounds beyond CPU and memory, and names that the API server would refuse or that clash.
#include "controller/checks/report.h"
#include <ctype.h>

#define EPHEMERAL "ephemeral-storage"

static bool has_disk(const struct pod_view *p)
{
    FOR_EACH (volume, v, pod_spec_volumes(p->spec)) {
        const struct empty_dir *e = volume_empty_dir(v);
        if (e && strcmp(atom_str(empty_dir_medium(e)), "Memory") != 0)
            return true;
    }
    return false;
}

static void ephemeral(struct report *r, const struct pod_view *p, const struct container_view *c)
{
    const struct resources *res = container_resources(c->c);
    bool read_only = security_context_read_only_root_filesystem(container_security_context(c->c));

    if (read_only && !has_disk(p))
        return;
    if (!rmap_get(resources_limits(res), EPHEMERAL))
        report_warn(r, "resources.limits",
                    "writes to the node's disk without a limit of " EPHEMERAL);
}

static void ephemeral_equal(struct report *r, const struct pod_view *p unused_arg,
                            const struct container_view *c)
{
    const struct resources *res = container_resources(c->c);
    const char *limit = rmap_get(resources_limits(res), EPHEMERAL),
               *request = rmap_get(resources_requests(res), EPHEMERAL);

    if (limit && request && strcmp(limit, request) != 0)
        report_warn(r, "resources", "requests %s of " EPHEMERAL " and may use %s", request, limit);
}

static void empty_dirs(struct report *r, const struct pod_view *p)
{
    char field[REPORT_FIELD_MAX];
    uint32_t i = 0;

    FOR_EACH (volume, v, pod_spec_volumes(p->spec)) {
        const struct empty_dir *e = volume_empty_dir(v);
        snprintf(field, sizeof(field), "volumes[%" PRIu32 "].emptyDir.sizeLimit", i++);
        if (e && !*text_or(empty_dir_size_limit(e), ""))
            report_warn(r, field, "volume '%s' has no bound%s", text_or(volume_name(v), ""),
                        strcmp(atom_str(empty_dir_medium(e)), "Memory") == 0
                            ? ", and counts as the Pod's memory"
                            : "");
    }
}

// Is the port among those of the containers before?
static const char *taken_by(const struct pod_view *p, const struct container_view *until,
                            const struct container_port *port)
{
    for (const struct container_view *c = p->containers; c < until; c++) {
        if (!(c->set & SET_SERVING))
            continue;
        FOR_EACH (container_port, q, container_ports(c->c)) {
            if (container_port_container_port(q) == container_port_container_port(port) &&
                container_port_protocol(q) == container_port_protocol(port))
                return c->name;
        }
    }
    return NULL;
}

static void duplicate_ports(struct report *r, const struct pod_view *p,
                            const struct container_view *c)
{
    FOR_EACH (container_port, port, container_ports(c->c)) {
        const char *other = taken_by(p, c, port), *name = text_or(container_port_name(port), "");
        if (other)
            report_warn(r, "ports", "declares port %d, as container '%s' does",
                        container_port_container_port(port), other);
        if (strlen(name) > 15)
            report_warn(r, "ports", "has a port name of more than 15 letters (%s)", name);
    }
}

static bool is_label_word(const char *s, size_t n)
{
    if (n == 0)
        return true;
    for (size_t i = 0; i < n; i++) {
        bool inside = i > 0 && i + 1 < n && strchr("-_.", s[i]);
        if (!isalnum((unsigned char)s[i]) && !inside)
            return false;
    }
    return n <= 63;
}

static bool is_label_key(const char *key)
{
    const char *slash = strchr(key, '/'), *name = slash ? slash + 1 : key;

    return *name && is_label_word(name, strlen(name)) &&
           (!slash || (slash > key && slash - key <= 253));
}

static void judge_labels(struct report *r, struct rlist labels, const char *field)
{
    FOR_EACH_PAIR (key, value, labels) {
        if (!is_label_key(key))
            report_fail(r, field, "has the label key '%s', which the API server refuses", key);
        else if (!is_label_word(value, strlen(value)))
            report_fail(r, field, "has the label %s with a value that the API server refuses", key);
    }
}

static void label_values(struct report *r, const struct workload *w)
{
    judge_labels(r, object_meta_labels(w->meta), "metadata.labels");
    if (w->template != w->meta)
        judge_labels(r, object_meta_labels(w->template), "spec.template.metadata.labels");
}

static void grace(struct report *r, const struct workload *w)
{
    if (pod_spec_has_termination_grace_period_seconds(w->spec) &&
        pod_spec_termination_grace_period_seconds(w->spec) == 0)
        report_as(r, w->id == KIND_STATEFUL_SET ? VERDICT_FAIL : VERDICT_WARN,
                  "terminationGracePeriodSeconds", "is killed without time to end");
}

CHECK_TABLE(
    reliability_limits, CHECK_RELIABILITY,
    { .id = "reliability/ephemeral-storage",
      .title = "Containers that write have a limit of ephemeral storage",
      .remediation =
          "Set resources.limits.ephemeral-storage, or make the root file system read-only.",
      .frameworks = "NSA-RES",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 2,
      .flags = CHECK_RESOURCES,
      .sets = SET_SERVING,
      .per_container = ephemeral },
    { .id = "reliability/ephemeral-storage-equal",
      .title = "Requests and limits of ephemeral storage are equal",
      .remediation = "Set both to the same quantity.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 2,
      .flags = CHECK_OFF | CHECK_RESOURCES,
      .sets = SET_SERVING,
      .per_container = ephemeral_equal },
    { .id = "reliability/emptydir-size-limit",
      .title = "Volumes of the kind emptyDir have a bound",
      .remediation = "Set sizeLimit.",
      .frameworks = "NSA-RES",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 3,
      .per_pod_spec = empty_dirs },
    { .id = "reliability/duplicate-ports",
      .title = "Containers of a Pod declare different ports",
      .remediation =
          "Give each container a port of its own, and ports names of at most 15 letters.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 2,
      .sets = SET_SERVING,
      .per_container = duplicate_ports },
    { .id = "reliability/label-values",
      .title = "Labels have the form that the API server accepts",
      .remediation =
          "Use at most 63 letters, digits, -, _ and ., with a letter or digit at both ends.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 2,
      .per_workload = label_values },
    { .id = "reliability/termination-grace",
      .title = "Workloads have time to end",
      .remediation = "Remove terminationGracePeriodSeconds: 0.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 3,
      .kinds = KIND_BIT(KIND_DEPLOYMENT) | KIND_BIT(KIND_STATEFUL_SET),
      .per_workload = grace }, );
