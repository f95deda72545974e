// SPDX-License-Identifier: Apache-2.0
// The runner alone: plans of the test, the real client and caches, the fake API server.
#include "apis/types.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/test.h"
#include "controller/config.h"
#include "controller/runner.h"
#include "informer/fake_cluster.h"
#include "informer/queue.h"

#define RUNS "/apis/kube9.io/v1alpha1/assessmentruns"
#define SEC  USEC_PER_SEC

struct fixture {
    struct fake_cluster c;
    struct runner *runner;
    struct intent plan[4]; // what is decided each time
    size_t n;
    unsigned decided, remembered, started, cancelled, wrote, denied, published;
    usec remembered_at;
    bool start_fails;
};

static const struct key config_key = { KIND_KUBE9_CONFIG, 0, "default" };
static const struct key run_key = { KIND_ASSESSMENT_RUN, 0, "x" };

static void decide(void *arg, const struct key *k unused_arg, struct plan *ret)
{
    struct fixture *f = arg;

    f->decided++;
    for (size_t i = 0; i < f->n; i++)
        *plan_add(ret, f->plan[i].kind) = f->plan[i];
}

static int start_job(void *arg, const struct intent *i unused_arg, struct error *e)
{
    struct fixture *f = arg;

    f->started++;
    return f->start_fails ? error_set(e, ERR_LIMIT, "busy") : 0;
}

static void cancel_job(void *arg, const struct intent *i unused_arg)
{
    ((struct fixture *)arg)->cancelled++;
}

static void publish(void *arg, struct config *c)
{
    ((struct fixture *)arg)->published++;
    config_unref(c);
}

static void remember(void *arg, const char *key unused_arg, const char *value unused_arg)
{
    struct fixture *f = arg;

    f->remembered++;
    f->remembered_at = clock_mono();
}

static void wrote(void *arg, const struct intent *i unused_arg)
{
    ((struct fixture *)arg)->wrote++;
}

static void denied(void *arg, const struct intent *i unused_arg, const struct error *e)
{
    assert_int_equal(e->code, ERR_DENIED);
    ((struct fixture *)arg)->denied++;
}

static void quiet(void *arg unused_arg, const char *line unused_arg)
{
}

static void init(struct fixture *f)
{
    struct runner_hooks hooks = {
        decide, start_job, cancel_job, publish, remember, wrote, denied, f
    };

    *f = (struct fixture){ 0 };
    log_capture(quiet, NULL);
    fake_cluster_init(&f->c, false, 0);
    fake_cluster_crd(&f->c, "kube9configs", "Kube9Config");
    fake_cluster_crd(&f->c, "assessmentruns", "AssessmentRun");
    informers_add(f->c.in, KIND_CUSTOM_RESOURCE_DEFINITION);
    informers_add(f->c.in, KIND_KUBE9_CONFIG);
    informers_add(f->c.in, KIND_ASSESSMENT_RUN);
    f->runner = runner_new(
        &(struct runner_options){
            .loop = f->c.loop, .client = f->c.client, .informers = f->c.in, .name = "test" },
        &hooks);
    runner_start(f->runner);
    fake_cluster_pass(&f->c, SEC);
}

static void fini(struct fixture *f)
{
    runner_free(f->runner);
    fake_cluster_fini(&f->c);
    log_capture(NULL, NULL);
}

#define BODY                                                                                       \
    "{\"apiVersion\":\"kube9.io/v1alpha1\",\"kind\":\"AssessmentRun\",\"metadata\":{\"name\":\"x\"},\"spec\":{\"mode\":\"Full\"}}"

static struct intent create_x(void)
{
    return (struct intent){
        .kind = INTENT_CREATE, .object_kind = KIND_ASSESSMENT_RUN, .name = "x", .body = str_of(BODY)
    };
}

static struct intent delete_x(const char *uid)
{
    return (struct intent){
        .kind = INTENT_DELETE, .object_kind = KIND_ASSESSMENT_RUN, .name = "x", .uid = uid
    };
}

static struct intent remember_it(void)
{
    return (struct intent){
        .kind = INTENT_REMEMBER, .object_kind = KIND_COUNT, .key = "k", .value = "v"
    };
}

static void m4_each_class_of_error_has_its_own_wait(void **state unused_arg)
{
    static const struct {
        int status;
        const char *reason;
        usec least, most; // until the second attempt
        unsigned denied;
    } rows[] = {
        {409,  "Conflict",           5 * USEC_PER_MSEC, 20 * USEC_PER_MSEC, 0},
        { 500, "InternalError",      5 * USEC_PER_MSEC, 20 * USEC_PER_MSEC, 0},
        { 503, "ServiceUnavailable", 5 * USEC_PER_MSEC, 20 * USEC_PER_MSEC, 0},
        { 403, "Forbidden",          60 * SEC,          61 * SEC,           1},
        { 422, "Invalid",            60 * SEC,          61 * SEC,           0},
        { 400, "BadRequest",         60 * SEC,          61 * SEC,           0},
        { 404, "NotFound",           60 * SEC,          61 * SEC,           0},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct fixture f;
        autofree char *body = xasprintf(
            "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"no\",\"reason\":"
            "\"%s\",\"code\":%d}",
            rows[i].reason, rows[i].status);
        usec began;

        init(&f);
        fake_server_script(f.c.server, "POST", RUNS,
                           &(struct fake_reply){ .status = rows[i].status, .body = body });
        f.plan[f.n++] = create_x();
        f.plan[f.n++] = remember_it();
        began = clock_mono();
        runner_add(f.runner, &config_key);
        fake_cluster_pass(&f.c, USEC_PER_MSEC);
        assert_int_equal(f.remembered, 0); // what follows a failure is not done
        while (!f.remembered && clock_mono() - began < 300 * SEC)
            fake_cluster_pass(&f.c, USEC_PER_MSEC);
        if (f.remembered_at - began < rows[i].least || f.remembered_at - began > rows[i].most)
            fail_msg("%d %s: again after %" PRId64 " us", rows[i].status, rows[i].reason,
                     f.remembered_at - began);
        assert_int_equal(f.denied, rows[i].denied);
        assert_int_equal(f.wrote, 1);
        fini(&f);
    }
}

static void m4_failures_in_a_row_wait_longer_each_time(void **state unused_arg)
{
    struct fixture f;

    init(&f);
    f.plan[f.n++] = (struct intent){
        .kind = INTENT_START_JOB, .object_kind = KIND_COUNT, .name = "x", .uid = "u"
    };
    f.start_fails = true;
    runner_add(f.runner, &config_key);
    fake_cluster_pass(&f.c, 60 * SEC);
    assert_in_range(f.started, 10, 16); // 5 ms doubled each time
    f.start_fails = false;
    fake_cluster_pass(&f.c, 100 * SEC);
    assert_int_equal(queue_failures(runner_queue(f.runner), &config_key), 0);
    fini(&f);
}

static void what_exists_is_created_and_what_is_gone_is_deleted(void **state unused_arg)
{
    struct fixture f;

    init(&f);
    fake_server_put(f.c.server, BODY);
    f.plan[f.n++] = create_x();
    f.plan[f.n++] =
        delete_x("11111111-1111-1111-1111-111111111111"); // another one of that name is there
    f.plan[f.n++] = remember_it();
    runner_add(f.runner, &config_key);
    fake_cluster_pass(&f.c, SEC);
    assert_int_equal(f.remembered, 1);
    assert_int_equal(f.wrote, 0);
    assert_int_equal(fake_server_objects(f.c.server, "assessmentruns"), 1); // the uid saved it
    fake_server_delete(f.c.server, "assessmentruns", "", "x");
    f.plan[0] = f.plan[1];
    runner_add(f.runner, &config_key);
    f.n = 1;
    fake_cluster_pass(&f.c, SEC);
    assert_int_equal(fake_server_count(f.c.server, "DELETE", RUNS "/x"), 2);
    assert_int_equal(f.decided, 2);
    fini(&f);
}

static void a_deletion_names_the_uid(void **state unused_arg)
{
    struct fixture f;
    const struct fake_request *r = NULL;

    init(&f);
    f.plan[f.n++] = delete_x("11111111-1111-1111-1111-111111111111");
    runner_add(f.runner, &config_key);
    fake_cluster_pass(&f.c, SEC);
    for (size_t i = 0; i < fake_server_requests(f.c.server); i++)
        r = strcmp(fake_server_request(f.c.server, i)->method, "DELETE") == 0
                ? fake_server_request(f.c.server, i)
                : r;
    assert_non_null(r);
    assert_non_null(
        strstr(r->body, "\"preconditions\":{\"uid\":\"11111111-1111-1111-1111-111111111111\""));
    assert_non_null(strstr(r->body, "Background"));
    fini(&f);
}

static void t5_a_key_waits_until_the_cache_shows_our_own_write(void **state unused_arg)
{
    struct fixture f;

    init(&f);
    fake_server_silence(f.c.server, true);
    f.plan[f.n++] = create_x();
    runner_add(f.runner, &config_key);
    fake_cluster_pass(&f.c, SEC);
    assert_int_equal(f.decided, 1);
    f.n = 0;
    runner_add(f.runner, &run_key);
    fake_cluster_pass(&f.c, 8 * SEC);
    assert_int_equal(f.decided, 1);
    fake_server_silence(f.c.server, false);
    fake_server_cut_watches(f.c.server, true);
    fake_cluster_pass(&f.c, SEC);
    runner_add(f.runner, &run_key); // as the change of the cache does
    fake_cluster_pass(&f.c, USEC_PER_MSEC);
    assert_int_equal(f.decided, 2);
    fini(&f);
}

static void t5_a_cache_that_never_shows_it_is_waited_for_ten_seconds(void **state unused_arg)
{
    struct fixture f;

    init(&f);
    fake_server_silence(f.c.server, true);
    f.plan[f.n++] = create_x();
    runner_add(f.runner, &config_key);
    fake_cluster_pass(&f.c, SEC);
    f.n = 0;
    runner_add(f.runner, &run_key);
    fake_cluster_pass(&f.c, 8 * SEC);
    assert_int_equal(f.decided, 1);
    fake_cluster_pass(&f.c, 3 * SEC);
    assert_int_equal(f.decided, 2);
    fini(&f);
}

// A run that the cache shows as running may be long over or gone.
static void what_follows_a_confirmation_waits_for_it(void **state unused_arg)
{
    static const int answers[] = { 404, 409, 200 };

    for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
        struct fixture f;

        init(&f);
        fake_server_script(f.c.server, "PATCH", RUNS "/x/status",
                           &(struct fake_reply){ .status = answers[i], .body = "{}" });
        f.plan[f.n++] = (struct intent){ .kind = INTENT_CONFIRM,
                                         .object_kind = KIND_ASSESSMENT_RUN,
                                         .name = "x",
                                         .merge = true,
                                         .body = str_of("{}") };
        f.plan[f.n++] = (struct intent){ .kind = INTENT_START_JOB };
        runner_add(f.runner, &run_key);
        fake_cluster_pass(&f.c, USEC_PER_MSEC);
        assert_int_equal(f.started, answers[i] == 200);
        fini(&f);
    }
}

static void m10_stopping_cancels_what_is_under_way(void **state unused_arg)
{
    struct fixture f;

    init(&f);
    fake_server_script(f.c.server, "POST", RUNS,
                       &(struct fake_reply){ .status = 201, .body = BODY, .delay = 5 * SEC });
    f.plan[f.n++] = create_x();
    f.plan[f.n++] = remember_it();
    runner_add(f.runner, &config_key);
    fake_cluster_pass(&f.c, SEC);
    assert_false(runner_idle(f.runner));
    runner_stop(f.runner);
    runner_add(f.runner, &run_key);
    fake_cluster_pass(&f.c, 10 * SEC);
    assert_int_equal(f.remembered + f.wrote, 0);
    assert_int_equal(f.decided, 1);
    assert_true(runner_idle(f.runner));
    fini(&f);
}

static void m3_nothing_is_decided_while_paused(void **state unused_arg)
{
    struct fixture f;

    init(&f);
    f.plan[f.n++] = remember_it();
    runner_pause(f.runner, true);
    runner_add(f.runner, &config_key);
    fake_cluster_pass(&f.c, 60 * SEC);
    assert_int_equal(f.decided, 0);
    runner_pause(f.runner, false);
    fake_cluster_pass(&f.c, USEC_PER_MSEC);
    assert_int_equal(f.remembered, 1);
    fini(&f);
}

static void m4_a_requeue_comes_at_its_time(void **state unused_arg)
{
    struct fixture f;

    init(&f);
    f.plan[f.n++] = (struct intent){ .kind = INTENT_REQUEUE,
                                     .object_kind = KIND_COUNT,
                                     .at = clock_wall() + 30 * SEC };
    runner_add(f.runner, &config_key);
    fake_cluster_pass(&f.c, 29 * SEC);
    assert_int_equal(f.decided, 1);
    f.n = 0;
    fake_cluster_pass(&f.c, 2 * SEC);
    assert_int_equal(f.decided, 2);
    fake_cluster_pass(&f.c, USEC_PER_HOUR);
    assert_int_equal(f.decided, 2);
    fini(&f);
}

static double outcomes(const char *result)
{
    return metric_value(METRIC_CONTROLLER_RUNTIME_RECONCILE_TOTAL, "kube9config", result);
}

static void m6_each_outcome_is_counted_once_under_its_label(void **state unused_arg)
{
    struct fixture f;

    init(&f);
    runner_add(f.runner, &config_key); // nothing to do
    fake_cluster_pass(&f.c, SEC);
    assert_true(outcomes("success") == 1);
    fake_server_script(f.c.server, "POST", RUNS, &(struct fake_reply){ .status = 500 });
    f.plan[f.n++] = create_x();
    runner_add(f.runner, &config_key); // fails once, then does not
    fake_cluster_pass(&f.c, SEC);
    assert_true(outcomes("error") == 1);
    assert_true(outcomes("success") == 2);
    f.plan[0] = (struct intent){ .kind = INTENT_REQUEUE,
                                 .object_kind = KIND_COUNT,
                                 .at = clock_wall() + USEC_PER_HOUR };
    runner_add(f.runner, &config_key);
    fake_cluster_pass(&f.c, SEC);
    assert_true(outcomes("requeue_after") == 1);
    assert_true(outcomes("success") == 2);
    assert_true(metric_value(METRIC_CONTROLLER_RUNTIME_RECONCILE_ERRORS_TOTAL, "kube9config") == 1);
    assert_true(metric_value(METRIC_CONTROLLER_RUNTIME_RECONCILE_TIME_SECONDS, "kube9config") == 4);
    assert_true(metric_value(METRIC_CONTROLLER_RUNTIME_ACTIVE_WORKERS, "kube9config") == 0);
    fini(&f);
}

static void a_configuration_that_is_not_published_is_freed(void **state unused_arg)
{
    struct fixture f;

    init(&f);
    fake_server_script(f.c.server, "POST", RUNS,
                       &(struct fake_reply){ .status = 201, .body = BODY, .delay = 5 * SEC });
    f.plan[f.n++] = create_x();
    f.plan[f.n++] = (struct intent){ .kind = INTENT_PUBLISH,
                                     .object_kind = KIND_COUNT,
                                     .config = config_defaults() };
    runner_add(f.runner, &config_key);
    fake_cluster_pass(&f.c, SEC);
    runner_stop(f.runner); // the leak checker looks at the rest
    assert_int_equal(f.published, 0);
    fini(&f);
}

RUN(T(m4_each_class_of_error_has_its_own_wait), T(m4_failures_in_a_row_wait_longer_each_time),
    T(what_exists_is_created_and_what_is_gone_is_deleted), T(a_deletion_names_the_uid),
    T(t5_a_key_waits_until_the_cache_shows_our_own_write),
    T(t5_a_cache_that_never_shows_it_is_waited_for_ten_seconds),
    T(what_follows_a_confirmation_waits_for_it), T(m10_stopping_cancels_what_is_under_way),
    T(m3_nothing_is_decided_while_paused), T(m4_a_requeue_comes_at_its_time),
    T(m6_each_outcome_is_counted_once_under_its_label),
    T(a_configuration_that_is_not_published_is_freed))
