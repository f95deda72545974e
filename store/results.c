// SPDX-License-Identifier: Apache-2.0
// Writing the results of a run: each is looked up by the hash of all its words; what is there
// already costs one search of an index and, at the end, its part of a span.
#include "store/results.h"

#include "base/alloc.h"
#include "base/map.h"
#include "store/rank.h"
#include "store/runs.h"
#include "store/store_internal.h"

#include <stdlib.h>

#define TEXT_MAX    ((size_t)1 << 20)
#define RESULTS_MAX ((size_t)1 << 22) // of one run: 100 MB of memory
#define RANK_BITS   6
#define BLOCK_BITS  24 // checks and ranks

int results_begin(struct store *s, struct error *e)
{
    struct run_results *r = &s->results;
    struct stmt *q = db_query(s->db, QUERY_FACT_GET, e);
    int rc;

    results_fini(r);
    buf_init(&r->text, TEXT_MAX);
    if (!q)
        return -1;
    bind_text(q, 1, RESULT_SALT_FACT);
    rc = stmt_step(q, e);
    if (rc == 1)
        snprintf(r->salt, sizeof(r->salt), "%s", col_text(q, 0));
    stmt_reset(q);
    return rc < 0 ? -1 : 0;
}

void results_fini(struct run_results *r)
{
    free(r->v);
    buf_fini(&r->text);
    memset(r, 0, sizeof(*r)); // known, too: a rollback takes rows of checks away
}

// Checks

static bool same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static int put_check(struct store *s, const struct finding_row *f, struct error *e)
{
    struct stmt *q = db_query(s->db, QUERY_CHECK_PUT, e);

    if (!q)
        return -1;
    bind_text(q, 1, f->check_id);
    bind_text(q, 2, f->check_name);
    bind_text(q, 3, f->pillar);
    bind_text(q, 4, f->remediation);
    return stmt_run(q, e);
}

// The check's number; its words are brought up to date when a newer version of the program has
// others.
static int check_number(struct store *s, const struct finding_row *f, int64_t *ret, struct error *e)
{
    struct stmt *q = db_query(s->db, QUERY_CHECK_ID, e);
    bool known = false;
    int rc;

    if (!q)
        return -1;
    bind_text(q, 1, f->check_id);
    rc = stmt_step(q, e);
    if (rc < 0)
        return -1;
    if (rc == 1) {
        *ret = col_int(q, 0);
        known = same(col_text(q, 1), f->check_name) && same(col_text(q, 2), f->pillar) &&
                (!f->remediation || same(col_text(q, 3), f->remediation));
        stmt_reset(q);
    }
    if (known)
        return 0;
    return put_check(s, f, e) < 0 ? -1 : store_row_id(s, QUERY_CHECK_ID, f->check_id, ret, e);
}

static uint64_t hash_words(const struct finding_row *f, int rank)
{
    const char *const words[] = { f->check_id, f->check_name, f->pillar, f->remediation };
    uint64_t hash = (uint64_t)rank;

    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        hash = hash * 31 + (words[i] ? hash64_stable(words[i], strlen(words[i])) : 1);
    return hash ? hash : 1;
}

// Where the results of this check and rank begin. A run has thousands of findings in a few hundred
// blocks.
static struct known_block *known_block(struct store *s, const struct finding_row *f, int rank,
                                       struct error *e)
{
    uint64_t hash = hash_words(f, rank);
    struct known_block *k = &s->results.known[hash % KNOWN_BLOCKS];
    int64_t number;

    if (k->hash == hash)
        return k;
    if (check_number(s, f, &number, e) < 0)
        return NULL;
    *k = (struct known_block){ .hash = hash,
                               .chk = number,
                               .first = (number << RANK_BITS | rank) << RESULT_NUMBER_BITS };
    return k;
}

// Content

static const char *or_null(const char *s)
{
    return s && *s ? s : NULL;
}

// Everything that the row and its check say, each word with its end.
static void add_words(struct buf *text, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *word = words[i] ? words[i] : "";

        buf_add(text, word, strlen(word) + 1);
    }
}

static int64_t content_of(struct run_results *r, const struct finding_row *f, int rank)
{
    const char *const words[] = { r->salt,        f->check_id,    f->check_name,  f->pillar,
                                  f->remediation, f->reason,      f->kind,        f->ns,
                                  f->name,        f->container,   f->path,        f->message,
                                  f->fingerprint, f->exempted_by, f->exempted_why };
    const int64_t numbers[] = { rank, f->count, f->exempted_until };

    buf_reset(&r->text);
    add_words(&r->text, words, ARRAY_SIZE(words));
    buf_add(&r->text, numbers, sizeof(numbers));
    return (int64_t)hash64_stable(r->text.p, r->text.n);
}

// What a row of one check in one run is about, as a number: the object, or, for a row about the
// whole check, its rank, so that what passes and what was skipped stand side by side.
static int64_t subject_of(struct buf *text, const struct finding_row *f, int rank)
{
    const char *const words[] = { f->kind, f->ns, f->name };

    if (!or_null(f->kind))
        return rank;
    buf_reset(text);
    add_words(text, words, ARRAY_SIZE(words));
    return (int64_t)hash64_stable(text->p, text->n);
}

// Rows

static int find_result(struct store *s, int64_t content, int64_t *ret, struct error *e)
{
    struct stmt *q = db_query(s->db, QUERY_RESULT_BY_CONTENT, e);
    int rc;

    if (!q)
        return -1;
    bind_int(q, 1, content);
    rc = stmt_step(q, e);
    if (rc == 1) {
        *ret = col_int(q, 0);
        stmt_reset(q);
    }
    return rc;
}

static int next_number(struct store *s, struct known_block *k, int64_t *ret, struct error *e)
{
    struct stmt *q;
    int rc = 1;

    if (!k->last) {
        q = db_query(s->db, QUERY_RESULT_LAST, e);
        if (!q)
            return -1;
        bind_int(q, 1, k->first);
        bind_int(q, 2, k->first + ((int64_t)1 << RESULT_NUMBER_BITS) - 1);
        rc = stmt_step(q, e);
        k->last = rc == 1 ? MAX(col_int(q, 0), k->first) : k->first;
        stmt_reset(q);
    }
    *ret = ++k->last;
    return rc < 0 ? -1 : 0;
}

static int put_exempted(struct store *s, const struct finding_row *f, int64_t id, struct error *e)
{
    struct stmt *q = db_query(s->db, QUERY_EXEMPTED_PUT, e);

    if (!q)
        return -1;
    bind_int(q, 1, id);
    bind_text(q, 2, f->exempted_by);
    bind_text(q, 3, or_null(f->exempted_why));
    bind_time(q, 4, f->exempted_until);
    return stmt_run(q, e);
}

static int add_result(struct store *s, const struct finding_row *f, int rank, int64_t content,
                      int64_t *ret, struct error *e)
{
    const char *const words[] = { f->reason,    f->kind, f->ns,      f->name,
                                  f->container, f->path, f->message, f->fingerprint };
    struct known_block *k = known_block(s, f, rank, e);
    struct stmt *q;

    if (!k || next_number(s, k, ret, e) < 0 || !(q = db_query(s->db, QUERY_RESULT_PUT, e)))
        return -1;
    bind_int(q, 1, *ret);
    bind_int(q, 2, content);
    bind_int(q, 3, k->chk);
    bind_int(q, 4, rank);
    bind_int(q, 5, f->count);
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        bind_text(q, 6 + (int)i, or_null(words[i]));
    s->rows_written++;
    if (stmt_run(q, e) < 0)
        return -1;
    return f->exempted_by ? put_exempted(s, f, *ret, e) : 0;
}

static int remember(struct run_results *r, int64_t id, int64_t subject, struct error *e)
{
    if (r->n == RESULTS_MAX)
        return error_set(e, ERR_LIMIT, "a run has more than %zu results", RESULTS_MAX);
    if (r->n == r->room) {
        r->room = r->room ? 2 * r->room : 1024;
        r->v = xrealloc(r->v, r->room * sizeof(*r->v));
    }
    r->v[r->n++] = (struct run_result){ .id = id, .subject = subject };
    return 0;
}

int results_put(struct store *s, const struct finding_row *f, struct error *e)
{
    struct run_results *r = &s->results;
    int rank = rank_of(f->severity, f->status), rc;
    int64_t content, id = 0;

    if (rank < 0)
        return error_set(e, ERR_BUG, "finding of %s with severity '%s' and status '%s'",
                         f->check_id, f->severity ? f->severity : "", f->status ? f->status : "");
    content = content_of(r, f, rank);
    if (r->text.failed)
        return error_set(e, ERR_TOO_BIG, "finding of %s is longer than %zu bytes", f->check_id,
                         TEXT_MAX);
    rc = find_result(s, content, &id, e);
    if (rc == 0)
        rc = add_result(s, f, rank, content, &id, e);
    return rc < 0 ? -1 : remember(r, id, subject_of(&r->text, f, rank), e);
}

// Spans

static int64_t check_of(int64_t id)
{
    return id >> RESULT_NUMBER_BITS >> RANK_BITS;
}

static int rank_in(int64_t id)
{
    return (int)(id >> RESULT_NUMBER_BITS & ((1 << RANK_BITS) - 1));
}

static int by_id(const void *a, const void *b)
{
    const struct run_result *x = a, *y = b;

    return x->id < y->id ? -1 : x->id > y->id;
}

static int by_subject(const void *a, const void *b)
{
    const struct run_result *x = a, *y = b;

    if (check_of(x->id) == check_of(y->id) && x->subject != y->subject)
        return x->subject < y->subject ? -1 : 1;
    return by_id(a, b);
}

// Of what a check said twice of the same object the worst counts: its number begins with the rank.
static bool keep_one_each(struct run_results *r)
{
    size_t kept = 0, n = r->n;

    if (n == 0)
        return false;
    qsort(r->v, n, sizeof(*r->v), by_subject);
    for (size_t i = 0; i < n; i++) {
        if (kept && check_of(r->v[kept - 1].id) == check_of(r->v[i].id) &&
            r->v[kept - 1].subject == r->v[i].subject)
            continue;
        r->v[kept++] = r->v[i];
    }
    r->n = kept;
    return kept != n;
}

static int put_span(struct store *s, int64_t first, int64_t last, struct error *e)
{
    struct stmt *q = db_query(s->db, QUERY_SPAN_PUT, e);

    if (!q)
        return -1;
    bind_int(q, 1, s->run_id);
    bind_int(q, 2, rank_in(first));
    bind_int(q, 3, check_of(first));
    bind_int(q, 4, first);
    bind_int(q, 5, last);
    s->rows_written++;
    return stmt_run(q, e);
}

// A block begins with a number that no result has, so that no span reaches into the next.
static int put_spans(struct store *s, const struct run_results *r, struct error *e)
{
    for (size_t i = 0, next; i < r->n; i = next) {
        next = i + 1;
        while (next < r->n && r->v[next].id == r->v[next - 1].id + 1)
            next++;
        if (put_span(s, r->v[i].id, r->v[next - 1].id, e) < 0)
            return -1;
    }
    return 0;
}

int results_end(struct store *s, struct error *e)
{
    struct stmt *q = db_query(s->db, QUERY_SPANS_CLEAR, e);

    if (!q)
        return -1;
    bind_int(q, 1, s->run_id);
    if (stmt_run(q, e) < 0)
        return -1;
    if (db_changes(s->db) > 0)
        s->swept = false;
    if (keep_one_each(&s->results))
        s->swept = false;
    if (s->results.n)
        qsort(s->results.v, s->results.n, sizeof(*s->results.v), by_id);
    return put_spans(s, &s->results, e);
}

// Names

void result_id_text(int64_t run, int64_t id, char ret[RESULT_ID_MAX])
{
    snprintf(ret, RESULT_ID_MAX, "fnd_%" PRId64 "-%" PRId64 "-%" PRId64, run,
             id >> RESULT_NUMBER_BITS, id & (((int64_t)1 << RESULT_NUMBER_BITS) - 1));
}

int result_id_parse(const char *text, int64_t *ret_run, int64_t *ret_id)
{
    struct str rest = str_of(text), part;
    char again[RESULT_ID_MAX];
    int64_t parts[3] = { 0 };

    if (!str_begins(rest, "fnd_"))
        return -1;
    rest = str_of(text + strlen("fnd_"));
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        if (!str_split(&rest, '-', &part) || str_i64(part, &parts[i]) < 0)
            return -1;
    }
    if (parts[1] >> BLOCK_BITS || parts[2] >> RESULT_NUMBER_BITS)
        return -1;
    *ret_run = parts[0];
    *ret_id = parts[1] << RESULT_NUMBER_BITS | parts[2];
    result_id_text(*ret_run, *ret_id, again); // one name each: no signs, no zeros in front
    return strcmp(text, again) == 0 ? 0 : -1;
}
