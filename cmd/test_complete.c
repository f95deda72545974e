// SPDX-License-Identifier: Apache-2.0
// Completion: what the program offers, and that each shell shows it to who presses the Tab key.
// bash and zsh run on a terminal of their own, fish has a command for it; a shell that is not
// installed is not tried (cmake/deps.sh installs all three).
#include "base/test.h"

#include "base/alloc.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/complete.h"
#include "cmd/fake_cli.h"

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

// words: separated by single blanks; one at the end begins a new word.
static char *offered(const char *group, const char *line)
{
    struct buf out = { 0 };
    char text[256], *words[16];
    int n = 0;

    snprintf(text, sizeof(text), "%s", line);
    for (char *at = text; at; n++) {
        char *blank = strchr(at, ' ');

        words[n] = at;
        if (blank)
            *blank++ = 0;
        at = blank;
    }
    buf_init(&out, (size_t)1 << 20);
    complete_words(group, n, words, &out);
    return buf_take(&out);
}

static void offers(const char *line, const char *want)
{
    autofree char *is = offered("", line);

    if (strcmp(is, want) != 0)
        fail_msg("'%s' offers:\n%s", line, is);
}

static void commands_are_offered_word_by_word(void **state unused_arg)
{
    offers("ser", "serve\tRun the operator.\n:4\n");
    offers("query ", "status\tState of the operator.\n"
                     "runs\tRuns of the checks.\n"
                     "assessments\tWhat the runs found.\n"
                     "vulnerabilities\tWhat scanners found in images.\n:4\n");
    offers("query runs g", "get\tOne run by uid or name, or the latest.\n:4\n");
    offers("nope ", ":4\n");
    offers("--db ", ":4\n");
}

// Every command can be reached, and every flag of it is offered.
static void all_commands_and_flags_are_offered(void **state unused_arg)
{
    const struct command *c;

    for (size_t i = 0; (c = commands_at(i)); i++) {
        autofree char *flags = xasprintf("%s --", c->path), *is = offered("", flags),
                      *word = offered("", c->path), *first = NULL;
        const char *last = strrchr(c->path, ' ');

        first = xasprintf("%s\t%s\n", last ? last + 1 : c->path, c->help);
        assert_non_null(strstr(word, first));
        for (const struct flag *const *g = c->flags; *g; g++) {
            for (const struct flag *f = *g; f->name; f++) {
                autofree char *one = xasprintf("--%s\t", f->name);

                assert_non_null(strstr(is, one));
            }
        }
        assert_non_null(strstr(is, "--help\t"));
    }
}

static void values_are_those_of_the_flag(void **state unused_arg)
{
    offers("query status --format ", "json\nyaml\ntable\n:4\n");
    offers("query status -o j", "json\n:4\n");
    offers("query status --format=t", "table\n:4\n");
    offers("checks list --severity high,c", "high,critical\n:4\n");
    offers("checks list --profile pss-", "pss-baseline\npss-restricted\n:4\n");
    offers("checks list --framework ", ":4\n");
    offers("query status --db ", ":0\n");
    offers("query status --db /data", ":0\n");
    offers("query runs list --limit 5 --phase=Com", "Completed\n:4\n");
    offers("assess --live --fail-on l", "low\n:4\n");
    offers("query status --bogus=x", ":4\n");
}

static void operands_are_offered_until_there_are_enough(void **state unused_arg)
{
    offers("completion ", "bash\nzsh\nfish\n:4\n");
    offers("completion bash ", ":4\n");
    offers("checks explain security/privileged-c",
           "security/privileged-container\tNo container is privileged\n:4\n");
    offers("assess ", ":0\n");
    offers("assess a.yaml -- --", ":0\n");
    offers("db backup ", ":0\n");
    offers("db backup x ", ":4\n");
}

static void the_plugin_offers_its_own_words(void **state unused_arg)
{
    autofree char *words = offered(PLUGIN_GROUP, "re"),
                  *value = offered(PLUGIN_GROUP, "report -o ht"),
                  *none = offered(PLUGIN_GROUP, "serve --");

    assert_string_equal(words, "report\tWhat the newest run found.\n:4\n");
    assert_string_equal(value, "html\n:4\n");
    assert_string_equal(none, ":4\n");
    assert_string_equal(
        cli_as("/x/kubectl_complete-kube9", "st").out,
        "status\tState of the operator in the cluster of the current context.\n:4\n");
    assert_string_equal(cli("__complete db ch").out,
                        "check\tCheck the database's integrity.\n:4\n");
}

// Shells. The completion asks the program by the name that was typed, so a script of that name is
// first in PATH; it calls the program beside this test.

static char dir[64], shown[65536];

static bool there_is(const char *shell)
{
    autofree char *have = xasprintf("command -v %s >/dev/null", shell);

    return system(have) == 0;
}

static void put(const char *name, const char *text, int mode)
{
    autofree char *path = xasprintf("%s/%s", dir, name);
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, (mode_t)mode), 0);
}

static int set_up(void **state unused_arg)
{
    static const char *const shells[] = { "bash", "zsh", "fish" };
    char self[512];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    autofree char *call = NULL, *path = xasprintf("%s", getenv("PATH")), *longer = NULL;

    assert_true(n > 0);
    self[n] = 0;
    *strrchr(self, '/') = 0;
    call = xasprintf("#!/bin/sh\nexec %s/kube9-operator \"$@\"\n", self);
    snprintf(dir, sizeof(dir), "/tmp/k9-complete-XXXXXX");
    assert_non_null(mkdtemp(dir));
    put("kube9-operator", call, 0755);
    put("manifest-one.yaml", "x", 0644);
    for (size_t i = 0; i < ARRAY_SIZE(shells); i++) {
        autofree char *line = xasprintf("completion %s", shells[i]);

        put(shells[i], cli(line).out, 0644);
    }
    longer = xasprintf("%s:%s", dir, path);
    setenv("PATH", longer, 1);
    setenv("HOME", dir, 1);
    setenv("TERM", "dumb", 1);
    return 0;
}

static int tear_down(void **state unused_arg)
{
    autofree char *remove = xasprintf("rm -rf '%s'", dir);

    return system(remove);
}

// Reads what the shell prints until `until` has come.
static void read_until(int fd, const char *until)
{
    size_t n = 0;

    shown[0] = 0;
    while (!strstr(shown, until)) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        ssize_t got;

        if (poll(&p, 1, 60000) != 1 || n + 1 >= sizeof(shown))
            fail_msg("no '%s' in:\n%s", until, shown);
        got = read(fd, shown + n, sizeof(shown) - 1 - n);
        if (got <= 0)
            fail_msg("the shell ended before '%s':\n%s", until, shown);
        n += (size_t)got;
        shown[n] = 0;
    }
}

static void type(int fd, const char *keys)
{
    size_t n = strlen(keys);

    assert_int_equal(write(fd, keys, n), n);
}

// Types line and Tab, then Ctrl-X Ctrl-S, which the setup bound to a command that prints the line.
static void becomes(int fd, const char *line, const char *want)
{
    autofree char *keys = xasprintf("%s\t\x18\x13", line), *mark = xasprintf("LINE<%s>", want);

    type(fd, keys);
    read_until(fd, ">EOL");
    if (!strstr(shown, mark))
        fail_msg("'%s' should become '%s':\n%s", line, want, shown);
}

static const char *const typed[][2] = {
    {"kube9-operator query assessments summ",           "kube9-operator query assessments summary " },
    { "kube9-operator query runs list --lim",           "kube9-operator query runs list --limit "   },
    { "kube9-operator query status --format=ya",        "kube9-operator query status --format=yaml "},
    { "kube9-operator query status -o ta",              "kube9-operator query status -o table "     },
    { "kube9-operator checks list --severity high,cri",
     "kube9-operator checks list --severity high,critical "                                         },
    { "kube9-operator assess manifest-o",               "kube9-operator assess manifest-one.yaml "  },
};

// The setup prints READY when the shell has read it.
static void shell_completes(const char *shell, const char *const *argv, const char *setup)
{
    struct winsize size = { .ws_row = 24, .ws_col = 200 };
    int fd;
    pid_t pid;

    if (!there_is(shell) && strcmp(shell, "bash") != 0)
        SKIP_TEST("this shell is not installed: cmake/deps.sh");
    pid = forkpty(&fd, NULL, NULL, &size);
    assert_true(pid >= 0);
    if (pid == 0) {
        if (chdir(dir) == 0)
            execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    type(fd, setup);
    read_until(fd, "SHELL=READY");
    for (size_t i = 0; i < ARRAY_SIZE(typed); i++)
        becomes(fd, typed[i][0], typed[i][1]);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(fd);
}

static void bash_completes_what_is_typed(void **state unused_arg)
{
    static const char *const argv[] = { "bash", "--norc", "--noprofile", "-i", NULL };

    shell_completes("bash", argv,
                    "PS1='$ '; bind 'set enable-bracketed-paste off'; . ./bash; "
                    "show() { echo \"LINE<$READLINE_LINE>EOL\"; READLINE_LINE=; }; "
                    "stty -ixon; bind -x '\"\\C-x\\C-s\": show'; printf 'SHELL=%s\\n' READY\n");
}

static void zsh_completes_what_is_typed(void **state unused_arg)
{
    static const char *const argv[] = { "zsh", "-f", "-i", NULL };

    shell_completes(
        "zsh", argv,
        "PS1='$ '; unset zle_bracketed_paste; stty -ixon; autoload -U compinit; compinit -u -D; . ./zsh; "
        "show() { print -r -- \"LINE<$BUFFER>EOL\"; BUFFER= ; }; zle -N show; "
        "bindkey '^X^S' show; printf 'SHELL=%s\\n' READY\n");
}

// fish tells the candidates themselves.
static void fish_completes_what_is_typed(void **state unused_arg)
{
    if (!there_is("fish"))
        SKIP_TEST("this shell is not installed: cmake/deps.sh");
    for (size_t i = 0; i < ARRAY_SIZE(typed); i++) {
        autofree char *command =
            xasprintf("cd %s && fish --no-config -c 'source ./fish; complete -C \"%s\"' 2>&1", dir,
                      typed[i][0]);
        const char *word = strrchr(typed[i][1], ' ');
        struct str want = { typed[i][1], (size_t)(word - typed[i][1]) };
        FILE *p = popen(command, "r");
        size_t n;

        while (want.n && want.p[want.n - 1] != ' ')
            want.n--;
        assert_non_null(p);
        n = fread(shown, 1, sizeof(shown) - 1, p);
        shown[n] = 0;
        pclose(p);
        if (strncmp(shown, typed[i][1] + want.n, strlen(typed[i][1]) - want.n - 1) != 0)
            fail_msg("'%s' gives:\n%s", typed[i][0], shown);
    }
}

static void an_unknown_shell_is_a_usage_error(void **state unused_arg)
{
    assert_int_equal(cli("completion tcsh").status, EXIT_USAGE);
    assert_non_null(strstr(cli("completion tcsh").err, "bash, zsh or fish"));
}

#define ST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
RUN(T(commands_are_offered_word_by_word), T(all_commands_and_flags_are_offered),
    T(values_are_those_of_the_flag), T(operands_are_offered_until_there_are_enough),
    T(the_plugin_offers_its_own_words), T(an_unknown_shell_is_a_usage_error),
    ST(bash_completes_what_is_typed), ST(zsh_completes_what_is_typed),
    ST(fish_completes_what_is_typed))
