// SPDX-License-Identifier: Apache-2.0
// What can be reached from outside the cluster and should not be, and what is said to protect and
// does not. Programs are told by the last part of their image's name.
#include "apis/image.h"
#include "controller/checks/join.h"
#include "controller/checks/report.h"

#define ROUTES (KIND_BIT(KIND_SERVICE) | KIND_BIT(KIND_INGRESS))

// NULL: it cannot be reached.
static const char *way_in(const struct workload *w)
{
    enum service_type type =
        service_spec_type(service_spec(w->service ? service_of(w->service) : NULL));

    if (w->ingress)
        return "an Ingress";
    if (!w->service)
        return NULL;
    return type == SERVICE_LOAD_BALANCER ? "a load balancer"
           : type == SERVICE_NODE_PORT   ? "a port of every node"
                                         : NULL;
}

static bool runs(const char *reference, const char *const *programs)
{
    struct image image;

    if (!reference || !image_parse(str_of(reference), &image))
        return false;
    for (const char *const *p = programs; *p; p++) {
        size_t n = strlen(*p);
        if (image.path.n >= n && memcmp(image.path.p + image.path.n - n, *p, n) == 0 &&
            (image.path.n == n || image.path.p[image.path.n - n - 1] == '/'))
            return true;
    }
    return false;
}

static void sensitive_interface(struct report *r, const struct workload *w)
{
    static const char *const programs[] = { "dashboard",
                                            "kubernetes-dashboard",
                                            "dashboard-web",
                                            "kong-dashboard",
                                            "argocli",
                                            "workflow-controller",
                                            "centraldashboard",
                                            "scope",
                                            "nifi",
                                            "jenkins",
                                            "prometheus",
                                            "alertmanager",
                                            "grafana",
                                            "kafka-ui",
                                            "phpmyadmin",
                                            "adminer",
                                            "pgadmin4",
                                            "mongo-express",
                                            "kibana",
                                            "rancher",
                                            NULL };
    const char *way = way_in(w);

    FOR_EACH (container, c, pod_spec_containers(w->spec)) {
        if (way && runs(container_image(c), programs))
            report_fail(r, "", "an interface for administrators, image '%s', is behind %s",
                        container_image(c), way);
    }
}

// A name that has to do with logging in, whatever its value.
static bool logs_in(const struct container *c)
{
    static const char *const words[] = { "PASS", "AUTH", "TOKEN", "SECRET", "CREDENTIAL", "USERS" };

    FOR_EACH (env_var, e, container_env(c)) {
        for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
            if (strcasestr(text_or(env_var_name(e), ""), words[i]))
                return true;
        }
    }
    return container_env_from(c).n > 0 || container_args(c).n > 0 || container_command(c).n > 0;
}

// Arguments and whole lists of variables may hold what is asked for, so they speak for the
// container.
static void unauthenticated_data(struct report *r, const struct workload *w)
{
    static const char *const programs[] = { "redis",      "valkey", "keydb",     "dragonfly",
                                            "memcached",  "mongo",  "mongodb",   "elasticsearch",
                                            "opensearch", "etcd",   "zookeeper", "couchdb",
                                            "influxdb",   NULL };
    const char *way = way_in(w);

    FOR_EACH (container, c, pod_spec_containers(w->spec)) {
        if (way && runs(container_image(c), programs) && !logs_in(c))
            report_warn(r, "", "data of image '%s' is behind %s, and nothing asks for a login",
                        container_image(c), way);
    }
}

static const struct workload *scanned(const struct report *r, const struct object *o)
{
    struct rlist labels = object_meta_labels(object_meta_of(o));
    const char *kind = text_or(rmap_get(labels, "trivy-operator.resource.kind"), ""),
               *name = text_or(rmap_get(labels, "trivy-operator.resource.name"), "");
    const struct object *rs =
        strcmp(kind, "ReplicaSet") == 0 ? join_find(r->join, KIND_REPLICA_SET, o->ns, name) : NULL;

    FOR_EACH (owner_reference, owner,
              object_meta_owner_references(rs ? object_meta_of(rs) : NULL)) {
        if (!owner_reference_controller(owner))
            continue;
        kind = atom_str(owner_reference_kind(owner));
        name = text_or(owner_reference_name(owner), "");
    }
    return walk_find(&r->join->walk, kind, o->ns, name);
}

static void vulnerable_and_exposed(struct report *r, const struct object *o)
{
    const struct vulnerability_report_data *d =
        vulnerability_report_report(vulnerability_report_of(o));
    const struct workload *w = scanned(r, o);
    const char *way = w ? way_in(w) : NULL;
    int32_t n = vulnerability_counts_critical(vulnerability_report_data_summary(d));

    if (!w)
        report_skip(r, SKIP_NO_DATA, "the workload that was scanned is not known");
    else if (n > 0 && way && workload_replicas(w) > 0)
        report_fail(r, "report.summary", "has %d critical vulnerabilities and is behind %s", n,
                    way);
}

struct network {
    const char *daemon, *agent; // agent: container that does enforce policies; NULL: none does
};

static bool has_container(const struct pod_spec *spec, const char *name)
{
    FOR_EACH (container, c, pod_spec_containers(spec)) {
        if (strcmp(text_or(container_name(c), ""), name) == 0)
            return true;
    }
    return false;
}

// The name of a network that does not enforce policies; "" for one that does, NULL: none is known.
static const char *deaf_network(const struct report *r)
{
    static const struct network deaf[] = {
        {"kube-flannel",     NULL               },
        { "kube-flannel-ds", NULL               },
        { "aws-node",        "aws-eks-nodeagent"},
    };
    static const char *const good[] = { "calico-node",  "cilium",      "canal",   "weave-net",
                                        "antrea-agent", "kube-router", "kindnet", "ovnkube-node" };
    const char *ret = NULL;

    FOR_EACH_OBJECT(o, r->snapshot, KIND_DAEMON_SET)
    {
        const char *name = object_name(o);
        for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
            if (strcmp(name, good[i]) == 0)
                return "";
        }
        for (size_t i = 0; i < ARRAY_SIZE(deaf); i++) {
            if (strcmp(name, deaf[i].daemon) != 0)
                continue;
            if (deaf[i].agent && has_container(object_pod_spec(o), deaf[i].agent))
                return "";
            ret = deaf[i].daemon;
        }
    }
    return ret;
}

static void policies_unheard(struct report *r)
{
    const char *network = deaf_network(r);
    uint32_t policies = r->snapshot->n[KIND_NETWORK_POLICY];

    if (!network)
        report_skip(r, SKIP_NO_DATA, "the cluster's network is none that is known");
    else if (*network && policies)
        report_fail(r, "", "the network '%s' does not enforce the %" PRIu32 " NetworkPolicies",
                    network, policies);
    else if (*network)
        report_warn(r, "", "the network '%s' does not enforce NetworkPolicies", network);
}

CHECK_TABLE(
    security_exposure, CHECK_SECURITY,
    { .id = "security/image-vulnerabilities-exposed",
      .title = "What can be reached from outside has no critical vulnerability",
      .remediation = "Update the image, or take the way in away until that is done.",
      .frameworks = "NSA-IMG NSA-NP C-0083 C-0084",
      .aliases = "",
      .severity = CHECK_CRITICAL,
      .tier = 2,
      .kinds = KIND_BIT(KIND_VULNERABILITY_REPORT),
      .reads = ROUTES | KIND_BIT(KIND_REPLICA_SET) | KIND_BIT(KIND_DEPLOYMENT),
      .per_object = vulnerable_and_exposed },
    { .id = "security/sensitive-interface-exposed",
      .title = "Interfaces for administrators cannot be reached from outside",
      .remediation = "Make the Service a ClusterIP and reach it by kubectl port-forward or a VPN.",
      .frameworks = "NSA-NP C-0014 C-0021",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 2,
      .reads = ROUTES,
      .per_workload = sensitive_interface },
    { .id = "security/unauthenticated-data-service",
      .title = "Stores of data that can be reached from outside ask for a login",
      .remediation = "Turn its authentication on, or make the Service a ClusterIP.",
      .frameworks = "NSA-AUTHN C-0274",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 2,
      .reads = ROUTES,
      .per_workload = unauthenticated_data },
    { .id = "security/network-policy-cni-support",
      .title = "The cluster's network enforces NetworkPolicies",
      .remediation = "Use a network that does, or turn its policy agent on.",
      .frameworks = "CIS-5.3.1 NSA-NP C-0205 C-0230 C-0240",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 2,
      .flags = CHECK_LIVE | CHECK_ALL_NAMESPACES,
      .reads = KIND_BIT(KIND_DAEMON_SET) | KIND_BIT(KIND_NETWORK_POLICY),
      .per_cluster = policies_unheard }, );
