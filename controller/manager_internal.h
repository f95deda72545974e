// SPDX-License-Identifier: Apache-2.0
// The manager's state, shared by the files that make it up: manager.c (life), world.c (what
// reconcilers see), report.c (what others see).
#pragma once

#include "apis/kinds.h"
#include "base/base.h"
#include "base/httpd.h"
#include "base/loop.h"
#include "base/worker.h"
#include "controller/assessor.h"
#include "controller/config.h"
#include "controller/detect.h"
#include "controller/heartbeat.h"
#include "controller/history.h"
#include "controller/last_run.h"
#include "controller/manager.h"
#include "controller/policy_reports.h"
#include "controller/runner.h"
#include "controller/sampler.h"
#include "controller/watched.h"
#include "informer/client.h"
#include "informer/informer.h"
#include "informer/kubeconfig.h"
#include "informer/lease.h"
#include "informer/permission.h"
#include "informer/recorder.h"
#include "informer/server_version.h"

enum absence { ABSENCE_UNKNOWN, ABSENCE_ASKING, ABSENCE_CONFIRMED };

struct manager {
    struct manager_options o;
    char *namespace;
    struct kube_config kube;
    struct loop *loop;
    struct worker *worker;
    struct client *client;
    struct recorder *recorder;
    struct permissions *permissions;
    struct permission *writes[8]; // what we write; asked again after a 403
    size_t n_writes;

    struct watch_permissions watch;
    struct informers *informers;
    struct subscriber *own; // our kinds and CRDs
    struct lease *lease;
    struct history *history;
    struct assessor *assessor;
    struct sampler *sampler;
    struct runner *runner;
    struct policy_reports *policy_reports;
    struct heartbeat *heartbeat;
    struct httpd *httpd;
    struct server_version_call *version_call;
    int server_minor;
    struct timer retention, refresh, force;

    struct config *config; // in force; never NULL
    bool facts_taken;      // the store has told what it remembers, or that there is nothing
    usec last_schedule;
    char claimed[UID_TEXT_MAX]; // run whose status this process wrote or confirmed last; "" none
    struct last_run last_run;
    char cluster_id[72]; // "" until known

    enum absence absence;
    struct client_call *absence_call;
    struct timer absence_again;
    usec absence_wait;

    bool leading, running, stopping;
    bool told_synced; // the heartbeat was told when all caches were complete
    bool ended;       // manager_run may return
    bool heartbeat_failing;
    char heartbeat_error[ERROR_TEXT_MAX];
    char lease_problem[ERROR_TEXT_MAX];            // why no Lease can be had; "" none
    char health[16], health_error[ERROR_TEXT_MAX]; // last word of manager_health
    char told_health[16];                          // what the last beat said
    bool failed;                                   // fatal: leave manager_run with failure
    struct error failure;
};

// manager.c. Built and started, then stopped as SIGTERM does; ended is set when nothing more is to
// be waited for.
struct manager *manager_new(const struct manager_options *o, struct error *e);
void manager_stop(struct manager *m);
void manager_free(
    struct manager *m); // NULL ok; without manager_stop as after a crash: the Lease stays held
void manager_start_reconciling(struct manager *m); // when all that it needs is there; else nothing

// caches.c
void caches_build(struct manager *m); // watches nothing yet
void caches_start(struct manager *m); // when the runner and the assessor stand
void caches_denied(void *arg, const struct intent *i, const struct error *e);

// world.c
void world_decide(void *arg, const struct key *k, struct plan *ret);
int world_start_job(void *arg, const struct intent *i, struct error *e);
void world_queue_all(struct manager *m);   // config and every run
void world_queue_first(struct manager *m); // at the start: also those that have ended
void world_queue_config(struct manager *m);
void world_job_finished(void *arg, const char *uid);
void world_changed(void *arg); // subscriber
void world_fini(struct manager *m);

// report.c
const char *manager_health(struct manager *m,
                           const char **ret_error); // "Healthy", "Degraded", "Unhealthy"
bool manager_ready(struct manager *m, struct buf *why_not);
int manager_document(void *arg, bool last, struct buf *out);
struct httpd *manager_serve(struct manager *m, struct error *e);
void manager_save_status(struct manager *m, bool last);
