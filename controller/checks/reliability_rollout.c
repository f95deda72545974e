// SPDX-License-Identifier: Apache-2.0
// What the workload controllers say of themselves: replicas that are missing, rollouts that do not
// end.
#include "base/clock.h"
#include "controller/checks/join.h"
#include "controller/checks/report.h"

#define STALLED (30 * USEC_PER_MIN)

struct state {
    int32_t desired, available;
    int64_t observed;
};

static struct state state_of(const struct workload *w)
{
    const struct object *o = w->object;

    if (w->id == KIND_DEPLOYMENT) {
        const struct deployment_status *s = deployment_status(deployment_of(o));
        return (struct state){ w->replicas, deployment_status_available_replicas(s),
                               deployment_status_observed_generation(s) };
    }
    if (w->id == KIND_STATEFUL_SET) {
        const struct stateful_set_status *s = stateful_set_status(stateful_set_of(o));
        return (struct state){ w->replicas, stateful_set_status_available_replicas(s),
                               stateful_set_status_observed_generation(s) };
    }
    if (w->id == KIND_REPLICA_SET) {
        const struct replica_set_status *s = replica_set_status(replica_set_of(o));
        return (struct state){ w->replicas, replica_set_status_available_replicas(s),
                               replica_set_status_observed_generation(s) };
    }
    const struct daemon_set_status *s = daemon_set_status(daemon_set_of(o));
    return (struct state){ daemon_set_status_desired_number_scheduled(s),
                           daemon_set_status_number_available(s),
                           daemon_set_status_observed_generation(s) };
}

static void unavailable(struct report *r, const struct workload *w)
{
    struct state s = state_of(w);

    if (s.observed < object_meta_generation(w->meta))
        report_skip(r, SKIP_NO_DATA, "its controller has not seen the newest spec yet");
    else if (s.desired == 0)
        report_skip(r, SKIP_NOT_APPLICABLE, "no Pods are wanted");
    else if (s.available < s.desired)
        report_fail(r, "status.availableReplicas", "%d of %d wanted Pods are available",
                    s.available, s.desired);
}

static usec newest_pod(const struct workload *w)
{
    int64_t newest = 0;

    for (const struct pod_link *l = w->pods; l; l = l->next)
        newest = MAX(newest, object_meta_creation_timestamp(object_meta_of(l->pod)));
    return newest * USEC_PER_SEC;
}

// A StatefulSet has no condition: it stalls when the revisions differ and no Pod has come for long.
static void judge_stateful_set(struct report *r, const struct workload *w)
{
    const struct stateful_set_status *s = stateful_set_status(stateful_set_of(w->object));
    atom from = stateful_set_status_current_revision(s),
         to = stateful_set_status_update_revision(s);

    if (from && to && from != to && r->snapshot->now - newest_pod(w) > STALLED)
        report_fail(r, "status.updateRevision",
                    "the rollout has replaced %d of %d Pods and none within half an hour",
                    stateful_set_status_updated_replicas(s), w->replicas);
}

static void stuck(struct report *r, const struct workload *w)
{
    if (w->id == KIND_STATEFUL_SET) {
        judge_stateful_set(r, w);
        return;
    }
    FOR_EACH (workload_condition, c,
              deployment_status_conditions(deployment_status(deployment_of(w->object)))) {
        if (strcmp(atom_str(workload_condition_type(c)), "Progressing") == 0 &&
            workload_condition_status(c) == CONDITION_FALSE)
            report_fail(r, "status.conditions", "the rollout makes no progress (%s)",
                        atom_str(workload_condition_reason(c)));
    }
}

CHECK_TABLE(
    reliability_rollout, CHECK_RELIABILITY,
    { .id = "reliability/workload-unavailable",
      .title = "As many Pods are available as are wanted",
      .remediation = "Look at the Pods that are missing: kubectl get pods and kubectl describe.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 2,
      .flags = CHECK_LIVE | CHECK_ALL_NAMESPACES,
      .kinds = KIND_BIT(KIND_DEPLOYMENT) | KIND_BIT(KIND_STATEFUL_SET) | KIND_BIT(KIND_DAEMON_SET) |
               KIND_BIT(KIND_REPLICA_SET),
      .per_workload = unavailable },
    { .id = "reliability/rollout-stuck",
      .title = "Rollouts come to an end",
      .remediation = "Mend the new template or go back: kubectl rollout undo.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 3,
      .flags = CHECK_LIVE | CHECK_ALL_NAMESPACES,
      .kinds = KIND_BIT(KIND_DEPLOYMENT) | KIND_BIT(KIND_STATEFUL_SET),
      .glances = KIND_BIT(KIND_POD),
      .per_workload = stuck }, );
