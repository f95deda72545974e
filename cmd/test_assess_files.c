// SPDX-License-Identifier: Apache-2.0
// `assess PATH...` as a user calls it: what stands on stdout, on stderr, and the exit status.
#include "base/alloc.h"
#include "base/json.h"
#include "base/test.h"
#include "cmd/command.h"
#include "cmd/fake_cli.h"
#include "cmd/fake_tree.h"

#include <unistd.h>

static struct fake_tree tree;
static struct said said;
static struct json_doc doc;

static int begin(void **state unused_arg)
{
    fake_tree_init(&tree);
    return 0;
}

static int end(void **state unused_arg)
{
    json_free(&doc);
    fake_tree_fini(&tree);
    return 0;
}

// `kube9-operator assess TREE WORDS`
static void assess(const char *words)
{
    char line[1024];

    snprintf(line, sizeof(line), "assess %s%s%s", tree.dir, *words ? " " : "", words);
    said = cli(line);
    json_free(&doc);
    if (said.out[0] == '{' && json_parse(str_of(said.out), NULL, &doc, NULL) < 0)
        fail_msg("no JSON: %s", said.out);
}

static const char *text_at(const char *path)
{
    return json_str(json_path(json_root(&doc), path), "(none)");
}

// The first finding is of that field, at that place.
static void assert_first(const char *path, const char *file, int64_t line)
{
    assert_string_equal(text_at("findings.0.path"), path);
    if (!str_ends(text_at("findings.0.file"), file) ||
        json_int(json_path(json_root(&doc), "findings.0.line"), -1) != line)
        fail_msg("not %s:%" PRId64 " in %s", file, line, said.out);
}

static size_t findings(void)
{
    return yyjson_arr_size(json_path(json_root(&doc), "findings"));
}

#define PRIVILEGED "--check security/privileged-container -o json"
#define SPEC(value)                                                                                     \
    "spec:\n  containers:\n  - name: c\n    image: x:1\n    securityContext:\n      privileged: " value \
    "\n"
#define POD(name, value) "apiVersion: v1\nkind: Pod\nmetadata:\n  name: " name "\n" SPEC(value)

static void a_finding_names_the_line_of_its_field_in_yaml(void **state unused_arg)
{
    fake_tree_put(&tree, "a.yaml",
                  "# comment\n---\n" POD("good", "false") "---\n" POD("bad", "true"));
    assess(PRIVILEGED);
    assert_int_equal(said.status, EXIT_OK);
    assert_int_equal(findings(), 1);
    assert_first("spec.containers[0].securityContext.privileged", "a.yaml", 23);
    assert_string_equal(said.err, "");
}

static void a_finding_names_the_line_of_its_field_in_json(void **state unused_arg)
{
    fake_tree_put(&tree, "a.json",
                  "{\n\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"bad\"},\n"
                  "\"spec\":{\"containers\":[\n{\"name\":\"c\",\n\"securityContext\":{\n"
                  "\"privileged\":true}}]}}\n");
    assess(PRIVILEGED);
    assert_first("spec.containers[0].securityContext.privileged", "a.json", 6);
}

static void a_field_that_is_not_there_has_the_line_above_it(void **state unused_arg)
{
    fake_tree_put(&tree, "a.yaml", POD("bad", "false"));
    assess("--check security/run-as-non-root -o json");
    assert_int_equal(findings(), 1);
    assert_first("spec.containers[0].securityContext.runAsNonRoot", "a.yaml", 9);
}

static void what_is_broken_is_told_and_the_rest_is_judged(void **state unused_arg)
{
    fake_tree_put(&tree, "a.yaml", "a: [\n");
    fake_tree_put(&tree, "b.yaml", POD("bad", "true"));
    fake_tree_put(&tree, "c.yaml", POD("worse", "\"true\""));
    assess(PRIVILEGED " --fail-on critical");
    assert_int_equal(said.status, EXIT_FAILED); // which says more than 3 would
    assert_int_equal(findings(), 1);
    assert_first("spec.containers[0].securityContext.privileged", "b.yaml", 10);
    assert_non_null(strstr(said.err, "{\"error\":\"assess\",\"details\":\"/tmp/"));
    assert_non_null(strstr(said.err, "/a.yaml:2: did not find"));
    assert_non_null(strstr(said.err,
                           "/c.yaml:10: spec.containers[0].securityContext.privileged must "
                           "be true or false\"}\n"));
    assess("--check security/privileged-container");
    assert_non_null(strstr(said.err, "error: assess: /tmp/"));
    assert_non_null(strstr(said.out, "Pod default/bad"));
}

static void fail_on_is_an_exit_status_of_its_own(void **state unused_arg)
{
    fake_tree_put(&tree, "a.yaml", POD("bad", "true"));
    assess(PRIVILEGED " --fail-on critical");
    assert_int_equal(said.status, EXIT_FOUND);
    assess("--check security/privileged-container --fail-on critical --exclude security/*");
    assert_int_equal(said.status, EXIT_OK);
}

static const struct {
    const char *words, *text;
} usage[] = {
    {"",                                  "name what is to be assessed: files or directories, - for stdin, or --live"},
    { "--live x.yaml",                    "either --live or files ('x.yaml'), not both"                              },
    { "x.yaml --context prod",            "--context is for --live, not for files"                                   },
    { "x.yaml --timeout 3",               "--timeout is for --live, not for files"                                   },
    { "--live -n prod",                   "--namespace is for files, not for --live"                                 },
    { "--live --kubernetes-version 1.30", "--kubernetes-version is for files, not for --live"                        },
    { "x --kubernetes-version 2.1",       "--kubernetes-version: '2.1' is no version such as 1.30"                   },
    { "x --kubernetes-version 1.x",       "'1.x' is no version such as 1.30"                                         },
    { "x --kubernetes-version 1.-3",      "'1.-3' is no version such as 1.30"                                        },
    { "x --kubernetes-version latest",    "'latest' is no version such as 1.30"                                      },
    { "/dev/null --profile nothing",      "nothing"                                                                  },
    { "/dev/null --check no/such",        "no/such"                                                                  },
};

static void words_that_mean_nothing_are_usage(void **state unused_arg)
{
    char line[256];

    for (size_t i = 0; i < ARRAY_SIZE(usage); i++) {
        snprintf(line, sizeof(line), "assess%s%s", *usage[i].words ? " " : "", usage[i].words);
        said = cli(line);
        if (said.status != EXIT_USAGE || !strstr(said.err, usage[i].text) || *said.out)
            fail_msg("'%s' gave %d '%s'", line, said.status, said.err);
    }
}

// sysctls became safe one version after the other.
static void the_version_of_kubernetes_decides(void **state unused_arg)
{
    fake_tree_put(&tree, "a.yaml",
                  "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  securityContext:\n"
                  "    sysctls:\n    - {name: net.ipv4.tcp_keepalive_time, value: \"60\"}\n"
                  "  containers: [{name: c, image: x}]\n");
    assess("--check security/unsafe-sysctls -o json --kubernetes-version 1.28");
    assert_int_equal(findings(), 1);
    assert_first("spec.securityContext.sysctls[0]", "a.yaml", 7);
    assess("--check security/unsafe-sysctls -o json --kubernetes-version v1.29.3");
    assert_int_equal(findings(), 0);
    assess("--check security/unsafe-sysctls -o json");
    assert_int_equal(findings(), 0);
}

static void a_former_version_is_judged_by_the_version_of_kubernetes(void **state unused_arg)
{
    fake_tree_put(&tree, "a.yaml",
                  "\napiVersion: policy/v1beta1\nkind: PodDisruptionBudget\n"
                  "metadata: {name: a}\n");
    assess("--check operational-excellence/deprecated-api -o json --kubernetes-version 1.25");
    assert_int_equal(findings(), 1);
    assert_string_equal(text_at("findings.0.status"), "failing");
    assert_first("apiVersion", "a.yaml", 2);
    assess("--check operational-excellence/deprecated-api -o json --kubernetes-version 1.24");
    assert_string_equal(text_at("findings.0.status"), "warning");
    assess("--check operational-excellence/deprecated-api -o json --kubernetes-version 1.20");
    assert_int_equal(findings(), 0);
    assess("--check operational-excellence/deprecated-api -o json");
    assert_string_equal(text_at("findings.0.status"), "failing");
}

static void objects_of_all_files_are_seen_together(void **state unused_arg)
{
    fake_tree_put(&tree, "x/service.yaml",
                  "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  selector:\n"
                  "    app: web\n  ports: [{port: 80}]\n");
    assess("--check reliability/service-no-workload -o json -n prod");
    assert_int_equal(findings(), 1);
    assert_string_equal(text_at("findings.0.object.namespace"), "prod");
    assert_first("spec.selector", "x/service.yaml", 5);
    fake_tree_put(
        &tree, "a.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n"
        "    metadata: {labels: {app: web}}\n");
    assess("--check reliability/service-no-workload -o json -n prod");
    assert_int_equal(findings(), 0);
}

static void standard_input_is_a_file_too(void **state unused_arg)
{
    int kept = dup(STDIN_FILENO);
    FILE *in;

    fake_tree_put(&tree, "in", POD("bad", "true"));
    in = fopen(fake_tree_path(&tree, "in"), "re");
    assert_true(in && kept >= 0 && dup2(fileno(in), STDIN_FILENO) >= 0);
    said = cli("assess - " PRIVILEGED);
    assert_int_equal(json_parse(str_of(said.out), NULL, &doc, NULL), 0);
    assert_first("spec.containers[0].securityContext.privileged", "stdin", 10);
    said = cli("assess - " PRIVILEGED); // all is read: nothing more comes
    assert_int_equal(said.status, EXIT_FAILED);
    assert_string_equal(said.out, "");
    assert_non_null(strstr(said.err, "stdin: no object that can be judged in 1 files"));
    assert_true(dup2(kept, STDIN_FILENO) >= 0);
    close(kept);
    fclose(in);
}

static void what_was_left_out_is_counted_on_stderr(void **state unused_arg)
{
    fake_tree_put(&tree, "a.yaml", POD("a", "false") "---\n" POD("a", "true"));
    fake_tree_put(&tree, "b.yaml", "values: 1\n---\napiVersion: x.io/v1\nkind: X\n");
    assess(PRIVILEGED);
    assert_int_equal(said.status, EXIT_OK);
    assert_int_equal(findings(), 0);
    assert_non_null(strstr(said.err, "/a.yaml:12: Pod default/a is given twice"));
    assert_non_null(strstr(said.err,
                           "2 files read: 2 objects; left out: 1 of kinds that no check reads, "
                           "1 documents that are no Kubernetes objects\n"));
}

static void a_file_that_takes_nothing_more_is_named(void **state unused_arg)
{
    static const char *const formats[] = { "table", "json",     "yaml", "sarif",
                                           "junit", "markdown", "html" };

    fake_tree_put(&tree, "a.yaml", POD("a", "true"));
    for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
        autofree char *flags = xasprintf("--output /dev/full --format %s", formats[i]);

        assess(flags);
        assert_int_equal(said.status, EXIT_FAILED);
        assert_non_null(strstr(said.err, "--output: write '/dev/full': No space left on device"));
        assert_null(strstr(said.err, "stdout"));
    }
}

// What a shell of Windows makes of `kubectl get -o yaml > FILE`.
static void utf16_is_called_by_its_name(void **state unused_arg)
{
    fake_tree_put(&tree, "a.yaml",
                  "\xff\xfe"
                  "a");
    fake_tree_put(&tree, "b.json", "\xfe\xff");
    assess("");
    assert_int_equal(said.status, EXIT_FAILED);
    assert_non_null(strstr(said.err, "/a.yaml: is UTF-16: save it as UTF-8\n"));
    assert_non_null(strstr(said.err, "/b.json: is UTF-16: save it as UTF-8\n"));
}

static void nothing_in_a_file_can_command_a_terminal(void **state unused_arg)
{
    fake_tree_put(&tree, "a.yaml",
                  "apiVersion: v1\nkind: Pod\nmetadata: {name: \"a\\e[2J\\x9b\"}\nspec:\n"
                  "  \"x\\e[31m\": &a 1\n  volumes: \"\\e[2J\"\n---\nx: *n\n");
    fake_tree_put(&tree, "b\033[2J.yaml", "[\n");
    fake_tree_put(&tree, "c.yaml",
                  "apiVersion: v1\nkind: Pod\nmetadata: {name: \"a\\e[2J\\x9b\"}\n---\n"
                  "apiVersion: v1\nkind: Pod\nmetadata: {name: \"a\\e[2J\\x9b\"}\n");
    assess("");
    assert_int_equal(said.status, EXIT_FAILED);
    assert_null(strchr(said.err, '\033'));
    assert_null(strstr(said.err, "\xc2\x9b"));
    assert_null(strchr(said.out, '\033'));
}

static void explain_says_what_should_hold_and_how(void **state unused_arg)
{
    const char *fix;

    fake_tree_put(&tree, "a.yaml", POD("bad", "true"));
    assess("--check security/privileged-container");
    assert_null(strstr(said.out, "fix: "));
    assess("--check security/privileged-container --explain");
    assert_non_null(strstr(said.out, "critical  failing  security/privileged-container  Pod "
                                     "default/bad  /tmp/"));
    assert_non_null(strstr(said.out, "/a.yaml:10\n    container 'c' is privileged"));
    assert_non_null(strstr(said.out, "\n    should hold: "));
    fix = strstr(said.out, "\n    fix: ");
    assert_true(fix && strstr(fix, "\n    asked for by: PSS"));
    assert_non_null(strstr(fix, "Score "));
}

static void a_thousand_errors_are_not_all_printed(void **state unused_arg)
{
    autobuf struct buf text = { 0 };

    buf_init(&text, 1000000);
    for (int i = 0; i < 1000; i++)
        buf_adds(&text, "apiVersion: v1\nkind: Pod\n---\n");
    buf_adds(&text, POD("a", "true"));
    fake_tree_put(&tree, "a.yaml", text.p);
    assess(PRIVILEGED);
    assert_int_equal(said.status, EXIT_FAILED);
    assert_int_equal(findings(), 1);
    assert_non_null(strstr(said.err, "a.yaml:1: metadata is missing"));
    assert_non_null(strstr(said.err, "950 more errors\n"));
}

#define A(fn) cmocka_unit_test_setup_teardown(fn, begin, end)
RUN(A(a_finding_names_the_line_of_its_field_in_yaml),
    A(a_finding_names_the_line_of_its_field_in_json),
    A(a_field_that_is_not_there_has_the_line_above_it),
    A(what_is_broken_is_told_and_the_rest_is_judged), A(fail_on_is_an_exit_status_of_its_own),
    A(words_that_mean_nothing_are_usage), A(the_version_of_kubernetes_decides),
    A(a_former_version_is_judged_by_the_version_of_kubernetes),
    A(objects_of_all_files_are_seen_together), A(standard_input_is_a_file_too),
    A(what_was_left_out_is_counted_on_stderr), A(a_file_that_takes_nothing_more_is_named),
    A(utf16_is_called_by_its_name), A(nothing_in_a_file_can_command_a_terminal),
    A(explain_says_what_should_hold_and_how), A(a_thousand_errors_are_not_all_printed))
