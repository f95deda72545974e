// SPDX-License-Identifier: Apache-2.0
// One job at a time, on a real worker thread that the test holds at a gate: so a stop comes exactly
// before the walk looks.
#include "apis/types.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/test.h"
#include "base/worker.h"
#include "controller/assessor.h"
#include "controller/history.h"
#include "controller/sampler.h"
#include "informer/epoch.h"
#include "informer/fake_cluster.h"
#include "informer/permission.h"
#include "store/runs.h"
#include "store/store.h"
#include "store/vulnerabilities.h"

#include <dirent.h>
#include <semaphore.h>
#include <unistd.h>

#define SEC USEC_PER_SEC
#define UID "00000000-0000-4000-8000-0000000000aa"

struct fixture {
    struct fake_cluster c;
    struct worker *worker;
    struct history *history;
    struct assessor *assessor;
    unsigned finished;
    char dir[64], db[96];
};

static void on_finished(void *arg, const char *uid)
{
    struct fixture *f = arg;

    assert_string_equal(uid, UID);
    f->finished++;
}

static void quiet(void *arg unused_arg, const char *line unused_arg)
{
}

// Turns of the loop without time going by, until the worker has nothing more.
static void settle(struct fixture *f)
{
    for (int i = 0; i < 5000 && worker_queued(f->worker); i++) {
        assert_int_equal(loop_turn(f->c.loop, 0, NULL), 0);
        usleep(1000);
    }
    assert_int_equal(worker_queued(f->worker), 0);
    for (int i = 0; i < 20; i++)
        assert_int_equal(loop_turn(f->c.loop, 0, NULL), 0);
}

static void init(struct fixture *f, bool with_store)
{
    *f = (struct fixture){ 0 };
    log_capture(quiet, NULL);
    fake_cluster_init(&f->c, false, 0);
    snprintf(f->dir, sizeof(f->dir), "/tmp/k9assessor.XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->db, sizeof(f->db), "%s/%skube9.db", f->dir, with_store ? "" : "no/such/folder/");
    for (int i = 0; i < 5; i++) {
        char name[16];

        snprintf(name, sizeof(name), "pod-%d", i);
        fake_cluster_pod(&f->c, "shop", name, "x");
    }
    informers_add(f->c.in, KIND_POD);
    f->worker = worker_new(f->c.loop, 64, NULL);
    f->history = history_new(
        &(struct history_options){ .loop = f->c.loop, .worker = f->worker, .path = f->db });
    history_open(f->history);
    settle(f);
    f->assessor = assessor_new(&(struct assessor_options){ .loop = f->c.loop,
                                                           .worker = f->worker,
                                                           .informers = f->c.in,
                                                           .history = f->history,
                                                           .finished = on_finished,
                                                           .arg = f });
}

static void remove_dir(const char *path)
{
    DIR *d = opendir(path);

    for (struct dirent *e; d && (e = readdir(d));) {
        autofree char *name = xasprintf("%s/%s", path, e->d_name);

        unlink(name);
    }
    if (d)
        closedir(d);
    rmdir(path);
}

static void fini(struct fixture *f)
{
    assessor_stop(f->assessor);
    history_close(f->history);
    worker_free(f->worker);
    assessor_free(f->assessor);
    history_free(f->history);
    fake_cluster_fini(&f->c);
    remove_dir(f->dir);
    log_capture(NULL, NULL);
}

static int start(struct fixture *f, usec within)
{
    struct job_request q = {
        .uid = UID,
        .name = "r",
        .trigger = "Manual",
        .mode = "Full",
        .options = {.mode = ASSESS_FULL, .profile = "default"},
        .requested = clock_wall(),
        .started = clock_wall(),
        .deadline = clock_wall() + within,
        .own_namespace = "kube9-system"
    };

    return assessor_start(f->assessor, &q, NULL);
}

static int ignore_row(void *arg unused_arg, const struct finding_row *r unused_arg)
{
    return 0;
}

static int64_t rows(struct fixture *f)
{
    struct store *s = store_open_readonly(f->db, NULL);
    int64_t total = 0;

    if (!s)
        return -1;
    if (store_finding_each(s, &(struct finding_query){ .run = UID }, ignore_row, NULL, &total,
                           NULL) != 0)
        total = 0;
    store_close(s);
    return total;
}

struct gate {
    sem_t arrived, open;
};

static void wait_for(sem_t *s)
{
    while (sem_wait(s) < 0)
        ;
}

static void wait_at_gate(void *arg)
{
    struct gate *g = arg;

    sem_post(&g->arrived);
    wait_for(&g->open);
}

// The worker does nothing more, once it gets here, until the gate is opened.
static void close_gate(struct fixture *f, struct gate *g)
{
    sem_init(&g->arrived, 0, 0);
    sem_init(&g->open, 0, 0);
    assert_int_equal(worker_do(f->worker, wait_at_gate, NULL, g, NULL), 0);
}

static void open_gate(struct gate *g)
{
    sem_post(&g->open);
}

static void a_result_is_kept_with_its_rows_until_it_is_forgotten(void **state unused_arg)
{
    struct fixture f;
    const struct job_result *r;

    init(&f, true);
    fake_cluster_pass(&f.c, SEC);
    assert_int_equal(start(&f, 60 * SEC), 0);
    assert_string_equal(assessor_running(f.assessor), UID);
    assert_int_equal(start(&f, 60 * SEC), -1); // one at a time
    fake_cluster_pass(&f.c, 0);
    settle(&f);
    assert_int_equal(f.finished, 1);
    assert_null(assessor_running(f.assessor));
    r = assessor_result(f.assessor, UID);
    assert_non_null(r);
    assert_int_equal(r->outcome, JOB_COMPLETED);
    assert_true(r->stored);
    assert_int_equal(r->n_checks, checks_count());
    assert_true(r->failing[CHECK_HIGH] + r->failing[CHECK_MEDIUM] + r->failing[CHECK_LOW] > 0);
    assert_true(rows(&f) > 10);
    assessor_forget(f.assessor, UID);
    assert_null(assessor_result(f.assessor, UID));
    assessor_forget(f.assessor, UID);
    fini(&f);
}

static int64_t stored_vulnerabilities(struct fixture *f, struct vulnerability_summary *ret)
{
    struct store *s = store_open_readonly(f->db, NULL);

    assert_non_null(s);
    assert_int_equal(store_vulnerability_summary(s, ret, NULL), 0);
    store_close(s);
    return ret->reports;
}

static void run_once(struct fixture *f)
{
    assert_int_equal(start(f, 60 * SEC), 0);
    fake_cluster_pass(&f->c, 0);
    settle(f);
    assert_true(assessor_result(f->assessor, UID)->stored);
    assessor_forget(f->assessor, UID);
}

#define REPORT(name, list)                                                                         \
    "{\"kind\":\"VulnerabilityReport\",\"apiVersion\":\"aquasecurity.github.io/v1alpha1\","        \
    "\"metadata\":{\"name\":\"" name "\",\"namespace\":\"shop\"},\"report\":{\"registry\":{"       \
    "\"server\":\"index.docker.io\"},\"artifact\":{\"repository\":\"shop/cart\",\"tag\":\"1\"},"   \
    "\"vulnerabilities\":[" list "]}}"
#define FOUND(id, severity, fixed)                                                                 \
    "{\"vulnerabilityID\":\"" id "\",\"severity\":\"" severity "\",\"resource\":\"openssl\","      \
    "\"installedVersion\":\"1\",\"fixedVersion\":\"" fixed "\"}"

static void a_run_brings_the_vulnerabilities_of_images_up_to_date(void **state unused_arg)
{
    struct vulnerability_summary sum;
    struct fixture f;

    init(&f, true);
    fake_server_put(f.c.server,
                    REPORT("a", FOUND("CVE-1", "CRITICAL", "2") "," FOUND("CVE-2", "LOW", "")));
    fake_server_put(f.c.server, REPORT("b", FOUND("CVE-1", "CRITICAL", "2")));
    informers_add(f.c.in, KIND_VULNERABILITY_REPORT);
    fake_cluster_pass(&f.c, SEC);
    run_once(&f);
    assert_int_equal(stored_vulnerabilities(&f, &sum), 2);
    assert_int_equal(sum.found[VULNERABILITY_CRITICAL], 2);
    assert_int_equal(sum.found[VULNERABILITY_LOW], 1);
    assert_int_equal(sum.fixable[VULNERABILITY_LOW], 0);
    fake_server_put(f.c.server, REPORT("a", FOUND("CVE-2", "LOW", "3")));
    fake_cluster_pass(&f.c, SEC);
    run_once(&f);
    assert_int_equal(stored_vulnerabilities(&f, &sum), 2);
    assert_int_equal(sum.found[VULNERABILITY_CRITICAL], 1);
    assert_int_equal(sum.fixable[VULNERABILITY_LOW], 1);
    fini(&f);
}

static int see_object(void *arg, const struct vulnerability_row *r)
{
    snprintf(arg, 64, "%s/%s", r->scan.kind, r->scan.name);
    return 0;
}

static const char *vulnerable_object(struct fixture *f, char ret[64])
{
    struct store *s = store_open_readonly(f->db, NULL);
    int64_t total = 0;

    assert_non_null(s);
    *ret = '\0';
    assert_int_equal(store_vulnerability_each(s, &(struct vulnerability_query){ 0 }, see_object,
                                              ret, &total, NULL),
                     0);
    store_close(s);
    return ret;
}

static void
a_vulnerability_is_told_of_the_deployment_behind_the_replica_set(void **state unused_arg)
{
    struct fixture f;
    char text[64];

    init(&f, true);
    fake_server_put(
        f.c.server,
        "{\"kind\":\"VulnerabilityReport\",\"apiVersion\":\"aquasecurity.github.io/v1alpha1\","
        "\"metadata\":{\"name\":\"a\",\"namespace\":\"shop\",\"labels\":{"
        "\"trivy-operator.resource.kind\":\"ReplicaSet\","
        "\"trivy-operator.resource.name\":\"cart-1\"}},\"report\":{\"vulnerabilities\":[" FOUND(
            "CVE-1", "CRITICAL", "2") "]}}");
    informers_add(f.c.in, KIND_VULNERABILITY_REPORT);
    informers_add(f.c.in, KIND_REPLICA_SET);
    fake_cluster_pass(&f.c, SEC);
    run_once(&f);
    assert_string_equal(vulnerable_object(&f, text), "ReplicaSet/cart-1");
    fake_server_put(
        f.c.server,
        "{\"kind\":\"ReplicaSet\",\"apiVersion\":\"apps/v1\",\"metadata\":{\"name\":"
        "\"cart-1\",\"namespace\":\"shop\",\"ownerReferences\":[{\"kind\":\"Deployment\","
        "\"name\":\"cart\",\"controller\":true}]}}");
    fake_cluster_pass(&f.c, SEC);
    run_once(&f); // the report is the same; who runs the image is known now
    assert_string_equal(vulnerable_object(&f, text), "Deployment/cart");
    fini(&f);
}

static void without_a_store_the_run_ends_all_the_same(void **state unused_arg)
{
    struct fixture f;
    const struct job_result *r;

    init(&f, false);
    fake_cluster_pass(&f.c, SEC);
    assert_int_equal(start(&f, 60 * SEC), 0);
    fake_cluster_pass(&f.c, 0);
    settle(&f);
    r = assessor_result(f.assessor, UID);
    assert_int_equal(r->outcome, JOB_COMPLETED);
    assert_false(r->stored);
    assert_string_equal(r->store_error, "the store is not open");
    fini(&f);
}

static void a_cancelled_run_keeps_no_rows(void **state unused_arg)
{
    struct fixture f;
    struct gate gate;

    init(&f, true);
    fake_cluster_pass(&f.c, SEC);
    close_gate(&f, &gate);
    assert_int_equal(start(&f, 60 * SEC), 0);
    fake_cluster_pass(&f.c, 50 * USEC_PER_MSEC); // the walk waits for the worker
    assessor_cancel(f.assessor, "somebody else");
    assessor_cancel(f.assessor, UID);
    open_gate(&gate);
    settle(&f);
    assert_int_equal(f.finished, 1);
    assert_int_equal(assessor_result(f.assessor, UID)->outcome, JOB_CANCELLED);
    assert_false(assessor_result(f.assessor, UID)->stored);
    assert_int_equal(rows(&f), 0);
    fini(&f);
}

static void a_walk_ends_at_its_deadline(void **state unused_arg)
{
    struct fixture f;
    struct gate gate;

    init(&f, true);
    fake_cluster_pass(&f.c, SEC);
    close_gate(&f, &gate);
    assert_int_equal(start(&f, SEC), 0);
    fake_cluster_pass(&f.c, 1500 * USEC_PER_MSEC);
    open_gate(&gate);
    settle(&f);
    assert_int_equal(assessor_result(f.assessor, UID)->outcome, JOB_TIMED_OUT);
    assert_string_equal(assessor_result(f.assessor, UID)->reason, "DeadlineExceeded");
    fini(&f);
}

static void
a_job_that_waits_for_the_caches_ends_at_its_deadline_or_when_cancelled(void **state unused_arg)
{
    struct fixture f;

    for (int cancel = 0; cancel < 2; cancel++) {
        init(&f, true);
        fake_server_script(f.c.server, "GET", "/api/v1/nodes",
                           &(struct fake_reply){ .status = 500, .body = "{}", .times = 1000 });
        informers_add(f.c.in, KIND_NODE);
        fake_cluster_pass(&f.c, SEC);
        assert_int_equal(start(&f, 20 * SEC), 0);
        fake_cluster_pass(&f.c, 10 * SEC);
        assert_int_equal(f.finished, 0);
        if (cancel) {
            assessor_cancel(f.assessor, UID);
            fake_cluster_pass(&f.c, 0);
        } else {
            fake_cluster_pass(&f.c, 11 * SEC);
        }
        assert_int_equal(f.finished, 1);
        assert_int_equal(assessor_result(f.assessor, UID)->outcome,
                         cancel ? JOB_CANCELLED : JOB_TIMED_OUT);
        assert_int_equal(rows(&f), 0);
        fini(&f);
    }
}

static void a_kind_that_cannot_be_listed_is_waited_for_half_a_minute(void **state unused_arg)
{
    struct fixture f;

    init(&f, true);
    fake_server_script(f.c.server, "GET", "/api/v1/nodes",
                       &(struct fake_reply){ .status = 500, .body = "{}", .times = 1000 });
    informers_add(f.c.in, KIND_NODE);
    fake_cluster_pass(&f.c, SEC);
    assert_int_equal(start(&f, 300 * SEC), 0);
    fake_cluster_pass(&f.c, 29 * SEC);
    assert_int_equal(worker_queued(f.worker), 0);
    fake_cluster_pass(&f.c, 2 * SEC);
    settle(&f);
    assert_int_equal(f.finished, 1);
    assert_int_equal(assessor_result(f.assessor, UID)->outcome, JOB_COMPLETED);
    fini(&f);
}

static void on_sampled(void *arg)
{
    assessor_caches_changed(((struct fixture *)arg)->assessor);
}

// delay: of the usage of Pods.
static void run_with_usage(usec delay, usec almost)
{
    struct permissions *permissions;
    struct sampler *sampler;
    struct fixture f;

    init(&f, true);
    permissions = permissions_new(f.c.loop, f.c.client, NULL, NULL);
    sampler = sampler_new(&(struct sampler_options){ .loop = f.c.loop,
                                                     .client = f.c.client,
                                                     .informers = f.c.in,
                                                     .permissions = permissions,
                                                     .ended = on_sampled,
                                                     .arg = &f });
    assessor_free(f.assessor);
    f.assessor = assessor_new(&(struct assessor_options){ .loop = f.c.loop,
                                                          .worker = f.worker,
                                                          .informers = f.c.in,
                                                          .history = f.history,
                                                          .sampler = sampler,
                                                          .finished = on_finished,
                                                          .arg = &f });
    fake_cluster_pass(&f.c, SEC);
    fake_server_script(f.c.server, "GET", "/apis/metrics.k8s.io/v1beta1/pods",
                       &(struct fake_reply){ .body = "{\"kind\":\"PodMetricsList\",\"metadata\":{"
                                                     "\"resourceVersion\":\"1\"},\"items\":[]}",
                                             .delay = delay });
    assert_int_equal(start(&f, 300 * SEC), 0);
    fake_cluster_pass(&f.c, almost);
    assert_int_equal(worker_queued(f.worker), 0);
    assert_int_equal(f.finished, 0);
    fake_cluster_pass(&f.c, 2 * SEC);
    settle(&f);
    assert_int_equal(f.finished, 1);
    assert_int_equal(assessor_result(f.assessor, UID)->outcome, JOB_COMPLETED);
    assessor_stop(f.assessor);
    sampler_free(sampler);
    permissions_free(permissions);
    fini(&f);
}

static void a_job_waits_for_usage_but_for_half_a_minute_at_most(void **state unused_arg)
{
    run_with_usage(5 * SEC, 4 * SEC);
    run_with_usage(100 * SEC, 29 * SEC);
}

static void a_job_starts_when_the_caches_are_there(void **state unused_arg)
{
    struct fixture f;

    init(&f, true);
    fake_server_script(f.c.server, "GET", "/api/v1/nodes",
                       &(struct fake_reply){ .status = 500, .body = "{}", .times = 3 });
    informers_add(f.c.in, KIND_NODE);
    fake_cluster_pass(&f.c, 100 * USEC_PER_MSEC);
    assert_int_equal(start(&f, 120 * SEC), 0);
    fake_cluster_pass(&f.c, 25 * SEC);
    assert_true(informers_synced(f.c.in));
    assessor_caches_changed(f.assessor); // as the manager does when a kind's state changes
    fake_cluster_pass(&f.c, 0);
    settle(&f);
    assert_int_equal(assessor_result(f.assessor, UID)->outcome, JOB_COMPLETED);
    fini(&f);
}

// So much changes that a walk that has not ended is given up.
static void change_too_much(struct fixture *f)
{
    char value[201] = { 0 };
    struct buf autobuf text = { 0 };

    memset(value, 'x', sizeof(value) - 1);
    for (int i = 0; epoch_retired_bytes(f->c.in) <= EPOCH_MAX_RETIRED; i++) {
        assert_true(i < 1000);
        buf_fini(&text);
        buf_init(&text, (size_t)1 << 20);
        buf_addf(&text,
                 "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"pod-0\","
                 "\"namespace\":\"shop\",\"labels\":{\"n\":\"%d\"",
                 i);
        for (int n = 0; n < 60; n++)
            buf_addf(&text, ",\"l%d\":\"%s\"", n, value);
        buf_adds(&text, "}},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"x\"}]}}");
        assert_true(fake_server_put(f->c.server, text.p) != 0);
        fake_cluster_pass(&f->c, 0);
    }
    fake_cluster_pass(&f->c, SEC);
}

// Each walk is held until its epoch is too old.
static void make_walks_late(struct fixture *f, struct gate gates[4], int walks)
{
    for (int i = 0; i < walks; i++) {
        change_too_much(f);
        close_gate(f, &gates[i + 1]); // behind this walk, before the next
        open_gate(&gates[i]);
        wait_for(&gates[i + 1].arrived); // this walk has ended
        for (int n = 0; n < 5; n++)      // the loop hears of it and begins the next
            assert_int_equal(loop_turn(f->c.loop, 0, NULL), 0);
    }
}

static void an_epoch_that_is_too_old_is_walked_again_three_times_at_most(void **state unused_arg)
{
    struct fixture f;
    struct gate gates[4];
    const struct job_result *r;

    init(&f, true);
    fake_cluster_pass(&f.c, SEC);
    close_gate(&f, &gates[0]);
    assert_int_equal(start(&f, 300 * SEC), 0);
    make_walks_late(&f, gates, 3);
    open_gate(&gates[3]);
    settle(&f);
    assert_int_equal(f.finished, 1);
    r = assessor_result(f.assessor, UID);
    assert_int_equal(r->outcome, JOB_PARTIAL);
    assert_true(r->stored);
    fini(&f);
}

// What the worker does before it comes to the walk says nothing of the cluster.
static void a_walk_that_waits_for_the_worker_is_not_too_old(void **state unused_arg)
{
    struct fixture f;
    struct gate gates[2];

    init(&f, true);
    fake_cluster_pass(&f.c, SEC);
    close_gate(&f, &gates[0]);
    assert_int_equal(start(&f, 300 * SEC), 0);
    fake_cluster_pass(&f.c, 60 * SEC);
    close_gate(&f, &gates[1]);
    open_gate(&gates[0]);
    wait_for(&gates[1].arrived);
    for (int n = 0; n < 5; n++)
        assert_int_equal(loop_turn(f.c.loop, 0, NULL), 0);
    assert_int_equal(f.finished, 1); // in one walk
    open_gate(&gates[1]);
    settle(&f);
    assert_int_equal(assessor_result(f.assessor, UID)->outcome, JOB_COMPLETED);
    fini(&f);
}

static void a_second_walk_that_is_in_time_completes_the_run(void **state unused_arg)
{
    struct fixture f;
    struct gate gates[4];
    int64_t n;

    init(&f, true);
    fake_cluster_pass(&f.c, SEC);
    close_gate(&f, &gates[0]);
    assert_int_equal(start(&f, 300 * SEC), 0);
    make_walks_late(&f, gates, 1);
    open_gate(&gates[1]);
    settle(&f);
    assert_int_equal(assessor_result(f.assessor, UID)->outcome, JOB_COMPLETED);
    n = rows(&f);
    assert_int_equal(start(&f, 300 * SEC), 0); // again under the same uid: replaced, not added
    fake_cluster_pass(&f.c, 0);
    settle(&f);
    assert_int_equal(rows(&f), n);
    fini(&f);
}

static void a_cancel_between_two_walks_counts(void **state unused_arg)
{
    struct fixture f;
    struct gate gates[4];

    init(&f, true);
    fake_cluster_pass(&f.c, SEC);
    close_gate(&f, &gates[0]);
    assert_int_equal(start(&f, 300 * SEC), 0);
    change_too_much(&f);              // stopped for that
    assessor_cancel(f.assessor, UID); // and now for good
    open_gate(&gates[0]);
    settle(&f);
    assert_int_equal(assessor_result(f.assessor, UID)->outcome, JOB_CANCELLED);
    assert_int_equal(rows(&f), 0);
    fini(&f);
}

static void shutdown_ends_a_job_without_loss(void **state unused_arg)
{
    struct fixture f;
    struct gate gate;

    init(&f, true);
    fake_cluster_pass(&f.c, SEC);
    close_gate(&f, &gate);
    assert_int_equal(start(&f, 60 * SEC), 0);
    fake_cluster_pass(&f.c, 50 * USEC_PER_MSEC);
    open_gate(&gate);
    fini(&f); // stops, closes, joins: the sanitizers judge
}

RUN(T(a_result_is_kept_with_its_rows_until_it_is_forgotten),
    T(a_run_brings_the_vulnerabilities_of_images_up_to_date),
    T(a_vulnerability_is_told_of_the_deployment_behind_the_replica_set),
    T(without_a_store_the_run_ends_all_the_same), T(a_cancelled_run_keeps_no_rows),
    T(a_walk_ends_at_its_deadline),
    T(a_job_that_waits_for_the_caches_ends_at_its_deadline_or_when_cancelled),
    T(a_kind_that_cannot_be_listed_is_waited_for_half_a_minute),
    T(a_job_waits_for_usage_but_for_half_a_minute_at_most),
    T(a_job_starts_when_the_caches_are_there),
    T(an_epoch_that_is_too_old_is_walked_again_three_times_at_most),
    T(a_walk_that_waits_for_the_worker_is_not_too_old),
    T(a_second_walk_that_is_in_time_completes_the_run), T(a_cancel_between_two_walks_counts),
    T(shutdown_ends_a_job_without_loss))
