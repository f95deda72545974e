// SPDX-License-Identifier: Apache-2.0
// The manual pages in docs/, made from the command table like every other list of commands.
#include "cmd/command.h"
#include "cmd/help.h"

// A dot or quote at the start of a line is a request to troff; a plain "-" is a hyphen to it, not
// the character of a flag.
static void text(struct buf *out, const char *s)
{
    if (*s == '.' || *s == '\'')
        buf_adds(out, "\\&");
    for (; *s; s++) {
        if (*s == '\\')
            buf_adds(out, "\\e");
        else if (*s == '-')
            buf_adds(out, "\\-");
        else
            buf_addc(out, *s);
    }
}

static void flag(const struct flag *f, struct buf *out)
{
    buf_adds(out, ".TP\n\\fB");
    if (f->letter)
        buf_addf(out, "\\-%c\\fR, \\fB", f->letter);
    buf_adds(out, "\\-\\-");
    text(out, f->name);
    buf_adds(out, "\\fR");
    if (f->kind != FLAG_BOOL)
        buf_addf(out, " \\fI%s\\fR", f->value);
    buf_addc(out, '\n');
    text(out, f->help);
    if (f->words && f->kind == FLAG_CHOICE) {
        buf_adds(out, ". One of ");
        text(out, f->words);
    }
    if (f->def) {
        buf_adds(out, ". Default: ");
        text(out, f->def);
    }
    buf_adds(out, ".\n");
}

static void command(const struct command *c, struct buf *out)
{
    buf_adds(out, ".SS \"");
    text(out, command_words(c->path));
    buf_addf(out, "%s%s\"\n", *c->operands ? " " : "", c->operands);
    text(out, c->help);
    buf_addc(out, '\n');
    if (c->text) {
        text(out, c->text);
        buf_addc(out, '\n');
    }
    for (const struct flag *const *g = c->flags; *g; g++) {
        for (const struct flag *f = *g; f->name; f++)
            flag(f, out);
    }
}

// Either the plugin's commands or all others.
static void commands(bool plugin, struct buf *out)
{
    const struct command *c;

    buf_adds(out, ".SH COMMANDS\n");
    for (size_t i = 0; (c = commands_at(i)); i++) {
        if ((command_words(c->path) != c->path) == plugin)
            command(c, out);
    }
    buf_adds(out, ".SH \"EXIT STATUS\"\n"
                  "0 ok, 1 failed, 2 usage, 3 findings at or above \\fB\\-\\-fail\\-on\\fR.\n");
}

void help_man(struct buf *out)
{
    buf_adds(
        out,
        ".\\\" Made from the command table; a test compares this page with it.\n"
        ".TH KUBE9\\-OPERATOR 1\n"
        ".SH NAME\n"
        "kube9\\-operator \\- assess a Kubernetes cluster and keep its history\n"
        ".SH SYNOPSIS\n"
        "\\fBkube9\\-operator\\fR \\fICOMMAND\\fR [\\fIFLAGS\\fR]\n"
        ".SH DESCRIPTION\n"
        "Watches a Kubernetes cluster, assesses it against the Well\\-Architected Framework and answers questions about\n"
        "what it found. Documents go to standard output, logs and errors to standard error; an error is one line, of JSON\n"
        "where the format is JSON.\n");
    commands(false, out);
    buf_adds(
        out,
        ".SH FILES\n"
        ".TP\n\\fI/data/kube9.db\\fR\nthe history, with \\-wal, \\-shm and .lock beside it; a damaged one is kept as "
        "kube9.db.corrupt\\-TIME.\n"
        ".SH \"SEE ALSO\"\n\\fBkubectl\\-kube9\\fR(1)\n");
}

void help_man_plugin(struct buf *out)
{
    buf_adds(
        out,
        ".\\\" Made from the command table; a test compares this page with it.\n"
        ".TH KUBECTL\\-KUBE9 1\n"
        ".SH NAME\n"
        "kubectl\\-kube9 \\- ask the kube9 operator of a cluster\n"
        ".SH SYNOPSIS\n"
        "\\fBkubectl kube9\\fR \\fICOMMAND\\fR [\\fIFLAGS\\fR]\n"
        ".SH DESCRIPTION\n"
        "A plugin of \\fBkubectl\\fR(1), which finds it by its name in PATH: \\fBkube9\\-operator\\fR(1) under the name\n"
        "kubectl\\-kube9. It finds the operator's Pod in the cluster of the current context and runs a query in it by\n"
        "\\fBkubectl exec\\fR, as the history is there. It needs the rights of the chart's Role kube9\\-query, and for\n"
        "\\fBassess\\fR the right to create and get assessmentruns.\n");
    commands(true, out);
    buf_adds(out, ".SH \"SEE ALSO\"\n\\fBkube9\\-operator\\fR(1), \\fBkubectl\\fR(1)\n");
}
