// SPDX-License-Identifier: Apache-2.0
#include "base/alloc.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/test.h"
#include "informer/client.h"
#include "informer/fake_wire.h"
#include "informer/recorder.h"

#define SEC  USEC_PER_SEC
#define MIN_ USEC_PER_MIN

struct world {
    struct loop *loop;
    struct fake_wire *wire;
    struct kube_config config;
    struct client *client;
    struct recorder *recorder;
    int post, patch; // status of the answers, 0: success
    enum err error;
};

static void serve(void *arg, const struct wire_request *r, struct wire_answer *ret)
{
    struct world *w = arg;
    bool post = !strcmp(r->method, "POST");

    ret->error = w->error;
    if (w->error == ERR_NONE)
        ret->status = post ? (w->post ? w->post : 201) : (w->patch ? w->patch : 200);
}

static int set_up(void **state)
{
    struct world *w = xcalloc(1, sizeof(*w));
    struct client_options o = { .config = &w->config };
    struct recorder_options ro = { .controller = "kube9.io/operator", .instance = "i" };

    clock_fake(1000 * SEC, 1700000000 * SEC);
    w->config = (struct kube_config){ .server = "https://api", .source = "test" };
    w->loop = loop_new(NULL);
    w->wire = fake_wire_new(w->loop, serve, w);
    fake_wire_use(w->wire, &o);
    w->client = client_new(w->loop, &o, NULL);
    w->recorder = recorder_new(w->loop, w->client, &ro, NULL);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    recorder_free(w->recorder);
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

static struct recorder_event pod_event(const char *name)
{
    return (struct recorder_event){
        .reason = "Started",
        .note = "it began",
        .regarding = {.api_version = "v1", .kind = "Pod", .ns = "shop", .name = name, .uid = "u1"}
    };
}

static void emit(struct world *w, const char *name)
{
    struct recorder_event ev = pod_event(name);

    recorder_emit(w->recorder, &ev);
}

static size_t sent(struct world *w)
{
    return fake_wire_count(w->wire);
}

static const struct wire_request *last(struct world *w)
{
    return fake_wire_request(w->wire, sent(w) - 1);
}

// A member of the last request's body.
static const char *field(struct world *w, const char *path)
{
    static char text[2048];
    autojson struct json_doc doc = { 0 };

    assert_int_equal(json_parse(str_of(last(w)->body), NULL, &doc, NULL), 0);
    snprintf(text, sizeof(text), "%s", json_str(json_path(json_root(&doc), path), "-"));
    return text;
}

static int64_t number(struct world *w, const char *path)
{
    autojson struct json_doc doc = { 0 };

    assert_int_equal(json_parse(str_of(last(w)->body), NULL, &doc, NULL), 0);
    return json_int(json_path(json_root(&doc), path), -1);
}

static void e2t_a_first_occurrence_is_created_as_the_api_wants_it(void **state)
{
    struct world *w = *state;

    emit(w, "web");
    assert_false(recorder_idle(w->recorder));
    run_for(w, SEC);
    assert_true(recorder_idle(w->recorder));
    assert_int_equal(sent(w), 1);
    assert_string_equal(last(w)->method, "POST");
    assert_non_null(strstr(last(w)->url, "/apis/events.k8s.io/v1/namespaces/shop/events?"));
    assert_string_equal(field(w, "apiVersion"), "events.k8s.io/v1");
    assert_int_equal(strncmp(field(w, "metadata.name"), "web.", 4), 0);
    assert_string_equal(field(w, "metadata.namespace"), "shop");
    assert_string_equal(field(w, "eventTime"), "2023-11-14T22:13:20.000000Z");
    assert_string_equal(field(w, "type"), "Normal");
    assert_string_equal(field(w, "action"), "Started"); // required: the reason stands in
    assert_string_equal(field(w, "note"), "it began");
    assert_string_equal(field(w, "reportingController"), "kube9.io/operator");
    assert_string_equal(field(w, "reportingInstance"), "i");
    assert_string_equal(field(w, "regarding.kind"), "Pod");
    assert_string_equal(field(w, "regarding.uid"), "u1");
    assert_string_equal(field(w, "related.kind"), "-");
}

static void e1t_a_second_occurrence_becomes_a_series_and_more_are_counted(void **state)
{
    struct world *w = *state;

    emit(w, "web");
    run_for(w, SEC);
    emit(w, "web");
    run_for(w, SEC);
    assert_int_equal(sent(w), 2);
    assert_string_equal(last(w)->method, "PATCH");
    assert_true(fake_wire_has_header(w->wire, 1, "Content-Type: application/merge-patch+json"));
    assert_int_equal(number(w, "series.count"), 2);
    assert_string_not_equal(field(w, "series.lastObservedTime"), "-");
    for (int i = 0; i < 100; i++)
        emit(w, "web");
    run_for(w, 60 * SEC);
    assert_int_equal(sent(w), 2);
    run_for(w, 15 * MIN_); // silent: the final count is written, then it is forgotten
    assert_int_equal(sent(w), 3);
    assert_int_equal(number(w, "series.count"), 102);
    emit(w, "web");
    run_for(w, SEC);
    assert_string_equal(last(w)->method, "POST");
}

static void e1t_a_long_series_is_written_every_thirty_minutes(void **state)
{
    struct world *w = *state;

    for (int i = 0; i < 130; i++) {
        emit(w, "web");
        run_for(w, MIN_);
    }
    assert_in_range(sent(w), 5, 6); // create, series, and one each 30 to 36 minutes
}

static void e1t_different_events_do_not_mix(void **state)
{
    struct world *w = *state;
    struct recorder_event ev = pod_event("web");

    emit(w, "web");
    emit(w, "api");
    ev.warning = true;
    recorder_emit(w->recorder, &ev);
    ev.action = "Other";
    recorder_emit(w->recorder, &ev);
    run_for(w, SEC);
    assert_int_equal(sent(w), 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(fake_wire_request(w->wire, i)->method, "POST");
}

static void e1t_occurrences_before_the_first_request_are_one_write(void **state)
{
    struct world *w = *state;

    emit(w, "web");
    emit(w, "web");
    emit(w, "web");
    run_for(w, SEC);
    assert_int_equal(sent(w), 1);
    assert_int_equal(number(w, "series.count"), 3);
}

static void e2t_cluster_scoped_objects_are_reported_in_default(void **state)
{
    struct world *w = *state;
    struct recorder_event ev = pod_event("system:Node");

    ev.regarding.ns = NULL;
    recorder_emit(w->recorder, &ev);
    run_for(w, SEC);
    assert_non_null(strstr(last(w)->url, "/namespaces/default/events?"));
    assert_int_equal(strncmp(field(w, "metadata.name"), "system-node.", 12), 0); // a DNS name
}

static void e2t_long_texts_are_cut_at_a_character(void **state)
{
    struct world *w = *state;
    struct recorder_event ev = pod_event("web");
    char note[3000], name[300];

    memset(note, 'x', sizeof(note));
    memcpy(note + 1023, "\xc3\xa4", 2);
    note[sizeof(note) - 1] = '\0';
    memset(name, 'n', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    ev.note = ev.reason = note;
    ev.regarding.name = name;
    recorder_emit(w->recorder, &ev);
    run_for(w, SEC);
    assert_int_equal(strlen(field(w, "note")), 1023);
    assert_int_equal(strlen(field(w, "reason")), 128);
    assert_int_equal(strlen(field(w, "metadata.name")), 253);
}

static void e2t_a_server_that_is_away_is_tried_twelve_times(void **state)
{
    struct world *w = *state;

    w->error = ERR_REFUSED;
    emit(w, "web");
    run_for(w, 30 * SEC);
    assert_in_range(sent(w), 3, 4);
    run_for(w, 300 * SEC);
    assert_int_equal(sent(w), 12);
    assert_int_equal(recorder_dropped(w->recorder), 1);
    assert_true(recorder_idle(w->recorder));
}

static void e2t_a_server_that_comes_back_gets_its_events(void **state)
{
    struct world *w = *state;

    w->post = 503;
    emit(w, "web");
    emit(w, "api");
    run_for(w, 15 * SEC);
    w->post = 0;
    run_for(w, 30 * SEC);
    assert_int_equal(recorder_dropped(w->recorder), 0);
    assert_true(recorder_idle(w->recorder));
}

static void e2t_a_refused_event_is_dropped_and_403_mutes(void **state)
{
    struct world *w = *state;

    w->post = 422;
    emit(w, "web");
    run_for(w, SEC);
    assert_int_equal(recorder_dropped(w->recorder), 1);
    w->post = 403;
    emit(w, "web");
    run_for(w, SEC);
    emit(w, "api");
    run_for(w, SEC);
    assert_int_equal(sent(w), 2); // one denied request, not one for each event
    assert_int_equal(recorder_dropped(w->recorder), 3);
    w->post = 0;
    run_for(w, 5 * MIN_);
    emit(w, "api");
    run_for(w, SEC);
    assert_int_equal(sent(w), 3);
}

static void e1t_a_series_whose_event_is_gone_is_created_anew(void **state)
{
    struct world *w = *state;

    emit(w, "web");
    run_for(w, SEC);
    w->patch = 404;
    emit(w, "web");
    run_for(w, SEC);
    assert_int_equal(sent(w), 3);
    assert_string_equal(last(w)->method, "POST");
    assert_int_equal(number(w, "series.count"), 2);
}

static void e2t_a_storm_is_bounded(void **state)
{
    struct world *w = *state;
    char name[32];

    for (int i = 0; i < RECORDER_QUEUE_MAX + 50; i++) {
        snprintf(name, sizeof(name), "p%d", i);
        emit(w, name);
    }
    assert_int_equal(recorder_dropped(w->recorder), 50);
    run_for(w, 20 * MIN_);
    assert_int_equal(sent(w), RECORDER_QUEUE_MAX);
    emit(w, "later");
    assert_int_equal(recorder_dropped(w->recorder), 50);
}

static void switched_off_it_is_silent(void **state)
{
    struct world *w = *state;
    struct recorder_event ev = pod_event("web");

    recorder_set_enabled(w->recorder, false);
    emit(w, "web");
    run_for(w, SEC);
    assert_int_equal(sent(w), 0);
    recorder_emit(NULL, &ev);
}

static void e2t_an_object_without_names_does_no_harm(void **state)
{
    struct world *w = *state;

    recorder_emit(w->recorder, &(struct recorder_event){ .reason = "Started" });
    run_for(w, SEC);
    assert_int_equal(sent(w), 1);
    assert_non_null(strstr(last(w)->url, "/namespaces/default/events?"));
    assert_string_equal(field(w, "metadata.namespace"), "default");
    assert_int_equal(strncmp(field(w, "metadata.name"), "object.", 7), 0);
    assert_string_equal(field(w, "note"), "");
    recorder_emit(w->recorder, &(struct recorder_event){ 0 });
    run_for(w, SEC);
    assert_string_equal(field(w, "reason"), "Unknown"); // required by the API
    assert_string_equal(field(w, "action"), "Unknown");
    assert_int_equal(recorder_dropped(w->recorder), 0);
}

#define W(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

RUN(W(e2t_a_first_occurrence_is_created_as_the_api_wants_it),
    W(e1t_a_second_occurrence_becomes_a_series_and_more_are_counted),
    W(e1t_a_long_series_is_written_every_thirty_minutes), W(e1t_different_events_do_not_mix),
    W(e1t_occurrences_before_the_first_request_are_one_write),
    W(e2t_cluster_scoped_objects_are_reported_in_default), W(e2t_long_texts_are_cut_at_a_character),
    W(e2t_a_server_that_is_away_is_tried_twelve_times),
    W(e2t_a_server_that_comes_back_gets_its_events),
    W(e2t_a_refused_event_is_dropped_and_403_mutes),
    W(e1t_a_series_whose_event_is_gone_is_created_anew), W(e2t_a_storm_is_bounded),
    W(switched_off_it_is_silent), W(e2t_an_object_without_names_does_no_harm))
