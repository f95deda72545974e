// SPDX-License-Identifier: Apache-2.0
// Names and words of release 2.4, so that its dashboards go on; state and status are bounded by
// their enumerations.
#include "controller/run_metrics.h"

#include "base/metrics.h"
#include "controller/assessor.h"
#include "controller/last_run.h"

void run_metrics_started(void)
{
    metric_add(METRIC_ASSESSMENT_RUNS_TOTAL, 1, "running");
}

static const char *const states[] = { [JOB_COMPLETED] = "completed",
                                      [JOB_PARTIAL] = "partial",
                                      [JOB_FAILED] = "failed",
                                      [JOB_CANCELLED] = "cancelled",
                                      [JOB_TIMED_OUT] = "failed" };

void run_metrics_init(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(states); i++)
        metric_add(METRIC_ASSESSMENT_RUNS_TOTAL, 0, states[i]);
    metric_add(METRIC_ASSESSMENT_RUNS_TOTAL, 0, "running");
}

void run_metrics_ended(const struct job_result *r)
{
    metric_add(METRIC_ASSESSMENT_RUNS_TOTAL, 1, states[r->outcome]);
    metric_observe(METRIC_ASSESSMENT_RUN_DURATION_SECONDS,
                   (double)MAX(r->completed - r->started, 0) / 1e6);
    if (r->outcome != JOB_COMPLETED && r->outcome != JOB_PARTIAL)
        return;
    for (size_t i = 0; i < r->n_checks; i++)
        metric_add(METRIC_ASSESSMENT_CHECKS_TOTAL, 1, r->checks[i].pillar, r->checks[i].status);
}

static void set_figures(const struct run_figures *f)
{
    if (f->score >= 0)
        metric_set(METRIC_ASSESSMENT_LAST_SCORE, f->score);
    for (int p = 0; p < CHECK_PILLARS; p++) {
        if (f->pillars[p] >= 0)
            metric_set(METRIC_PILLAR_SCORE, f->pillars[p], check_pillar_name((enum check_pillar)p));
    }
    for (int s = 0; f->findings_known && s < CHECK_SEVERITIES; s++)
        metric_set(METRIC_FINDINGS, f->failing[s], check_severity_name((enum check_severity)s));
}

void run_metrics_last(const struct last_run *l)
{
    if (!l->uid)
        return;
    metric_set(METRIC_ASSESSMENT_LAST_RUN_TIMESTAMP, (double)l->completed / 1e6);
    if (l->full.known)
        set_figures(&l->full);
}
