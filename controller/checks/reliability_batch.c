// SPDX-License-Identifier: Apache-2.0
// Jobs and CronJobs: do they come, do they end, do they end well?
#include "apis/cron.h"
#include "base/clock.h"
#include "controller/checks/join.h"
#include "controller/checks/report.h"

static const struct cron_job_spec *spec_of(const struct workload *w)
{
    return cron_job_spec(cron_job_of(w->object));
}

static bool parse(const struct workload *w, struct cron *ret)
{
    const char *text = cron_job_spec_schedule(spec_of(w));
    struct error e = { 0 };

    return text && cron_parse(str_of(text), ret, &e) == 0;
}

static usec period(const struct cron *c, usec now)
{
    usec next = cron_next(c, NULL, now);

    return next == USEC_NEVER ? USEC_NEVER : cron_next(c, NULL, next) - next;
}

static void deadline(struct report *r, const struct workload *w)
{
    const struct cron_job_spec *s = spec_of(w);

    if (!cron_job_spec_has_starting_deadline_seconds(s))
        report_warn(r, "spec.startingDeadlineSeconds", "has no bound for late starts");
    else if (cron_job_spec_starting_deadline_seconds(s) < 10)
        report_warn(r, "spec.startingDeadlineSeconds",
                    "is below ten seconds, the time between two looks of the controller");
}

static void concurrency(struct report *r, const struct workload *w)
{
    const char *text = text_or(cron_job_spec_schedule(spec_of(w)), "");
    struct cron c;

    if (strstr(text, "TZ="))
        report_fail(r, "spec.schedule",
                    "has a time zone in the schedule; the API server refuses it, use timeZone");
    else if (!parse(w, &c))
        report_fail(r, "spec.schedule", "is no cron expression");
    else if (cron_job_spec_concurrency_policy(spec_of(w)) == CONCURRENCY_ALLOW &&
             period(&c, r->snapshot->now) <= 5 * USEC_PER_MIN)
        report_warn(r, "spec.concurrencyPolicy",
                    "starts every few minutes and allows runs to pile up");
}

static void suspended(struct report *r, const struct workload *w)
{
    const struct cron_job_status *st = cron_job_status(cron_job_of(w->object));
    int64_t last =
        MAX(cron_job_status_last_schedule_time(st), object_meta_creation_timestamp(w->meta));

    if (cron_job_spec_suspend(spec_of(w)) &&
        r->snapshot->now - last * USEC_PER_SEC > 7 * USEC_PER_DAY)
        report_warn(r, "spec.suspend", "has been suspended for more than seven days");
}

static void failing(struct report *r, const struct workload *w)
{
    const struct cron_job_status *st = cron_job_status(cron_job_of(w->object));
    int64_t born = object_meta_creation_timestamp(w->meta);
    int64_t started = cron_job_status_last_schedule_time(st),
            succeeded = cron_job_status_last_successful_time(st);
    usec now = r->snapshot->now, each;
    struct cron c;

    if (cron_job_spec_suspend(spec_of(w)) || !parse(w, &c) ||
        (each = period(&c, now)) == USEC_NEVER) {
        report_skip(r, SKIP_NOT_APPLICABLE, "no runs are due");
        return;
    }
    if (now - MAX(started, born) * USEC_PER_SEC > 2 * each)
        report_fail(r, "status.lastScheduleTime",
                    started ? "has not started for two periods"
                            : "has never started, though two periods have passed");
    else if (now - MAX(succeeded, born) * USEC_PER_SEC > 4 * each)
        report_warn(r, "status.lastSuccessfulTime", "has not succeeded for more than three runs");
}

static const char *failed_reason(const struct object *job)
{
    FOR_EACH (workload_condition, c, job_status_conditions(job_status(job_of(job)))) {
        if (strcmp(atom_str(workload_condition_type(c)), "Failed") == 0 &&
            workload_condition_status(c) == CONDITION_TRUE)
            return atom_str(workload_condition_reason(c));
    }
    return NULL;
}

// Jobs of a CronJob are that one's story: cronjob-failing.
static void job_failed(struct report *r, const struct workload *w)
{
    const char *reason = failed_reason(w->object);

    if (reason)
        report_warn(r, "status.conditions", "has failed (%s)", reason);
}

static const struct job_spec *job_spec_of(const struct workload *w)
{
    if (w->id == KIND_JOB)
        return job_spec(job_of(w->object));
    return job_template_spec(cron_job_spec_job_template(spec_of(w)));
}

static void job_limits(struct report *r, const struct workload *w)
{
    const struct job_spec *s = job_spec_of(w);
    bool endless =
        !job_spec_has_active_deadline_seconds(s) && !pod_spec_has_active_deadline_seconds(w->spec);

    if (endless && (job_spec_backoff_limit(s) > 10 ||
                    (!job_spec_has_backoff_limit(s) &&
                     pod_spec_restart_policy(w->spec) == RESTART_POLICY_ON_FAILURE)))
        report_warn(r, "spec.activeDeadlineSeconds", "may try again for hours: it has no deadline");
}

CHECK_TABLE(
    reliability_batch, CHECK_RELIABILITY,
    { .id = "reliability/cronjob-deadline",
      .title = "CronJobs have a bound for late starts",
      .remediation = "Set startingDeadlineSeconds to a few minutes.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 2,
      .kinds = KIND_BIT(KIND_CRON_JOB),
      .per_workload = deadline },
    { .id = "reliability/cronjob-concurrency",
      .title = "Runs of frequent CronJobs do not pile up",
      .remediation = "Set concurrencyPolicy to Forbid or Replace, and correct the schedule.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 3,
      .kinds = KIND_BIT(KIND_CRON_JOB),
      .per_workload = concurrency },
    { .id = "reliability/cronjob-suspended",
      .title = "No CronJob is suspended for more than seven days",
      .remediation = "Resume the CronJob or delete it.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 2,
      .flags = CHECK_LIVE,
      .kinds = KIND_BIT(KIND_CRON_JOB),
      .per_workload = suspended },
    { .id = "reliability/cronjob-failing",
      .title = "CronJobs start and succeed",
      .remediation = "Look at the last Job and its Pods.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 2,
      .flags = CHECK_LIVE,
      .kinds = KIND_BIT(KIND_CRON_JOB),
      .per_workload = failing },
    { .id = "reliability/job-failed",
      .title = "Jobs succeed",
      .remediation = "Look at the Job's Pods, then delete it or run it again.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 2,
      .flags = CHECK_LIVE,
      .kinds = KIND_BIT(KIND_JOB),
      .per_workload = job_failed },
    { .id = "reliability/job-limits",
      .title = "Jobs that are tried again have a deadline",
      .remediation = "Set activeDeadlineSeconds.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 3,
      .kinds = KIND_BIT(KIND_JOB) | KIND_BIT(KIND_CRON_JOB),
      .per_workload = job_limits }, );
