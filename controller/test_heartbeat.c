// SPDX-License-Identifier: Apache-2.0
// The heartbeat alone against the fake API server.
#include "base/alloc.h"
#include "base/clock.h"
#include "base/test.h"
#include "controller/heartbeat.h"
#include "informer/fake_cluster.h"

#define SEC  USEC_PER_SEC
#define PATH "/api/v1/namespaces/ns/configmaps/" HEARTBEAT_NAME

struct fixture {
    struct fake_cluster c;
    struct heartbeat *h;
    unsigned ok, failed, last_done;
    enum err error;
    bool too_big;
};

static int document(void *arg, bool last, struct buf *out)
{
    return ((struct fixture *)arg)->too_big ? -1 : buf_adds(out, last ? "bye" : "hello");
}

static void written(void *arg, const struct error *e)
{
    struct fixture *f = arg;

    f->error = e->code;
    if (e->code == ERR_NONE)
        f->ok++;
    else
        f->failed++;
}

static void last_done(void *arg)
{
    ((struct fixture *)arg)->last_done++;
}

static void init(struct fixture *f)
{
    *f = (struct fixture){ 0 };
    fake_cluster_init(&f->c, false, 0);
    f->h = heartbeat_new(&(struct heartbeat_options){
        .loop = f->c.loop,
        .client = f->c.client,
        .namespace = "ns",
        .owner_json = "{\"kind\":\"Deployment\",\"name\":\"d\",\"uid\":\"u\"}",
        .document = document,
        .written = written,
        .arg = f });
}

static void fini(struct fixture *f)
{
    heartbeat_free(f->h);
    fake_cluster_fini(&f->c);
}

static size_t beats(struct fixture *f)
{
    return fake_server_count(f->c.server, "PATCH", PATH);
}

static const char *told(struct fixture *f)
{
    return json_str(
        json_path(fake_server_get(f->c.server, "configmaps", "ns", HEARTBEAT_NAME), "data.status"),
        "");
}

static void it_beats_at_once_and_then_at_its_interval(void **state unused_arg)
{
    struct fixture f;

    init(&f);
    heartbeat_start(f.h, 60 * SEC);
    fake_cluster_pass(&f.c, SEC);
    assert_int_equal(beats(&f), 1);
    assert_string_equal(told(&f), "hello");
    assert_non_null(json_path(fake_server_get(f.c.server, "configmaps", "ns", HEARTBEAT_NAME),
                              "metadata.ownerReferences"));
    fake_cluster_pass(&f.c, 600 * SEC);
    assert_int_equal(beats(&f), 11);
    assert_int_equal(f.ok, 11);
    fini(&f);
}

static void many_pokes_are_one_beat_within_two_seconds(void **state unused_arg)
{
    struct fixture f;

    init(&f);
    heartbeat_poke(f.h); // before the start: nothing
    fake_cluster_pass(&f.c, 10 * SEC);
    assert_int_equal(beats(&f), 0);
    heartbeat_start(f.h, 60 * SEC);
    heartbeat_poke(f.h); // does not put the first one off
    fake_cluster_pass(&f.c, 100 * USEC_PER_MSEC);
    assert_int_equal(beats(&f), 1);
    for (int i = 0; i < 100; i++)
        heartbeat_poke(f.h);
    fake_cluster_pass(&f.c, 3 * SEC);
    assert_int_equal(beats(&f), 2);
    fake_cluster_pass(&f.c, 50 * SEC);
    assert_int_equal(beats(&f), 2);
    fini(&f);
}

static void a_new_interval_counts_at_once(void **state unused_arg)
{
    struct fixture f;

    init(&f);
    heartbeat_set_interval(f.h, 15 * SEC); // before the start it means nothing
    fake_cluster_pass(&f.c, 60 * SEC);
    assert_int_equal(beats(&f), 0);
    heartbeat_start(f.h, 240 * SEC);
    fake_cluster_pass(&f.c, SEC);
    heartbeat_set_interval(f.h, 15 * SEC);
    heartbeat_set_interval(f.h, 15 * SEC);
    fake_cluster_pass(&f.c, 60 * SEC);
    assert_in_range(beats(&f), 5, 6);
    fini(&f);
}

static void a_failure_is_reported_and_tried_again_with_the_next_beat(void **state unused_arg)
{
    struct fixture f;

    init(&f);
    fake_server_allow(f.c.server, "patch", "configmaps", false);
    heartbeat_start(f.h, 60 * SEC);
    fake_cluster_pass(&f.c, 601 * SEC);
    assert_int_equal(f.failed, 11);
    assert_int_equal(f.error, ERR_DENIED);
    assert_int_equal(beats(&f), 11); // no hot loop
    fake_server_allow(f.c.server, "patch", "configmaps", true);
    fake_cluster_pass(&f.c, 60 * SEC);
    assert_int_equal(f.ok, 1);
    fini(&f);
}

static void a_slow_server_is_not_hurried(void **state unused_arg)
{
    struct fixture f;

    init(&f);
    fake_server_script(f.c.server, "PATCH", PATH,
                       &(struct fake_reply){ .status = 200, .body = "{}", .delay = 20 * SEC });
    heartbeat_start(f.h, 60 * SEC);
    for (int i = 0; i < 15; i++) {
        fake_cluster_pass(&f.c, SEC);
        heartbeat_poke(f.h);
    }
    assert_int_equal(beats(&f), 1);
    fake_cluster_pass(&f.c, 10 * SEC);
    assert_int_equal(f.ok, 2); // the first, and what was asked for meanwhile
    fini(&f);
}

static void a_document_that_is_too_big_is_reported(void **state unused_arg)
{
    struct fixture f;

    init(&f);
    f.too_big = true;
    heartbeat_start(f.h, 60 * SEC);
    fake_cluster_pass(&f.c, SEC);
    assert_int_equal(f.error, ERR_TOO_BIG);
    heartbeat_last(f.h, last_done, &f);
    assert_int_equal(f.last_done, 1);
    fini(&f);
}

static void the_last_word_is_the_last(void **state unused_arg)
{
    struct fixture f;

    init(&f);
    heartbeat_start(f.h, 60 * SEC);
    fake_cluster_pass(&f.c, SEC);
    heartbeat_last(f.h, last_done, &f);
    fake_cluster_pass(&f.c, 600 * SEC);
    assert_int_equal(f.last_done, 1);
    assert_int_equal(beats(&f), 2);
    assert_string_equal(told(&f), "bye");
    fini(&f);
}

static void the_last_word_is_given_up_after_two_seconds(void **state unused_arg)
{
    struct fixture f;

    init(&f);
    heartbeat_start(f.h, 60 * SEC);
    fake_cluster_pass(&f.c, SEC);
    fake_server_script(f.c.server, "PATCH", PATH,
                       &(struct fake_reply){ .status = 200, .body = "{}", .delay = 20 * SEC });
    heartbeat_last(f.h, last_done, &f);
    fake_cluster_pass(&f.c, 1500 * USEC_PER_MSEC);
    assert_int_equal(f.last_done, 0);
    fake_cluster_pass(&f.c, SEC);
    assert_int_equal(f.last_done, 1);
    fini(&f);
}

RUN(T(it_beats_at_once_and_then_at_its_interval), T(many_pokes_are_one_beat_within_two_seconds),
    T(a_new_interval_counts_at_once), T(a_failure_is_reported_and_tried_again_with_the_next_beat),
    T(a_slow_server_is_not_hurried), T(a_document_that_is_too_big_is_reported),
    T(the_last_word_is_the_last), T(the_last_word_is_given_up_after_two_seconds))
