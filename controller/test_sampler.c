// SPDX-License-Identifier: Apache-2.0
// metrics.k8s.io on the fake API server: served or not, allowed or not, late or broken.
#include "apis/usage.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/test.h"
#include "controller/sampler.h"
#include "informer/epoch.h"
#include "informer/fake_cluster.h"
#include "informer/permission.h"

#define SEC  USEC_PER_SEC
#define API  "/apis/metrics.k8s.io/v1beta1"
#define PODS API "/pods?"

struct fixture {
    struct fake_cluster c;
    struct permissions *permissions;
    struct sampler *s;
    struct snapshot *snapshot;
    unsigned ended;
};

static void on_ended(void *arg)
{
    ((struct fixture *)arg)->ended++;
}

static void quiet(void *arg unused_arg, const char *line unused_arg)
{
}

static void put_metrics(struct fixture *f, int pod, const char *cpu)
{
    char text[512];

    snprintf(text, sizeof(text),
             "{\"apiVersion\":\"metrics.k8s.io/v1beta1\",\"kind\":\"PodMetrics\",\"metadata\":{"
             "\"name\":\"pod-%d\",\"namespace\":\"shop\"},\"containers\":[{\"name\":\"app\","
             "\"usage\":{\"cpu\":\"%s\",\"memory\":\"64Mi\"}}]}",
             pod, cpu);
    assert_int_not_equal(fake_server_put(f->c.server, text), 0);
}

static void init(struct fixture *f)
{
    *f = (struct fixture){ 0 };
    log_capture(quiet, NULL);
    fake_cluster_init(&f->c, false, 0);
    for (int i = 0; i < 3; i++) {
        char name[16];
        snprintf(name, sizeof(name), "pod-%d", i);
        fake_cluster_pod(&f->c, "shop", name, "x");
        put_metrics(f, i, "250m");
    }
    put_metrics(f, 9, "1"); // of a Pod that is not known
    f->permissions = permissions_new(f->c.loop, f->c.client, NULL, NULL);
    f->s = sampler_new(&(struct sampler_options){ .loop = f->c.loop,
                                                  .client = f->c.client,
                                                  .informers = f->c.in,
                                                  .permissions = f->permissions,
                                                  .ended = on_ended,
                                                  .arg = f });
    informers_add(f->c.in, KIND_POD);
    informers_add(f->c.in, KIND_NODE);
    fake_cluster_pass(&f->c, SEC);
}

static void fini(struct fixture *f)
{
    sampler_free(f->s);
    permissions_free(f->permissions);
    fake_cluster_fini(&f->c);
    log_capture(NULL, NULL);
}

static enum kind_state show(struct fixture *f)
{
    enum kind_state state;

    f->snapshot = epoch_open(f->c.in);
    sampler_show(f->s, f->snapshot);
    state = (enum kind_state)f->snapshot->state[KIND_POD_METRICS];
    assert_int_equal(f->snapshot->state[KIND_NODE_METRICS], state);
    return state;
}

static void hide(struct fixture *f)
{
    epoch_close(f->c.in, f->snapshot);
    sampler_take_back(f->s);
}

static void one_look_fills_the_snapshot(void **state unused_arg)
{
    struct usage_samples s = { 0 };
    struct fixture f;

    init(&f);
    sampler_look(f.s);
    assert_true(sampler_busy(f.s));
    fake_cluster_pass(&f.c, SEC);
    assert_false(sampler_busy(f.s));
    assert_int_equal(f.ended, 1);
    assert_int_equal(show(&f), KIND_SYNCED);
    assert_int_equal(usage_series(f.snapshot->usage), 3);
    usage_of_pod(f.snapshot->usage, f.snapshot->objects[KIND_POD][0], "app", &s);
    assert_int_equal(s.slot[0].cpu, 250);
    hide(&f);
    assert_int_equal(fake_server_count(f.c.server, "GET", "metrics.k8s.io"), 3);
    sampler_look(f.s);
    fake_cluster_pass(&f.c, SEC);
    assert_int_equal(fake_server_count(f.c.server, "GET", "metrics.k8s.io"), 5); // known by now
    fini(&f);
}

static void without_the_api_no_right_is_asked_for_and_nothing_listed(void **state unused_arg)
{
    struct fixture f;

    init(&f);
    fake_server_script(f.c.server, "GET", API, &(struct fake_reply){ .status = 404 });
    sampler_look(f.s);
    fake_cluster_pass(&f.c, SEC);
    assert_int_equal(show(&f), KIND_ABSENT);
    hide(&f);
    assert_int_equal(fake_server_count(f.c.server, "GET", "metrics.k8s.io"), 1);
    assert_int_equal(fake_server_count(f.c.server, "POST", "selfsubject"), 0);
    sampler_look(f.s); // it has come meanwhile
    fake_cluster_pass(&f.c, SEC);
    assert_int_equal(show(&f), KIND_SYNCED);
    hide(&f);
    fini(&f);
}

static void an_api_that_went_leaves_no_right_missing(void **state unused_arg)
{
    struct fixture f;

    init(&f);
    sampler_look(f.s);
    fake_cluster_pass(&f.c, SEC);
    fake_server_script(f.c.server, "GET", API, &(struct fake_reply){ .status = 404 });
    fake_server_allow(f.c.server, "list", "pods", false);
    sampler_look(f.s);
    fake_cluster_pass(&f.c, SEC);
    assert_int_equal(show(&f), KIND_ABSENT);
    hide(&f);
    assert_int_equal(permissions_missing(f.permissions), 0);
    fini(&f);
}

static void without_permission_nothing_is_listed(void **state unused_arg)
{
    struct fixture f;

    init(&f);
    fake_server_allow(f.c.server, "list", "pods", false);
    sampler_look(f.s);
    fake_cluster_pass(&f.c, SEC);
    assert_int_equal(f.ended, 1);
    assert_int_equal(show(&f), KIND_DENIED);
    hide(&f);
    assert_int_equal(fake_server_count(f.c.server, "GET", PODS), 0);
    assert_int_equal(permissions_missing(f.permissions), 1);
    fini(&f);
}

static void a_list_that_fails_says_why(void **state unused_arg)
{
    struct fixture f;

    init(&f);
    fake_server_script(f.c.server, "GET", PODS,
                       &(struct fake_reply){ .status = 503, .body = "unable to handle" });
    sampler_look(f.s);
    fake_cluster_pass(&f.c, SEC);
    assert_int_equal(show(&f), KIND_NOT_SYNCED);
    assert_non_null(strstr(usage_problem(f.snapshot->usage), "503"));
    hide(&f);
    sampler_look(f.s);
    fake_cluster_pass(&f.c, SEC);
    assert_int_equal(show(&f), KIND_SYNCED);
    assert_string_equal(usage_problem(f.snapshot->usage), "");
    hide(&f);
    fini(&f);
}

static void a_list_that_is_late_ends_with_the_snapshot(void **state unused_arg)
{
    struct fixture f;

    init(&f);
    fake_server_script(f.c.server, "GET", PODS, &(struct fake_reply){ .delay = 60 * SEC });
    sampler_look(f.s);
    fake_cluster_pass(&f.c, SEC);
    assert_true(sampler_busy(f.s));
    assert_int_equal(show(&f), KIND_NOT_SYNCED);
    assert_false(sampler_busy(f.s));
    assert_non_null(strstr(usage_problem(f.snapshot->usage), "in time"));
    hide(&f);
    fini(&f);
}

static void it_looks_by_itself_but_not_into_an_open_snapshot(void **state unused_arg)
{
    struct fixture f;

    init(&f);
    sampler_keep_looking(f.s);
    fake_cluster_pass(&f.c, USAGE_SLOT - SEC);
    assert_int_equal(f.ended, 0);
    fake_cluster_pass(&f.c, 2 * SEC);
    assert_int_equal(f.ended, 1);
    assert_int_equal(show(&f), KIND_SYNCED);
    fake_cluster_pass(&f.c, USAGE_SLOT + 10 * USEC_PER_MIN);
    assert_int_equal(f.ended, 1);
    hide(&f);
    fake_cluster_pass(&f.c, USEC_PER_MIN);
    assert_int_equal(f.ended, 2);
    fini(&f);
}

static void pages_are_all_read(void **state unused_arg)
{
    struct usage_samples s = { 0 };
    struct fixture f;
    char first[512];

    init(&f);
    snprintf(first, sizeof(first),
             "{\"kind\":\"PodMetricsList\",\"metadata\":{\"resourceVersion\":\"7\","
             "\"continue\":\"more\"},\"items\":[{\"metadata\":{\"name\":\"pod-0\","
             "\"namespace\":\"shop\"},\"containers\":[{\"name\":\"app\",\"usage\":{\"cpu\":"
             "\"2\"}}]}]}");
    fake_server_script(f.c.server, "GET", PODS, &(struct fake_reply){ .body = first, .chunk = 7 });
    fake_server_script(f.c.server, "GET", "continue=more",
                       &(struct fake_reply){
                           .body = "{\"kind\":\"PodMetricsList\",\"metadata\":{\"resourceVersion\":"
                                   "\"7\"},\"items\":[{\"metadata\":{\"name\":\"pod-1\","
                                   "\"namespace\":\"shop\"},\"containers\":[{\"name\":\"app\","
                                   "\"usage\":{\"cpu\":\"3\"}}]}]}" });
    sampler_look(f.s);
    fake_cluster_pass(&f.c, SEC);
    assert_int_equal(show(&f), KIND_SYNCED);
    assert_int_equal(usage_series(f.snapshot->usage), 2);
    usage_of_pod(f.snapshot->usage, informer_get(f.c.in, KIND_POD, "shop", "pod-1"), "app", &s);
    assert_int_equal(s.slot[0].cpu, 3000);
    hide(&f);
    fini(&f);
}

RUN(T(one_look_fills_the_snapshot), T(without_the_api_no_right_is_asked_for_and_nothing_listed),
    T(an_api_that_went_leaves_no_right_missing), T(without_permission_nothing_is_listed),
    T(a_list_that_fails_says_why), T(a_list_that_is_late_ends_with_the_snapshot),
    T(it_looks_by_itself_but_not_into_an_open_snapshot), T(pages_are_all_read))
