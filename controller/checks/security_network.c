// SPDX-License-Identifier: Apache-2.0
// Who can reach what: NetworkPolicies, Services, Ingresses.
#include "apis/selector.h"
#include "controller/checks/join.h"
#include "controller/checks/report.h"

// Policies of a CNI's own kinds are not read: where these exist, nobody is called unprotected.
static bool other_policies(const struct report *r)
{
    return join_crd(r->join, "cilium.io", "ciliumnetworkpolicies") ||
           join_crd(r->join, "crd.projectcalico.org", "networkpolicies") ||
           join_crd(r->join, "projectcalico.org", "networkpolicies") ||
           join_crd(r->join, "policy.networking.k8s.io", NULL);
}

static void policy_in_namespace(struct report *r, const struct object *o)
{
    const struct ns_info *ns = join_namespace(r->join, object_name(o));

    if (ns->workloads == 0)
        report_skip(r, SKIP_NOT_APPLICABLE, "namespaces without workloads are not looked at");
    else if (ns->policies == 0)
        report_as(r, other_policies(r) ? VERDICT_WARN : VERDICT_FAIL, "",
                  "has workloads and no NetworkPolicy%s",
                  other_policies(r) ? "; policies of other kinds are not read" : "");
}

static bool exposed_by_service(const struct workload *w)
{
    enum service_type t =
        service_spec_type(service_spec(w->service ? service_of(w->service) : NULL));

    return w->service && (t == SERVICE_LOAD_BALANCER || t == SERVICE_NODE_PORT);
}

static bool exposed(const struct workload *w)
{
    return w->ingress || exposed_by_service(w);
}

static void pod_isolation(struct report *r, const struct workload *w)
{
    enum verdict v = exposed(w) ? VERDICT_FAIL : VERDICT_WARN;

    if (pod_spec_host_network(w->spec)) {
        report_skip(r, SKIP_NOT_APPLICABLE, "policies do not hold for Pods on the node's network");
        return;
    }
    if (!w->ingress_policy)
        report_as(r, v, "", "no NetworkPolicy selects its Pods for incoming traffic%s",
                  exposed(w) ? ", and it is exposed outside the cluster" : "");
    if (!w->egress_policy)
        report_as(r, v, "", "no NetworkPolicy selects its Pods for outgoing traffic");
}

static bool selects_all(const struct label_selector *s)
{
    return label_selector_match_labels(s).n == 0 && label_selector_match_expressions(s).n == 0;
}

// Everything: an open block of addresses, or all Pods of all namespaces.
static bool peer_is_everybody(const struct network_policy_peer *p)
{
    const struct ip_block *b = network_policy_peer_ip_block(p);
    const char *cidr = text_or(ip_block_cidr(b), "");

    if (b)
        return (strcmp(cidr, "0.0.0.0/0") == 0 || strcmp(cidr, "::/0") == 0) &&
               ip_block_except(b).n == 0;
    return network_policy_peer_has_namespace_selector(p) &&
           selects_all(network_policy_peer_namespace_selector(p)) &&
           selects_all(network_policy_peer_pod_selector(p));
}

static bool peers_are_everybody(struct rlist peers)
{
    FOR_EACH (network_policy_peer, p, peers) {
        if (peer_is_everybody(p))
            return true;
    }
    return peers.n == 0;
}

static void policy_allow_all(struct report *r, const struct object *o)
{
    const struct network_policy_spec *spec = network_policy_spec(network_policy_of(o));
    char field[REPORT_FIELD_MAX];
    uint32_t i = 0;

    FOR_EACH (network_policy_ingress, rule, network_policy_spec_ingress(spec)) {
        snprintf(field, sizeof(field), "spec.ingress[%" PRIu32 "].from", i++);
        if (peers_are_everybody(network_policy_ingress_from(rule)))
            report_warn(r, field, "lets everybody in");
    }
    i = 0;
    FOR_EACH (network_policy_egress, rule, network_policy_spec_egress(spec)) {
        snprintf(field, sizeof(field), "spec.egress[%" PRIu32 "].to", i++);
        if (peers_are_everybody(network_policy_egress_to(rule)))
            report_warn(r, field, "lets traffic out to everywhere");
    }
}

static void policy_dangling(struct report *r, const struct object *o)
{
    const struct selected *s = join_selected(r->join, o);

    if (selects_all(network_policy_spec_pod_selector(network_policy_spec(network_policy_of(o)))))
        return;
    if (s && s->n == 0)
        report_warn(r, "spec.podSelector", "selects no Pod and no workload of its namespace");
}

static bool namespace_matches(const struct report *r, const struct network_policy_peer *p,
                              const struct workload *w, atom home)
{
    const struct label_selector *sel = network_policy_peer_namespace_selector(p);
    const struct ns_info *ns = join_namespace(r->join, atom_str(w->ns));

    if (!sel)
        return w->ns == home;
    return selects_all(sel) || (ns->object && selector_matches_namespace(sel, ns->object));
}

static bool peer_matches_any(const struct report *r, const struct network_policy_peer *p, atom home)
{
    const struct label_selector *pods = network_policy_peer_pod_selector(p);

    for (uint32_t i = 0; i < r->join->walk.n; i++) {
        const struct workload *w = r->join->walk.units[i];
        if ((!pods || selector_matches(pods, object_meta_labels(w->template))) &&
            namespace_matches(r, p, w, home))
            return true;
    }
    return false;
}

static void judge_peers(struct report *r, struct rlist peers, atom home, const char *field)
{
    FOR_EACH (network_policy_peer, p, peers) {
        if (!network_policy_peer_has_ip_block(p) && !peer_matches_any(r, p, home))
            report_warn(r, field, "names a peer that matches no workload");
    }
}

static void policy_dangling_peer(struct report *r, const struct object *o)
{
    const struct network_policy_spec *spec = network_policy_spec(network_policy_of(o));

    FOR_EACH (network_policy_ingress, rule, network_policy_spec_ingress(spec))
        judge_peers(r, network_policy_ingress_from(rule), o->ns, "spec.ingress");
    FOR_EACH (network_policy_egress, rule, network_policy_spec_egress(spec))
        judge_peers(r, network_policy_egress_to(rule), o->ns, "spec.egress");
}

// "*.example.org" covers one label, not two.
static bool covers(const char *pattern, const char *host)
{
    const char *dot = strchr(host, '.');

    if (strcmp(pattern, host) == 0)
        return true;
    return pattern[0] == '*' && dot && strcmp(pattern + 1, dot) == 0;
}

static bool covered(const struct ingress_spec *spec, const char *host)
{
    FOR_EACH (ingress_tls, t, ingress_spec_tls(spec)) {
        if (ingress_tls_hosts(t).n == 0)
            return true;
        FOR_EACH_STR (h, ingress_tls_hosts(t)) {
            if (covers(h, host))
                return true;
        }
    }
    return false;
}

static bool tls_elsewhere(const struct object *o)
{
    struct rlist notes = object_meta_annotations(object_meta_of(o));

    return rmap_get(notes, "alb.ingress.kubernetes.io/certificate-arn") ||
           str_starts(object_name(o), "cm-acme-http-solver-");
}

static void ingress_tls(struct report *r, const struct object *o)
{
    const struct ingress_spec *spec = ingress_spec(ingress_of(o));
    char field[REPORT_FIELD_MAX];
    uint32_t i = 0;

    if (tls_elsewhere(o))
        return;
    if (ingress_spec_tls(spec).n == 0) {
        report_fail(r, "spec.tls", "serves plain HTTP only");
        return;
    }
    FOR_EACH (ingress_rule, rule, ingress_spec_rules(spec)) {
        const char *host = ingress_rule_host(rule);
        snprintf(field, sizeof(field), "spec.rules[%" PRIu32 "].host", i++);
        if (host && *host && !covered(spec, host))
            report_fail(r, field, "host %s is in no entry of tls", host);
    }
}

static void ingress_wildcard(struct report *r, const struct object *o)
{
    const struct ingress_spec *spec = ingress_spec(ingress_of(o));

    if (ingress_spec_rules(spec).n == 0 && ingress_spec_has_default_backend(spec))
        report_warn(r, "spec.defaultBackend", "answers every host");
    FOR_EACH (ingress_rule, rule, ingress_spec_rules(spec)) {
        const char *host = text_or(ingress_rule_host(rule), "");
        if (!*host || strchr(host, '*'))
            report_warn(r, "spec.rules",
                        *host ? "answers the wildcard host %s" : "has a rule for every host%s",
                        host);
    }
}

static void ingress_snippets(struct report *r, const struct object *o)
{
    FOR_EACH_PAIR (key, value, object_meta_annotations(object_meta_of(o))) {
        if (!str_starts(key, "nginx.ingress.kubernetes.io/"))
            continue;
        const char *name = strchr(key, '/') + 1;
        bool risky = str_starts(name, "auth-tls-") || str_starts(name, "mirror-") ||
                     strcmp(name, "auth-url") == 0;
        if (str_ends(name, "-snippet"))
            report_fail(r, "metadata.annotations",
                        "puts its own text into the controller's configuration (%s)", name);
        else if (risky && strpbrk(value, "\r\n{};"))
            report_fail(r, "metadata.annotations",
                        "the annotation %s holds characters that end a directive", name);
    }
}

static void node_port(struct report *r, const struct object *o)
{
    if (service_spec_type(service_spec(service_of(o))) == SERVICE_NODE_PORT)
        report_warn(r, "spec.type", "opens a port on every node");
}

static bool internal_balancer(const struct object *o)
{
    static const char *const keys[] = {
        "service.beta.kubernetes.io/aws-load-balancer-internal",
        "service.beta.kubernetes.io/azure-load-balancer-internal",
        "service.beta.kubernetes.io/openstack-internal-load-balancer",
        "service.beta.kubernetes.io/oci-load-balancer-internal",
    };
    struct rlist notes = object_meta_annotations(object_meta_of(o));
    const char *v;

    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        v = rmap_get(notes, keys[i]);
        if (v && strcmp(v, "false") != 0)
            return true;
    }
    v = rmap_get(notes, "service.beta.kubernetes.io/aws-load-balancer-scheme");
    if (v && strcmp(v, "internal") == 0)
        return true;
    v = text_or(rmap_get(notes, "networking.gke.io/load-balancer-type"),
                rmap_get(notes, "cloud.google.com/load-balancer-type"));
    return v && strcmp(v, "Internal") == 0;
}

static void balancer_open(struct report *r, const struct object *o)
{
    const struct service_spec *spec = service_spec(service_of(o));
    struct rlist ranges = service_spec_load_balancer_source_ranges(spec);

    if (service_spec_type(spec) != SERVICE_LOAD_BALANCER || internal_balancer(o))
        return;
    if (ranges.n == 0 || rlist_has_str(ranges, "0.0.0.0/0") || rlist_has_str(ranges, "::/0"))
        report_warn(r, "spec.loadBalancerSourceRanges", "is open to the whole internet");
}

static void external_ips(struct report *r, const struct object *o)
{
    if (service_spec_external_ips(service_spec(service_of(o))).n)
        report_fail(r, "spec.externalIPs",
                    "claims external addresses, which can divert traffic (CVE-2020-8554)");
}

static void internet_exposure(struct report *r, const struct workload *w)
{
    bool probe = false;

    if (!w->ingress && (!exposed_by_service(w) || internal_balancer(w->service)))
        return;
    FOR_EACH (container, c, pod_spec_containers(w->spec))
        probe |= container_has_readiness_probe(c);
    if (w->ingress_policy && probe)
        return;
    report_warn(r, "", "is reachable from outside through %s '%s' and has no %s",
                exposed_by_service(w) ? "Service" : "an Ingress to Service",
                object_name(w->service), w->ingress_policy ? "readiness probe" : "NetworkPolicy");
}

static void default_namespace(struct report *r, const struct object *o)
{
    const char *name = object_name(o);

    if (strcmp(object_namespace(o), "default") != 0)
        return;
    if ((o->kind == KIND_SERVICE && strcmp(name, "kubernetes") == 0) ||
        (o->kind == KIND_CONFIG_MAP && strcmp(name, "kube-root-ca.crt") == 0))
        return;
    if (o->kind == KIND_POD && object_meta_owner_references(object_meta_of(o)).n)
        return;
    report_warn(r, "metadata.namespace", "is in the namespace default");
}

static bool leads_to_ssh(const struct object *service)
{
    FOR_EACH (service_port, port, service_spec_ports(service_spec(service_of(service)))) {
        struct int_or_string target = service_port_target_port(port);
        if (service_port_protocol(port) == PROTOCOL_TCP &&
            (service_port_port(port) == 22 || (!target.s && target.i == 22)))
            return true;
    }
    return false;
}

static void ssh_port(struct report *r, const struct pod_view *p unused_arg,
                     const struct container_view *c)
{
    const struct object *service = r->workload ? r->workload->service : NULL;

    if (r->first && service && leads_to_ssh(service)) {
        report_at(r, NULL);
        report_fail(r, "", "Service '%s' offers SSH on port 22", object_name(service));
        report_at(r, c);
    }
    FOR_EACH (container_port, port, container_ports(c->c)) {
        if (container_port_container_port(port) == 22 &&
            container_port_protocol(port) == PROTOCOL_TCP)
            report_fail(r, "ports", "offers SSH on port 22");
    }
}

#define SERVICES KIND_BIT(KIND_SERVICE)
#define POLICIES KIND_BIT(KIND_NETWORK_POLICY)

CHECK_TABLE(security_network, CHECK_SECURITY,
            { .id = "security/network-policy-namespace",
              .title = "Namespaces with workloads have a NetworkPolicy",
              .remediation =
                  "Add a policy that denies by default, and one for each connection that is meant.",
              .frameworks = "CIS-5.3.2 NSA-NP C-0049 C-0054 C-0206 C-0230 C-0240 C-0260",
              .aliases = "",
              .severity = CHECK_HIGH,
              .tier = 1,
              .kinds = KIND_BIT(KIND_NAMESPACE),
              .reads = POLICIES,
              .per_object = policy_in_namespace },
            { .id = "security/network-policy-pod-isolation",
              .title = "Every workload is selected by policies for both directions",
              .remediation = "Add a NetworkPolicy that selects the Pods for Ingress and Egress.",
              .frameworks = "CIS-5.3.2 NSA-NP C-0030 C-0260",
              .aliases = "",
              .severity = CHECK_MEDIUM,
              .tier = 1,
              .reads = POLICIES,
              .per_workload = pod_isolation },
            { .id = "security/network-policy-allow-all",
              .title = "No NetworkPolicy lets everybody through",
              .remediation = "Name the peers; an empty from or to means all of them.",
              .frameworks = "NSA-NP C-0049",
              .aliases = "",
              .severity = CHECK_MEDIUM,
              .tier = 1,
              .kinds = POLICIES,
              .per_object = policy_allow_all },
            { .id = "security/network-policy-dangling",
              .title = "Every NetworkPolicy selects a workload",
              .remediation = "Correct the podSelector or delete the policy.",
              .frameworks = "NSA-NP C-0299",
              .aliases = "",
              .severity = CHECK_LOW,
              .tier = 1,
              .kinds = POLICIES,
              .reads = KIND_BIT(KIND_POD),
              .per_object = policy_dangling },
            { .id = "security/network-policy-dangling-peer",
              .title = "The peers of NetworkPolicies exist",
              .remediation = "Correct the selectors of the peer or delete the rule.",
              .frameworks = "NSA-NP",
              .aliases = "",
              .severity = CHECK_LOW,
              .tier = 1,
              .kinds = POLICIES,
              .reads = KIND_BIT(KIND_POD) | KIND_BIT(KIND_NAMESPACE),
              .per_object = policy_dangling_peer },
            { .id = "security/ingress-tls",
              .title = "Ingresses serve every host over TLS",
              .remediation = "Add the host to spec.tls with a certificate.",
              .frameworks = "NSA-ENC C-0231 C-0245 C-0263",
              .aliases = "",
              .severity = CHECK_MEDIUM,
              .tier = 1,
              .kinds = KIND_BIT(KIND_INGRESS),
              .per_object = ingress_tls },
            { .id = "security/ingress-wildcard-host",
              .title = "Ingresses name their hosts",
              .remediation = "Give each rule a host without a wildcard.",
              .frameworks = "",
              .aliases = "",
              .severity = CHECK_LOW,
              .tier = 3,
              .kinds = KIND_BIT(KIND_INGRESS),
              .per_object = ingress_wildcard },
            { .id = "security/ingress-snippet-annotations",
              .title = "No Ingress injects configuration text",
              .remediation = "Remove the snippet annotation and forbid snippets in the controller.",
              .frameworks = "NSA-UPG C-0059",
              .aliases = "",
              .severity = CHECK_HIGH,
              .tier = 1,
              .kinds = KIND_BIT(KIND_INGRESS),
              .per_object = ingress_snippets },
            { .id = "security/internet-exposure",
              .title = "What can be reached from outside is guarded",
              .remediation = "Add a NetworkPolicy and probes, or make the Service internal.",
              .frameworks = "NSA-NP C-0256 C-0266",
              .aliases = "",
              .severity = CHECK_MEDIUM,
              .tier = 1,
              .reads = SERVICES | POLICIES,
              .glances = KIND_BIT(KIND_INGRESS),
              .per_workload = internet_exposure },
            { .id = "security/service-node-port",
              .title = "No Service opens a port on every node",
              .remediation = "Use ClusterIP with an Ingress or Gateway, or a LoadBalancer.",
              .frameworks = "NSA-NP C-0256",
              .aliases = "",
              .severity = CHECK_MEDIUM,
              .tier = 1,
              .kinds = SERVICES,
              .per_object = node_port },
            { .id = "security/load-balancer-open",
              .title = "Load balancers are internal or limited to known addresses",
              .remediation = "Set loadBalancerSourceRanges, or make the load balancer internal.",
              .frameworks = "NSA-NP NSA-CLOUD C-0256",
              .aliases = "",
              .severity = CHECK_MEDIUM,
              .tier = 1,
              .kinds = SERVICES,
              .per_object = balancer_open },
            { .id = "security/service-external-ips",
              .title = "No Service claims external addresses",
              .remediation = "Remove externalIPs and use a LoadBalancer.",
              .frameworks = "CIS-1.2.3 C-0115 C-0283",
              .aliases = "",
              .severity = CHECK_HIGH,
              .tier = 1,
              .kinds = SERVICES,
              .per_object = external_ips },
            { .id = "security/default-namespace-used",
              .title = "Nothing lives in the namespace default",
              .remediation = "Give each application a namespace of its own.",
              .frameworks = "CIS-5.6.4 NSA-NS C-0061 C-0212",
              .aliases = "",
              .severity = CHECK_LOW,
              .tier = 1,
              .kinds = SERVICES | KIND_BIT(KIND_CONFIG_MAP) | KIND_BIT(KIND_DEPLOYMENT) |
                       KIND_BIT(KIND_STATEFUL_SET) | KIND_BIT(KIND_DAEMON_SET) |
                       KIND_BIT(KIND_CRON_JOB) | KIND_BIT(KIND_POD),
              .per_object = default_namespace },
            { .id = "security/ssh-port",
              .title = "No container offers SSH",
              .remediation = "Remove the SSH server; use kubectl exec or debug.",
              .frameworks = "NSA-RT C-0042",
              .aliases = "",
              .severity = CHECK_MEDIUM,
              .tier = 1,
              .flags = CHECK_JOINS,
              .glances = SERVICES,
              .sets = SET_ALL,
              .per_container = ssh_port }, );
