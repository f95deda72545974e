// SPDX-License-Identifier: Apache-2.0
// The published formula and nothing else; see score.h.
#include "controller/checks/score.h"

static const double weights[CHECK_SEVERITIES] = { 1, 2, 5, 10 };

#define CRITICAL_CAP 69

static void count(struct check_counts *c, enum verdict v)
{
    c->total++;
    switch (v) {
    case VERDICT_PASS:
        c->passing++;
        break;
    case VERDICT_WARN:
        c->warning++;
        break;
    case VERDICT_FAIL:
        c->failing++;
        break;
    default:
        c->skipped++;
        break;
    }
}

void score_add(struct score *s, const struct check_result *r, struct assessment_summary *sum)
{
    enum check_pillar p = check_pillar(r->check);
    const struct unit_counts *u = &r->units;
    double judged = (double)u->passed + u->warned + u->failed;

    count(&sum->counts, r->verdict);
    count(&sum->pillars[p].counts, r->verdict);
    if (r->verdict == VERDICT_SKIP)
        return;
    sum->evaluated++;
    sum->pillars[p].evaluated++;
    if ((r->check->flags & CHECK_ROLLUP) || judged == 0)
        return;
    s->sum[p] += weights[r->severity] * (u->passed + 0.5 * u->warned) / judged;
    s->weight[p] += weights[r->severity];
    if (r->verdict == VERDICT_FAIL && r->severity == CHECK_CRITICAL)
        s->capped[p] = true;
}

// The small addend keeps 100 % from being 99 because of binary fractions.
static int32_t percent(double share)
{
    return (int32_t)(share * 100 + 1e-9);
}

void score_finish(const struct score *s, struct assessment_summary *sum)
{
    double total = 0;
    int n = 0;

    for (int p = 0; p < CHECK_PILLARS; p++) {
        sum->pillars[p].score = -1;
        if (s->weight[p] <= 0)
            continue;
        double share = s->sum[p] / s->weight[p];
        if (s->capped[p])
            share = MIN(share, CRITICAL_CAP / 100.0);
        sum->pillars[p].score = percent(share);
        total += share;
        n++;
    }
    sum->score = n ? percent(total / n) : -1;
    sum->grade = assess_grade(sum->score);
}

const char *assess_grade(int32_t score)
{
    static const struct {
        int32_t from;
        const char *grade;
    } grades[] = {
        {90,  "A"},
        { 80, "B"},
        { 70, "C"},
        { 60, "D"},
        { 0,  "F"}
    };

    for (size_t i = 0; i < ARRAY_SIZE(grades); i++) {
        if (score >= grades[i].from)
            return grades[i].grade;
    }
    return "";
}
