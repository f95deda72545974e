// SPDX-License-Identifier: Apache-2.0
// Collects what one check says about one unit: the worst verdict, the first offender behind it, and
// all texts.
#include "controller/checks/report.h"

#include "base/utf8.h"

void report_reset(struct report *r)
{
    r->at = NULL;
    r->out.verdict = VERDICT_PASS;
    r->out.reason = SKIP_NONE;
    r->out.offenders = 0;
    r->out.in_container = false;
    r->out.container = "";
    r->out.field[0] = '\0';
    r->out.text[0] = '\0';
    r->out.text_n = 0;
}

static void append(struct outcome *o, const char *fmt, va_list ap) printf_like(2, 0);

// What is too long ends with "..." behind a whole character, and takes nothing more.
static void append(struct outcome *o, const char *fmt, va_list ap)
{
    size_t room = sizeof(o->text) - o->text_n;
    int n = room > 1 ? vsnprintf(o->text + o->text_n, room, fmt, ap) : 0;

    if (n <= 0)
        return;
    if ((size_t)n < room) {
        o->text_n += (size_t)n;
        return;
    }
    o->text_n = sizeof(o->text) - 1;
    memcpy(o->text + utf8_cut(o->text, o->text_n, sizeof(o->text) - 4), "...", 4);
}

static void appendf(struct outcome *o, const char *fmt, ...) printf_like(2, 3);

static void appendf(struct outcome *o, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    append(o, fmt, ap);
    va_end(ap);
}

static void remember(struct report *r, enum verdict v, const char *field)
{
    struct outcome *o = &r->out;

    o->verdict = v;
    o->in_container = r->at != NULL;
    o->container = r->at ? r->at->name : "";
    o->set = r->at ? r->at->set : SET_MAIN;
    o->index = r->at ? r->at->index : 0;
    snprintf(o->field, sizeof(o->field), "%.*s",
             (int)utf8_cut(field, strlen(field), sizeof(o->field) - 1), field);
}

static void say(struct report *r, enum verdict v, const char *field, const char *fmt, va_list ap)
    printf_like(4, 0);

static void say(struct report *r, enum verdict v, const char *field, const char *fmt, va_list ap)
{
    if (v > r->out.verdict)
        remember(r, v, field);
    if (r->out.offenders++)
        appendf(&r->out, "; ");
    if (r->at)
        appendf(&r->out, "%s '%s' ", container_set_word(r->at->set), r->at->name);
    append(&r->out, fmt, ap);
}

void report_fail(struct report *r, const char *field, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say(r, VERDICT_FAIL, field, fmt, ap);
    va_end(ap);
}

void report_warn(struct report *r, const char *field, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say(r, VERDICT_WARN, field, fmt, ap);
    va_end(ap);
}

void report_as(struct report *r, enum verdict v, const char *field, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say(r, v, field, fmt, ap);
    va_end(ap);
}

void report_skip(struct report *r, enum skip_reason why, const char *fmt, ...)
{
    va_list ap;

    report_reset(r);
    r->out.verdict = VERDICT_SKIP;
    r->out.reason = why;
    va_start(ap, fmt);
    append(&r->out, fmt, ap);
    va_end(ap);
}

void report_copy(struct outcome *to, const struct outcome *from)
{
    memcpy(to, from, offsetof(struct outcome, field));
    memcpy(to->field, from->field, strlen(from->field) + 1);
    to->text_n = from->text_n;
    memcpy(to->text, from->text, from->text_n + 1);
}

void report_at(struct report *r, const struct container_view *c)
{
    r->at = c;
}
