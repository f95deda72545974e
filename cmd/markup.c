// SPDX-License-Identifier: Apache-2.0
// Escaping, character by character.
#include "cmd/markup.h"

#include "base/str.h"
#include "base/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd"

static bool xml_char(uint32_t c)
{
    if (c < 0x20)
        return c == '\t' || c == '\n' || c == '\r';
    return (c < 0x7f || c >= 0xa0) && c != 0xfffe && c != 0xffff;
}

static const char *xml_entity(uint32_t c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return xml_char(c) ? NULL : REPLACEMENT;
    }
}

// The length of the character that s begins with; what is no UTF-8 is one byte, and no character.
static size_t next(const char *s, uint32_t *ret)
{
    size_t n = utf8_decode(s, strnlen(s, 4), ret);

    if (n)
        return n;
    *ret = 0xffff;
    return 1;
}

void put_xml(FILE *out, const char *s)
{
    for (size_t n; s && *s; s += n) {
        uint32_t c;
        const char *entity;

        n = next(s, &c);
        entity = xml_entity(c);
        if (entity)
            fputs(entity, out);
        else
            fwrite(s, 1, n, out);
    }
}

// An empty comment ends a mention, reference or link where a backslash would not.
static const char *markdown_form(uint32_t c)
{
    switch (c) {
    case '@':
        return "@<!-- -->";
    case '#':
        return "#<!-- -->";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '\n':
    case '\r':
    case '\t':
        return " ";
    default:
        return xml_char(c) ? NULL : REPLACEMENT;
    }
}

// GitHub makes links of what only looks like one.
static const char *link_form(const char *s)
{
    return str_starts(s, "://") ? ":<!-- -->" : str_starts(s, "www.") ? "w<!-- -->" : NULL;
}

static size_t put_all(FILE *out, const char *s)
{
    fputs(s, out);
    return strlen(s);
}

size_t put_markdown(FILE *out, const char *s)
{
    size_t n = 0, length;

    for (; s && *s; s += length) {
        uint32_t c;
        const char *form;

        length = next(s, &c);
        form = link_form(s);
        form = form ? form : markdown_form(c);
        if (form) {
            n += put_all(out, form);
            continue;
        }
        if (strchr("\\`*_{}[]()!|~$", *s))
            n += put_all(out, "\\");
        n += fwrite(s, 1, length, out);
    }
    return n;
}

// A bar ends a table cell even in code, and a backtick the code.
size_t put_markdown_code(FILE *out, const char *s)
{
    size_t n = put_all(out, "`"), length;

    for (; s && *s; s += length) {
        uint32_t c;

        length = next(s, &c);
        if (c < ' ' || c == '|' || !xml_char(c))
            n += put_all(out, c == 0xffff ? REPLACEMENT : " ");
        else if (c == '`')
            n += put_all(out, "'");
        else
            n += fwrite(s, 1, length, out);
    }
    return n + put_all(out, "`");
}
