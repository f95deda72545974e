// SPDX-License-Identifier: Apache-2.0
#include "apis/argument.h"
#include "apis/test_object.h"

#define CONFIG(spec)                                                                               \
    "apiVersion: kube9.io/v1alpha1\nkind: Kube9Config\nmetadata: {name: default}\nspec:\n" spec

static void a_deployment_keeps_what_the_rows_name(void **state unused_arg)
{
    autoobject struct object *o = object_from_json(
        KIND_DEPLOYMENT,
        "{\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\",\"uid\":\"01234567-89ab-cdef-0123-456789abcdef\","
        "\"resourceVersion\":\"42\",\"generation\":7,\"managedFields\":[{\"x\":1}],\"labels\":{\"app\":\"web\"}},"
        "\"spec\":{\"replicas\":0,\"strategy\":{\"type\":\"RollingUpdate\",\"rollingUpdate\":{\"maxSurge\":\"25%\",\"maxUnavailable\":1}},"
        "\"template\":{\"metadata\":{\"labels\":{\"app\":\"web\",\"tier\":\"a\"}},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}},"
        "\"status\":{\"observedGeneration\":9000000000}}");
    const struct deployment *d = deployment_of(o);
    assert_string_equal(object_name(o), "web");
    assert_string_equal(object_namespace(o), "shop");
    assert_int_equal(o->rv, 42);
    char text[UID_TEXT_MAX];
    assert_string_equal(object_uid_text(o, text), "01234567-89ab-cdef-0123-456789abcdef");
    assert_true(deployment_spec_has_replicas(deployment_spec(d)));
    assert_int_equal(deployment_spec_replicas(deployment_spec(d)), 0);
    const struct rolling_update *r =
        update_strategy_rolling_update(deployment_spec_strategy(deployment_spec(d)));
    assert_string_equal(rolling_update_max_surge(r).s, "25%");
    assert_null(rolling_update_max_unavailable(r).s);
    assert_int_equal(rolling_update_max_unavailable(r).i, 1);
    assert_int_equal(deployment_status_observed_generation(deployment_status(d)), 9000000000);
    assert_string_equal(rmap_get(object_meta_labels(object_template_meta(o)), "tier"), "a");
    assert_int_equal(object_meta_generation(object_meta_of(o)), 7);
    FOR_EACH (container, c, pod_spec_containers(object_pod_spec(o))) {
        assert_string_equal(container_image(c), "i");
    }
}

static void absent_is_not_zero_and_has_its_default(void **state unused_arg)
{
    autoobject struct object *o =
        object_from_json(KIND_DEPLOYMENT, "{\"metadata\":{\"name\":\"a\"},\"spec\":{}}");
    const struct deployment_spec *s = deployment_spec(deployment_of(o));
    assert_non_null(s);
    assert_false(deployment_spec_has_replicas(s));
    assert_int_equal(deployment_spec_replicas(s), 1);
    assert_int_equal(deployment_spec_replicas(NULL), 1);
    assert_null(deployment_status(deployment_of(o)));
    assert_null(object_pod_spec(o));
    const struct kube9_config_spec *none = NULL;
    assert_int_equal(heartbeat_settings_interval(kube9_config_spec_heartbeat(none)),
                     60 * USEC_PER_SEC);
    assert_string_equal(assessment_settings_schedule(kube9_config_spec_assessment(none)),
                        "@every 24h");
    assert_true(event_settings_enabled(kube9_config_spec_events(none)));
    assert_false(healing_settings_enabled(kube9_config_spec_healing(none)));
    assert_int_equal(assessment_settings_mode(NULL), RUN_MODE_FULL);
}

static void a_quantity_given_as_a_number_is_that_number(void **state unused_arg)
{
    autoobject struct object *o = object_from_json(
        KIND_NODE, "{\"metadata\":{\"name\":\"a\"},\"status\":{\"capacity\":{\"cpu\":1.5,"
                   "\"memory\":18446744073709551615,\"pods\":110,\"less\":-3}}}");
    struct rlist capacity = node_status_capacity(node_status(node_of(o)));

    assert_string_equal(rmap_get(capacity, "cpu"), "1.5");
    assert_string_equal(rmap_get(capacity, "memory"), "18446744073709551615"); // not -1
    assert_string_equal(rmap_get(capacity, "pods"), "110");
    assert_string_equal(rmap_get(capacity, "less"), "-3");
}

static void a_null_member_is_absent(void **state unused_arg)
{
    autoobject struct object *o = object_from_json(
        KIND_POD,
        "{\"metadata\":{\"name\":\"a\",\"creationTimestamp\":null},\"spec\":null,\"status\":null}");
    assert_false(object_meta_has_creation_timestamp(object_meta_of(o)));
    assert_null(object_pod_spec(o));
}

static void empty_and_absent_selectors_differ(void **state unused_arg)
{
    autoobject struct object *a = object_from_json(
        KIND_POD_DISRUPTION_BUDGET, "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"selector\":{}}}");
    autoobject struct object *b =
        object_from_json(KIND_POD_DISRUPTION_BUDGET, "{\"metadata\":{\"name\":\"a\"},\"spec\":{}}");
    assert_true(pod_disruption_budget_spec_has_selector(
        pod_disruption_budget_spec(pod_disruption_budget_of(a))));
    assert_false(pod_disruption_budget_spec_has_selector(
        pod_disruption_budget_spec(pod_disruption_budget_of(b))));
}

static void a_wrong_type_is_an_error_with_its_path(void **state unused_arg)
{
    struct error e;
    struct object *o;
    assert_int_equal(read_json(KIND_DEPLOYMENT,
                               "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"replicas\":\"3\"}}",
                               (struct decode_options){ 0 }, &o, &e),
                     -1);
    assert_string_equal(e.text, "spec.replicas must be a whole number");
    assert_int_equal(
        read_json(
            KIND_POD,
            "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"containers\":[{\"name\":\"a\"},{\"name\":1}]}}",
            (struct decode_options){ 0 }, &o, &e),
        -1);
    assert_string_equal(e.text, "spec.containers[1].name must be a string");
    assert_int_equal(read_json(KIND_POD,
                               "{\"metadata\":{\"name\":\"a\",\"labels\":{\"x/y\":true}}}",
                               (struct decode_options){ 0 }, &o, &e),
                     -1);
    assert_string_equal(e.text, "metadata.labels[\"x/y\"] must be a string");
    assert_int_equal(read_json(KIND_POD, "{\"metadata\":{}}", (struct decode_options){ 0 }, &o, &e),
                     -1);
    assert_string_equal(e.text, "metadata.name is missing");
    assert_int_equal(read_json(KIND_POD, "[]", (struct decode_options){ 0 }, &o, &e), -1);
    assert_string_equal(e.text, "must be an object");
}

static void a_file_names_the_line(void **state unused_arg)
{
    expect_error(KIND_DEPLOYMENT, "metadata:\n  name: a\nspec:\n  replicas: many\n",
                 "line 4: spec.replicas must be a whole number");
    autoobject struct object *o = object_from_yaml(
        KIND_POD,
        "# first\nmetadata: {name: a}\nspec: {containers: [{name: c, image: x, resources: {limits: {cpu: 2, memory: 1.5Gi}}}]}\n");
    assert_int_equal(o->line, 2);
    FOR_EACH (container, c, pod_spec_containers(object_pod_spec(o))) {
        assert_string_equal(rmap_get(resources_limits(container_resources(c)), "cpu"), "2");
    }
}

static void our_kinds_are_read_strictly(void **state unused_arg)
{
    expect_error(KIND_KUBE9_CONFIG, CONFIG("  assesment: {}\n"),
                 "line 5: spec.assesment unknown member");
    expect_error(KIND_KUBE9_CONFIG, CONFIG("  assessment: {mode: full}\n"),
                 "line 5: spec.assessment.mode must be one of Full, Pillar, SingleCheck");
    expect_error(KIND_KUBE9_CONFIG, CONFIG("  assessment: {timeoutSeconds: 0}\n"),
                 "line 5: spec.assessment.timeoutSeconds must be 1 to 86400");
    expect_error(KIND_KUBE9_CONFIG, CONFIG("  heartbeat: {interval: 5s}\n"),
                 "line 5: spec.heartbeat.interval must be 15s to 4m");
    expect_error(KIND_KUBE9_CONFIG, CONFIG("  assessment: {exemptions: [{name: a}]}\n"),
                 "line 5: spec.assessment.exemptions[0].reason is required");
    expect_error(
        KIND_KUBE9_CONFIG,
        CONFIG("  assessment: {exemptions: [{name: a, reason: x}, {name: a, reason: y}]}\n"),
        "line 5: spec.assessment.exemptions has 'a' twice");
    expect_error(KIND_KUBE9_CONFIG, CONFIG("  assessment: {pillars: [Security, Security]}\n"),
                 "line 5: spec.assessment.pillars has 'Security' twice");
    expect_error(KIND_KUBE9_CONFIG, CONFIG("  assessment: {profile: Not-a-label}\n"),
                 "line 5: spec.assessment.profile must match ^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$");
    expect_error(KIND_ASSESSMENT_RUN, "metadata: {name: a}\n", "line 1: spec is required");
    autoobject struct object *o = object_from_yaml(
        KIND_KUBE9_CONFIG,
        CONFIG(
            "  assessment: {pillars: [Security, Sustainability], checks: {exclude: [\"security/*\"]}}\n"));
    const struct assessment_settings *a =
        kube9_config_spec_assessment(kube9_config_spec(kube9_config_of(o)));
    assert_true(rlist_has_word(assessment_settings_pillars(a), PILLAR_SUSTAINABILITY));
    assert_false(rlist_has_word(assessment_settings_pillars(a), PILLAR_RELIABILITY));
    assert_true(
        rlist_has_str(check_selection_exclude(assessment_settings_checks(a)), "security/*"));
}

static void lengths_count_characters(void **state unused_arg)
{
    char text[3000] = CONFIG("  assessment: {exemptions: [{name: a, reason: \"");
    size_t n = strlen(text);
    for (int i = 0; i < 1024; i++, n += 2)
        memcpy(text + n, "\xc3\xa4", 3);
    memcpy(text + n, "\"}]}\n", 6);
    object_unref(object_from_yaml(KIND_KUBE9_CONFIG, text));
    memcpy(text + n, "x\"}]}\n", 7);
    expect_error(
        KIND_KUBE9_CONFIG, text,
        "line 5: spec.assessment.exemptions[0].reason has 1025 characters, 1024 are allowed");
}

static void words_of_newer_servers_are_other(void **state unused_arg)
{
    autoobject struct object *o = object_from_json(
        KIND_POD, "{\"metadata\":{\"name\":\"a\"},\"status\":{\"phase\":\"Dreaming\"}}");
    assert_int_equal(pod_status_phase(pod_status(pod_of(o))), POD_PHASE_OTHER);
    assert_string_equal(word_text(&pod_phase_words, POD_PHASE_OTHER), "");
}

static void unknown_volume_sources_are_noticed(void **state unused_arg)
{
    autoobject struct object *o = object_from_json(
        KIND_POD,
        "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"volumes\":[{\"name\":\"a\",\"nfs\":{\"server\":\"x\"}},{\"name\":\"b\",\"emptyDir\":{}}]}}");
    struct rlist v = pod_spec_volumes(object_pod_spec(o));
    const struct volume *a = rlist_record(v, 0), *b = rlist_record(v, 1);
    assert_true(volume_has_other_source(a));
    assert_false(volume_has_other_source(b));
    assert_true(volume_has_empty_dir(b));
    assert_null(rlist_record(v, 2));
}

static void texts_that_may_be_secret_are_gone(void **state unused_arg)
{
    autoobject struct object *pod = object_from_json(
        KIND_POD,
        "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"containers\":[{\"name\":\"c\",\"args\":[\"--password=hunter2hunter2\",\"--token\",\"s3cr3ts3cr3t\"],"
        "\"env\":[{\"name\":\"DB_PASSWORD\",\"value\":\"hunter2hunter2\"},{\"name\":\"HOME\",\"value\":\"/root\"}]}]}}");
    autoobject struct object *map = object_from_json(
        KIND_CONFIG_MAP,
        "{\"metadata\":{\"name\":\"a\"},\"data\":{\"conf\":\"password: hunter2hunter2\",\"n\":\"1\"}}");
    size_t n = object_bytes(pod);
    assert_null(memmem(pod, n, "hunter2", 7));
    assert_null(memmem(map, object_bytes(map), "hunter2", 7));
    const struct container *c = rlist_record(pod_spec_containers(object_pod_spec(pod)), 0);
    const struct env_var *a = rlist_record(container_env(c), 0),
                         *b = rlist_record(container_env(c), 1);
    assert_int_equal(env_var_value(a), CREDENTIAL_TEXT);
    assert_int_equal(env_var_value(b), CREDENTIAL_NONE);
    const int want[] = { CREDENTIAL_NAMED, CREDENTIAL_NONE, CREDENTIAL_NAMED };
    int i = 0;
    FOR_EACH_WORD (cls, container_args(c)) {
        assert_int_equal(argument_class(cls), want[i++]);
    }
    assert_int_equal(i, 3);
    FOR_EACH_CREDENTIAL (key, cls, config_map_data(config_map_of(map))) {
        assert_int_equal(cls, strcmp(key, "conf") == 0 ? CREDENTIAL_NAMED : CREDENTIAL_NONE);
    }
}

static void only_annotations_that_something_reads_are_kept(void **state unused_arg)
{
    autoobject struct object *o = object_from_json(
        KIND_POD,
        "{\"metadata\":{\"name\":\"a\",\"annotations\":{\"kube9.io/exempt\":\"x\",\"kubectl.kubernetes.io/last-applied-configuration\":\"{}\",\"checksum/a\":\"1\"}}}");
    struct rlist m = object_meta_annotations(object_meta_of(o));
    assert_int_equal(m.n, 1);
    assert_string_equal(rmap_get(m, "kube9.io/exempt"), "x");
    assert_null(rmap_get(m, "checksum/a"));
}

static void a_huge_object_is_an_error_and_a_large_one_is_not(void **state unused_arg)
{
    autobuf struct buf b = { 0 };
    buf_init(&b, (size_t)64 << 20);
    buf_adds(&b, "{\"metadata\":{\"name\":\"a\"},\"rules\":[{\"resourceNames\":[");
    for (int i = 0; i < 200000; i++)
        buf_addf(&b, "%s\"name-%d\"", i ? "," : "", i);
    buf_adds(&b, "]}]}");
    autoobject struct object *o = object_from_json(KIND_ROLE, b.p);
    const struct policy_rule *r = rlist_record(role_rules(role_of(o)), 0);
    assert_int_equal(policy_rule_resource_names(r).n, 200000);
    assert_string_equal(rlist_record(policy_rule_resource_names(r), 199999), "name-199999");
    buf_reset(&b);
    buf_adds(&b, "{\"metadata\":{\"name\":\"a\"},\"rules\":[{\"resourceNames\":[");
    for (int i = 0; i < 1200000; i++)
        buf_addf(&b, "%s\"long-name-%d\"", i ? "," : "", i);
    buf_adds(&b, "]}]}");
    struct error e;
    struct object *big;
    assert_int_equal(read_json(KIND_ROLE, b.p, (struct decode_options){ 0 }, &big, &e), -1);
    assert_int_equal(e.code, ERR_TOO_BIG);
}

RUN(T(a_deployment_keeps_what_the_rows_name), T(absent_is_not_zero_and_has_its_default),
    T(a_quantity_given_as_a_number_is_that_number), T(a_null_member_is_absent),
    T(empty_and_absent_selectors_differ), T(a_wrong_type_is_an_error_with_its_path),
    T(a_file_names_the_line), T(our_kinds_are_read_strictly), T(lengths_count_characters),
    T(words_of_newer_servers_are_other), T(unknown_volume_sources_are_noticed),
    T(texts_that_may_be_secret_are_gone), T(only_annotations_that_something_reads_are_kept),
    T(a_huge_object_is_an_error_and_a_large_one_is_not))
