// SPDX-License-Identifier: Apache-2.0
#include "apis/draft.h"
#include "apis/test_object.h"

static void expect_text(const struct draft *d, const char *want)
{
    autobuf struct buf b = { 0 };
    struct writer w;
    buf_init(&b, 65536);
    writer_to_buf(&w, WRITER_JSON, &b);
    draft_write(d, &w);
    assert_int_equal(writer_end(&w), 0);
    assert_string_equal(b.p, want);
}

static void add_condition(struct draft *status, const char *type, enum condition_status s)
{
    struct draft *c = assessment_run_status_add_conditions(status);
    condition_put_type(c, type);
    condition_put_status(c, s);
    condition_put_last_transition_time(c, 1767323045);
}

static void members_come_in_row_order(void **state unused_arg)
{
    autoarena struct arena *a = arena_new(1 << 20);
    struct draft *d = DRAFT_NEW(a, assessment_run_status);
    add_condition(d, "Ready", CONDITION_FALSE);
    add_condition(d, "Complete", CONDITION_TRUE);
    run_counts_put_total(assessment_run_status_add_counts(d), 3);
    run_counts_put_failing(assessment_run_status_add_counts(d), 0);
    assessment_run_status_put_phase(d, RUN_PHASE_RUNNING);
    assessment_run_status_put_grade(d, "A");
    assessment_run_status_put_grade(d, NULL);
    expect_text(
        d,
        "{\"phase\":\"Running\",\"counts\":{\"total\":3,\"failing\":0},\"conditions\":["
        "{\"type\":\"Ready\",\"status\":\"False\",\"lastTransitionTime\":\"2026-01-02T03:04:05Z\"},"
        "{\"type\":\"Complete\",\"status\":\"True\",\"lastTransitionTime\":\"2026-01-02T03:04:05Z\"}]}");
    draft_drop(d, "conditions");
    expect_text(d, "{\"phase\":\"Running\",\"counts\":{\"total\":3,\"failing\":0}}");
}

static void a_whole_object_can_be_written_and_read_back(void **state unused_arg)
{
    autoarena struct arena *a = arena_new(1 << 20);
    struct draft *d = DRAFT_NEW(a, assessment_run);
    struct draft *meta = assessment_run_add_meta(d), *spec = assessment_run_add_spec(d);
    object_meta_put_name(meta, "default-29000000");
    object_meta_put_labels(meta, "kube9.io/trigger", "Scheduled");
    object_meta_put_labels(meta, "kube9.io/trigger", "Manual");
    struct draft *owner = object_meta_add_owner_references(meta);
    owner_reference_put_uid(owner, "01234567-89ab-cdef-0123-456789abcdef");
    owner_reference_put_controller(owner, true);
    assessment_run_spec_put_mode(spec, RUN_MODE_PILLAR);
    assessment_run_spec_add_pillars(spec, PILLAR_SECURITY);
    check_selection_add_exclude(assessment_run_spec_add_checks(spec), "security/host-port");
    autobuf struct buf b = { 0 };
    struct writer w;
    buf_init(&b, 65536);
    writer_to_buf(&w, WRITER_JSON, &b);
    draft_write_object(d, kind_get(KIND_ASSESSMENT_RUN), &w);
    assert_int_equal(writer_end(&w), 0);
    autoobject struct object *o = object_from_yaml(KIND_ASSESSMENT_RUN, b.p);
    assert_string_equal(object_name(o), "default-29000000");
    assert_string_equal(rmap_get(object_meta_labels(object_meta_of(o)), "kube9.io/trigger"),
                        "Manual");
    assert_true(rlist_has_word(
        assessment_run_spec_pillars(assessment_run_spec(assessment_run_of(o))), PILLAR_SECURITY));
    autobuf struct buf again = { 0 };
    buf_init(&again, 65536);
    writer_to_buf(&w, WRITER_JSON, &again);
    object_write(o, &w);
    assert_int_equal(writer_end(&w), 0);
    assert_string_equal(again.p, b.p);
}

static void a_loaded_draft_is_the_same_until_it_changes(void **state unused_arg)
{
    autoarena struct arena *a = arena_new(1 << 20);
    autoobject struct object *o = object_from_yaml(
        KIND_KUBE9_CONFIG,
        "metadata: {name: default}\nspec: {}\nstatus: {observedGeneration: 3000000000, mode: Operated, registered: false, active: [a, b], "
        "lastAssessment: {name: r, score: 0}, conditions: [{type: Ready, status: \"True\", lastTransitionTime: 2026-01-02T03:04:05Z, reason: Ok, message: fine}]}\n");
    const struct kube9_config_status *s = kube9_config_status(kube9_config_of(o));
    struct draft *d = draft_load(a, &type_kube9_config_status, s);
    assert_true(draft_same(d, s));
    kube9_config_status_put_tier(d, TIER_FREE);
    assert_false(draft_same(d, s));
    assert_false(draft_same(DRAFT_NEW(a, kube9_config_status), s));
    assert_true(draft_same(DRAFT_NEW(a, kube9_config_status), NULL));
}

static void write_yaml(const struct object *o, struct buf *out)
{
    struct writer w;
    writer_to_buf(&w, WRITER_YAML, out);
    object_write(o, &w);
    assert_int_equal(writer_end(&w), 0);
}

static void writing_and_reading_again_changes_nothing(void **state unused_arg)
{
    autobuf struct buf text, first, second;
    char chunk[4096];
    buf_init(&text, 65536);
    buf_init(&first, 65536);
    buf_init(&second, 65536);
    FILE *f = fopen("crds/testdata/accept/config-full.yaml", "re");
    assert_non_null(f);
    for (size_t n; (n = fread(chunk, 1, sizeof(chunk), f)) > 0;)
        buf_add(&text, chunk, n);
    fclose(f);
    autoobject struct object *a = object_from_yaml(KIND_KUBE9_CONFIG, text.p);
    write_yaml(a, &first);
    autoobject struct object *b = object_from_yaml(KIND_KUBE9_CONFIG, first.p);
    write_yaml(b, &second);
    assert_string_equal(first.p, second.p);
    assert_int_equal(object_bytes(a), object_bytes(b));
    assert_memory_equal(a->record, b->record, object_bytes(a) - sizeof(*a));
}

RUN(T(members_come_in_row_order), T(a_whole_object_can_be_written_and_read_back),
    T(a_loaded_draft_is_the_same_until_it_changes), T(writing_and_reading_again_changes_nothing))
