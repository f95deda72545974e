// SPDX-License-Identifier: Apache-2.0
// The model beside the file. Every run of the model is asked for by its uid and all its findings
// are read; runs that must be gone are found by the total.
#include "store/fake_history.h"

#include "store/fake_history_rows.h"
#include "store/operator_status.h"
#include "store/store_internal.h"

#include <stdlib.h>

struct look {
    const struct fake_history *h, *after; // after: with the operation in flight, NULL: none
    struct store *s;
    struct arena *a;
    enum fake_op_kind next;
    enum fake_in_flight seen;
    int64_t runs; // rows that were met
    struct error e;
};

struct seen {
    bool row;
    enum fake_phase phase;
    int64_t n;
    size_t pillars;
    int32_t score;
    uint64_t digest;
    const char *message;
};

static int add_up(void *arg, const struct finding_row *f)
{
    struct seen *x = arg;

    x->n++;
    x->digest += fake_finding_digest(f);
    return 0;
}

static enum fake_phase phase_of(const char *word)
{
    if (strcmp(word, "Running") == 0)
        return FAKE_PHASE_RUNNING;
    return strcmp(word, "Failed") == 0 ? FAKE_PHASE_FAILED : FAKE_PHASE_COMPLETED;
}

static int look_at_run(struct look *l, int i, struct seen *ret)
{
    char uid[32];
    struct run_row row;
    int64_t total = 0;
    int rc;

    snprintf(uid, sizeof(uid), "run-%d", i);
    rc = store_run_get(l->s, uid, l->a, &row, &l->e);
    if (rc != 0)
        return rc < 0 ? -1 : 0;
    *ret = (struct seen){ .row = true,
                          .phase = phase_of(row.phase),
                          .pillars = row.n_pillars,
                          .score = row.score,
                          .message = row.message };
    l->runs++;
    rc =
        store_finding_each(l->s, &(struct finding_query){ .run = uid }, add_up, ret, &total, &l->e);
    return rc < 0 || total != ret->n ? -1 : 0;
}

static bool run_is(const struct fake_history *h, int i, const struct seen *x)
{
    const struct fake_entry *en = &h->entries[i];
    enum fake_phase phase = fake_entry_phase(h, i);
    struct fake_op op = fake_op_at(h->seed, en->version);
    struct fake_run_words w;
    struct run_row row;

    if (phase == FAKE_PHASE_NONE || !x->row)
        return x->row == (phase != FAKE_PHASE_NONE);
    fake_run_words(&row, &w, &op, phase == FAKE_PHASE_RUNNING);
    return x->phase == phase && strcmp(x->message, row.message) == 0 && x->score == row.score &&
           x->pillars == (en->counts ? STORE_PILLARS : 0) &&
           x->n == (en->results ? op.findings : 0) && x->digest == (en->results ? en->digest : 0);
}

// Retention was killed between two of its slices: rows that it deletes may be gone in part, what it
// spares may not.
static bool partly_retained(const struct look *l, int i, const struct seen *x)
{
    const struct fake_entry *before = &l->h->entries[i], *after = &l->after->entries[i];
    struct fake_op op = fake_op_at(l->h->seed, before->version);

    if (l->next != FAKE_RETAIN || fake_entry_phase(l->h, i) <= FAKE_PHASE_RUNNING)
        return false;
    if (!x->row)
        return !after->row;
    if (before->results && after->results && !run_is(l->h, i, x))
        return false;
    return x->phase == fake_entry_phase(l->h, i) && x->n <= (before->results ? op.findings : 0) &&
           x->pillars >= (after->counts ? STORE_PILLARS : 0);
}

static const char *check_run(struct look *l, int i)
{
    struct seen x = { 0 };

    if (look_at_run(l, i, &x) < 0)
        return arena_printf(l->a, "run-%d cannot be read: %s", i, l->e.text);
    if (i < l->h->done && run_is(l->h, i, &x))
        return NULL;
    if (l->after && run_is(l->after, i, &x)) {
        if (l->seen == FAKE_NOT_THERE)
            l->seen = FAKE_THERE;
        return NULL;
    }
    if (i >= l->h->done && !x.row)
        return NULL;
    if (l->after && i < l->h->done && partly_retained(l, i, &x)) {
        l->seen = FAKE_IN_PART;
        return NULL;
    }
    return arena_printf(l->a,
                        "run-%d, written by operation %d, is %s with %" PRId64
                        " findings, %zu pillars and '%s'",
                        i, i < l->h->done ? l->h->entries[i].version : i,
                        x.row ? "there" : "not there", x.n, x.pillars, x.message ? x.message : "");
}

static const char *check_fact(struct look *l, int key)
{
    const struct fake_history *const models[] = { l->h, l->after };
    const char *value = NULL;
    char name[8];

    snprintf(name, sizeof(name), "f%d", key);
    if (store_fact_get(l->s, name, l->a, &value, &l->e) < 0)
        return arena_printf(l->a, "facts cannot be read: %s", l->e.text);
    for (size_t i = 0; i < ARRAY_SIZE(models) && models[i]; i++) {
        int by = models[i]->fact[key];
        autofree char *want = by < 0 ? NULL : fake_fact_value(l->h->seed, by);

        if ((!want && !value) || (want && value && strcmp(want, value) == 0)) {
            if (i)
                l->seen = FAKE_THERE;
            return NULL;
        }
    }
    return arena_printf(l->a, "fact %s is not what operation %d wrote", name, l->h->fact[key]);
}

static const char *check_status(struct look *l)
{
    struct operator_status_row r = { .error = "status -1" };
    int rc = store_status_get(l->s, l->a, &r, &l->e);
    long by;

    if (rc < 0)
        return arena_printf(l->a, "the status cannot be read: %s", l->e.text);
    by = strtol(r.error + strlen("status "), NULL, 10);
    if (by == l->h->status)
        return NULL;
    if (!l->after || by != l->after->status)
        return arena_printf(l->a, "the status is of operation %ld, not %d", by, l->h->status);
    l->seen = FAKE_THERE;
    return NULL;
}

// Twice is once: an operation that was there when its writer was killed is done again.
static const char *check_audit(struct look *l, int i)
{
    int64_t n = 0;
    bool want = i < l->h->done && l->h->entries[i].row;
    bool may = l->after && l->after->entries[i].row;
    char sql[96];

    snprintf(sql, sizeof(sql), "SELECT count(*) FROM audit WHERE detail = '%d'", i);
    if (db_int(l->s->db, sql, &n, &l->e) < 0)
        return arena_printf(l->a, "the audit trail cannot be read: %s", l->e.text);
    if (n > 0 && i >= l->h->done && may)
        l->seen = FAKE_THERE;
    if ((n > 0) == want || (l->after && (n > 0) == may))
        return NULL;
    return arena_printf(l->a, "the audit row of operation %d is %sthere", i, n ? "" : "not ");
}

static const char *check_total(struct look *l)
{
    int64_t n = 0;

    if (db_int(l->s->db, "SELECT count(*) FROM runs", &n, &l->e) < 0)
        return arena_printf(l->a, "runs cannot be counted: %s", l->e.text);
    if (n == l->runs)
        return NULL;
    return arena_printf(l->a, "%" PRId64 " runs are there, %" PRId64 " were written", n, l->runs);
}

static const char *check_all(struct look *l, int n)
{
    const char *bad = check_status(l);

    for (int i = 0; !bad && i < FAKE_FACTS; i++)
        bad = check_fact(l, i);
    for (int i = 0; !bad && i < n; i++) {
        enum fake_op_kind kind = fake_op_at(l->h->seed, i).kind;

        if (kind == FAKE_RUN || kind == FAKE_RUNNING)
            bad = check_run(l, i);
        else if (kind == FAKE_AUDIT)
            bad = check_audit(l, i);
    }
    return bad ? bad : check_total(l);
}

const char *fake_history_differs(const struct fake_history *h, struct store *s, struct arena *a,
                                 enum fake_in_flight *in_flight)
{
    struct fake_history after;
    struct look l = { .h = h, .s = s, .a = a, .next = fake_op_at(h->seed, h->done).kind };
    const char *bad;

    if (!in_flight)
        return check_all(&l, h->done);
    fake_history_copy(&after, h);
    fake_history_apply(&after);
    l.after = &after;
    bad = check_all(&l, after.done);
    fake_history_fini(&after);
    *in_flight = l.seen;
    return bad;
}
