// SPDX-License-Identifier: Apache-2.0
// A job goes: wait for the caches -> freeze -> walk and write on the worker -> result on the loop.
// The walk holds a frozen epoch; when the loop finds that epoch too old or too costly it raises
// `stop`, and the walk starts over on a new one, three times at most. Rows of a walk that was not
// finished are rolled back, so a run's rows are all or nothing.
#include "controller/assessor.h"

#include "apis/reasons.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "controller/config.h"
#include "controller/history.h"
#include "controller/report_set.h"
#include "controller/status_document.h"
#include "controller/vulnerabilities.h"
#include "informer/epoch.h"
#include "informer/informer.h"
#include "store/runs.h"
#include "store/store.h"

#include <stdatomic.h>

#define WATCH_EVERY  (100 * USEC_PER_MSEC)
#define CACHES_WAIT  (30 * USEC_PER_SEC) // a kind that cannot be listed must not stop all else
#define MAX_WALKS    3
#define RESULTS_KEPT 16
#define RESULT_ARENA ((size_t)4 << 20)

enum stop_cause { STOP_NONE, STOP_CANCELLED, STOP_TIMEOUT, STOP_EPOCH };

struct job {
    struct assessor *a;
    char uid[UID_TEXT_MAX];
    char *name, *trigger, *mode;
    struct job_request r;
    usec began; // wall clock
    struct snapshot *snapshot;
    int walks;
    usec wait_until;     // mono; 0: not waited yet
    bool waiting;        // for the caches
    bool cancelled;      // asked for, whatever stopped the walk first
    atomic_bool walking; // the worker has come to it
    atomic_int stop;     // enum stop_cause; the first cause wins
    struct timer watch;
    struct job_result *result;

    // worker
    struct store *store;
    bool in_transaction, store_failed;
    struct error walk_error, store_error;
    bool walk_ok;
    enum stop_cause cause; // why the walk ended early, decided before its rows were
};

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

// The worker's half

static void store_failed(struct job *j, const struct error *e)
{
    if (j->in_transaction)
        store_run_rollback(j->store);
    j->in_transaction = false;
    j->store_failed = true;
    j->store_error = *e;
}

static void put_row(struct job *j, const struct finding_row *row)
{
    struct error e = { 0 };

    if (j->in_transaction && store_run_finding(j->store, row, &e) < 0)
        store_failed(j, &e);
}

static int on_finding(void *arg, const struct finding *f)
{
    struct job *j = arg;
    struct finding_row row = {
        .run_uid = j->uid,
        .run_name = j->name,
        .check_id = f->check->id,
        .check_name = f->check->title,
        .pillar = check_pillar_name(check_pillar(f->check)),
        .severity = check_severity_name(f->severity),
        .status = verdict_name(f->verdict),
        .kind = f->kind,
        .ns = f->ns,
        .name = f->name,
        .container = f->container,
        .path = f->path,
        .message = f->message,
        .remediation = f->check->remediation,
        .fingerprint = f->fingerprint,
        .count = 1,
        .assessed = j->r.started,
    };

    if (f->verdict == VERDICT_FAIL)
        j->result->failing[f->severity]++;
    if (j->result->reports)
        report_set_add(j->result->reports, f);
    put_row(j, &row);
    return 0;
}

static void put_check_row(struct job *j, const struct check_result *r, const char *status,
                          uint32_t objects)
{
    enum skip_reason why = r->verdict == VERDICT_SKIP ? r->reason : SKIP_EXEMPTED;

    put_row(j, &(struct finding_row){
                   .run_uid = j->uid,
                   .run_name = j->name,
                   .check_id = r->check->id,
                   .check_name = r->check->title,
                   .pillar = check_pillar_name(check_pillar(r->check)),
                   .severity = check_severity_name(r->severity),
                   .status = status,
                   .reason = strcmp(status, "skipped") == 0 ? skip_reason_name(why) : NULL,
                   .message = r->message,
                   .remediation = r->check->remediation,
                   .count = objects,
                   .assessed = j->r.started });
}

static void remember_check(struct job *j, const struct check_result *r)
{
    struct job_result *res = j->result;

    if (res->n_checks == checks_count())
        return;
    res->checks[res->n_checks++] =
        (struct status_check){ .id = r->check->id,
                               .name = r->check->title,
                               .pillar = check_pillar_name(check_pillar(r->check)),
                               .status = verdict_name(r->verdict),
                               .message = arena_strdup(res->arena, r->message),
                               .remediation = r->check->remediation };
}

// Objects that pass, and those that are skipped, are one row each with their number.
static void on_result(void *arg, const struct check_result *r)
{
    struct job *j = arg;
    uint32_t left_out = r->units.exempted + (r->verdict == VERDICT_SKIP ? r->units.skipped : 0);

    remember_check(j, r);
    if (r->verdict == VERDICT_PASS || r->units.passed > 0)
        put_check_row(j, r, "passing", r->units.passed);
    if (r->verdict == VERDICT_SKIP || left_out > 0)
        put_check_row(j, r, "skipped", left_out);
}

// An exemption that no longer holds, or that holds for nothing, or an object that cannot be read
// must not go unseen: the run's message names the first and counts the rest.
static void on_notice(void *arg, const char *object, const char *text)
{
    struct job_result *res = ((struct job *)arg)->result;

    if (res->notices++ == 0)
        res->first_notice = arena_printf(res->arena, "%.200s: %s", object, text);
}

static bool should_stop(void *arg)
{
    struct job *j = arg;

    return atomic_load_explicit(&j->stop, memory_order_relaxed) != STOP_NONE;
}

static struct run_row run_row(const struct job *j)
{
    return (struct run_row){
        .uid = j->uid,
        .name = j->name,
        .mode = j->mode,
        .trigger = j->trigger,
        .phase = "Running",
        .profile = j->r.options.profile ? j->r.options.profile : "default",
        .requested = j->r.requested,
        .started = j->r.started,
        .score = -1,
        .config_generation = j->r.config_generation,
    };
}

static void fill_summary(struct run_row *row, const struct assessment_summary *s)
{
    row->score = s->score;
    row->grade = s->grade;
    row->total = (int32_t)s->counts.total;
    row->passing = (int32_t)s->counts.passing;
    row->failing = (int32_t)s->counts.failing;
    row->warning = (int32_t)s->counts.warning;
    row->skipped = (int32_t)s->counts.skipped;
    row->error = (int32_t)s->counts.error;
    row->evaluated = (int32_t)s->evaluated;
    for (int p = 0; p < CHECK_PILLARS; p++) {
        const struct pillar_summary *ps = &s->pillars[p];

        if (ps->counts.total == 0)
            continue;
        row->pillars[row->n_pillars++] = (struct run_pillar){
            .name = check_pillar_name((enum check_pillar)p),
            .score = ps->score,
            .passing = (int32_t)ps->counts.passing,
            .failing = (int32_t)ps->counts.failing,
            .warning = (int32_t)ps->counts.warning,
            .skipped = (int32_t)ps->counts.skipped,
            .error = (int32_t)ps->counts.error,
        };
    }
}

static void begin_rows(struct job *j)
{
    struct run_row row = run_row(j);
    struct error e = { 0 };

    j->store = history_store(j->a->o.history);
    j->store_failed = j->store == NULL;
    if (!j->store)
        error_set(&j->store_error, ERR_UNAVAILABLE, "the store is not open");
    else if (store_run_begin(j->store, &row, &e) < 0)
        store_failed(j, &e);
    else
        j->in_transaction = true;
}

static void put_vulnerabilities(struct job *j)
{
    struct error e = { 0 };

    if (j->in_transaction && vulnerabilities_put(j->store, j->snapshot, &e) < 0)
        store_failed(j, &e);
}

static void commit_rows(struct job *j)
{
    struct run_row row = run_row(j);
    struct error e = { 0 };

    if (!j->in_transaction)
        return;
    row.phase = j->cause == STOP_TIMEOUT     ? "Failed"
                : j->result->summary.partial ? "Partial"
                                             : "Completed";
    row.reason = j->cause == STOP_TIMEOUT ? reason_text(REASON_DEADLINE_EXCEEDED) : row.phase;
    row.completed = clock_wall();
    fill_summary(&row, &j->result->summary);
    if (store_run_commit(j->store, &row, &e) < 0) {
        store_failed(j, &e);
        return;
    }
    j->in_transaction = false;
    j->result->stored = true;
}

// A walk that came to its end needs no second one and is not late, whatever was raised in its last
// moment.
static enum stop_cause cause_of(const struct job *j)
{
    enum stop_cause cause = (enum stop_cause)atomic_load(&j->stop);

    return j->walk_ok && !j->result->summary.partial && cause != STOP_CANCELLED ? STOP_NONE : cause;
}

static void walk_run(void *arg)
{
    struct job *j = arg;
    struct assess_sink sink = {
        .finding = on_finding, .result = on_result, .notice = on_notice, .arg = j
    };

    atomic_store(&j->walking, true);
    begin_rows(j);
    j->r.options.stop = should_stop;
    j->r.options.stop_arg = j;
    j->walk_ok =
        assess_run(j->snapshot, &j->r.options, &sink, &j->result->summary, &j->walk_error) == 0;
    j->cause = cause_of(j);
    // A cancelled run keeps no rows; one that starts over writes them anew.
    if (!j->walk_ok || j->cause == STOP_CANCELLED ||
        (j->cause == STOP_EPOCH && j->walks < MAX_WALKS)) {
        if (j->in_transaction)
            store_run_rollback(j->store);
        j->in_transaction = false;
        return;
    }
    if (j->result->reports)
        report_set_sort(j->result->reports);
    put_vulnerabilities(j);
    commit_rows(j);
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

static void walk_done(void *arg)
{
    struct job *j = arg;

    timer_stop(j->a->o.loop, &j->watch);
    epoch_close(j->a->o.informers, j->snapshot);
    j->snapshot = NULL;
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

// True when there is nothing to wait for; otherwise the next change of a kind's state, a cancel or
// the end of patience goes on. Checks of kinds that are missing then are skipped: no-data.
static bool caches_ready(struct job *j)
{
    usec left = j->r.deadline - clock_wall(), patience;

    j->waiting = false;
    if (should_stop(j) || left <= 0) {
        j->walk_ok = true;
        conclude(j, should_stop(j) ? STOP_CANCELLED : STOP_TIMEOUT);
        return false;
    }
    if (!j->wait_until)
        j->wait_until = clock_mono() + CACHES_WAIT;
    patience = j->wait_until - clock_mono();
    if (informers_synced(j->a->o.informers) || patience <= 0)
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
    j->snapshot = epoch_open(a->o.informers);
    timer_init(&j->watch, "assessor-watch", watch_walk, j);
    timer_start(a->o.loop, &j->watch, WATCH_EVERY);
    if (worker_do(a->o.worker, walk_run, walk_done, j, &e) < 0) {
        epoch_close(a->o.informers, TAKE(j->snapshot));
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
    j->name = xstrdup(r->name);
    j->trigger = xstrdup(r->trigger);
    j->mode = xstrdup(r->mode);
    j->r.options.own_namespace = r->own_namespace;
    atomic_init(&j->stop, STOP_NONE);
    new_result(j);
    a->job = j;
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
