// SPDX-License-Identifier: Apache-2.0
// Escaping, character by character.
#include "cmd/markup.h"

#include "base/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd"

static bool xml_char(uint32_t c)
{
    if (c < 0x20)
        return c == '\t' || c == '\n' || c == '\r';
    return c != 0x7f && c != 0xfffe && c != 0xffff;
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

void put_xml(FILE *out, const char *s)
{
    while (s && *s) {
        uint32_t c = 0xffff;
        size_t n = utf8_decode(s, strnlen(s, 4), &c);
        const char *entity = xml_entity(n ? c : 0xffff);

        if (entity)
            fputs(entity, out);
        else
            fwrite(s, 1, n, out);
        s += n ? n : 1;
    }
}

// An empty comment ends a mention or reference where a backslash would not.
static const char *markdown_form(char c)
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
        return (unsigned char)c < 0x20 || c == 0x7f ? REPLACEMENT : NULL;
    }
}

static size_t put_all(FILE *out, const char *s)
{
    fputs(s, out);
    return strlen(s);
}

size_t put_markdown(FILE *out, const char *s)
{
    size_t n = 0;

    for (; s && *s; s++) {
        const char *form = markdown_form(*s);

        if (form) {
            n += put_all(out, form);
            continue;
        }
        if (strchr("\\`*_{}[]()!|~$", *s))
            n += put_all(out, "\\");
        fputc(*s, out);
        n++;
    }
    return n;
}

// A bar ends a table cell even in code, and a backtick the code.
size_t put_markdown_code(FILE *out, const char *s)
{
    size_t n = put_all(out, "`");

    for (; s && *s; s++, n++) {
        bool plain = (unsigned char)*s >= 0x20 && *s != 0x7f && *s != '`' && *s != '|';

        fputc(plain ? *s : *s == '`' ? '\'' : ' ', out);
    }
    return n + put_all(out, "`");
}
