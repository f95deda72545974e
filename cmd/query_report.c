// SPDX-License-Identifier: Apache-2.0
// `query assessments report`: a run of the history in the formats of `assess`. The rows of the
// store become the findings that they were made from. A check that this program no longer has is
// shown by what the row says of it.
#include "cmd/query.h"
#include "cmd/render.h"

#define REPORT_ARENA ((size_t)1 << 30)

struct reporting {
    struct findings *fs;
    size_t last; // place in fs->checks of the row before
};

// The list of checks in its order, none of them seen yet.
static void list_checks(struct findings *fs)
{
    fs->cap_checks = 2 * checks_count() + 64;
    fs->checks = ARENA_ARRAY(fs->arena, struct check_row, fs->cap_checks);
    for (; fs->n_checks < checks_count(); fs->n_checks++) {
        const struct check *c = checks_at(fs->n_checks);

        fs->checks[fs->n_checks] = (struct check_row){
            .check = c, .pillar = check_pillar(c), .verdict = VERDICT_COUNT, .message = ""
        };
    }
}

static enum check_pillar pillar_of(const struct finding_row *f)
{
    int p = check_pillar_find(f->pillar);

    return p < 0 ? CHECK_SECURITY : (enum check_pillar)p;
}

static void add_unknown(struct findings *fs, const struct finding_row *f)
{
    struct check *c = ARENA_ARRAY(fs->arena, struct check, 1);

    *c = (struct check){ .id = arena_strdup(fs->arena, f->check_id),
                         .title = arena_strdup(fs->arena, f->check_name),
                         .remediation =
                             arena_strdup(fs->arena, f->remediation ? f->remediation : ""),
                         .frameworks = "",
                         .aliases = "" };
    fs->checks[fs->n_checks++] = (struct check_row){
        .check = c, .pillar = pillar_of(f), .verdict = VERDICT_COUNT, .message = ""
    };
}

// NULL: more unknown checks than there can be.
static struct check_row *row_of(struct reporting *r, const struct finding_row *f)
{
    struct findings *fs = r->fs;

    if (strcmp(fs->checks[r->last].check->id, f->check_id) == 0)
        return &fs->checks[r->last];
    for (r->last = 0; r->last < fs->n_checks; r->last++) {
        if (strcmp(fs->checks[r->last].check->id, f->check_id) == 0)
            return &fs->checks[r->last];
    }
    if (fs->n_checks == fs->cap_checks) {
        r->last = 0;
        return NULL;
    }
    add_unknown(fs, f);
    return &fs->checks[r->last];
}

static enum skip_reason reason_of(const char *name)
{
    for (int i = 0; name && i < SKIP_REASON_COUNT; i++) {
        if (strcmp(skip_reason_name((enum skip_reason)i), name) == 0)
            return (enum skip_reason)i;
    }
    return SKIP_NONE;
}

static enum check_severity severity_of(const struct finding_row *f)
{
    int s = check_severity_find(f->severity);

    return s < 0 ? CHECK_LOW : (enum check_severity)s;
}

// The worst verdict of its rows is the check's; skipped counts only alone.
static void raise(struct check_row *c, enum verdict v)
{
    if (c->verdict == VERDICT_COUNT || c->verdict == VERDICT_SKIP ||
        (v > c->verdict && v != VERDICT_SKIP))
        c->verdict = v;
}

static void add_finding(struct findings *fs, struct check_row *c, const struct finding_row *f,
                        enum verdict v)
{
    struct finding found = { .check = c->check,
                             .verdict = v,
                             .severity = severity_of(f),
                             .kind = f->kind,
                             .ns = f->ns ? f->ns : "",
                             .name = f->name ? f->name : "",
                             .path = f->path ? f->path : "",
                             .message = f->message ? f->message : "",
                             .exemption = f->exempted_by,
                             .exemption_reason = f->exempted_why,
                             .exemption_expires = f->exempted_until };

    snprintf(found.fingerprint, sizeof(found.fingerprint), "%s",
             f->fingerprint ? f->fingerprint : "");
    findings_add(fs, &found)->pillar = c->pillar;
    if (v == VERDICT_SKIP) {
        c->units.exempted++;
        fs->summary.units.exempted++;
    } else if (v == VERDICT_FAIL) {
        c->units.failed++;
    } else {
        c->units.warned++;
    }
}

static void add_result(struct findings *fs, struct check_row *c, const struct finding_row *f)
{
    uint32_t n = (uint32_t)f->count;

    c->message = arena_strdup(fs->arena, f->message ? f->message : "");
    if (strcmp(f->status, "passing") == 0) {
        c->units.passed = n;
        return;
    }
    c->reason = reason_of(f->reason);
    c->units.skipped = n;
    if (c->reason == SKIP_EXEMPTED)
        fs->summary.units.exempted += n;
}

static int take(void *arg, const struct finding_row *f)
{
    static const enum verdict verdicts[] = { VERDICT_PASS, VERDICT_SKIP, VERDICT_WARN,
                                             VERDICT_FAIL };
    struct reporting *r = arg;
    struct check_row *c = row_of(r, f);

    for (size_t i = 0; c && i < ARRAY_SIZE(verdicts); i++) {
        if (strcmp(f->status, verdict_name(verdicts[i])) != 0)
            continue;
        c->severity = severity_of(f);
        raise(c, verdicts[i]);
        if (f->kind && (verdicts[i] >= VERDICT_WARN || f->exempted_by))
            add_finding(r->fs, c, f, verdicts[i]);
        else
            add_result(r->fs, c, f);
    }
    return 0;
}

// Checks without a row were not part of the run, or are filtered out.
static void drop_unseen(struct findings *fs)
{
    size_t n = 0;

    for (size_t i = 0; i < fs->n_checks; i++) {
        if (fs->checks[i].verdict == VERDICT_COUNT)
            continue;
        fs->checks[n] = fs->checks[i];
        if (!*fs->checks[n].message)
            fs->checks[n].message =
                arena_printf(fs->arena, "%u fail, %u warn", fs->checks[n].units.failed,
                             fs->checks[n].units.warned);
        n++;
    }
    fs->n_checks = n;
}

static struct check_counts counts_of(int32_t total, int32_t passing, int32_t failing,
                                     int32_t warning, int32_t skipped, int32_t error)
{
    return (struct check_counts){ (uint32_t)total,   (uint32_t)passing, (uint32_t)failing,
                                  (uint32_t)warning, (uint32_t)skipped, (uint32_t)error };
}

static void sum_up(struct findings *fs, const struct run_row *r)
{
    struct assessment_summary *s = &fs->summary;

    fs->subject = arena_printf(fs->arena, "run %s", r->name);
    fs->made = r->completed;
    s->partial = strcmp(r->phase, "Partial") == 0;
    s->score = r->score;
    s->grade = r->grade ? arena_strdup(fs->arena, r->grade) : "";
    s->evaluated = (uint32_t)r->evaluated;
    s->counts = counts_of(r->total, r->passing, r->failing, r->warning, r->skipped, r->error);
    for (int p = 0; p < CHECK_PILLARS; p++)
        s->pillars[p].score = -1;
    for (size_t i = 0; i < r->n_pillars; i++) {
        const struct run_pillar *rp = &r->pillars[i];
        int p = check_pillar_find(rp->name);
        int32_t evaluated = rp->passing + rp->failing + rp->warning;

        if (p < 0)
            continue;
        s->pillars[p].score = rp->score;
        s->pillars[p].evaluated = (uint32_t)evaluated;
        s->pillars[p].counts = counts_of(evaluated + rp->skipped + rp->error, rp->passing,
                                         rp->failing, rp->warning, rp->skipped, rp->error);
    }
}

static int find_run(struct query *q, const struct args *a, struct run_row *ret, struct error *e)
{
    const char *id = arg_text(a, "run");

    if (strcmp(id, "all") == 0)
        return error_set(e, ERR_USAGE, "--run: a report is of one run: its uid or name, or latest");
    if (query_find_run(q, id, ret, e) < 0)
        return -1;
    if (strcmp(ret->phase, "Completed") != 0 && strcmp(ret->phase, "Partial") != 0)
        return error_set(e, ERR_NOT_FOUND, "run '%s' has no result: it is %s%s%s", ret->name,
                         ret->phase, ret->message && *ret->message ? ": " : "",
                         ret->message ? ret->message : "");
    return 0;
}

static int read_run(struct query *q, const struct args *a, struct findings *fs, struct error *e)
{
    struct run_row run;
    struct finding_query fq = query_findings(a);
    struct reporting r = { .fs = fs };
    int64_t total;

    if (find_run(q, a, &run, e) < 0)
        return -1;
    sum_up(fs, &run);
    list_checks(fs);
    fq.run = run.uid;
    if (store_finding_each(q->store, &fq, take, &r, &total, e) != 0)
        return -1;
    drop_unseen(fs);
    findings_sort(fs);
    return 0;
}

int cmd_query_assessments_report(const struct args *a)
{
    struct arena *autoarena arena = arena_new(REPORT_ARENA);
    struct query q;
    struct findings fs;
    struct error e = { 0 };
    int rc = query_open(&q, a, "query assessments report");

    if (rc)
        return rc;
    findings_init(&fs, arena);
    if (read_run(&q, a, &fs, &e) < 0)
        return query_fail(&q, &e);
    query_close(&q);
    return render_answer(a, &fs);
}
