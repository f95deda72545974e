// SPDX-License-Identifier: Apache-2.0
// Every metric is one row of metrics.def; the Prometheus text (0.0.4) and docs/metrics.md follow
// from it. Loop thread only; the worker hands numbers over with its result. Label sets are bounded:
// beyond METRIC_SERIES_MAX per metric the value goes to the series whose labels are all "other",
// and label values are cut at METRIC_VALUE_MAX bytes.
#pragma once

#include "base/base.h"
#include "base/str.h"

#define METRIC_LABELS_MAX 4
#define METRIC_SERIES_MAX 256
#define METRIC_VALUE_MAX  128

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
    // The first label is printed under this name too; NULL: it is not.
    const char *repeat_as;
    const double *buckets; // histograms: ascending, ends with 0
};
const struct metric_info *metric_info(enum metric_id id);

// Label values follow in the row's order, exactly as many as it has labels (asserted); NULL counts
// as "".
extern const char metric_labels_end[];              // added by the macros below
void metric_add(enum metric_id id, double by, ...); // counters: by >= 0
// Gauges, and counters that follow a total kept elsewhere.
void metric_set(enum metric_id id, double value, ...);
void metric_observe(enum metric_id id, double value, ...);
// Counter or gauge, a histogram's count; 0 when never set.
double metric_value(enum metric_id id, ...);
#define metric_add(...)     metric_add(__VA_ARGS__, metric_labels_end)
#define metric_set(...)     metric_set(__VA_ARGS__, metric_labels_end)
#define metric_observe(...) metric_observe(__VA_ARGS__, metric_labels_end)
#define metric_value(...)   metric_value(__VA_ARGS__, metric_labels_end)

void metric_forget(enum metric_id id); // drops every series of a gauge whose label set is rebuilt
void metrics_update_process(void);     // reads the process_* values from /proc; < 1 ms

// Prometheus text. Without labels counters and histograms are there from the start, gauges once
// they are set.
int must_check metrics_write(struct buf *out);
void metrics_reset(void); // tests
