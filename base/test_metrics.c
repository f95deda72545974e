// SPDX-License-Identifier: Apache-2.0
// The registry, the Prometheus text, and docs/metrics.md, which has to say what metrics.def says:
// with K9_UPDATE=1 in the environment the test writes the file instead of comparing it.
#include "base/metrics.h"
#include "base/test.h"
#include <math.h>
#include <unistd.h>

#define DOC "docs/metrics.md"

static int begin(void **state unused_arg)
{
    metrics_reset();
    return 0;
}

static int end(void **state unused_arg)
{
    metrics_reset();
    return 0;
}

static char *exposition(void)
{
    struct buf out;

    buf_init(&out, 1 << 20);
    assert_int_equal(metrics_write(&out), 0);
    return buf_take(&out);
}

static void assert_exposed(const char *lines)
{
    autofree char *all = exposition();

    if (!strstr(all, lines))
        fail_msg("'%s' is not in\n%s", lines, all);
}

static void assert_not_exposed(const char *part)
{
    autofree char *all = exposition();

    if (strstr(all, part))
        fail_msg("'%s' is in\n%s", part, all);
}

static void counters_add_up_per_label_set(void **state unused_arg)
{
    metric_add(METRIC_REST_CLIENT_REQUESTS_TOTAL, 1, "200", "GET", "10.0.0.1");
    metric_add(METRIC_REST_CLIENT_REQUESTS_TOTAL, 2, "200", "GET", "10.0.0.1");
    metric_add(METRIC_REST_CLIENT_REQUESTS_TOTAL, 1, "<error>", "GET", "10.0.0.1");
    assert_true(metric_value(METRIC_REST_CLIENT_REQUESTS_TOTAL, "200", "GET", "10.0.0.1") == 3);
    assert_true(metric_value(METRIC_REST_CLIENT_REQUESTS_TOTAL, "GET", "200", "10.0.0.1") == 0);
    assert_exposed(
        "# TYPE rest_client_requests_total counter\n"
        "rest_client_requests_total{code=\"200\",method=\"GET\",host=\"10.0.0.1\"} 3\n"
        "rest_client_requests_total{code=\"<error>\",method=\"GET\",host=\"10.0.0.1\"} 1\n");
}

static void gauges_go_up_and_down(void **state unused_arg)
{
    metric_set(METRIC_INFORMER_OBJECTS, 5, "pods");
    metric_add(METRIC_INFORMER_OBJECTS, -2, "pods");
    assert_true(metric_value(METRIC_INFORMER_OBJECTS, "pods") == 3);
    metric_set(METRIC_ASSESSMENT_LAST_SCORE, 87.5);
    assert_exposed("\nkube9_operator_assessment_last_score 87.5\n");
}

static void a_histogram_counts_up_to_each_bound(void **state unused_arg)
{
    metric_observe(METRIC_ASSESSMENT_RUN_DURATION_SECONDS, 0.5);
    metric_observe(METRIC_ASSESSMENT_RUN_DURATION_SECONDS, 1); // a bound belongs to its bucket
    metric_observe(METRIC_ASSESSMENT_RUN_DURATION_SECONDS, 1.25);
    metric_observe(METRIC_ASSESSMENT_RUN_DURATION_SECONDS, 1000);
    assert_true(metric_value(METRIC_ASSESSMENT_RUN_DURATION_SECONDS) == 4);
    assert_exposed("# TYPE kube9_operator_assessment_run_duration_seconds histogram\n"
                   "kube9_operator_assessment_run_duration_seconds_bucket{le=\"1\"} 2\n"
                   "kube9_operator_assessment_run_duration_seconds_bucket{le=\"5\"} 3\n"
                   "kube9_operator_assessment_run_duration_seconds_bucket{le=\"10\"} 3\n"
                   "kube9_operator_assessment_run_duration_seconds_bucket{le=\"30\"} 3\n"
                   "kube9_operator_assessment_run_duration_seconds_bucket{le=\"60\"} 3\n"
                   "kube9_operator_assessment_run_duration_seconds_bucket{le=\"120\"} 3\n"
                   "kube9_operator_assessment_run_duration_seconds_bucket{le=\"300\"} 3\n"
                   "kube9_operator_assessment_run_duration_seconds_bucket{le=\"+Inf\"} 4\n"
                   "kube9_operator_assessment_run_duration_seconds_sum 1002.75\n"
                   "kube9_operator_assessment_run_duration_seconds_count 4\n");
}

static void a_queue_has_its_name_under_both_labels(void **state unused_arg)
{
    metric_set(METRIC_WORKQUEUE_DEPTH, 4, "kube9config");
    metric_observe(METRIC_WORKQUEUE_QUEUE_DURATION_SECONDS, 1e-5, "kube9config");
    assert_exposed("\nworkqueue_depth{name=\"kube9config\",controller=\"kube9config\"} 4\n");
    assert_exposed(
        "\nworkqueue_queue_duration_seconds_bucket{name=\"kube9config\",controller=\"kube9config\","
        "le=\"1e-08\"} 0\n");
}

static void without_labels_counters_start_at_zero_and_gauges_absent(void **state unused_arg)
{
    assert_exposed("\nkube9_operator_store_errors_total 0\n");
    assert_exposed("\nkube9_operator_assessment_run_duration_seconds_count 0\n");
    assert_not_exposed("assessment_last_score");
    assert_not_exposed("workqueue_depth");
}

static void label_values_are_escaped(void **state unused_arg)
{
    metric_set(METRIC_INFO, 1, "a\"b\\c\nd\xFF\xC3\xA9");
    assert_exposed("\nkube9_operator_info{version=\"a\\\"b\\\\c\\nd\xEF\xBF\xBD\xC3\xA9\"} 1\n");
}

static void a_null_label_is_empty(void **state unused_arg)
{
    const char *none = NULL;

    metric_set(METRIC_INFO, 1, none);
    assert_exposed("\nkube9_operator_info{version=\"\"} 1\n");
}

static void long_label_values_are_cut_at_a_character(void **state unused_arg)
{
    char text[METRIC_VALUE_MAX * 2], want[METRIC_VALUE_MAX * 2];

    memset(text, 'x', sizeof(text));
    memcpy(text + METRIC_VALUE_MAX - 1, "\xE2\x82\xAC", 3);
    text[sizeof(text) - 1] = '\0';
    metric_set(METRIC_INFO, 1, text);
    snprintf(want, sizeof(want), "{version=\"%.*s\"} 1\n", METRIC_VALUE_MAX - 1, text);
    assert_exposed(want);
}

static void beyond_the_maximum_all_go_to_other(void **state unused_arg)
{
    autofree char *all = NULL;
    size_t n = 0;
    char kind[32];

    for (int i = 0; i < METRIC_SERIES_MAX + 50; i++) {
        snprintf(kind, sizeof(kind), "kind-%d", i);
        metric_add(METRIC_REFLECTOR_LISTS_TOTAL, 1, kind);
        metric_add(METRIC_ASSESSMENT_CHECKS_TOTAL, 1, kind, "pass");
    }
    assert_true(metric_value(METRIC_REFLECTOR_LISTS_TOTAL, "other") == 50);
    assert_true(metric_value(METRIC_ASSESSMENT_CHECKS_TOTAL, "other", "other") == 50);
    metric_add(METRIC_REFLECTOR_LISTS_TOTAL, 1, "kind-0"); // a known one still counts for itself
    assert_true(metric_value(METRIC_REFLECTOR_LISTS_TOTAL, "kind-0") == 2);
    all = exposition();
    for (const char *p = all; (p = strstr(p, "reflector_lists_total{")) != NULL; p++)
        n++;
    assert_int_equal(n, METRIC_SERIES_MAX + 1);
}

static void forgetting_drops_all_series(void **state unused_arg)
{
    metric_set(METRIC_FINDINGS, 3, "high");
    metric_set(METRIC_FINDINGS, 4, "low");
    metric_forget(METRIC_FINDINGS);
    assert_not_exposed("kube9_operator_findings");
    metric_set(METRIC_FINDINGS, 1, "low");
    assert_exposed("\nkube9_operator_findings{severity=\"low\"} 1\n");
}

static void numbers_print_as_prometheus_reads_them(void **state unused_arg)
{
    metric_set(METRIC_PILLAR_SCORE, (double)INFINITY, "a");
    metric_set(METRIC_PILLAR_SCORE, -(double)INFINITY, "b");
    metric_set(METRIC_PILLAR_SCORE, (double)NAN, "c");
    metric_set(METRIC_PILLAR_SCORE, 1767323045, "d");
    assert_exposed("{pillar=\"a\"} +Inf\n");
    assert_exposed("{pillar=\"b\"} -Inf\n");
    assert_exposed("{pillar=\"c\"} NaN\n");
    assert_exposed("{pillar=\"d\"} 1767323045\n");
}

static void a_full_buffer_is_an_error(void **state unused_arg)
{
    autobuf struct buf out = { 0 };

    buf_init(&out, 100);
    assert_int_equal(metrics_write(&out), -1);
}

static void the_process_describes_itself(void **state unused_arg)
{
    double open_before;

    metrics_update_process();
    assert_true(metric_value(METRIC_PROCESS_RESIDENT_MEMORY_BYTES) > 100e3);
    assert_true(metric_value(METRIC_PROCESS_VIRTUAL_MEMORY_BYTES) >=
                metric_value(METRIC_PROCESS_RESIDENT_MEMORY_BYTES));
    assert_true(metric_value(METRIC_PROCESS_START_TIME_SECONDS) > 1.7e9);
    assert_true(metric_value(METRIC_PROCESS_MAX_FDS) >= 3);
    open_before = metric_value(METRIC_PROCESS_OPEN_FDS);
    autoclose int fd = dup(1);
    assert_true(fd > 0);
    metrics_update_process();
    assert_true(metric_value(METRIC_PROCESS_OPEN_FDS) == open_before + 1);
    assert_true(metric_value(METRIC_PROCESS_CPU_SECONDS_TOTAL) >= 0);
}

static bool is_name(const char *s)
{
    return *s && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(s);
}

static void every_row_is_well_formed(void **state unused_arg)
{
    for (int id = 0; id < METRIC_ID_COUNT; id++) {
        const struct metric_info *m = metric_info((enum metric_id)id);

        assert_true(is_name(m->name));
        assert_true(*m->help && !strpbrk(m->help, "\\\n|") && m->help[strlen(m->help) - 1] == '.');
        assert_int_equal(m->type == METRIC_COUNTER, str_ends(m->name, "_total"));
        assert_int_equal(m->type == METRIC_HISTOGRAM, m->buckets != NULL);
        for (size_t i = 0; i < METRIC_LABELS_MAX && m->labels[i]; i++)
            assert_true(is_name(m->labels[i]));
        for (const double *b = m->buckets; b && *b > 0; b++)
            assert_true(b[1] > b[0] || b[1] == 0);
        for (int other = 0; other < id; other++)
            assert_string_not_equal(m->name, metric_info((enum metric_id)other)->name);
    }
}

static void put_labels(struct buf *b, const struct metric_info *m)
{
    const char *sep = "";

    for (size_t i = 0; i < METRIC_LABELS_MAX && m->labels[i]; i++, sep = ", ")
        buf_addf(b, "%s`%s`", sep, m->labels[i]);
    if (m->repeat_as)
        buf_addf(b, "%s`%s`", sep, m->repeat_as);
}

static void write_doc(struct buf *b)
{
    static const char *const types[] = { "counter", "gauge", "histogram" };

    buf_adds(
        b,
        "# Metrics\n\n<!-- Generated from base/metrics.def: K9_UPDATE=1 test_metrics. Do not edit. -->\n\n"
        "`GET /metrics` answers in the Prometheus text format 0.0.4. Each metric has at most 256 series; what comes\n"
        "beyond is counted under the label value `other`.\n\n"
        "| name | type | labels | meaning |\n|---|---|---|---|\n");
    for (int id = 0; id < METRIC_ID_COUNT; id++) {
        const struct metric_info *m = metric_info((enum metric_id)id);

        buf_addf(b, "| `%s` | %s | ", m->name, types[m->type]);
        put_labels(b, m);
        buf_addf(b, " | %s", m->help);
        for (const double *bucket = m->buckets; bucket && *bucket > 0; bucket++)
            buf_addf(b, "%s%g", bucket == m->buckets ? " Buckets: " : ", ", *bucket);
        buf_adds(b, m->buckets ? ". |\n" : " |\n");
    }
}

static void the_documentation_has_every_row(void **state unused_arg)
{
    autobuf struct buf want, got;
    bool update = getenv("K9_UPDATE") != NULL;
    FILE *f = fopen(DOC, update ? "we" : "re");
    char piece[4096];

    buf_init(&want, 1 << 20);
    buf_init(&got, 1 << 20);
    write_doc(&want);
    if (!f)
        fail_msg("%s cannot be opened: run this in the top folder", DOC);
    if (update)
        fwrite(want.p, 1, want.n, f);
    for (size_t n; !update && (n = fread(piece, 1, sizeof(piece), f)) > 0;)
        buf_add(&got, piece, n);
    fclose(f);
    if (!update)
        assert_string_equal(buf_str(&got).p, want.p);
}

#define M(fn) cmocka_unit_test_setup_teardown(fn, begin, end)
RUN(M(counters_add_up_per_label_set), M(gauges_go_up_and_down),
    M(a_histogram_counts_up_to_each_bound), M(a_queue_has_its_name_under_both_labels),
    M(without_labels_counters_start_at_zero_and_gauges_absent), M(label_values_are_escaped),
    M(a_null_label_is_empty), M(long_label_values_are_cut_at_a_character),
    M(beyond_the_maximum_all_go_to_other), M(forgetting_drops_all_series),
    M(numbers_print_as_prometheus_reads_them), M(a_full_buffer_is_an_error),
    M(the_process_describes_itself), M(every_row_is_well_formed),
    M(the_documentation_has_every_row))
