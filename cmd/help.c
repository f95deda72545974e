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
