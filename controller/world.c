// SPDX-License-Identifier: Apache-2.0
// Between the caches and the reconcilers: gathers what a reconciler may look at, and proves the
// absence of a Kube9Config before anybody acts on it. Absence counts only when our list is complete
// and empty, the CRD is Established and stays; the CRD is read from the server at that moment,
// since its own watch may be behind.
#include "apis/types.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/sha256.h"
#include "controller/manager_internal.h"
#include "controller/reconcile/config_object.h"
#include "controller/reconcile/run.h"
#include "controller/report_set.h"
#include "controller/run_metrics.h"
#include "controller/watched.h"

#define CONFIG_NAME   "default"
#define ASK_AGAIN     (5 * USEC_PER_SEC) // doubles up to
#define ASK_AGAIN_MAX (5 * USEC_PER_MIN)
#define JOB_ARENA_MAX ((size_t)1 << 20)
#define CRD_PATH      "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/kube9configs.kube9.io"

static const struct key config_key = { KIND_KUBE9_CONFIG, 0, CONFIG_NAME };

static enum kind_state state_of(struct manager *m, enum kind_id k)
{
    return informer_status(m->informers, k)->state;
}

// Absence

static bool crd_stands(struct str body)
{
    struct json_doc autojson doc = { 0 };
    json_val *conditions, *c;
    yyjson_arr_iter it;

    if (json_parse(body, NULL, &doc, NULL) < 0 ||
        json_path(json_root(&doc), "metadata.deletionTimestamp"))
        return false;
    conditions = json_path(json_root(&doc), "status.conditions");
    yyjson_arr_iter_init(conditions, &it);
    while ((c = yyjson_arr_iter_next(&it))) {
        if (strcmp(json_str(json_get(c, "type"), ""), "Established") == 0)
            return strcmp(json_str(json_get(c, "status"), ""), "True") == 0;
    }
    return false;
}

static bool looks_absent(struct manager *m)
{
    return state_of(m, KIND_KUBE9_CONFIG) == KIND_SYNCED &&
           !informer_get(m->informers, KIND_KUBE9_CONFIG, "", CONFIG_NAME);
}

static void absence_answered(void *arg, const struct http_response *r unused_arg, struct str body,
                             const struct error *e)
{
    struct manager *m = arg;

    m->absence_call = NULL;
    m->absence = ABSENCE_UNKNOWN;
    if (!looks_absent(m))
        return;
    if (e->code == ERR_NONE && crd_stands(body)) {
        m->absence = ABSENCE_CONFIRMED;
        m->absence_wait = 0;
        world_queue_config(m);
        return;
    }
    m->absence_wait = m->absence_wait ? MIN(2 * m->absence_wait, ASK_AGAIN_MAX) : ASK_AGAIN;
    timer_start(m->loop, &m->absence_again, m->absence_wait);
}

static void ask_absence(void *arg)
{
    struct manager *m = arg;

    if (!looks_absent(m) || m->absence != ABSENCE_UNKNOWN || m->stopping)
        return;
    m->absence = ABSENCE_ASKING;
    m->absence_call =
        client_do(m->client, &(struct client_request){ .verb = CLIENT_GET, .path = CRD_PATH },
                  absence_answered, m);
}

static enum config_presence presence(struct manager *m, const struct object *o)
{
    if (o) {
        m->absence = m->absence == ABSENCE_CONFIRMED ? ABSENCE_UNKNOWN : m->absence;
        return state_of(m, KIND_KUBE9_CONFIG) == KIND_SYNCED ? CONFIG_PRESENT : CONFIG_UNKNOWN;
    }
    if (state_of(m, KIND_KUBE9_CONFIG) != KIND_SYNCED) {
        m->absence = m->absence == ABSENCE_CONFIRMED ? ABSENCE_UNKNOWN : m->absence;
        return CONFIG_UNKNOWN;
    }
    if (m->absence == ABSENCE_CONFIRMED)
        return CONFIG_ABSENT;
    if (!m->absence_again.fn)
        timer_init(&m->absence_again, "absence", ask_absence, m);
    if (!timer_running(&m->absence_again))
        ask_absence(m);
    return CONFIG_UNKNOWN;
}

void world_fini(struct manager *m)
{
    timer_stop(m->loop, &m->absence_again);
    client_cancel(m->client, TAKE(m->absence_call));
}

// Inputs

static void learn_cluster_id(struct manager *m)
{
    const struct object *ns = informer_get(m->informers, KIND_NAMESPACE, "", "kube-system");
    char uid[UID_TEXT_MAX], hex[SHA256_HEX_MAX];
    autofree char *salted = NULL;

    if (m->cluster_id[0] || !ns)
        return;
    salted = xasprintf("kube9-cluster:%s", object_uid_text(ns, uid));
    snprintf(m->cluster_id, sizeof(m->cluster_id), "cls_%.32s", sha256_hex(str_of(salted), hex));
}

static size_t gather_runs(struct manager *m, struct arena *a, const struct object *const **ret)
{
    size_t n = 0, max = informer_count(m->informers, KIND_ASSESSMENT_RUN);
    const struct object **v = ARENA_ARRAY(a, const struct object *, max + 1);

    INFORMER_EACH (m->informers, KIND_ASSESSMENT_RUN, o) {
        if (n < max)
            v[n++] = o;
    }
    *ret = v;
    return n;
}

static const char *missing_text(struct manager *m, struct arena *a)
{
    struct buf autobuf text = { 0 };

    if (!permissions_known(m->permissions))
        return NULL;
    buf_init(&text, 768);
    permissions_missing_text(m->permissions, &text);
    return arena_strdup(a, text.p ? text.p : "");
}

static bool argocd_known(struct manager *m)
{
    return state_of(m, KIND_CUSTOM_RESOURCE_DEFINITION) != KIND_NOT_SYNCED &&
           state_of(m, KIND_DEPLOYMENT) != KIND_NOT_SYNCED;
}

static void decide_config(struct manager *m, struct plan *p)
{
    struct config_input in = { .now = clock_wall(), .in_force = m->config };
    struct detected argocd;

    learn_cluster_id(m);
    in.object = informer_get(m->informers, KIND_KUBE9_CONFIG, "", CONFIG_NAME);
    in.presence = presence(m, in.object);
    if (in.presence != CONFIG_PRESENT)
        in.object = NULL;
    else
        in.problem = informer_problem(m->informers, &config_key);
    in.n_runs = gather_runs(m, p->arena, &in.runs);
    in.runs_known = state_of(m, KIND_ASSESSMENT_RUN) == KIND_SYNCED;
    // Without certainty about the configuration nothing new is scheduled, unless one was in force
    // before.
    in.may_schedule = m->facts_taken && (in.presence != CONFIG_UNKNOWN || m->config->object);
    in.last_schedule = m->last_schedule;
    in.facts.version = m->o.version;
    in.facts.cluster_id = m->cluster_id[0] ? m->cluster_id : NULL;
    in.facts.health = manager_health(m, &in.facts.error);
    in.facts.store_healthy = history_healthy(m->history);
    in.facts.store_reason = history_reason(m->history);
    in.facts.store_message = history_message(m->history);
    in.facts.permissions_missing = missing_text(m, p->arena);
    if (argocd_known(m)) {
        detect_argocd(m->informers, m->config, &argocd);
        in.facts.argocd = &argocd;
    }
    reconcile_config(&in, p);
}

// Who has the turn: what is started already, else the oldest that waits.
static bool goes_before(const struct object *a, const struct object *b)
{
    bool x = run_is_active(a), y = run_is_active(b);
    int64_t s = object_meta_creation_timestamp(object_meta_of(a)),
            t = object_meta_creation_timestamp(object_meta_of(b));

    if (x != y)
        return x;
    return s != t ? s < t : strcmp(object_name(a), object_name(b)) < 0;
}

static const struct object *first_in_line(struct manager *m)
{
    const struct object *first = NULL;

    INFORMER_EACH (m->informers, KIND_ASSESSMENT_RUN, o) {
        struct key k = key_of(o);

        if (informer_problem(m->informers, &k))
            continue; // ends as Failed without a turn
        if (!run_is_finished(o) && !object_meta_has_deletion_timestamp(object_meta_of(o)) &&
            (!first || goes_before(o, first)))
            first = o;
    }
    return first;
}

static void decide_run(struct manager *m, const struct key *k, struct plan *p)
{
    struct run_input in = { .now = clock_wall(), .config = m->config };
    const struct object *first = first_in_line(m);
    char uid[UID_TEXT_MAX];

    in.run = informer_get_key(m->informers, k);
    in.problem = in.run ? informer_problem(m->informers, k) : NULL;
    in.running = assessor_running(m->assessor);
    if (first && first != in.run)
        in.waits_for = object_name(first);
    if (in.run) {
        object_uid_text(in.run, uid);
        in.claimed = strcmp(m->claimed, uid) == 0;
        if (run_is_finished(in.run)) {
            assessor_forget(m->assessor, uid);
            if (last_run_from_object(&m->last_run, in.run))
                heartbeat_poke(m->heartbeat);
        }
        in.result = assessor_result(m->assessor, uid);
        if (!in.waits_for && in.running && strcmp(in.running, uid) != 0)
            in.waits_for = "another run";
    }
    reconcile_run(&in, p);
}

void world_decide(void *arg, const struct key *k, struct plan *ret)
{
    struct manager *m = arg;

    if (k->kind == KIND_KUBE9_CONFIG)
        decide_config(m, ret);
    else if (k->kind == KIND_ASSESSMENT_RUN)
        decide_run(m, k, ret);
}

// A run by hand of a pillar or a check alone must not take away what a whole one has reported.
static bool wants_reports(struct manager *m, int mode, const char *trigger)
{
    return assessment_settings_policy_reports(config_assessment(m->config)) &&
           policy_reports_installed(m->informers) &&
           (mode == RUN_MODE_FULL || strcmp(trigger, "Manual") != 0);
}

// What the run asks for, read from its object, which the job keeps.
static int fill_request(struct manager *m, const struct object *run, struct job_request *q,
                        struct error *e)
{
    const struct assessment_run *r = assessment_run_of(run);
    struct run_options_source source = run_source(assessment_run_spec(r));

    if (run_options(&source, "spec", q->arena, &q->options, e) < 0)
        return -1;
    q->options.exemptions = assessment_settings_exemptions(config_assessment(m->config));
    q->options.object_exemptions =
        assessment_settings_object_exemptions(config_assessment(m->config));
    q->options.conventions = assessment_settings_conventions(config_assessment(m->config));
    q->trigger = run_trigger(run);
    q->mode = word_text(&run_mode_words, source.mode);
    q->policy_reports = wants_reports(m, source.mode, q->trigger);
    q->config_generation = m->config->generation;
    q->requested = object_meta_creation_timestamp(object_meta_of(run)) * USEC_PER_SEC;
    q->started = assessment_run_status_start_time(assessment_run_status(r)) * USEC_PER_SEC;
    return 0;
}

int world_start_job(void *arg, const struct intent *i, struct error *e)
{
    struct manager *m = arg;
    const struct object *run = informer_get(m->informers, KIND_ASSESSMENT_RUN, "", i->name);
    struct job_request q = {
        .uid = i->uid, .name = i->name, .deadline = i->at, .own_namespace = m->namespace
    };
    char uid[UID_TEXT_MAX];

    if (!run || strcmp(object_uid_text(run, uid), i->uid) != 0)
        return 0; // gone meanwhile
    q.arena = arena_new(JOB_ARENA_MAX);
    q.object = object_ref((struct object *)(uintptr_t)run);
    q.config = config_ref(m->config);
    if (fill_request(m, run, &q, e) == 0 && assessor_start(m->assessor, &q, e) == 0) {
        run_metrics_started();
        return 0;
    }
    config_unref(q.config);
    object_unref(q.object);
    arena_free(q.arena);
    return -1;
}

// Queueing

void world_queue_config(struct manager *m)
{
    runner_add(m->runner, &config_key);
}

void world_queue_all(struct manager *m)
{
    world_queue_config(m);
    INFORMER_EACH (m->informers, KIND_ASSESSMENT_RUN, o) {
        struct key k = key_of(o);

        if (!run_is_finished(o))
            runner_add(m->runner, &k);
    }
}

// Configuration first: a run that was there before this process must not be judged by the defaults
// because its list came sooner.
void world_queue_first(struct manager *m)
{
    world_queue_config(m);
    INFORMER_EACH (m->informers, KIND_ASSESSMENT_RUN, o) {
        struct key k = key_of(o);

        runner_add(m->runner, &k);
    }
}

static bool is_known(struct manager *m, const char *uid)
{
    char text[UID_TEXT_MAX];

    INFORMER_EACH (m->informers, KIND_ASSESSMENT_RUN, o) {
        if (strcmp(object_uid_text(o, text), uid) == 0)
            return true;
    }
    return false;
}

// When they are not wanted any more, those that stand go.
static void publish_reports(struct manager *m, const char *uid, const struct job_result *r)
{
    struct report_set *reports = assessor_take_reports(m->assessor, uid);

    if (reports && r->outcome == JOB_COMPLETED)
        policy_reports_publish(m->policy_reports, TAKE(reports));
    else if (!assessment_settings_policy_reports(config_assessment(m->config)) &&
             policy_reports_installed(m->informers))
        policy_reports_clear(m->policy_reports);
    report_set_free(reports);
}

void world_job_finished(void *arg, const char *uid)
{
    struct manager *m = arg;
    const struct job_result *r = assessor_result(m->assessor, uid);

    if (m->stopping || !r)
        return;
    run_metrics_ended(r);
    publish_reports(m, uid, r);
    if (!is_known(m, uid)) {
        assessor_forget(m->assessor, uid); // its object was deleted: nobody asks any more
        world_queue_all(m);
        return;
    }
    last_run_from_result(&m->last_run, uid, r);
    world_queue_all(m);
    if (m->heartbeat)
        heartbeat_poke(m->heartbeat);
}

static void cancel_gone(struct manager *m, const struct object *gone)
{
    char uid[UID_TEXT_MAX];

    assessor_cancel(m->assessor, object_uid_text(gone, uid));
    assessor_forget(m->assessor, uid);
}

void world_changed(void *arg)
{
    struct manager *m = arg;
    struct change c;
    bool queue = false, crds = false;

    while (subscriber_next(m->own, &c)) {
        if (c.key.kind == KIND_ASSESSMENT_RUN) {
            if (c.gone)
                cancel_gone(m, c.gone);
            if (m->running)
                runner_add(m->runner, &c.key);
        }
        crds = crds || c.key.kind == KIND_CUSTOM_RESOURCE_DEFINITION;
        queue = queue || c.key.kind != KIND_CUSTOM_RESOURCE_DEFINITION;
    }
    if (crds)
        watched_add_installed(m->informers);
    if (crds && m->running) {
        world_queue_config(m); // Argo CD may have come or gone
        heartbeat_poke(m->heartbeat);
    }
    if (queue && m->running)
        world_queue_all(m);
}
