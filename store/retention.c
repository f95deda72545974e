// SPDX-License-Identifier: Apache-2.0
// Old rows go in slices, so that the writer is never held for long. A run's spans go first, then
// the results that were in no other run's; a run's own row stays until its counts in
// assessment_history have gone too, so that a trend can always name its run.
#include "store/retention.h"

#include "base/arena.h"
#include "store/store_internal.h"

struct rule {
    enum query_id query;
    usec keep;
};

static int newest_run(struct store *s, struct arena *a, const char **ret, struct error *e)
{
    struct stmt *q = db_query(s->db, QUERY_RUN_LATEST, e);
    int rc = q ? stmt_step(q, e) : -1;

    if (rc < 0)
        return store_fail(s);
    *ret = rc ? col_dup(q, 0, a) : "";
    stmt_reset(q);
    return 0;
}

struct pass { // one call of store_retain
    const char *newest;
    usec now;
    int64_t limit, deleted;
};

static int apply(struct store *s, const struct rule *r, struct pass *p, struct error *e)
{
    struct stmt *q = db_query(s->db, r->query, e);

    if (!q)
        return store_fail(s);
    bind_time(q, 1, p->now - r->keep);
    bind_text(q, 2, p->newest);
    bind_int(q, 3, p->limit - p->deleted);
    if (stmt_run(q, e) < 0)
        return store_fail(s);
    if (r->query == QUERY_RETAIN_SPANS && db_changes(s->db) > 0)
        s->swept = false;
    p->deleted += db_changes(s->db);
    return 0;
}

static int sweep(struct store *s, struct pass *p, struct error *e)
{
    int64_t n = 0;

    if (s->swept)
        return 0;
    if (store_begin(s, e) < 0)
        return -1;
    if (results_sweep(s, p->limit - p->deleted, &n, e) < 0) {
        store_rollback(s);
        return store_fail(s);
    }
    if (store_commit(s, e) < 0)
        return -1;
    p->deleted += n;
    s->swept = p->deleted < p->limit;
    return 0;
}

int store_retain(struct store *s, const struct retention *r, usec now, int64_t max_rows,
                 int64_t *ret_deleted, struct error *e)
{
    // A run's row goes when neither its results nor its counts are there any more.
    const struct rule rules[] = {
        {QUERY_RETAIN_SPANS,    r->findings                                       },
        { QUERY_RETAIN_HISTORY, r->assessments                                    },
        { QUERY_RETAIN_RUNS,    r->assessments && r->findings ? MAX(r->assessments, r->findings) : 0 },
        { QUERY_RETAIN_COLLECTIONS,                    r->collections                                             },
        { QUERY_RETAIN_EVENTS_NORMAL,                    r->events_normal},
        { QUERY_RETAIN_EVENTS_CRITICAL,                    r->events_critical                                           },
        { QUERY_RETAIN_INSIGHTS,                    r->insights      },
        { QUERY_RETAIN_AUDIT,                    r->assessments                                              },
    };
    struct arena *autoarena a = arena_new((size_t)1 << 20);
    struct pass p = { .newest = "", .now = now, .limit = max_rows };
    int rc = newest_run(s, a, &p.newest, e);

    for (size_t i = 0; rc == 0 && p.deleted < max_rows && i < ARRAY_SIZE(rules); i++) {
        if (rules[i].keep > 0)
            rc = apply(s, &rules[i], &p, e);
    }
    if (rc == 0 && p.deleted < max_rows)
        rc = sweep(s, &p, e);
    *ret_deleted = p.deleted;
    return rc < 0 ? -1 : p.deleted >= max_rows;
}
