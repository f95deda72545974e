// SPDX-License-Identifier: Apache-2.0
// The cases of a plan. A scenario is played without a fault first; twice when all cases are played:
// both ends have to be the same, or nothing could be compared with them.
#include "base/alloc.h"
#include "base/log.h"
#include "controller/fake_sieve.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SHOWN_LINES 12

struct plan_words {
    const char *title, *noun;
    const char *modes[CRASH_MODES];
    int n_modes;
    size_t sample; // of so many cases one is played when not all are
};

static const struct plan_words words[SIEVE_PLANS] = {
    [SIEVE_CRASH] = {"P1",
                     "crashes",            { "before", "lost", "after", "late", "paused", "twice" },
                     CRASH_MODES,                                                                                      13},
    [SIEVE_STALE] = { "P2", "stale views", { "now", "next", "end" },                                 STALE_MODES,      17},
    [SIEVE_UNOBSERVED] = { "P3", "pairs",       { "burst", "relist" },                                    UNOBSERVED_MODES, 11},
};

struct campaign {
    enum sieve_plan plan;
    const char *program, *only; // only: the one case that is wanted, NULL
    const char *all_of;         // a scenario, or "1": of each; NULL: a sample
    bool all;
    const struct sieve_scenario *s;
    struct sieve_outcome learned;
    size_t number; // of the case, for the sample
    size_t scenarios, played, differ, not_fired, met;
};

static const char *case_name(const struct campaign *c, const struct sieve_fault *f, char ret[128])
{
    snprintf(ret, 128, "%s:%s:%zu:%zu", c->s->name, words[c->plan].modes[f->mode], f->at, f->until);
    return ret;
}

// Lines

static size_t line_length(const char *p)
{
    return strcspn(p, "\n");
}

static bool has_line(const char *text, const char *line, size_t n)
{
    for (const char *p = text; *p; p += line_length(p), p += *p == '\n') {
        if (line_length(p) == n && strncmp(p, line, n) == 0)
            return true;
    }
    return false;
}

static void show_missing(char sign, const char *text, const char *other, int most)
{
    int shown = 0;

    for (const char *p = text; *p && shown < most; p += line_length(p), p += *p == '\n') {
        if (has_line(other, p, line_length(p)))
            continue;
        fprintf(stderr, "  %c %.*s\n", sign, (int)line_length(p), p);
        shown++;
    }
}

// Cases

static void report(struct campaign *c, const struct sieve_fault *f, const struct sieve_outcome *o,
                   const char *was, const char *is)
{
    char name[128];

    c->differ++;
    fprintf(stderr, "%s %s differs from the undisturbed run%s%s\n", words[c->plan].title,
            case_name(c, f, name), *o->trouble ? ": " : "", o->trouble);
    show_missing('-', was, is, c->only ? INT_MAX : SHOWN_LINES);
    show_missing('+', is, was, c->only ? INT_MAX : SHOWN_LINES);
    if (f->plan != SIEVE_CRASH && f->at < c->learned.n_events)
        fprintf(stderr, "event %zu: %s\n", f->at, c->learned.events[f->at].key);
    fprintf(stderr, "replay: K9_SIEVE=%s %s\n", name, c->program);
}

// Deleted and made again, changed there and back, cancelled: where what was not heard matters most,
// the sample is denser.
static size_t sample_of(const struct campaign *c)
{
    static const char *const dense[] = { "config-again", "same-name-again", "there-and-back",
                                         "cancelled" };

    for (size_t i = 0; c->plan == SIEVE_UNOBSERVED && i < ARRAY_SIZE(dense); i++) {
        if (strcmp(c->s->name, dense[i]) == 0)
            return 3;
    }
    return words[c->plan].sample;
}

static bool is_wanted(struct campaign *c, const struct sieve_fault *f)
{
    char name[128];

    if (c->only)
        return strcmp(c->only, case_name(c, f, name)) == 0;
    return c->all || c->number++ % sample_of(c) == 0;
}

static void try_case(struct campaign *c, const struct sieve_fault *f)
{
    bool strict = f->plan == SIEVE_CRASH;
    const char *was = strict ? c->learned.state : c->learned.loose, *is;
    struct sieve_outcome o;
    char name[128];

    if (!is_wanted(c, f))
        return;
    sieve_play(c->s, f, &o);
    is = strict ? o.state : o.loose;
    c->played++;
    if (!o.fired) {
        c->not_fired++;
        printf("%s %s: no fault\n", words[f->plan].title, case_name(c, f, name));
    }
    c->met += o.met;
    if (*o.trouble || strcmp(was, is) != 0)
        report(c, f, &o, was, is);
    sieve_outcome_fini(&o);
}

// The status ConfigMap is written all the time, and decides nothing: it is not in the sample.
static bool takes_part(const struct campaign *c, bool beat)
{
    return c->all || c->only || !beat;
}

static void crashes(struct campaign *c, int mode)
{
    for (size_t i = 0; i < c->learned.writes; i++) {
        if (takes_part(c, c->learned.beats[i]))
            try_case(c, &(struct sieve_fault){ .plan = c->plan, .mode = mode, .at = i });
    }
}

static void stale_views(struct campaign *c, int mode)
{
    for (size_t i = 0; i < c->learned.n_events; i++) {
        if (c->learned.events[i].heard && takes_part(c, c->learned.events[i].beat))
            try_case(c, &(struct sieve_fault){ .plan = c->plan, .mode = mode, .at = i });
    }
}

static void pairs(struct campaign *c, int mode)
{
    const struct sieve_event *ev = c->learned.events;

    for (size_t i = 0; i < c->learned.n_events; i++) {
        struct sieve_fault f = { .plan = c->plan, .mode = mode, .at = i, .until = 0 };

        if (!ev[i].heard || !takes_part(c, ev[i].beat))
            continue;
        for (size_t k = i + 1; k < c->learned.n_events; k++) {
            if (strcmp(ev[i].key, ev[k].key) != 0)
                continue;
            f.until++;
            try_case(c, &f);
            if (!c->all && !c->only)
                break; // neighbours only
        }
    }
}

static void learn(struct campaign *c)
{
    struct sieve_fault none = { .plan = SIEVE_UNDISTURBED };
    struct sieve_outcome again;

    sieve_play(c->s, &none, &c->learned);
    if (*c->learned.trouble)
        report(c, &none, &c->learned, "", "");
    if (!c->all && !c->only)
        return;
    sieve_play(c->s, &none, &again);
    if (strcmp(c->learned.state, again.state) != 0)
        report(c, &none, &c->learned, c->learned.state, again.state);
    sieve_outcome_fini(&again);
}

static void play_scenario(struct campaign *c)
{
    size_t played = c->played, differ = c->differ;

    learn(c);
    for (int mode = 0; mode < words[c->plan].n_modes; mode++) {
        if (c->plan == SIEVE_CRASH)
            crashes(c, mode);
        else if (c->plan == SIEVE_STALE)
            stale_views(c, mode);
        else
            pairs(c, mode);
    }
    c->scenarios++;
    printf("%s %s: %zu %s, %zu differ\n", words[c->plan].title, c->s->name, c->played - played,
           words[c->plan].noun, c->differ - differ);
    fflush(stdout);
    sieve_outcome_fini(&c->learned);
}

static bool is_of(const struct campaign *c, const struct sieve_scenario *s)
{
    size_t n = strlen(s->name);

    if (!c->all && !c->only && c->plan == SIEVE_CRASH)
        return (s - sieve_scenarios) % 3 == 1;
    if (!c->only)
        return !c->all || strcmp(c->all_of, "1") == 0 || strcmp(c->all_of, s->name) == 0;
    return strncmp(c->only, s->name, n) == 0 && (!c->only[n] || c->only[n] == ':');
}

size_t sieve_cases(enum sieve_plan plan, const char *program)
{
    struct campaign c = { .plan = plan, .program = program };

    c.only = getenv("K9_SIEVE");       // NOLINT(concurrency-mt-unsafe): there is one thread
    c.all_of = getenv("K9_SIEVE_ALL"); // NOLINT(concurrency-mt-unsafe)
    c.all = c.all_of != NULL;
    log_set_level(c.only ? LOG_INFO : LOG_ERROR);
    for (const struct sieve_scenario *s = sieve_scenarios; s->name; s++) {
        c.s = s;
        if (is_of(&c, s))
            play_scenario(&c);
    }
    printf("%s: %zu scenarios, %zu %s, %zu differ", words[plan].title, c.scenarios, c.played,
           words[plan].noun, c.differ);
    if (plan == SIEVE_UNOBSERVED)
        printf(" (%zu released by the second event, the others after 20 s)", c.met);
    printf(c.not_fired ? ", %zu without their fault\n" : "\n", c.not_fired);
    return c.differ;
}

void sieve_outcome_fini(struct sieve_outcome *o)
{
    free(o->state);
    free(o->loose);
    free(o->events);
    free(o->beats);
}
