// SPDX-License-Identifier: Apache-2.0
// How nodes are doing, and whether there are enough of them in enough places.
#include "base/clock.h"
#include "controller/checks/join.h"
#include "controller/checks/report.h"

#define NODES KIND_BIT(KIND_NODE)

static const struct node_condition *condition_of(const struct object *node, const char *type)
{
    FOR_EACH (node_condition, c, node_status_conditions(node_status(node_of(node)))) {
        if (strcmp(atom_str(node_condition_type(c)), type) == 0)
            return c;
    }
    return NULL;
}

static bool is_ready(const struct object *node)
{
    return node_condition_status(condition_of(node, "Ready")) == CONDITION_TRUE;
}

static void not_ready(struct report *r, const struct object *o)
{
    const struct node_condition *c = condition_of(o, "Ready");
    usec since = r->snapshot->now - node_condition_last_transition_time(c) * USEC_PER_SEC;

    if (!c)
        report_skip(r, SKIP_NO_DATA, "the node has no condition Ready yet");
    else if (node_condition_status(c) != CONDITION_TRUE && since > 5 * USEC_PER_MIN)
        report_fail(r, "status.conditions", "has not been ready for more than five minutes (%s)",
                    atom_str(node_condition_reason(c)));
}

static void pressure(struct report *r, const struct object *o)
{
    static const char *const types[] = { "MemoryPressure", "DiskPressure", "PIDPressure",
                                         "NetworkUnavailable" };

    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        if (node_condition_status(condition_of(o, types[i])) == CONDITION_TRUE)
            report_fail(r, "status.conditions", "reports %s", types[i]);
    }
}

static void unschedulable(struct report *r, const struct object *o)
{
    const struct node_spec *spec = node_spec(node_of(o));

    if (!node_spec_unschedulable(spec))
        return;
    FOR_EACH (taint, t, node_spec_taints(spec)) {
        if (strcmp(atom_str(taint_key(t)), "node.kubernetes.io/unschedulable") == 0 &&
            r->snapshot->now - taint_time_added(t) * USEC_PER_SEC > USEC_PER_DAY)
            report_warn(r, "spec.unschedulable", "has been cordoned for more than a day");
    }
}

static bool tolerates(const struct pod_spec *spec, const struct taint *t)
{
    FOR_EACH (toleration, tol, pod_spec_tolerations(spec)) {
        bool exists = toleration_op(tol) == SELECT_EXISTS;
        const char *key = atom_str(toleration_key(tol));
        if (toleration_effect(tol) && toleration_effect(tol) != taint_effect(t))
            continue;
        if (!*key && exists)
            return true;
        if (strcmp(key, atom_str(taint_key(t))) == 0 &&
            (exists ||
             strcmp(text_or(toleration_value(tol), ""), text_or(taint_value(t), "")) == 0))
            return true;
    }
    return false;
}

// Set by Kubernetes itself or by the cloud while a node is not usable, or for the control plane.
static bool is_well_known(const char *key)
{
    return str_starts(key, "node.kubernetes.io/") || str_starts(key, "node-role.kubernetes.io/") ||
           str_starts(key, "node.cloudprovider.kubernetes.io/") ||
           str_starts(key, "ToBeDeletedByClusterAutoscaler") ||
           str_starts(key, "DeletionCandidateOfClusterAutoscaler");
}

// DaemonSets that tolerate everything say nothing of what a node is for.
static bool somebody_tolerates(const struct report *r, const struct taint *t)
{
    for (uint32_t i = 0; i < r->join->walk.n; i++) {
        const struct workload *w = r->join->walk.units[i];
        if (!workload_is(w, KIND_BIT(KIND_DAEMON_SET)) && tolerates(w->spec, t))
            return true;
    }
    return false;
}

static void taint_unused(struct report *r, const struct object *o)
{
    FOR_EACH (taint, t, node_spec_taints(node_spec(node_of(o)))) {
        const char *key = atom_str(taint_key(t));
        bool hard = taint_effect(t) == TAINT_NO_SCHEDULE || taint_effect(t) == TAINT_NO_EXECUTE;
        if (hard && !is_well_known(key) && !somebody_tolerates(r, t))
            report_warn(r, "spec.taints", "keeps all workloads away: none tolerates the taint %s",
                        key);
    }
}

static bool is_control_plane(const struct object *node)
{
    struct rlist labels = object_meta_labels(object_meta_of(node));

    return rmap_get(labels, "node-role.kubernetes.io/control-plane") ||
           rmap_get(labels, "node-role.kubernetes.io/master");
}

static void single_control_plane(struct report *r)
{
    uint32_t n = 0;

    FOR_EACH_OBJECT(o, r->snapshot, KIND_NODE)
    n += is_control_plane(o);
    if (n == 0)
        report_skip(r, SKIP_NOT_APPLICABLE,
                    "no node is part of the control plane: it is managed elsewhere");
    else if (n == 1)
        report_warn(r, "", "one node alone carries the control plane");
    else if (n % 2 == 0)
        report_warn(
            r, "",
            "%" PRIu32
            " nodes carry the control plane: an even number of etcd members tolerates no more losses than one less",
            n);
}

#define ZONE "topology.kubernetes.io/zone"

static void multi_zone(struct report *r)
{
    const char *first = NULL;
    bool several = false;

    FOR_EACH_OBJECT(o, r->snapshot, KIND_NODE)
    {
        const char *zone = rmap_get(object_meta_labels(object_meta_of(o)), ZONE);
        if (!zone || is_control_plane(o) || !is_ready(o))
            continue;
        several |= first && strcmp(first, zone) != 0;
        first = zone;
    }
    if (!first)
        report_skip(r, SKIP_NOT_APPLICABLE, "no ready worker has the label " ZONE);
    else if (!several)
        report_warn(r, "", "all ready workers are in the zone %s", first);
}

CHECK_TABLE(
    reliability_nodes, CHECK_RELIABILITY,
    { .id = "reliability/node-not-ready",
      .title = "Nodes are ready",
      .remediation = "Look at the node's kubelet, network and disk: kubectl describe node.",
      .frameworks = "NSA-WN",
      .aliases = "",
      .severity = CHECK_CRITICAL,
      .tier = 2,
      .flags = CHECK_LIVE,
      .kinds = NODES,
      .per_object = not_ready },
    { .id = "reliability/node-pressure",
      .title = "No node is short of memory, disk, processes or network",
      .remediation = "Free what is short, or move Pods away: kubectl drain.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 2,
      .flags = CHECK_LIVE,
      .kinds = NODES,
      .per_object = pressure },
    { .id = "reliability/node-unschedulable",
      .title = "No node is cordoned for more than a day",
      .remediation = "End the maintenance with kubectl uncordon, or remove the node.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 2,
      .flags = CHECK_LIVE,
      .kinds = NODES,
      .per_object = unschedulable },
    { .id = "reliability/node-taint-unused",
      .title = "Some workload tolerates each taint",
      .remediation = "Remove the taint, or add a toleration to the workloads that the node is for.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 2,
      .flags = CHECK_LIVE,
      .kinds = NODES,
      .reads = KIND_BIT(KIND_POD),
      .per_object = taint_unused },
    { .id = "reliability/single-control-plane",
      .title = "Three or more nodes carry the control plane",
      .remediation = "Add control plane nodes up to an odd number of at least three.",
      .frameworks = "NSA-FT",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 2,
      .flags = CHECK_LIVE | CHECK_ALL_NAMESPACES,
      .reads = NODES,
      .per_cluster = single_control_plane },
    { .id = "reliability/multi-zone-nodes",
      .title = "Workers stand in several zones",
      .remediation = "Add nodes in a second zone.",
      .frameworks = "NSA-FT",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 3,
      .flags = CHECK_LIVE | CHECK_ALL_NAMESPACES,
      .reads = NODES,
      .per_cluster = multi_zone }, );
