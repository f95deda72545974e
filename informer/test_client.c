// SPDX-License-Identifier: Apache-2.0
#include "base/alloc.h"
#include "base/clock.h"
#include "base/http_headers.h"
#include "base/metrics.h"
#include "base/test.h"
#include "informer/client.h"
#include "informer/fake_wire.h"
#include "informer/server_version.h"

#define SEC USEC_PER_SEC

struct world {
    struct loop *loop;
    struct fake_wire *wire;
    struct kube_config config;
    struct client *client;
    wire_fn answer; // of this test
    unsigned calls; // of done
    int status;
    enum err code;
    char text[512], body[512], seen[512];
    usec remaining;
    bool leader;
    struct wire_answer failing; // of every other request
};

static void answer(void *arg, const struct wire_request *r, struct wire_answer *ret)
{
    struct world *w = arg;

    if (w->answer)
        w->answer(w, r, ret);
}

static unsigned warnings;

static void on_warn(unused_arg void *arg, unused_arg const char *text)
{
    warnings++;
}

static struct world *world_of(double qps)
{
    struct world *w = xcalloc(1, sizeof(*w));
    struct client_options o = { .config = &w->config, .qps = qps, .burst = 2, .warn = on_warn };
    struct error e = { 0 };

    clock_fake(1000 * SEC, 1700000000 * SEC);
    metrics_reset();
    w->config =
        (struct kube_config){ .server = "https://api:6443", .source = "test", .token = "t0" };
    w->loop = loop_new(&e);
    w->wire = fake_wire_new(w->loop, answer, w);
    fake_wire_use(w->wire, &o);
    w->client = client_new(w->loop, &o, &e);
    assert_non_null(w->client);
    return w;
}

static int set_up(void **state)
{
    *state = world_of(0);
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

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

static void done(void *arg, const struct http_response *r, struct str body, const struct error *e)
{
    struct world *w = arg;

    w->calls++;
    w->status = r->status;
    w->code = e->code;
    snprintf(w->text, sizeof(w->text), "%s", e->text);
    snprintf(w->body, sizeof(w->body), STR_FMT, STR_ARG(body));
}

static void do_it(struct world *w, struct client_request r)
{
    assert_non_null(client_do(w->client, &r, done, w));
}

static void create(struct world *w)
{
    do_it(w, (struct client_request){ .verb = CLIENT_CREATE,
                                      .path = "/api/v1/namespaces/a/configmaps",
                                      .body = str_of("{\"x\":1}") });
}

static void get(struct world *w)
{
    do_it(w, (struct client_request){
                 .verb = CLIENT_GET, .path = "/api/v1/pods", .query = "limit=1" });
}

static void c8_each_verb_has_its_method_type_and_parameters(void **state)
{
    static const struct {
        struct client_request r;
        const char *method, *url, *type, *body;
    } rows[] = {
        {{ .verb = CLIENT_GET, .path = "/api/v1/pods", .query = "limit=1" },
         "GET",    "https://api:6443/api/v1/pods?limit=1",
         NULL,                                         ""                                                                                  },
        { { .verb = CLIENT_CREATE, .path = "/api/v1/pods", .dry_run = true },
         "POST",   "https://api:6443/api/v1/pods?fieldManager=kube9-operator&fieldValidation=Strict&dryRun=All",
         "Content-Type: application/json",             "{}"                                                                                },
        { { .verb = CLIENT_UPDATE, .path = "/api/v1/pods/x", .lenient = true },
         "PUT",    "https://api:6443/api/v1/pods/x?fieldManager=kube9-operator",
         "Content-Type: application/json",             "{}"                                                                                },
        { { .verb = CLIENT_MERGE, .path = "/api/v1/pods/x/status", .field_manager = "a b" },
         "PATCH",  "https://api:6443/api/v1/pods/x/status?fieldManager=a%20b&fieldValidation=Strict",
         "Content-Type: application/merge-patch+json", "{}"                                                                                },
        { { .verb = CLIENT_JSON_PATCH, .path = "/api/v1/pods/x" },
         "PATCH",  "https://api:6443/api/v1/pods/x?fieldManager=kube9-operator&fieldValidation=Strict",
         "Content-Type: application/json-patch+json",  "{}"                                                                                },
        { { .verb = CLIENT_APPLY, .path = "/api/v1/pods/x/status", .force = true },
         "PATCH",  "https://api:6443/api/v1/pods/x/status?fieldManager=kube9-operator&fieldValidation=Strict&force=true",
         "Content-Type: application/apply-patch+yaml", "{}"                                                                                },
        { { .verb = CLIENT_DELETE,
            .path = "/api/v1/pods/x",
            .uid = "u",
            .rv = "7",
            .propagation = PROPAGATION_FOREGROUND,
            .dry_run = true },
         "DELETE", "https://api:6443/api/v1/pods/x",
         "Content-Type: application/json",             "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\",\"preconditions\":{\"uid\":\"u\","
          "\"resourceVersion\":\"7\"},\"propagationPolicy\":\"Foreground\",\"dryRun\":[\"All\"]}"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct client_request r = rows[i].r;
        const struct wire_request *sent;

        r.body = str_of("{}");
        do_it(w, r);
        run_for(w, 1);
        assert_int_equal(w->calls, i + 1);
        assert_int_equal(w->code, ERR_NONE);
        sent = fake_wire_request(w->wire, i);
        assert_string_equal(sent->method, rows[i].method);
        assert_string_equal(sent->url, rows[i].url);
        assert_string_equal(sent->body, rows[i].body);
        assert_true(!rows[i].type || fake_wire_has_header(w->wire, i, rows[i].type));
        assert_true(fake_wire_has_header(w->wire, i, "Accept: application/json"));
        assert_true(fake_wire_has_header(w->wire, i, "Authorization: Bearer t0"));
    }
}

static void an_apply_that_could_bring_an_object_back_is_refused(void **state)
{
    static const struct {
        const char *path, *body;
        bool may_create;
        enum err code;
    } rows[] = {
        {"/apis/kube9.io/v1alpha1/assessmentruns/x",         "{\"metadata\":{}}",              false, ERR_BUG },
        { "/apis/kube9.io/v1alpha1/assessmentruns/x",        "{",                              false, ERR_BUG },
        { "/apis/kube9.io/v1alpha1/assessmentruns/x",        "{\"metadata\":{\"uid\":\"u\"}}", false,
         ERR_NONE                                                                                             },
        { "/apis/kube9.io/v1alpha1/assessmentruns/x",        "{}",                             true,  ERR_NONE},
        { "/apis/kube9.io/v1alpha1/assessmentruns/x/status", "{}",                             false, ERR_NONE},
        { "/apis/apps/v1/namespaces/n/deployments/x",        "{}",                             false, ERR_BUG },
        { "/apis/apps/v1/namespaces/n/deployments/x/scale",  "{}",                             false, ERR_NONE},
        { "/api/v1/namespaces/n/configmaps/x",               "{}",                             false, ERR_BUG },
        { "/api/v1/namespaces/n",                            "{}",                             false, ERR_BUG },
        { "/api/v1/namespaces/n/status",                     "{}",                             false, ERR_NONE},
        { "/api/v1/nodes/x",                                 "{}",                             false, ERR_BUG },
    };
    struct world *w = *state;
    size_t sent = 0;

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        do_it(w, (struct client_request){ .verb = CLIENT_APPLY,
                                          .path = rows[i].path,
                                          .body = str_of(rows[i].body),
                                          .may_create = rows[i].may_create });
        run_for(w, 1);
        assert_int_equal(w->calls, i + 1);
        assert_int_equal(w->code, rows[i].code);
        sent += rows[i].code == ERR_NONE;
        assert_int_equal(fake_wire_count(w->wire), sent);
    }
}

static void busy_four_times(unused_arg void *arg, const struct wire_request *r,
                            struct wire_answer *ret)
{
    static const int status[] = { 429, 500, 501, 504 };

    ret->status = r->index < 4 ? status[r->index] : 201;
    ret->retry_after = r->index < 4 ? 2 * SEC : 0;
}

static void c1_what_the_server_wants_later_is_sent_again_whole(void **state)
{
    struct world *w = *state;

    w->answer = busy_four_times;
    create(w);
    run_for(w, 9 * SEC);
    assert_int_equal(w->calls, 1);
    assert_int_equal(w->status, 201);
    assert_int_equal(fake_wire_count(w->wire), 5);
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(fake_wire_request(w->wire, i)->body, "{\"x\":1}");
        assert_in_range(fake_wire_at(w->wire, i) - (1000 + 2 * (usec)i) * SEC, 0, 100);
    }
    assert_true(metric_value(METRIC_REST_CLIENT_REQUESTS_TOTAL, "429", "POST", "api:6443") == 1.0);
    assert_true(
        metric_value(METRIC_REST_CLIENT_REQUEST_RETRIES_TOTAL, "504", "CREATE", "api:6443") == 1.0);
}

static void always_busy(unused_arg void *arg, unused_arg const struct wire_request *r,
                        struct wire_answer *ret)
{
    ret->status = 429;
    ret->retry_after = SEC;
}

static void busy_for_a_moment(unused_arg void *arg, const struct wire_request *r,
                              struct wire_answer *ret)
{
    ret->status = r->index < 2 ? 503 : 200;
    ret->retry_after = HTTP_RETRY_AT_ONCE;
}

static void c4_a_retry_after_of_zero_is_a_retry(void **state)
{
    struct world *w = *state;

    w->answer = busy_for_a_moment;
    get(w);
    run_for(w, 300 * USEC_PER_MSEC);
    assert_int_equal(w->code, ERR_NONE);
    assert_int_equal(fake_wire_count(w->wire), 3);
}

static void c3_ten_retries_are_enough(void **state)
{
    struct world *w = *state;

    w->answer = always_busy;
    create(w);
    run_for(w, 60 * SEC);
    assert_int_equal(w->calls, 1);
    assert_int_equal(w->code, ERR_LIMIT);
    assert_int_equal(fake_wire_count(w->wire), 11);
}

static void c4_a_pause_beyond_the_deadline_is_not_waited_for(void **state)
{
    struct world *w = *state;

    w->answer = always_busy;
    do_it(w, (struct client_request){
                 .verb = CLIENT_GET, .path = "/x", .deadline = 2500 * USEC_PER_MSEC });
    run_for(w, 10 * SEC);
    assert_int_equal(w->code, ERR_LIMIT);
    assert_int_equal(fake_wire_count(w->wire), 3);
}

static void broken(unused_arg void *arg, const struct wire_request *r, struct wire_answer *ret)
{
    ret->error = r->index < 2 ? ERR_IO : ERR_NONE;
}

static void c5_a_get_survives_two_resets(void **state)
{
    struct world *w = *state;

    w->answer = broken;
    get(w);
    run_for(w, 5 * SEC);
    assert_int_equal(w->code, ERR_NONE);
    assert_int_equal(fake_wire_count(w->wire), 3);
}

static void always_broken(unused_arg void *arg, unused_arg const struct wire_request *r,
                          struct wire_answer *ret)
{
    ret->error = ERR_IO;
}

static void c5_a_write_whose_connection_broke_is_left_to_its_caller(void **state)
{
    struct world *w = *state;

    w->answer = always_broken;
    create(w);
    run_for(w, 60 * SEC);
    assert_int_equal(w->calls, 1);
    assert_int_equal(w->code, ERR_IO);
    assert_int_equal(w->status, 0);
    assert_int_equal(fake_wire_count(w->wire), 1);
    assert_true(metric_value(METRIC_REST_CLIENT_REQUESTS_TOTAL, "<error>", "POST", "api:6443") ==
                1.0);
}

static void unavailable(unused_arg void *arg, unused_arg const struct wire_request *r,
                        struct wire_answer *ret)
{
    ret->status = 503;
    snprintf(ret->body, sizeof(ret->body), "down");
}

static void c4_a_5xx_without_retry_after_goes_to_the_caller(void **state)
{
    struct world *w = *state;

    w->answer = unavailable;
    get(w);
    run_for(w, 60 * SEC);
    assert_int_equal(w->code, ERR_UNAVAILABLE);
    assert_string_equal(w->body, "down");
    assert_int_equal(fake_wire_count(w->wire), 1);
}

static void hanging(unused_arg void *arg, unused_arg const struct wire_request *r,
                    struct wire_answer *ret)
{
    ret->hang = true;
}

static void c11_a_silent_server_ends_in_a_timeout(void **state)
{
    struct world *w = *state;

    w->answer = hanging;
    create(w);
    run_for(w, 29 * SEC);
    assert_int_equal(w->calls, 0);
    run_for(w, 2 * SEC);
    assert_int_equal(w->code, ERR_TIMEOUT);
}

static bool fence(void *arg, usec *ret_remaining)
{
    struct world *w = arg;

    *ret_remaining = w->remaining;
    return w->leader;
}

static void l12_no_write_passes_the_fence_and_none_outlives_it(void **state)
{
    struct world *w = *state;

    client_set_fence(w->client, fence, w);
    create(w);
    run_for(w, 1);
    assert_int_equal(w->code, ERR_CANCELLED);
    assert_int_equal(fake_wire_count(w->wire), 0);
    get(w);
    run_for(w, 1);
    assert_int_equal(w->code, ERR_NONE);
    do_it(w, (struct client_request){ .verb = CLIENT_UPDATE, .path = "/lease", .unfenced = true });
    run_for(w, 1);
    assert_int_equal(w->code, ERR_NONE);
    w->leader = true;
    w->remaining = 4 * SEC;
    create(w);
    run_for(w, 1);
    assert_int_equal(w->code, ERR_NONE);
    assert_int_equal(fake_wire_request(w->wire, 2)->timeout, 4 * SEC);
}

static void busy_once(void *arg, const struct wire_request *r, struct wire_answer *ret)
{
    struct world *w = arg;

    w->leader = false; // lost while the request was under way
    ret->status = r->index ? 200 : 429;
    ret->retry_after = SEC;
}

static void l12_a_retry_asks_the_fence_again(void **state)
{
    struct world *w = *state;

    w->leader = true;
    w->remaining = 9 * SEC;
    client_set_fence(w->client, fence, w);
    w->answer = busy_once;
    create(w);
    run_for(w, 5 * SEC);
    assert_int_equal(w->code, ERR_CANCELLED);
    assert_int_equal(fake_wire_count(w->wire), 1);
}

static void a_cancelled_call_is_silent(void **state)
{
    struct world *w = *state;
    struct client_request r = { .verb = CLIENT_GET, .path = "/x" };
    struct client_call *before = client_do(w->client, &r, done, w), *during;

    client_cancel(w->client, before);
    w->answer = hanging;
    during = client_do(w->client, &r, done, w);
    run_for(w, SEC);
    assert_int_equal(fake_wire_running(w->wire), 1);
    client_cancel(w->client, during);
    client_cancel(w->client, NULL);
    run_for(w, 60 * SEC);
    assert_int_equal(w->calls, 0);
    assert_int_equal(fake_wire_running(w->wire), 0);
}

static int on_data(void *arg, const char *p, size_t n)
{
    struct world *w = arg;
    size_t have = strlen(w->seen);

    snprintf(w->seen + have, sizeof(w->seen) - have, "%.*s", (int)n, p);
    return 0;
}

static void on_headers(void *arg, const struct http_response *r)
{
    struct world *w = arg;

    w->status = r->status;
}

static const struct http_events stream_events = { on_headers, on_data, done };

static struct client_call *stream(struct world *w)
{
    struct client_stream_request r = { .path_and_query = "/api/v1/pods?watch=1",
                                       .idle_timeout = 7 * SEC,
                                       .accept = "application/json;as=x" };

    return client_stream(w->client, &r, &stream_events, w);
}

static void watch_answer(unused_arg void *arg, const struct wire_request *r,
                         struct wire_answer *ret)
{
    ret->status = r->index ? 200 : 429;
    ret->retry_after = r->index ? 0 : SEC;
    ret->error = r->index == 1 ? ERR_IO : ERR_NONE;
    snprintf(ret->body, sizeof(ret->body), r->index ? "line" : "slow down");
}

static void c7_a_stream_shows_only_what_a_2xx_brought(void **state)
{
    struct world *w = *state;

    w->answer = watch_answer;
    stream(w);
    run_for(w, 10 * SEC);
    // 429 was waited for; the break after the headers is the caller's
    assert_int_equal(fake_wire_count(w->wire), 2);
    assert_string_equal(w->seen, "line");
    assert_int_equal(w->calls, 1);
    assert_int_equal(w->code, ERR_IO);
    assert_int_equal(fake_wire_request(w->wire, 0)->idle_timeout, 7 * SEC);
    assert_int_equal(fake_wire_request(w->wire, 0)->timeout, 0);
    assert_true(fake_wire_has_header(w->wire, 0, "Accept: application/json;as=x"));
}

static void gone(unused_arg void *arg, unused_arg const struct wire_request *r,
                 struct wire_answer *ret)
{
    ret->status = 410;
    snprintf(ret->body, sizeof(ret->body),
             "{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":"
             "\"Expired\",\"code\":410,\"message\":\"too old\"}");
}

static void c7_a_streams_failure_is_mapped_and_keeps_its_body(void **state)
{
    struct world *w = *state;

    w->answer = gone;
    stream(w);
    run_for(w, SEC);
    assert_int_equal(w->calls, 1);
    assert_int_equal(w->code, ERR_GONE);
    assert_string_equal(w->text, "too old");
    assert_string_equal(w->seen, "");
    assert_non_null(strstr(w->body, "Expired"));
}

static void a_stream_can_be_cancelled_while_open(void **state)
{
    struct world *w = *state;
    struct client_call *call;

    w->answer = hanging;
    call = stream(w);
    run_for(w, SEC);
    client_cancel(w->client, call);
    assert_int_equal(fake_wire_running(w->wire), 0);
    run_for(w, SEC);
    assert_int_equal(w->calls, 0);
}

static void the_bucket_spreads_requests_but_not_streams(unused_arg void **state)
{
    struct world *w = world_of(1);

    for (int i = 0; i < 4; i++)
        get(w);
    stream(w);
    run_for(w, 1);
    assert_int_equal(fake_wire_count(w->wire), 3);
    run_for(w, 1100 * USEC_PER_MSEC);
    assert_int_equal(fake_wire_count(w->wire), 4);
    run_for(w, 1100 * USEC_PER_MSEC);
    assert_int_equal(fake_wire_count(w->wire), 5);
    tear_down((void *[]){ w });
}

static void unauthorized(unused_arg void *arg, unused_arg const struct wire_request *r,
                         struct wire_answer *ret)
{
    ret->status = 401;
}

static void e8_a_static_token_that_is_refused_is_not_tried_twice(void **state)
{
    struct world *w = *state;

    w->answer = unauthorized;
    get(w);
    run_for(w, SEC);
    assert_int_equal(w->code, ERR_UNAUTHORIZED);
    assert_string_equal(w->text,
                        "the API server api:6443 does not accept the token in test: expired "
                        "or of another cluster? renew it");
    assert_int_equal(fake_wire_count(w->wire), 1);
}

static void version(void *arg, const struct server_version *v, const struct error *e)
{
    struct world *w = arg;

    w->calls++;
    w->code = e->code;
    w->status = v->minor;
    snprintf(w->body, sizeof(w->body), "%s", v->git);
}

static void say_version(unused_arg void *arg, unused_arg const struct wire_request *r,
                        struct wire_answer *ret)
{
    snprintf(ret->body, sizeof(ret->body),
             "{\"major\":\"1\",\"minor\":\"30+\",\"gitVersion\":\"v1.30.14-eks\"}");
}

static void the_server_says_its_version(void **state)
{
    struct world *w = *state;
    struct server_version v;

    w->answer = say_version;
    server_version_get(w->client, version, w);
    run_for(w, SEC);
    assert_int_equal(w->status, 30);
    assert_string_equal(w->body, "v1.30.14-eks");
    w->answer = unavailable;
    server_version_get(w->client, version, w);
    server_version_cancel(server_version_get(w->client, version, w));
    run_for(w, SEC);
    assert_int_equal(w->calls, 2);
    assert_int_equal(w->code, ERR_UNAVAILABLE);
    assert_int_equal(server_version_parse(str_of("{\"major\":\"\"}"), &v, NULL), -1);
}

static void busy_then_created(unused_arg void *arg, const struct wire_request *r,
                              struct wire_answer *ret)
{
    static const int status[] = { 429, 500, 501, 504 };

    ret->status = r->index < 4 ? status[r->index] : 201;
    ret->retry_after = r->index < 4 ? HTTP_RETRY_AT_ONCE : 0;
}

static void c1_a_body_of_four_kilobytes_goes_out_whole_five_times(void **state)
{
    struct world *w = *state;
    char body[4097];

    memset(body, 'b', sizeof(body));
    body[0] = '"';
    body[4095] = '"';
    body[4096] = '\0';
    w->answer = busy_then_created;
    do_it(w, (struct client_request){
                 .verb = CLIENT_CREATE,
                 .path = "/api/v1/namespaces/a/configmaps",
                 .body = {body, 4096}
    });
    memset(body, 'x', sizeof(body)); // it was copied
    run_for(w, SEC);
    assert_int_equal(w->status, 201);
    assert_int_equal(fake_wire_count(w->wire), 5);
    for (size_t i = 0; i < 5; i++) {
        const char *sent = fake_wire_request(w->wire, i)->body;

        assert_int_equal(strlen(sent), 4096);
        assert_int_equal(strspn(sent + 1, "b"), 4094);
    }
}

static void fail_first(void *arg, const struct wire_request *r, struct wire_answer *ret)
{
    struct world *w = arg;

    if (r->index % 2)
        return;
    ret->status = w->failing.status;
    ret->error = w->failing.error;
    ret->retry_after = w->failing.retry_after;
}

// Asks once by verb, and the first answer is `failing`: the number of requests that went out.
static size_t requests_of(struct world *w, enum client_verb verb, const struct wire_answer *failing)
{
    size_t before;

    w->answer = NULL;
    if (fake_wire_count(w->wire) % 2) { // the next one has to have an even index
        get(w);
        run_for(w, 1);
    }
    w->failing = *failing;
    w->answer = fail_first;
    before = fake_wire_count(w->wire);
    do_it(w, (struct client_request){ .verb = verb,
                                      .path = "/api/v1/namespaces/a/configmaps/x",
                                      .body = str_of("{\"metadata\":{\"uid\":\"u\"}}") });
    run_for(w, 20 * SEC);
    return fake_wire_count(w->wire) - before;
}

static void c2_what_may_go_out_again_depends_on_what_broke_and_on_the_verb(void **state)
{
    static const enum client_verb verbs[] = { CLIENT_GET,       CLIENT_CREATE, CLIENT_UPDATE,
                                              CLIENT_MERGE,     CLIENT_APPLY,  CLIENT_DELETE,
                                              CLIENT_JSON_PATCH };
    struct world *w = *state;

    for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
        // The server asks for it: any verb. The connection broke: what only reads.
        static const struct {
            struct wire_answer failing;
            size_t reads, writes;
        } rows[] = {
            {{ .status = 503, .retry_after = SEC }, 2, 2},
            { { .error = ERR_IO },                  2, 1},
            { { .error = ERR_TIMEOUT },             1, 1},
            { { .error = ERR_REFUSED },             1, 1},
            { { .error = ERR_UNAVAILABLE },         1, 1},
        };

        for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
            size_t n, want = verbs[i] == CLIENT_GET ? rows[k].reads : rows[k].writes;

            n = requests_of(w, verbs[i], &rows[k].failing);
            assert_int_equal(n, want);
            assert_int_equal(w->code == ERR_NONE, want == 2);
        }
    }
}

static void c4_only_429_and_5xx_that_name_a_time_are_asked_again(void **state)
{
    static const struct {
        int status;
        usec retry_after;
        size_t requests;
    } rows[] = {
        {429,  SEC, 2},
        { 500, SEC, 2},
        { 503, SEC, 2},
        { 599, SEC, 2},
        { 429, 0,   1},
        { 500, 0,   1},
        { 503, 0,   1},
        { 400, SEC, 1},
        { 404, SEC, 1},
        { 409, SEC, 1},
        { 422, SEC, 1},
        { 200, SEC, 1},
    };
    struct world *w = *state;

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct wire_answer failing = { .status = rows[i].status,
                                       .retry_after = rows[i].retry_after };

        assert_int_equal(requests_of(w, CLIENT_UPDATE, &failing), rows[i].requests);
    }
}

static void late_then_own(unused_arg void *arg, const struct wire_request *r,
                          struct wire_answer *ret)
{
    ret->delay = r->index ? 0 : 60 * SEC;
    snprintf(ret->body, sizeof(ret->body), "answer %zu", r->index);
}

static void c9_an_answer_that_came_too_late_is_nobody_elses(void **state)
{
    struct world *w = *state;

    w->answer = late_then_own;
    do_it(w, (struct client_request){ .verb = CLIENT_GET, .path = "/x", .deadline = SEC });
    run_for(w, 2 * SEC);
    assert_int_equal(w->calls, 1);
    assert_int_equal(w->code, ERR_TIMEOUT);
    assert_int_equal(fake_wire_running(w->wire), 0);
    get(w);
    run_for(w, 120 * SEC);
    assert_int_equal(w->calls, 2);
    assert_string_equal(w->body, "answer 1");
}

static void warning(unused_arg void *arg, const struct wire_request *r, struct wire_answer *ret)
{
    ret->warning = r->index % 2 ? "v1 is old" : "use v2";
}

static void c10_a_warning_is_told_once_per_text(void **state)
{
    struct world *w = *state;

    warnings = 0;
    w->answer = warning;
    for (int i = 0; i < 10; i++)
        get(w);
    run_for(w, SEC);
    assert_int_equal(w->calls, 10);
    assert_int_equal(warnings, 2);
}

#define W(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

static usec unacked[3]; // of the transports, in the order of their making
static size_t n_unacked;

static struct transport *note_unacked(void *arg, struct loop *l, const struct http_options *o,
                                      struct error *e)
{
    struct client_options real = { 0 };

    assert_true(n_unacked < ARRAY_SIZE(unacked));
    unacked[n_unacked++] = o->tcp_user_timeout;
    fake_wire_use(arg, &real);
    return real.transport(arg, l, o, e);
}

// In the kernel's buffers a write outlives its deadline and even its process.
static void l12_the_kernel_gives_up_a_write_before_another_may_lead(void **state)
{
    struct world *w = *state;
    struct client_options o = { .config = &w->config, .transport = note_unacked, .arg = w->wire };
    struct client *c = client_new(w->loop, &o, NULL);

    assert_non_null(c);
    assert_int_equal(n_unacked, 3);
    assert_int_equal(unacked[0], 0); // the transport's own, longer one
    assert_int_equal(unacked[1], 0);
    assert_int_equal(unacked[2], 5 * SEC); // 15 s less 10 s
    client_free(c);
}

RUN(W(c8_each_verb_has_its_method_type_and_parameters),
    W(an_apply_that_could_bring_an_object_back_is_refused),
    W(c1_what_the_server_wants_later_is_sent_again_whole), W(c4_a_retry_after_of_zero_is_a_retry),
    W(c3_ten_retries_are_enough), W(c4_a_pause_beyond_the_deadline_is_not_waited_for),
    W(c5_a_get_survives_two_resets), W(c5_a_write_whose_connection_broke_is_left_to_its_caller),
    W(c4_a_5xx_without_retry_after_goes_to_the_caller), W(c11_a_silent_server_ends_in_a_timeout),
    W(l12_no_write_passes_the_fence_and_none_outlives_it), W(l12_a_retry_asks_the_fence_again),
    W(a_cancelled_call_is_silent), W(c7_a_stream_shows_only_what_a_2xx_brought),
    W(c7_a_streams_failure_is_mapped_and_keeps_its_body), W(a_stream_can_be_cancelled_while_open),
    T(the_bucket_spreads_requests_but_not_streams),
    W(e8_a_static_token_that_is_refused_is_not_tried_twice), W(the_server_says_its_version),
    W(l12_the_kernel_gives_up_a_write_before_another_may_lead),
    W(c1_a_body_of_four_kilobytes_goes_out_whole_five_times),
    W(c2_what_may_go_out_again_depends_on_what_broke_and_on_the_verb),
    W(c4_only_429_and_5xx_that_name_a_time_are_asked_again),
    W(c9_an_answer_that_came_too_late_is_nobody_elses), W(c10_a_warning_is_told_once_per_text))
