// SPDX-License-Identifier: Apache-2.0
// The worker's half of a job: every finding goes straight into the open transaction.
#include "controller/assessor_job.h"

#include "apis/reasons.h"
#include "base/arena.h"
#include "base/clock.h"
#include "controller/history.h"
#include "controller/report_set.h"
#include "controller/status_document.h"
#include "controller/vulnerabilities.h"
#include "store/runs.h"

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

// What the platform's namespaces may do is nobody's decision: it is counted, and no row.
static bool is_platform(const struct finding *f)
{
    return f->verdict == VERDICT_SKIP && f->exemption && strcmp(f->exemption, "platform") == 0;
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
        .exempted_by = f->exemption,
        .exempted_why = f->exemption_reason,
        .exempted_until = f->exemption_expires,
        .count = 1,
        .assessed = j->r.started,
    };

    if (is_platform(f))
        return 0;
    if (f->verdict == VERDICT_SKIP) {
        row.reason = skip_reason_name(f->reason);
        j->rows_exempted[check_index(f->check)]++;
    }

    if (f->verdict == VERDICT_FAIL)
        j->result->failing[f->severity]++;
    if (j->result->reports)
        report_set_add(j->result->reports, f);
    put_row(j, &row);
    return 0;
}

static void on_unit(void *arg, const char *ns, uint32_t passed, uint32_t skipped)
{
    report_set_count_unit(((struct job *)arg)->result->reports, ns, passed, skipped);
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
    left_out -=
        MIN(left_out, j->rows_exempted[check_index(r->check)]); // they have rows of their own
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
    return job_stopped(arg);
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

    j->store = history_store(j->history);
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

void assessor_walk(void *arg)
{
    struct job *j = arg;
    struct assess_sink sink = {
        .finding = on_finding, .result = on_result, .notice = on_notice, .arg = j
    };

    if (j->result->reports)
        sink.unit = on_unit;
    atomic_store(&j->walking, true);
    begin_rows(j);
    memset(j->rows_exempted, 0, sizeof(j->rows_exempted));
    j->r.options.want_skipped = true;
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
