// SPDX-License-Identifier: Apache-2.0
// The formats of `assess` that others read: what must be in them, and that text stays text. That
// they are valid as a whole is cmake/test_formats.sh's question.
#include "base/test.h"

#include "base/alloc.h"
#include "base/json.h"
#include "cmd/fake_findings.h"
#include "cmd/markup.h"
#include "cmd/render.h"

#include <stdlib.h>

static struct arena *arena;
static struct findings fs;

static int setup(void **state unused_arg)
{
    arena = arena_new((size_t)64 << 20);
    fake_findings(&fs, arena);
    return 0;
}

static int teardown(void **state unused_arg)
{
    arena_free(arena);
    return 0;
}

static int print(FILE *out, void *arg)
{
    return render_find(arg)->print(&fs, (struct look){ 0 }, out);
}

static char *printed(const char *format)
{
    return fake_print(print, (void *)(uintptr_t)format);
}

static int print_xml(FILE *out, void *arg)
{
    put_xml(out, arg);
    return 0;
}

static int print_markdown(FILE *out, void *arg)
{
    put_markdown(out, arg);
    return 0;
}

static int print_code(FILE *out, void *arg)
{
    put_markdown_code(out, arg);
    return 0;
}

static void escapes(int (*how)(FILE *out, void *arg), const char *text, const char *want)
{
    autofree char *got = fake_print(how, (void *)(uintptr_t)text);

    assert_string_equal(got, want);
}

static void markup_in_text_stays_text(void **state unused_arg)
{
    escapes(print_xml, "<a href=\"x\">&amp;'", "&lt;a href=&quot;x&quot;&gt;&amp;amp;&#39;");
    escapes(print_xml, "a\tb\nc\001d\x7f",
            "a\tb\nc\xef\xbf\xbd"
            "d\xef\xbf\xbd");
    escapes(print_xml, "\xc3\xa9 \xff \xed\xa0\x80 \xef\xbf\xbf",
            "\xc3\xa9 \xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd \xef\xbf\xbd");
    escapes(print_markdown, "*a* [b](c) <d> `e` f|g\nh",
            "\\*a\\* \\[b\\]\\(c\\) &lt;d&gt; \\`e\\` f\\|g h");
    escapes(print_code, "a`b|c\nd", "`a'b c d`");
}

static void nothing_in_a_document_can_command_a_terminal(void **state unused_arg)
{
    static const char text[] = "a\033[2J\xc2\x9b\x7f\xff";
    static const char cleaned[] = "a\xef\xbf\xbd[2J\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd";

    escapes(print_xml, text, cleaned);
    escapes(print_markdown, text, "a\xef\xbf\xbd\\[2J\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    escapes(print_code, text, "`a [2J  \xef\xbf\xbd`");
}

static void a_message_is_no_link(void **state unused_arg)
{
    escapes(print_markdown, "http://a.b www.a.b", "http:<!-- -->//a.b w<!-- -->ww.a.b");
}

static void a_message_mentions_nobody_on_github(void **state unused_arg)
{
    escapes(print_markdown, "@octocat #1", "@<!-- -->octocat #<!-- -->1");
}

static json_val *result(const struct json_doc *doc, size_t i)
{
    char path[64];

    snprintf(path, sizeof(path), "runs.0.results.%zu", i);
    return json_path(json_root(doc), path);
}

static void sarif_names_file_and_line_or_the_object(void **state unused_arg)
{
    autofree char *text = printed("sarif");
    struct json_doc autojson doc = { 0 };
    json_val *live, *file;

    assert_int_equal(json_parse_strict(str_of(text), &doc, NULL), 0);
    live = result(&doc, 0);
    file = result(&doc, 1);
    assert_string_equal(
        json_str(json_path(live, "locations.0.physicalLocation.artifactLocation.uri"), ""),
        "kubernetes:///Cluster/cluster");
    assert_null(json_path(live, "locations.0.physicalLocation.region"));
    assert_string_equal(
        json_str(json_path(file, "locations.0.physicalLocation.artifactLocation.uri"), ""),
        "deploy/a%20b/agent.yaml");
    assert_int_equal(json_int(json_path(file, "locations.0.physicalLocation.region.startLine"), 0),
                     18);
    assert_string_equal(
        json_str(json_path(file, "locations.0.logicalLocations.0.fullyQualifiedName"), ""),
        "shop/DaemonSet/agent/spec.template.spec.containers[0].securityContext.privileged");
    assert_string_equal(json_str(json_get(json_get(file, "partialFingerprints"), "kube9/v1"), ""),
                        "0000000000000002");
}

static void sarif_results_point_to_their_rules(void **state unused_arg)
{
    autofree char *text = printed("sarif");
    struct json_doc autojson doc = { 0 };
    json_val *rules;

    assert_int_equal(json_parse_strict(str_of(text), &doc, NULL), 0);
    rules = json_path(json_root(&doc), "runs.0.tool.driver.rules");
    assert_int_equal(yyjson_arr_size(rules), fs.n_checks);
    for (size_t i = 0; i < fs.n; i++) {
        json_val *r = result(&doc, i);
        json_val *rule = yyjson_arr_get(rules, (size_t)json_int(json_get(r, "ruleIndex"), -1));

        assert_string_equal(json_str(json_get(rule, "id"), "?"),
                            json_str(json_get(r, "ruleId"), ""));
        assert_non_null(json_path(rule, "help.markdown"));
        assert_true(str_starts(json_str(json_get(rule, "helpUri"), ""), "https://"));
    }
}

static void sarif_suppresses_what_is_exempted_and_nothing_else(void **state unused_arg)
{
    autofree char *text = printed("sarif");
    struct json_doc autojson doc = { 0 };

    assert_int_equal(json_parse_strict(str_of(text), &doc, NULL), 0);
    for (size_t i = 0; i < fs.n; i++)
        assert_int_equal(json_get(result(&doc, i), "suppressions") != NULL, i == fs.n - 1);
    assert_string_equal(json_str(json_path(result(&doc, fs.n - 1), "suppressions.0.kind"), ""),
                        "inSource");
    assert_string_equal(
        json_str(json_path(result(&doc, fs.n - 1), "suppressions.0.justification"), ""),
        "exempted by: annotation (it goes <soon>; until 2027-01-01T00:00:00Z)");
}

static void html_and_junit_tell_why_a_finding_is_exempted_and_until_when(void **state unused_arg)
{
    static const char want[] =
        "exempted by: annotation (it goes &lt;soon&gt;; until 2027-01-01T00:00:00Z)";
    autofree char *html = printed("html"), *junit = printed("junit");

    assert_non_null(strstr(html, want));
    assert_non_null(strstr(junit, want));
}

static void sarif_levels_follow_severity_and_verdict(void **state unused_arg)
{
    static const char *const want[] = { "error",   "error", "error",  "warning",
                                        "warning", "note",  "warning" };
    autofree char *text = printed("sarif");
    struct json_doc autojson doc = { 0 };

    assert_int_equal(json_parse_strict(str_of(text), &doc, NULL), 0);
    for (size_t i = 0; i + 1 < fs.n; i++)
        assert_string_equal(json_str(json_get(result(&doc, i), "level"), ""), want[i]);
    assert_string_equal(
        json_str(json_get(json_path(json_root(&doc), "runs.0.tool.driver.rules.0.properties"),
                          "security-severity"),
                 ""),
        "9.5");
}

static size_t times(const char *text, const char *word)
{
    size_t n = 0;

    while ((text = strstr(text, word))) {
        n++;
        text += strlen(word);
    }
    return n;
}

static void junit_counts_what_it_holds(void **state unused_arg)
{
    autofree char *text = printed("junit");

    assert_int_equal(times(text, "<testcase "), 10);
    assert_int_equal(times(text, "<failure "), 6);
    assert_int_equal(times(text, "<skipped>"), 2);
    assert_non_null(
        strstr(text, "<testsuites name=\"kube9-operator assess\" tests=\"10\" failures=\"6\""));
    assert_non_null(strstr(text, "name=\"1 object passes\""));
    assert_non_null(strstr(text, "at: deploy/a b/agent.yaml:18\nfield: spec.template"));
}

static void a_comment_leaves_out_what_does_not_fit_and_says_how_much(void **state unused_arg)
{
    autofree char *text = NULL;
    size_t shown, hidden;
    const char *end;

    fake_findings_many(&fs, arena, 3000);
    text = printed("markdown");
    shown = times(text, "\n- ");
    end = strstr(text, " more findings are not shown");
    assert_non_null(end);
    while (end[-1] >= '0' && end[-1] <= '9')
        end--;
    hidden = strtoul(end, NULL, 10);
    assert_int_equal(shown + hidden, fs.n);
    assert_true(shown > 100);
    assert_true(strlen(text) <= 65536);
}

static void the_page_shows_every_finding_once(void **state unused_arg)
{
    autofree char *text = printed("html");

    assert_int_equal(times(text, "<li>"), fs.n);
    assert_int_equal(times(text, "<details class=\"check\" open"), 6);
    assert_int_equal(times(text, "class=\"pillar\""), CHECK_PILLARS);
    assert_null(strstr(text, "<script>alert"));
    assert_non_null(strstr(text, "&lt;script&gt;alert(&#39;x&#39;)"));
    assert_non_null(strstr(text, "deploy/a b/agent.yaml:18"));
}

#define S(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

RUN(T(markup_in_text_stays_text), T(nothing_in_a_document_can_command_a_terminal),
    T(a_message_is_no_link), T(a_message_mentions_nobody_on_github),
    S(sarif_names_file_and_line_or_the_object), S(sarif_results_point_to_their_rules),
    S(sarif_suppresses_what_is_exempted_and_nothing_else),
    S(html_and_junit_tell_why_a_finding_is_exempted_and_until_when),
    S(sarif_levels_follow_severity_and_verdict), S(junit_counts_what_it_holds),
    S(a_comment_leaves_out_what_does_not_fit_and_says_how_much),
    S(the_page_shows_every_finding_once))
