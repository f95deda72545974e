// SPDX-License-Identifier: Apache-2.0
// What /metrics says of assessments. Loop thread.
#pragma once

struct job_result;
struct last_run;

// Counters that begin at 0: Prometheus sees no increase in one that appears with its first count.
void run_metrics_init(void);
void run_metrics_started(void);
void run_metrics_ended(const struct job_result *r);
// Gauges of the newest finished run, after a restart from the store. A run for a part of the checks
// moves its time alone: its score would look like a fall of the cluster's.
void run_metrics_last(const struct last_run *l);
