// SPDX-License-Identifier: Apache-2.0
// What could not be read is skipped with its reason. It is never a pass: a missing permission must
// not look like compliance.
#include "controller/checks/tally.h"

#include "apis/usage.h"
#include "controller/checks/walk.h"

static enum skip_reason reason_of(enum kind_state s)
{
    switch (s) {
    case KIND_SYNCED:
        return SKIP_NONE;
    case KIND_DENIED:
        return SKIP_NO_PERMISSION;
    case KIND_ABSENT:
        return SKIP_NOT_APPLICABLE;
    default:
        return SKIP_NO_DATA;
    }
}

static kind_mask walked(const struct check *c)
{
    if (c->per_cluster || c->per_exemption)
        return 0;
    return c->kinds ? c->kinds : WORKLOAD_KINDS;
}

static void look_at_reads(struct tally *t, const struct check *c, const struct snapshot *s)
{
    for (int k = 0; t->run && k < KIND_COUNT; k++) {
        enum skip_reason why =
            c->reads & KIND_BIT(k) ? reason_of((enum kind_state)s->state[k]) : SKIP_NONE;
        if (why == SKIP_NONE)
            continue;
        t->run = false;
        t->why_not = why;
        t->missing = (enum kind_id)k;
        if (kind_get(t->missing)->sampled && *usage_problem(s->usage))
            t->problem = usage_problem(s->usage);
    }
}

// What is known is judged, what is missing could change a pass only.
static void look_at_gaps(struct tally *t, const struct check *c, const struct snapshot *s,
                         kind_mask undecoded)
{
    for (int k = 0; t->run && !t->blind && k < KIND_COUNT; k++) {
        enum skip_reason why =
            c->glances & KIND_BIT(k) ? reason_of((enum kind_state)s->state[k]) : SKIP_NONE;
        t->undecoded = (c->reads | c->glances) & undecoded & KIND_BIT(k);
        if (why != SKIP_NO_PERMISSION && why != SKIP_NO_DATA && !t->undecoded)
            continue;
        t->blind = t->undecoded ? SKIP_NO_DATA : why;
        t->missing = (enum kind_id)k;
    }
}

static void look_at_walked(struct tally *t, const struct check *c, const struct snapshot *s)
{
    kind_mask mask = walked(c);
    bool any = !mask;
    enum skip_reason first = SKIP_NONE;

    for (int k = 0; k < KIND_COUNT; k++) {
        enum skip_reason why = reason_of((enum kind_state)s->state[k]);
        if (!(mask & KIND_BIT(k)))
            continue;
        any |= why == SKIP_NONE;
        if (why == SKIP_NONE || (first && why == SKIP_NOT_APPLICABLE))
            continue;
        first = why;
        t->missing = (enum kind_id)k;
    }
    if (!any) {
        t->run = false;
        t->why_not = first;
    } else if (first != SKIP_NOT_APPLICABLE) {
        t->blind = first;
    }
}

void tally_init(struct tally *t, const struct check *c, const struct snapshot *s,
                kind_mask undecoded, bool enabled)
{
    *t = (struct tally){ .run = enabled, .severity = c->severity, .missing = KIND_COUNT };
    if (!enabled) {
        t->why_not = SKIP_DISABLED;
    } else if ((c->flags & CHECK_LIVE) && !s->live) {
        t->run = false;
        t->why_not = SKIP_NO_DATA;
    } else if ((c->flags & CHECK_FILES) && s->live) {
        t->run = false;
        t->why_not = SKIP_NOT_APPLICABLE;
    } else {
        look_at_walked(t, c, s);
        look_at_reads(t, c, s);
        look_at_gaps(t, c, s, undecoded);
    }
}

static const char *kind_text(const struct tally *t)
{
    return t->missing < KIND_COUNT ? kind_get(t->missing)->kind : "the cluster";
}

static void say_why_not(const struct tally *t, enum skip_reason why, char text[TALLY_TEXT_MAX])
{
    const char *kind = kind_text(t);
    bool by_kind = t->missing < KIND_COUNT;

    switch (why) {
    case SKIP_DISABLED:
        snprintf(text, TALLY_TEXT_MAX, "not enabled by this configuration or profile");
        break;
    case SKIP_NO_PERMISSION:
        snprintf(text, TALLY_TEXT_MAX, "no permission to list %s", kind);
        break;
    case SKIP_NOT_APPLICABLE:
        snprintf(text, TALLY_TEXT_MAX,
                 by_kind ? "the cluster does not serve %s" : "judges manifests only", kind);
        break;
    default:
        snprintf(text, TALLY_TEXT_MAX,
                 !by_kind       ? "needs a running cluster"
                 : t->undecoded ? "the content of some %s objects could not be read"
                 : t->problem   ? "%s could not be read: %.200s"
                                : "%s could not be read yet",
                 kind, t->problem);
        break;
    }
}

static enum skip_reason commonest(const struct tally *t)
{
    int best = SKIP_NO_OBJECTS;

    for (int r = 0; r < SKIP_REASON_COUNT; r++) {
        if (t->skips[r] > t->skips[best])
            best = r;
    }
    return (enum skip_reason)best;
}

static void say_skipped(const struct tally *t, struct check_result *ret, char text[TALLY_TEXT_MAX])
{
    ret->reason = commonest(t);
    if (ret->reason == SKIP_EXEMPTED)
        snprintf(text, TALLY_TEXT_MAX, "all %" PRIu32 " objects are exempted",
                 t->skips[SKIP_EXEMPTED]);
    else if (*t->skip_text)
        snprintf(text, TALLY_TEXT_MAX, "%s", t->skip_text);
    else
        snprintf(text, TALLY_TEXT_MAX, "nothing in the cluster that this check is about");
}

static void say_counts(const struct tally *t, char text[TALLY_TEXT_MAX])
{
    const struct unit_counts *u = &t->units;
    uint32_t judged = u->passed + u->warned + u->failed;
    int n = 0;

    if (u->failed)
        n += snprintf(text, TALLY_TEXT_MAX, "%" PRIu32 " of %" PRIu32 " fail", u->failed, judged);
    if (u->warned)
        n += snprintf(text + n, (size_t)(TALLY_TEXT_MAX - n), "%s%" PRIu32 " of %" PRIu32 " warn",
                      n ? ", " : "", u->warned, judged);
    if (!n)
        n = snprintf(text, TALLY_TEXT_MAX, "%s%" PRIu32 " pass", judged > 1 ? "all " : "", judged);
    if (u->exempted)
        snprintf(text + n, (size_t)(TALLY_TEXT_MAX - n), ", %" PRIu32 " exempted", u->exempted);
}

void tally_result(const struct tally *t, const struct check *c, bool unfinished,
                  struct check_result *ret, char text[TALLY_TEXT_MAX])
{
    *ret = (struct check_result){ .check = c,
                                  .verdict = VERDICT_SKIP,
                                  .severity = t->severity,
                                  .message = text,
                                  .units = t->units };
    if (!t->run) {
        ret->reason = t->why_not;
        say_why_not(t, t->why_not, text);
    } else if (t->units.failed || t->units.warned) {
        ret->verdict = t->units.failed ? VERDICT_FAIL : VERDICT_WARN;
        say_counts(t, text);
    } else if (unfinished) {
        ret->reason = SKIP_NO_DATA;
        snprintf(text, TALLY_TEXT_MAX, "the run ended before all objects were judged");
    } else if (t->blind) {
        ret->reason = t->blind;
        say_why_not(t, t->blind, text);
    } else if (t->units.passed) {
        ret->verdict = VERDICT_PASS;
        say_counts(t, text);
    } else {
        say_skipped(t, ret, text);
    }
}
