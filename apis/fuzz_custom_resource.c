// SPDX-License-Identifier: Apache-2.0
// A custom resource of ours, read as strictly as the operator reads it. The first byte chooses the
// kind (bit 0) and the form (bit 1: YAML). What is refused says why; what is accepted reads back
// from JSON and from YAML as the same object, is judged the same, and keeps its promises.
#include "apis/cron.h"
#include "apis/fake_round_trip.h"
#include "apis/types.h"
#include "apis/validate.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct decode_options strict = { .strict = true, .validate = true };

static int validate(const struct object *o, struct error *e)
{
    return o->kind == KIND_KUBE9_CONFIG ? kube9_config_validate(o, e)
                                        : assessment_run_validate(o, e);
}

// What the rest of the operator takes for granted about a config that passed.
static void check_config(const struct object *o)
{
    const struct kube9_config_spec *spec = kube9_config_spec(kube9_config_of(o));
    const struct assessment_settings *a = kube9_config_spec_assessment(spec);
    struct cron c;

    assert(strcmp(object_name(o), "default") == 0 && !*object_namespace(o));
    assert(cron_parse(str_of(assessment_settings_schedule(a)), &c, NULL) == 0);
    assert(assessment_settings_timeout_seconds(a) >= 1);
    assert(assessment_settings_successful_runs_history_limit(a) <= 100);
    assert((assessment_settings_mode(a) == RUN_MODE_PILLAR) ==
           (assessment_settings_pillars(a).n > 0));
    FOR_EACH (exemption, x, assessment_settings_exemptions(a)) {
        assert(*exemption_name(x) && *exemption_reason(x));
    }
}

static void check_run(const struct object *o)
{
    const struct assessment_run_spec *spec = assessment_run_spec(assessment_run_of(o));

    assert(assessment_run_spec_timeout_seconds(spec) >= 1);
    assert((assessment_run_spec_mode(spec) == RUN_MODE_PILLAR) ==
           (assessment_run_spec_pillars(spec).n > 0));
    assert(assessment_run_spec_pillars(spec).n <= 6);
}

// A judgement may not depend on how the object came to us.
static void check_verdict(const struct object *o)
{
    autobuf struct buf text = { 0 };
    autoobject struct object *again = NULL;
    struct error e = { 0 }, second = { 0 };
    int rc = validate(o, &e);

    fake_object_text(o, true, &text);
    assert(fake_object_read(kind_get(o->kind), buf_str(&text), true, strict, &again, &second) == 0);
    assert(validate(again, &second) == rc);
    assert(rc == 0 || (e.text[0] && strcmp(e.text, second.text) == 0));
    if (rc < 0)
        return;
    if (o->kind == KIND_KUBE9_CONFIG)
        check_config(o);
    else
        check_run(o);
}

// Whoever is less strict has to understand it, too, and in the same way.
static void check_lenient(const struct object *o, struct str text, bool yaml)
{
    autobuf struct buf want = { 0 }, have = { 0 };
    autoobject struct object *again = NULL;
    struct error e = { 0 };

    assert(fake_object_read(kind_get(o->kind), text, yaml, (struct decode_options){ 0 }, &again,
                            &e) == 0);
    fake_object_text(o, false, &want);
    fake_object_text(again, false, &have);
    assert(want.n == have.n && memcmp(want.p, have.p, want.n) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = { (const char *)data + 1, size - 1 };
    autoobject struct object *o = NULL;
    struct error e = { 0 };
    const struct kind *k;
    bool yaml;

    if (size < 2)
        return 0;
    k = kind_get(data[0] & 1 ? KIND_ASSESSMENT_RUN : KIND_KUBE9_CONFIG);
    yaml = data[0] & 2;
    if (fake_object_read(k, text, yaml, strict, &o, &e) < 0)
        return 0;
    check_lenient(o, text, yaml);
    fake_round_trip(o, false, strict);
    fake_round_trip(o, true, strict);
    check_verdict(o);
    return 0;
}
