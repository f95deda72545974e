// SPDX-License-Identifier: Apache-2.0
// `query runs` and `query assessments summary|history`: runs and their counts.
#include "cmd/query.h"

static void write_counts(struct writer *w, const struct run_row *r)
{
    w_key_object(w, "counts");
    w_key_int(w, "total", r->total);
    w_key_int(w, "passing", r->passing);
    w_key_int(w, "failing", r->failing);
    w_key_int(w, "warning", r->warning);
    w_key_int(w, "skipped", r->skipped);
    w_key_int(w, "error", r->error);
    w_object_end(w);
    w_key_object(w, "coverage");
    w_key_int(w, "evaluated", r->evaluated);
    w_key_int(w, "total", r->total);
    w_object_end(w);
}

static int32_t evaluated(const struct run_pillar *p)
{
    return p->passing + p->failing + p->warning;
}

static int32_t total(const struct run_pillar *p)
{
    return evaluated(p) + p->skipped + p->error;
}

static void write_pillars(struct writer *w, const struct run_row *r)
{
    w_key_list(w, "pillars");
    for (size_t i = 0; i < r->n_pillars; i++) {
        const struct run_pillar *p = &r->pillars[i];

        w_object(w);
        w_key_str(w, "pillar", p->name);
        w_score(w, "score", p->score);
        w_key_int(w, "evaluated", evaluated(p));
        w_key_int(w, "total", total(p));
        w_key_int(w, "passing", p->passing);
        w_key_int(w, "failing", p->failing);
        w_key_int(w, "warning", p->warning);
        w_key_int(w, "skipped", p->skipped);
        w_key_int(w, "error", p->error);
        w_object_end(w);
    }
    w_list_end(w);
}

static void write_run(struct writer *w, const struct run_row *r)
{
    w_object(w);
    w_key_str(w, "id", r->uid);
    w_key_str(w, "name", r->name);
    w_key_str(w, "mode", r->mode);
    w_key_str(w, "trigger", r->trigger);
    w_key_str(w, "phase", r->phase);
    w_key_str(w, "reason", r->reason);
    w_key_str(w, "message", r->message);
    w_key_str(w, "profile", r->profile);
    w_time(w, "requestedAt", r->requested);
    w_time(w, "startedAt", r->started);
    w_time(w, "completedAt", r->completed);
    w_score(w, "score", r->score);
    w_key_str(w, "grade", r->grade);
    write_counts(w, r);
    write_pillars(w, r);
    w_key_int(w, "configGeneration", r->config_generation);
    w_object_end(w);
}

static void add_run(struct query *q, const struct run_row *r)
{
    char score[8], failing[16], warning[16], done[32];
    const char *cells[] = { r->name,    r->phase,
                            r->trigger, text_score(r->score, score, sizeof(score)),
                            r->grade,   failing,
                            warning,    text_time(r->completed, done, sizeof(done)),
                            r->uid };

    snprintf(failing, sizeof(failing), "%d", r->failing);
    snprintf(warning, sizeof(warning), "%d", r->warning);
    table_add(&q->table, cells);
}

static void start_table(struct query *q)
{
    static const char *const heads[] = { "NAME",    "PHASE",   "TRIGGER",   "SCORE", "GRADE",
                                         "FAILING", "WARNING", "COMPLETED", "ID" };

    table_init(&q->table, heads, ARRAY_SIZE(heads));
}

static int each_run(void *arg, const struct run_row *r)
{
    struct query *q = arg;

    if (q->is_table) {
        add_run(q, r);
        return 0;
    }
    query_list_row(q);
    write_run(&q->writer, r);
    return q->writer.failed ? -1 : 0;
}

int cmd_query_runs_list(const struct args *a)
{
    static const char *const filters[] = { "phase", "since", "until", "limit", "offset" };
    const struct run_query rq = { .phases = arg_list(a, "phase"),
                                  .since = arg_time(a, "since"),
                                  .until = arg_time(a, "until"),
                                  .limit = arg_int(a, "limit"),
                                  .offset = arg_int(a, "offset") };
    struct query q;
    struct error e = { 0 };
    int64_t total = 0;
    int rc = query_open(&q, a, "query runs list");

    if (rc)
        return rc;
    start_table(&q);
    query_list_start(&q, "runs");
    if (store_run_each(q.store, &rq, each_run, &q, &total, &e) < 0)
        return query_fail(&q, &e);
    return query_list_end(&q, total, filters, ARRAY_SIZE(filters), "No runs.");
}

// One run by id; 0, or the exit status after an error line (q is closed then).
static int get_run(struct query *q, const struct args *a, const char *what, const char *id,
                   struct run_row *ret)
{
    struct error e = { 0 };
    int rc = query_open(q, a, what);

    if (rc)
        return rc;
    return query_find_run(q, id, ret, &e) < 0 ? query_fail(q, &e) : 0;
}

static int print_run(struct query *q, const struct run_row *r)
{
    char score[8], counts[160], coverage[40], at[3][32];

    snprintf(counts, sizeof(counts), "%d passing, %d failing, %d warning, %d skipped, %d error",
             r->passing, r->failing, r->warning, r->skipped, r->error);
    snprintf(coverage, sizeof(coverage), "%d of %d checks", r->evaluated, r->total);
    query_fields_start(q);
    query_field(q, "name", r->name);
    query_field(q, "id", r->uid);
    query_field(q, "mode", r->mode);
    query_field(q, "trigger", r->trigger);
    query_field(q, "profile", r->profile);
    query_field(q, "phase", r->phase);
    query_field(q, "reason", r->reason);
    query_field(q, "message", r->message);
    query_field(q, "requested", text_time(r->requested, at[0], sizeof(at[0])));
    query_field(q, "started", text_time(r->started, at[1], sizeof(at[1])));
    query_field(q, "completed", text_time(r->completed, at[2], sizeof(at[2])));
    query_field(q, "score", text_score(r->score, score, sizeof(score)));
    query_field(q, "grade", r->grade);
    query_field(q, "checks", counts);
    query_field(q, "coverage", coverage);
    return query_fields_end(q);
}

int cmd_query_runs_get(const struct args *a)
{
    struct query q;
    struct run_row r;
    int rc = get_run(&q, a, "query runs get", a->operands[0], &r);

    if (rc)
        return rc;
    if (q.is_table)
        return print_run(&q, &r);
    output_start(&q.writer, a);
    write_run(&q.writer, &r);
    query_close(&q);
    return output_end(&q.writer);
}

// Summary

static void add_pillar(struct query *q, const char *name, int32_t score, const int32_t counts[7])
{
    char text[6][32], evaluated_of[32];
    const char *cells[] = { name,         text_score(score, text[5], sizeof(text[5])),
                            evaluated_of, text[0],
                            text[1],      text[2],
                            text[3],      text[4] };

    for (int i = 0; i < 5; i++)
        snprintf(text[i], sizeof(text[i]), "%d", counts[i]);
    snprintf(evaluated_of, sizeof(evaluated_of), "%d of %d", counts[5], counts[6]);
    table_add(&q->table, cells);
}

static int print_summary_table(struct query *q, const struct run_row *r)
{
    static const char *const heads[] = { "PILLAR",  "SCORE",   "EVALUATED", "PASSING",
                                         "FAILING", "WARNING", "SKIPPED",   "ERROR" };
    const int32_t all[] = { r->passing, r->failing,   r->warning, r->skipped,
                            r->error,   r->evaluated, r->total };
    int status;

    table_init(&q->table, heads, ARRAY_SIZE(heads));
    for (size_t i = 0; i < r->n_pillars; i++) {
        const struct run_pillar *p = &r->pillars[i];
        const int32_t counts[] = { p->passing, p->failing,   p->warning, p->skipped,
                                   p->error,   evaluated(p), total(p) };

        add_pillar(q, p->name, p->score, counts);
    }
    add_pillar(q, "all", r->score, all);
    status = table_print(&q->table, "");
    query_close(q);
    return status;
}

int cmd_query_assessments_summary(const struct args *a)
{
    struct query q;
    struct run_row r;
    struct writer *w = &q.writer;
    int rc = get_run(&q, a, "query assessments summary", arg_text(a, "run"), &r);

    if (rc)
        return rc;
    if (q.is_table)
        return print_summary_table(&q, &r);
    output_start(w, a);
    w_object(w);
    w_key_str(w, "runId", r.uid);
    w_key_str(w, "runName", r.name);
    w_time(w, "assessedAt", r.completed);
    w_score(w, "score", r.score);
    w_key_str(w, "grade", r.grade);
    write_counts(w, &r);
    write_pillars(w, &r);
    w_object_end(w);
    query_close(&q);
    return output_end(w);
}

// History

static int add_history(void *arg, const struct history_row *h)
{
    struct query *q = arg;
    struct writer *w = &q->writer;
    char at[32], score[8], counts[3][16];
    const char *cells[] = { text_time(h->assessed, at, sizeof(at)),
                            h->pillar,
                            text_score(h->score, score, sizeof(score)),
                            counts[0],
                            counts[1],
                            counts[2],
                            h->run_name };

    if (q->is_table) {
        snprintf(counts[0], sizeof(counts[0]), "%d", h->passing);
        snprintf(counts[1], sizeof(counts[1]), "%d", h->failing);
        snprintf(counts[2], sizeof(counts[2]), "%d", h->warning);
        table_add(&q->table, cells);
        return 0;
    }
    query_list_row(q);
    w_object(w);
    w_time(w, "assessedAt", h->assessed);
    w_key_str(w, "pillar", h->pillar);
    w_score(w, "score", h->score);
    w_key_int(w, "passingCount", h->passing);
    w_key_int(w, "failingCount", h->failing);
    w_key_int(w, "warningCount", h->warning);
    w_key_int(w, "skippedCount", h->skipped);
    w_key_int(w, "errorCount", h->error);
    w_key_str(w, "runId", h->run_uid);
    w_key_str(w, "runName", h->run_name);
    w_object_end(w);
    return w->failed ? -1 : 0;
}

int cmd_query_assessments_history(const struct args *a)
{
    static const char *const filters[] = { "pillar", "since", "until", "limit", "offset" };
    static const char *const heads[] = { "ASSESSED", "PILLAR",  "SCORE", "PASSING",
                                         "FAILING",  "WARNING", "RUN" };
    struct history_query hq = { .pillars = arg_list(a, "pillar"),
                                .since = arg_time(a, "since"),
                                .until = arg_time(a, "until"),
                                .limit = arg_int(a, "limit"),
                                .offset = arg_int(a, "offset") };
    struct query q;
    struct error e = { 0 };
    int64_t total = 0;
    int rc = query_open(&q, a, "query assessments history");

    if (rc)
        return rc;
    table_init(&q.table, heads, ARRAY_SIZE(heads));
    query_list_start(&q, "history");
    if (store_history_each(q.store, &hq, add_history, &q, &total, &e) < 0)
        return query_fail(&q, &e);
    return query_list_end(&q, total, filters, ARRAY_SIZE(filters), "No history.");
}
