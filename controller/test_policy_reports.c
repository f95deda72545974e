// SPDX-License-Identifier: Apache-2.0
// PolicyReports: what is in them, what is planned, and that they come and go with the setting, the
// CRDs and the findings.
#include "apis/types.h"
#include "base/alloc.h"
#include "base/log.h"
#include "base/test.h"
#include "controller/checks/checks.h"
#include "controller/fake_manager.h"
#include "controller/plan.h"
#include "controller/reconcile/policy_report.h"
#include "controller/report_set.h"

#define AT ((usec)1767225600 * USEC_PER_SEC)

static void add(struct report_set *s, const char *ns, const char *name, enum verdict v,
                enum check_severity severity, const char *message)
{
    report_set_add(s, &(struct finding){ .check = checks_at(0),
                                         .verdict = v,
                                         .severity = severity,
                                         .kind = "Deployment",
                                         .ns = ns,
                                         .name = name,
                                         .path = "spec.replicas",
                                         .message = message,
                                         .fingerprint = "00000000000000aa" });
}

static json_val *body_of(struct report_set *s, const char *ns, struct json_doc *ret)
{
    struct buf autobuf out = { 0 };

    buf_init(&out, REPORT_BODY_MAX);
    report_set_sort(s);
    assert_int_equal(report_set_body(s, ns, &out), 0);
    assert_int_equal(json_parse_strict(buf_str(&out), ret, NULL), 0);
    return json_root(ret);
}

static void a_report_has_the_worst_first_and_counts_all(void **state unused_arg)
{
    struct report_set *s = report_set_new(AT);
    struct json_doc autojson doc = { 0 };
    json_val *root;

    add(s, "shop", "b", VERDICT_WARN, CHECK_CRITICAL, "doubtful");
    add(s, "shop", "a", VERDICT_FAIL, CHECK_LOW, "bad");
    add(s, "shop", "c", VERDICT_FAIL, CHECK_CRITICAL, "worse");
    add(s, "shop", "d", VERDICT_SKIP, CHECK_CRITICAL, "exempted");
    report_set_count_unit(s, "shop", 7, 2);
    report_set_count_unit(s, "quiet", 9, 0);
    report_set_count_unit(s, "shop", 1, 0);
    root = body_of(s, "shop", &doc);
    assert_string_equal(json_str(json_get(root, "kind"), ""), "PolicyReport");
    assert_string_equal(json_str(json_path(root, "metadata.namespace"), ""), "shop");
    assert_int_equal(json_int(json_path(root, "summary.fail"), -1), 2);
    assert_int_equal(json_int(json_path(root, "summary.warn"), -1), 1);
    assert_int_equal(json_int(json_path(root, "summary.pass"), -1), 8);
    assert_int_equal(json_int(json_path(root, "summary.skip"), -1), 2);
    assert_int_equal(json_int(json_path(root, "summary.error"), -1), 0);
    assert_false(report_set_has(s, "quiet")); // it passes everything
    assert_int_equal(report_set_count(s), 1);
    assert_int_equal(yyjson_arr_size(json_get(root, "results")), 3);
    assert_string_equal(json_str(json_path(root, "results.0.message"), ""), "worse");
    assert_string_equal(json_str(json_path(root, "results.1.message"), ""), "doubtful");
    assert_string_equal(json_str(json_path(root, "results.0.result"), ""), "fail");
    assert_string_equal(json_str(json_path(root, "results.1.result"), ""), "warn");
    assert_string_equal(json_str(json_path(root, "results.0.source"), ""), "kube9-operator");
    assert_string_equal(json_str(json_path(root, "results.0.policy"), ""), checks_at(0)->id);
    assert_string_equal(json_str(json_path(root, "results.0.resources.0.name"), ""), "c");
    assert_int_equal(json_int(json_path(root, "results.0.timestamp.seconds"), 0),
                     AT / USEC_PER_SEC);
    report_set_free(s);
}

static void what_has_no_namespace_is_in_the_clusters_report(void **state unused_arg)
{
    struct report_set *s = report_set_new(AT);
    struct json_doc autojson doc = { 0 };
    json_val *root;

    add(s, "", "node-1", VERDICT_FAIL, CHECK_HIGH, "m");
    root = body_of(s, "", &doc);
    assert_string_equal(json_str(json_get(root, "kind"), ""), "ClusterPolicyReport");
    assert_null(json_path(root, "metadata.namespace"));
    report_set_free(s);
}

// Hostile text is the worst case: each byte takes six in JSON.
static void no_report_is_larger_than_its_limit(void **state unused_arg)
{
    struct report_set *s = report_set_new(AT);
    struct buf autobuf out = { 0 };
    struct json_doc autojson doc = { 0 };
    char message[2048];

    memset(message, 1, sizeof(message) - 1);
    message[sizeof(message) - 1] = '\0';
    for (int i = 0; i < 20000; i++)
        add(s, "shop", "x", VERDICT_FAIL, CHECK_HIGH, message);
    buf_init(&out, REPORT_BODY_MAX);
    assert_int_equal(report_set_body(s, "shop", &out), 0);
    assert_int_equal(json_parse_strict(buf_str(&out), &doc, NULL), 0);
    assert_int_equal(json_int(json_path(json_root(&doc), "summary.fail"), 0), 20000);
    assert_true(yyjson_arr_size(json_get(json_root(&doc), "results")) > 100);
    assert_true(yyjson_arr_size(json_get(json_root(&doc), "results")) <= REPORT_RESULTS_MAX);
    report_set_free(s);
}

static void namespaces_have_a_limit_too(void **state unused_arg)
{
    struct report_set *s = report_set_new(AT);

    for (int i = 0; i < REPORTS_MAX + 10; i++) {
        char ns[16];

        snprintf(ns, sizeof(ns), "ns-%d", i);
        add(s, ns, "x", VERDICT_FAIL, CHECK_LOW, "m");
    }
    assert_int_equal(report_set_count(s), REPORTS_MAX);
    for (size_t i = 1; i < REPORTS_MAX; i++)
        assert_true(strcmp(report_set_namespace(s, i - 1), report_set_namespace(s, i)) < 0);
    report_set_free(s);
}

static void plan_is(const struct policy_report_input *in, const char *want)
{
    struct buf autobuf out = { 0 };
    struct plan p;

    buf_init(&out, 1 << 16);
    buf_adds(&out, "");
    plan_init(&p);
    reconcile_policy_reports(in, &p);
    assert_int_equal(plan_print(&p, &out), 0);
    assert_string_equal(out.p, want);
    plan_fini(&p);
}

static void reports_are_replaced_and_empty_ones_go(void **state unused_arg)
{
    static const char *const standing[] = { "", "old", "shop" };
    struct report_set *s = report_set_new(AT);

    add(s, "shop", "a", VERDICT_FAIL, CHECK_LOW, "m");
    add(s, "new", "a", VERDICT_FAIL, CHECK_LOW, "m");
    plan_is(&(struct policy_report_input){ s, standing, 3 },
            "delete-report (cluster)\ndelete-report old\napply-report new\napply-report shop\n");
    plan_is(&(struct policy_report_input){ NULL, standing, 3 },
            "delete-report (cluster)\ndelete-report old\ndelete-report shop\n");
    plan_is(&(struct policy_report_input){ NULL, NULL, 0 }, "");
    report_set_free(s);
}

// The whole way

static void quiet(void *arg unused_arg, const char *line unused_arg)
{
}

static void install(struct fake_manager *f)
{
    fake_manager_crd(f, "policyreports", "wgpolicyk8s.io", "");
    fake_manager_crd(f, "clusterpolicyreports", "wgpolicyk8s.io", "");
}

static void put_report(struct fake_manager *f, const char *ns, const char *name)
{
    autofree char *text =
        xasprintf("{\"kind\":\"PolicyReport\",\"apiVersion\":\"wgpolicyk8s.io/v1alpha2\","
                  "\"metadata\":{\"name\":\"%s\",\"namespace\":\"%s\"}}",
                  name, ns);

    fake_server_put(f->server, text);
}

static void run(struct fake_manager *f, const char *name, const char *spec)
{
    autofree char *object = xasprintf("assessmentruns/%s", name);

    fake_manager_run(f, name, spec);
    fake_manager_until(f, object, "status.phase", "Completed", 60 * FAKE_SEC);
    fake_manager_pass(f, FAKE_SEC);
}

#define ON  "{\"assessment\":{\"policyReports\":true,\"suspend\":true}}"
#define OFF "{\"assessment\":{\"suspend\":true}}"

static void reports_come_and_go_with_the_setting(void **state unused_arg)
{
    struct fake_manager f;
    struct manager *m;

    log_capture(quiet, NULL);
    fake_manager_init(&f);
    install(&f);
    fake_manager_config(&f, OFF);
    m = fake_manager_start(&f);
    fake_manager_pass(&f, 5 * FAKE_SEC);
    run(&f, "a", "{}");
    assert_int_equal(fake_server_objects(f.server, "policyreports"), 0);
    fake_manager_config(&f, ON);
    fake_manager_pass(&f, 5 * FAKE_SEC);
    run(&f, "b", "{}");
    assert_true(fake_server_objects(f.server, "policyreports") > 0);
    assert_int_equal(fake_server_objects(f.server, "clusterpolicyreports"), 1);
    fake_manager_config(&f, OFF);
    fake_manager_pass(&f, 5 * FAKE_SEC);
    run(&f, "c", "{}");
    assert_int_equal(fake_server_objects(f.server, "policyreports"), 0);
    assert_int_equal(fake_server_objects(f.server, "clusterpolicyreports"), 0);
    manager_free(m);
    fake_manager_fini(&f);
    log_capture(NULL, NULL);
}

static void without_the_crds_nothing_is_written(void **state unused_arg)
{
    struct fake_manager f;
    struct manager *m;

    log_capture(quiet, NULL);
    fake_manager_init(&f);
    fake_manager_config(&f, ON);
    m = fake_manager_start(&f);
    fake_manager_pass(&f, 5 * FAKE_SEC);
    run(&f, "a", "{}");
    assert_int_equal(fake_server_objects(f.server, "policyreports"), 0);
    assert_int_equal(fake_server_objects(f.server, "clusterpolicyreports"), 0);
    manager_free(m);
    fake_manager_fini(&f);
    log_capture(NULL, NULL);
}

static void a_single_check_by_hand_leaves_the_reports_alone(void **state unused_arg)
{
    struct fake_manager f;
    struct manager *m;
    size_t before;

    log_capture(quiet, NULL);
    fake_manager_init(&f);
    install(&f);
    fake_manager_config(&f, ON);
    m = fake_manager_start(&f);
    fake_manager_pass(&f, 5 * FAKE_SEC);
    run(&f, "a", "{}");
    before = fake_server_objects(f.server, "policyreports");
    assert_true(before > 0);
    run(&f, "b", "{\"mode\":\"SingleCheck\",\"checks\":{\"include\":[\"security/host-pid\"]}}");
    assert_int_equal(fake_server_objects(f.server, "policyreports"), before);
    manager_free(m);
    fake_manager_fini(&f);
    log_capture(NULL, NULL);
}

// A restart does not know what it wrote before: it looks everywhere once.
static void after_a_restart_reports_that_are_not_wanted_go(void **state unused_arg)
{
    struct fake_manager f;
    struct manager *m;
    size_t asked;

    log_capture(quiet, NULL);
    fake_manager_init(&f);
    install(&f);
    put_report(&f, "gone", REPORT_NAME);
    put_report(&f, "quiet", "of-others");
    fake_manager_config(&f, OFF);
    m = fake_manager_start(&f);
    fake_manager_pass(&f, 5 * FAKE_SEC);
    run(&f, "a", "{}");
    assert_null(fake_server_get(f.server, "policyreports", "gone", REPORT_NAME));
    assert_non_null(fake_server_get(f.server, "policyreports", "quiet", "of-others"));
    asked = fake_server_count(f.server, NULL, "policyreports");
    assert_int_equal(fake_server_count(f.server, "GET", "managed-by"), 2);
    run(&f, "b", "{}");
    assert_int_equal(fake_server_count(f.server, NULL, "policyreports"), asked);
    manager_free(m);
    fake_manager_fini(&f);
    log_capture(NULL, NULL);
}

static void after_a_restart_an_empty_report_goes(void **state unused_arg)
{
    struct fake_manager f;
    struct manager *m;

    log_capture(quiet, NULL);
    fake_manager_init(&f);
    install(&f);
    fake_server_put(f.server, "{\"kind\":\"Namespace\",\"apiVersion\":\"v1\",\"metadata\":{"
                              "\"name\":\"quiet\"}}");
    put_report(&f, "quiet", REPORT_NAME);
    put_report(&f, "quiet", "of-others");
    fake_manager_config(&f, ON);
    m = fake_manager_start(&f);
    fake_manager_pass(&f, 5 * FAKE_SEC);
    run(&f, "a", "{\"checks\":{\"include\":[\"security/host-pid\"]}}");
    assert_null(fake_server_get(f.server, "policyreports", "quiet", REPORT_NAME));
    assert_non_null(fake_server_get(f.server, "policyreports", "quiet", "of-others"));
    manager_free(m);
    fake_manager_fini(&f);
    log_capture(NULL, NULL);
}

static unsigned warnings;

static void count_warnings(void *arg unused_arg, const char *line)
{
    warnings += strstr(line, "a PolicyReport was not written") != NULL;
}

// Two namespaces with a Pod each; the API server takes no report in the first. ret: does it in the
// second?
static bool the_second_is_written(const char *meta_of_first, unsigned *ret_warnings)
{
    static const char *const both[] = { "aaa", "zzz" };
    struct fake_manager f;
    struct manager *m;
    bool ret;

    warnings = 0;
    log_capture(count_warnings, NULL);
    fake_manager_init(&f);
    install(&f);
    for (int i = 0; i < 2; i++) {
        autofree char *ns = xasprintf("{\"kind\":\"Namespace\",\"apiVersion\":\"v1\",\"metadata\":{"
                                      "\"name\":\"%s\"%s}}",
                                      both[i], i == 0 ? meta_of_first : "");
        autofree char *pod =
            xasprintf("{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{"
                      "\"name\":\"p\",\"namespace\":\"%s\"},\"spec\":{\"hostPID\":true,"
                      "\"containers\":[{\"name\":\"c\",\"image\":\"x\"}]}}",
                      both[i]);

        fake_server_put(f.server, ns);
        fake_server_put(f.server, pod);
    }
    fake_server_script(f.server, "PATCH", "/namespaces/aaa/policyreports/",
                       &(struct fake_reply){ .status = 403, .times = 100 });
    fake_manager_config(&f, ON);
    m = fake_manager_start(&f);
    fake_manager_pass(&f, 5 * FAKE_SEC);
    run(&f, "a", "{}");
    assert_null(fake_server_get(f.server, "policyreports", "aaa", REPORT_NAME));
    ret = fake_server_get(f.server, "policyreports", "zzz", REPORT_NAME) != NULL;
    *ret_warnings = warnings;
    manager_free(m);
    fake_manager_fini(&f);
    log_capture(NULL, NULL);
    return ret;
}

static void a_namespace_that_takes_no_report_holds_up_no_other(void **state unused_arg)
{
    unsigned n;

    assert_true(the_second_is_written("", &n));
    assert_true(n > 0);
}

static void a_namespace_that_is_leaving_is_nothing_to_warn_of(void **state unused_arg)
{
    unsigned n;

    assert_true(the_second_is_written(",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\","
                                      "\"finalizers\":[\"a/b\"]",
                                      &n));
    assert_int_equal(n, 0);
}

RUN(T(a_report_has_the_worst_first_and_counts_all),
    T(what_has_no_namespace_is_in_the_clusters_report), T(no_report_is_larger_than_its_limit),
    T(namespaces_have_a_limit_too), T(reports_are_replaced_and_empty_ones_go),
    T(reports_come_and_go_with_the_setting), T(without_the_crds_nothing_is_written),
    T(a_single_check_by_hand_leaves_the_reports_alone), T(after_a_restart_an_empty_report_goes),
    T(after_a_restart_reports_that_are_not_wanted_go),
    T(a_namespace_that_takes_no_report_holds_up_no_other),
    T(a_namespace_that_is_leaving_is_nothing_to_warn_of))
