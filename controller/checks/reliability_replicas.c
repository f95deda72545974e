// SPDX-License-Identifier: Apache-2.0
// Replicas that are not there, and budgets that hold nodes up.
#include "base/clock.h"
#include "controller/checks/join.h"
#include "controller/checks/report.h"

static void scaled_to_zero(struct report *r, const struct workload *w)
{
    usec age = r->snapshot->now - object_meta_creation_timestamp(w->meta) * USEC_PER_SEC;

    if (w->replicas == 0 && !w->hpa && (!r->snapshot->live || age > 7 * USEC_PER_DAY))
        report_warn(r, "spec.replicas", "wants no Pods, and nothing scales it up");
}

static void eviction_policy(struct report *r, const struct object *o)
{
    const struct pod_disruption_budget_spec *s =
        pod_disruption_budget_spec(pod_disruption_budget_of(o));

    if (r->snapshot->server_minor && r->snapshot->server_minor < 27)
        report_skip(r, SKIP_NOT_APPLICABLE, "the server does not know unhealthyPodEvictionPolicy");
    else if (pod_disruption_budget_spec_unhealthy_pod_eviction_policy(s) != EVICTION_ALWAYS_ALLOW)
        report_warn(
            r, "spec.unhealthyPodEvictionPolicy",
            "keeps Pods that are not ready on their node, so a broken workload blocks a drain");
}

static void exhausted(struct report *r, const struct object *o)
{
    const struct pod_disruption_budget_status *s =
        pod_disruption_budget_status(pod_disruption_budget_of(o));
    int32_t healthy = pod_disruption_budget_status_current_healthy(s),
            wanted = pod_disruption_budget_status_desired_healthy(s);

    if (pod_disruption_budget_status_expected_pods(s) == 0)
        report_skip(r, SKIP_NOT_APPLICABLE, "it counts no Pods");
    else if (healthy < wanted)
        report_warn(r, "status", "%d Pods are healthy, %d have to be", healthy, wanted);
    else if (pod_disruption_budget_status_disruptions_allowed(s) == 0)
        report_warn(r, "status.disruptionsAllowed",
                    "allows no eviction: no node of its Pods can be drained");
}

static int32_t wanted(const struct object *o)
{
    if (o->kind == KIND_REPLICA_SET)
        return replica_set_spec_replicas(replica_set_spec(replica_set_of(o)));
    return replication_controller_spec_replicas(
        replication_controller_spec(replication_controller_of(o)));
}

static void unowned(struct report *r, const struct object *o)
{
    if (object_meta_owner_references(object_meta_of(o)).n == 0 && wanted(o) > 0)
        report_warn(r, "metadata.ownerReferences",
                    "belongs to no Deployment, so nothing rolls it out");
}

CHECK_TABLE(reliability_replicas, CHECK_RELIABILITY,
            { .id = "reliability/scaled-to-zero",
              .title = "Workloads want Pods",
              .remediation = "Delete the workload, or scale it up.",
              .frameworks = "",
              .aliases = "",
              .severity = CHECK_LOW,
              .tier = 2,
              .kinds = KIND_BIT(KIND_DEPLOYMENT) | KIND_BIT(KIND_STATEFUL_SET),
              .glances = KIND_BIT(KIND_HORIZONTAL_POD_AUTOSCALER),
              .per_workload = scaled_to_zero },
            { .id = "reliability/pdb-unhealthy-eviction-policy",
              .title = "Budgets let Pods go that are not ready",
              .remediation = "Set unhealthyPodEvictionPolicy to AlwaysAllow.",
              .frameworks = "",
              .aliases = "",
              .severity = CHECK_LOW,
              .tier = 2,
              .kinds = KIND_BIT(KIND_POD_DISRUPTION_BUDGET),
              .per_object = eviction_policy },
            { .id = "reliability/pdb-disruptions-exhausted",
              .title = "Budgets allow an eviction",
              .remediation = "Make more Pods healthy, or loosen the budget.",
              .frameworks = "",
              .aliases = "",
              .severity = CHECK_MEDIUM,
              .tier = 3,
              .flags = CHECK_LIVE,
              .kinds = KIND_BIT(KIND_POD_DISRUPTION_BUDGET),
              .per_object = exhausted },
            { .id = "reliability/unowned-replicaset",
              .title = "ReplicaSets and ReplicationControllers belong to a Deployment",
              .remediation = "Use a Deployment.",
              .frameworks = "",
              .aliases = "",
              .severity = CHECK_LOW,
              .tier = 3,
              .kinds = KIND_BIT(KIND_REPLICA_SET) | KIND_BIT(KIND_REPLICATION_CONTROLLER),
              .per_object = unowned }, );
