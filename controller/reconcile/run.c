// SPDX-License-Identifier: Apache-2.0
// A run moves Pending -> Running -> Completed, Partial, Failed or Cancelled. The order that
// survives a crash: first the claim (phase Running and startTime in the status), then the job,
// whose rows are committed under the run's uid, then the terminal status. Found Running without a
// job (a restart), the job is started again: its rows replace those of the first attempt. Before
// that the server is asked, for the cache may be old and the run long over.
#include "controller/reconcile/run.h"

#include "apis/draft.h"
#include "apis/reasons.h"
#include "apis/types.h"
#include "apis/validate.h"
#include "base/clock.h"
#include "base/writer.h"
#include "controller/assessor.h"
#include "controller/config.h"
#include "controller/reconcile/conditions.h"

#define BODY_MAX ((size_t)256 << 10)
#define LATE_GRACE                                                                                 \
    (5 * USEC_PER_SEC) // the job ends itself at its deadline; this looks after a lost one

static const struct assessment_run_status *status_of(const struct object *run)
{
    return assessment_run_status(assessment_run_of(run));
}

static const struct assessment_run_spec *spec_of(const struct object *run)
{
    return assessment_run_spec(assessment_run_of(run));
}

bool run_is_finished(const struct object *run)
{
    enum run_phase phase = assessment_run_status_phase(status_of(run));

    return phase >= RUN_PHASE_COMPLETED && phase <= RUN_PHASE_CANCELLED;
}

bool run_is_active(const struct object *run)
{
    return assessment_run_status_phase(status_of(run)) == RUN_PHASE_RUNNING;
}

bool run_succeeded(const struct object *run)
{
    enum run_phase phase = assessment_run_status_phase(status_of(run));

    return phase == RUN_PHASE_COMPLETED || phase == RUN_PHASE_PARTIAL;
}

usec run_completion(const struct object *run)
{
    return run_is_finished(run)
               ? assessment_run_status_completion_time(status_of(run)) * USEC_PER_SEC
               : 0;
}

const char *run_trigger(const struct object *run)
{
    const char *label = rmap_get(object_meta_labels(object_meta_of(run)), RUN_TRIGGER_LABEL);

    return label ? label : "Manual";
}

// Statuses

struct outcome {
    enum run_phase phase;
    const char *reason, *message;
    const struct job_result *result; // counts and score; NULL when nothing was walked
    usec completed;
};

static bool is_terminal(enum run_phase phase)
{
    return phase >= RUN_PHASE_COMPLETED;
}

static void put_conditions(struct draft *d, const struct run_input *in, const struct outcome *o)
{
    struct rlist old = assessment_run_status_conditions(status_of(in->run));
    int64_t generation = object_meta_generation(object_meta_of(in->run));
    bool done = is_terminal(o->phase);
    bool good = o->phase == RUN_PHASE_COMPLETED || o->phase == RUN_PHASE_PARTIAL;
    struct condition_fact facts[4];
    size_t n = 0;

    facts[n++] = (struct condition_fact){ "Ready", good ? CONDITION_TRUE : CONDITION_FALSE,
                                          o->reason, o->message };
    if (!done)
        facts[n++] =
            (struct condition_fact){ "Reconciling", CONDITION_TRUE, o->reason, o->message };
    else if (good)
        facts[n++] = (struct condition_fact){ "Complete", CONDITION_TRUE, o->reason, o->message };
    if (done && !good) {
        facts[n++] = (struct condition_fact){ "Failed", CONDITION_TRUE, o->reason, o->message };
        facts[n++] = (struct condition_fact){ "Stalled", CONDITION_TRUE, o->reason, o->message };
    }
    for (size_t i = 0; i < n; i++)
        condition_add(assessment_run_status_add_conditions(d), old, &facts[i], generation, in->now);
}

static void put_counts(struct draft *d, const struct assessment_summary *s)
{
    struct draft *c = assessment_run_status_add_counts(d);
    struct draft *coverage = assessment_run_status_add_coverage(d);

    run_counts_put_total(c, (int32_t)s->counts.total);
    run_counts_put_passing(c, (int32_t)s->counts.passing);
    run_counts_put_failing(c, (int32_t)s->counts.failing);
    run_counts_put_warning(c, (int32_t)s->counts.warning);
    run_counts_put_skipped(c, (int32_t)s->counts.skipped);
    run_counts_put_error(c, (int32_t)s->counts.error);
    run_coverage_put_evaluated(coverage, (int32_t)s->evaluated);
    run_coverage_put_total(coverage, (int32_t)s->counts.total);
    if (s->score >= 0) {
        assessment_run_status_put_score(d, s->score);
        assessment_run_status_put_grade(d, s->grade);
    }
}

static void put_pillars(struct draft *d, const struct assessment_summary *s)
{
    for (int i = 0; i < CHECK_PILLARS; i++) {
        const struct pillar_summary *ps = &s->pillars[i];
        struct draft *item;

        if (ps->counts.total == 0)
            continue;
        item = assessment_run_status_add_pillars(d);
        pillar_result_put_name(item, (enum pillar)(PILLAR_SECURITY + i));
        if (ps->score >= 0)
            pillar_result_put_score(item, ps->score);
        pillar_result_put_passing(item, (int32_t)ps->counts.passing);
        pillar_result_put_failing(item, (int32_t)ps->counts.failing);
        pillar_result_put_warning(item, (int32_t)ps->counts.warning);
        pillar_result_put_skipped(item, (int32_t)ps->counts.skipped);
    }
}

static void put_top(struct draft *d, const struct assessment_summary *s)
{
    static const enum severity severities[CHECK_SEVERITIES] = { [CHECK_LOW] = SEVERITY_LOW,
                                                                [CHECK_MEDIUM] = SEVERITY_MEDIUM,
                                                                [CHECK_HIGH] = SEVERITY_HIGH,
                                                                [CHECK_CRITICAL] =
                                                                    SEVERITY_CRITICAL };

    for (size_t i = 0; i < s->n_top; i++) {
        const struct assess_top *t = &s->top[i];
        struct draft *item = assessment_run_status_add_top_findings(d);

        top_finding_put_check(item, t->check->id);
        top_finding_put_severity(item, severities[t->severity]);
        if (t->kind[0] && strcmp(t->kind, "Cluster") != 0) {
            struct draft *o = top_finding_add_object(item);

            finding_object_put_kind(o, t->kind);
            if (t->ns[0])
                finding_object_put_namespace(o, t->ns);
            finding_object_put_name(o, t->name);
        }
        top_finding_put_message(item, t->message);
    }
}

static void put_times(struct draft *d, const struct run_input *in, const struct outcome *o)
{
    const struct assessment_run_status *old = status_of(in->run);
    bool claimed = assessment_run_status_has_start_time(old);
    int64_t start = claimed ? assessment_run_status_start_time(old) : in->now / USEC_PER_SEC;
    char text[TIME_TEXT_MAX];
    usec took;

    if (o->phase != RUN_PHASE_PENDING && (claimed || o->phase == RUN_PHASE_RUNNING))
        assessment_run_status_put_start_time(d, start);
    if (!is_terminal(o->phase))
        return;
    assessment_run_status_put_completion_time(d, o->completed / USEC_PER_SEC);
    if (!claimed)
        return;
    took =
        o->result ? o->result->completed - o->result->started : o->completed - start * USEC_PER_SEC;
    took = MAX(took, 0);
    if (took < USEC_PER_SEC)
        snprintf(text, sizeof(text), "%dms", (int)(took / 1000));
    else if (took < 10 * USEC_PER_SEC)
        snprintf(text, sizeof(text), "%.2fs", (double)took / 1e6);
    else
        duration_format(took, text);
    assessment_run_status_put_duration(d, text);
}

static void write_status(const struct run_input *in, const struct outcome *o, struct plan *p)
{
    struct draft *d = draft_new(p->arena, &type_assessment_run_status);

    assessment_run_status_put_observed_generation(d,
                                                  object_meta_generation(object_meta_of(in->run)));
    assessment_run_status_put_phase(d, o->phase);
    assessment_run_status_put_config_generation(d, in->config->generation);
    put_times(d, in, o);
    if (o->result) {
        put_counts(d, &o->result->summary);
        put_pillars(d, &o->result->summary);
        put_top(d, &o->result->summary);
        if (o->result->stored) {
            char uid[UID_TEXT_MAX];

            assessment_run_status_put_history_id(d, object_uid_text(in->run, uid));
        }
    }
    put_conditions(d, in, o);
    plan_apply_status(p, in->run, d);
}

// The spec changed where it still may (cancel, ttlSecondsAfterFinished): the same status, said of
// the new generation, or those who wait for it would take it for an old one.
static void follow_generation(const struct run_input *in, struct plan *p)
{
    const struct assessment_run_status *old = status_of(in->run);
    int64_t generation = object_meta_generation(object_meta_of(in->run));
    struct draft *d;

    if (assessment_run_status_observed_generation(old) == generation)
        return;
    d = draft_load(p->arena, &type_assessment_run_status, old);
    assessment_run_status_put_observed_generation(d, generation);
    draft_drop(d, "conditions");
    FOR_EACH (condition, c, assessment_run_status_conditions(old)) {
        struct condition_fact f = { atom_str(condition_type(c)), condition_status(c),
                                    atom_str(condition_reason(c)), condition_message(c) };

        condition_add(assessment_run_status_add_conditions(d),
                      assessment_run_status_conditions(old), &f, generation, in->now);
    }
    plan_apply_status(p, in->run, d);
}

// Decisions

static usec started_at(const struct object *run)
{
    return assessment_run_status_start_time(status_of(run)) * USEC_PER_SEC;
}

static usec deadline_of(const struct object *run)
{
    return started_at(run) + assessment_run_spec_timeout_seconds(spec_of(run)) * USEC_PER_SEC;
}

static void end(const struct run_input *in, enum run_phase phase, const char *reason,
                const char *message, struct plan *p)
{
    struct outcome o = {
        .phase = phase, .reason = reason, .message = message, .completed = in->now
    };

    write_status(in, &o, p);
    plan_event(p, in->run, true, reason, message);
}

static void start_job(const struct run_input *in, struct plan *p)
{
    struct intent *i = plan_add(p, INTENT_START_JOB);
    char uid[UID_TEXT_MAX];

    i->object_kind = KIND_ASSESSMENT_RUN;
    i->name = arena_strdup(p->arena, object_name(in->run));
    i->uid = arena_strdup(p->arena, object_uid_text(in->run, uid));
    i->config = in->config;
    i->at = deadline_of(in->run);
    plan_requeue(p, i->at + LATE_GRACE);
}

static void cancel_job(const char *uid, struct plan *p)
{
    struct intent *i = plan_add(p, INTENT_CANCEL_JOB);

    i->uid = arena_strdup(p->arena, uid);
}

static void conclude(const struct run_input *in, struct plan *p)
{
    static const enum run_phase phases[] = { [JOB_COMPLETED] = RUN_PHASE_COMPLETED,
                                             [JOB_PARTIAL] = RUN_PHASE_PARTIAL,
                                             [JOB_FAILED] = RUN_PHASE_FAILED,
                                             [JOB_CANCELLED] = RUN_PHASE_CANCELLED,
                                             [JOB_TIMED_OUT] = RUN_PHASE_FAILED };
    const struct job_result *r = in->result;
    bool good = r->outcome == JOB_COMPLETED || r->outcome == JOB_PARTIAL;
    struct outcome o = { .phase = phases[r->outcome],
                         .reason = r->reason,
                         .message = r->message,
                         .result = good ? r : NULL,
                         .completed = r->completed };

    if (good && !r->stored) {
        o.reason = reason_text(REASON_HISTORY_NOT_STORED);
        o.message = arena_printf(p->arena, "%s; the findings could not be stored: %s", r->message,
                                 r->store_error);
    }
    write_status(in, &o, p);
    plan_event(p, in->run, !good, o.reason, o.message);
}

static void reconcile_running(const struct run_input *in, const char *uid, struct plan *p)
{
    bool mine = in->running && strcmp(in->running, uid) == 0;

    if (in->result) {
        conclude(in, p);
    } else if (assessment_run_spec_cancel(spec_of(in->run))) {
        if (mine)
            cancel_job(uid, p); // its result brings us back here
        else
            end(in, RUN_PHASE_CANCELLED, reason_text(REASON_RUN_CANCELLED),
                "cancelled before it was finished", p);
    } else if (mine) {
        follow_generation(in, p);
        plan_requeue(p, deadline_of(in->run) + LATE_GRACE);
    } else if (in->now >= deadline_of(in->run)) {
        end(in, RUN_PHASE_FAILED, reason_text(REASON_DEADLINE_EXCEEDED),
            "not finished within timeoutSeconds; the operator was restarted meanwhile", p);
    } else if (!in->waits_for) {
        if (!in->claimed)
            plan_confirm(p, in->run); // the operator was restarted: do it again
        start_job(in, p);
    }
}

static bool spec_is_valid(const struct run_input *in, struct plan *p)
{
    struct run_options_source source = run_source(spec_of(in->run));
    struct assessment_options ignored;
    struct error e = { 0 };

    if (in->problem) {
        end(in, RUN_PHASE_FAILED, reason_text(REASON_RUN_REFUSED), in->problem, p);
        return false;
    }
    if (run_options(&source, "spec", p->arena, &ignored, &e) < 0 ||
        assessment_run_validate(in->run, &e) < 0) {
        end(in, RUN_PHASE_FAILED, reason_text(REASON_RUN_REFUSED), e.text, p);
        return false;
    }
    return true;
}

static void reconcile_waiting(const struct run_input *in, struct plan *p)
{
    struct outcome o = { .phase = RUN_PHASE_PENDING,
                         .reason = reason_text(REASON_WAITING_FOR_RUN) };

    if (assessment_run_spec_cancel(spec_of(in->run))) {
        end(in, RUN_PHASE_CANCELLED, reason_text(REASON_RUN_CANCELLED),
            "cancelled before it was started", p);
        return;
    }
    if (!spec_is_valid(in, p))
        return;
    if (in->waits_for) {
        o.message = arena_printf(
            p->arena, "waiting for AssessmentRun '%s' to end: one run at a time", in->waits_for);
    } else {
        o.phase = RUN_PHASE_RUNNING;
        o.reason = reason_text(REASON_ASSESSING);
        o.message = "the cluster is being assessed";
    }
    write_status(in, &o, p);
}

static void reconcile_finished(const struct run_input *in, struct plan *p)
{
    bool goes = assessment_run_spec_has_ttl_seconds_after_finished(spec_of(in->run));
    usec at = run_completion(in->run) +
              assessment_run_spec_ttl_seconds_after_finished(spec_of(in->run)) * USEC_PER_SEC;

    if (goes && in->now >= at) {
        plan_delete(p, in->run);
        return;
    }
    follow_generation(in, p);
    if (goes)
        plan_requeue(p, at);
}

void reconcile_run(const struct run_input *in, struct plan *p)
{
    char uid[UID_TEXT_MAX];

    if (in->gone_uid)
        cancel_job(in->gone_uid, p);
    if (!in->run)
        return;
    object_uid_text(in->run, uid);
    if (object_meta_has_deletion_timestamp(object_meta_of(in->run)))
        cancel_job(uid, p);
    else if (run_is_finished(in->run))
        reconcile_finished(in, p);
    else if (run_is_active(in->run))
        reconcile_running(in, uid, p);
    else
        reconcile_waiting(in, p);
}
