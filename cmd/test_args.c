// SPDX-License-Identifier: Apache-2.0
// Words become flags and operands, or one line that says what would be right.
#include "base/test.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "cmd/command.h"

#define NOW ((usec)1767225600 * USEC_PER_SEC) // 2026-01-01T00:00:00Z

static struct args a;
static struct error e;

static int parse(const char *command, const char *line)
{
    static char text[4096];
    char *words[128];
    int n = 0;

    args_fini(&a);
    e = (struct error){ 0 };
    snprintf(text, sizeof(text), "%s", line);
    for (char *p = text; *p && n < 128;) {
        words[n++] = p;
        p += strcspn(p, " ");
        if (*p)
            *p++ = 0;
    }
    return args_parse(commands_find(command), n, words, NOW, &a, &e);
}

static int teardown(void **state unused_arg)
{
    args_fini(&a);
    a = (struct args){ 0 };
    return 0;
}

static void ok(const char *command, const char *line)
{
    if (parse(command, line) < 0)
        fail_msg("%s %s: %s", command, line, e.text);
}

static void refused(const char *command, const char *line, const char *because)
{
    assert_int_equal(parse(command, line), -1);
    assert_int_equal(e.code, ERR_USAGE);
    if (!strstr(e.text, because))
        fail_msg("'%s' is not in '%s'", because, e.text);
}

#define LIST "query assessments list"

static void defaults_hold_where_nothing_is_given(void **state unused_arg)
{
    ok(LIST, "");
    assert_string_equal(arg_text(&a, "run"), "latest");
    assert_int_equal(arg_int(&a, "limit"), 50);
    assert_int_equal(arg_int(&a, "offset"), 0);
    assert_int_equal(arg_time(&a, "since"), 0);
    assert_null(arg_list(&a, "severity"));
    assert_null(arg_text(&a, "namespace"));
    assert_null(arg_text(&a, "no-such-flag"));
    assert_false(arg_given(&a, "limit"));
}

static void a_value_may_follow_or_be_joined_and_the_last_one_holds(void **state unused_arg)
{
    ok(LIST, "--run one --run=two --limit=7 -n prod -o yaml --name=a=b");
    assert_string_equal(arg_text(&a, "run"), "two");
    assert_int_equal(arg_int(&a, "limit"), 7);
    assert_string_equal(arg_text(&a, "namespace"), "prod");
    assert_string_equal(arg_text(&a, "format"), "yaml");
    assert_string_equal(arg_text(&a, "name"), "a=b");
    assert_true(arg_given(&a, "limit"));
}

static void lists_take_commas_and_repetition(void **state unused_arg)
{
    const char *const *l;

    ok(LIST, "--severity=high,critical --severity low --check a/b,,c/d");
    l = arg_list(&a, "severity");
    assert_string_equal(l[0], "high");
    assert_string_equal(l[1], "critical");
    assert_string_equal(l[2], "low");
    assert_null(l[3]);
    l = arg_list(&a, "check");
    assert_string_equal(l[1], "c/d");
    assert_null(l[2]);
}

static void words_that_are_not_known_are_named_with_those_that_are(void **state unused_arg)
{
    refused(LIST, "--severity=high,urgent", "'urgent' is not one of critical,high,medium,low");
    refused(LIST, "--format xml", "'xml' is not one of json,yaml,table");
    refused(LIST, "-o=json", "unknown flag '-o=json'");
    refused(LIST, "--pillar Security", "'Security' is not one of security,");
    refused(LIST, "--format=json,yaml", "is not one of");
}

static void an_unknown_flag_names_the_help(void **state unused_arg)
{
    refused(
        LIST, "--bogus",
        "unknown flag '--bogus' of `query assessments list`; see `kube9-operator query assessments list --help`");
    refused(LIST, "-x", "unknown flag '-x'");
    refused(LIST, "-oo json", "unknown flag '-oo'");
    refused(LIST, "--sever high", "unknown flag");
    refused("query status", "--run x", "unknown flag '--run'");
}

static void a_missing_value_is_named(void **state unused_arg)
{
    refused(LIST, "--limit", "--limit: needs a value (N)");
    refused(LIST, "--run=", "--run: must not be empty");
    refused("assess", "--live=yes", "--live: takes no value");
    refused(LIST, "-n", "--namespace: needs a value");
}

static void numbers_are_whole_and_in_range(void **state unused_arg)
{
    refused(LIST, "--limit 0", "from 1 to 100000");
    refused(LIST, "--limit -5", "from 1 to 100000");
    refused(LIST, "--limit 5x", "'5x' is not a whole number");
    refused(LIST, "--limit=1e3", "is not a whole number");
    refused(LIST, "--limit=", "is not a whole number");
    refused(LIST, "--limit 99999999999999999999999", "is not a whole number");
    ok(LIST, "--limit 100000");
}

static void times_are_durations_dates_or_rfc_3339(void **state unused_arg)
{
    static const struct {
        const char *text;
        usec at;
    } rows[] = {
        {"24h",                            NOW - USEC_PER_DAY                       },
        { "7d",                            NOW - 7 * USEC_PER_DAY                   },
        { "1h30m",                         NOW - 90 * USEC_PER_MIN                  },
        { "2025-12-31",                    NOW - USEC_PER_DAY                       },
        { "2025-12-31T23:00:00Z",          NOW - USEC_PER_HOUR                      },
        { "2026-01-01T01:00:00.500+02:00", NOW - USEC_PER_HOUR + 500 * USEC_PER_MSEC},
    };

    static const char *const wrong[] = { "yesterday", "2026-13-01", "2026-02-30T00:00:00Z",
                                         "24",        "-1h",        "" };
    char line[80];

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        snprintf(line, sizeof(line), "--since=%s", rows[i].text);
        ok(LIST, line);
        assert_int_equal(arg_time(&a, "since"), rows[i].at);
        assert_string_equal(arg_text(&a, "since"), rows[i].text);
    }
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        snprintf(line, sizeof(line), "--until=%s", wrong[i]);
        refused(LIST, line, "is neither a duration (24h, 7d) nor a time");
    }
}

static void operands_stand_anywhere_and_two_dashes_end_the_flags(void **state unused_arg)
{
    ok("query runs get", "--db x the-run -o yaml");
    assert_int_equal(a.n_operands, 1);
    assert_string_equal(a.operands[0], "the-run");
    ok("query runs get", "-o yaml -- --strange");
    assert_string_equal(a.operands[0], "--strange");
    ok("db backup", "-");
    assert_string_equal(a.operands[0], "-");
    refused("query runs get", "", "`query runs get` needs ID");
    refused("query runs get", "a b", "unexpected 'b' after `query runs get`");
    refused("query status", "now", "unexpected 'now'");
}

static void too_many_words_are_refused(void **state unused_arg)
{
    struct buf autobuf line;

    buf_init(&line, 4000);
    buf_adds(&line, "--check=a");
    for (int i = 0; i < 64; i++)
        buf_adds(&line, ",a");
    refused(LIST, line.p, "at most 64 values");
    refused(LIST, "x y", "unexpected 'x' after `query assessments list`");
}

static void files_may_be_as_many_as_a_shell_gives(void **state unused_arg)
{
    struct buf autobuf line;

    buf_init(&line, 4000);
    for (int i = 0; i < 127; i++)
        buf_adds(&line, "x ");
    ok("assess", line.p);
    assert_int_equal(a.n_operands, 127);
    assert_string_equal(a.operands[126], "x");
}

// It goes into URLs, where "a/../b" or "a?b" would be another object.
static void a_name_is_one_that_an_object_can_have(void **state unused_arg)
{
    static const char *const bad[] = { "",   "A",   "a/../b", "..",   "a?b",      "-a",
                                       "a-", "a_b", "a%2fb",  "a\nb", "a\033[31m" };
    static const char *const commands[] = { "serve", "assess", "plugin status", "plugin report" };
    char longest[300] = "--namespace=";

    for (size_t c = 0; c < ARRAY_SIZE(commands); c++) {
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
            autofree char *line = xasprintf("--namespace=%s", bad[i]);

            refused(commands[c], line, "--namespace: '");
        }
        ok(commands[c], "--namespace kube-system");
    }
    refused("plugin status", "--pod ../../x", "--pod: '../../x' is no name of lower-case letters");
    ok("plugin status", "--pod kube9-operator-0.a");
    memset(longest + 12, 'a', 253);
    ok("serve", longest);
    memset(longest + 12, 'a', 254);
    refused("serve", longest, "is no name");
}

#define AT(fn) cmocka_unit_test_teardown(fn, teardown)
RUN(AT(defaults_hold_where_nothing_is_given), AT(a_name_is_one_that_an_object_can_have),
    AT(a_value_may_follow_or_be_joined_and_the_last_one_holds),
    AT(lists_take_commas_and_repetition),
    AT(words_that_are_not_known_are_named_with_those_that_are), AT(an_unknown_flag_names_the_help),
    AT(a_missing_value_is_named), AT(numbers_are_whole_and_in_range),
    AT(times_are_durations_dates_or_rfc_3339),
    AT(operands_stand_anywhere_and_two_dashes_end_the_flags), AT(too_many_words_are_refused),
    AT(files_may_be_as_many_as_a_shell_gives))
