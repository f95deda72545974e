// SPDX-License-Identifier: Apache-2.0
// Help, completion and docs/cli.md follow the command table. K9_UPDATE=1 writes the pages
// in docs/ anew.
#include "base/test.h"

#include "base/alloc.h"
#include "cmd/command.h"
#include "cmd/fake_cli.h"
#include "cmd/help.h"

#include <stdlib.h>

static void same_as_page(const char *path, void (*fill)(struct buf *out))
{
    struct buf autobuf now;
    autofree char *was = xcalloc(1, (size_t)1 << 20);
    FILE *f;

    buf_init(&now, (size_t)1 << 20);
    fill(&now);
    if (getenv("K9_UPDATE")) {
        f = fopen(path, "w");
        assert_non_null(f);
        fwrite(now.p, 1, now.n, f);
        fclose(f);
    }
    f = fopen(path, "r");
    assert_non_null(f);
    assert_true(fread(was, 1, ((size_t)1 << 20) - 1, f) > 0);
    fclose(f);
    if (strcmp(was, now.p) != 0)
        fail_msg("%s is not what the command table says: run this test with K9_UPDATE=1", path);
}

static void the_pages_about_commands_are_the_tables(void **state unused_arg)
{
    same_as_page("docs/cli.md", help_markdown);
    same_as_page("docs/kube9-operator.1", help_man);
    same_as_page("docs/kubectl-kube9.1", help_man_plugin);
}

static void every_command_answers_help_and_can_run(void **state unused_arg)
{
    const struct command *c;

    for (size_t i = 0; (c = commands_at(i)); i++) {
        autofree char *line = xasprintf("%s --help", c->path);
        struct said s = cli(line);

        assert_non_null(c->run);
        assert_int_equal(s.status, 0);
        assert_non_null(strstr(s.out, c->help));
        assert_string_equal(s.err, "");
        for (const struct flag *const *g = c->flags; *g; g++) {
            for (const struct flag *f = *g; f->name; f++)
                assert_non_null(strstr(s.out, f->name));
        }
    }
}

// A flag twice in one command would hide the second; values[] has its bound.
static void no_command_has_a_flag_twice(void **state unused_arg)
{
    const struct command *c;

    for (size_t i = 0; (c = commands_at(i)); i++) {
        const struct flag *seen[64];
        size_t n = 0;

        for (const struct flag *const *g = c->flags; *g; g++) {
            for (const struct flag *f = *g; f->name; f++) {
                for (size_t k = 0; k < n; k++) {
                    assert_string_not_equal(seen[k]->name, f->name);
                    assert_true(!f->letter || seen[k]->letter != f->letter);
                }
                seen[n++] = f;
            }
        }
        assert_true(n <= ARRAY_SIZE(((struct args *)0)->values));
    }
}

static void every_group_lists_its_commands_and_fails_as_a_command(void **state unused_arg)
{
    const char *group;

    for (size_t i = 0; (group = commands_group_at(i)); i++) {
        autofree char *line = xasprintf("%s --help", group);
        struct said s = cli(line);

        assert_int_equal(s.status, EXIT_OK);
        assert_non_null(strstr(s.out, commands_group_help(group)));
        assert_non_null(strstr(s.out, command_words(group)));
        s = cli(group);
        assert_int_equal(s.status, EXIT_USAGE);
        assert_string_equal(s.out, "");
    }
}

static void words_that_are_no_command_say_so(void **state unused_arg)
{
    static const char *const lines[] = { "bogus", "query bogus", "query runs bogus", "--bogus",
                                         "serves" };

    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        struct said s = cli(lines[i]);

        assert_int_equal(s.status, EXIT_USAGE);
        assert_string_equal(s.out, "");
        assert_non_null(strstr(s.err, "unknown command"));
        assert_ptr_equal(strchr(s.err, '\n'), s.err + strlen(s.err) - 1);
    }
    assert_int_equal(cli("").status, EXIT_USAGE);
    assert_int_equal(cli("--help").status, EXIT_OK);
    assert_int_equal(cli("--version").status, EXIT_OK);
}

// Also what fits into stdio's buffer, and would only fail at exit.
static void what_cannot_be_written_is_a_failed_command_that_says_so(void **state unused_arg)
{
    static const char *const lines[] = { "--help",
                                         "serve --help",
                                         "query --help",
                                         "version",
                                         "version -o json",
                                         "crds",
                                         "checks list",
                                         "checks list -o json",
                                         "checks list -o markdown",
                                         "checks explain security/privileged-container",
                                         "checks explain security/privileged-container -o yaml",
                                         "completion bash",
                                         "__complete query" };

    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        struct said said = cli_full(lines[i]);

        assert_string_equal(said.err, "error: cannot write to stdout: No space left on device\n");
        assert_int_equal(said.status, EXIT_FAILED);
    }
}

RUN(T(the_pages_about_commands_are_the_tables), T(every_command_answers_help_and_can_run),
    T(no_command_has_a_flag_twice), T(every_group_lists_its_commands_and_fails_as_a_command),
    T(words_that_are_no_command_say_so), T(what_cannot_be_written_is_a_failed_command_that_says_so))
