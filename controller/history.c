// SPDX-License-Identifier: Apache-2.0
// Every request is one small job: a struct that the worker fills and the loop frees. The store
// pointer itself is touched by the worker alone, so no lock is needed. A failing store never fails
// its caller: it changes health and nothing else. A file that turns out damaged while it is open is
// closed and opened again with a closer look, which sets it aside; what must survive a restart is
// then written again from memory.
#include "controller/history.h"

#include "apis/reasons.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/metrics.h"
#include "store/store.h"

#define REOPEN_EVERY  (5 * USEC_PER_SEC)
#define REOPEN_BROKEN (60 * USEC_PER_SEC)
#define RETAIN_SLICE  2000
#define FACTS_MAX     ((size_t)4 << 20)

struct history {
    struct history_options o;
    char *path;
    struct timer reopen;
    struct arena *facts_arena;
    struct history_facts facts;
    bool decided, healthy, opening, closing, retaining;
    bool have_store; // the loop's view of `store`
    bool suspect;    // a call said that the file is damaged
    char reason[48];
    char message[ERROR_TEXT_MAX];
    struct map
        remembered; // last value of each remembered key, to save writes and to write it again

    struct store *store;   // worker only; likewise below
    uint64_t rows, errors; // of the store, counted so far
};

struct remembered {
    char *key, *value;
    bool written;
};

static void write_remembered(struct history *h);

static uint32_t remembered_hash(const void *entry)
{
    return hash_str(((const struct remembered *)entry)->key);
}

static bool remembered_is(const void *entry, const void *key)
{
    return strcmp(((const struct remembered *)entry)->key, key) == 0;
}

static const struct map_ops remembered_ops = { remembered_hash, remembered_is };

static void set_health(struct history *h, bool healthy, const char *reason, const char *message)
{
    bool changed = h->healthy != healthy || strcmp(h->reason, reason) != 0;

    h->healthy = healthy;
    snprintf(h->reason, sizeof(h->reason), "%s", reason);
    snprintf(h->message, sizeof(h->message), "%s", message);
    if (!changed)
        return;
    if (healthy) {
        log_info("store is healthy", log_str("path", h->path));
        write_remembered(h);
    } else if (h->decided || h->opening) {
        log_warn("store is not usable; going on without history", log_str("reason", reason),
                 log_str("error", message));
    }
    if (h->o.health_changed)
        h->o.health_changed(h->o.arg);
}

// Opening

struct open_job {
    struct history *h;
    struct error e;
    struct store_open_result result;
    struct arena *arena;
    struct history_facts facts;
    bool ok, suspect;
};

static void load_facts(struct open_job *j)
{
    const char *last = NULL;
    struct error ignored = { 0 };
    int64_t at;

    if (store_fact_get(j->h->store, FACT_CONFIG, j->arena, &j->facts.config_json, &ignored) < 0)
        j->facts.config_json = NULL;
    if (store_fact_get(j->h->store, FACT_LAST_SCHEDULE, j->arena, &last, &ignored) == 0 && last &&
        str_i64(str_of(last), &at) == 0)
        j->facts.last_schedule = at;
    last_run_from_store(&j->facts.last_run, j->h->store);
}

static void open_run(void *arg)
{
    struct open_job *j = arg;

    j->h->store = j->suspect ? store_open_suspect(j->h->path, &j->result, &j->e)
                             : store_open(j->h->path, &j->result, &j->e);
    j->ok = j->h->store != NULL;
    j->h->rows = j->h->errors = 0;
    if (j->ok)
        load_facts(j);
}

// Facts count only before the first decision: later the memory knows better than the file.
static void take_facts(struct history *h, struct open_job *j)
{
    if (h->decided) {
        last_run_fini(&j->facts.last_run);
        return;
    }
    arena_free(h->facts_arena);
    last_run_fini(&h->facts.last_run);
    h->facts_arena = TAKE(j->arena);
    h->facts = j->facts;
}

static void opened(struct history *h, struct open_job *j)
{
    h->have_store = true;
    h->suspect = false;
    take_facts(h, j);
    if (j->result.set_aside[0])
        log_warn("the database was set aside and a new one begun", log_str("why", j->result.why),
                 log_str("kept_as", j->result.set_aside));
    if (j->result.log_set_aside[0])
        log_warn("the database file was replaced: the log of the one before was set aside",
                 log_str("kept_as", j->result.log_set_aside));
    set_health(h, true, reason_text(REASON_STORE_OPEN), "history is being kept");
}

static void not_opened(struct history *h, struct open_job *j)
{
    bool held = j->e.code == ERR_LIMIT;

    set_health(h, false,
               held ? reason_text(REASON_STORE_LOCKED) : reason_text(REASON_STORE_NOT_OPEN),
               j->e.text);
    if (!h->closing)
        timer_start(h->o.loop, &h->reopen, held ? REOPEN_EVERY : REOPEN_BROKEN);
}

static void open_done(void *arg)
{
    struct open_job *j = arg;
    struct history *h = j->h;

    if (j->ok)
        opened(h, j);
    else
        not_opened(h, j);
    h->opening = false;
    arena_free(j->arena);
    free(j);
    if (!h->decided) {
        h->decided = true;
        if (h->o.opened)
            h->o.opened(h->o.arg);
    }
}

void history_open(struct history *h)
{
    struct open_job *j;

    if (h->opening || h->have_store || h->closing)
        return;
    h->opening = true;
    j = xcalloc(1, sizeof(*j));
    j->h = h;
    j->suspect = h->suspect;
    j->arena = arena_new(FACTS_MAX);
    if (worker_do(h->o.worker, open_run, open_done, j, &j->e) < 0)
        open_done(j);
}

static void reopen(void *arg)
{
    history_open(arg);
}

struct history *history_new(const struct history_options *o)
{
    struct history *h = xcalloc(1, sizeof(*h));

    h->o = *o;
    h->path = xstrdup(o->path);
    timer_init(&h->reopen, "history-reopen", reopen, h);
    map_init(&h->remembered, &remembered_ops);
    // Not the reason of a failure: the first one is a change, and said.
    snprintf(h->reason, sizeof(h->reason), "%s", reason_text(REASON_STORE_OPENING));
    snprintf(h->message, sizeof(h->message), "the store is not open yet");
    return h;
}

static void close_run(void *arg)
{
    struct history *h = arg;

    store_close(h->store);
    h->store = NULL;
}

static void close_done(void *arg)
{
    struct history *h = arg;

    h->healthy = false;
    h->have_store = false;
}

static void closed_damaged(void *arg)
{
    struct history *h = arg;
    struct remembered *r;
    uint32_t iter = 0;

    h->have_store = false;
    while ((r = map_next(&h->remembered, &iter)))
        r->written = false;
    history_open(h);
}

// The file is damaged: nothing more is written to it.
static void leave_damaged(struct history *h)
{
    struct error e = { 0 };

    if (h->suspect || h->closing)
        return;
    h->suspect = true;
    if (worker_do(h->o.worker, close_run, closed_damaged, h, &e) < 0) {
        log_warn("damaged store not closed yet", log_err(&e));
        h->suspect = false; // the next failure tries again
    }
}

void history_close(struct history *h)
{
    struct error e;

    h->closing = true;
    timer_stop(h->o.loop, &h->reopen);
    if (worker_do(h->o.worker, close_run, close_done, h, &e) < 0)
        log_warn("store not closed in order", log_err(&e));
}

void history_free(struct history *h)
{
    struct remembered *r;
    uint32_t iter = 0;

    if (!h)
        return;
    while ((r = map_next(&h->remembered, &iter))) {
        free(r->key);
        free(r->value);
        free(r);
    }
    map_fini(&h->remembered);
    last_run_fini(&h->facts.last_run);
    arena_free(h->facts_arena);
    free(h->path);
    free(h);
}

bool history_decided(const struct history *h)
{
    return h->decided;
}

bool history_healthy(const struct history *h)
{
    return h->healthy;
}

const char *history_reason(const struct history *h)
{
    return h->reason;
}

const char *history_message(const struct history *h)
{
    return h->message;
}

struct history_facts *history_facts(struct history *h)
{
    return &h->facts;
}

struct store *history_store(struct history *h)
{
    return h->store;
}

void history_report(struct history *h, const struct error *e)
{
    if (e->code == ERR_GONE && h->have_store) {
        set_health(h, false, reason_text(REASON_STORE_CORRUPT), e->text);
        leave_damaged(h);
    } else if (e->code != ERR_NONE) {
        set_health(h, false, reason_text(REASON_STORE_WRITE_FAILED), e->text);
    } else if (h->have_store && !h->suspect) {
        set_health(h, true, reason_text(REASON_STORE_OPEN), "history is being kept");
    }
}

// Small writes

enum small_kind { SMALL_FACT, SMALL_STATUS, SMALL_AUDIT, SMALL_RETAIN };

struct small_job {
    struct history *h;
    enum small_kind kind;
    char *text[7]; // owned copies; meaning depends on kind
    bool registered;
    usec at;
    struct retention retention;
    struct error e;
    int outcome;
    int64_t deleted, bytes;
    uint64_t rows, errors; // since the job before
    bool no_store;
};

static void small_free(struct small_job *j)
{
    for (size_t i = 0; i < ARRAY_SIZE(j->text); i++)
        free(j->text[i]);
    free(j);
}

static int small_write(struct small_job *j, struct store *s)
{
    switch (j->kind) {
    case SMALL_FACT:
        return store_fact_put(s, j->text[0], j->text[1], &j->e);
    case SMALL_STATUS: {
        struct operator_status_row r = { .mode = j->text[0],
                                         .tier = j->text[1],
                                         .version = j->text[2],
                                         .health = j->text[3],
                                         .cluster_id = j->text[4],
                                         .error = j->text[5],
                                         .registered = j->registered,
                                         .last_update = j->at };
        return store_status_put(s, &r, &j->e);
    }
    case SMALL_AUDIT:
        return store_audit(s, j->text[0], j->text[1], j->text[2], &j->e);
    case SMALL_RETAIN:
        return store_retain(s, &j->retention, j->at, RETAIN_SLICE, &j->deleted, &j->e);
    }
    return 0;
}

static void small_run(void *arg)
{
    struct small_job *j = arg;
    uint64_t rows, errors;

    j->no_store = j->h->store == NULL;
    if (j->no_store)
        return;
    j->outcome = small_write(j, j->h->store);
    j->bytes = store_bytes(j->h->store);
    store_stats(j->h->store, &rows, &errors);
    j->rows = rows - j->h->rows;
    j->errors = errors - j->h->errors;
    j->h->rows = rows;
    j->h->errors = errors;
}

static void small_start(struct small_job *j);

static void report_small(struct history *h, struct small_job *j)
{
    if (j->outcome < 0)
        history_report(h, &j->e);
    else if (!j->no_store)
        history_report(h, &(struct error){ 0 });
    if (j->no_store)
        return;
    metric_set(METRIC_STORE_BYTES, (double)j->bytes);
    metric_add(METRIC_STORE_ERRORS_TOTAL, (double)j->errors);
    metric_add(METRIC_STORE_ROWS_DELETED_TOTAL, (double)j->deleted);
    metric_add(METRIC_STORE_ROWS_WRITTEN_TOTAL, (double)j->rows);
}

// A fact that was not written is written when the store is healthy again.
static void fact_done(struct history *h, const struct small_job *j)
{
    struct remembered *r = map_get(&h->remembered, hash_str(j->text[0]), j->text[0]);

    if (r && (j->outcome < 0 || j->no_store) && strcmp(r->value, j->text[1]) == 0)
        r->written = false;
}

static void small_done(void *arg)
{
    struct small_job *j = arg;
    struct history *h = j->h;

    if (j->kind == SMALL_FACT)
        fact_done(h, j);
    report_small(h, j);
    if (j->kind == SMALL_RETAIN) {
        if (j->outcome > 0 && !h->closing) {
            j->outcome = 0;
            j->deleted = 0;
            small_start(j); // more to do: other jobs get their turn in between
            return;
        }
        h->retaining = false;
    }
    small_free(j);
}

static void small_start(struct small_job *j)
{
    struct error e = { 0 };

    if (worker_do(j->h->o.worker, small_run, small_done, j, &e) < 0) {
        log_warn("store request dropped", log_err(&e));
        if (j->kind == SMALL_RETAIN)
            j->h->retaining = false;
        j->no_store = true;
        if (j->kind == SMALL_FACT)
            fact_done(j->h, j);
        small_free(j);
    }
}

static struct small_job *small_new(struct history *h, enum small_kind kind)
{
    struct small_job *j = xcalloc(1, sizeof(*j));

    j->h = h;
    j->kind = kind;
    j->at = clock_wall();
    return j;
}

static void write_fact(struct history *h, struct remembered *r)
{
    struct small_job *j = small_new(h, SMALL_FACT);

    r->written = true; // unless the job says otherwise
    j->text[0] = xstrdup(r->key);
    j->text[1] = xstrdup(r->value);
    small_start(j);
}

static void write_remembered(struct history *h)
{
    struct remembered *r;
    uint32_t iter = 0;

    while ((r = map_next(&h->remembered, &iter))) {
        if (!r->written)
            write_fact(h, r);
    }
}

void history_remember(struct history *h, const char *key, const char *value)
{
    struct remembered *r = map_get(&h->remembered, hash_str(key), key);

    if (!r) {
        r = xcalloc(1, sizeof(*r));
        r->key = xstrdup(key);
        map_put(&h->remembered, key, r);
    }
    if (r->value && strcmp(r->value, value) == 0 && r->written)
        return;
    free(r->value);
    r->value = xstrdup(value);
    write_fact(h, r);
}

void history_put_status(struct history *h, const struct operator_status_row *r)
{
    struct small_job *j = small_new(h, SMALL_STATUS);
    const char *const v[] = { r->mode, r->tier, r->version, r->health, r->cluster_id, r->error };

    for (size_t i = 0; i < ARRAY_SIZE(v); i++)
        j->text[i] = xstrdup(v[i]);
    j->registered = r->registered;
    j->at = r->last_update;
    small_start(j);
}

void history_audit(struct history *h, const char *action, const char *object, const char *detail)
{
    struct small_job *j = small_new(h, SMALL_AUDIT);

    j->text[0] = xstrdup(action);
    j->text[1] = xstrdup(object);
    j->text[2] = xstrdup(detail);
    small_start(j);
}

void history_retain(struct history *h, const struct retention *r)
{
    struct small_job *j;

    if (h->retaining || h->closing)
        return;
    h->retaining = true;
    j = small_new(h, SMALL_RETAIN);
    j->retention = *r;
    small_start(j);
}
