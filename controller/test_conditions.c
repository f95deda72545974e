// SPDX-License-Identifier: Apache-2.0
// metav1.Condition: the time moves with the status and with nothing else.
#include "controller/reconcile/conditions.h"

#include "base/alloc.h"
#include "base/json.h"
#include "base/test.h"
#include "base/writer.h"

#define NOW ((usec)1700000000 * USEC_PER_SEC)

struct fixture {
    struct object *o;
    struct rlist old;
};

static void load(struct fixture *f, const char *conditions)
{
    autofree char *text = xasprintf(
        "{\"apiVersion\":\"kube9.io/v1alpha1\",\"kind\":\"Kube9Config\",\"metadata\":{\"name\":\"default\"},"
        "\"status\":{\"conditions\":[%s]}}",
        conditions);
    struct json_doc autojson doc = { 0 };
    struct error e = { 0 };

    if (json_parse(str_of(text), NULL, &doc, &e) < 0 ||
        object_decode(kind_get(KIND_KUBE9_CONFIG), json_root(&doc), (struct decode_options){ 0 },
                      &f->o, &e) < 0)
        fail_msg("%s", e.text);
    f->old = kube9_config_status_conditions(kube9_config_status(kube9_config_of(f->o)));
}

static void add(struct fixture *f, const struct condition_fact *fact, char *ret, size_t n)
{
    struct arena *autoarena a = arena_new((size_t)1 << 20);
    struct draft *d = draft_new(a, &type_kube9_config_status);
    struct buf autobuf text = { 0 };
    struct writer w;

    buf_init(&text, 4096);
    condition_add(kube9_config_status_add_conditions(d), f->old, fact, 3, NOW);
    writer_to_buf(&w, WRITER_JSON, &text);
    draft_write(d, &w);
    assert_int_equal(writer_end(&w), 0);
    snprintf(ret, n, "%.*s", (int)text.n, text.p);
}

#define READY                                                                                                \
    "{\"type\":\"Ready\",\"status\":\"True\",\"reason\":\"Old\",\"message\":\"m\",\"observedGeneration\":2," \
    "\"lastTransitionTime\":\"2020-01-01T00:00:00Z\"}"

static void a_new_condition_begins_now(void **state unused_arg)
{
    struct fixture f;
    char text[1024];

    load(&f, "");
    add(&f, &(struct condition_fact){ "Ready", CONDITION_TRUE, "InForce", "all is well" }, text,
        sizeof(text));
    assert_string_equal(
        text,
        "{\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\",\"observedGeneration\":3,\"lastTransitionTime\":"
        "\"2023-11-14T22:13:20Z\",\"reason\":\"InForce\",\"message\":\"all is well\"}]}");
    object_unref(f.o);
}

static void another_reason_does_not_move_the_time(void **state unused_arg)
{
    struct fixture f;
    char text[1024];

    load(&f, READY);
    add(&f, &(struct condition_fact){ "Ready", CONDITION_TRUE, "New", "n" }, text, sizeof(text));
    assert_non_null(strstr(text, "\"lastTransitionTime\":\"2020-01-01T00:00:00Z\""));
    assert_non_null(strstr(text, "\"reason\":\"New\""));
    assert_non_null(strstr(text, "\"observedGeneration\":3"));
    object_unref(f.o);
}

static void another_status_moves_the_time(void **state unused_arg)
{
    struct fixture f;
    char text[1024];

    load(&f, READY);
    add(&f, &(struct condition_fact){ "Ready", CONDITION_UNKNOWN, "Old", "m" }, text, sizeof(text));
    assert_non_null(strstr(text, "\"lastTransitionTime\":\"2023-11-14T22:13:20Z\""));
    object_unref(f.o);
}

static void conditions_are_found_by_type(void **state unused_arg)
{
    struct fixture f;

    load(
        &f, READY
        ",{\"type\":\"Stalled\",\"status\":\"False\",\"reason\":\"r\",\"message\":\"\",\"lastTransitionTime\":"
        "\"2020-01-01T00:00:00Z\"}");
    assert_true(condition_is_true(f.old, "Ready"));
    assert_false(condition_is_true(f.old, "Stalled"));
    assert_non_null(condition_find(f.old, "Stalled"));
    assert_null(condition_find(f.old, "Read"));
    assert_false(condition_is_true(f.old, "Missing"));
    object_unref(f.o);
}

RUN(T(a_new_condition_begins_now), T(another_reason_does_not_move_the_time),
    T(another_status_moves_the_time), T(conditions_are_found_by_type))
