// SPDX-License-Identifier: Apache-2.0
// A job goes: wait for the caches -> freeze -> walk and write on the worker -> result on the loop.
// The walk holds a frozen epoch; when the loop finds that epoch too old or too costly it raises
// `stop`, and the walk starts over on a new one, three times at most. Rows of a walk that was not
// finished are rolled back, so a run's rows are all or nothing.
#include "controller/assessor_job.h"

#include "apis/reasons.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "controller/config.h"
#include "controller/history.h"
#include "controller/report_set.h"
#include "controller/sampler.h"
#include "controller/status_document.h"
#include "informer/epoch.h"
#include "informer/informer.h"

#define WATCH_EVERY  (100 * USEC_PER_MSEC)
#define CACHES_WAIT  (30 * USEC_PER_SEC) // a kind that cannot be listed must not stop all else
#define RESULTS_KEPT 16
#define RESULT_ARENA ((size_t)4 << 20)

struct kept {
    char uid[UID_TEXT_MAX];
    struct job_result *result;
};

struct assessor {
    struct assessor_options o;
    struct job *job;
    struct kept kept[RESULTS_KEPT];
    size_t n_kept;
};

static void result_free(struct job_result *r)
{
    if (!r)
        return;
    report_set_free(r->reports);
    arena_free(r->arena);
    free(r);
}

static void job_free(struct job *j)
{
    if (!j)
        return;
    timer_stop(j->a->o.loop, &j->watch);
    config_unref(j->r.config);
    object_unref(j->r.object);
    arena_free(j->r.arena);
    result_free(j->result);
    free(j->name);
    free(j->trigger);
    free(j->mode);
    free(j);
}

// The loop's half

static void keep_result(struct assessor *a, struct job *j)
{
    struct kept *k;

    if (a->n_kept == RESULTS_KEPT) {
        result_free(a->kept[0].result);
        memmove(&a->kept[0], &a->kept[1], sizeof(a->kept[0]) * (RESULTS_KEPT - 1));
        a->n_kept--;
    }
    k = &a->kept[a->n_kept++];
    memcpy(k->uid, j->uid, sizeof(k->uid));
    k->result = TAKE(j->result);
}

// startTime knows whole seconds only; a job that began right after its claim is timed from its own
// beginning.
static usec began(const struct job *j)
{
    return j->began - j->r.started < 2 * USEC_PER_SEC ? j->began : j->r.started;
}

static void finish(struct job *j, enum job_outcome outcome, enum reason reason, const char *message)
{
    struct assessor *a = j->a;
    char uid[UID_TEXT_MAX];

    memcpy(uid, j->uid, sizeof(uid));
    j->result->outcome = outcome;
    j->result->reason = reason_text(reason);
    j->result->started = began(j);
    j->result->completed = clock_wall();
    snprintf(j->result->message, sizeof(j->result->message), "%s", message);
    if (j->store_failed)
        snprintf(j->result->store_error, sizeof(j->result->store_error), "%s", j->store_error.text);
    keep_result(a, j);
    a->job = NULL;
    job_free(j);
    a->o.finished(a->o.arg, uid);
}

static void start_walk(struct job *j);

static void conclude(struct job *j, enum stop_cause cause)
{
    char text[ERROR_TEXT_MAX];

    if (cause == STOP_CANCELLED) {
        finish(j, JOB_CANCELLED, REASON_RUN_CANCELLED, "cancelled before it was finished");
    } else if (!j->walk_ok) {
        finish(j, JOB_FAILED, REASON_RUN_BROKE, j->walk_error.text);
    } else if (cause == STOP_TIMEOUT) {
        finish(j, JOB_TIMED_OUT, REASON_DEADLINE_EXCEEDED, "not finished within timeoutSeconds");
    } else if (j->result->summary.partial) {
        finish(
            j, JOB_PARTIAL, REASON_CHANGED_TOO_FAST,
            "the cluster changed faster than it could be walked; what was not reached counts as skipped");
    } else {
        int n = snprintf(text, sizeof(text), "%u of %u checks evaluated",
                         j->result->summary.evaluated, j->result->summary.counts.total);
        if (j->result->notices)
            snprintf(text + n, sizeof(text) - (size_t)n, "; %u remark%s, first %s",
                     j->result->notices, j->result->notices == 1 ? "" : "s",
                     j->result->first_notice);
        finish(j, JOB_COMPLETED, REASON_ASSESSMENT_COMPLETED, text);
    }
}

static void freeze(struct job *j)
{
    j->snapshot = epoch_open(j->a->o.informers);
    if (j->a->o.sampler)
        sampler_show(j->a->o.sampler, j->snapshot);
}

static void thaw(struct job *j)
{
    epoch_close(j->a->o.informers, TAKE(j->snapshot));
    if (j->a->o.sampler)
        sampler_take_back(j->a->o.sampler);
}

static void walk_done(void *arg)
{
    struct job *j = arg;

    timer_stop(j->a->o.loop, &j->watch);
    thaw(j);
    if (j->store)
        history_report(j->a->o.history, j->store_failed ? &j->store_error : &(struct error){ 0 });
    if (j->cause == STOP_EPOCH && j->walks < MAX_WALKS) {
        atomic_store(&j->stop, j->cancelled ? STOP_CANCELLED : STOP_NONE);
        start_walk(j);
        return;
    }
    conclude(j, j->cause);
}

static void raise_stop(struct job *j, enum stop_cause cause)
{
    int none = STOP_NONE;

    j->cancelled = j->cancelled || cause == STOP_CANCELLED;
    atomic_compare_exchange_strong(&j->stop, &none, (int)cause);
    if (j->waiting)
        timer_start(j->a->o.loop, &j->watch, 0);
}

static void watch_walk(void *arg)
{
    struct job *j = arg;

    if (!atomic_load(&j->walking)) // the store is slow, not the cluster fast
        epoch_renew(j->a->o.informers);
    if (clock_wall() >= j->r.deadline)
        raise_stop(j, STOP_TIMEOUT);
    else if (epoch_expired(j->a->o.informers))
        raise_stop(j, STOP_EPOCH);
    timer_start(j->a->o.loop, &j->watch, WATCH_EVERY);
}

static void new_result(struct job *j)
{
    result_free(j->result);
    j->result = xcalloc(1, sizeof(*j->result));
    j->result->arena = arena_new(RESULT_ARENA);
    j->result->full = j->r.options.mode == ASSESS_FULL;
    if (j->r.policy_reports)
        j->result->reports = report_set_new(clock_wall());
    j->result->checks = ARENA_ARRAY(j->result->arena, struct status_check, checks_count());
}

static void on_wait_over(void *arg)
{
    start_walk(arg);
}

static bool is_sampling(const struct job *j)
{
    return j->a->o.sampler && sampler_busy(j->a->o.sampler);
}

// True when there is nothing to wait for; otherwise the next change of a kind's state, a cancel or
// the end of patience goes on. Checks of kinds that are missing then are skipped: no-data.
static bool caches_ready(struct job *j)
{
    usec left = j->r.deadline - clock_wall(), patience;

    j->waiting = false;
    if (job_stopped(j) || left <= 0) {
        j->walk_ok = true;
        conclude(j, job_stopped(j) ? STOP_CANCELLED : STOP_TIMEOUT);
        return false;
    }
    if (!j->wait_until)
        j->wait_until = clock_mono() + CACHES_WAIT;
    patience = j->wait_until - clock_mono();
    if ((informers_synced(j->a->o.informers) && !is_sampling(j)) || patience <= 0)
        return true;
    j->waiting = true;
    timer_init(&j->watch, "assessor-wait", on_wait_over, j);
    timer_start(j->a->o.loop, &j->watch, MIN(left, patience));
    return false;
}

static void start_walk(struct job *j)
{
    struct assessor *a = j->a;
    struct error e = { 0 };

    if (!caches_ready(j))
        return;
    new_result(j);
    j->walks++;
    atomic_store(&j->walking, false);
    freeze(j);
    timer_init(&j->watch, "assessor-watch", watch_walk, j);
    timer_start(a->o.loop, &j->watch, WATCH_EVERY);
    if (worker_do(a->o.worker, assessor_walk, walk_done, j, &e) < 0) {
        thaw(j);
        j->walk_error = e;
        j->walk_ok = false;
        conclude(j, STOP_NONE);
    }
}

int assessor_start(struct assessor *a, const struct job_request *r, struct error *e)
{
    struct job *j;

    if (a->job)
        return error_set(e, ERR_LIMIT, "run '%s' is still being assessed", a->job->name);
    assessor_forget(a, r->uid);
    j = xcalloc(1, sizeof(*j));
    j->a = a;
    j->r = *r;
    j->began = clock_wall();
    snprintf(j->uid, sizeof(j->uid), "%s", r->uid);
    j->history = a->o.history;
    j->name = xstrdup(r->name);
    j->trigger = xstrdup(r->trigger);
    j->mode = xstrdup(r->mode);
    j->r.options.own_namespace = r->own_namespace;
    atomic_init(&j->stop, STOP_NONE);
    new_result(j);
    a->job = j;
    if (a->o.sampler)
        sampler_look(a->o.sampler);
    timer_init(&j->watch, "assessor-start", on_wait_over, j);
    timer_start(a->o.loop, &j->watch, 0);
    return 0;
}

void assessor_caches_changed(struct assessor *a)
{
    if (a->job && a->job->waiting)
        timer_start(a->o.loop, &a->job->watch, 0);
}

void assessor_cancel(struct assessor *a, const char *uid)
{
    if (a->job && strcmp(a->job->uid, uid) == 0)
        raise_stop(a->job, STOP_CANCELLED);
}

void assessor_stop(struct assessor *a)
{
    if (a->job)
        raise_stop(a->job, STOP_CANCELLED);
}

struct assessor *assessor_new(const struct assessor_options *o)
{
    struct assessor *a = xcalloc(1, sizeof(*a));

    a->o = *o;
    return a;
}

void assessor_free(struct assessor *a)
{
    if (!a)
        return;
    job_free(a->job);
    for (size_t i = 0; i < a->n_kept; i++)
        result_free(a->kept[i].result);
    free(a);
}

const char *assessor_running(const struct assessor *a)
{
    return a->job ? a->job->uid : NULL;
}

static struct kept *find_kept(const struct assessor *a, const char *uid)
{
    for (size_t i = 0; i < a->n_kept; i++) {
        if (strcmp(a->kept[i].uid, uid) == 0)
            return (struct kept *)&a->kept[i];
    }
    return NULL;
}

const struct job_result *assessor_result(const struct assessor *a, const char *uid)
{
    struct kept *k = find_kept(a, uid);

    return k ? k->result : NULL;
}

struct report_set *assessor_take_reports(struct assessor *a, const char *uid)
{
    struct kept *k = find_kept(a, uid);

    return k ? TAKE(k->result->reports) : NULL;
}

void assessor_forget(struct assessor *a, const char *uid)
{
    struct kept *k = find_kept(a, uid);

    if (!k)
        return;
    result_free(k->result);
    memmove(k, k + 1, sizeof(*k) * (size_t)(&a->kept[a->n_kept] - (k + 1)));
    a->n_kept--;
}
