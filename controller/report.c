// SPDX-License-Identifier: Apache-2.0
// What others see of the operator: its health, its readiness, the status document, /metrics.
#include "apis/types.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "controller/manager_internal.h"
#include "controller/run_metrics.h"
#include "controller/watched.h"
#include "informer/queue.h"
#include "store/store.h"

#define STALE_AFTER USEC_PER_MIN // a watch that fails this long makes the operator Degraded

static const char *stale_kind(struct manager *m)
{
    for (size_t i = 0; watched_kinds[i] != KIND_COUNT; i++) {
        const struct informer_status *s = informer_status(m->informers, watched_kinds[i]);

        if (s->state == KIND_SYNCED && s->stale && clock_mono() - s->failing_since > STALE_AFTER)
            return kind_get(watched_kinds[i])->plural;
    }
    return NULL;
}

// Without our own kinds nothing can be asked of us: worth a word, though everything else goes on.
static bool own_kind_missing(struct manager *m, char *ret, size_t n)
{
    static const enum kind_id own[] = { KIND_KUBE9_CONFIG, KIND_ASSESSMENT_RUN };

    for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
        const struct kind *k = kind_get(own[i]);
        enum kind_state state = informer_status(m->informers, own[i])->state;

        if (state == KIND_ABSENT)
            snprintf(
                ret, n,
                "CustomResourceDefinition %s.%s is not installed: apply the chart's crds/ again",
                k->plural, k->group);
        else if (state == KIND_DENIED)
            snprintf(ret, n,
                     "no permission to list and watch %s.%s: apply the chart's ClusterRole again",
                     k->plural, k->group);
        else
            continue;
        return true;
    }
    return false;
}

const char *manager_health(struct manager *m, const char **ret_error)
{
    const char *kind = stale_kind(m);
    const char *word = "Healthy";

    m->health_error[0] = 0;
    if (m->stopping) {
        word = "Unhealthy";
        snprintf(m->health_error, sizeof(m->health_error), "Shutting down");
    } else if (m->heartbeat_failing) {
        word = "Degraded";
        snprintf(m->health_error, sizeof(m->health_error), "cannot write ConfigMap %s: %.300s",
                 HEARTBEAT_NAME, m->heartbeat_error);
    } else if (history_decided(m->history) && !history_healthy(m->history)) {
        word = "Degraded";
        snprintf(m->health_error, sizeof(m->health_error), "history is not being kept: %.300s",
                 history_message(m->history));
    } else if (own_kind_missing(m, m->health_error, sizeof(m->health_error))) {
        word = "Degraded";
    } else if (kind) {
        word = "Degraded";
        snprintf(m->health_error, sizeof(m->health_error),
                 "the watch of %s has been failing for more than a minute", kind);
    }
    snprintf(m->health, sizeof(m->health), "%s", word);
    *ret_error = m->health_error[0] ? m->health_error : NULL;
    return m->health;
}

// Kinds of other projects come and go: they are no reason to be unready.
static bool caches_synced(struct manager *m)
{
    for (size_t i = 0; watched_kinds[i] != KIND_COUNT; i++) {
        if (informer_status(m->informers, watched_kinds[i])->state == KIND_NOT_SYNCED)
            return false;
    }
    return true;
}

bool manager_ready(struct manager *m, struct buf *why_not)
{
    char lease_why[ERROR_TEXT_MAX + 32] = "not yet";
    bool leading = m->leading && lease_held(m->lease), synced = caches_synced(m),
         facts = m->facts_taken;

    const struct {
        const char *name;
        bool ok;
        const char *why;
    } checks[] = {
        {"leader",  leading, lease_why},
        { "caches", synced,  "not yet"},
        { "store",  facts,   "not yet"}
    };

    bool all = !m->stopping;

    if (*m->lease_problem)
        snprintf(lease_why, sizeof(lease_why), "%s", m->lease_problem);
    else if (*lease_holder(m->lease))
        snprintf(lease_why, sizeof(lease_why), "held by %.120s", lease_holder(m->lease));

    for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
        buf_addf(why_not, "[%c]%s %s%s\n", checks[i].ok ? '+' : '-', checks[i].name,
                 checks[i].ok ? "ok" : "failed: ", checks[i].ok ? "" : checks[i].why);
        all = all && checks[i].ok;
    }
    return all;
}

// The status document

static void put_lower(const char *word, char *ret, size_t n)
{
    size_t i = 0;

    for (; word[i] && i + 1 < n; i++)
        ret[i] = (char)(word[i] >= 'A' && word[i] <= 'Z' ? word[i] + 32 : word[i]);
    ret[i] = 0;
}

static void fill_schedule(struct manager *m, struct status_facts *f)
{
    const struct assessment_settings *a = config_assessment(m->config);
    enum run_mode mode = assessment_settings_mode(a);

    f->schedule.enabled = !assessment_settings_suspend(a);
    f->schedule.interval_seconds = schedule_interval(m->config->schedule, f->now) / USEC_PER_SEC;
    f->schedule.mode = mode == RUN_MODE_PILLAR ? "pillar" : mode == RUN_MODE_FULL ? "full" : NULL;
    FOR_EACH_WORD (p, assessment_settings_pillars(a)) {
        f->schedule.pillar = check_pillar_name((enum check_pillar)(p - PILLAR_SECURITY));
        break; // the reader shows one
    }
}

static void fill_last(const struct last_run *l, struct status_facts *f)
{
    f->last.run_id = l->uid;
    f->last.phase = l->phase;
    f->last.succeeded = l->succeeded;
    f->last.error = l->error;
    f->last.completed = l->completed;
    f->last.total = l->total;
    f->last.completed_checks = l->evaluated;
    f->last.passed = l->passed;
    f->last.failed = l->failed;
    f->last.warning = l->warning;
    f->last.checks = l->checks;
    f->last.n_checks = l->n_checks;
}

int manager_document(void *arg, bool last unused_arg, struct buf *out)
{
    struct manager *m = arg;
    struct status_facts f = { .mode = "operated",
                              .tier = "free",
                              .version = m->o.version,
                              .namespace = m->namespace,
                              .now = clock_wall(),
                              .server_minor = m->server_minor };
    struct detected argocd;
    char health[16];

    put_lower(manager_health(m, &f.error), health, sizeof(health));
    f.health = health;
    f.cluster_id = m->cluster_id[0] ? m->cluster_id : NULL;
    detect_argocd(m->informers, m->config, &argocd);
    f.argocd.detected = argocd.detected;
    f.argocd.namespace = argocd.namespace;
    f.argocd.version = *argocd.version ? argocd.version : NULL;
    f.trivy.detected = detect_trivy(m->informers);
    detect_vulnerabilities(m->informers, &f.vulnerabilities);
    fill_schedule(m, &f);
    fill_last(&m->last_run, &f);
    return status_document_write(&f, out);
}

void manager_save_status(struct manager *m, bool last unused_arg)
{
    const char *error;
    char health[16];
    struct operator_status_row row = {
        .mode = "operated", .tier = "free", .version = m->o.version, .last_update = clock_wall()
    };

    put_lower(manager_health(m, &error), health, sizeof(health));
    row.health = health;
    row.error = error;
    row.cluster_id = m->cluster_id[0] ? m->cluster_id : NULL;
    history_put_status(m->history, &row);
}

// HTTP

static void get_healthz(void *arg, const char *query unused_arg, struct httpd_reply *ret)
{
    struct manager *m = arg;
    struct error e = { 0 };

    // Own liveness only: a dead API server is no reason to restart us.
    if (m->lease && lease_check(m->lease, 20 * USEC_PER_SEC, &e) < 0) {
        ret->status = 500;
        buf_addf(&ret->body, "[-]leaderElection failed: %s\n", e.text);
        return;
    }
    buf_adds(&ret->body, "ok");
}

static void get_readyz(void *arg, const char *query, struct httpd_reply *ret)
{
    struct buf autobuf lines = { 0 };
    bool ready;

    buf_init(&lines, 1024);
    ready = manager_ready(arg, &lines);
    if (ready && !strstr(query, "verbose")) {
        buf_adds(&ret->body, "ok");
        return;
    }
    ret->status = ready ? 200 : 500;
    buf_add(&ret->body, lines.p, lines.n);
    buf_adds(&ret->body, ready ? "readyz check passed\n" : "readyz check failed\n");
}

static void set_gauges(struct manager *m)
{
    const struct last_run *l = &m->last_run;
    struct loop_slow slow[64];
    size_t n = loop_slow_list(m->loop, slow, ARRAY_SIZE(slow));

    for (size_t i = 0; i < n; i++)
        metric_set(METRIC_LOOP_SLOW_CALLBACKS_TOTAL, (double)slow[i].count, slow[i].name);
    for (size_t i = 0; watched_kinds[i] != KIND_COUNT; i++)
        metric_set(METRIC_INFORMER_OBJECTS, informer_count(m->informers, watched_kinds[i]),
                   kind_get(watched_kinds[i])->plural);
    metric_set(METRIC_LEADER_ELECTION_MASTER_STATUS, m->lease && lease_held(m->lease),
               "kube9-operator");
    metric_set(METRIC_INFO, 1, m->o.version);
    run_metrics_last(l);
    queue_update_metrics(runner_queue(m->runner));
    metrics_update_process();
}

static void get_metrics(void *arg, const char *query unused_arg, struct httpd_reply *ret)
{
    set_gauges(arg);
    ret->content_type = "text/plain; version=0.0.4; charset=utf-8";
    if (metrics_write(&ret->body) < 0)
        ret->status = 500;
}

struct httpd *manager_serve(struct manager *m, struct error *e)
{
    static const struct httpd_route routes[] = {
        {"/healthz",  get_healthz},
        { "/readyz",  get_readyz },
        { "/metrics", get_metrics}
    };

    return httpd_new(m->loop, m->o.listen, routes, ARRAY_SIZE(routes), m, e);
}
