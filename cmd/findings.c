// SPDX-License-Identifier: Apache-2.0
// The arena grows by doubling the lists; what a list leaves behind is at most as much again. Rows
// begin with much room, for memory that is not touched costs nothing. Texts that repeat the row
// before, of any check or of the same one, are kept once: most do.
#include "cmd/findings.h"

#include "base/clock.h"

#define ROWS_FIRST   65536u
#define CHECKS_FIRST 64u

void findings_init(struct findings *fs, struct arena *a)
{
    *fs = (struct findings){ .arena = a, .worst = -1 };
}

static void *grown(struct arena *a, const void *v, size_t n, size_t *cap, size_t first, size_t size)
{
    size_t more = *cap ? 2 * *cap : first;
    void *ret = arena_alloc(a, more * size);

    if (n)
        memcpy(ret, v, n * size);
    *cap = more;
    return ret;
}

static const char *keep(struct arena *a, const char *before, const char *text)
{
    return before && text && strcmp(before, text) == 0 ? before : arena_strdup(a, text);
}

// The last row of that check; an empty one when there is none. The next row becomes it.
static struct row last_of(struct findings *fs, const struct check *c)
{
    size_t *last = &fs->last[(uintptr_t)c / sizeof(*c) % ARRAY_SIZE(fs->last)];
    struct row ret = { 0 };

    if (*last && fs->v[*last - 1].check == c)
        ret = fs->v[*last - 1];
    *last = fs->n + 1;
    return ret;
}

struct row *findings_add(struct findings *fs, const struct finding *f)
{
    struct arena *a = fs->arena;
    struct row alike = last_of(fs, f->check), before = { 0 }, *r;

    if (fs->n)
        before = fs->v[fs->n - 1];
    if (fs->n == fs->cap)
        fs->v = grown(a, fs->v, fs->n, &fs->cap, ROWS_FIRST, sizeof(*fs->v));
    r = &fs->v[fs->n++];
    *r = (struct row){ .check = f->check,
                       .pillar = check_pillar(f->check),
                       .verdict = f->verdict,
                       .severity = f->severity,
                       .kind = keep(a, before.kind, f->kind),
                       .ns = keep(a, before.ns, f->ns),
                       .name = keep(a, before.name, f->name),
                       .path = keep(a, alike.path, f->path),
                       .message = keep(a, alike.message, f->message),
                       .exemption = keep(a, before.exemption, f->exemption),
                       .exemption_reason = keep(a, before.exemption_reason, f->exemption_reason),
                       .exemption_expires = f->exemption_expires,
                       .line = f->line };
    memcpy(r->id, f->fingerprint, sizeof(r->id));
    if (f->verdict == VERDICT_SKIP)
        fs->exempted++;
    else
        fs->worst = MAX(fs->worst, (int)f->severity);
    return r;
}

void findings_add_check(struct findings *fs, const struct check_result *r)
{
    if (fs->n_checks == fs->cap_checks)
        fs->checks = grown(fs->arena, fs->checks, fs->n_checks, &fs->cap_checks, CHECKS_FIRST,
                           sizeof(*fs->checks));
    fs->checks[fs->n_checks++] = (struct check_row){ .check = r->check,
                                                     .pillar = check_pillar(r->check),
                                                     .verdict = r->verdict,
                                                     .severity = r->severity,
                                                     .reason = r->reason,
                                                     .message = arena_strdup(fs->arena, r->message),
                                                     .units = r->units };
}

static int by_object(const struct row *x, const struct row *y)
{
    int c = strcmp(x->ns, y->ns);

    c = c ? c : strcmp(x->kind, y->kind);
    return c ? c : strcmp(x->name, y->name);
}

// One object can stand in two files.
static int by_place(const struct row *x, const struct row *y)
{
    int c = strcmp(x->file ? x->file : "", y->file ? y->file : "");

    if (c == 0 && x->line != y->line)
        c = x->line < y->line ? -1 : 1;
    c = c ? c : strcmp(x->id, y->id);
    return c ? c : strcmp(x->message, y->message);
}

static int by_rank(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    int c = (x->verdict == VERDICT_SKIP) - (y->verdict == VERDICT_SKIP);

    c = c ? c : (int)y->severity - (int)x->severity;
    c = c ? c : (int)y->verdict - (int)x->verdict;
    c = c ? c : strcmp(x->check->id, y->check->id);
    c = c ? c : by_object(x, y);
    return c ? c : by_place(x, y);
}

void findings_sort(struct findings *fs)
{
    if (fs->n)
        qsort(fs->v, fs->n, sizeof(*fs->v), by_rank);
}

size_t findings_run(const struct findings *fs, size_t at)
{
    const struct row *first = &fs->v[at];
    size_t n = 0;

    while (at + n < fs->n && fs->v[at + n].check == first->check &&
           fs->v[at + n].verdict == first->verdict && fs->v[at + n].severity == first->severity)
        n++;
    return n;
}

const char *findings_none(const struct findings *fs)
{
    return fs->baseline.given ? "No new findings." : "No findings.";
}

const char *findings_count(const struct findings *fs, char *ret, size_t n)
{
    const struct findings_baseline *b = &fs->baseline;
    size_t shown = fs->n - fs->exempted;
    int used =
        snprintf(ret, n, "%zu %sfinding%s", shown, b->given ? "new " : "", shown == 1 ? "" : "s");

    if (b->given && used > 0 && (size_t)used < n)
        snprintf(ret + used, n - (size_t)used, ", %zu known, %zu fixed since the baseline",
                 b->known, b->fixed);
    return ret;
}

// Appends to the n bytes of ret, from at on. printf would be half the time of printing a table.
static size_t put(char *ret, size_t n, size_t at, const char *text)
{
    size_t len = MIN(strlen(text), n - 1 - at);

    memcpy(ret + at, text, len);
    ret[at + len] = '\0';
    return at + len;
}

static size_t put_number(char *ret, size_t n, size_t at, uint32_t number)
{
    char digits[11] = "";
    size_t i = sizeof(digits) - 1;

    do
        digits[--i] = (char)('0' + number % 10);
    while (number /= 10);
    return put(ret, n, at, digits + i);
}

const char *row_object(const struct row *r, char *ret, size_t n)
{
    size_t at = put(ret, n, 0, r->kind);

    at = put(ret, n, at, " ");
    if (*r->ns) {
        at = put(ret, n, at, r->ns);
        at = put(ret, n, at, "/");
    }
    put(ret, n, at, r->name);
    return ret;
}

const char *row_place(const struct row *r, char *ret, size_t n)
{
    size_t at = put(ret, n, 0, r->file ? r->file : "");

    if (r->file && r->line) {
        at = put(ret, n, at, ":");
        put_number(ret, n, at, r->line);
    }
    return ret;
}

const char *row_exemption(const struct row *r, char *ret, size_t n)
{
    const char *reason = r->exemption_reason ? r->exemption_reason : "";
    char until[TIME_TEXT_MAX] = "";

    *ret = '\0';
    if (!r->exemption)
        return ret;
    if (r->exemption_expires)
        time_format(r->exemption_expires, 0, until);
    snprintf(ret, n, "%s by: %s%s%s%s%s%s%s",
             r->verdict == VERDICT_SKIP ? "exempted" : "downgraded", r->exemption,
             *reason || *until ? " (" : "", reason, *reason && *until ? "; " : "",
             *until ? "until " : "", until, *reason || *until ? ")" : "");
    return ret;
}
