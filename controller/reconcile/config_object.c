// SPDX-License-Identifier: Apache-2.0
// Order matters: first the configuration is settled, then the status is written about what stands
// now, then runs are created and deleted. A run that cannot be created thus never hides what is
// wrong, and the status never claims a run that is not there: its scheduled time appears once the
// run has been seen. A rejected object changes nothing but its own status.
#include "controller/reconcile/config_object.h"

#include "apis/draft.h"
#include "apis/reasons.h"
#include "apis/types.h"
#include "base/clock.h"
#include "base/writer.h"
#include "controller/config.h"
#include "controller/detect.h"
#include "controller/history.h"
#include "controller/reconcile/conditions.h"
#include "controller/reconcile/run.h"
#include "controller/schedule.h"

#define RUN_BODY_MAX ((size_t)128 << 10)

struct state {
    const struct config_input *in;
    struct plan *p;
    struct config *config; // in force after this pass
    struct error refusal;  // why the object is not in force; code NONE = it is
    struct run_overview runs;
    usec last_schedule; // before this pass
    struct schedule_decision schedule;
};

static const struct kube9_config_status *status_of(const struct config_input *in)
{
    return in->object ? kube9_config_status(kube9_config_of(in->object)) : NULL;
}

// A time to come was written while some clock was ahead. Waiting for it would mean no run until
// then.
static usec believable(usec at, usec now)
{
    return at <= now + SCHEDULE_MIN_INTERVAL ? at : 0;
}

usec config_last_schedule(const struct config_input *in)
{
    usec status = kube9_config_status_last_schedule_time(status_of(in)) * USEC_PER_SEC;
    usec at = MAX(believable(in->last_schedule, in->now), believable(status, in->now));

    // A run that exists was scheduled, whatever was remembered of it.
    for (size_t i = 0; i < in->n_runs; i++) {
        const char *name = object_name(in->runs[i]);
        int64_t minutes;

        if (strncmp(name, "default-", 8) == 0 && str_i64(str_of(name + 8), &minutes) == 0 &&
            minutes < INT64_MAX / USEC_PER_MIN)
            at = MAX(at, believable(minutes * USEC_PER_MIN, in->now));
    }
    return at;
}

// A run of some checks by hand says nothing about the cluster as a whole, and one that never began
// (an invalid spec) nothing about assessments.
static bool tells_of_cluster(const struct object *r)
{
    const struct assessment_run *run = assessment_run_of(r);

    if (!assessment_run_status_has_start_time(assessment_run_status(run)))
        return false;
    return strcmp(run_trigger(r), "Manual") != 0 ||
           assessment_run_spec_mode(assessment_run_spec(run)) == RUN_MODE_FULL;
}

// Times have seconds: of two runs that ended in the same one the name decides, so that the choice
// is the same in every process.
static bool ended_later(const struct object *a, const struct object *b)
{
    usec x = run_completion(a), y = b ? run_completion(b) : -1;

    return x != y ? x > y : strcmp(object_name(a), object_name(b)) > 0;
}

void run_overview_make(const struct object *const *runs, size_t n, struct run_overview *ret)
{
    *ret = (struct run_overview){ 0 };
    for (size_t i = 0; i < n; i++) {
        const struct object *r = runs[i];

        if (!run_is_finished(r)) {
            if (strcmp(run_trigger(r), "Manual") != 0 && ret->n_active < ARRAY_SIZE(ret->active))
                ret->active[ret->n_active++] = r;
            continue;
        }
        if (!tells_of_cluster(r))
            continue;
        if (ended_later(r, ret->last_any))
            ret->last_any = r;
        if (run_succeeded(r) && ended_later(r, ret->last))
            ret->last = r;
    }
}

// Which configuration

static void publish(struct state *s, struct config *c)
{
    if (config_same(c, s->in->in_force) && !s->in->in_force->restored) {
        config_unref(c);
        return;
    }
    s->config = c;
    plan_add(s->p, INTENT_PUBLISH)->config = c;
}

static void settle(struct state *s)
{
    struct config *c = NULL;

    s->config = s->in->in_force;
    if (s->in->presence == CONFIG_ABSENT && s->in->in_force->object)
        publish(s, config_defaults());
    if (s->in->presence != CONFIG_PRESENT)
        return;
    if (s->in->problem)
        error_set(&s->refusal, ERR_INVALID, "%s", s->in->problem);
    else if (config_from_object(s->in->object, &c, &s->refusal) == 0)
        publish(s, c);
}

// Which runs

static void write_spec(struct writer *w, const struct config *c)
{
    const struct assessment_settings *a = config_assessment(c);
    static const char *const lists[] = { "include", "exclude" };
    const struct rlist patterns[] = { check_selection_include(assessment_settings_checks(a)),
                                      check_selection_exclude(assessment_settings_checks(a)) };

    w_key_object(w, "spec");
    w_key_str(w, "mode", word_text(&run_mode_words, assessment_settings_mode(a)));
    if (assessment_settings_pillars(a).n) {
        w_key_list(w, "pillars");
        FOR_EACH_WORD (pillar, assessment_settings_pillars(a))
            w_str(w, word_text(&pillar_words, pillar));
        w_list_end(w);
    }
    if (patterns[0].n || patterns[1].n) {
        w_key_object(w, "checks");
        for (int i = 0; i < 2; i++) {
            if (patterns[i].n == 0)
                continue;
            w_key_list(w, lists[i]);
            FOR_EACH_STR (pattern, patterns[i])
                w_str(w, pattern);
            w_list_end(w);
        }
        w_object_end(w);
    }
    w_key_str(w, "profile", assessment_settings_profile(a));
    w_key_int(w, "timeoutSeconds", assessment_settings_timeout_seconds(a));
    w_object_end(w);
}

static void write_owner(struct writer *w, const struct config *c)
{
    char uid[UID_TEXT_MAX];

    if (!c->object)
        return;
    w_key_list(w, "ownerReferences");
    w_object(w);
    w_key_str(w, "apiVersion", kind_api_version(kind_get(KIND_KUBE9_CONFIG)));
    w_key_str(w, "kind", kind_get(KIND_KUBE9_CONFIG)->kind);
    w_key_str(w, "name", object_name(c->object));
    w_key_str(w, "uid", object_uid_text(c->object, uid));
    w_key_bool(w, "controller", true);
    w_object_end(w);
    w_list_end(w);
}

static void create_run(struct state *s, usec at, bool first)
{
    struct intent *i = plan_add(s->p, INTENT_CREATE);
    struct buf body;
    struct writer w;

    i->object_kind = KIND_ASSESSMENT_RUN;
    i->name = arena_printf(s->p->arena, "default-%" PRId64, at / USEC_PER_MIN);
    buf_init(&body, RUN_BODY_MAX);
    writer_to_buf(&w, WRITER_JSON, &body);
    w_object(&w);
    w_key_str(&w, "apiVersion", kind_api_version(kind_get(KIND_ASSESSMENT_RUN)));
    w_key_str(&w, "kind", kind_get(KIND_ASSESSMENT_RUN)->kind);
    w_key_object(&w, "metadata");
    w_key_str(&w, "name", i->name);
    w_key_object(&w, "labels");
    w_key_str(&w, RUN_TRIGGER_LABEL, first ? "FirstStart" : "Scheduled");
    w_object_end(&w);
    write_owner(&w, s->config);
    w_object_end(&w);
    write_spec(&w, s->config);
    w_object_end(&w);
    if (writer_end(&w) == 0)
        i->body = (struct str){ arena_strndup(s->p->arena, body.p, body.n), body.n };
    buf_fini(&body);
}

static void decide_schedule(struct state *s)
{
    const struct assessment_settings *a = config_assessment(s->config);
    usec deadline = assessment_settings_starting_deadline_seconds(a) * USEC_PER_SEC;

    s->last_schedule = config_last_schedule(s->in);
    s->schedule = (struct schedule_decision){ .next = USEC_NEVER };
    if (!assessment_settings_suspend(a) && s->in->runs_known && s->in->may_schedule)
        s->schedule = schedule_decide(s->config->schedule, s->last_schedule, deadline, s->in->now);
}

static void carry_out_schedule(struct state *s)
{
    char text[32];

    if (s->schedule.due)
        create_run(s, s->schedule.at, s->last_schedule == 0);
    if (s->schedule.due || s->schedule.skipped) {
        snprintf(text, sizeof(text), "%" PRId64, s->schedule.at);
        plan_remember(s->p, FACT_LAST_SCHEDULE, text);
    }
    if (s->schedule.next != USEC_NEVER)
        plan_requeue(s->p, s->schedule.next);
}

static int newer_first(const void *a, const void *b)
{
    usec x = run_completion(*(const struct object *const *)a),
         y = run_completion(*(const struct object *const *)b);

    return x < y   ? 1
           : x > y ? -1
                   : strcmp(object_name(*(const struct object *const *)b),
                            object_name(*(const struct object *const *)a));
}

static void trim(struct state *s, bool succeeded, int32_t limit)
{
    const struct object **v = ARENA_ARRAY(s->p->arena, const struct object *, s->in->n_runs + 1);
    size_t n = 0;

    for (size_t i = 0; i < s->in->n_runs; i++) {
        const struct object *r = s->in->runs[i];

        if (run_is_finished(r) && run_succeeded(r) == succeeded &&
            strcmp(run_trigger(r), "Manual") != 0 &&
            !object_meta_has_deletion_timestamp(object_meta_of(r)))
            v[n++] = r;
    }
    qsort(v, n, sizeof(*v), newer_first);
    for (size_t i = (size_t)limit; i < n; i++)
        plan_delete(s->p, v[i]);
}

// What the status says

static struct condition_fact ready_fact(const struct state *s)
{
    if (s->refusal.code != ERR_NONE)
        return (struct condition_fact){ "Ready", CONDITION_FALSE,
                                        reason_text(REASON_CONFIG_REFUSED), s->refusal.text };
    return (struct condition_fact){ "Ready", CONDITION_TRUE, reason_text(REASON_IN_FORCE),
                                    "this configuration is in force" };
}

static struct condition_fact current_fact(const struct state *s)
{
    const char *name = "AssessmentsCurrent";
    usec gap = schedule_interval(s->config->schedule, s->in->now);
    const struct object *newest = s->runs.last_any;

    if (assessment_settings_suspend(config_assessment(s->config)))
        return (struct condition_fact){ name, CONDITION_UNKNOWN, reason_text(REASON_SUSPENDED),
                                        "spec.assessment.suspend is true" };
    if (!newest)
        return (struct condition_fact){ name, CONDITION_UNKNOWN, reason_text(REASON_NO_RUN_YET),
                                        "no run has ended yet" };
    if (!run_succeeded(newest))
        return (struct condition_fact){ name, CONDITION_FALSE, reason_text(REASON_LAST_RUN_FAILED),
                                        arena_printf(s->p->arena, "AssessmentRun '%s' failed",
                                                     object_name(newest)) };
    if (gap > 0 && s->in->now > run_completion(newest) + 2 * gap)
        return (struct condition_fact){ name, CONDITION_FALSE, reason_text(REASON_OVERDUE),
                                        "no run has ended within twice the schedule's interval" };
    return (struct condition_fact){ name, CONDITION_TRUE, reason_text(REASON_RUN_SUCCEEDED),
                                    "the newest run ended with a result" };
}

static struct condition_fact permissions_fact(const struct state *s)
{
    const char *name = "PermissionsSufficient", *missing = s->in->facts.permissions_missing;
    const struct condition *was =
        condition_find(kube9_config_status_conditions(status_of(s->in)), name);

    if (!missing && was) // after a restart the last answer stands until there is a new one
        return (struct condition_fact){ name, condition_status(was),
                                        atom_str(condition_reason(was)), condition_message(was) };
    if (!missing)
        return (struct condition_fact){ name, CONDITION_UNKNOWN, reason_text(REASON_NOT_ASKED_YET),
                                        "permissions have not been asked for yet" };
    if (*missing)
        return (struct condition_fact){
            name, CONDITION_FALSE, reason_text(REASON_PERMISSIONS_MISSING),
            arena_printf(s->p->arena, "missing: %s; checks that need them are skipped", missing)
        };
    return (struct condition_fact){ name, CONDITION_TRUE, reason_text(REASON_ALL_GRANTED),
                                    "everything that is watched may be listed and watched" };
}

static void put_conditions(const struct state *s, struct draft *d)
{
    struct rlist old = kube9_config_status_conditions(status_of(s->in));
    struct condition_fact facts[8];
    struct condition_fact ready = ready_fact(s);
    size_t n = 0;

    facts[n++] = ready;
    if (ready.status != CONDITION_TRUE)
        facts[n++] =
            (struct condition_fact){ "Stalled", CONDITION_TRUE, ready.reason, ready.message };
    facts[n++] =
        (struct condition_fact){ "Registered", CONDITION_FALSE, reason_text(REASON_FREE_TIER),
                                 "no API key is configured: nothing leaves the cluster" };
    facts[n++] = current_fact(s);
    facts[n++] =
        (struct condition_fact){ "StoreHealthy",
                                 s->in->facts.store_healthy ? CONDITION_TRUE : CONDITION_FALSE,
                                 s->in->facts.store_reason, s->in->facts.store_message };
    facts[n++] = permissions_fact(s);
    for (size_t i = 0; i < n; i++)
        condition_add(kube9_config_status_add_conditions(d), old, &facts[i],
                      object_meta_generation(object_meta_of(s->in->object)), s->in->now);
}

// The run may have been deleted since (history limits, ttl): what was known of it stays.
static void keep_last(const struct last_assessment *old, struct draft *d)
{
    struct draft *l;

    if (!old)
        return;
    l = kube9_config_status_add_last_assessment(d);
    last_assessment_put_name(l, last_assessment_name(old));
    last_assessment_put_completion_time(l, last_assessment_completion_time(old));
    if (last_assessment_has_score(old))
        last_assessment_put_score(l, last_assessment_score(old));
    last_assessment_put_passing(l, last_assessment_passing(old));
    last_assessment_put_failing(l, last_assessment_failing(old));
    last_assessment_put_warning(l, last_assessment_warning(old));
    last_assessment_put_skipped(l, last_assessment_skipped(old));
}

static void put_last(const struct state *s, struct draft *d)
{
    const struct last_assessment *old = kube9_config_status_last_assessment(status_of(s->in));
    const struct object *last = s->runs.last;
    const struct assessment_run_status *st;
    const struct run_counts *c;
    struct draft *l;

    if (!last || run_completion(last) < last_assessment_completion_time(old) * USEC_PER_SEC) {
        keep_last(old, d);
        return;
    }
    st = assessment_run_status(assessment_run_of(last));
    c = assessment_run_status_counts(st);
    l = kube9_config_status_add_last_assessment(d);
    last_assessment_put_name(l, object_name(last));
    last_assessment_put_completion_time(l, assessment_run_status_completion_time(st));
    if (assessment_run_status_has_score(st))
        last_assessment_put_score(l, assessment_run_status_score(st));
    last_assessment_put_passing(l, run_counts_passing(c));
    last_assessment_put_failing(l, run_counts_failing(c));
    last_assessment_put_warning(l, run_counts_warning(c));
    last_assessment_put_skipped(l, run_counts_skipped(c));
}

// Collections are described but not carried out in this version; the status says so for each that
// is wanted.
static void put_collections(const struct state *s, struct draft *d)
{
    static const char *const names[] = { "clusterMetadata", "resourceInventory",
                                         "resourceConfigurationPatterns", "performanceMetrics",
                                         "securityPosture" };

    (void)s;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        struct draft *c = kube9_config_status_add_collections(d);

        collection_status_put_name(c, names[i]);
        collection_status_put_state(c, COLLECTION_DISABLED);
        collection_status_put_reason(c, "NotInThisVersion");
    }
}

static void keep_argocd(const struct argocd_status *old, struct draft *d)
{
    struct draft *item;

    if (!old)
        return;
    item = kube9_config_status_add_argocd(d);
    argocd_status_put_detected(item, argocd_status_detected(old));
    if (argocd_status_namespace(old))
        argocd_status_put_namespace(item, argocd_status_namespace(old));
    if (argocd_status_version(old))
        argocd_status_put_version(item, argocd_status_version(old));
}

static void put_argocd(const struct state *s, struct draft *d)
{
    const struct detected *a = s->in->facts.argocd;
    struct draft *item;

    if (!a) {
        keep_argocd(kube9_config_status_argocd(status_of(s->in)), d);
        return;
    }
    item = kube9_config_status_add_argocd(d);
    argocd_status_put_detected(item, a->detected);
    if (a->namespace)
        argocd_status_put_namespace(item, a->namespace);
    if (*a->version)
        argocd_status_put_version(item, a->version);
}

static enum health health_of(const char *word)
{
    return (enum health)word_find(&health_words, str_of(word));
}

static void write_status(const struct state *s)
{
    const struct operator_facts *f = &s->in->facts;
    struct draft *d;
    const char *id;

    if (!s->in->object || object_meta_has_deletion_timestamp(object_meta_of(s->in->object)))
        return;
    d = draft_new(s->p->arena, &type_kube9_config_status);
    kube9_config_status_put_observed_generation(
        d, object_meta_generation(object_meta_of(s->in->object)));
    kube9_config_status_put_mode(d, OPERATOR_MODE_OPERATED);
    kube9_config_status_put_tier(d, TIER_FREE);
    kube9_config_status_put_health(d, health_of(f->health));
    kube9_config_status_put_version(d, f->version);
    kube9_config_status_put_registered(d, false);
    id = f->cluster_id ? f->cluster_id : kube9_config_status_cluster_id(status_of(s->in));
    if (id)
        kube9_config_status_put_cluster_id(d, id);
    if (f->error)
        kube9_config_status_put_error(d, f->error);
    put_last(s, d);
    if (s->last_schedule)
        kube9_config_status_put_last_schedule_time(d, s->last_schedule / USEC_PER_SEC);
    if (s->schedule.next != USEC_NEVER)
        kube9_config_status_put_next_assessment_time(d, s->schedule.next / USEC_PER_SEC);
    for (size_t i = 0; i < s->runs.n_active; i++)
        kube9_config_status_add_active(d, object_name(s->runs.active[i]));
    put_argocd(s, d);
    put_collections(s, d);
    put_conditions(s, d);
    plan_apply_status(s->p, s->in->object, d);
}

void reconcile_config(const struct config_input *in, struct plan *p)
{
    struct state s = { .in = in, .p = p };
    const struct assessment_settings *a;

    settle(&s);
    run_overview_make(in->runs, in->n_runs, &s.runs);
    decide_schedule(&s);
    write_status(&s);
    carry_out_schedule(&s);
    a = config_assessment(s.config);
    if (in->runs_known) {
        trim(&s, true, assessment_settings_successful_runs_history_limit(a));
        trim(&s, false, assessment_settings_failed_runs_history_limit(a));
    }
}
