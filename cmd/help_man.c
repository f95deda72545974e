// SPDX-License-Identifier: Apache-2.0
// docs/kube9-operator.1, made from the command table like every other list of commands.
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
    text(out, c->path);
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

void help_man(struct buf *out)
{
    const struct command *c;

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
        "where the format is JSON.\n"
        ".SH COMMANDS\n");
    for (size_t i = 0; (c = commands_at(i)); i++)
        command(c, out);
    buf_adds(
        out,
        ".SH \"EXIT STATUS\"\n"
        "0 ok, 1 failed, 2 usage, 3 findings at or above \\fB\\-\\-fail\\-on\\fR.\n"
        ".SH FILES\n"
        ".TP\n\\fI/data/kube9.db\\fR\nthe history, with \\-wal, \\-shm and .lock beside it; a damaged one is kept as "
        "kube9.db.corrupt\\-TIME.\n");
}
