// SPDX-License-Identifier: Apache-2.0
// Words with a bit of every size: most fit into a page many times, some need pages of their own.
#include "store/fake_history_rows.h"

#include "base/alloc.h"
#include "base/map.h"

static const char *const pillars[] = { "security",          "reliability",
                                       "sustainability",    "performance-efficiency",
                                       "cost-optimization", "operational-excellence" };

void fake_run_words(struct run_row *row, struct fake_run_words *w, const struct fake_op *op,
                    bool running)
{
    snprintf(w->uid, sizeof(w->uid), "run-%d", op->run);
    snprintf(w->name, sizeof(w->name), "default-%d", op->run);
    snprintf(w->message, sizeof(w->message), "written by operation %d", op->number);
    *row = (struct run_row){ .uid = w->uid,
                             .name = w->name,
                             .mode = "Full",
                             .trigger = "Scheduled",
                             .phase = "Running",
                             .message = w->message,
                             .score = -1 };
    row->requested = fake_op_time(op->run);
    row->started = row->requested + USEC_PER_SEC;
    if (running)
        return;
    row->phase = op->failed ? "Failed" : "Completed";
    row->completed = row->requested + 30 * USEC_PER_SEC;
    row->total = op->findings;
    if (op->failed)
        return;
    row->score = op->number % 101;
    for (size_t i = 0; i < ARRAY_SIZE(pillars); i++)
        row->pillars[row->n_pillars++] =
            (struct run_pillar){ .name = pillars[i], .score = op->number % 97, .passing = (int)i };
}

enum fake_phase fake_entry_phase(const struct fake_history *h, int i)
{
    const struct fake_entry *en = &h->entries[i];
    struct fake_op op = fake_op_at(h->seed, en->version);

    if (!en->row || op.kind == FAKE_AUDIT)
        return FAKE_PHASE_NONE;
    if (op.kind == FAKE_RUNNING)
        return FAKE_PHASE_RUNNING;
    return op.failed ? FAKE_PHASE_FAILED : FAKE_PHASE_COMPLETED;
}

usec fake_entry_time(const struct fake_history *h, int i)
{
    bool finished = fake_entry_phase(h, i) > FAKE_PHASE_RUNNING;

    return fake_op_time(i) + (finished ? 30 * USEC_PER_SEC : 0);
}

static void fill(char *to, size_t n, uint64_t r)
{
    for (size_t i = 0; i < n; i++) {
        to[i] = (char)('a' + r % 26);
        r = r * 6364136223846793005u + 1442695040888963407u;
        r ^= r >> 29;
    }
    to[n] = 0;
}

void fake_finding_make(struct fake_finding *f, uint64_t seed, const struct fake_op *op, int i)
{
    static const char *const severities[] = { "critical", "high", "medium", "low" };
    // Two of three say the same in every run, as most findings of a cluster do.
    uint64_t r = fake_mix(seed, i % 3 ? 0 : (uint64_t)op->number, 1000 + (uint64_t)i);
    int check = i % 37;

    f->row = (struct finding_row){ .check_id = f->check,
                                   .check_name = f->title,
                                   .pillar = pillars[check % 6],
                                   .severity = severities[r % 4],
                                   .status = r >> 8 & 1 ? "failing" : "warning",
                                   .kind = "Deployment",
                                   .ns = "team",
                                   .name = f->object,
                                   .message = f->message,
                                   .fingerprint = f->print,
                                   .count = 1 };
    snprintf(f->check, sizeof(f->check), "pillar/check-%02d", check);
    snprintf(f->title, sizeof(f->title), "Check number %d", check);
    snprintf(f->object, sizeof(f->object), "workload-%04d", i / 37);
    snprintf(f->print, sizeof(f->print), "%016" PRIx64, r);
    fill(f->message, (r >> 16) % 60 == 0 ? 3000 : 1 + (r >> 16) % 160, r);
}

static uint64_t with(uint64_t digest, const char *word)
{
    return digest * 0x9e3779b97f4a7c15u + (word ? hash64_stable(word, strlen(word)) : 1);
}

uint64_t fake_finding_digest(const struct finding_row *f)
{
    const char *const words[] = { f->check_id,    f->check_name, f->pillar,    f->severity,
                                  f->status,      f->kind,       f->ns,        f->name,
                                  f->message,     f->reason,     f->container, f->path,
                                  f->remediation, f->fingerprint };
    uint64_t digest = (uint64_t)f->count;

    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        digest = with(digest, words[i]);
    return digest;
}

uint64_t fake_op_digest(uint64_t seed, const struct fake_op *op)
{
    uint64_t digest = 0;
    struct fake_finding f;

    for (int i = 0; i < op->findings; i++) {
        fake_finding_make(&f, seed, op, i);
        digest += fake_finding_digest(&f.row);
    }
    return digest;
}

char *fake_fact_value(uint64_t seed, int i)
{
    uint64_t r = fake_mix(seed, (uint64_t)i, 7);
    size_t n = (r >> 8) % 9000;
    char *text = xcalloc(1, n + 32), *end = text + snprintf(text, 24, "%d ", i);

    fill(end, n, r);
    return text;
}
