// SPDX-License-Identifier: Apache-2.0
// Plans: preconditions in the bodies, nothing written that is there already, one requeue.
#include "controller/plan.h"

#include "apis/draft.h"
#include "apis/types.h"
#include "base/alloc.h"
#include "base/json.h"
#include "base/test.h"
#include "controller/config.h"

#define UID "00000000-0000-4000-8000-000000000001"

static struct object *run(const char *status)
{
    autofree char *text = xasprintf(
        "{\"apiVersion\":\"kube9.io/v1alpha1\",\"kind\":\"AssessmentRun\",\"metadata\":{\"name\":\"x\",\"uid\":\"" UID
        "\",\"resourceVersion\":\"42\"},\"spec\":{\"mode\":\"Full\"},\"status\":%s}",
        status);
    struct json_doc autojson doc = { 0 };
    struct object *o = NULL;
    struct error e = { 0 };

    if (json_parse(str_of(text), NULL, &doc, &e) < 0 ||
        object_decode(kind_get(KIND_ASSESSMENT_RUN), json_root(&doc), (struct decode_options){ 0 },
                      &o, &e) < 0)
        fail_msg("%s", e.text);
    return o;
}

static void apply_running(struct plan *p, const struct object *o)
{
    struct draft *d = draft_new(p->arena, &type_assessment_run_status);

    assessment_run_status_put_phase(d, RUN_PHASE_RUNNING);
    plan_apply_status(p, o, d);
}

static void a_status_names_uid_and_resource_version(void **state unused_arg)
{
    struct object *autoobject o = run("{}");
    struct plan p;

    plan_init(&p);
    apply_running(&p, o);
    assert_int_equal(p.n, 1);
    assert_int_equal(p.v[0].kind, INTENT_APPLY_STATUS);
    assert_string_equal(
        p.v[0].body.p,
        "{\"apiVersion\":\"kube9.io/v1alpha1\",\"kind\":\"AssessmentRun\",\"metadata\":{\"name\":\"x\",\"uid\":\"" UID
        "\",\"resourceVersion\":\"42\"},\"status\":{\"phase\":\"Running\"}}");
    plan_fini(&p);
}

static void a_status_that_stands_is_not_written(void **state unused_arg)
{
    struct object *autoobject same = run("{\"phase\":\"Running\"}");
    struct object *autoobject more = run("{\"phase\":\"Running\",\"score\":3}");
    struct plan p;

    plan_init(&p);
    apply_running(&p, same);
    assert_int_equal(p.n, 0);
    apply_running(&p, more); // what we do not say any more has to go
    assert_int_equal(p.n, 1);
    plan_fini(&p);
}

static void a_deletion_carries_the_uid(void **state unused_arg)
{
    struct object *autoobject o = run("{}");
    struct plan p;

    plan_init(&p);
    plan_delete(&p, o);
    assert_int_equal(p.v[0].kind, INTENT_DELETE);
    assert_string_equal(p.v[0].uid, UID);
    assert_string_equal(p.v[0].name, "x");
    plan_fini(&p);
}

static void the_earliest_requeue_counts(void **state unused_arg)
{
    struct plan p;

    plan_init(&p);
    plan_requeue(&p, 30);
    plan_requeue(&p, 10);
    plan_requeue(&p, 20);
    assert_int_equal(p.n, 1);
    assert_int_equal(p.v[0].at, 10);
    plan_fini(&p);
}

static void a_plan_prints_one_line_per_intent(void **state unused_arg)
{
    struct object *autoobject o = run("{}");
    struct buf autobuf text = { 0 };
    struct plan p;

    buf_init(&text, 4096);
    plan_init(&p);
    plan_event(&p, o, true, "Failed", "it broke");
    plan_delete(&p, o);
    plan_remember(&p, "k", "v");
    plan_requeue(&p, USEC_PER_SEC);
    assert_int_equal(plan_print(&p, &text), 0);
    assert_string_equal(
        text.p,
        "event AssessmentRun/x Warning Failed: it broke\ndelete AssessmentRun/x\nremember k=v\n"
        "requeue at 1970-01-01T00:00:01Z\n");
    plan_fini(&p);
}

static void an_unpublished_configuration_is_freed_with_its_plan(void **state unused_arg)
{
    struct config *c = config_defaults();
    struct plan p;

    plan_init(&p);
    plan_add(&p, INTENT_PUBLISH)->config = config_ref(c);
    assert_int_equal(c->refs, 2);
    plan_fini(&p);
    assert_int_equal(c->refs, 1);
    config_unref(c);
}

static void plans_grow(void **state unused_arg)
{
    struct plan p;

    plan_init(&p);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(plan_add(&p, INTENT_CANCEL_JOB)->kind, INTENT_CANCEL_JOB);
    assert_int_equal(p.n, 1000);
    plan_fini(&p);
}

RUN(T(a_status_names_uid_and_resource_version), T(a_status_that_stands_is_not_written),
    T(a_deletion_carries_the_uid), T(the_earliest_requeue_counts),
    T(a_plan_prints_one_line_per_intent), T(an_unpublished_configuration_is_freed_with_its_plan),
    T(plans_grow))
