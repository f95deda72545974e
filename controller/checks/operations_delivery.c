// SPDX-License-Identifier: Apache-2.0
// What delivery and alerting tools say of themselves: Argo CD, Argo Rollouts, Flagger, Flux, the
// Prometheus operator. Where their kinds are not installed these checks do not apply.
#include "base/clock.h"
#include "controller/checks/join.h"
#include "controller/checks/report.h"

#define HOUR      (60 * USEC_PER_MIN)
#define FLUX_LATE (15 * USEC_PER_MIN)

static bool is(atom a, const char *word)
{
    return strcmp(atom_str(a), word) == 0;
}

static usec age(const struct report *r, int64_t seconds)
{
    return r->snapshot->now - seconds * USEC_PER_SEC;
}

static bool ends_with_error(const char *type)
{
    size_t n = strlen(type);

    return n >= 5 && strcmp(type + n - 5, "Error") == 0;
}

static void app_health(struct report *r, const struct object *o)
{
    const struct application_status *s = application_status(application_of(o));
    const struct application_health *h = application_status_health(s);
    atom status = application_health_status(h);
    int64_t since = application_health_last_transition_time(h);

    if (is(status, "Progressing") && since && age(r, since) > HOUR)
        report_fail(r, "status.health", "has been progressing for more than an hour");
    else if (!status || is(status, "Degraded") || is(status, "Missing") || is(status, "Unknown"))
        report_fail(r, "status.health", "is %s",
                    status ? atom_str(status) : "without a health yet");
    FOR_EACH (application_condition, c, application_status_conditions(s)) {
        if (ends_with_error(atom_str(application_condition_type(c))))
            report_fail(r, "status.conditions", "reports %s",
                        atom_str(application_condition_type(c)));
    }
}

// Since when it differs is not written down; a sync within the hour may still be under way.
static void app_drift(struct report *r, const struct object *o)
{
    const struct application_status *s = application_status(application_of(o));
    const struct application_operation *last = application_status_operation_state(s);
    atom status = application_sync_status(application_status_sync(s));
    atom phase = application_operation_phase(last);
    int64_t ended = application_operation_finished_at(last);

    if (is(phase, "Failed") || is(phase, "Error"))
        report_fail(r, "status.operationState", "its last sync ended as %s", atom_str(phase));
    if (is(status, "Unknown"))
        report_fail(r, "status.sync", "could not be compared with Git");
    else if (is(status, "OutOfSync") && (!ended || age(r, ended) > HOUR) && !is(phase, "Running"))
        report_warn(r, "status.sync", "differs from Git, and no sync ended within the last hour");
}

static void flux_ready(struct report *r, const struct object *o)
{
    const struct flux_object *f = flux_object_of(o);
    const struct flux_status *s = flux_object_status(f);

    if (flux_spec_suspend(flux_object_spec(f))) {
        report_warn(r, "spec.suspend", "is suspended, so changes in its source do not arrive");
        return;
    }
    FOR_EACH (workload_condition, c, flux_status_conditions(s)) {
        if (is(workload_condition_type(c), "Ready") &&
            workload_condition_status(c) == CONDITION_FALSE &&
            age(r, workload_condition_last_transition_time(c)) > FLUX_LATE)
            report_fail(r, "status.conditions", "has not been ready for 15 minutes (%s)",
                        atom_str(workload_condition_reason(c)));
    }
    if (flux_status_has_observed_generation(s) && flux_status_observed_generation(s) >= 0 &&
        flux_status_observed_generation(s) < object_meta_generation(flux_object_meta(f)))
        report_warn(r, "status.observedGeneration", "its controller has not seen the newest spec");
}

static bool has_analysis(const struct canary_strategy *c)
{
    FOR_EACH (partial_step, s, canary_strategy_steps(c)) {
        if (partial_step_has_analysis(s))
            return true;
    }
    return canary_strategy_has_analysis(c);
}

static void judge_rollout(struct report *r, const struct object *o)
{
    const struct rollout *ro = rollout_of(o);
    const struct rollout_strategy *s = rollout_spec_strategy(rollout_spec(ro));
    const struct canary_strategy *c = rollout_strategy_canary(s);

    if (!c && !rollout_strategy_has_blue_green(s))
        report_warn(r, "spec.strategy",
                    "is neither canary nor blueGreen, so nothing is progressive");
    else if (c && canary_strategy_steps(c).n == 0)
        report_warn(r, "spec.strategy.canary", "has no steps, so all Pods change at once");
    else if (c && !has_analysis(c))
        report_warn(r, "spec.strategy.canary",
                    "has no analysis, so nobody measures the new version");
    if (is(rollout_status_phase(rollout_status(ro)), "Degraded"))
        report_warn(r, "status.phase", "the rollout is Degraded");
}

static void progressive(struct report *r, const struct object *o)
{
    if (o->kind == KIND_ROLLOUT)
        judge_rollout(r, o);
    else if (is(canary_status_phase(canary_status(canary_of(o))), "Failed"))
        report_warn(r, "status.phase", "its last release was rolled back");
}

static void alerting(struct report *r)
{
    if (r->snapshot->n[KIND_PROMETHEUS_RULE] == 0)
        report_warn(r, "", "the Prometheus operator is installed, but there is no PrometheusRule");
    if (r->snapshot->n[KIND_ALERTMANAGER] == 0)
        report_warn(r, "", "the Prometheus operator is installed, but there is no Alertmanager");
}

CHECK_TABLE(
    operations_delivery, CHECK_OPERATIONS,
    { .id = "operational-excellence/argocd-app-health",
      .title = "Applications of Argo CD are healthy",
      .remediation =
          "Look at the Application's resources: argocd app get names the unhealthy ones.",
      .frameworks = "",
      .aliases = "operational-excellence.gitops-delivery-signals",
      .severity = CHECK_HIGH,
      .tier = 1,
      .flags = CHECK_LIVE | CHECK_ALL_NAMESPACES,
      .kinds = KIND_BIT(KIND_APPLICATION),
      .per_object = app_health },
    { .id = "operational-excellence/argocd-app-drift",
      .title = "Applications of Argo CD are as Git says",
      .remediation = "Sync the Application, or take back what was changed by hand.",
      .frameworks = "",
      .aliases = "operational-excellence.gitops-delivery-signals",
      .severity = CHECK_MEDIUM,
      .tier = 1,
      .flags = CHECK_LIVE | CHECK_ALL_NAMESPACES,
      .kinds = KIND_BIT(KIND_APPLICATION),
      .per_object = app_drift },
    { .id = "operational-excellence/flux-ready",
      .title = "Objects of Flux are ready and not suspended",
      .remediation =
          "Read the condition Ready: flux get all says what is missing; flux resume ends a suspension.",
      .frameworks = "",
      .aliases = "operational-excellence.gitops-delivery-signals",
      .severity = CHECK_HIGH,
      .tier = 1,
      .flags = CHECK_LIVE | CHECK_ALL_NAMESPACES,
      .kinds = KIND_BIT(KIND_KUSTOMIZATION) | KIND_BIT(KIND_HELM_RELEASE) |
               KIND_BIT(KIND_GIT_REPOSITORY) | KIND_BIT(KIND_OCI_REPOSITORY),
      .per_object = flux_ready },
    { .id = "operational-excellence/progressive-delivery",
      .title = "Rollouts and Canaries move in steps that are measured",
      .remediation =
          "Give the Rollout canary steps with an analysis, or look at why the Canary failed.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 1,
      .kinds = KIND_BIT(KIND_ROLLOUT) | KIND_BIT(KIND_CANARY),
      .per_object = progressive },
    { .id = "operational-excellence/alerting",
      .title = "Where Prometheus runs, rules and an Alertmanager exist",
      .remediation =
          "Create PrometheusRules and an Alertmanager with a receiver that reaches somebody.",
      .frameworks = "NSA-SIEM",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 1,
      .flags = CHECK_LIVE | CHECK_ALL_NAMESPACES,
      .reads = KIND_BIT(KIND_PROMETHEUS_RULE) | KIND_BIT(KIND_ALERTMANAGER),
      .per_cluster = alerting }, );
