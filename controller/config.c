// SPDX-License-Identifier: Apache-2.0
// The CRD's schema has refused most nonsense already, but an old CRD may stand in the cluster, and
// some rules need more than a schema: cron text, time zones, known checks and profiles. Only what
// passes here is ever put in force.
#include "controller/config.h"

#include "apis/draft.h"
#include "apis/validate.h"
#include "base/alloc.h"
#include "base/json.h"
#include "base/writer.h"

static int refuse(struct error *e, const char *path, const struct error *why)
{
    return error_set(e, ERR_INVALID, "%s: %s", path, why->text);
}

static int parse_schedule(const struct config *c, struct schedule **ret, struct error *e)
{
    const struct assessment_settings *a = config_assessment(c);
    struct error why = { 0 };

    *ret = schedule_new(assessment_settings_schedule(a), assessment_settings_time_zone(a), &why);
    return *ret ? 0
                : refuse(e,
                         strstr(why.text, "time zone") ? "spec.assessment.timeZone"
                                                       : "spec.assessment.schedule",
                         &why);
}

static int check_meaning(struct config *c, struct error *e)
{
    struct arena *autoarena a = arena_new((size_t)1 << 20);
    struct assessment_options ignored;
    struct run_options_source source = config_run_source(c);

    if (c->object && strcmp(object_name(c->object), "default") != 0)
        return error_set(
            e, ERR_INVALID,
            "metadata.name: must be 'default', other objects of this kind are not read");
    if (parse_schedule(c, &c->schedule, e) < 0)
        return -1;
    return run_options(&source, "spec.assessment", a, &ignored, e);
}

static struct config *config_new(struct object *o)
{
    struct config *c = xcalloc(1, sizeof(*c));

    c->refs = 1;
    c->object = o;
    if (o)
        c->generation = object_meta_generation(object_meta_of(o));
    return c;
}

struct config *config_defaults(void)
{
    struct config *c = config_new(NULL);
    struct error e = { 0 };

    if (check_meaning(c, &e) < 0)
        abort(); // the defaults are constants of this program; test_config parses them
    return c;
}

int config_from_object(const struct object *o, struct config **ret, struct error *e)
{
    struct config *c = config_new(object_ref((struct object *)(uintptr_t)o));

    if (check_meaning(c, e) < 0 || kube9_config_validate(o, e) < 0) {
        config_unref(c);
        return -1;
    }
    *ret = c;
    return 0;
}

int config_from_json(const char *json, struct config **ret, struct error *e)
{
    struct json_doc autojson doc = { 0 };
    struct object *autoobject o = NULL;

    if (json_parse_strict(str_of(json), &doc, e) < 0 ||
        object_decode(kind_get(KIND_KUBE9_CONFIG), json_root(&doc),
                      (struct decode_options){ .strict = true }, &o, e) < 0 ||
        config_from_object(o, ret, e) < 0)
        return error_wrap(e, "stored configuration");
    (*ret)->restored = true;
    return 0;
}

int config_to_json(const struct config *c, struct buf *out)
{
    struct writer w;
    char uid[UID_TEXT_MAX];

    if (!c->object)
        return buf_adds(out, "");
    writer_to_buf(&w, WRITER_JSON, out);
    w_object(&w);
    w_key_str(&w, "apiVersion", kind_api_version(kind_get(KIND_KUBE9_CONFIG)));
    w_key_str(&w, "kind", kind_get(KIND_KUBE9_CONFIG)->kind);
    w_key_object(&w, "metadata");
    w_key_str(&w, "name", object_name(c->object));
    w_key_str(&w, "uid", object_uid_text(c->object, uid));
    w_key_int(&w, "generation", c->generation);
    w_object_end(&w);
    if (config_spec(c)) {
        w_key(&w, "spec");
        record_write(&type_kube9_config_spec, config_spec(c), &w);
    }
    w_object_end(&w);
    return writer_end(&w);
}

struct config *config_ref(struct config *c)
{
    c->refs++;
    return c;
}

void config_unref(struct config *c)
{
    if (!c || --c->refs > 0)
        return;
    schedule_free(c->schedule);
    object_unref(c->object);
    free(c);
}

bool config_same(const struct config *a, const struct config *b)
{
    if (!a || !b)
        return a == b;
    if (!a->object || !b->object)
        return a->object == b->object;
    return a->generation == b->generation && object_same_uid(a->object, b->object);
}

const struct kube9_config_spec *config_spec(const struct config *c)
{
    return c->object ? kube9_config_spec(kube9_config_of(c->object)) : NULL;
}

const struct assessment_settings *config_assessment(const struct config *c)
{
    return kube9_config_spec_assessment(config_spec(c));
}

struct retention config_retention(const struct config *c)
{
    const struct retention_settings *r = kube9_config_spec_retention(config_spec(c));
    const struct event_retention *ev = retention_settings_events(r);

    return (struct retention){
        .assessments = retention_settings_assessments(r),
        .findings = retention_settings_findings(r),
        .collections = retention_settings_collections(r),
        .events_normal = event_retention_normal(ev),
        .events_critical = event_retention_critical(ev),
        .insights = retention_settings_insights(r),
    };
}

struct run_options_source config_run_source(const struct config *c)
{
    const struct assessment_settings *s = config_assessment(c);

    return (struct run_options_source){ .mode = assessment_settings_mode(s),
                                        .pillars = assessment_settings_pillars(s),
                                        .checks = assessment_settings_checks(s),
                                        .profile = assessment_settings_profile(s) };
}

struct run_options_source run_source(const struct assessment_run_spec *s)
{
    return (struct run_options_source){ .mode = assessment_run_spec_mode(s),
                                        .pillars = assessment_run_spec_pillars(s),
                                        .checks = assessment_run_spec_checks(s),
                                        .profile = assessment_run_spec_profile(s),
                                        .namespaces = assessment_run_spec_namespace_selector(s) };
}

static bool some_check_matches(const char *pattern)
{
    for (size_t i = 0; i < checks_count(); i++) {
        if (check_matches(checks_at(i), pattern))
            return true;
    }
    return false;
}

static int copy_patterns(struct rlist list, const char *path, struct arena *a,
                         const char *const **ret, struct error *e)
{
    const char **v = ARENA_ARRAY(a, const char *, list.n + 1);
    uint32_t i = 0;

    FOR_EACH_STR (pattern, list) {
        if (!some_check_matches(pattern))
            return error_set(
                e, ERR_INVALID,
                "%s[%u]: no check matches '%s'; `kube9-operator checks list` names them", path, i,
                pattern);
        v[i++] = pattern;
    }
    *ret = i ? v : NULL;
    return 0;
}

int run_options(const struct run_options_source *s, const char *path, struct arena *a,
                struct assessment_options *ret, struct error *e)
{
    static const enum assess_mode modes[] = { [RUN_MODE_FULL] = ASSESS_FULL,
                                              [RUN_MODE_PILLAR] = ASSESS_PILLAR,
                                              [RUN_MODE_SINGLE_CHECK] = ASSESS_SINGLE_CHECK };
    struct assessment_options o = { .profile = s->profile, .namespaces = s->namespaces };
    struct error why = { 0 };

    if (s->mode < RUN_MODE_FULL || s->mode > RUN_MODE_SINGLE_CHECK)
        return error_set(e, ERR_INVALID, "%s.mode: must be Full, Pillar or SingleCheck", path);
    o.mode = modes[s->mode];
    FOR_EACH_WORD (p, s->pillars) {
        if (p < PILLAR_SECURITY || p > PILLAR_SUSTAINABILITY)
            return error_set(e, ERR_INVALID, "%s.pillars: unknown pillar", path);
        o.pillars |= 1u << (p - PILLAR_SECURITY);
    }
    if ((o.mode == ASSESS_PILLAR) != (o.pillars != 0))
        return error_set(e, ERR_INVALID,
                         "%s.pillars: must be given with mode Pillar, and with no other", path);
    if (copy_patterns(check_selection_include(s->checks),
                      arena_printf(a, "%s.checks.include", path), a, &o.include, e) < 0 ||
        copy_patterns(check_selection_exclude(s->checks),
                      arena_printf(a, "%s.checks.exclude", path), a, &o.exclude, e) < 0)
        return -1;
    if (o.mode == ASSESS_SINGLE_CHECK && check_selection_include(s->checks).n != 1)
        return error_set(e, ERR_INVALID,
                         "%s.checks.include: mode SingleCheck needs exactly one entry", path);
    if (assess_profile_check(s->profile, &why) < 0)
        return error_set(e, ERR_INVALID, "%s.profile: %s", path, why.text);
    *ret = o;
    return 0;
}
