// SPDX-License-Identifier: Apache-2.0
// Start: caches first (a standby keeps them warm), then the Lease; with the Lease the store, then
// reconciling and the heartbeat. Stop: no new work, the running job ends, the ConfigMap's last
// word, the store, the Lease (who takes over finds the database free). Losing the Lease ends the
// process: a fresh one starts clean.
#include "controller/manager.h"

#include "apis/types.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "controller/manager_internal.h"
#include "controller/run_metrics.h"

#include <malloc.h>
#include <signal.h>

#define WORKER_QUEUE  256
#define RETAIN_EVERY  (6 * USEC_PER_HOUR)
#define RETAIN_FIRST  (2 * USEC_PER_MIN)
#define REFRESH_EVERY (15 * USEC_PER_MIN) // the config's key comes by even when nothing happens
#define STOP_LIMIT    (4 * USEC_PER_SEC)
#define DEFAULT_NS    "kube9-system"

static void end(struct manager *m)
{
    m->ended = true;
    if (!m->o.loop)
        loop_stop(m->loop);
}

static void fail(struct manager *m, const struct error *e)
{
    if (!m->failed)
        m->failure = *e;
    m->failed = true;
    end(m);
}

// Reconciling

void manager_start_reconciling(struct manager *m)
{
    if (m->running || m->stopping || !m->leading || !m->facts_taken ||
        informer_status(m->informers, KIND_KUBE9_CONFIG)->state == KIND_NOT_SYNCED ||
        informer_status(m->informers, KIND_ASSESSMENT_RUN)->state == KIND_NOT_SYNCED)
        return;
    m->running = true;
    log_info("reconciling", log_str("namespace", m->namespace));
    manager_save_status(m, false); // `query status` answers from now on
    world_queue_first(m);
    runner_start(m->runner);
    heartbeat_start(m->heartbeat, heartbeat_settings_interval(
                                      kube9_config_spec_heartbeat(config_spec(m->config))));
    timer_start(m->loop, &m->refresh, REFRESH_EVERY);
    timer_start(m->loop, &m->retention, RETAIN_FIRST);
    sampler_keep_looking(m->sampler);
}

static void apply_config(struct manager *m)
{
    const struct kube9_config_spec *spec = config_spec(m->config);

    recorder_set_enabled(m->recorder, event_settings_enabled(kube9_config_spec_events(spec)));
    heartbeat_set_interval(m->heartbeat,
                           heartbeat_settings_interval(kube9_config_spec_heartbeat(spec)));
}

static void restore_config(struct manager *m, const char *json)
{
    struct config *c = NULL;
    struct error e = { 0 };

    if (!json || !*json)
        return;
    if (config_from_json(json, &c, &e) < 0) {
        log_warn("the last good configuration in the store is not usable any more", log_err(&e));
        return;
    }
    config_unref(m->config);
    m->config = c;
    apply_config(m);
}

static void on_store_decided(void *arg)
{
    struct manager *m = arg;
    struct history_facts *f = history_facts(m->history);

    m->facts_taken = true;
    restore_config(m, f->config_json);
    m->last_schedule = f->last_schedule;
    m->last_run = f->last_run;
    f->last_run = (struct last_run){ .score = -1 };
    manager_start_reconciling(m);
}

static void on_store_health(void *arg)
{
    struct manager *m = arg;

    if (!m->running)
        return;
    world_queue_config(m);
    heartbeat_poke(m->heartbeat);
}

static void on_publish(void *arg, struct config *c)
{
    struct manager *m = arg;
    struct buf autobuf json = { 0 };

    log_info("configuration in force", log_int("generation", c->generation),
             log_str("source", c->object ? "Kube9Config default" : "defaults"));
    config_unref(m->config);
    m->config = c;
    buf_init(&json, (size_t)1 << 20);
    if (config_to_json(c, &json) == 0)
        history_remember(m->history, FACT_CONFIG, json.p ? json.p : "");
    history_audit(m->history, "PublishConfig", c->object ? "Kube9Config/default" : "defaults",
                  NULL);
    apply_config(m);
    heartbeat_poke(m->heartbeat);
}

static void on_remember(void *arg, const char *key, const char *value)
{
    struct manager *m = arg;
    int64_t at;

    if (strcmp(key, FACT_LAST_SCHEDULE) == 0 && str_i64(str_of(value), &at) == 0)
        m->last_schedule = at;
    history_remember(m->history, key, value);
}

static void on_wrote(void *arg, const struct intent *i)
{
    struct manager *m = arg;
    char object[320];

    if (i->object_kind == KIND_ASSESSMENT_RUN && i->uid)
        snprintf(m->claimed, sizeof(m->claimed), "%s", i->uid);
    if (i->kind == INTENT_CONFIRM)
        return; // nothing has changed
    snprintf(object, sizeof(object), "%s/%s", kind_get(i->object_kind)->kind, i->name);
    history_audit(m->history, intent_kind_name(i->kind), object, NULL);
}

static void on_cancel_job(void *arg, const struct intent *i)
{
    assessor_cancel(((struct manager *)arg)->assessor, i->uid);
}

static void on_beat(void *arg, const struct error *e)
{
    struct manager *m = arg;
    bool failing = e->code != ERR_NONE;

    if (failing && !m->heartbeat_failing)
        log_warn("status ConfigMap not written", log_str("namespace", m->namespace), log_err(e));
    snprintf(m->heartbeat_error, sizeof(m->heartbeat_error), "%s", e->text);
    m->heartbeat_failing = failing;
    manager_save_status(m, m->stopping);
    // The config's status tells the same as the ConfigMap, also when it is time alone that changes
    // the health.
    if (*m->told_health && strcmp(m->told_health, m->health) != 0)
        world_queue_config(m);
    snprintf(m->told_health, sizeof(m->told_health), "%s", m->health);
}

static void on_sampled(void *arg)
{
    assessor_caches_changed(((struct manager *)arg)->assessor);
}

static void on_refresh(void *arg)
{
    struct manager *m = arg;

    world_queue_config(m);
    timer_start(m->loop, &m->refresh, REFRESH_EVERY);
}

static void on_retention(void *arg)
{
    struct manager *m = arg;
    struct retention r = config_retention(m->config);

    history_retain(m->history, &r);
    timer_start(m->loop, &m->retention, RETAIN_EVERY);
}

// Leadership

static void on_version(void *arg, const struct server_version *v, const struct error *e)
{
    struct manager *m = arg;

    m->version_call = NULL;
    if (e->code != ERR_NONE)
        return;
    m->server_minor = v->minor;
    informers_set_server_minor(m->informers, v->minor);
    log_info("API server", log_str("version", v->git));
}

static void on_started_leading(void *arg)
{
    struct manager *m = arg;

    log_info("leading");
    m->leading = true;
    history_open(m->history);
}

static void on_stopped_leading(void *arg, bool lost)
{
    struct manager *m = arg;
    struct error e = { 0 };

    m->leading = false;
    if (lost && !m->stopping) {
        error_set(
            &e, ERR_UNAVAILABLE,
            "leadership lost: another process holds the Lease or the API server could not be reached in time");
        fail(m, &e);
    }
    end(m);
}

static void on_lease_problem(void *arg, const struct error *e)
{
    struct manager *m = arg;

    if (e->code == ERR_DENIED)
        log_warn(
            "the Lease cannot be had without permission; reconciling waits: apply deploy/manifests",
            log_str("namespace", m->namespace), log_err(e));
    else if (e->code != ERR_NONE)
        log_warn("the Lease cannot be had; reconciling waits for it",
                 log_str("namespace", m->namespace), log_err(e));
    else if (*m->lease_problem)
        log_info("the Lease can be had again", log_str("namespace", m->namespace));
    snprintf(m->lease_problem, sizeof(m->lease_problem), "%s", e->code != ERR_NONE ? e->text : "");
}

static void on_rv_regression(void *arg, uint64_t was, uint64_t is)
{
    struct manager *m = arg;

    log_warn("the API server's store went back in time; reading everything again",
             log_int("was", was), log_int("is", is));
    runner_pause(m->runner, true); // no write before the caches are right again
    informers_regressed(m->informers);
}

// Stopping

static void on_forced(void *arg)
{
    end(arg);
}

static void give_lease_back(void *arg)
{
    lease_release(((struct manager *)arg)->lease);
}

static void after_last_word(void *arg)
{
    struct manager *m = arg;
    struct error e = { 0 };

    history_close(m->history);
    if (worker_do(m->worker, NULL, give_lease_back, m, &e) < 0) // comes after the closing
        give_lease_back(m);
}

void manager_stop(struct manager *m)
{
    log_info("stopping");
    m->stopping = true;
    timer_start(m->loop, &m->force, STOP_LIMIT);
    runner_stop(m->runner);
    assessor_stop(m->assessor);
    if (m->running)
        heartbeat_last(m->heartbeat, after_last_word, m);
    else
        after_last_word(m);
}

static void on_signal(void *arg)
{
    struct manager *m = arg;

    if (m->stopping)
        _exit(1); // asked twice: at once
    manager_stop(m);
}

// Building and taking down

static void on_warning(void *arg unused_arg, const char *text)
{
    log_warn(text);
}

static const char *own_namespace(const struct manager *m)
{
    const char *env =
        getenv("POD_NAMESPACE"); // NOLINT(concurrency-mt-unsafe): read before the worker starts

    if (m->o.namespace)
        return m->o.namespace;
    if (env && *env)
        return env;
    return m->kube.in_cluster ? m->kube.ns : DEFAULT_NS;
}

static int build_real(struct manager *m, struct error *e)
{
    if (kube_config_load(&(struct kube_config_options){ .kubeconfig = m->o.kubeconfig,
                                                        .context = m->o.context,
                                                        .warn = on_warning },
                         &m->kube, e) < 0)
        return -1;
    m->loop = loop_new(e);
    if (!m->loop)
        return -1;
    m->worker = worker_new(m->loop, WORKER_QUEUE, e);
    if (!m->worker)
        return -1;
    m->client =
        client_new(m->loop, &(struct client_options){ .config = &m->kube, .warn = on_warning }, e);
    return m->client ? 0 : -1;
}

static void build_injected(struct manager *m)
{
    m->loop = m->o.loop;
    m->client = m->o.client;
    m->worker =
        m->o.store_late ? worker_new_late(m->loop, m->o.store_late) : worker_new_inline(m->loop);
}

static int build_client(struct manager *m, struct error *e)
{
    if (m->o.loop)
        build_injected(m);
    else if (build_real(m, e) < 0)
        return -1;
    m->namespace = xstrdup(own_namespace(m));
    return 0;
}

static int build_lease(struct manager *m, struct error *e)
{
    struct lease_options o = { .ns = m->namespace,
                               .name = m->o.lease_name ? m->o.lease_name : "kube9-operator",
                               .duration = m->o.lease_duration,
                               .renew_deadline = m->o.lease_renew,
                               .retry_period = m->o.lease_retry,
                               .recorder = m->recorder,
                               .started = on_started_leading,
                               .stopped = on_stopped_leading,
                               .problem = on_lease_problem,
                               .rv_regression = on_rv_regression,
                               .arg = m };

    m->recorder = recorder_new(m->loop, m->client,
                               &(struct recorder_options){ .controller = "kube9.io/operator" }, e);
    if (!m->recorder)
        return -1;
    o.recorder = m->recorder;
    m->lease = lease_new(m->loop, m->client, &o, e);
    if (!m->lease)
        return -1;
    client_set_fence(m->client, lease_may_write, m->lease);
    return 0;
}

static void build_workers(struct manager *m)
{
    struct runner_hooks hooks = { .decide = world_decide,
                                  .start_job = world_start_job,
                                  .cancel_job = on_cancel_job,
                                  .publish = on_publish,
                                  .remember = on_remember,
                                  .wrote = on_wrote,
                                  .denied = caches_denied,
                                  .arg = m };

    run_metrics_init();
    m->config = config_defaults();
    m->last_run.score = -1;
    m->history = history_new(&(struct history_options){ .loop = m->loop,
                                                        .worker = m->worker,
                                                        .path = m->o.db,
                                                        .opened = on_store_decided,
                                                        .health_changed = on_store_health,
                                                        .arg = m });
    m->sampler = sampler_new(&(struct sampler_options){ .loop = m->loop,
                                                        .client = m->client,
                                                        .informers = m->informers,
                                                        .permissions = m->permissions,
                                                        .ended = on_sampled,
                                                        .arg = m });
    m->assessor = assessor_new(&(struct assessor_options){ .loop = m->loop,
                                                           .worker = m->worker,
                                                           .informers = m->informers,
                                                           .history = m->history,
                                                           .sampler = m->sampler,
                                                           .finished = world_job_finished,
                                                           .arg = m });
    m->runner = runner_new(&(struct runner_options){ .loop = m->loop,
                                                     .client = m->client,
                                                     .informers = m->informers,
                                                     .recorder = m->recorder,
                                                     .name = "kube9" },
                           &hooks);
    m->policy_reports = policy_reports_new(m->client, m->informers);
    m->heartbeat = heartbeat_new(&(struct heartbeat_options){ .loop = m->loop,
                                                              .client = m->client,
                                                              .namespace = m->namespace,
                                                              .document = manager_document,
                                                              .written = on_beat,
                                                              .arg = m });
}

static int build_outside(struct manager *m, struct error *e)
{
    m->httpd = manager_serve(m, e);
    if (!m->httpd || loop_signal(m->loop, SIGTERM, on_signal, m, e) < 0)
        return -1;
    return loop_signal(m->loop, SIGINT, on_signal, m, e);
}

static int build(struct manager *m, struct error *e)
{
    mallopt(M_ARENA_MAX, 1); // one heap for loop and worker: memory freed by one serves the other
    if (build_client(m, e) < 0 || build_lease(m, e) < 0)
        return -1;
    timer_init(&m->refresh, "refresh", on_refresh, m);
    timer_init(&m->retention, "retention", on_retention, m);
    timer_init(&m->force, "force-stop", on_forced, m);
    caches_build(m);
    build_workers(m);
    caches_start(m);
    if (!m->o.loop && build_outside(m, e) < 0)
        return -1;
    m->version_call = server_version_get(m->client, on_version, m);
    lease_start(m->lease);
    return 0;
}

static void stop_timers(struct manager *m)
{
    timer_stop(m->loop, &m->refresh);
    timer_stop(m->loop, &m->retention);
    timer_stop(m->loop, &m->force);
}

void manager_free(struct manager *m)
{
    if (!m)
        return;
    m->stopping = true;
    if (m->loop)
        stop_timers(m);
    if (m->runner)
        runner_stop(m->runner);
    if (m->assessor)
        assessor_stop(m->assessor);
    if (m->history && m->worker)
        history_close(m->history);
    worker_free(m->worker); // ends the job, closes the store, delivers what came of it
    assessor_free(m->assessor);
    history_free(m->history);
    sampler_free(m->sampler);
    if (m->client)
        world_fini(m);
    heartbeat_free(m->heartbeat);
    policy_reports_free(m->policy_reports);
    runner_free(m->runner);
    subscriber_free(m->own);
    informers_free(m->informers);
    permissions_free(m->permissions);
    server_version_cancel(m->version_call);
    lease_free(m->lease);
    recorder_free(m->recorder);
    httpd_free(m->httpd);
    client_free(m->client);
    if (!m->o.loop)
        loop_free(m->loop);
    config_unref(m->config);
    last_run_fini(&m->last_run);
    kube_config_fini(&m->kube);
    free(m->namespace);
    free(m);
}

struct manager *manager_new(const struct manager_options *o, struct error *e)
{
    struct manager *m = xcalloc(1, sizeof(*m));

    m->o = *o;
    if (build(m, e) == 0)
        return m;
    manager_free(m);
    return NULL;
}

int manager_run(const struct manager_options *o, struct error *e)
{
    struct manager *m = manager_new(o, e);
    int rc;

    if (!m)
        return -1;
    log_info("started", log_str("version", o->version), log_str("listen", o->listen),
             log_int("port", httpd_port(m->httpd)), log_str("server", m->kube.server));
    rc = loop_run(m->loop, e);
    if (rc == 0 && m->failed) {
        *e = m->failure;
        rc = -1;
    }
    manager_free(m);
    if (rc == 0)
        log_info("stopped");
    return rc;
}
