// SPDX-License-Identifier: Apache-2.0
// Files in, plan out. Each controller/testdata/{config,run}/NAME.yaml holds the facts in its first
// document and cluster objects in the others; NAME.plan holds the plan as text. K9_UPDATE=1 writes
// the plans anew: read the difference before you commit it.
#include "apis/draft.h"
#include "apis/reasons.h"
#include "apis/types.h"
#include "base/clock.h"
#include "base/test.h"
#include "controller/assessor.h"
#include "controller/config.h"
#include "controller/detect.h"
#include "controller/reconcile/config_object.h"
#include "controller/reconcile/run.h"

#include <glob.h>

#define FILE_MAX ((size_t)1 << 20)

struct fixture {
    struct arena *arena;
    const struct yaml_node *facts;
    struct object *config;
    struct object *runs[32];
    size_t n_runs;
};

static struct str read_file(struct arena *a, const char *path)
{
    FILE *f = fopen(path, "r");
    char *p = arena_alloc(a, FILE_MAX);
    size_t n;

    if (!f)
        return (struct str){ NULL, 0 };
    n = fread(p, 1, FILE_MAX, f);
    fclose(f);
    return (struct str){ p, n };
}

static void take_document(struct fixture *f, const struct yaml_node *doc)
{
    const struct kind *k =
        kind_find(yaml_str(yaml_get(doc, "apiVersion"), ""), yaml_str(yaml_get(doc, "kind"), ""));
    struct error e = { 0 };
    struct object *o;

    if (!k) {
        f->facts = doc;
        return;
    }
    if (object_decode_yaml(k, doc, (struct decode_options){ .strict = true }, &o, &e) < 0)
        fail_msg("%s", e.text);
    if (k->id == KIND_KUBE9_CONFIG)
        f->config = o;
    else
        f->runs[f->n_runs++] = o;
}

static void load(const char *path, struct fixture *f)
{
    struct yaml_node *doc;
    struct yaml_reader *r;
    struct error e = { 0 };

    *f = (struct fixture){ .arena = arena_new((size_t)16 << 20) };
    r = yaml_open(read_file(f->arena, path), f->arena);
    for (;;) {
        if (yaml_next(r, &doc, &e) < 0)
            fail_msg("%s: %s", path, e.text);
        if (!doc)
            break;
        take_document(f, doc);
    }
    yaml_close(r);
    assert_non_null(f->facts);
}

static void unload(struct fixture *f)
{
    object_unref(f->config);
    for (size_t i = 0; i < f->n_runs; i++)
        object_unref(f->runs[i]);
    arena_free(f->arena);
}

static const char *fact(const struct fixture *f, const char *key, const char *fallback)
{
    return yaml_str(yaml_path(f->facts, key), fallback);
}

static usec fact_time(const struct fixture *f, const char *key)
{
    const char *text = fact(f, key, NULL);
    usec at = 0;

    if (text && time_parse(str_of(text), &at, NULL) < 0)
        fail_msg("fact %s is no time: %s", key, text);
    return at;
}

static bool fact_true(const struct fixture *f, const char *key, bool fallback)
{
    return strcmp(fact(f, key, fallback ? "true" : "false"), "true") == 0;
}

// The text between quotes behind `key` in s; "" when there is none.
static const char *quoted(struct arena *a, const char *s, const char *key)
{
    const char *at = strstr(s, key);

    return at ? arena_strndup(a, at + strlen(key), strcspn(at + strlen(key), "\"")) : "";
}

// What docs/api.md does not tell is said nowhere.
static void conditions_are_in_the_table(const char *path, const char *plan, struct arena *a)
{
    for (const char *at = strstr(plan, "{\"type\":\""); at; at = strstr(at + 1, "{\"type\":\"")) {
        const char *type = quoted(a, at, "{\"type\":\""), *reason = quoted(a, at, "\"reason\":\"");

        if (!reason_of_kind(KIND_KUBE9_CONFIG, type, reason) &&
            !reason_of_kind(KIND_ASSESSMENT_RUN, type, reason))
            fail_msg("%s: condition %s with reason %s is not in apis/reasons.def", path, type,
                     reason);
    }
}

static void compare(const char *path, const struct plan *p, struct arena *a)
{
    char *name = arena_printf(a, "%.*s.plan", (int)(strlen(path) - 5), path);
    struct buf autobuf got = { 0 };
    struct str want;

    buf_init(&got, FILE_MAX);
    buf_adds(&got, "");
    assert_int_equal(plan_print(p, &got), 0);
    conditions_are_in_the_table(path, got.p, a);
    if (getenv("K9_UPDATE")) {
        FILE *f = fopen(name, "w");

        assert_non_null(f);
        fwrite(got.p, 1, got.n, f);
        fclose(f);
    }
    want = read_file(a, name);
    if (!want.p || want.n != got.n || memcmp(want.p, got.p, got.n) != 0)
        fail_msg("%s: plan differs\n--- want\n" STR_FMT "--- got\n" STR_FMT, path, STR_ARG(want),
                 STR_ARG(buf_str(&got)));
}

static struct config *in_force(const struct fixture *f)
{
    struct config *c = NULL;
    struct error e = { 0 };

    if (!fact_true(f, "configInForce", false))
        return config_defaults();
    if (config_from_object(f->config, &c, &e) < 0)
        fail_msg("%s", e.text);
    return c;
}

static void config_case(const char *path)
{
    struct fixture f;
    struct plan p;
    struct config_input in;

    load(path, &f);
    plan_init(&p);
    in = (struct config_input){
        .now = fact_time(&f, "now"),
        .object = f.config,
        .problem = fact(&f, "problem", NULL),
        .presence = f.config                                  ? CONFIG_PRESENT
                    : fact_true(&f, "absenceConfirmed", true) ? CONFIG_ABSENT
                                                              : CONFIG_UNKNOWN,
        .in_force = in_force(&f),
        .runs = (const struct object *const *)f.runs,
        .n_runs = f.n_runs,
        .runs_known = fact_true(&f, "runsKnown", true),
        .may_schedule = fact_true(&f, "maySchedule", true),
        .last_schedule = fact_time(&f, "lastSchedule"),
        .facts = {.version = "1.2.3",
                  .cluster_id = "cls_0",
                  .health = fact(&f, "health", "Healthy"),
                  .error = fact(&f, "error", NULL),
                  .store_healthy = fact_true(&f, "storeHealthy", true),
                  .store_reason = "StoreOpen",
                  .store_message = "history is being kept",
                  .permissions_missing = fact(&f, "permissionsMissing", "")},
    };
    if (!in.facts.store_healthy) {
        in.facts.store_reason = "StoreWriteFailed";
        in.facts.store_message = "disk full";
    }
    reconcile_config(&in, &p);
    compare(path, &p, f.arena);
    plan_fini(&p);
    config_unref(in.in_force);
    unload(&f);
}

static struct job_result make_result(const struct fixture *f)
{
    static const char *const names[] = { "Completed", "Partial", "Failed", "Cancelled",
                                         "TimedOut" };
    struct job_result r = { .reason = fact(f, "result.reason", "AssessmentCompleted"),
                            .stored = fact_true(f, "result.stored", true),
                            .started = fact_time(f, "result.started"),
                            .completed = fact_time(f, "result.completed") };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (strcmp(names[i], fact(f, "result.outcome", "Completed")) == 0)
            r.outcome = (enum job_outcome)i;
    }
    snprintf(r.message, sizeof(r.message), "%s",
             fact(f, "result.message", "40 of 45 checks evaluated"));
    snprintf(r.store_error, sizeof(r.store_error), "%s", fact(f, "result.storeError", ""));
    r.summary = (struct assessment_summary){
        .score = 72, .grade = "C", .counts = {45, 30, 6, 4, 5, 0},
                .evaluated = 40
    };
    r.summary.pillars[CHECK_SECURITY] = (struct pillar_summary){
        .score = 70, .counts = {20, 12, 4, 2, 2, 0}
    };
    r.summary.pillars[CHECK_COST] = (struct pillar_summary){
        .score = -1, .counts = {3, 0, 0, 0, 3, 0}
    };
    r.summary.top[0] = (struct assess_top){ .check = checks_at(0),
                                            .verdict = VERDICT_FAIL,
                                            .severity = CHECK_CRITICAL,
                                            .kind = "Deployment",
                                            .ns = "shop",
                                            .name = "cart",
                                            .message = "container 'a' is privileged" };
    r.summary.n_top = 1;
    return r;
}

static void run_case(const char *path)
{
    struct fixture f;
    struct plan p;
    struct job_result result;
    struct run_input in;

    load(path, &f);
    plan_init(&p);
    result = make_result(&f);
    in = (struct run_input){ .now = fact_time(&f, "now"),
                             .run = f.n_runs ? f.runs[0] : NULL,
                             .gone_uid = fact(&f, "goneUid", NULL),
                             .problem = fact(&f, "problem", NULL),
                             .config = in_force(&f),
                             .claimed = fact(&f, "claimed", NULL) != NULL,
                             .running = fact(&f, "running", NULL),
                             .result = yaml_get(f.facts, "result") ? &result : NULL,
                             .waits_for = fact(&f, "waitsFor", NULL) };
    reconcile_run(&in, &p);
    compare(path, &p, f.arena);
    plan_fini(&p);
    config_unref(in.config);
    unload(&f);
}

static void each_file(const char *pattern, void (*test)(const char *path), size_t least)
{
    glob_t g;

    assert_int_equal(glob(pattern, 0, NULL, &g), 0);
    assert_true(g.gl_pathc >= least);
    for (size_t i = 0; i < g.gl_pathc; i++)
        test(g.gl_pathv[i]);
    globfree(&g);
}

static void config_plans_are_as_written(void **state unused_arg)
{
    each_file("controller/testdata/config/*.yaml", config_case, 12);
}

static void run_plans_are_as_written(void **state unused_arg)
{
    each_file("controller/testdata/run/*.yaml", run_case, 14);
}

// Applying a plan's status and reconciling again must write nothing: steady state.
static struct object *with_status(struct arena *a, const struct object *o, const struct plan *p)
{
    const struct kind *k = kind_get((enum kind_id)o->kind);
    struct json_doc autojson doc = { 0 };
    struct draft *d;
    struct buf autobuf text = { 0 };
    struct writer w;
    struct object *ret = NULL;
    struct error e = { 0 };

    for (size_t i = 0; i < p->n; i++) {
        if (p->v[i].kind != INTENT_APPLY_STATUS)
            continue;
        buf_init(&text, FILE_MAX);
        d = draft_load(a, k->type, object_record(o));
        draft_drop(d, "status");
        object_meta_put_name(o->kind == KIND_KUBE9_CONFIG ? kube9_config_add_meta(d)
                                                          : assessment_run_add_meta(d),
                             object_name(o));
        writer_to_buf(&w, WRITER_JSON, &text);
        draft_write_object(d, k, &w);
        assert_int_equal(writer_end(&w), 0);
        text.p[text.n - 1] = ','; // {"spec":…} and the status of the plan in one document
        assert_int_equal(json_parse(p->v[i].body, NULL, &doc, &e), 0);
        buf_adds(&text, "\"status\":");
        assert_int_equal(json_write(json_get(json_root(&doc), "status"), &text), 0);
        buf_adds(&text, "}");
        json_free(&doc);
        assert_int_equal(json_parse(buf_str(&text), NULL, &doc, &e), 0);
        if (object_decode(k, json_root(&doc), (struct decode_options){ .strict = true }, &ret, &e) <
            0)
            fail_msg("%s in %s", e.text, text.p);
    }
    return ret;
}

static void settle(const char *path, bool restarted)
{
    const struct detected argocd = { .detected = true, .namespace = "argocd", .version = "v3" };
    struct fixture f;
    struct plan p, again;
    struct object *after;
    struct config_input in = { .presence = CONFIG_PRESENT,
                               .runs_known = true,
                               .may_schedule = true };

    load(path, &f);
    if (!f.config || !fact_true(&f, "configInForce", false)) {
        unload(&f);
        return;
    }
    plan_init(&p);
    plan_init(&again);
    in.now = fact_time(&f, "now");
    in.in_force = in_force(&f);
    in.object = f.config;
    in.runs = (const struct object *const *)f.runs;
    in.n_runs = f.n_runs;
    in.last_schedule = in.now;
    in.facts.version = "1.2.3";
    in.facts.health = "Healthy";
    in.facts.store_reason = "StoreOpen";
    in.facts.store_message = "";
    in.facts.cluster_id = "cls_1";
    in.facts.permissions_missing = "";
    in.facts.argocd = &argocd;
    reconcile_config(&in, &p);
    after = with_status(f.arena, f.config, &p);
    if (after) {
        in.object = after;
        in.now += USEC_PER_SEC; // time alone is no reason to write
        if (restarted) {        // nor is what a new process has not learnt yet
            in.facts.cluster_id = in.facts.permissions_missing = NULL;
            in.facts.argocd = NULL;
        }
        reconcile_config(&in, &again);
        for (size_t i = 0; i < again.n; i++)
            assert_int_not_equal(again.v[i].kind, INTENT_APPLY_STATUS);
        object_unref(after);
    }
    plan_fini(&again);
    plan_fini(&p);
    config_unref(in.in_force);
    unload(&f);
}

static void settle_config(const char *path)
{
    settle(path, false);
}

static void settle_after_restart(const char *path)
{
    settle(path, true);
}

static void a_settled_config_is_not_written_again(void **state unused_arg)
{
    each_file("controller/testdata/config/*.yaml", settle_config, 12);
}

static void a_restart_of_which_nothing_follows_writes_nothing(void **state unused_arg)
{
    each_file("controller/testdata/config/*.yaml", settle_after_restart, 12);
}

RUN(T(config_plans_are_as_written), T(run_plans_are_as_written),
    T(a_settled_config_is_not_written_again), T(a_restart_of_which_nothing_follows_writes_nothing))
