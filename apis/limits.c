// SPDX-License-Identifier: Apache-2.0
// Limits of texts. Patterns are compiled at each use: only our own kinds have them, and those are
// few and small.
#include "apis/limits.h"

#include "base/alloc.h"
#include "base/clock.h"
#include <regex.h>

static uint32_t characters(struct str s)
{
    uint32_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return n;
}

static bool matches(const char *pattern, struct str s)
{
    regex_t re;
    if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB))
        return false;
    autofree char *text = xstrndup(s.p, s.n);
    bool ok = regexec(&re, text, 0, NULL, 0) == 0;
    regfree(&re);
    return ok;
}

static int check_duration(const struct row *row, struct str s, char ret[LIMITS_TEXT_MAX])
{
    usec d;
    struct error e;
    if (duration_parse(s, &d, &e)) {
        snprintf(ret, LIMITS_TEXT_MAX, "%.*s", LIMITS_TEXT_MAX - 1, e.text);
        return -1;
    }
    const struct row_options *o = row->opt;
    if (o->max > o->min && (d < o->min * USEC_PER_SEC || d > o->max * USEC_PER_SEC)) {
        char low[TIME_TEXT_MAX], high[TIME_TEXT_MAX];
        snprintf(ret, LIMITS_TEXT_MAX, "must be %s to %s",
                 duration_format(o->min * USEC_PER_SEC, low),
                 duration_format(o->max * USEC_PER_SEC, high));
        return -1;
    }
    return 0;
}

int limits_text(const struct row *row, struct str s, char ret[LIMITS_TEXT_MAX])
{
    if (s.n && memchr(s.p, 0, s.n)) {
        snprintf(ret, LIMITS_TEXT_MAX, "holds a NUL character");
        return -1;
    }
    uint32_t n = characters(s);
    if (row->max_len && n > row->max_len) {
        snprintf(ret, LIMITS_TEXT_MAX, "has %u characters, %u are allowed", n, row->max_len);
        return -1;
    }
    if (n < row->opt->min_len) {
        snprintf(ret, LIMITS_TEXT_MAX, "must have at least %u characters", row->opt->min_len);
        return -1;
    }
    if (row->opt->pattern && !matches(row->opt->pattern, s)) {
        snprintf(ret, LIMITS_TEXT_MAX, "must match %s", row->opt->pattern);
        return -1;
    }
    return row->kind == ROW_DURATION ? check_duration(row, s, ret) : 0;
}

void limits_words(const struct words *w, char ret[LIMITS_TEXT_MAX])
{
    int n = snprintf(ret, LIMITS_TEXT_MAX, "must be one of ");
    for (int i = 1; i < WORD_OTHER && w->text[i] && n < LIMITS_TEXT_MAX; i++)
        n += snprintf(ret + n, LIMITS_TEXT_MAX - (size_t)n, "%s%s", i > 1 ? ", " : "", w->text[i]);
}
