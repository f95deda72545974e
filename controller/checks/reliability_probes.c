// SPDX-License-Identifier: Apache-2.0
// Probes that are there and yet do harm: too strict, the same twice, at a port that nobody opens.
#include "controller/checks/report.h"

static bool is_job(const struct pod_view *p)
{
    enum restart_policy policy = pod_spec_restart_policy(p->spec);

    return policy == RESTART_POLICY_NEVER || policy == RESTART_POLICY_ON_FAILURE;
}

static void startup(struct report *r, const struct pod_view *p unused_arg,
                    const struct container_view *c)
{
    const struct probe *live = container_liveness_probe(c->c);

    if (probe_initial_delay_seconds(live) > 60 && !container_startup_probe(c->c))
        report_warn(r, "livenessProbe.initialDelaySeconds",
                    "waits %d seconds before it looks for the first time; a startupProbe would not",
                    probe_initial_delay_seconds(live));
}

// A named port is the number that it stands for.
static int32_t resolve(const struct container *c, struct int_or_string port)
{
    if (!port.s)
        return port.i;
    FOR_EACH (container_port, p, container_ports(c)) {
        if (strcmp(text_or(container_port_name(p), ""), port.s) == 0)
            return container_port_container_port(p);
    }
    return -1;
}

static bool same_http(const struct container *c, const struct http_get *a, const struct http_get *b)
{
    return a && b && http_get_scheme(a) == http_get_scheme(b) &&
           strcmp(text_or(http_get_path(a), "/"), text_or(http_get_path(b), "/")) == 0 &&
           resolve(c, http_get_port(a)) == resolve(c, http_get_port(b));
}

static bool same_tcp(const struct container *c, const struct tcp_socket *a,
                     const struct tcp_socket *b)
{
    return a && b && resolve(c, tcp_socket_port(a)) == resolve(c, tcp_socket_port(b));
}

static bool same_grpc(const struct grpc_action *a, const struct grpc_action *b)
{
    return a && b && grpc_action_port(a) == grpc_action_port(b);
}

static int64_t patience(const struct probe *p)
{
    return (int64_t)probe_failure_threshold(p) * probe_period_seconds(p);
}

static void identical(struct report *r, const struct pod_view *p unused_arg,
                      const struct container_view *c)
{
    const struct probe *l = container_liveness_probe(c->c), *rd = container_readiness_probe(c->c);
    bool same = same_http(c->c, probe_http_get(l), probe_http_get(rd)) ||
                same_tcp(c->c, probe_tcp_socket(l), probe_tcp_socket(rd)) ||
                same_grpc(probe_grpc(l), probe_grpc(rd));

    if (same && patience(l) <= patience(rd))
        report_warn(
            r, "livenessProbe",
            "asks the same as the readiness probe and is no more patient: instead of being left alone a busy container is killed");
}

static void aggressive(struct report *r, const struct pod_view *p, const struct container_view *c)
{
    const struct probe *live = container_liveness_probe(c->c);

    if (!live || is_job(p))
        return;
    if (patience(live) < 10)
        report_warn(r, "livenessProbe", "kills the container after %d seconds of silence",
                    (int)patience(live));
    else if (probe_has_exec(live) && probe_timeout_seconds(live) <= 1)
        report_warn(r, "livenessProbe.timeoutSeconds", "gives a command one second to end");
}

static bool declared(const struct container *c, struct int_or_string port)
{
    FOR_EACH (container_port, p, container_ports(c)) {
        if (port.s ? strcmp(text_or(container_port_name(p), ""), port.s) == 0
                   : container_port_container_port(p) == port.i)
            return true;
    }
    return false;
}

static void judge_port(struct report *r, const struct container *c, struct int_or_string port,
                       const char *field)
{
    if (declared(c, port))
        return;
    if (port.s)
        report_fail(r, field, "asks at the port '%s', which the container does not declare",
                    port.s);
    else
        report_warn(r, field, "asks at port %d, which the container does not declare", port.i);
}

static void judge_probe(struct report *r, const struct container *c, const struct probe *p,
                        const char *field)
{
    if (probe_http_get(p))
        judge_port(r, c, http_get_port(probe_http_get(p)), field);
    else if (probe_tcp_socket(p))
        judge_port(r, c, tcp_socket_port(probe_tcp_socket(p)), field);
    else if (probe_grpc(p))
        judge_port(r, c, (struct int_or_string){ .i = grpc_action_port(probe_grpc(p)) }, field);
}

static void undeclared(struct report *r, const struct pod_view *p unused_arg,
                       const struct container_view *c)
{
    judge_probe(r, c->c, container_liveness_probe(c->c), "livenessProbe");
    judge_probe(r, c->c, container_readiness_probe(c->c), "readinessProbe");
    judge_probe(r, c->c, container_startup_probe(c->c), "startupProbe");
}

CHECK_TABLE(reliability_probes, CHECK_RELIABILITY,
            { .id = "reliability/startup-probe",
              .title = "Slow starts are waited for by a startup probe",
              .remediation = "Add a startupProbe and lower initialDelaySeconds.",
              .frameworks = "",
              .aliases = "",
              .severity = CHECK_LOW,
              .tier = 2,
              .flags = CHECK_PROBES,
              .sets = SET_SERVING,
              .per_container = startup },
            { .id = "reliability/probes-identical",
              .title = "Liveness and readiness ask different things, or liveness is more patient",
              .remediation = "Give liveness an endpoint of its own, or a larger failureThreshold.",
              .frameworks = "",
              .aliases = "",
              .severity = CHECK_LOW,
              .tier = 2,
              .flags = CHECK_PROBES,
              .sets = SET_SERVING,
              .per_container = identical },
            { .id = "reliability/liveness-aggressive",
              .title = "Liveness probes are patient",
              .remediation = "Raise failureThreshold, periodSeconds or timeoutSeconds.",
              .frameworks = "",
              .aliases = "",
              .severity = CHECK_MEDIUM,
              .tier = 3,
              .flags = CHECK_PROBES,
              .sets = SET_SERVING,
              .per_container = aggressive },
            { .id = "reliability/probe-port-undeclared",
              .title = "Probes ask at ports that the container declares",
              .remediation = "Declare the port, or correct the probe.",
              .frameworks = "",
              .aliases = "",
              .severity = CHECK_MEDIUM,
              .tier = 2,
              .flags = CHECK_PROBES,
              .sets = SET_SERVING,
              .per_container = undeclared }, );
