// SPDX-License-Identifier: Apache-2.0
// When keys are handed out, what a failure does, and that nothing is left behind.
#include "base/test.h"

#include "base/clock.h"
#include "informer/fake_server.h"
#include "informer/reconciler.h"

#define QUOTA "/api/v1/namespaces/shop/resourcequotas/q"

static struct loop *loop;
static struct fake_server *server;
static struct session session;
static struct reconciler *reconciler;
static int calls, warnings;
static char last[64];
static bool send; // a request for each key

static void on_warn(void *arg unused_arg, const char *text)
{
    assert_non_null(text);
    warnings++;
}

static void reconcile(void *arg unused_arg, struct work *w)
{
    calls++;
    snprintf(last, sizeof(last), "%s/%s", atom_str(w->key.ns), w->key.name);
    if (send)
        work_request(w, &(struct client_request){ .verb = CLIENT_DELETE, .path = QUOTA });
    else
        work_done(w, NULL);
}

// Quotas are the work of the ConfigMap of their name.
static bool key_for(void *arg unused_arg, struct key *k)
{
    k->kind = KIND_CONFIG_MAP;
    return strcmp(k->name, "nobody") != 0;
}

static void put(const char *kind, const char *name)
{
    char text[200];

    snprintf(
        text, sizeof(text),
        "{\"apiVersion\":\"v1\",\"kind\":\"%s\",\"metadata\":{\"name\":\"%s\",\"namespace\":\"shop\"}}",
        kind, name);
    assert_true(fake_server_put(server, text) != 0);
}

static void pass(usec by)
{
    struct error e = { 0 };
    usec until = clock_mono() + by;

    while (clock_mono() < until)
        assert_int_equal(loop_turn(loop, until - clock_mono(), &e), 0);
}

static void start(void)
{
    static const enum kind_id kinds[] = { KIND_CONFIG_MAP, KIND_RESOURCE_QUOTA, KIND_COUNT };

    reconciler = reconciler_new(&(struct reconciler_options){ .session = &session,
                                                              .name = "test",
                                                              .kinds = kinds,
                                                              .key_for = key_for,
                                                              .reconcile = reconcile });
}

static int setup(void **state unused_arg)
{
    struct error e = { 0 };

    clock_fake(1000 * USEC_PER_SEC, 1767225600 * USEC_PER_SEC);
    loop = loop_new(&e);
    server = fake_server_new(loop);
    session_of_parts(&session, &(struct session_options){ .name = "test/1", .warn = on_warn }, loop,
                     fake_server_client(server));
    calls = warnings = 0;
    send = false;
    return 0;
}

static int teardown(void **state unused_arg)
{
    reconciler_free(reconciler);
    reconciler = NULL;
    informers_free(session.informers);
    client_free(session.client);
    assert_int_equal(fake_server_open_calls(server), 0);
    fake_server_free(server);
    loop_free(loop);
    clock_real();
    return 0;
}

static void no_key_is_handed_out_before_every_kind_is_known(void **state unused_arg)
{
    put("ConfigMap", "a");
    fake_server_script(server, "GET", "/resourcequotas",
                       &(struct fake_reply){ .status = 500, .body = "{}", .times = 3 });
    start();
    pass(500 * USEC_PER_MSEC);
    assert_int_equal(calls, 0);
    pass(20 * USEC_PER_SEC); // an empty list comes in: no change, and still the key is due now
    assert_int_equal(calls, 1);
    assert_string_equal(last, "shop/a");
    assert_true(warnings > 0);
}

static void a_change_is_work_for_the_key_that_key_for_names(void **state unused_arg)
{
    start();
    pass(5 * USEC_PER_SEC);
    put("ResourceQuota", "b");
    put("ResourceQuota", "nobody");
    pass(USEC_PER_SEC);
    assert_int_equal(calls, 1);
    assert_string_equal(last, "shop/b");
}

static void a_request_that_fails_brings_the_key_back_until_it_does_not(void **state unused_arg)
{
    send = true;
    fake_server_script(server, "DELETE", "/resourcequotas",
                       &(struct fake_reply){ .status = 403, .body = "{}", .times = 3 });
    put("ConfigMap", "a");
    start();
    pass(10 * USEC_PER_SEC);
    assert_int_equal(calls, 4); // the fourth DELETE is answered 404: there is nothing to delete
    assert_int_equal(warnings, 3);
    pass(60 * USEC_PER_SEC);
    assert_int_equal(calls, 4);
}

static void freeing_cancels_what_was_sent(void **state unused_arg)
{
    send = true;
    fake_server_script(server, "DELETE", "/resourcequotas",
                       &(struct fake_reply){ .delay = 5 * USEC_PER_SEC });
    put("ConfigMap", "a");
    start();
    pass(2 * USEC_PER_SEC);
    assert_int_equal(calls, 1);
    reconciler_free(reconciler);
    reconciler = NULL;
    pass(10 * USEC_PER_SEC);
    assert_int_equal(calls, 1);
}

#define ST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
RUN(ST(no_key_is_handed_out_before_every_kind_is_known),
    ST(a_change_is_work_for_the_key_that_key_for_names),
    ST(a_request_that_fails_brings_the_key_back_until_it_does_not),
    ST(freeing_cancels_what_was_sent))
