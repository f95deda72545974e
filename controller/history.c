// SPDX-License-Identifier: Apache-2.0
// Every request is one small job: a struct that the worker fills and the loop frees. The store pointer itself is touched
// by the worker alone, so no lock is needed. A failing store never fails its caller: it changes health and nothing else.
#include "controller/history.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/metrics.h"
#include "store/store.h"

#define REOPEN_EVERY   (5 * USEC_PER_SEC)
#define REOPEN_BROKEN  (60 * USEC_PER_SEC)
#define RETAIN_SLICE   2000
#define FACTS_MAX      ((size_t)4 << 20)

struct history {
    struct history_options o;
    char *path;
    struct timer reopen;
    struct arena *facts_arena;
    struct history_facts facts;
    bool decided, healthy, opening, closing, retaining;
    char reason[48];
    char message[ERROR_TEXT_MAX];
    struct map written; // last value of each remembered key, to save writes

    struct store *store; // worker only
};

struct remembered {
    char *key;
    uint64_t value;
};

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
    if (healthy)
        log_info("store is healthy", LOG_STR("path", h->path));
    else if (h->decided || h->opening)
        log_warn("store is not usable; going on without history", LOG_STR("reason", reason),
                 LOG_STR("error", message));
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
    bool ok;
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

    j->h->store = store_open(j->h->path, &j->result, &j->e);
    j->ok = j->h->store != NULL;
    if (j->ok)
        load_facts(j);
}

static void open_done(void *arg)
{
    struct open_job *j = arg;
    struct history *h = j->h;
    bool held = !j->ok && j->e.code == ERR_LIMIT;

    if (j->ok) {
        arena_free(h->facts_arena);
        last_run_fini(&h->facts.last_run);
        h->facts_arena = TAKE(j->arena);
        h->facts = j->facts;
        if (j->result.set_aside[0])
            log_warn("a database that could not be used was set aside", LOG_STR("file", j->result.set_aside));
        set_health(h, true, "StoreOpen", "history is being kept");
    } else {
        set_health(h, false, held ? "StoreLocked" : "StoreNotOpen", j->e.text);
        if (!h->closing)
            timer_start(h->o.loop, &h->reopen, held ? REOPEN_EVERY : REOPEN_BROKEN);
    }
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

    if (h->opening || h->healthy || h->closing)
        return;
    h->opening = true;
    j = xcalloc(1, sizeof(*j));
    j->h = h;
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
    map_init(&h->written, &remembered_ops);
    snprintf(h->reason, sizeof(h->reason), "StoreNotOpen");
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
    ((struct history *)arg)->healthy = false;
}

void history_close(struct history *h)
{
    struct error e;

    h->closing = true;
    timer_stop(h->o.loop, &h->reopen);
    if (worker_do(h->o.worker, close_run, close_done, h, &e) < 0)
        log_warn("store not closed in order", LOG_ERR(&e));
}

void history_free(struct history *h)
{
    struct remembered *r;
    uint32_t iter = 0;

    if (!h)
        return;
    while ((r = map_next(&h->written, &iter))) {
        free(r->key);
        free(r);
    }
    map_fini(&h->written);
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
    if (e->code == ERR_NONE)
        set_health(h, true, "StoreOpen", "history is being kept");
    else
        set_health(h, false, "StoreWriteFailed", e->text);
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
    int64_t deleted;
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
        struct operator_status_row r = { .mode = j->text[0], .tier = j->text[1], .version = j->text[2],
                                         .health = j->text[3], .cluster_id = j->text[4], .error = j->text[5],
                                         .registered = j->registered, .last_update = j->at };
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

    j->no_store = j->h->store == NULL;
    if (!j->no_store)
        j->outcome = small_write(j, j->h->store);
}

static void small_start(struct small_job *j);

static void small_done(void *arg)
{
    struct small_job *j = arg;
    struct history *h = j->h;

    if (j->outcome < 0)
        history_report(h, &j->e);
    else if (!j->no_store)
        history_report(h, &(struct error){ 0 });
    if (j->kind == SMALL_FACT && (j->outcome < 0 || j->no_store)) {
        struct remembered *r = map_get(&h->written, hash_str(j->text[0]), j->text[0]);

        if (r)
            r->value = 0; // not written: the next call tries again
    }
    if (j->kind == SMALL_RETAIN) {
        metric_add(METRIC_STORE_ROWS_DELETED_TOTAL, (double)j->deleted);
        if (j->outcome > 0 && !h->closing) {
            j->outcome = 0;
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
        log_warn("store request dropped", LOG_ERR(&e));
        if (j->kind == SMALL_RETAIN)
            j->h->retaining = false;
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

// True when key does not have this value yet; notes it as written.
static bool note_value(struct history *h, const char *key, const char *value)
{
    struct remembered *r = map_get(&h->written, hash_str(key), key);
    uint64_t hash = hash64_stable(value, strlen(value)) | 1;

    if (!r) {
        r = xcalloc(1, sizeof(*r));
        r->key = xstrdup(key);
        map_put(&h->written, key, r);
    }
    if (r->value == hash)
        return false;
    r->value = hash;
    return true;
}

void history_remember(struct history *h, const char *key, const char *value)
{
    struct small_job *j;

    if (!note_value(h, key, value))
        return;
    j = small_new(h, SMALL_FACT);
    j->text[0] = xstrdup(key);
    j->text[1] = xstrdup(value);
    small_start(j);
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
