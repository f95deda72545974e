// SPDX-License-Identifier: Apache-2.0
// One entry per check. From the store the entries are put together again: the worst of a check's
// rows gives its status.
#include "controller/last_run.h"

#include "apis/types.h"
#include "controller/assessor.h"
#include "controller/reconcile/run.h"
#include "store/runs.h"
#include "store/store.h"

#define LAST_RUN_MAX ((size_t)4 << 20)
#define CHECKS_MAX   1024

void last_run_fini(struct last_run *l)
{
    arena_free(l->arena);
    *l = (struct last_run){ .score = -1 };
}

static void add_check(struct last_run *l, const struct status_check *c)
{
    if (l->n_checks == CHECKS_MAX)
        return;
    l->checks[l->n_checks++] =
        (struct status_check){ .id = arena_strdup(l->arena, c->id),
                               .name = arena_strdup(l->arena, c->name),
                               .pillar = arena_strdup(l->arena, c->pillar),
                               .status = arena_strdup(l->arena, c->status),
                               .message = arena_strdup(l->arena, c->message),
                               .remediation = arena_strdup(l->arena, c->remediation) };
}

static void start(struct last_run *l, const char *uid)
{
    struct run_figures full = l->full;

    last_run_fini(l);
    l->full = full;
    l->arena = arena_new(LAST_RUN_MAX);
    l->uid = arena_strdup(l->arena, uid);
    l->checks = ARENA_ARRAY(l->arena, struct status_check, CHECKS_MAX);
}

static const char *phase_name(enum job_outcome o)
{
    static const char *const names[] = { [JOB_COMPLETED] = "completed",
                                         [JOB_PARTIAL] = "partial",
                                         [JOB_FAILED] = "failed",
                                         [JOB_CANCELLED] = "failed",
                                         [JOB_TIMED_OUT] = "failed" };
    return names[o];
}

static struct run_figures figures_of_result(const struct job_result *r)
{
    const struct assessment_summary *s = &r->summary;
    struct run_figures f = { .known = true, .findings_known = true, .score = s->score };

    for (int p = 0; p < CHECK_PILLARS; p++)
        f.pillars[p] = s->pillars[p].counts.total ? s->pillars[p].score : -1;
    memcpy(f.failing, r->failing, sizeof(f.failing));
    return f;
}

void last_run_from_result(struct last_run *l, const char *uid, const struct job_result *r)
{
    const struct assessment_summary *s = &r->summary;

    start(l, uid);
    l->phase = phase_name(r->outcome);
    l->succeeded = r->outcome == JOB_COMPLETED || r->outcome == JOB_PARTIAL;
    l->completed = r->completed;
    if (!l->succeeded) {
        l->error = arena_strdup(l->arena, r->message);
        return;
    }
    l->score = s->score;
    l->total = (int)s->counts.total;
    l->evaluated = (int)s->evaluated;
    l->passed = (int)s->counts.passing;
    l->failed = (int)s->counts.failing;
    l->warning = (int)s->counts.warning;
    for (size_t i = 0; i < r->n_checks; i++)
        add_check(l, &r->checks[i]);
    if (r->full)
        l->full = figures_of_result(r);
}

static int weight(const char *status)
{
    static const char *const order[] = { "skipped", "passing", "warning", "error", "failing" };

    for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
        if (strcmp(status, order[i]) == 0)
            return (int)i;
    }
    return 0;
}

static int take_row(void *arg, const struct finding_row *f)
{
    struct last_run *l = arg;
    struct status_check c = { f->check_id, f->check_name, f->pillar,
                              f->status,   f->message,    f->remediation };

    for (size_t i = 0; i < l->n_checks; i++) {
        struct status_check *have = &l->checks[i];

        if (strcmp(have->id, c.id) != 0)
            continue;
        if (weight(c.status) > weight(have->status)) {
            have->status = arena_strdup(l->arena, c.status);
            have->message = arena_strdup(l->arena, c.message);
        }
        return 0;
    }
    add_check(l, &c);
    return 0;
}

static int count_failing(void *arg, const struct finding_row *f)
{
    struct run_figures *figures = arg;
    int severity = f->severity ? check_severity_find(f->severity) : -1;

    if (severity >= 0)
        figures->failing[severity]++;
    return 0;
}

static void figures_from_store(struct run_figures *f, struct store *s)
{
    static const char *const failing[] = { "failing", NULL };
    struct arena *autoarena a = arena_new((size_t)1 << 20);
    struct error ignored = { 0 };
    struct run_row row;
    int64_t total;

    if (store_run_newest(s, "Full", a, &row, &ignored) != 0)
        return;
    *f = (struct run_figures){ .known = true, .score = row.score };
    for (int p = 0; p < CHECK_PILLARS; p++)
        f->pillars[p] = -1;
    for (size_t i = 0; i < row.n_pillars; i++) {
        int p = check_pillar_find(row.pillars[i].name);

        if (p >= 0)
            f->pillars[p] = row.pillars[i].score;
    }
    f->findings_known =
        store_finding_each(s, &(struct finding_query){ .run = row.uid, .statuses = failing },
                           count_failing, f, &total, &ignored) == 0;
}

void last_run_from_store(struct last_run *l, struct store *s)
{
    struct arena *autoarena a = arena_new((size_t)1 << 20);
    struct run_row row;
    struct error ignored = { 0 };
    int64_t total;

    if (store_run_newest(s, NULL, a, &row, &ignored) != 0)
        return;
    start(l, row.uid);
    l->succeeded = strcmp(row.phase, "Failed") != 0;
    l->phase = !l->succeeded                       ? "failed"
               : strcmp(row.phase, "Partial") == 0 ? "partial"
                                                   : "completed";
    l->completed = row.completed;
    l->score = row.score;
    l->total = row.total;
    l->evaluated = row.evaluated;
    l->passed = row.passing;
    l->failed = row.failing;
    l->warning = row.warning;
    if (store_finding_each(s, &(struct finding_query){ .run = row.uid }, take_row, l, &total,
                           &ignored) != 0)
        l->n_checks = 0;
    figures_from_store(&l->full, s);
}

static const char *end_message(const struct assessment_run_status *st)
{
    FOR_EACH (condition, c, assessment_run_status_conditions(st)) {
        if (strcmp(atom_str(condition_type(c)), "Ready") == 0)
            return condition_message(c);
    }
    return NULL;
}

static void take_counts(struct last_run *l, const struct assessment_run_status *st)
{
    const struct run_counts *c = assessment_run_status_counts(st);

    if (assessment_run_status_has_score(st))
        l->score = assessment_run_status_score(st);
    l->total = run_counts_total(c);
    l->evaluated = run_coverage_evaluated(assessment_run_status_coverage(st));
    l->passed = run_counts_passing(c);
    l->failed = run_counts_failing(c);
    l->warning = run_counts_warning(c);
}

bool last_run_from_object(struct last_run *l, const struct object *run)
{
    const struct assessment_run_status *st = assessment_run_status(assessment_run_of(run));
    char uid[UID_TEXT_MAX];

    object_uid_text(run, uid);
    if (!assessment_run_status_has_start_time(st) || run_completion(run) <= l->completed ||
        (l->uid && strcmp(l->uid, uid) == 0))
        return false;
    start(l, uid);
    l->succeeded = run_succeeded(run);
    l->phase = !l->succeeded                                          ? "failed"
               : assessment_run_status_phase(st) == RUN_PHASE_PARTIAL ? "partial"
                                                                      : "completed";
    l->completed = run_completion(run);
    if (l->succeeded)
        take_counts(l, st);
    else
        l->error = arena_strdup(l->arena, end_message(st));
    return true;
}
