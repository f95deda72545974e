// SPDX-License-Identifier: Apache-2.0
// Cuts by class: one pass over the text keeps what JSON's grammar says about the place.
#include "informer/fake_chaos_cut.h"

struct scan {
    bool in_string, escaped; // of the byte that comes
    char before;             // '\0' at the start
};

static void step(struct scan *s, char c)
{
    if (!s->in_string)
        s->in_string = c == '"';
    else if (s->escaped)
        s->escaped = false;
    else if (c == '\\')
        s->escaped = true;
    else
        s->in_string = c != '"';
    s->before = c;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool fits(enum chaos_event cut, const struct scan *s, char next)
{
    switch (cut) {
    case CHAOS_CUT_STRING:
        return s->in_string && !s->escaped;
    case CHAOS_CUT_ESCAPE:
        return s->escaped;
    case CHAOS_CUT_UTF8:
        return ((unsigned char)next & 0xc0) == 0x80;
    case CHAOS_CUT_NUMBER:
        return !s->in_string && is_digit(s->before) && is_digit(next);
    case CHAOS_CUT_VALUE:
        return !s->in_string && s->before == ':';
    case CHAOS_CUT_BEFORE_LF:
        return next == '\n';
    case CHAOS_CUT_AFTER_LF:
        return s->before == '\n';
    default:
        return false;
    }
}

// The pick-th place of the class, counted from 0; *ret_n: how many there are.
static size_t find(enum chaos_event cut, const char *text, size_t n, uint64_t pick, size_t *ret_n)
{
    struct scan s = { 0 };
    size_t found = FAKE_NO_CUT, seen = 0;

    for (size_t i = 0; i < n; i++) {
        if (fits(cut, &s, text[i]) && seen++ == pick)
            found = i;
        step(&s, text[i]);
    }
    *ret_n = seen;
    return found;
}

size_t chaos_cut_place(enum chaos_event cut, const char *text, size_t n, uint64_t pick)
{
    size_t places;

    if (cut == CHAOS_CUT_FIRST)
        return n ? 0 : FAKE_NO_CUT;
    if (cut == CHAOS_CUT_LAST)
        return n ? n : FAKE_NO_CUT;
    find(cut, text, n, UINT64_MAX, &places);
    return places ? find(cut, text, n, pick % places, &places) : FAKE_NO_CUT;
}

size_t chaos_cutter_cut(void *cutter, const char *text, size_t n, bool unused_arg watch)
{
    struct chaos_cutter *c = cutter;
    size_t at = FAKE_NO_CUT;

    if (!c->armed || (c->cut == CHAOS_CUT_HEADERS) != !text)
        return FAKE_NO_CUT;
    at = text ? chaos_cut_place(c->cut, text, n, chaos_random()) : 0;
    if (at == FAKE_NO_CUT)
        return at;
    c->armed = false;
    chaos_count(c->cut, 1);
    return at;
}
