// SPDX-License-Identifier: Apache-2.0
#include "base/alloc.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/test.h"
#include "informer/client.h"
#include "informer/fake_wire.h"
#include "informer/permission.h"

#define SEC USEC_PER_SEC

struct world {
    struct loop *loop;
    struct fake_wire *wire;
    struct kube_config config;
    struct client *client;
    struct permissions *all;
    const char *denied; // "verb resource" that is not allowed
    int status;         // of every answer, 0: 201
    unsigned changed, told;
    enum permission_state state;
    struct permission *remove_me;
};

static void serve(void *arg, const struct wire_request *r, struct wire_answer *ret)
{
    struct world *w = arg;
    autojson struct json_doc doc = { 0 };
    char what[128];
    json_val *a;

    ret->status = w->status ? w->status : 201;
    if (ret->status != 201)
        return;
    assert_int_equal(json_parse(str_of(r->body), NULL, &doc, NULL), 0);
    a = json_path(json_root(&doc), "spec.resourceAttributes");
    snprintf(what, sizeof(what), "%s %s", json_str(json_get(a, "verb"), "?"),
             json_str(json_get(a, "resource"), "?"));
    snprintf(ret->body, sizeof(ret->body), "{\"status\":{\"allowed\":%s}}",
             w->denied && !strcmp(w->denied, what) ? "false" : "true");
}

static void on_changed(void *arg)
{
    ((struct world *)arg)->changed++;
}

static void on_answer(void *arg, enum permission_state state)
{
    struct world *w = arg;

    w->told++;
    w->state = state;
    if (w->remove_me)
        permission_remove(TAKE(w->remove_me));
}

static int set_up(void **state)
{
    struct world *w = xcalloc(1, sizeof(*w));
    struct client_options o = { .config = &w->config };

    clock_fake(1000 * SEC, 1700000000 * SEC);
    w->config = (struct kube_config){ .server = "https://api", .source = "test" };
    w->loop = loop_new(NULL);
    w->wire = fake_wire_new(w->loop, serve, w);
    fake_wire_use(w->wire, &o);
    w->client = client_new(w->loop, &o, NULL);
    w->all = permissions_new(w->loop, w->client, on_changed, w);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    permissions_free(w->all);
    client_free(w->client);
    fake_wire_free(w->wire);
    loop_free(w->loop);
    clock_real();
    free(w);
    return 0;
}

static void run_for(struct world *w, usec time)
{
    usec until = clock_mono() + time;

    while (clock_mono() < until)
        assert_int_equal(loop_turn(w->loop, until - clock_mono(), NULL), 0);
    for (int i = 0; i < 20; i++)
        assert_int_equal(loop_turn(w->loop, 0, NULL), 0);
}

static struct permission *pods(struct world *w)
{
    struct permission_query q = { .verbs = "list,watch", .resource = "pods" };

    return permission_add(w->all, &q, on_answer, w);
}

static void text_is(struct world *w, const char *text)
{
    autobuf struct buf b = { 0 };

    buf_init(&b, 1024);
    permissions_missing_text(w->all, &b);
    assert_string_equal(b.p ? b.p : "", text);
}

static void each_verb_is_asked_for_once(void **state)
{
    struct world *w = *state;
    struct permission *m = pods(w);

    assert_false(permissions_known(w->all));
    assert_int_equal(permission_state(m), PERMISSION_UNKNOWN);
    run_for(w, SEC);
    assert_int_equal(fake_wire_count(w->wire), 2);
    assert_non_null(strstr(fake_wire_request(w->wire, 0)->url, "/selfsubjectaccessreviews"));
    assert_string_equal(
        fake_wire_request(w->wire, 1)->body,
        "{\"apiVersion\":\"authorization.k8s.io/v1\",\"kind\":\"SelfSubjectAccessReview\","
        "\"spec\":{\"resourceAttributes\":{\"verb\":\"watch\",\"resource\":\"pods\"}}}");
    assert_int_equal(w->told, 1);
    assert_int_equal(w->state, PERMISSION_ALLOWED);
    assert_true(permissions_known(w->all));
    text_is(w, "");
    run_for(w, 3600 * SEC); // nothing is missing: nothing is asked again
    assert_int_equal(fake_wire_count(w->wire), 2);
}

static void the_review_names_group_subresource_and_place(void **state)
{
    struct permission_query q = { .verbs = "get",
                                  .group = "apps",
                                  .resource = "deployments/scale",
                                  .ns = "shop",
                                  .name = "web" };
    struct world *w = *state;

    permission_add(w->all, &q, NULL, NULL);
    run_for(w, SEC);
    assert_non_null(strstr(fake_wire_request(w->wire, 0)->body,
                           "{\"verb\":\"get\",\"group\":\"apps\",\"resource\":\"deployments\","
                           "\"subresource\":\"scale\",\"namespace\":\"shop\",\"name\":\"web\"}"));
}

static void what_is_missing_is_asked_again_soon_and_later_every_five_minutes(void **state)
{
    struct permission_query q = {
        .verbs = "list,get", .group = "apps", .resource = "deployments", .ns = "shop", .name = "web"
    };
    struct world *w = *state;
    size_t before;

    w->denied = "watch pods";
    pods(w);
    permission_add(w->all, &q, NULL, NULL);
    run_for(w, SEC);
    assert_int_equal(w->state, PERMISSION_DENIED);
    assert_int_equal(permissions_missing(w->all), 1);
    assert_int_equal(fake_wire_count(w->wire), 4);
    text_is(w, "watch pods");
    run_for(w, 2 * SEC);
    assert_int_equal(fake_wire_count(w->wire), 6); // pods alone
    run_for(w, 600 * SEC);
    before = fake_wire_count(w->wire);
    assert_in_range(before, 18, 22);
    run_for(w, 3000 * SEC);
    assert_int_equal(fake_wire_count(w->wire) - before, 20);
    assert_int_equal(w->told, 1); // no news
    w->denied = "list deployments";
    run_for(w, 300 * SEC);
    assert_int_equal(w->told, 2);
    assert_int_equal(w->state, PERMISSION_ALLOWED);
    text_is(w, "");
}

// An API server that has just started knows no roles for a moment and denies everything.
static void a_denial_that_passes_at_once_holds_for_seconds_each_time(void **state)
{
    struct world *w = *state;
    struct permission *m = pods(w);

    run_for(w, SEC);
    for (int restart = 0; restart < 3; restart++) {
        w->denied = "list pods";
        permission_ask(m);
        run_for(w, SEC);
        assert_int_equal(w->state, PERMISSION_DENIED);
        w->denied = NULL;
        run_for(w, 2 * SEC);
        assert_int_equal(w->state, PERMISSION_ALLOWED);
    }
}

static void a_403_asks_again_and_always_answers(void **state)
{
    struct world *w = *state;
    struct permission *m = pods(w);

    run_for(w, SEC);
    permission_ask(m);
    permission_ask(m);
    run_for(w, SEC);
    assert_int_equal(fake_wire_count(w->wire), 4);
    assert_int_equal(w->told, 2); // same answer, but it was asked for
    w->denied = "list pods";
    permission_ask(m);
    run_for(w, SEC);
    assert_int_equal(w->state, PERMISSION_DENIED);
    assert_int_equal(w->changed, 2);
    text_is(w, "list pods");
}

static void several_missing_ones_make_one_text(void **state)
{
    struct permission_query q = {
        .verbs = "list", .group = "apps", .resource = "deployments", .ns = "shop", .name = "web"
    };
    struct world *w = *state;

    w->status = 403; // who may not even ask
    pods(w);
    permission_add(w->all, &q, NULL, NULL);
    run_for(w, SEC);
    text_is(w, "list, watch pods; list deployments.apps/web in shop");
}

static void without_an_answer_nothing_is_decided(void **state)
{
    struct world *w = *state;
    struct permission *m = pods(w);

    w->status = 500;
    run_for(w, 20 * SEC);
    assert_int_equal(w->told, 0);
    assert_int_equal(permission_state(m), PERMISSION_UNKNOWN);
    assert_in_range(fake_wire_count(w->wire), 4, 6); // 1, 2, 4, 8 s apart
    w->status = 0;
    run_for(w, 31 * SEC);
    assert_int_equal(w->state, PERMISSION_ALLOWED);
}

static void seventy_questions_are_asked_sixteen_at_a_time(void **state)
{
    struct world *w = *state;
    size_t most = 0;

    for (int i = 0; i < 35; i++)
        pods(w);
    while (w->told < 35) {
        assert_int_equal(loop_turn(w->loop, SEC, NULL), 0);
        most = MAX(most, fake_wire_running(w->wire));
    }
    assert_int_equal(most, 16);
    assert_int_equal(fake_wire_count(w->wire), 70);
}

static void one_may_be_removed_at_any_time(void **state)
{
    struct world *w = *state;
    struct permission *m = pods(w);

    permission_remove(m);
    m = pods(w);
    while (!fake_wire_running(w->wire))
        assert_int_equal(loop_turn(w->loop, SEC, NULL), 0);
    permission_remove(m);
    run_for(w, SEC);
    assert_int_equal(w->told, 0);
    w->remove_me = pods(w);
    run_for(w, SEC);
    assert_int_equal(w->told, 1);
    assert_true(permissions_known(w->all));
    permission_remove(NULL);
}

#define W(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

RUN(W(each_verb_is_asked_for_once), W(the_review_names_group_subresource_and_place),
    W(what_is_missing_is_asked_again_soon_and_later_every_five_minutes),
    W(a_denial_that_passes_at_once_holds_for_seconds_each_time),
    W(a_403_asks_again_and_always_answers), W(several_missing_ones_make_one_text),
    W(without_an_answer_nothing_is_decided), W(seventy_questions_are_asked_sixteen_at_a_time),
    W(one_may_be_removed_at_any_time))
