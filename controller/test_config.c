// SPDX-License-Identifier: Apache-2.0
// What a schema cannot refuse, with its path; and the way into the store and back.
#include "apis/types.h"
#include "base/alloc.h"
#include "base/json.h"
#include "base/test.h"
#include "controller/config.h"

static struct object *object(const char *name, const char *spec)
{
    autofree char *text = xasprintf(
        "{\"apiVersion\":\"kube9.io/v1alpha1\",\"kind\":\"Kube9Config\",\"metadata\":{\"name\":\"%s\",\"uid\":"
        "\"00000000-0000-4000-8000-000000000001\",\"generation\":7},\"spec\":%s}",
        name, spec);
    struct json_doc autojson doc = { 0 };
    struct object *o = NULL;
    struct error e = { 0 };

    if (json_parse(str_of(text), NULL, &doc, &e) < 0 ||
        object_decode(kind_get(KIND_KUBE9_CONFIG), json_root(&doc), (struct decode_options){ 0 },
                      &o, &e) < 0)
        fail_msg("%s: %s", spec, e.text);
    return o;
}

static void the_defaults_are_valid(void **state unused_arg)
{
    struct config *c = config_defaults();

    assert_null(c->object);
    assert_int_equal(c->generation, 0);
    assert_null(config_spec(c));
    assert_int_equal(schedule_interval(c->schedule, 0), USEC_PER_DAY);
    assert_int_equal(assessment_settings_mode(config_assessment(c)), RUN_MODE_FULL);
    assert_int_equal(config_retention(c).findings, 30 * USEC_PER_DAY);
    assert_int_equal(config_retention(c).assessments, 365 * USEC_PER_DAY);
    config_unref(c);
}

static void each_refusal_names_its_field(void **state unused_arg)
{
    static const struct {
        const char *name, *spec, *path;
    } rows[] = {
        {"other",    "{}",                                                                          "metadata.name: "                    },
        { "default", "{\"assessment\":{\"schedule\":\"at noon\"}}",                                 "spec.assessment.schedule: "         },
        { "default", "{\"assessment\":{\"schedule\":\"61 * * * *\"}}",
         "spec.assessment.schedule: "                                                                                                    },
        { "default", "{\"assessment\":{\"schedule\":\"@every 10s\"}}",
         "spec.assessment.schedule: "                                                                                                    },
        { "default", "{\"assessment\":{\"schedule\":\"0 3 * * *\",\"timeZone\":\"Mars/Olympus\"}}",
         "spec.assessment.timeZone: "                                                                                                    },
        { "default", "{\"assessment\":{\"mode\":\"Pillar\"}}",                                      "spec.assessment.pillars: "          },
        { "default", "{\"assessment\":{\"mode\":\"Full\",\"pillars\":[\"Security\"]}}",
         "spec.assessment.pillars: "                                                                                                     },
        { "default",
         "{\"assessment\":{\"checks\":{\"include\":[\"security/*\",\"nosuch/check\"]}}}",           "spec.assessment.checks.include[1]: "},
        { "default", "{\"assessment\":{\"checks\":{\"exclude\":[\"nosuch/*\"]}}}",
         "spec.assessment.checks.exclude[0]: "                                                                                           },
        { "default", "{\"assessment\":{\"mode\":\"SingleCheck\"}}",
         "spec.assessment.checks.include: "                                                                                              },
        { "default", "{\"assessment\":{\"profile\":\"nosuch\"}}",                                   "spec.assessment.profile: "          },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct object *autoobject o = object(rows[i].name, rows[i].spec);
        struct config *c = NULL;
        struct error e = { 0 };

        if (config_from_object(o, &c, &e) == 0)
            fail_msg("accepted: %s", rows[i].spec);
        assert_null(c);
        assert_int_equal(e.code, ERR_INVALID);
        if (strncmp(e.text, rows[i].path, strlen(rows[i].path)) != 0)
            fail_msg("'%s' does not begin with '%s'", e.text, rows[i].path);
    }
}

static void what_is_right_is_accepted(void **state unused_arg)
{
    static const char *const specs[] = {
        "{}",
        "{\"assessment\":{\"schedule\":\"0 3 * * *\",\"timeZone\":\"Etc/UTC\"}}",
        "{\"assessment\":{\"schedule\":\"@every 1m\"}}",
        "{\"assessment\":{\"mode\":\"Pillar\",\"pillars\":[\"Security\",\"Sustainability\"]}}",
        "{\"assessment\":{\"mode\":\"SingleCheck\",\"checks\":{\"include\":[\"security/privileged-container\"]}}}",
    };

    for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
        struct object *autoobject o = object("default", specs[i]);
        struct config *c = NULL;
        struct error e = { 0 };

        if (config_from_object(o, &c, &e) < 0)
            fail_msg("%s: %s", specs[i], e.text);
        assert_int_equal(c->generation, 7);
        config_unref(c);
    }
}

static void a_configuration_survives_the_store(void **state unused_arg)
{
    struct object *autoobject o = object(
        "default",
        "{\"assessment\":{\"schedule\":\"0 3 * * *\",\"successfulRunsHistoryLimit\":5,"
        "\"checks\":{\"exclude\":[\"security/privileged-container\"]},\"exemptions\":[{\"name\":\"a\",\"checks\":"
        "[\"security/*\"],\"reason\":\"known\"}]},\"heartbeat\":{\"interval\":\"30s\"},"
        "\"retention\":{\"findings\":\"9d\"}}");
    struct config *c = NULL, *back = NULL;
    struct buf autobuf first = { 0 };
    struct buf autobuf second = { 0 };
    struct error e = { 0 };

    assert_int_equal(config_from_object(o, &c, &e), 0);
    buf_init(&first, (size_t)1 << 20);
    buf_init(&second, (size_t)1 << 20);
    assert_int_equal(config_to_json(c, &first), 0);
    if (config_from_json(first.p, &back, &e) < 0)
        fail_msg("%s in %s", e.text, first.p);
    assert_true(back->restored);
    assert_false(c->restored);
    assert_true(config_same(c, back));
    assert_int_equal(config_retention(back).findings, 9 * USEC_PER_DAY);
    assert_int_equal(assessment_settings_exemptions(config_assessment(back)).n, 1);
    assert_int_equal(config_to_json(back, &second), 0);
    assert_string_equal(first.p, second.p);
    config_unref(back);
    config_unref(c);
}

static void the_defaults_are_stored_as_nothing(void **state unused_arg)
{
    struct config *c = config_defaults();
    struct buf autobuf text = { 0 };

    buf_init(&text, 64);
    assert_int_equal(config_to_json(c, &text), 0);
    assert_int_equal(text.n, 0);
    config_unref(c);
}

static void a_damaged_stored_configuration_is_refused(void **state unused_arg)
{
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "null",
        "{\"spec\":{\"nonsense\":1}}",
        "{\"metadata\":{\"name\":\"default\"},\"spec\":{\"assessment\":{\"schedule\":\"never\"}}}"
    };

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct config *c = NULL;
        struct error e = { 0 };

        assert_int_equal(config_from_json(texts[i], &c, &e), -1);
        assert_null(c);
        assert_int_equal(strncmp(e.text, "stored configuration: ", 22), 0);
    }
}

static void another_generation_or_another_object_is_not_the_same(void **state unused_arg)
{
    struct object *autoobject o = object("default", "{}");
    struct config *a = NULL, *b = config_defaults(), *d = config_defaults();
    struct error e = { 0 };

    assert_int_equal(config_from_object(o, &a, &e), 0);
    assert_true(config_same(a, a));
    assert_false(config_same(a, b));
    assert_true(config_same(b, d));
    assert_false(config_same(a, NULL));
    config_unref(a);
    config_unref(b);
    config_unref(d);
}

RUN(T(the_defaults_are_valid), T(each_refusal_names_its_field), T(what_is_right_is_accepted),
    T(a_configuration_survives_the_store), T(the_defaults_are_stored_as_nothing),
    T(a_damaged_stored_configuration_is_refused),
    T(another_generation_or_another_object_is_not_the_same))
