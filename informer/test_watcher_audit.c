// SPDX-License-Identifier: Apache-2.0
// The audit of controller-semantics §11.13, on the model of the fake API server: events that were
// lost without a trace are found within the hour, and nothing else ever looks like one.
#include "base/alloc.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/test.h"
#include "informer/fake_cluster.h"

static struct fake_cluster c;

static int set_up(void **state)
{
    (void)state;
    fake_cluster_init(&c, false, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_cluster_fini(&c);
    return 0;
}

static void pass(usec t)
{
    fake_cluster_pass(&c, t);
}

static void pod(const char *name, const char *image)
{
    fake_cluster_pod(&c, "n", name, image);
}

static void sync_pods(void)
{
    informers_add(c.in, KIND_POD);
    pass(USEC_PER_SEC);
    assert_true(informers_synced(c.in));
}

static int audits(void)
{
    return (int)metric_value(METRIC_REFLECTOR_AUDITS_TOTAL, "pods");
}

static int mismatches(void)
{
    return (int)metric_value(METRIC_REFLECTOR_AUDIT_MISMATCHES_TOTAL, "pods");
}

static size_t relists(void)
{
    return fake_server_count(c.server, "GET", "watch=false&limit=5") -
           fake_server_count(c.server, "GET", "watch=false&limit=500") - 1;
}

// The watch is told a version that skips whatever happens between the two calls.
static void begin_to_lose(void)
{
    fake_server_cut_watches(c.server, true);
}

static void end_losing(void)
{
    autofree char *body =
        xasprintf("{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Pod\",\"apiVersion\":"
                  "\"v1\",\"metadata\":{\"resourceVersion\":\"%" PRIu64 "\"}}}\n",
                  fake_server_rv(c.server));

    fake_server_script(c.server, "GET", "watch=true",
                       &(struct fake_reply){ .body = body, .lasts = 2 * USEC_PER_SEC });
    pass(5 * USEC_PER_SEC);
    assert_int_equal(informer_status(c.in, KIND_POD)->rv, fake_server_rv(c.server));
}

static void s11_13_what_agrees_is_looked_at_once_or_twice_an_hour_and_left_alone(void **state)
{
    (void)state;
    pod("a", "web");
    pod("b", "web");
    sync_pods();
    pass(29 * USEC_PER_MIN);
    assert_int_equal(audits(), 0);
    pass(10 * USEC_PER_HOUR);
    assert_in_range(audits(), 9, 21);
    assert_int_equal(mismatches(), 0);
    assert_int_equal(relists(), 0);
    assert_int_equal(fake_server_count(c.server, "GET", "watch=false&limit=500"), audits());
}

static void s11_13_an_object_whose_events_were_lost_is_found_within_the_hour(void **state)
{
    (void)state;
    for (int form = 0; form < 4; form++) {
        tear_down(NULL);
        set_up(NULL);
        pod("a", "web");
        pod("b", "web");
        sync_pods();
        begin_to_lose();
        if (form == 0)
            pod("new", "web");
        if (form == 1 || form == 3)
            fake_server_delete(c.server, "pods", "n", "a");
        if (form == 2 || form == 3)
            pod("a", "db");
        end_losing();
        pass(29 * USEC_PER_MIN);
        assert_int_equal(relists(), 0); // nothing else would find it
        pass(40 * USEC_PER_MIN);
        assert_int_equal(mismatches(), 1);
        assert_int_equal(relists(), 1);
        assert_int_equal(informer_count(c.in, KIND_POD), form == 0 ? 3 : form == 1 ? 1 : 2);
        assert_true((informer_get(c.in, KIND_POD, "n", "new") != NULL) == (form == 0));
        assert_true((informer_get(c.in, KIND_POD, "n", "a") == NULL) == (form == 1));
        if (form >= 2)
            assert_int_equal(informer_get(c.in, KIND_POD, "n", "a")->rv, fake_server_rv(c.server));
        pass(5 * USEC_PER_HOUR);
        assert_int_equal(mismatches(), 1); // put right
    }
}

static void s11_13_changes_while_it_goes_on_are_no_differences(void **state)
{
    (void)state;
    pod("still", "web");
    sync_pods();
    for (int i = 0; i < 4 * 360; i++) {
        pod("busy", i % 2 ? "web" : "db");
        if (i % 3)
            fake_server_delete(c.server, "pods", "n", i % 2 ? "odd" : "even");
        else
            pod(i % 2 ? "odd" : "even", "web");
        if (i % 40 == 0)
            fake_server_cut_watches(c.server, i % 80 == 0);
        pass(10 * USEC_PER_SEC);
    }
    assert_in_range(audits(), 3, 8);
    assert_int_equal(mismatches(), 0);
    assert_int_equal(relists(), 0);
}

static void s11_13_many_objects_come_in_pages_and_one_lost_among_them_is_found(void **state)
{
    char name[16];

    (void)state;
    for (int i = 0; i < 1002; i++) {
        snprintf(name, sizeof(name), "p%d", i);
        pod(name, "web");
    }
    sync_pods();
    begin_to_lose();
    fake_server_delete(c.server, "pods", "n", "p700");
    end_losing();
    pass(70 * USEC_PER_MIN);
    assert_int_equal(mismatches(), 1);
    assert_int_equal(fake_server_count(c.server, "GET", "watch=false&limit=500&continue"),
                     2 * audits());
    assert_null(informer_get(c.in, KIND_POD, "n", "p700"));
    assert_int_equal(informer_count(c.in, KIND_POD), 1001);
}

static void s11_13_an_audit_that_fails_says_nothing_and_the_next_one_does(void **state)
{
    static const struct {
        int status;
        enum err error;
        size_t cut_at;
        const char *body;
        bool stay_open;
    } rows[] = {
        {500,  ERR_NONE,    0,  "{}",                                                              false},
        { 403, ERR_NONE,    0,  "{}",                                                              false},
        { 0,   ERR_REFUSED, 0,  "",                                                                false},
        { 200, ERR_NONE,    40, "{\"metadata\":{\"resourceVersion\":\"9000\"},\"items\":[{\"meta",
         false                                                                                          },
        { 200, ERR_NONE,    0,  "{\"kind\":\"Status\",\"status\":\"Failure\",\"code\":500}",       false},
        { 200, ERR_NONE,    0,
         "{\"metadata\":{\"resourceVersion\":\"9\",\"continue\":\"x\"},\"items\":[]}",             false},
        { 200, ERR_NONE,    0,  "not json",                                                        false},
        { 200, ERR_NONE,    0,  "",                                                                true },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct fake_reply reply = { .status = rows[i].status,
                                    .error = rows[i].error,
                                    .cut_at = rows[i].cut_at,
                                    .body = rows[i].body,
                                    .stay_open = rows[i].stay_open };

        tear_down(NULL);
        set_up(NULL);
        pod("a", "web");
        sync_pods();
        fake_server_script(c.server, "GET", "watch=false&limit=500", &reply);
        pass(65 * USEC_PER_MIN);
        assert_int_equal(fake_server_scripts_left(c.server), 0);
        assert_int_equal(mismatches(), 0);
        pass(65 * USEC_PER_MIN);
        assert_true(audits() >= 1);
        assert_int_equal(relists(), 0);
        assert_int_equal(informer_status(c.in, KIND_POD)->state, KIND_SYNCED);
        assert_int_equal(informer_status(c.in, KIND_POD)->error.code, ERR_NONE);
    }
}

static void s11_13_a_stop_in_the_middle_ends_it(void **state)
{
    (void)state;
    pod("a", "web");
    sync_pods();
    fake_server_script(c.server, "GET", "watch=false&limit=500",
                       &(struct fake_reply){ .body = "{\"items\":[", .stay_open = true });
    for (int i = 0; i < 70 && fake_server_scripts_left(c.server); i++)
        pass(USEC_PER_MIN);
    assert_int_equal(fake_server_scripts_left(c.server), 0);
    assert_int_equal(fake_server_open_calls(c.server), 2);
    informers_stop(c.in);
    assert_int_equal(fake_server_open_calls(c.server), 0);
    pass(5 * USEC_PER_HOUR);
    assert_int_equal(audits(), 0);
}

static void s11_13_only_metadata_is_asked_for(void **state)
{
    (void)state;
    pod("a", "web");
    sync_pods();
    pass(65 * USEC_PER_MIN);
    for (size_t i = 0; i < fake_server_requests(c.server); i++) {
        const struct fake_request *r = fake_server_request(c.server, i);

        if (strstr(r->url, "watch=false&limit=500"))
            assert_non_null(
                strstr(r->headers, "Accept: application/json;as=PartialObjectMetadataList"));
    }
    assert_true(audits() >= 1);
}

#define A(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

RUN(A(s11_13_what_agrees_is_looked_at_once_or_twice_an_hour_and_left_alone),
    A(s11_13_an_object_whose_events_were_lost_is_found_within_the_hour),
    A(s11_13_changes_while_it_goes_on_are_no_differences),
    A(s11_13_many_objects_come_in_pages_and_one_lost_among_them_is_found),
    A(s11_13_an_audit_that_fails_says_nothing_and_the_next_one_does),
    A(s11_13_a_stop_in_the_middle_ends_it), A(s11_13_only_metadata_is_asked_for))
