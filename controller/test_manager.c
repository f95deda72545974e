// SPDX-License-Identifier: Apache-2.0
// The whole operator but its HTTP, against the fake API server: first start, restart, hand-over,
// rest, rejected configuration, CRDs that come and go, the way down.
#include "apis/types.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/test.h"
#include "controller/fake_manager.h"

#define CONFIG      "kube9configs/default"
#define STATUS_PATH "/configmaps/kube9-operator-status"

static size_t count(struct fake_manager *f, const char *method, const char *part)
{
    return fake_server_count(f->server, method, part);
}

// Until the first run is over; returns its name.
static const char *first_run(struct fake_manager *f)
{
    for (int i = 0; i < 200; i++) {
        const char *run = fake_manager_first_run(f);

        if (run && strcmp(fake_manager_text(f, run, "status.phase"), "Completed") == 0)
            return run;
        fake_manager_pass(f, 50 * USEC_PER_MSEC);
    }
    fail_msg("no run was completed within 10 s");
    return NULL;
}

// Prometheus sees no increase in a counter that appears with its first count. Before any of these
// is asked for by name, which would make it.
static void assert_counters_begin_at_0(void)
{
    static const char *const lines[] = {
        "\nkube9_operator_assessment_runs_total{state=\"failed\"} 0\n",
        "\ncontroller_runtime_reconcile_errors_total{controller=\"kube9config\"} 0\n",
        "\ncontroller_runtime_reconcile_errors_total{controller=\"assessmentrun\"} 0\n",
    };
    struct buf autobuf text = { 0 };

    buf_init(&text, (size_t)4 << 20);
    assert_int_equal(metrics_write(&text), 0);
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
        assert_non_null(strstr(text.p, lines[i]));
}

static void the_first_start_makes_one_run_and_keeps_its_rows(void **state unused_arg)
{
    struct fake_manager f;
    struct manager *m;
    char run[160];

    fake_manager_init(&f);
    fake_manager_config(&f, "{}");
    m = fake_manager_start(&f);
    snprintf(run, sizeof(run), "%s", first_run(&f));
    fake_manager_pass(&f, 5 * FAKE_SEC);
    assert_string_equal(fake_manager_condition(&f, run, "Complete", "status"), "True");
    assert_string_equal(fake_manager_text(&f, run, "status.historyID"),
                        fake_manager_text(&f, run, "metadata.uid"));
    assert_string_equal(fake_manager_condition(&f, CONFIG, "Ready", "status"), "True");
    assert_string_equal(fake_manager_condition(&f, CONFIG, "AssessmentsCurrent", "status"), "True");
    assert_string_equal(fake_manager_condition(&f, CONFIG, "PermissionsSufficient", "reason"),
                        "AllGranted");
    assert_string_equal(fake_manager_text(&f, CONFIG, "status.lastAssessment.name"),
                        strchr(run, '/') + 1);
    assert_string_equal(fake_manager_status(&f, "health"), "healthy");
    assert_int_equal(fake_server_objects(f.server, "assessmentruns"), 1);
    assert_true(fake_manager_findings(&f, "latest") > 10);
    // Written no more often than there is something to say: claimed and ended; accepted, run
    // active, permissions known, run ended.
    assert_int_equal(count(&f, "POST", FAKE_RUNS), 1);
    assert_int_equal(count(&f, "PATCH", FAKE_RUNS), 2);
    assert_int_equal(count(&f, "PATCH", FAKE_CONFIGS), 4);
    assert_int_equal(count(&f, "POST", "/namespaces/default/events"), 1);
    assert_counters_begin_at_0();
    assert_true(metric_value(METRIC_CONTROLLER_RUNTIME_RECONCILE_TOTAL, "kube9config",
                             "requeue_after") <= 8);
    assert_int_equal(metric_value(METRIC_CONTROLLER_RUNTIME_RECONCILE_ERRORS_TOTAL, "kube9config"),
                     0);
    assert_int_equal(
        metric_value(METRIC_CONTROLLER_RUNTIME_RECONCILE_ERRORS_TOTAL, "assessmentrun"), 0);
    manager_free(m);
    fake_manager_fini(&f);
}

static void the_status_config_map_is_there_at_once(void **state unused_arg)
{
    struct fake_manager f;
    struct manager *m;

    fake_manager_init(&f);
    m = fake_manager_start(&f);
    fake_manager_pass(&f, FAKE_SEC);
    assert_string_equal(fake_manager_status(&f, "mode"), "operated");
    manager_free(m);
    fake_manager_fini(&f);
}

static void a_late_answer_reaches_the_config_map_before_the_next_beat(void **state unused_arg)
{
    struct fake_manager f;
    struct manager *m;

    fake_manager_init(&f);
    m = fake_manager_start(&f);
    first_run(&f);
    manager_stop(m); // gives the Lease back: the next one leads at once
    fake_manager_pass(&f, FAKE_SEC);
    manager_free(m);
    fake_server_script(f.server, "GET", "/api/v1/namespaces?",
                       &(struct fake_reply){ .status = 503, .body = "{}", .times = 4 });
    m = fake_manager_start(&f);
    fake_manager_pass(&f, 4 * FAKE_SEC);
    assert_string_equal(fake_manager_status(&f, "clusterId"), "");
    fake_manager_pass(&f, 45 * FAKE_SEC); // a beat comes once a minute
    assert_int_equal(fake_server_scripts_left(f.server), 0);
    assert_string_not_equal(fake_manager_status(&f, "clusterId"), "");
    manager_free(m);
    fake_manager_fini(&f);
}

static void without_a_config_the_defaults_are_in_force(void **state unused_arg)
{
    struct fake_manager f;
    struct manager *m;

    fake_manager_init(&f);
    m = fake_manager_start(&f);
    first_run(&f);
    assert_string_equal(
        fake_manager_text(&f, fake_manager_first_run(&f), "metadata.ownerReferences"), "");
    assert_int_equal(count(&f, "GET", FAKE_CRD_GET), 1); // absence was proved, once
    fake_manager_pass(&f, 10 * USEC_PER_MIN);
    assert_int_equal(count(&f, "GET", FAKE_CRD_GET), 1);
    assert_int_equal(fake_server_objects(f.server, "assessmentruns"), 1);
    manager_free(m);
    fake_manager_fini(&f);
}

static void put_running(struct fake_manager *f, const char *started)
{
    autofree char *text = xasprintf(
        "{\"kind\":\"AssessmentRun\",\"apiVersion\":\"kube9.io/v1alpha1\",\"metadata\":{\"name\":\"mine\"},"
        "\"spec\":{\"mode\":\"Full\"},\"status\":{\"phase\":\"Running\",\"startTime\":\"%s\"}}",
        started);

    assert_true(fake_server_put(f->server, text) != 0);
}

static void a_restart_resumes_the_running_run(void **state unused_arg)
{
    struct fake_manager f;
    struct manager *m;

    fake_manager_init(&f);
    put_running(&f, "2023-11-14T22:12:50Z"); // half a minute ago
    m = fake_manager_start(&f);
    fake_manager_until(&f, "assessmentruns/mine", "status.phase", "Completed", 10 * FAKE_SEC);
    assert_string_equal(fake_manager_text(&f, "assessmentruns/mine", "status.startTime"),
                        "2023-11-14T22:12:50Z");
    assert_true(fake_manager_findings(&f, "mine") > 10);
    manager_free(m);
    fake_manager_fini(&f);
}

static void a_running_run_past_its_deadline_fails_after_a_restart(void **state unused_arg)
{
    struct fake_manager f;
    struct manager *m;

    fake_manager_init(&f);
    fake_manager_config(&f, "{\"assessment\":{\"suspend\":true}}");
    put_running(&f, "2023-11-14T22:00:00Z");
    m = fake_manager_start(&f);
    fake_manager_until(&f, "assessmentruns/mine", "status.phase", "Failed", 10 * FAKE_SEC);
    assert_string_equal(fake_manager_condition(&f, "assessmentruns/mine", "Failed", "reason"),
                        "DeadlineExceeded");
    fake_manager_pass(&f, USEC_PER_MIN);
    assert_string_equal(fake_manager_status(&f, "assessment.lastScheduledOutcome"), "failed");
    manager_free(m);
    fake_manager_fini(&f);
}

static void a_restart_makes_no_second_first_run(void **state unused_arg)
{
    struct fake_manager f;
    struct manager *m;

    fake_manager_init(&f);
    m = fake_manager_start(&f);
    fake_server_delete(f.server, "assessmentruns", "",
                       strchr(first_run(&f), '/') + 1); // only the store remembers it
    fake_manager_pass(&f, FAKE_SEC);
    manager_stop(m);
    fake_manager_pass(&f, 5 * FAKE_SEC);
    assert_true(m->ended);
    manager_free(m);
    m = fake_manager_start(&f);
    fake_manager_pass(&f, USEC_PER_MIN);
    assert_true(m->running);
    assert_int_equal(fake_server_objects(f.server, "assessmentruns"), 0);
    manager_free(m);
    fake_manager_fini(&f);
}

static bool ready(struct manager *m)
{
    struct buf autobuf why = { 0 };

    buf_init(&why, 4096);
    return manager_ready(m, &why);
}

static void a_released_lease_is_taken_over_with_the_database(void **state unused_arg)
{
    struct fake_manager f;
    struct manager *a, *b;

    fake_manager_init(&f);
    a = fake_manager_start(&f);
    first_run(&f);
    b = fake_manager_start(&f);
    fake_manager_pass(&f, USEC_PER_MIN);
    assert_true(ready(a));
    assert_false(ready(b));
    assert_false(history_decided(b->history)); // a standby opens nothing
    manager_stop(a);
    fake_manager_pass(&f, 6 * FAKE_SEC);
    assert_true(a->ended && !a->failed);
    assert_true(ready(b));
    assert_true(history_healthy(b->history)); // the file was free when the Lease was
    manager_free(a);
    fake_manager_pass(&f, USEC_PER_MIN);
    assert_int_equal(fake_server_objects(f.server, "assessmentruns"), 1);
    manager_free(b);
    fake_manager_fini(&f);
}

static void after_a_crash_the_lease_is_taken_over_when_it_expires(void **state unused_arg)
{
    struct fake_manager f;
    struct manager *a, *b;

    fake_manager_init(&f);
    a = fake_manager_start(&f);
    first_run(&f);
    b = fake_manager_start(&f);
    fake_manager_pass(&f, USEC_PER_MIN);
    manager_free(a); // no last word, no release
    fake_manager_pass(&f, 10 * FAKE_SEC);
    assert_false(b->leading);
    fake_manager_pass(&f, 15 * FAKE_SEC); // 15 s, and the pace of the looks
    assert_true(b->leading);
    assert_true(ready(b));
    manager_free(b);
    fake_manager_fini(&f);
}

static void h5_at_rest_only_the_lease_and_the_config_map_are_written(void **state unused_arg)
{
    struct fake_manager f;
    struct manager *m;
    size_t writes = 0, reviews;

    fake_manager_init(&f);
    fake_manager_config(&f, "{}");
    m = fake_manager_start(&f);
    first_run(&f);
    fake_manager_pass(&f, 3 * USEC_PER_MIN);
    fake_server_forget_log(f.server);
    fake_manager_pass(&f, 10 * USEC_PER_MIN);
    assert_int_equal(fake_manager_writes(&f), 0);
    assert_in_range(count(&f, "PATCH", STATUS_PATH), 9, 11);
    reviews = count(&f, "POST", "selfsubjectaccessreviews");
    for (size_t i = 0; i < fake_server_requests(f.server); i++) {
        const struct fake_request *r = fake_server_request(f.server, i);

        assert_true(r->status < 400);
        writes += strcmp(r->method, "GET") != 0;
    }
    assert_int_equal(reviews, 0);
    assert_int_equal(writes, count(&f, "PUT", "/leases/") + count(&f, "PATCH", STATUS_PATH));
    manager_free(m);
    fake_manager_fini(&f);
}

static void a_rejected_config_leaves_the_last_good_one_in_force(void **state unused_arg)
{
    struct fake_manager f;
    struct manager *m;

    fake_manager_init(&f);
    fake_manager_config(&f, "{\"assessment\":{\"schedule\":\"@every 1h\"}}");
    m = fake_manager_start(&f);
    first_run(&f);
    fake_manager_config(&f, "{\"assessment\":{\"schedule\":\"at noon\"}}");
    fake_manager_pass(&f, 5 * FAKE_SEC);
    assert_string_equal(fake_manager_condition(&f, CONFIG, "Ready", "status"), "False");
    assert_string_equal(fake_manager_condition(&f, CONFIG, "Ready", "reason"), "InvalidSpec");
    assert_string_equal(fake_manager_condition(&f, CONFIG, "Stalled", "status"), "True");
    assert_non_null(
        strstr(fake_manager_condition(&f, CONFIG, "Ready", "message"), "spec.assessment.schedule"));
    assert_int_equal(m->config->generation, 1);
    fake_manager_pass(&f, 65 * USEC_PER_MIN); // its schedule still counts
    assert_int_equal(fake_server_objects(f.server, "assessmentruns"), 2);
    fake_manager_config(&f, "{}");
    fake_manager_pass(&f, 5 * FAKE_SEC);
    assert_string_equal(fake_manager_condition(&f, CONFIG, "Ready", "status"), "True");
    assert_string_equal(fake_manager_condition(&f, CONFIG, "Stalled", "status"), "");
    manager_free(m);
    fake_manager_fini(&f);
}

static void the_last_good_config_survives_a_restart(void **state unused_arg)
{
    struct fake_manager f;
    struct manager *m;

    fake_manager_init(&f);
    fake_manager_config(&f, "{\"heartbeat\":{\"interval\":\"30s\"}}");
    m = fake_manager_start(&f);
    first_run(&f);
    fake_manager_pass(&f, FAKE_SEC);
    fake_manager_config(&f, "{\"assessment\":{\"schedule\":\"at noon\"}}");
    manager_stop(m);
    fake_manager_pass(&f, 5 * FAKE_SEC);
    manager_free(m);
    m = fake_manager_start(&f);
    fake_manager_pass(&f, 10 * FAKE_SEC);
    assert_non_null(m->config->object);
    assert_int_equal(
        heartbeat_settings_interval(kube9_config_spec_heartbeat(config_spec(m->config))),
        30 * FAKE_SEC);
    assert_string_equal(fake_manager_condition(&f, CONFIG, "Ready", "status"), "False");
    manager_free(m);
    fake_manager_fini(&f);
}

static void a_crd_that_goes_and_comes_back_harms_nothing(void **state unused_arg)
{
    struct fake_manager f;
    struct manager *m;

    fake_manager_init(&f);
    fake_manager_config(&f, "{\"heartbeat\":{\"interval\":\"30s\"}}");
    m = fake_manager_start(&f);
    first_run(&f);
    // As the API server does it: marked, emptied, gone.
    fake_manager_crd(&f, "kube9configs", "kube9.io",
                     ",\"deletionTimestamp\":\"2023-11-14T22:14:00Z\",\"finalizers\":[\"x\"]");
    fake_server_delete(f.server, "kube9configs", "", "default");
    fake_manager_pass(&f, FAKE_SEC);
    fake_server_delete(f.server, "customresourcedefinitions", "", "kube9configs.kube9.io");
    fake_server_serve(f.server, "kube9configs", false);
    fake_server_cut_watches(f.server, true);
    fake_manager_pass(&f, 10 * USEC_PER_MIN);
    assert_non_null(m->config->object);
    assert_false(m->failed);
    assert_string_equal(fake_manager_status(&f, "health"), "degraded");
    assert_non_null(
        strstr(fake_manager_status(&f, "error"), "kube9configs.kube9.io is not installed"));
    fake_server_serve(f.server, "kube9configs", true);
    fake_manager_crd(&f, "kube9configs", "kube9.io", "");
    fake_manager_config(&f, "{\"heartbeat\":{\"interval\":\"45s\"}}");
    fake_manager_pass(&f, USEC_PER_MIN);
    assert_int_equal(
        heartbeat_settings_interval(kube9_config_spec_heartbeat(config_spec(m->config))),
        45 * FAKE_SEC);
    assert_string_equal(fake_manager_condition(&f, CONFIG, "Ready", "status"), "True");
    manager_free(m);
    fake_manager_fini(&f);
}

static void m8_stopping_leaves_a_last_word_and_a_free_lease(void **state unused_arg)
{
    struct fake_manager f;
    struct manager *m;

    fake_manager_init(&f);
    m = fake_manager_start(&f);
    first_run(&f);
    fake_manager_pass(&f, 5 * FAKE_SEC);
    manager_stop(m);
    fake_manager_pass(&f, FAKE_SEC);
    assert_true(m->ended && !m->failed);
    assert_string_equal(fake_manager_status(&f, "health"), "unhealthy");
    assert_string_equal(fake_manager_status(&f, "error"), "Shutting down");
    assert_string_equal(
        fake_manager_text(&f, "leases/kube9-system/kube9-operator", "spec.holderIdentity"), "");
    manager_free(m);
    fake_manager_fini(&f);
}

static void m10_stopping_takes_less_than_five_seconds_without_a_server(void **state unused_arg)
{
    struct fake_manager f;
    struct manager *m;
    usec began;

    fake_manager_init(&f);
    m = fake_manager_start(&f);
    first_run(&f);
    fake_server_down(f.server, true);
    fake_manager_pass(&f, FAKE_SEC);
    began = clock_mono();
    manager_stop(m);
    while (!m->ended && clock_mono() - began < USEC_PER_MIN)
        fake_manager_pass(&f, 10 * USEC_PER_MSEC);
    assert_true(m->ended && !m->failed);
    assert_true(clock_mono() - began < 5 * FAKE_SEC);
    manager_free(m);
    fake_manager_fini(&f);
}

static void m8_a_lost_lease_ends_the_process_with_a_reason(void **state unused_arg)
{
    struct fake_manager f;
    struct manager *m;

    fake_manager_init(&f);
    m = fake_manager_start(&f);
    first_run(&f);
    fake_server_down(f.server, true);
    fake_manager_pass(&f, 20 * FAKE_SEC);
    assert_true(m->ended && m->failed);
    assert_non_null(strstr(m->failure.text, "leadership lost"));
    manager_free(m);
    fake_manager_fini(&f);
}

static int warnings;

static void count_warnings(void *arg unused_arg, const char *line)
{
    warnings += strstr(line, "Lease cannot be had") != NULL;
}

static void missing_rights_for_the_lease_are_said_once_and_shown(void **state unused_arg)
{
    struct fake_manager f;
    struct manager *m;
    struct buf autobuf why = { 0 };

    fake_manager_init(&f);
    buf_init(&why, 4096);
    warnings = 0;
    log_capture(count_warnings, NULL);
    fake_server_allow(f.server, "get", "leases", false);
    fake_server_allow(f.server, "create", "leases", false);
    m = fake_manager_start(&f);
    fake_manager_pass(&f, 5 * USEC_PER_MIN);
    log_capture(NULL, NULL);
    assert_int_equal(warnings, 1);
    assert_false(manager_ready(m, &why));
    assert_non_null(strstr(why.p, "[-]leader failed: "));
    assert_null(strstr(why.p, "[-]leader failed: not yet"));
    assert_true(count(&f, NULL, "/leases") < 40);
    fake_server_allow(f.server, "get", "leases", true);
    fake_server_allow(f.server, "create", "leases", true);
    fake_manager_pass(&f, 2 * USEC_PER_MIN);
    assert_true(m->leading);
    manager_free(m);
    fake_manager_fini(&f);
}

static void events_are_off_when_the_config_says_so(void **state unused_arg)
{
    struct fake_manager f;
    struct manager *m;

    fake_manager_init(&f);
    fake_manager_config(&f, "{\"events\":{\"enabled\":false}}");
    m = fake_manager_start(&f);
    first_run(&f);
    fake_manager_pass(&f, USEC_PER_MIN);
    assert_int_equal(count(&f, "POST", "/namespaces/default/events"), 0);
    manager_free(m);
    fake_manager_fini(&f);
}

static void put_argocd(struct fake_manager *f)
{
    fake_server_put(
        f->server,
        "{\"kind\":\"Deployment\",\"apiVersion\":\"apps/v1\",\"metadata\":{\"name\":\"argocd-server\",\"namespace\":"
        "\"gitops\",\"labels\":{\"app.kubernetes.io/name\":\"argocd-server\"}},\"spec\":{\"selector\":{},\"template\":"
        "{\"spec\":{\"containers\":[{\"name\":\"s\",\"image\":\"quay.io/argoproj/argocd:v3.1.4\"}]}}}}");
}

static void argocd_is_told_only_when_it_is_there(void **state unused_arg)
{
    struct fake_manager f;
    struct manager *m;

    fake_manager_init(&f);
    fake_manager_config(&f, "{}");
    put_argocd(&f);
    m = fake_manager_start(&f);
    first_run(&f);
    fake_manager_pass(&f, USEC_PER_MIN);
    assert_string_equal(fake_manager_status(&f, "argocd.detected"),
                        "false"); // without its CRD it may be anything
    assert_string_equal(fake_manager_status(&f, "trivy.detected"), "false");
    fake_manager_crd(&f, "applications", "argoproj.io", "");
    fake_manager_crd(&f, "vulnerabilityreports", "aquasecurity.github.io", "");
    fake_manager_pass(&f, 5 * FAKE_SEC);
    assert_string_equal(fake_manager_status(&f, "argocd.detected"), "true");
    assert_string_equal(fake_manager_status(&f, "argocd.namespace"), "gitops");
    assert_string_equal(fake_manager_status(&f, "argocd.version"), "v3.1.4");
    assert_string_equal(fake_manager_status(&f, "trivy.detected"), "true");
    assert_string_equal(fake_manager_status(&f, "vulnerabilities.reports"), "0");
    fake_server_put(f.server,
                    "{\"kind\":\"VulnerabilityReport\",\"apiVersion\":"
                    "\"aquasecurity.github.io/v1alpha1\",\"metadata\":{\"name\":\"r\","
                    "\"namespace\":\"shop\"},\"report\":{\"summary\":{\"criticalCount\":3,"
                    "\"highCount\":5}}}");
    fake_manager_pass(&f, USEC_PER_MIN);
    assert_string_equal(fake_manager_status(&f, "vulnerabilities.reports"), "1");
    assert_string_equal(fake_manager_status(&f, "vulnerabilities.critical"), "3");
    assert_string_equal(fake_manager_status(&f, "vulnerabilities.high"), "5");
    assert_string_equal(fake_manager_text(&f, CONFIG, "status.argocd.namespace"), "gitops");
    fake_manager_config(&f, "{\"argocd\":{\"mode\":\"Disabled\"}}");
    fake_manager_pass(&f, 5 * FAKE_SEC);
    assert_string_equal(fake_manager_status(&f, "argocd.detected"), "false");
    assert_string_equal(fake_manager_text(&f, CONFIG, "status.argocd.namespace"), "");
    fake_manager_config(&f, "{\"argocd\":{\"namespace\":\"elsewhere\"}}");
    fake_manager_pass(&f, 5 * FAKE_SEC);
    assert_string_equal(fake_manager_status(&f, "argocd.detected"), "false");
    manager_free(m);
    fake_manager_fini(&f);
}

static int went_back;

static void count_regressions(void *arg unused_arg, const char *line)
{
    went_back += strstr(line, "went back in time") != NULL;
}

// Of the log since it was forgotten: is there a list of our kinds before the first write to them?
static void assert_lists_come_first(struct fake_manager *f)
{
    bool configs = false, runs = false;

    for (size_t i = 0; i < fake_server_requests(f->server); i++) {
        const struct fake_request *r = fake_server_request(f->server, i);
        bool list = strcmp(r->method, "GET") == 0 && !strstr(r->url, "watch=true");

        configs = configs || (list && strstr(r->url, FAKE_CONFIGS));
        runs = runs || (list && strstr(r->url, FAKE_RUNS));
        if (strcmp(r->method, "GET") != 0 && strstr(r->url, "/apis/kube9.io/"))
            assert_true(configs && runs);
    }
    assert_true(configs && runs);
}

static void
x3_after_a_restore_of_etcd_all_is_read_before_anything_is_written(void **state unused_arg)
{
    struct fake_manager f;
    struct manager *m;
    uint64_t before;

    fake_manager_init(&f);
    fake_manager_config(&f, "{}");
    m = fake_manager_start(&f);
    first_run(&f);
    fake_manager_pass(&f, USEC_PER_MIN);
    before = fake_server_rv(f.server);
    fake_manager_run(&f, "lost", "{\"mode\":\"Full\"}");
    fake_manager_until(&f, "assessmentruns/lost", "status.phase", "Completed", 10 * FAKE_SEC);
    fake_manager_pass(&f, USEC_PER_MIN);
    went_back = 0;
    log_capture(count_regressions, NULL);
    fake_server_forget_log(f.server);
    fake_server_restore(f.server, before); // the run, its result and what was said of it are gone
    fake_manager_pass(&f, USEC_PER_MIN);
    log_capture(NULL, NULL);
    assert_int_equal(went_back, 1);
    assert_true(m->leading && !m->ended);
    assert_lists_come_first(&f);
    assert_int_equal(informer_count(m->informers, KIND_ASSESSMENT_RUN), 1);
    assert_int_equal(count(&f, "POST", FAKE_RUNS), 0);
    fake_manager_run(&f, "next", "{\"mode\":\"Full\"}"); // and all goes on
    fake_manager_until(&f, "assessmentruns/next", "status.phase", "Completed", 10 * FAKE_SEC);
    manager_free(m);
    fake_manager_fini(&f);
}

RUN(T(the_first_start_makes_one_run_and_keeps_its_rows), T(the_status_config_map_is_there_at_once),
    T(a_late_answer_reaches_the_config_map_before_the_next_beat),
    T(without_a_config_the_defaults_are_in_force), T(a_restart_resumes_the_running_run),
    T(a_running_run_past_its_deadline_fails_after_a_restart),
    T(a_restart_makes_no_second_first_run), T(a_released_lease_is_taken_over_with_the_database),
    T(after_a_crash_the_lease_is_taken_over_when_it_expires),
    T(h5_at_rest_only_the_lease_and_the_config_map_are_written),
    T(a_rejected_config_leaves_the_last_good_one_in_force),
    T(the_last_good_config_survives_a_restart), T(a_crd_that_goes_and_comes_back_harms_nothing),
    T(m8_stopping_leaves_a_last_word_and_a_free_lease),
    T(m10_stopping_takes_less_than_five_seconds_without_a_server),
    T(m8_a_lost_lease_ends_the_process_with_a_reason),
    T(missing_rights_for_the_lease_are_said_once_and_shown),
    T(events_are_off_when_the_config_says_so), T(argocd_is_told_only_when_it_is_there),
    T(x3_after_a_restore_of_etcd_all_is_read_before_anything_is_written))
