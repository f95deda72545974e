// SPDX-License-Identifier: Apache-2.0
// The findings of one run as PolicyReports (wgpolicyk8s.io/v1alpha2): one per namespace, and a
// ClusterPolicyReport for what has none. Built on the worker while the run's findings come by, then
// handed to the loop. A report holds at most REPORT_RESULTS_MAX results, the worst it was given
// first; its summary counts all.
#pragma once

#include "base/base.h"
#include "base/str.h"
#include "controller/checks/result.h"

#define REPORT_NAME        "kube9-operator"
#define REPORT_LABEL       "app.kubernetes.io/managed-by=kube9-operator" // that they all have
#define REPORT_RESULTS_MAX 500
#define REPORT_BODY_MAX    ((size_t)1 << 20) // the API server takes 1.5 MiB at the most
#define REPORTS_MAX        4096              // namespaces; beyond them nothing is reported

struct report_set;

struct report_set *report_set_new(usec at); // at: of the results, wall clock
void report_set_free(struct report_set *s); // NULL ok
void report_set_add(struct report_set *s, const struct finding *f); // what is exempted is left out
// Of that many checks more a unit of the namespace passed, or nothing could be said.
void report_set_count_unit(struct report_set *s, const char *ns, uint32_t passed, uint32_t skipped);

// Worst first in each; once, after the last was added. Worker thread: there may be thousands.
void report_set_sort(struct report_set *s);

size_t report_set_count(const struct report_set *s);
// In the order of namespaces; "" for the cluster's.
const char *report_set_namespace(const struct report_set *s, size_t i);
bool report_set_has(const struct report_set *s, const char *ns);
// Sorted, a body for server-side apply, of at most REPORT_BODY_MAX; -1: none of that namespace.
int must_check report_set_body(const struct report_set *s, const char *ns, struct buf *out);
