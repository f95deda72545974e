// SPDX-License-Identifier: Apache-2.0
// Quoting. A plain YAML scalar is a string only if no reader takes it for something else, and
// readers disagree: kubectl reads YAML 1.1 (yes, on, 0b1, 1:30, 2001-01-01), others 1.2. So what
// could be anything but a string in either is quoted, and a few strings more than necessary.
#include "base/writer_text.h"

#include "base/utf8.h"
#include <math.h>

// Words that are not strings in YAML 1.1 or 1.2, in any case of letters.
static const char *const words[] = { "null", "true",  "false", "yes", "no", "on",
                                     "off",  "y",     "n",     "~",   "=",  "<<",
                                     ".inf", "-.inf", "+.inf", ".nan" };

static bool is_reserved_word(struct str s)
{
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (strlen(words[i]) == s.n && !strncasecmp(words[i], s.p, s.n))
            return true;
    return false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Could be an integer of any base, a float, a sexagesimal, a date or a time: begins like a number
// and has only their characters.
static bool is_number_like(struct str s)
{
    if (!is_digit(s.p[0]) && !strchr("+-.", s.p[0]))
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!s.p[i] || !strchr("0123456789abcdefABCDEFxXoO_:.+-TtZz ", s.p[i]))
            return false;
    return true;
}

// First characters that YAML reserves; a dash is fine before a letter, or a second dash and a
// letter ("--flag").
static bool begins_special(struct str s)
{
    size_t dashes = 0;

    if (s.p[0] == '-') {
        while (dashes < s.n && dashes < 2 && s.p[dashes] == '-')
            dashes++;
        return dashes == s.n || !is_letter(s.p[dashes]);
    }
    return strchr(" ?:,[]{}#&*!|>'\"%@`", s.p[0]) || (s.n >= 3 && !memcmp(s.p, "...", 3));
}

// What a YAML reader must accept unescaped, less what is a line break to some reader or cannot be
// seen.
static bool is_printable(uint32_t c)
{
    if (c < 0x80)
        return c >= 0x20 && c != 0x7F;
    if (c < 0xA0 || (c >= 0x2028 && c <= 0x2029) || c == 0xFEFF)
        return false;
    return c < 0xFFFE || c > 0xFFFF;
}

struct look {
    bool valid;     // UTF-8 and printable, but for newlines and tabs
    bool multiline; // has a newline
    bool tab;
    bool colon; // ": " or " #" inside, or ":" at the end
};

static struct look look_at(struct str s)
{
    struct look l = { .valid = true };
    uint32_t c = 0, last = 0;

    for (size_t i = 0, n; i < s.n && l.valid; i += n, last = c) {
        n = utf8_decode(s.p + i, s.n - i, &c);
        l.valid = n && (c == '\n' || c == '\t' || is_printable(c));
        l.multiline |= c == '\n';
        l.tab |= c == '\t';
        l.colon |= (last == ':' && c == ' ') || (last == ' ' && c == '#');
        n = n ? n : 1;
    }
    l.colon |= c == ':';
    return l;
}

enum text_style text_yaml_style(struct str s)
{
    struct look l = look_at(s);

    if (!s.n || !l.valid)
        return TEXT_QUOTED;
    if (l.multiline)
        // A block whose text begins with a blank would need its indentation spelled out.
        return strchr(" \t\n", s.p[0]) ? TEXT_QUOTED : TEXT_LITERAL;
    if (l.tab || l.colon || s.p[s.n - 1] == ' ' || begins_special(s) || is_reserved_word(s) ||
        is_number_like(s))
        return TEXT_QUOTED;
    return TEXT_PLAIN;
}

static const char *escape_of(uint32_t c, bool yaml, char ret[16])
{
    static const char short_from[] = "\"\\\b\f\n\r\t", short_to[] = "\"\\bfnrt";
    const char *at = c && c < 0x80 ? strchr(short_from, (int)c) : NULL;

    if (at) {
        ret[0] = '\\';
        ret[1] = short_to[at - short_from];
        ret[2] = '\0';
        return ret;
    }
    if (c >= 0x20 &&
        (yaml ? is_printable(c) : c < 0x7F || c >= 0xA0)) // DEL to 9F: a terminal obeys
        return NULL;
    snprintf(ret, 16, "\\u%04x", c);
    return ret;
}

void text_quote(struct str s, bool yaml, void (*put)(void *arg, const char *p, size_t n), void *arg)
{
    size_t from = 0, i = 0, n;

    put(arg, "\"", 1);
    for (; i < s.n; i += n) {
        char text[16];
        uint32_t c = 0;
        const char *instead = "\xEF\xBF\xBD";

        n = utf8_decode(s.p + i, s.n - i, &c);
        if (n)
            instead = escape_of(c, yaml, text);
        else
            n = 1;
        if (!instead)
            continue;
        put(arg, s.p + from, i - from);
        put(arg, instead, strlen(instead));
        from = i + n;
    }
    put(arg, s.p + from, i - from);
    put(arg, "\"", 1);
}

const char *text_double(double v, char ret[DOUBLE_TEXT_MAX])
{
    if (!isfinite(v)) {
        memcpy(ret, "null", 5);
        return ret;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(ret, DOUBLE_TEXT_MAX, "%.*g", digits, v);
        if (strtod(ret, NULL) == v)
            break;
    }
    return ret;
}
