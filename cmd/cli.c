// SPDX-License-Identifier: Apache-2.0
// Finds the command that the words name and runs it.
#include "cmd/cli.h"

#include "base/clock.h"
#include "cmd/command.h"
#include "cmd/complete.h"
#include "cmd/help.h"
#include "cmd/output.h"

#define HELP_MAX   ((size_t)256 << 10)
#define PATH_WORDS 3

static int print_help(void (*fill)(const char *arg, struct buf *out), const char *arg, FILE *to,
                      int status)
{
    struct buf autobuf out = { 0 };

    buf_init(&out, HELP_MAX);
    fill(arg, &out);
    fwrite(out.p, 1, out.n, to);
    return output_flush(to) == EXIT_OK ? status : EXIT_FAILED;
}

static void fill_all(const char *arg unused_arg, struct buf *out)
{
    help_all(out);
}

static void fill_command(const char *path, struct buf *out)
{
    help_command(commands_find(path), out);
}

static bool wants_help(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    }
    return false;
}

// The longest run of words that is a command; *ret_words tells how many. path holds the words that
// were looked at.
static const struct command *find(int argc, char **argv, int *ret_words, char *path, size_t n)
{
    const struct command *found = NULL;
    size_t at = 0;

    path[0] = 0;
    for (int i = 0; i < argc && i < PATH_WORDS && argv[i][0] != '-'; i++) {
        int add = snprintf(path + at, n - at, "%s%s", i ? " " : "", argv[i]);

        if (add < 0 || (size_t)add >= n - at)
            break;
        at += (size_t)add;
        if (commands_find(path)) {
            found = commands_find(path);
            *ret_words = i + 1;
            return found;
        }
        if (!commands_group_help(path))
            break;
    }
    return NULL;
}

static int run(const struct command *c, int argc, char **argv)
{
    struct args a;
    struct error e = { 0 };
    int status;

    if (wants_help(argc, argv))
        return print_help(fill_command, c->path, stdout, EXIT_OK);
    if (args_parse(c, argc, argv, clock_wall(), &a, &e) < 0) {
        status = command_fail(&a, command_words(c->path), &e);
    } else {
        status = c->run(&a);
        if (status == EXIT_OK) // what fitted into stdio's buffer
            status = output_flush(stdout);
    }
    args_fini(&a);
    return status;
}

static bool is_word(const char *word, const char *const *words)
{
    for (; *words; words++) {
        if (strcmp(word, *words) == 0)
            return true;
    }
    return false;
}

static const char *name_of(const char *program)
{
    const char *slash = strrchr(program, '/');

    return slash ? slash + 1 : program;
}

static int unknown(const char *path)
{
    output_say("error: unknown command '%s'; `%s --help` lists the commands", command_words(path),
               command_program(path));
    return EXIT_USAGE;
}

// As kubectl-kube9: the words are those of one group, which nobody types.
static int run_plugin(int argc, char **argv)
{
    static const char *const help[] = { "help", "--help", "-h", NULL };
    const struct command *c = NULL;
    char path[128];

    if (argc < 2)
        return print_help(help_group, PLUGIN_GROUP, stderr, EXIT_USAGE);
    if (is_word(argv[1], help))
        return print_help(help_group, PLUGIN_GROUP, stdout, EXIT_OK);
    snprintf(path, sizeof(path), PLUGIN_GROUP " %.100s", argv[1]);
    c = commands_find(path);
    return c ? run(c, argc - 2, argv + 2) : unknown(path);
}

int cli_run(int argc, char **argv)
{
    static const char *const help[] = { "help", "--help", "-h", NULL }, *const version[] = {
        "--version", "-V", NULL
    };
    const struct command *c;
    char path[128];
    int words = 0;

    if (argc > 0 && strcmp(name_of(argv[0]), "kubectl_complete-kube9") == 0)
        return complete_print(PLUGIN_GROUP, argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "__complete") == 0)
        return complete_print("", argc - 2, argv + 2);
    if (argc > 1 && is_word(argv[1], version))
        return run(commands_find("version"), 0, NULL);
    if (argc > 0 && strcmp(name_of(argv[0]), "kubectl-kube9") == 0)
        return run_plugin(argc, argv);
    if (argc < 2)
        return print_help(fill_all, NULL, stderr, EXIT_USAGE);
    if (is_word(argv[1], help))
        return print_help(fill_all, NULL, stdout, EXIT_OK);
    c = find(argc - 1, argv + 1, &words, path, sizeof(path));
    if (c)
        return run(c, argc - 1 - words, argv + 1 + words);
    if (commands_group_help(path))
        return wants_help(argc - 1, argv + 1) ? print_help(help_group, path, stdout, EXIT_OK)
                                              : print_help(help_group, path, stderr, EXIT_USAGE);
    return unknown(path[0] ? path : argv[1]);
}
