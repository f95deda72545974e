// SPDX-License-Identifier: Apache-2.0
// Everything that lists commands is made here from the one table, so that no list can fall behind.
#include "cmd/help.h"

#include "cmd/command.h"

static bool in_group(const struct command *c, const char *group)
{
    size_t n = strlen(group);

    return strncmp(c->path, group, n) == 0 && c->path[n] == ' ';
}

static void list_commands(const char *group, struct buf *out)
{
    const struct command *c;

    for (size_t i = 0; (c = commands_at(i)); i++) {
        char name[64];

        if (group && !in_group(c, group))
            continue;
        snprintf(name, sizeof(name), "%s %s", group ? command_words(c->path) : c->path,
                 c->operands);
        buf_addf(out, "  %-32s %s\n", name, c->help);
    }
}

void help_all(struct buf *out)
{
    buf_adds(
        out,
        "kube9-operator watches a Kubernetes cluster and assesses it against the Well-Architected Framework.\n\n"
        "Usage: kube9-operator COMMAND [FLAGS]\n\nCommands:\n");
    list_commands(NULL, out);
    buf_adds(out, "\n`kube9-operator COMMAND --help` lists the flags of a command.\n"
                  "Exit status: 0 ok, 1 failed, 2 usage, 3 findings at or above --fail-on.\n");
}

void help_group(const char *group, struct buf *out)
{
    const char *words = command_words(group);

    buf_addf(out, "%s\n\nUsage: %s%s%s COMMAND [FLAGS]\n\nCommands:\n", commands_group_help(group),
             command_program(group), *words ? " " : "", words);
    list_commands(group, out);
}

static void flag_line(const struct flag *f, struct buf *out)
{
    char left[64];

    snprintf(left, sizeof(left), "%s%c%s--%s %s", f->letter ? "-" : " ",
             f->letter ? f->letter : ' ', f->letter ? ", " : "  ", f->name, f->value);
    buf_addf(out, "  %-28s %s", left, f->help);
    if (f->words && f->kind == FLAG_CHOICE)
        buf_addf(out, " (%s)", f->words);
    if (f->def)
        buf_addf(out, " [%s]", f->def);
    buf_addc(out, '\n');
}

void help_command(const struct command *c, struct buf *out)
{
    buf_addf(out, "%s\n\nUsage: %s %s%s%s [FLAGS]\n", c->help, command_program(c->path),
             command_words(c->path), *c->operands ? " " : "", c->operands);
    if (c->text)
        buf_addf(out, "\n%s\n", c->text);
    buf_adds(out, "\nFlags:\n");
    for (const struct flag *const *g = c->flags; *g; g++) {
        for (const struct flag *f = *g; f->name; f++)
            flag_line(f, out);
    }
    buf_adds(out, "  -h, --help                   this text\n");
}

void help_markdown(struct buf *out)
{
    const struct command *c;

    buf_adds(
        out,
        "# Commands\n\nMade from the command table (`kube9-operator COMMAND --help` says the same; `kubectl kube9 COMMAND` is `kube9-operator plugin COMMAND`); a test compares this page with it.\n\n"
        "Documents go to stdout, logs and errors to stderr. An error is one line, of JSON where the format is JSON."
        " Exit status: 0 ok, 1 failed, 2 usage, 3 findings at or above `--fail-on`.\n");
    for (size_t i = 0; (c = commands_at(i)); i++) {
        buf_addf(
            out,
            "\n## `%s %s%s%s`\n\n%s%s%s\n\n| flag | value | default | meaning |\n|---|---|---|---|\n",
            command_program(c->path), command_words(c->path), *c->operands ? " " : "", c->operands,
            c->help, c->text ? " " : "", c->text ? c->text : "");
        for (const struct flag *const *g = c->flags; *g; g++) {
            for (const struct flag *f = *g; f->name; f++)
                buf_addf(out, "| `--%s` | %s | %s | %s |\n", f->name,
                         f->kind == FLAG_CHOICE ? f->words : f->value, f->def ? f->def : "",
                         f->help);
        }
        buf_adds(out, "| `--help` | | | Print this. |\n");
    }
}

// Completion: words of the path one after the other, then flags.

static void next_words(const char *prefix, struct buf *out)
{
    const struct command *c;
    size_t n = strlen(prefix);
    struct str last = { 0 };

    for (size_t i = 0; (c = commands_at(i)); i++) {
        const char *rest = n == 0 ? c->path : c->path + n + 1;
        struct str w;

        if (n && !in_group(c, prefix))
            continue;
        w = (struct str){ rest, strcspn(rest, " ") };
        if (w.n == last.n && last.p && memcmp(w.p, last.p, w.n) == 0)
            continue;
        buf_addf(out, "%s" STR_FMT, last.p ? " " : "", STR_ARG(w));
        last = w;
    }
}

static void flags_of(const struct command *c, struct buf *out)
{
    for (const struct flag *const *g = c->flags; *g; g++) {
        for (const struct flag *f = *g; f->name; f++)
            buf_addf(out, "--%s ", f->name);
    }
    buf_adds(out, "--help");
}

static void bash_case(const char *prefix, struct buf *out)
{
    buf_addf(out, "        '%s') words='", prefix);
    next_words(prefix, out);
    buf_adds(out, "' ;;\n");
}

static void bash_cases(struct buf *out)
{
    const struct command *c;
    const char *group;

    bash_case("", out);
    for (size_t i = 0; (group = commands_group_at(i)); i++)
        bash_case(group, out);
    for (size_t i = 0; (c = commands_at(i)); i++) {
        buf_addf(out, "        '%s') words='", c->path);
        if (strcmp(c->operands, "SHELL") == 0)
            buf_adds(out, "bash zsh fish ");
        flags_of(c, out);
        buf_adds(out, "' ;;\n");
    }
}

static void bash(struct buf *out)
{
    buf_adds(out, "_kube9_operator() {\n"
                  "    local path='' words='' word i\n"
                  "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
                  "        word=${COMP_WORDS[i]}\n"
                  "        [[ $word == -* ]] && break\n"
                  "        path=${path:+$path }$word\n"
                  "    done\n"
                  "    case $path in\n");
    bash_cases(out);
    buf_adds(out, "    esac\n"
                  "    COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
                  "}\n"
                  "complete -o default -F _kube9_operator kube9-operator\n");
}

static void fish_quoted(const char *text, struct buf *out)
{
    buf_addc(out, '\'');
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            buf_addc(out, '\\');
        buf_addc(out, *text);
    }
    buf_addc(out, '\'');
}

static void fish_words(const char *prefix, struct buf *out)
{
    buf_addf(out, "complete -c kube9-operator -n \"__kube9_operator_at '%s'\" -f -a '", prefix);
    next_words(prefix, out);
    buf_adds(out, "'\n");
}

static void fish(struct buf *out)
{
    const struct command *c;
    const char *group;

    buf_adds(out, "function __kube9_operator_at\n"
                  "    set -l words (commandline -opc)\n"
                  "    set -e words[1]\n"
                  "    test (string join ' ' -- (string match -v -- '-*' $words)) = \"$argv[1]\"\n"
                  "end\n");
    fish_words("", out);
    for (size_t i = 0; (group = commands_group_at(i)); i++)
        fish_words(group, out);
    for (size_t i = 0; (c = commands_at(i)); i++) {
        for (const struct flag *const *g = c->flags; *g; g++) {
            for (const struct flag *f = *g; f->name; f++) {
                buf_addf(out,
                         "complete -c kube9-operator -n \"__kube9_operator_at '%s'\" -l %s%s -d ",
                         c->path, f->name, f->kind == FLAG_BOOL ? "" : " -r");
                fish_quoted(f->help, out);
                buf_addc(out, '\n');
            }
        }
    }
}

int help_completion(const char *shell, struct buf *out)
{
    if (strcmp(shell, "bash") == 0) {
        bash(out);
    } else if (strcmp(shell, "zsh") == 0) {
        buf_adds(out, "#compdef kube9-operator\nautoload -U +X bashcompinit && bashcompinit\n");
        bash(out);
    } else if (strcmp(shell, "fish") == 0) {
        fish(out);
    } else {
        return -1;
    }
    return 0;
}
