// SPDX-License-Identifier: Apache-2.0
// What one check is: a row of constants and one small function. The engine does the loops, the
// owner chain, exemptions, Windows, platform namespaces and scores (checks-catalog.md §0); the
// function says only what is wrong with what it sees.
#pragma once

#include "apis/kinds.h"
#include "base/base.h"

enum check_pillar { // bits 1 << p in assessment_options
    CHECK_SECURITY,
    CHECK_RELIABILITY,
    CHECK_PERFORMANCE,
    CHECK_COST,
    CHECK_OPERATIONS,
    CHECK_SUSTAINABILITY,
    CHECK_PILLARS
};

enum check_severity { CHECK_LOW, CHECK_MEDIUM, CHECK_HIGH, CHECK_CRITICAL, CHECK_SEVERITIES };

enum verdict { VERDICT_PASS, VERDICT_SKIP, VERDICT_WARN, VERDICT_FAIL, VERDICT_COUNT };

enum skip_reason { // §0.9
    SKIP_NONE,
    SKIP_NO_OBJECTS,
    SKIP_NOT_APPLICABLE,
    SKIP_NO_PERMISSION,
    SKIP_NO_DATA,
    SKIP_EXEMPTED,
    SKIP_MANUAL,
    SKIP_DISABLED,
    SKIP_REASON_COUNT
};

// §0.1: C, I (without sidecars), S, E.
enum container_set { SET_MAIN = 1, SET_INIT = 2, SET_SIDECAR = 4, SET_EPHEMERAL = 8 };

#define SET_ALL     (SET_MAIN | SET_INIT | SET_SIDECAR | SET_EPHEMERAL)
#define SET_SERVING (SET_MAIN | SET_SIDECAR)            // probes, ports
#define SET_STARTED (SET_MAIN | SET_SIDECAR | SET_INIT) // resources, root file system

// A check's `reads` names the kinds whose absence or denial makes its answer worthless, beyond
// those it walks.
typedef uint64_t kind_mask;
#define KIND_BIT(k) ((kind_mask)1 << (k))

enum {
    CHECK_OFF = 1,            // runs only when a profile or `include` names it
    CHECK_ROLLUP = 2,         // sums up other checks: weight 0 in the score
    CHECK_LINUX = 4,          // not applicable to Windows Pods (§0.11)
    CHECK_ALL_NAMESPACES = 8, // platform namespaces are judged too (RBAC, cluster level; §0.10)
    CHECK_LIVE = 16,          // needs a running cluster; from files: no-data
    CHECK_RUNNING = 32,       // long-running workloads only: no Jobs, CronJobs, finished Pods
    CHECK_JOINS = 64, // a pod check that looks beyond the Pod spec: never remembered per spec block
    CHECK_FILES = 128,   // says something about manifests only; live: not-applicable
    CHECK_MANUAL = 2048, // the API shows nothing of it: always skipped, manual
    // Groups that the labels kube9.io/{ha,resource,probe}-exempt of 2.4 exempt.
    CHECK_HA = 256,
    CHECK_RESOURCES = 512,
    CHECK_PROBES = 1024,
};

struct report;
struct pod_view;
struct container_view;
struct exemption_entry;
struct workload;
struct object;

struct check {
    const char *id;          // "security/privileged-container"
    const char *title;       // what holds when it passes
    const char *remediation; // imperative, one or two sentences
    const char *frameworks;  // controls: "PSS-B:privileged CIS-5.2.2 NSA-PSE C-0057", "" if none
    const char
        *aliases; // upstream 2.4 ids, blank separated: "security.privileged-containers"; "" if none
    enum check_severity severity;
    int tier; // build order of the catalogue: 1 to 3
    // Pod Security Standards, minor versions: the control begins with pss_since; Windows Pods are
    // exempt from pss_windows on (0: never).
    uint8_t pss_since, pss_windows;
    unsigned flags;  // CHECK_*
    unsigned sets;   // per_container: enum container_set
    kind_mask kinds; // per_object: what is walked; per_workload: 0 is every workload kind
    kind_mask reads;
    kind_mask
        glances; // kinds that add findings: without them the rest is judged but nothing passes
    // Exactly one is set.
    void (*per_container)(struct report *r, const struct pod_view *p,
                          const struct container_view *c);
    void (*per_pod_spec)(struct report *r, const struct pod_view *p);
    void (*per_workload)(struct report *r, const struct workload *w);
    void (*per_object)(struct report *r, const struct object *o);
    void (*per_cluster)(struct report *r);
    void (*per_exemption)(struct report *r, const struct exemption_entry *e);
};

struct pillar_table {
    enum check_pillar pillar;
    const struct check *checks;
    size_t n;
};

// One per file of checks: CHECK_TABLE(security_pod, CHECK_SECURITY, { .id = … }, …)
#define CHECK_TABLE(name, which, ...)                                                              \
    static const struct check name##_checks[] = { __VA_ARGS__ };                                   \
    const struct pillar_table pillar_##name = { (which), name##_checks, ARRAY_SIZE(name##_checks) }

const char *check_pillar_name(enum check_pillar p);     // "performance-efficiency"
const char *check_severity_name(enum check_severity s); // "critical"
const char *verdict_name(enum verdict v);               // "passing" "skipped" "warning" "failing"
const char *skip_reason_name(enum skip_reason r);       // "no-permission"
int check_pillar_find(const char *name);                // -1 if unknown
int check_severity_find(const char *name);
