// SPDX-License-Identifier: Apache-2.0
// What the reconcilers get to see: a Kube9Config's absence is believed only when its CRD stands,
// and runs have their turns.
#include "apis/types.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/test.h"
#include "controller/fake_manager.h"

#define CONFIG "kube9configs/default"

static struct manager *start_with_config(struct fake_manager *f)
{
    struct manager *m;

    fake_manager_init(f);
    fake_manager_config(f,
                        "{\"assessment\":{\"suspend\":true},\"heartbeat\":{\"interval\":\"30s\"}}");
    m = fake_manager_start(f);
    fake_manager_pass(f, 5 * FAKE_SEC);
    assert_non_null(m->config->object);
    return m;
}

static void a_deleted_config_means_defaults_when_its_crd_stands(void **state unused_arg)
{
    struct fake_manager f;
    struct manager *m = start_with_config(&f);

    fake_server_delete(f.server, "kube9configs", "", "default");
    fake_manager_pass(&f, 5 * FAKE_SEC);
    assert_null(m->config->object);
    assert_int_equal(fake_server_count(f.server, "GET", FAKE_CRD_GET), 1);
    manager_free(m);
    fake_manager_fini(&f);
}

static void a_terminating_crd_proves_nothing(void **state unused_arg)
{
    struct fake_manager f;
    struct manager *m = start_with_config(&f);

    fake_manager_crd(&f, "kube9configs", "kube9.io",
                     ",\"deletionTimestamp\":\"2023-11-14T22:14:00Z\"");
    fake_server_delete(f.server, "kube9configs", "", "default");
    fake_manager_pass(&f, USEC_PER_MIN);
    assert_non_null(m->config->object);
    fake_manager_crd(&f, "kube9configs", "kube9.io", ""); // stands again, still without an object
    fake_manager_pass(&f, 5 * USEC_PER_MIN);
    assert_null(m->config->object);
    manager_free(m);
    fake_manager_fini(&f);
}

static void an_unanswered_question_proves_nothing(void **state unused_arg)
{
    static const int statuses[] = { 404, 403, 503 };

    for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
        struct fake_manager f;
        struct manager *m = start_with_config(&f);

        fake_server_script(
            f.server, "GET", FAKE_CRD_GET,
            &(struct fake_reply){ .status = statuses[i], .body = "{}", .times = 1000 });
        fake_server_delete(f.server, "kube9configs", "", "default");
        fake_manager_pass(&f, 10 * USEC_PER_MIN);
        assert_non_null(m->config->object);
        assert_in_range(fake_server_count(f.server, "GET", FAKE_CRD_GET), 2,
                        statuses[i] == 503 ? 80 : 10); // no hot loop
        manager_free(m);
        fake_manager_fini(&f);
    }
}

static void a_kind_that_may_not_be_listed_keeps_the_stored_config(void **state unused_arg)
{
    struct fake_manager f;
    struct manager *m = start_with_config(&f);

    manager_stop(m);
    fake_manager_pass(&f, 5 * FAKE_SEC);
    manager_free(m);
    fake_server_allow(f.server, "list", "kube9configs", false);
    m = fake_manager_start(&f);
    fake_manager_pass(&f, 10 * FAKE_SEC);
    assert_true(m->running);
    assert_non_null(m->config->object);
    assert_int_equal(fake_server_count(f.server, "GET", FAKE_CRD_GET), 0);
    assert_string_equal(fake_manager_status(&f, "health"), "degraded");
    manager_free(m);
    fake_manager_fini(&f);
}

// Names of the runs that were claimed, in order.
static const char *claims(struct fake_manager *f, char *ret, size_t n)
{
    ret[0] = 0;
    for (size_t i = 0; i < fake_server_requests(f->server); i++) {
        const struct fake_request *r = fake_server_request(f->server, i);
        const char *name = strstr(r->url, FAKE_RUNS "/");

        if (name && strcmp(r->method, "PATCH") == 0 && strstr(r->body, "\"Running\""))
            snprintf(ret + strlen(ret), n - strlen(ret), "%.*s ",
                     (int)strcspn(name + strlen(FAKE_RUNS "/"), "/"), name + strlen(FAKE_RUNS "/"));
    }
    return ret;
}

static void runs_have_their_turn_by_age_and_then_by_name(void **state unused_arg)
{
    struct fake_manager f;
    struct manager *m;
    char order[256];

    fake_manager_init(&f);
    fake_manager_config(&f, "{\"assessment\":{\"suspend\":true}}");
    fake_manager_run(&f, "zoe", "{\"mode\":\"Full\"}");
    clock_fake_advance(2 * FAKE_SEC);
    fake_manager_run(&f, "bob", "{\"mode\":\"Pillar\",\"pillars\":[\"Security\"]}");
    fake_manager_run(&f, "ann", "{\"mode\":\"Full\"}");
    m = fake_manager_start(&f);
    fake_manager_until(&f, "assessmentruns/zoe", "status.phase", "Completed", 10 * FAKE_SEC);
    fake_manager_until(&f, "assessmentruns/ann", "status.phase", "Completed", 10 * FAKE_SEC);
    fake_manager_until(&f, "assessmentruns/bob", "status.phase", "Completed", 10 * FAKE_SEC);
    assert_string_equal(claims(&f, order, sizeof(order)), "zoe ann bob ");
    manager_free(m);
    fake_manager_fini(&f);
}

// Index of the first status write of a run that holds the word.
static size_t wrote_at(struct fake_manager *f, const char *run, const char *word)
{
    for (size_t i = 0; i < fake_server_requests(f->server); i++) {
        const struct fake_request *r = fake_server_request(f->server, i);

        if (strcmp(r->method, "PATCH") == 0 && strstr(r->url, run) && strstr(r->body, word))
            return i;
    }
    fail_msg("%s was never %s", run, word);
    return 0;
}

static void a_run_that_was_begun_goes_before_an_older_one_that_waits(void **state unused_arg)
{
    struct fake_manager f;
    struct manager *m;

    fake_manager_init(&f);
    fake_manager_config(&f, "{\"assessment\":{\"suspend\":true}}");
    fake_manager_run(&f, "older", "{\"mode\":\"Full\"}");
    clock_fake_advance(2 * FAKE_SEC);
    fake_server_put(
        f.server, "{\"kind\":\"AssessmentRun\",\"apiVersion\":\"kube9.io/v1alpha1\",\"metadata\":{"
                  "\"name\":\"begun\"},\"spec\":{\"mode\":\"Full\"},\"status\":{\"phase\":"
                  "\"Running\",\"startTime\":\"2023-11-14T22:13:21Z\"}}");
    m = fake_manager_start(&f);
    fake_manager_until(&f, "assessmentruns/older", "status.phase", "Completed", 10 * FAKE_SEC);
    assert_true(wrote_at(&f, "/begun/", "\"Completed\"") < wrote_at(&f, "/older/", "\"Running\""));
    manager_free(m);
    fake_manager_fini(&f);
}

static void a_run_that_waits_at_the_start_is_judged_by_the_config(void **state unused_arg)
{
    struct fake_manager f;
    struct manager *m;

    fake_manager_init(&f);
    fake_manager_config(&f, "{\"assessment\":{\"suspend\":true}}");
    fake_manager_run(&f, "early", "{\"mode\":\"Full\",\"cancel\":true}");
    // Its list comes before that of the config.
    fake_server_script(f.server, "GET", FAKE_CONFIGS,
                       &(struct fake_reply){ .status = 500, .body = "{}" });
    m = fake_manager_start(&f);
    fake_manager_until(&f, "assessmentruns/early", "status.phase", "Cancelled", 30 * FAKE_SEC);
    assert_int_equal(
        json_int(json_path(fake_manager_get(&f, "assessmentruns/early"), "status.configGeneration"),
                 0),
        1);
    manager_free(m);
    fake_manager_fini(&f);
}

static void a_run_that_cannot_be_read_fails_and_blocks_nobody(void **state unused_arg)
{
    struct fake_manager f;
    struct manager *m;

    fake_manager_init(&f);
    fake_manager_config(&f, "{\"assessment\":{\"suspend\":true}}");
    fake_manager_run(&f, "wrong", "{\"mode\":\"Full\",\"nonsense\":1}");
    clock_fake_advance(2 * FAKE_SEC);
    fake_manager_run(&f, "unknown",
                     "{\"mode\":\"SingleCheck\",\"checks\":{\"include\":[\"security/no-such\"]}}");
    clock_fake_advance(2 * FAKE_SEC);
    fake_manager_run(&f, "right", "{\"mode\":\"Full\"}");
    m = fake_manager_start(&f);
    fake_manager_until(&f, "assessmentruns/right", "status.phase", "Completed", 10 * FAKE_SEC);
    fake_manager_until(&f, "assessmentruns/wrong", "status.phase", "Failed", 10 * FAKE_SEC);
    fake_manager_until(&f, "assessmentruns/unknown", "status.phase", "Failed", 10 * FAKE_SEC);
    assert_non_null(strstr(fake_manager_condition(&f, "assessmentruns/wrong", "Failed", "message"),
                           "nonsense"));
    assert_non_null(
        strstr(fake_manager_condition(&f, "assessmentruns/unknown", "Failed", "message"),
               "spec.checks.include[0]"));
    manager_free(m);
    fake_manager_fini(&f);
}

static void a_run_that_is_cancelled_before_its_turn_never_starts(void **state unused_arg)
{
    struct fake_manager f;
    struct manager *m;

    fake_manager_init(&f);
    fake_manager_config(&f, "{\"assessment\":{\"suspend\":true}}");
    fake_manager_run(&f, "no", "{\"mode\":\"Full\",\"cancel\":true}");
    m = fake_manager_start(&f);
    fake_manager_until(&f, "assessmentruns/no", "status.phase", "Cancelled", 10 * FAKE_SEC);
    assert_string_equal(fake_manager_text(&f, "assessmentruns/no", "status.startTime"), "");
    assert_int_equal(fake_manager_findings(&f, "no"), 0);
    manager_free(m);
    fake_manager_fini(&f);
}

static void the_result_of_a_deleted_run_is_forgotten(void **state unused_arg)
{
    struct fake_manager f;
    struct manager *m;
    char uid[64];

    fake_manager_init(&f);
    fake_manager_config(&f, "{\"assessment\":{\"suspend\":true}}");
    // Pods are not listed yet, so the job waits.
    fake_server_script(f.server, "GET", "/api/v1/pods",
                       &(struct fake_reply){ .status = 500, .body = "{}", .times = 1000 });
    m = fake_manager_start(&f);
    fake_manager_run(&f, "x", "{\"mode\":\"Full\"}");
    snprintf(uid, sizeof(uid), "%s", fake_manager_text(&f, "assessmentruns/x", "metadata.uid"));
    fake_manager_pass(&f, 5 * FAKE_SEC);
    assert_non_null(assessor_running(m->assessor));
    fake_server_delete(f.server, "assessmentruns", "", "x");
    fake_manager_pass(&f, 5 * FAKE_SEC);
    assert_null(assessor_running(m->assessor));
    assert_null(assessor_result(m->assessor, uid));
    manager_free(m);
    fake_manager_fini(&f);
}

static void a_run_is_deleted_when_its_time_to_live_is_over(void **state unused_arg)
{
    struct fake_manager f;
    struct manager *m;

    fake_manager_init(&f);
    fake_manager_config(&f, "{\"assessment\":{\"suspend\":true}}");
    fake_manager_run(&f, "x", "{\"mode\":\"Full\",\"ttlSecondsAfterFinished\":60}");
    m = fake_manager_start(&f);
    fake_manager_until(&f, "assessmentruns/x", "status.phase", "Completed", 10 * FAKE_SEC);
    fake_manager_pass(&f, 50 * FAKE_SEC);
    assert_int_equal(fake_server_objects(f.server, "assessmentruns"), 1);
    fake_manager_pass(&f, 15 * FAKE_SEC);
    assert_int_equal(fake_server_objects(f.server, "assessmentruns"), 0);
    manager_free(m);
    fake_manager_fini(&f);
}

RUN(T(a_deleted_config_means_defaults_when_its_crd_stands), T(a_terminating_crd_proves_nothing),
    T(an_unanswered_question_proves_nothing),
    T(a_kind_that_may_not_be_listed_keeps_the_stored_config),
    T(runs_have_their_turn_by_age_and_then_by_name),
    T(a_run_that_was_begun_goes_before_an_older_one_that_waits),
    T(a_run_that_waits_at_the_start_is_judged_by_the_config),
    T(a_run_that_cannot_be_read_fails_and_blocks_nobody),
    T(a_run_that_is_cancelled_before_its_turn_never_starts),
    T(the_result_of_a_deleted_run_is_forgotten), T(a_run_is_deleted_when_its_time_to_live_is_over))
