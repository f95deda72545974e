// SPDX-License-Identifier: Apache-2.0
// Findings arrive in a fixed order, so keeping the first of equals keeps the list the same from run
// to run.
#include "controller/checks/top.h"

static bool worse(const struct finding *f, size_t index, const struct assess_top *b, size_t b_index)
{
    if (f->verdict != b->verdict)
        return f->verdict > b->verdict;
    if (f->severity != b->severity)
        return f->severity > b->severity;
    return index < b_index;
}

// Longer text ends in an ellipsis, cut between characters.
static void cut(char *to, size_t size, const char *from)
{
    size_t n = strlen(from);

    if (n < size) {
        memcpy(to, from, n + 1);
        return;
    }
    n = size - 4;
    while (n > 0 && ((unsigned char)from[n] & 0xc0) == 0x80)
        n--;
    memcpy(to, from, n);
    memcpy(to + n, "...", 4);
}

void top_add(struct top *t, struct assessment_summary *sum, const struct finding *f, size_t index)
{
    size_t at = sum->n_top;

    if (f->verdict < VERDICT_WARN || t->taken[index][f->verdict] >= TOP_PER_CHECK)
        return;
    while (at > 0 && worse(f, index, &sum->top[at - 1], t->index[at - 1]))
        at--;
    if (at == ASSESS_TOP_MAX)
        return;
    t->taken[index][f->verdict]++;
    if (sum->n_top < ASSESS_TOP_MAX)
        sum->n_top++;
    memmove(&sum->top[at + 1], &sum->top[at], (sum->n_top - 1 - at) * sizeof(sum->top[0]));
    memmove(&t->index[at + 1], &t->index[at], (sum->n_top - 1 - at) * sizeof(t->index[0]));
    t->index[at] = index;
    struct assess_top *e = &sum->top[at];
    *e = (struct assess_top){ .check = f->check,
                              .verdict = f->verdict,
                              .severity = f->severity,
                              .kind = f->kind,
                              .ns = f->ns };
    cut(e->name, sizeof(e->name), f->name);
    cut(e->message, sizeof(e->message), f->message);
}
