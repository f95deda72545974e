// SPDX-License-Identifier: Apache-2.0
// Every metric is one row of metrics.def; the Prometheus text (0.0.4) and docs/metrics.md follow from it.
// Loop thread only; the worker hands numbers over with its result. Label sets are bounded: beyond METRIC_SERIES_MAX per
// metric the value goes to the series whose labels are all "other".
#pragma once

#include "base/base.h"
#include "base/str.h"

#define METRIC_LABELS_MAX 4
#define METRIC_SERIES_MAX 256

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

enum metric_id {
#define METRIC(id, type, name, help, ...) METRIC_##id,
#include "base/metrics.def"
#undef METRIC
    METRIC_ID_COUNT
};

struct metric_info {
    enum metric_type type;
    const char *name, *help;
    const char *labels[METRIC_LABELS_MAX]; // names, NULL-terminated when fewer
    const double *buckets;                 // histograms: ascending, ends with 0
};
const struct metric_info *metric_info(enum metric_id id);

// Label values follow in the row's order, as many as it has labels.
void metric_add(enum metric_id id, double by, ...);
void metric_set(enum metric_id id, double value, ...);
void metric_observe(enum metric_id id, double value, ...);
double metric_value(enum metric_id id, ...); // counter or gauge; 0 when never set
void metric_forget(enum metric_id id);       // drops every series of a gauge whose label set is rebuilt

int must_check metrics_write(struct buf *out);
void metrics_reset(void); // tests
