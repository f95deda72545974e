// SPDX-License-Identifier: Apache-2.0
// The operations and the model. fake_history_compare.c holds the model against a file.
#include "store/fake_history.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/map.h"
#include "store/fake_history_rows.h"
#include "store/operator_status.h"
#include "store/retention.h"
#include "store/store_internal.h"

#include <stdlib.h>

#define KEEP_FINDINGS (40 * USEC_PER_MIN)
#define KEEP_COUNTS   (80 * USEC_PER_MIN)
#define SLICE         150

uint64_t fake_mix(uint64_t seed, uint64_t a, uint64_t b)
{
    const uint64_t words[] = { seed, a, b };

    return hash64_stable(words, sizeof(words));
}

static int64_t number_of(const char *name, int64_t otherwise)
{
    const char *text = getenv(name);

    return text && *text ? strtoll(text, NULL, 10) : otherwise;
}

int64_t fake_count(int64_t otherwise)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    otherwise /= 4;
#endif
    return number_of("K9_COUNT", otherwise);
}

uint64_t fake_seed(void)
{
    return (uint64_t)number_of("K9_SEED", 1);
}

static enum fake_op_kind kind_of(unsigned percent)
{
    static const struct {
        unsigned below;
        enum fake_op_kind kind;
    } shares[] = {
        {43,  FAKE_RUN       },
        { 54, FAKE_REWRITE   },
        { 62, FAKE_RUNNING   },
        { 72, FAKE_FACT      },
        { 78, FAKE_STATUS    },
        { 86, FAKE_AUDIT     },
        { 93, FAKE_RETAIN    },
        { 97, FAKE_CHECKPOINT},
    };

    for (size_t i = 0; i < ARRAY_SIZE(shares); i++) {
        if (percent < shares[i].below)
            return shares[i].kind;
    }
    return FAKE_REOPEN;
}

struct fake_op fake_op_at(uint64_t seed, int i)
{
    uint64_t r = fake_mix(seed, (uint64_t)i, 0);
    struct fake_op op = { .kind = kind_of(r % 100), .number = i, .run = i };
    int target = i - 1 - (int)((r >> 8) % 10);

    op.findings = (int)(r >> 16 & 63);
    if ((r >> 24) % 20 == 0) // more than the page cache holds: the log grows before the commit
        op.findings *= 30;
    op.failed = (r >> 32) % 10 == 0;
    if (op.kind != FAKE_REWRITE)
        return op;
    // A rewrite's own target may not be a rewrite, or it would have to be looked up in turn.
    if (target >= 0) {
        unsigned other = fake_mix(seed, (uint64_t)target, 0) % 100;

        if (kind_of(other) == FAKE_RUN || kind_of(other) == FAKE_RUNNING)
            op.run = target;
    }
    if (op.run == i)
        op.kind = FAKE_RUN;
    return op;
}

usec fake_op_time(int i)
{
    return FAKE_HISTORY_START + i * USEC_PER_MIN;
}

static int do_run(struct store *s, uint64_t seed, const struct fake_op *op, struct error *e)
{
    struct fake_run_words w;
    struct run_row row;

    fake_run_words(&row, &w, op, true);
    if (store_run_begin(s, &row, e) < 0)
        return -1;
    for (int i = 0; i < op->findings; i++) {
        struct fake_finding f;

        fake_finding_make(&f, seed, op, i);
        if (store_run_finding(s, &f.row, e) < 0) {
            store_run_rollback(s);
            return -1;
        }
    }
    fake_run_words(&row, &w, op, false);
    return store_run_commit(s, &row, e);
}

static int do_fact(struct store *s, uint64_t seed, int i, struct error *e)
{
    autofree char *value = fake_fact_value(seed, i);
    char key[24];

    snprintf(key, sizeof(key), "f%d", i % FAKE_FACTS);
    return store_fact_put(s, key, value, e);
}

static int do_status(struct store *s, int i, struct error *e)
{
    char text[32];

    snprintf(text, sizeof(text), "status %d", i);
    return store_status_put(s,
                            &(struct operator_status_row){ .mode = "operated",
                                                           .tier = "free",
                                                           .version = "1",
                                                           .health = "healthy",
                                                           .error = text,
                                                           .last_update = fake_op_time(i) },
                            e);
}

static int do_audit(struct store *s, int i, struct error *e)
{
    char text[24];

    snprintf(text, sizeof(text), "%d", i);
    return store_audit(s, "Something", NULL, text, e);
}

static int do_retain(struct store *s, int i, struct error *e)
{
    const struct retention r = { .findings = KEEP_FINDINGS, .assessments = KEEP_COUNTS };
    int64_t deleted;
    int rc;

    do
        rc = store_retain(s, &r, fake_op_time(i), SLICE, &deleted, e);
    while (rc == 1);
    return rc;
}

static int do_reopen(struct store **s, struct error *e)
{
    autofree char *path = xstrdup(store_path(*s));

    store_close(TAKE(*s));
    *s = store_open(path, NULL, e);
    return *s ? 0 : -1;
}

int fake_op_do(struct store **s, uint64_t seed, int i, struct error *e)
{
    struct fake_op op = fake_op_at(seed, i);

    clock_fake(USEC_PER_SEC, fake_op_time(i));
    switch (op.kind) {
    case FAKE_RUN:
    case FAKE_REWRITE:
        return do_run(*s, seed, &op, e);
    case FAKE_RUNNING: {
        struct fake_run_words w;
        struct run_row row;

        fake_run_words(&row, &w, &op, true);
        return store_run_put(*s, &row, e);
    }
    case FAKE_FACT:
        return do_fact(*s, seed, i, e);
    case FAKE_STATUS:
        return do_status(*s, i, e);
    case FAKE_AUDIT:
        return do_audit(*s, i, e);
    case FAKE_RETAIN:
        return do_retain(*s, i, e);
    case FAKE_CHECKPOINT:
        return db_exec((*s)->db, "PRAGMA wal_checkpoint(TRUNCATE)", e);
    case FAKE_REOPEN:
        return do_reopen(s, e);
    }
    return -1;
}

// The model

void fake_history_init(struct fake_history *h, uint64_t seed)
{
    *h = (struct fake_history){ .seed = seed, .status = -1 };
    for (int i = 0; i < FAKE_FACTS; i++)
        h->fact[i] = -1;
}

void fake_history_fini(struct fake_history *h)
{
    free(h->entries);
}

void fake_history_copy(struct fake_history *to, const struct fake_history *from)
{
    *to = *from;
    to->entries = xcalloc(from->room + 1, sizeof(*to->entries));
    if (from->entries)
        memcpy(to->entries, from->entries, from->room * sizeof(*to->entries));
}

static void make_room(struct fake_history *h)
{
    size_t room = h->room ? 2 * h->room : 64;
    struct fake_entry *more;

    if ((size_t)h->done < h->room)
        return;
    more = xcalloc(room, sizeof(*more));
    if (h->entries)
        memcpy(more, h->entries, h->room * sizeof(*more));
    free(h->entries);
    h->entries = more;
    h->room = room;
}

// What retention spares whatever its age: the last run with verdicts.
static int newest_finished(const struct fake_history *h)
{
    for (int i = h->done - 1; i >= 0; i--) {
        const struct fake_entry *en = &h->entries[i];

        if (en->row && fake_entry_phase(h, i) == FAKE_PHASE_COMPLETED)
            return i;
    }
    return -1;
}

static void retain(struct fake_history *h)
{
    usec now = fake_op_time(h->done);
    int newest = newest_finished(h);

    for (int i = 0; i < h->done; i++) {
        struct fake_entry *en = &h->entries[i];
        usec at = fake_entry_time(h, i);

        if (i == newest || fake_entry_phase(h, i) == FAKE_PHASE_RUNNING)
            continue;
        en->results = en->results && at >= now - KEEP_FINDINGS;
        en->counts = en->counts && at >= now - KEEP_COUNTS;
        en->row = en->row && at >= now - KEEP_COUNTS;
    }
}

void fake_history_apply(struct fake_history *h)
{
    struct fake_op op = fake_op_at(h->seed, h->done);
    struct fake_entry *en;

    make_room(h);
    en = &h->entries[op.run];
    if (op.kind == FAKE_RUN || op.kind == FAKE_REWRITE)
        *en = (struct fake_entry){ .version = op.number,
                                   .row = true,
                                   .results = true,
                                   .counts = !op.failed,
                                   .digest = fake_op_digest(h->seed, &op) };
    else if (op.kind == FAKE_RUNNING || op.kind == FAKE_AUDIT)
        *en = (struct fake_entry){ .version = op.number, .row = true };
    else if (op.kind == FAKE_FACT)
        h->fact[op.number % FAKE_FACTS] = op.number;
    else if (op.kind == FAKE_STATUS)
        h->status = op.number;
    else if (op.kind == FAKE_RETAIN)
        retain(h);
    h->done++;
}

void fake_history_catch_up(struct fake_history *h, int last)
{
    while (h->done <= last)
        fake_history_apply(h);
}
