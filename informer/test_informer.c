// SPDX-License-Identifier: Apache-2.0
#include "informer/informer.h"

#include "apis/types.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/test.h"
#include "informer/fake_cluster.h"

static struct fake_cluster c;

static int set_up(void **state)
{
    (void)state;
    fake_cluster_init(&c, false, 0);
    return 0;
}

static int set_up_asking(void **state)
{
    (void)state;
    fake_cluster_init(&c, true, 0);
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

static void sync_pods(void)
{
    informers_add(c.in, KIND_POD);
    pass(USEC_PER_SEC);
    assert_int_equal(informer_status(c.in, KIND_POD)->state, KIND_SYNCED);
}

static enum kind_state state_of(enum kind_id kind)
{
    return informer_status(c.in, kind)->state;
}

static void r18_a_list_in_pages_fills_the_cache(void **state)
{
    const struct object *o;
    char name[16];

    (void)state;
    for (int i = 0; i < 12; i++) {
        snprintf(name, sizeof(name), "p%d", i);
        fake_cluster_pod(&c, "n", name, "web");
    }
    assert_false(informer_status(c.in, KIND_POD)->watched);
    informers_add(c.in, KIND_POD);
    informers_add(c.in, KIND_POD);
    assert_int_equal(state_of(KIND_POD), KIND_NOT_SYNCED);
    assert_false(informers_synced(c.in));
    pass(USEC_PER_SEC);
    assert_true(informers_synced(c.in));
    assert_int_equal(informer_count(c.in, KIND_POD), 12);
    assert_int_equal(fake_server_count(c.server, "GET", "watch=false"), 3);
    o = informer_get(c.in, KIND_POD, "n", "p7");
    assert_non_null(o);
    assert_string_equal(object_name(o), "p7");
    assert_string_equal(object_namespace(o), "n");
    assert_null(informer_get(c.in, KIND_POD, "other", "p7"));
    assert_null(informer_get(c.in, KIND_POD, "", "p7"));
    assert_int_equal(informer_status(c.in, KIND_POD)->rv, fake_server_rv(c.server));
    assert_int_equal(informer_status(c.in, KIND_POD)->objects, 12);
}

static void s17_live_changes_arrive(void **state)
{
    (void)state;
    fake_cluster_pod(&c, "n", "a", "web");
    sync_pods();
    fake_cluster_pod(&c, "n", "b", "web");
    fake_cluster_pod(&c, "n", "a", "db");
    pass(1000);
    assert_int_equal(informer_count(c.in, KIND_POD), 2);
    assert_string_equal(
        rmap_get(object_meta_labels(object_meta_of(informer_get(c.in, KIND_POD, "n", "a"))), "app"),
        "db");
    fake_server_delete(c.server, "pods", "n", "a");
    pass(1000);
    assert_null(informer_get(c.in, KIND_POD, "n", "a"));
    assert_int_equal(fake_server_count(c.server, "GET", "watch=false"), 1);
}

static const char *image_of(const char *name)
{
    const struct object *o = informer_get(c.in, KIND_POD, "n", name);

    FOR_EACH (container, k, pod_spec_containers(object_pod_spec(o)))
        return container_image(k);
    return "";
}

// One line of a scripted watch about Pod a.
static void watch_says(uint64_t rv, int generation, const char *spec, const char *phase)
{
    const struct object *held = informer_get(c.in, KIND_POD, "n", "a");
    char uid[UID_TEXT_MAX];
    autofree char *line = xasprintf(
        "{\"type\":\"MODIFIED\",\"object\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{"
        "\"name\":\"a\",\"namespace\":\"n\",\"uid\":\"%s\",\"resourceVersion\":\"%" PRIu64
        "\",\"generation\":%d},\"spec\":%s,\"status\":{\"phase\":\"%s\"}}}\n",
        object_uid_text(held, uid), rv, generation, spec, phase);

    fake_server_script(c.server, "GET", "watch=true",
                       &(struct fake_reply){ .body = line, .lasts = 5 * USEC_PER_SEC });
    fake_server_cut_watches(c.server, true);
    pass(6 * USEC_PER_SEC); // what an earlier line's stream had left, and a bit
}

static void a_pod_of_the_same_generation_keeps_its_spec_but_for_its_node(void **state)
{
    static const char spec[] =
        "{\"nodeName\":\"node-2\",\"containers\":[{\"name\":\"c\",\"image\":\"new\"}]}";
    const struct object *o;

    (void)state;
    fake_cluster_pod(&c, "n", "a", "old");
    sync_pods();
    o = informer_get(c.in, KIND_POD, "n", "a");
    assert_int_equal(object_meta_generation(object_meta_of(o)), 1);
    watch_says(5000, 1, spec, "Running");
    o = informer_get(c.in, KIND_POD, "n", "a");
    assert_int_equal(o->rv, 5000);
    assert_int_equal(pod_status_phase(pod_status(pod_of(o))), POD_PHASE_RUNNING);
    assert_string_equal(atom_str(pod_own_node_name(pod_own(pod_of(o)))), "node-2");
    assert_string_equal(image_of("a"), "old");
    watch_says(5001, 2, spec, "Running");
    assert_string_equal(image_of("a"), "new");
    watch_says(5002, 0, "{\"containers\":[{\"name\":\"c\",\"image\":\"uncounted\"}]}", "Running");
    assert_string_equal(image_of("a"), "uncounted");
    watch_says(5003, 0, "{\"containers\":[{\"name\":\"c\",\"image\":\"again\"}]}", "Running");
    assert_string_equal(image_of("a"), "again"); // servers before 1.33 count nothing
}

static void r28_a_relist_decodes_nothing_that_did_not_change(void **state)
{
    const struct object *a, *b;

    (void)state;
    fake_cluster_pod(&c, "n", "a", "web");
    fake_cluster_pod(&c, "n", "b", "web");
    sync_pods();
    a = informer_get(c.in, KIND_POD, "n", "a");
    b = informer_get(c.in, KIND_POD, "n", "b");
    fake_server_cut_watches(c.server, false);
    fake_cluster_pod(&c, "n", "b", "db");
    fake_server_compact(c.server);
    pass(USEC_PER_MIN);
    assert_int_equal(fake_server_count(c.server, "GET", "watch=false"), 2);
    assert_ptr_equal(informer_get(c.in, KIND_POD, "n", "a"), a);
    assert_ptr_not_equal(informer_get(c.in, KIND_POD, "n", "b"), b);
}

static void s1_indexes_answer_through_the_informers(void **state)
{
    struct informer_query q = { KIND_POD, INDEX_LABEL, atom_of("app"), "web", NULL };
    uint32_t iter = 0, n = 0;

    (void)state;
    fake_cluster_pod(&c, "n", "a", "web");
    fake_cluster_pod(&c, "n", "b", "db");
    sync_pods();
    for (const struct object *o; (o = informer_by_index(c.in, &q, &iter)); n++)
        assert_string_equal(object_name(o), "a");
    assert_int_equal(n, 1);
    n = 0;
    INFORMER_EACH (c.in, KIND_POD, o) {
        n += object_name(o)[0] == 'a' || object_name(o)[0] == 'b';
    }
    assert_int_equal(n, 2);
}

// Permissions.

static void a_kind_is_not_requested_before_it_is_allowed(void **state)
{
    (void)state;
    informers_add(c.in, KIND_POD);
    pass(USEC_PER_MIN);
    assert_int_equal(c.asked, 1);
    assert_int_equal(c.last_asked, KIND_POD);
    assert_int_equal(fake_server_requests(c.server), 0);
    informers_permission(c.in, KIND_POD, true);
    pass(USEC_PER_SEC);
    assert_int_equal(state_of(KIND_POD), KIND_SYNCED);
}

static void x8_a_kind_that_is_denied_makes_no_request_until_it_is_granted(void **state)
{
    (void)state;
    fake_cluster_pod(&c, "n", "a", "web");
    informers_add(c.in, KIND_POD);
    informers_add(c.in, KIND_NODE);
    pass(1000);
    informers_permission(c.in, KIND_NODE, true);
    informers_permission(c.in, KIND_POD, false);
    pass(USEC_PER_HOUR);
    assert_int_equal(state_of(KIND_POD), KIND_DENIED);
    assert_int_equal(state_of(KIND_NODE), KIND_SYNCED);
    assert_true(informers_synced(c.in));
    assert_int_equal(fake_server_count(c.server, NULL, "/pods"), 0);
    informers_permission(c.in, KIND_POD, true);
    pass(USEC_PER_SEC);
    assert_int_equal(state_of(KIND_POD), KIND_SYNCED);
    assert_int_equal(informer_count(c.in, KIND_POD), 1);
}

static void e9_a_permission_that_is_taken_away_keeps_the_objects_and_says_denied(void **state)
{
    size_t requests;

    (void)state;
    fake_cluster_pod(&c, "n", "a", "web");
    informers_add(c.in, KIND_POD);
    pass(1000);
    informers_permission(c.in, KIND_POD, true);
    pass(USEC_PER_SEC);
    fake_server_allow(c.server, "watch", "pods", false);
    fake_server_allow(c.server, "list", "pods", false);
    fake_server_cut_watches(c.server, false);
    pass(USEC_PER_SEC * 3);
    assert_true(c.asked >= 2); // after the 403
    assert_int_equal(informer_status(c.in, KIND_POD)->error.code, ERR_DENIED);
    informers_permission(c.in, KIND_POD, false);
    assert_int_equal(state_of(KIND_POD), KIND_DENIED);
    assert_non_null(informer_get(c.in, KIND_POD, "n", "a"));
    requests = fake_server_requests(c.server);
    pass(USEC_PER_HOUR);
    assert_int_equal(fake_server_requests(c.server), requests);
    fake_server_allow(c.server, "watch", "pods", true);
    fake_server_allow(c.server, "list", "pods", true);
    informers_permission(c.in, KIND_POD, true);
    pass(USEC_PER_MIN);
    assert_int_equal(state_of(KIND_POD), KIND_SYNCED);
    assert_int_equal(informer_status(c.in, KIND_POD)->error.code, ERR_NONE);
}

static void x8_without_anybody_to_ask_a_403_is_tried_again_every_minute(void **state)
{
    (void)state;
    fake_server_allow(c.server, "list", "pods", false);
    informers_add(c.in, KIND_POD);
    pass(10 * USEC_PER_MIN);
    assert_int_equal(state_of(KIND_POD), KIND_DENIED);
    assert_in_range(fake_server_requests(c.server), 13, 16);
    fake_server_allow(c.server, "list", "pods", true);
    pass(2 * USEC_PER_MIN);
    assert_int_equal(state_of(KIND_POD), KIND_SYNCED);
    fake_server_allow(c.server, "watch", "pods", false);
    fake_server_cut_watches(c.server, true);
    pass(USEC_PER_SEC);
    assert_int_equal(state_of(KIND_POD), KIND_DENIED);
    fake_server_allow(c.server, "watch", "pods", true);
    pass(3 * USEC_PER_SEC);
    assert_int_equal(state_of(KIND_POD), KIND_SYNCED);
}

// Kinds that come and go.

static void e9_a_kind_that_is_not_served_is_absent_and_tried_slowly(void **state)
{
    (void)state;
    fake_server_serve(c.server, "kube9configs", false);
    informers_add(c.in, KIND_KUBE9_CONFIG);
    pass(USEC_PER_HOUR);
    assert_int_equal(state_of(KIND_KUBE9_CONFIG), KIND_ABSENT);
    assert_true(informers_synced(c.in));
    assert_in_range(fake_server_requests(c.server), 12, 24);
    fake_server_serve(c.server, "kube9configs", true);
    fake_cluster_config(&c, "default", "{}");
    pass(6 * USEC_PER_MIN);
    assert_int_equal(state_of(KIND_KUBE9_CONFIG), KIND_SYNCED);
    assert_int_equal(informer_count(c.in, KIND_KUBE9_CONFIG), 1);
}

static void with_the_crds_known_an_absent_kind_costs_no_request_and_comes_at_once(void **state)
{
    size_t n;

    (void)state;
    fake_server_serve(c.server, "kube9configs", false);
    informers_add(c.in, KIND_CUSTOM_RESOURCE_DEFINITION);
    informers_add(c.in, KIND_KUBE9_CONFIG);
    pass(USEC_PER_MIN);
    n = fake_server_count(c.server, NULL, "kube9configs");
    assert_true(n <= 2);
    pass(USEC_PER_HOUR);
    assert_int_equal(fake_server_count(c.server, NULL, "kube9configs"), n);
    fake_server_serve(c.server, "kube9configs", true);
    fake_cluster_crd(&c, "kube9configs", "Kube9Config");
    pass(USEC_PER_SEC);
    assert_int_equal(state_of(KIND_KUBE9_CONFIG), KIND_SYNCED);
}

static void a_crd_that_is_deleted_leaves_the_objects_readable_and_not_trusted(void **state)
{
    (void)state;
    fake_cluster_crd(&c, "kube9configs", "Kube9Config");
    fake_cluster_config(&c, "default", "{}");
    informers_add(c.in, KIND_CUSTOM_RESOURCE_DEFINITION);
    informers_add(c.in, KIND_KUBE9_CONFIG);
    pass(USEC_PER_SEC);
    assert_int_equal(state_of(KIND_KUBE9_CONFIG), KIND_SYNCED);
    fake_server_serve(c.server, "kube9configs", false);
    fake_server_delete(c.server, "customresourcedefinitions", "", "kube9configs.kube9.io");
    fake_server_cut_watches(c.server, true);
    pass(USEC_PER_MIN);
    assert_int_equal(state_of(KIND_KUBE9_CONFIG), KIND_ABSENT);
    assert_non_null(informer_get(c.in, KIND_KUBE9_CONFIG, "", "default"));
    fake_server_delete(c.server, "kube9configs", "", "default");
    fake_server_serve(c.server, "kube9configs", true);
    fake_cluster_crd(&c, "kube9configs", "Kube9Config");
    pass(USEC_PER_MIN);
    assert_int_equal(state_of(KIND_KUBE9_CONFIG), KIND_SYNCED);
    assert_null(informer_get(c.in, KIND_KUBE9_CONFIG, "", "default"));
}

static void an_object_of_ours_that_is_wrong_is_kept_with_its_reason(void **state)
{
    struct key k = { KIND_KUBE9_CONFIG, 0, "default" };
    const char *why;

    (void)state;
    fake_cluster_config(&c, "default", "{\"assessment\":{\"timeoutSeconds\":\"soon\"}}");
    fake_cluster_config(&c, "good", "{}");
    informers_add(c.in, KIND_KUBE9_CONFIG);
    pass(USEC_PER_SEC);
    assert_int_equal(informer_count(c.in, KIND_KUBE9_CONFIG), 2);
    why = informer_problem(c.in, &k);
    assert_non_null(why);
    assert_non_null(strstr(why, "timeoutSeconds"));
    assert_true(informer_get_key(c.in, &k)->flags & OBJECT_METADATA_ONLY);
    k.name = "good";
    assert_null(informer_problem(c.in, &k));
    assert_false(informer_get_key(c.in, &k)->flags & OBJECT_METADATA_ONLY);
    k.name = "default";
    fake_cluster_config(&c, "default", "{}");
    pass(USEC_PER_SEC);
    assert_null(informer_problem(c.in, &k));
}

static void f17_one_object_that_cannot_be_read_does_not_cost_its_kind(void **state)
{
    struct key k = { KIND_POD, atom_of("n"), "odd" };

    (void)state;
    fake_server_put(c.server,
                    "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"odd\","
                    "\"namespace\":\"n\",\"labels\":[]},\"spec\":7}");
    fake_cluster_pod(&c, "n", "a", "web");
    sync_pods();
    assert_int_equal(informer_count(c.in, KIND_POD), 2);
    assert_non_null(informer_problem(c.in, &k));
    assert_non_null(informer_get_key(c.in, &k));
    fake_server_delete(c.server, "pods", "n", "odd");
    pass(1000);
    assert_null(informer_problem(c.in, &k));
}

// The server.

static void s6_a_server_that_is_down_makes_a_synced_kind_stale_and_back(void **state)
{
    (void)state;
    fake_cluster_pod(&c, "n", "a", "web");
    sync_pods();
    fake_server_down(c.server, true);
    pass(USEC_PER_MIN);
    assert_int_equal(state_of(KIND_POD), KIND_SYNCED);
    assert_true(informer_status(c.in, KIND_POD)->stale);
    assert_int_equal(informer_status(c.in, KIND_POD)->error.code, ERR_REFUSED);
    fake_server_down(c.server, false);
    pass(2 * USEC_PER_MIN);
    assert_false(informer_status(c.in, KIND_POD)->stale);
    assert_int_equal(fake_server_count(c.server, "GET", "watch=false"), 1);
}

static void e18a_a_regression_that_the_lease_saw_relists_every_kind(void **state)
{
    uint64_t before;

    (void)state;
    fake_cluster_pod(&c, "n", "a", "web");
    before = fake_server_rv(c.server);
    fake_cluster_pod(&c, "n", "b", "web");
    informers_add(c.in, KIND_NODE);
    sync_pods();
    fake_server_restore(c.server, before);
    pass(2 * USEC_PER_SEC);
    assert_int_equal(informer_count(c.in, KIND_POD), 2); // the watch is silent
    informers_regressed(c.in);
    pass(2 * USEC_PER_SEC);
    assert_int_equal(informer_count(c.in, KIND_POD), 1);
    assert_int_equal(informer_status(c.in, KIND_POD)->rv, before);
}

static void e18b_without_a_lease_the_probe_finds_it_within_ten_minutes(void **state)
{
    uint64_t before;

    (void)state;
    fake_cluster_pod(&c, "n", "a", "web");
    before = fake_server_rv(c.server);
    fake_cluster_pod(&c, "n", "b", "web");
    sync_pods();
    fake_server_restore(c.server, before);
    pass(11 * USEC_PER_MIN);
    assert_int_equal(informer_count(c.in, KIND_POD), 1);
}

static void e18c_an_event_of_the_past_leads_to_a_list_and_not_to_a_ghost(void **state)
{
    (void)state;
    sync_pods();
    fake_cluster_pod(&c, "n", "a", "web");
    fake_server_delete(c.server, "pods", "n", "a");
    pass(1000);
    fake_server_replay(c.server, 1); // the deletion alone says nothing new
    pass(USEC_PER_MIN);
    assert_int_equal(fake_server_count(c.server, "GET", "watch=false&limit=5"), 1);
    fake_server_replay(c.server, 2);
    pass(USEC_PER_MIN);
    assert_int_equal(fake_server_count(c.server, "GET", "watch=false&limit=5"), 2);
    assert_int_equal(informer_count(c.in, KIND_POD), 0);
}

static void x4_an_object_with_the_version_of_another_is_not_taken_for_it(void **state)
{
    uint8_t uid[16];
    uint64_t before = fake_server_rv(c.server), rv = fake_cluster_pod(&c, "n", "a", "web");

    (void)state;
    sync_pods();
    memcpy(uid, informer_get(c.in, KIND_POD, "n", "a")->uid, sizeof(uid));
    fake_server_restore(c.server, before);
    assert_int_equal(fake_cluster_pod(&c, "n", "a", "db"), rv);
    informers_regressed(c.in);
    pass(USEC_PER_SEC);
    assert_int_equal(informer_get(c.in, KIND_POD, "n", "a")->rv, rv);
    assert_memory_not_equal(informer_get(c.in, KIND_POD, "n", "a")->uid, uid, sizeof(uid));
}

static void s15_stop_ends_all_requests_and_keeps_the_caches(void **state)
{
    size_t requests;

    (void)state;
    fake_cluster_pod(&c, "n", "a", "web");
    informers_add(c.in, KIND_NODE);
    sync_pods();
    informers_stop(c.in);
    requests = fake_server_requests(c.server);
    pass(USEC_PER_HOUR);
    assert_int_equal(fake_server_requests(c.server), requests);
    assert_int_equal(fake_server_open_calls(c.server), 0);
    assert_non_null(informer_get(c.in, KIND_POD, "n", "a"));
}

static void idle_informers_wake_rarely(void **state)
{
    size_t before;

    (void)state;
    for (int k = 0; k < KIND_COUNT; k++)
        informers_add(c.in, (enum kind_id)k);
    pass(USEC_PER_MIN);
    before = fake_server_requests(c.server);
    pass(USEC_PER_HOUR);
    // Each kind: a watch every 5-10 minutes, a probe every 5 and an audit every 30-60; nothing
    // else.
    assert_in_range(fake_server_requests(c.server) - before, 16 * KIND_COUNT, 28 * KIND_COUNT);
    assert_int_equal(fake_server_count(c.server, "GET", "watch=false&limit=5") -
                         fake_server_count(c.server, "GET", "watch=false&limit=500"),
                     KIND_COUNT);
}

#define I(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
#define P(fn) cmocka_unit_test_setup_teardown(fn, set_up_asking, tear_down)

RUN(I(r18_a_list_in_pages_fills_the_cache), I(s17_live_changes_arrive),
    I(a_pod_of_the_same_generation_keeps_its_spec_but_for_its_node),
    I(r28_a_relist_decodes_nothing_that_did_not_change), I(s1_indexes_answer_through_the_informers),
    P(a_kind_is_not_requested_before_it_is_allowed),
    P(x8_a_kind_that_is_denied_makes_no_request_until_it_is_granted),
    P(e9_a_permission_that_is_taken_away_keeps_the_objects_and_says_denied),
    I(x8_without_anybody_to_ask_a_403_is_tried_again_every_minute),
    I(e9_a_kind_that_is_not_served_is_absent_and_tried_slowly),
    I(with_the_crds_known_an_absent_kind_costs_no_request_and_comes_at_once),
    I(a_crd_that_is_deleted_leaves_the_objects_readable_and_not_trusted),
    I(an_object_of_ours_that_is_wrong_is_kept_with_its_reason),
    I(f17_one_object_that_cannot_be_read_does_not_cost_its_kind),
    I(s6_a_server_that_is_down_makes_a_synced_kind_stale_and_back),
    I(e18a_a_regression_that_the_lease_saw_relists_every_kind),
    I(e18b_without_a_lease_the_probe_finds_it_within_ten_minutes),
    I(e18c_an_event_of_the_past_leads_to_a_list_and_not_to_a_ghost),
    I(x4_an_object_with_the_version_of_another_is_not_taken_for_it),
    I(s15_stop_ends_all_requests_and_keeps_the_caches), I(idle_informers_wake_rarely))
