// SPDX-License-Identifier: Apache-2.0
// Every document of the query commands against cmd/testdata/golden, in each format, and every way
// they fail. K9_UPDATE=1 writes the golden files anew: look at the difference before you commit it.
#include "base/test.h"

#include "base/alloc.h"
#include "cmd/command.h"
#include "cmd/fake_cli.h"
#include "store/db.h"
#include "store/fake_store.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define GOLDEN "cmd/testdata/golden"

static struct fake_dir d;

static int setup(void **state unused_arg)
{
    fake_dir_make(&d);
    fake_history(d.db);
    return 0;
}

static int teardown(void **state unused_arg)
{
    fake_dir_remove(&d);
    return 0;
}

static struct said ask(const char *line)
{
    autofree char *all = xasprintf("%s --db=%s", line, d.db);

    return cli(all);
}

static char *read_golden(const char *path)
{
    char *text = xcalloc(1, (size_t)1 << 20);
    FILE *f = fopen(path, "r");

    if (!f)
        fail_msg("%s does not exist: run this test with K9_UPDATE=1", path);
    if (fread(text, 1, ((size_t)1 << 20) - 1, f) == 0)
        fail_msg("%s is empty", path);
    fclose(f);
    return text;
}

static void same_as_golden(const char *path, const char *text)
{
    autofree char *want = NULL;

    if (getenv("K9_UPDATE")) {
        FILE *f = fopen(path, "w");

        assert_non_null(f);
        fputs(text, f);
        fclose(f);
    }
    want = read_golden(path);
    if (strcmp(want, text) != 0)
        fail_msg("%s differs; now it is:\n%s", path, text);
}

static const struct {
    const char *file, *line;
} documents[] = {
    {"status",                         "query status"                                                          },
    { "runs-list",                     "query runs list"                                                       },
    { "runs-list-filtered",            "query runs list --phase=Completed,Partial --limit=1"                   },
    { "runs-get",                      "query runs get default-2"                                              },
    { "runs-get-failed",               "query runs get run-3"                                                  },
    { "assessments-list",              "query assessments list"                                                },
    { "assessments-list-filtered",
     "query assessments list --severity=high,critical --status=failing --since=2026-01-02 --limit=2 --offset=1"},
    { "assessments-list-empty",        "query assessments list --namespace=nowhere"                            },
    { "assessments-get",               "query assessments get fnd_1-201-1"                                     },
    { "assessments-summary",           "query assessments summary"                                             },
    { "assessments-report",            "query assessments report"                                              },
    { "assessments-report-filtered",
     "query assessments report --severity=critical --run=default-1"                                            },
    { "vulnerabilities-list",          "query vulnerabilities list"                                            },
    { "vulnerabilities-list-filtered",
     "query vulnerabilities list --severity=critical,high --fixable --namespace=shop --limit=2"                },
    { "vulnerabilities-summary",       "query vulnerabilities summary"                                         },
    { "assessments-history",           "query assessments history --pillar=security,reliability"               },
};

static void every_document_is_as_it_was(void **state unused_arg)
{
    static const char *const formats[] = { "json", "yaml", "table" };

    for (size_t i = 0; i < ARRAY_SIZE(documents); i++) {
        for (size_t f = 0; f < ARRAY_SIZE(formats); f++) {
            autofree char *line = xasprintf("%s --format=%s", documents[i].line, formats[f]);
            autofree char *path = xasprintf(GOLDEN "/%s.%s", documents[i].file, formats[f]);
            struct said s = ask(line);

            assert_int_equal(s.status, EXIT_OK);
            assert_string_equal(s.err, "");
            same_as_golden(path, s.out);
        }
    }
}

static void json_is_the_default(void **state unused_arg)
{
    autofree char *def = xstrdup(ask("query runs list").out);

    assert_string_equal(def, ask("query runs list -o json").out);
    assert_int_equal(def[0], '{');
}

static void a_table_says_how_many_it_leaves_out(void **state unused_arg)
{
    assert_non_null(strstr(ask("query assessments list --limit=2 -o table").out,
                           "\n2 of 6 shown; --limit and --offset show more\n"));
    assert_null(strstr(ask("query assessments list -o table").out, "shown"));
    assert_non_null(strstr(ask("query assessments list --offset=100 -o table").out,
                           "No row at that --offset."));
}

static void a_time_asks_the_whole_history_unless_a_run_is_named(void **state unused_arg)
{
    assert_non_null(strstr(ask("query assessments list --since=2026-01-01").out, "\"total\": 12"));
    assert_non_null(
        strstr(ask("query assessments list --since=2026-01-01 --run=latest").out, "\"total\": 6"));
    assert_non_null(strstr(ask("query assessments list").out, "\"total\": 6"));
}

// One line on stderr, nothing on stdout.
static void fails(const char *line, int status, const char *because)
{
    struct said s = cli(line);
    bool json = !strstr(line, "table") && !strstr(line, "yaml");

    if (s.status != status || !strstr(s.err, because))
        fail_msg("%s: exit status %d: %s", line, s.status, s.err);
    assert_string_equal(s.out, "");
    assert_ptr_equal(strchr(s.err, '\n'), s.err + strlen(s.err) - 1);
    assert_int_equal(s.err[0], json ? '{' : 'e');
    if (json)
        assert_non_null(strstr(s.err, "\",\"details\":\""));
}

static void ask_fails(const char *line, int status, const char *because)
{
    autofree char *all = xasprintf("%s --db=%s", line, d.db);

    fails(all, status, because);
}

static void a_report_has_every_format_of_assess(void **state unused_arg)
{
    static const char *const marks[][2] = {
        {"sarif",            "\"version\": \"2.1.0\""    },
        { "junit",           "<testsuites "              },
        { "markdown",        "## Kubernetes assessment: "},
        { "html",            "<!DOCTYPE html>"           },
        { "table --explain", "should hold: "             }
    };

    for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
        autofree char *line = xasprintf("query assessments report -o %s", marks[i][0]);
        struct said s = ask(line);

        assert_int_equal(s.status, EXIT_OK);
        assert_string_equal(s.err, "");
        if (!strstr(s.out, marks[i][1]))
            fail_msg("%s: %s", line, s.out);
    }
}

static void a_report_trips_by_what_it_shows(void **state unused_arg)
{
    assert_int_equal(ask("query assessments report --fail-on=critical").status, EXIT_FOUND);
    assert_int_equal(ask("query assessments report --severity=low --fail-on=critical").status,
                     EXIT_OK);
    assert_int_equal(ask("query assessments report --fail-on=low --check=none/such").status,
                     EXIT_OK);
}

static void a_run_without_a_result_has_no_report(void **state unused_arg)
{
    ask_fails("query assessments report -o json --run=run-3", EXIT_FAILED,
              "has no result: it is Failed");
    ask_fails("query assessments report -o json --run=nope", EXIT_FAILED, "no run 'nope'");
    ask_fails("query assessments report -o table --run=all", EXIT_USAGE, "a report is of one run");
}

static void an_unknown_id_is_an_error_that_says_where_ids_are(void **state unused_arg)
{
    ask_fails("query runs get nope", EXIT_FAILED, "`query runs list` names them");
    ask_fails("query assessments get fnd_1-1-99", EXIT_FAILED,
              "`query assessments list` names them");
    ask_fails("query assessments get nope -o table", EXIT_FAILED, "no finding 'nope'");
    ask_fails("query assessments list --run=nope", EXIT_FAILED, "no run 'nope'");
    ask_fails("query assessments summary --run=nope -o yaml", EXIT_FAILED, "no run 'nope'");
}

static void wrong_words_are_usage_errors_in_the_format(void **state unused_arg)
{
    ask_fails("query runs list --bogus", EXIT_USAGE, "unknown flag");
    ask_fails("query runs list --limit=x", EXIT_USAGE, "not a whole number");
    ask_fails("query runs get", EXIT_USAGE, "needs ID");
    ask_fails("query runs list -o table --bogus", EXIT_USAGE, "unknown flag");
}

static void run_sql(const char *sql)
{
    struct error e = { 0 };
    struct db *db = db_open(d.db, false, &e);

    assert_non_null(db);
    assert_int_equal(db_exec(db, sql, &e), 0);
    db_close(db);
}

static void what_is_no_file_is_refused_and_not_waited_for(void **state unused_arg)
{
    autofree char *pipe = xasprintf("%s.pipe", d.db);
    const char *const paths[] = { "/tmp", "/dev/null", pipe };

    assert_int_equal(mkfifo(pipe, 0600), 0);
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        autofree char *line = xasprintf("query status --db=%s -o table", paths[i]);
        struct said s = cli(line);

        assert_int_equal(s.status, EXIT_FAILED);
        assert_string_equal(s.out, "");
        assert_non_null(strstr(s.err, paths[i]));
        assert_non_null(
            strstr(s.err, i ? "is a device or pipe, not a file" : "is a folder, not a file"));
    }
    unlink(pipe);
}

static void assert_full(const char *line)
{
    autofree char *all = xasprintf("%s --db=%s", line, d.db);
    struct said s = cli_full(all);

    assert_string_equal(s.err, "error: cannot write to stdout: No space left on device\n");
    assert_int_equal(s.status, EXIT_FAILED);
}

static void what_cannot_be_written_is_a_failed_query_that_says_so(void **state unused_arg)
{
    static const char *const formats[] = { "json", "yaml", "table" };

    for (size_t f = 0; f < ARRAY_SIZE(formats); f++) {
        autofree char *check = xasprintf("db check --format=%s", formats[f]);

        for (size_t i = 0; i < ARRAY_SIZE(documents); i++) {
            autofree char *line = xasprintf("%s --format=%s", documents[i].line, formats[f]);

            assert_full(line);
        }
        assert_full(check);
    }
}

static const char *const readers[] = { "query status",
                                       "query runs list",
                                       "query runs get latest",
                                       "query assessments list",
                                       "query assessments get fnd_1-64-1",
                                       "query assessments summary",
                                       "query assessments history",
                                       "query assessments report -o json",
                                       "db check",
                                       "db backup /tmp/k9-never-written.db" };

static void all_fail(const char *because)
{
    for (size_t i = 0; i < ARRAY_SIZE(readers); i++)
        ask_fails(readers[i], EXIT_FAILED, because);
    assert_int_equal(access("/tmp/k9-never-written.db", F_OK), -1);
}

static void a_missing_database_says_how_to_name_one(void **state unused_arg)
{
    assert_int_equal(unlink(d.db), 0);
    all_fail("name it with --db");
    assert_int_equal(access(d.db, F_OK), -1); // reading makes no file
}

static void a_file_that_is_no_database_is_named(void **state unused_arg)
{
    FILE *f = fopen(d.db, "w");

    for (int i = 0; i < 200; i++)
        fputs("no database at all, only text\n", f);
    fclose(f);
    all_fail("file is not a database");
}

static void a_newer_database_asks_for_the_newer_program(void **state unused_arg)
{
    run_sql("PRAGMA user_version=99");
    all_fail("newer kube9-operator");
}

static void an_empty_history_gives_empty_lists(void **state unused_arg)
{
    struct error e = { 0 };

    fake_dir_remove(&d);
    fake_dir_make(&d);
    store_close(store_open(d.db, NULL, &e));
    assert_non_null(strstr(ask("query runs list").out, "\"runs\": [],\n  \"total\": 0"));
    assert_non_null(
        strstr(ask("query assessments list").out, "\"assessments\": [],\n  \"total\": 0"));
    assert_non_null(
        strstr(ask("query assessments history").out, "\"history\": [],\n  \"total\": 0"));
    assert_string_equal(ask("query runs list -o table").out, "No runs.\n");
    assert_string_equal(ask("query assessments list -o table").out, "No findings.\n");
    ask_fails("query status", EXIT_FAILED, "has not written its status yet");
    ask_fails("query assessments summary", EXIT_FAILED, "no run has ended with a result yet");
}

static void checking_tells_damage_by_its_exit_status(void **state unused_arg)
{
    struct said s = ask("db check");

    assert_int_equal(s.status, EXIT_OK);
    assert_non_null(strstr(s.out, "\"ok\": true"));
    run_sql(
        "PRAGMA writable_schema=ON;"
        "UPDATE sqlite_master SET sql = 'CREATE UNIQUE INDEX idx_results_content ON results(chk) WHERE content IS NOT NULL' WHERE name = 'idx_results_content'");
    s = ask("db check");
    assert_int_equal(s.status, EXIT_FAILED);
    assert_non_null(strstr(s.out, "\"ok\": false"));
    assert_non_null(strstr(s.out, "idx_results_content"));
}

static void a_backup_can_be_asked_the_same(void **state unused_arg)
{
    autofree char *make = xasprintf("db backup %s/copy.db", d.path),
                  *query = xasprintf("query runs list --db=%s/copy.db", d.path);
    autofree char *was = xstrdup(ask("query runs list").out);
    struct said s = ask(make);

    assert_int_equal(s.status, EXIT_OK);
    assert_non_null(strstr(s.out, "\"backup\": "));
    assert_string_equal(cli(query).out, was);
    ask_fails(make, EXIT_FAILED, "exists already");
}

static void the_version_names_the_contract(void **state unused_arg)
{
    assert_non_null(strstr(cli("version -o json").out, "\"cliContract\": 1"));
    assert_true(strncmp(cli("version").out, "kube9-operator ", 15) == 0);
}

static void an_assessment_that_cannot_begin_says_why(void **state unused_arg)
{
    fails("assess -o json", EXIT_USAGE, "name what is to be assessed: files or directories");
    fails("assess --live -o json --kubeconfig=/nonexistent", EXIT_FAILED, "open '/nonexistent'");
}

static void checks_are_explained_by_id_and_by_alias(void **state unused_arg)
{
    assert_non_null(strstr(cli("checks explain security/privileged-container").out, "Fix: "));
    assert_non_null(strstr(cli("checks explain security.privileged-containers -o json").out,
                           "\"id\": \"security/privileged-container\""));
    assert_non_null(strstr(cli("checks list -o json --severity=critical").out, "\"checks\": ["));
    assert_null(
        strstr(cli("checks list -o json --severity=critical").out, "\"severity\": \"high\""));
    fails("checks explain nope -o json", EXIT_FAILED, "`kube9-operator checks list` names them");
}

#define ST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
RUN(ST(what_is_no_file_is_refused_and_not_waited_for),
    ST(what_cannot_be_written_is_a_failed_query_that_says_so), ST(every_document_is_as_it_was),
    ST(json_is_the_default), ST(a_table_says_how_many_it_leaves_out),
    ST(a_time_asks_the_whole_history_unless_a_run_is_named),
    ST(a_report_has_every_format_of_assess), ST(a_report_trips_by_what_it_shows),
    ST(a_run_without_a_result_has_no_report), ST(an_unknown_id_is_an_error_that_says_where_ids_are),
    ST(wrong_words_are_usage_errors_in_the_format), ST(a_missing_database_says_how_to_name_one),
    ST(a_file_that_is_no_database_is_named), ST(a_newer_database_asks_for_the_newer_program),
    ST(an_empty_history_gives_empty_lists), ST(checking_tells_damage_by_its_exit_status),
    ST(a_backup_can_be_asked_the_same), T(the_version_names_the_contract),
    T(an_assessment_that_cannot_begin_says_why), T(checks_are_explained_by_id_and_by_alias))
