// SPDX-License-Identifier: Apache-2.0
// A day of usage, looked at every half hour.
#include "apis/test_object.h"
#include "apis/usage.h"

#define NOON (INT64_C(1795219200) * USEC_PER_SEC)

struct fixture {
    struct usage *u;
    struct object *pod, *node;
};

static void init(struct fixture *f)
{
    f->u = usage_new();
    f->pod = object_from_json(
        KIND_POD, "{\"metadata\":{\"name\":\"web-1\",\"namespace\":\"shop\","
                  "\"uid\":\"00000000-0000-4000-8000-000000000001\",\"ownerReferences\":[{"
                  "\"kind\":\"ReplicaSet\",\"name\":\"web\",\"controller\":true,"
                  "\"uid\":\"00000000-0000-4000-8000-000000000002\"}]}}");
    f->node = object_from_json(KIND_NODE, "{\"metadata\":{\"name\":\"a\","
                                          "\"uid\":\"00000000-0000-4000-8000-000000000003\"}}");
}

static void fini(struct fixture *f)
{
    usage_free(f->u);
    object_unref(f->pod);
    object_unref(f->node);
}

static void see(struct fixture *f, usec at, const char *cpu, const char *memory)
{
    char text[512];
    struct object *m;

    snprintf(text, sizeof(text),
             "{\"metadata\":{\"name\":\"x\"},\"usage\":{\"cpu\":\"%s\",\"memory\":\"%s\"},"
             "\"containers\":[{\"name\":\"app\",\"usage\":{\"cpu\":\"%s\",\"memory\":\"%s\"}}]}",
             cpu, memory, cpu, memory);
    usage_begin(f->u, at);
    m = object_from_json(KIND_POD_METRICS, text);
    usage_put_pod(f->u, f->pod, m);
    object_unref(m);
    m = object_from_json(KIND_NODE_METRICS, text);
    usage_put_node(f->u, f->node, m);
    object_unref(m);
}

static struct usage_samples of_pod(const struct fixture *f)
{
    struct usage_samples s = { 0 };

    usage_of_pod(f->u, f->pod, "app", &s);
    return s;
}

static void
a_container_keeps_the_highest_of_a_half_hour_and_a_node_the_last(void **state unused_arg)
{
    struct usage_samples c, n = { 0 };
    struct fixture f;

    init(&f);
    see(&f, NOON, "123456789n", "100Mi");
    see(&f, NOON + USEC_PER_MIN, "5m", "128Mi");
    c = of_pod(&f);
    usage_of_node(f.u, f.node, &n);
    assert_int_equal(usage_count(&c), 1);
    assert_int_equal(c.slot[0].cpu, 124); // rounded up
    assert_int_equal(c.slot[0].memory, 128 * 1024);
    assert_int_equal(n.slot[0].cpu, 5);
    assert_int_equal(usage_span(&c), 0);
    fini(&f);
}

static void pods_of_one_controller_share_what_is_known(void **state unused_arg)
{
    struct usage_samples s = { 0 };
    struct fixture f;
    struct object *other;

    init(&f);
    see(&f, NOON, "70m", "1Mi");
    other = object_from_json(
        KIND_POD, "{\"metadata\":{\"name\":\"web-2\",\"namespace\":\"shop\",\"ownerReferences\":[{"
                  "\"kind\":\"ReplicaSet\",\"name\":\"web\",\"controller\":true,"
                  "\"uid\":\"00000000-0000-4000-8000-000000000002\"}]}}");
    usage_of_pod(f.u, other, "app", &s);
    assert_int_equal(s.slot[0].cpu, 70);
    s = (struct usage_samples){ 0 };
    usage_of_pod(f.u, other, "other", &s);
    assert_int_equal(usage_count(&s), 0);
    usage_of_pod(NULL, other, "app", &s);
    assert_int_equal(usage_count(&s), 0);
    object_unref(other);
    fini(&f);
}

static void the_95th_of_100_is_the_19th_of_20(void **state unused_arg)
{
    struct usage_samples s;
    struct fixture f;

    init(&f);
    for (int i = 0; i < 20; i++) { // in no order: 0, 70, 140, 10, ...
        char cpu[16], memory[16];
        snprintf(cpu, sizeof(cpu), "%dm", i * 7 % 20 * 10);
        snprintf(memory, sizeof(memory), "%dKi", i);
        see(&f, NOON + i * USAGE_SLOT, cpu, memory);
    }
    s = of_pod(&f);
    assert_int_equal(usage_count(&s), 20);
    assert_int_equal(usage_span(&s), 19 * USAGE_SLOT);
    assert_int_equal(usage_p95(&s).cpu, 180);
    assert_int_equal(usage_p95(&s).memory, 18);
    assert_int_equal(usage_max(&s).cpu, 190);
    assert_int_equal(usage_mean(&s).cpu, 95);
    s = (struct usage_samples){ 0 };
    assert_int_equal(usage_p95(&s).cpu, 0);
    assert_int_equal(usage_mean(&s).cpu, 0);
    fini(&f);
}

static void what_is_older_than_a_day_is_forgotten(void **state unused_arg)
{
    struct usage_samples s;
    struct fixture f;

    init(&f);
    see(&f, NOON, "1", "1Gi");
    see(&f, NOON + 20 * USEC_PER_HOUR, "10m", "1Mi");
    s = of_pod(&f);
    assert_int_equal(usage_count(&s), 2);
    assert_int_equal(usage_max(&s).cpu, 1000);
    assert_int_equal(usage_span(&s), 20 * USEC_PER_HOUR);
    usage_begin(f.u, NOON + USEC_PER_DAY);
    s = of_pod(&f);
    assert_int_equal(usage_count(&s), 1);
    assert_int_equal(usage_max(&s).cpu, 10);
    assert_int_equal(usage_series(f.u), 2);
    usage_begin(f.u, NOON + 30 * USEC_PER_DAY);
    s = of_pod(&f);
    assert_int_equal(usage_count(&s), 0);
    assert_int_equal(usage_series(f.u), 0);
    fini(&f);
}

static void there_is_a_most_that_is_remembered(void **state unused_arg)
{
    struct object *m = object_from_json(
        KIND_NODE_METRICS, "{\"metadata\":{\"name\":\"x\"},\"usage\":{\"cpu\":\"1\"}}");
    struct fixture f;

    init(&f);
    usage_begin(f.u, NOON);
    for (uint32_t i = 0; i < USAGE_SERIES_MAX + 5; i++) {
        memcpy(f.node->uid, &i, sizeof(i));
        usage_put_node(f.u, f.node, m);
    }
    assert_int_equal(usage_series(f.u), USAGE_SERIES_MAX);
    object_unref(m);
    fini(&f);
}

RUN(T(a_container_keeps_the_highest_of_a_half_hour_and_a_node_the_last),
    T(pods_of_one_controller_share_what_is_known), T(the_95th_of_100_is_the_19th_of_20),
    T(what_is_older_than_a_day_is_forgotten), T(there_is_a_most_that_is_remembered))
