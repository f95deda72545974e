// SPDX-License-Identifier: Apache-2.0
// What trivy-operator found in images. Only what can be mended counts: a vulnerability with a fixed
// version.
#include "controller/checks/join.h"
#include "controller/checks/report.h"

#define STALE (7 * USEC_PER_DAY)

static uint32_t fixable(const struct vulnerability_report_data *d, const char *severity)
{
    uint32_t n = 0;

    FOR_EACH (vulnerability, v, vulnerability_report_data_vulnerabilities(d)) {
        const char *fixed = vulnerability_fixed_version(v);
        n += fixed && *fixed && strcmp(atom_str(vulnerability_severity(v)), severity) == 0;
    }
    return n;
}

// Reports of old ReplicaSets stay for a while.
static bool of_old_replica_set(struct report *r, const struct object *o)
{
    struct rlist labels = object_meta_labels(object_meta_of(o));
    const char *kind = text_or(rmap_get(labels, "trivy-operator.resource.kind"), "");
    const struct object *rs = strcmp(kind, "ReplicaSet") == 0
                                  ? join_find(r->join, KIND_REPLICA_SET, o->ns,
                                              rmap_get(labels, "trivy-operator.resource.name"))
                                  : NULL;

    if (!rs || replica_set_spec_replicas(replica_set_spec(replica_set_of(rs))) > 0)
        return false;
    report_skip(r, SKIP_NOT_APPLICABLE, "the report is about a ReplicaSet without Pods");
    return true;
}

static void judge(struct report *r, const struct object *o, const char *severity, uint32_t most,
                  enum verdict v)
{
    const struct vulnerability_report_data *d =
        vulnerability_report_report(vulnerability_report_of(o));
    const char *container = text_or(
        rmap_get(object_meta_labels(object_meta_of(o)), "trivy-operator.container.name"), "?");
    uint32_t n = fixable(d, severity);

    if (of_old_replica_set(r, o))
        return;
    if (n >= most)
        report_as(r, v, "report.vulnerabilities",
                  "the image of container '%s' has %" PRIu32 " %s vulnerabilities with a fix",
                  container, n, severity);
    else if (vulnerability_report_data_update_timestamp(d) * USEC_PER_SEC + STALE <
             r->snapshot->now)
        report_warn(r, "report.updateTimestamp", "the scan is older than seven days");
}

static void critical(struct report *r, const struct object *o)
{
    judge(r, o, "CRITICAL", 1, VERDICT_FAIL);
}

static void high(struct report *r, const struct object *o)
{
    judge(r, o, "HIGH", 10, VERDICT_WARN);
}

CHECK_TABLE(security_vulnerabilities, CHECK_SECURITY,
            { .id = "security/image-critical-vulnerabilities",
              .title = "No image has a critical vulnerability that a newer version mends",
              .remediation = "Rebuild or update the image.",
              .frameworks = "NSA-IMG C-0085",
              .aliases = "security.stored-vulnerability-thresholds",
              .severity = CHECK_CRITICAL,
              .tier = 1,
              .kinds = KIND_BIT(KIND_VULNERABILITY_REPORT),
              .per_object = critical },
            { .id = "security/image-high-vulnerabilities",
              .title = "No image has ten high vulnerabilities that newer versions mend",
              .remediation = "Rebuild or update the image.",
              .frameworks = "NSA-IMG C-0085",
              .aliases = "security.stored-vulnerability-thresholds",
              .severity = CHECK_HIGH,
              .tier = 1,
              .kinds = KIND_BIT(KIND_VULNERABILITY_REPORT),
              .per_object = high }, );
