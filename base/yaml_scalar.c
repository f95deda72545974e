// SPDX-License-Identifier: Apache-2.0
// What a YAML scalar means: the core schema of YAML 1.2 (chapter 10.3.2), whose expressions are
// followed literally.
#include "base/yaml_parts.h"

#include <math.h>
#include <strings.h>

static bool is_any(struct str s, const char *a, const char *b, const char *c)
{
    return str_eq(s, a) || str_eq(s, b) || str_eq(s, c);
}

static bool resolve_null(struct yaml_node *n)
{
    if (n->text.n && !str_eq(n->text, "~") && !is_any(n->text, "null", "Null", "NULL"))
        return false;
    n->type = YAML_NULL;
    return true;
}

static bool resolve_bool(struct yaml_node *n)
{
    bool yes = is_any(n->text, "true", "True", "TRUE");

    if (!yes && !is_any(n->text, "false", "False", "FALSE"))
        return false;
    n->type = YAML_BOOL;
    n->b = yes;
    return true;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

// Digits of a base; what does not fit into an int64 becomes a double.
static bool resolve_digits(struct yaml_node *n, struct str digits, int base, bool negative)
{
    int64_t i = 0;
    bool fits = true;
    double d = 0;

    if (!digits.n)
        return false;
    for (size_t at = 0; at < digits.n; at++) {
        int digit = digit_of(digits.p[at]);

        if (digit >= base)
            return false;
        d = d * base + digit;
        fits = fits && !__builtin_mul_overflow(i, base, &i) &&
               !__builtin_add_overflow(i, negative ? -digit : digit, &i);
    }
    n->type = fits ? YAML_INT : YAML_DOUBLE;
    if (fits)
        n->i = i;
    else
        n->d = base == 10 ? strtod(n->text.p, NULL) : d;
    return true;
}

static bool resolve_int(struct yaml_node *n)
{
    struct str s = n->text;
    bool sign = s.n && (s.p[0] == '-' || s.p[0] == '+');

    if (s.n > 2 && s.p[0] == '0' && (s.p[1] == 'o' || s.p[1] == 'x'))
        return resolve_digits(n, (struct str){ s.p + 2, s.n - 2 }, s.p[1] == 'o' ? 8 : 16, false);
    return resolve_digits(n, (struct str){ s.p + sign, s.n - sign }, 10, sign && s.p[0] == '-');
}

static size_t skip_digits(struct str s, size_t at)
{
    while (at < s.n && s.p[at] >= '0' && s.p[at] <= '9')
        at++;
    return at;
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
static bool is_float(struct str s)
{
    size_t start = s.n && (s.p[0] == '-' || s.p[0] == '+') ? 1 : 0;
    size_t at = skip_digits(s, start), whole = at - start, part = 0;

    if (at < s.n && s.p[at] == '.') {
        size_t end = skip_digits(s, at + 1);

        part = end - at - 1;
        at = end;
    }
    if (!whole && !part)
        return false;
    if (at < s.n && (s.p[at] | 0x20) == 'e') {
        size_t sign = at + 1 < s.n && (s.p[at + 1] == '-' || s.p[at + 1] == '+') ? 1 : 0;
        size_t from = at + 1 + sign;

        at = skip_digits(s, from);
        if (at == from)
            return false;
    }
    return at == s.n;
}

static bool resolve_float(struct yaml_node *n)
{
    struct str s = n->text;
    bool sign = s.n && (s.p[0] == '-' || s.p[0] == '+');
    struct str unsigned_part = { s.p + sign, s.n - sign };

    if (is_float(s))
        n->d = strtod(s.p, NULL);
    else if (is_any(unsigned_part, ".inf", ".Inf", ".INF"))
        n->d = s.p[0] == '-' ? -(double)INFINITY : (double)INFINITY;
    else if (is_any(s, ".nan", ".NaN", ".NAN"))
        n->d = (double)NAN;
    else
        return false;
    n->type = YAML_DOUBLE;
    return true;
}

// Most scalars are words: none of the others begins with their first character.
static bool may_be_more(char first)
{
    return (first >= '0' && first <= '9') || strchr("~nNtTfF+-.", first) != NULL;
}

void yaml_resolve_plain(struct yaml_node *n)
{
    bool is_word = n->text.n && !may_be_more(n->text.p[0]);

    if (is_word || (!resolve_null(n) && !resolve_bool(n) && !resolve_int(n) && !resolve_float(n)))
        n->type = YAML_STR;
}

int yaml_resolve_tagged(struct yaml_node *n, const char *tag, struct error *e)
{
    static const char core[] = "tag:yaml.org,2002:";
    const char *name = str_starts(tag, core) ? tag + sizeof(core) - 1 : "";
    bool ok = true;

    n->type = YAML_STR;
    if (!strcmp(name, "null"))
        ok = resolve_null(n);
    else if (!strcmp(name, "bool"))
        ok = resolve_bool(n);
    else if (!strcmp(name, "int"))
        ok = resolve_int(n) && n->type == YAML_INT;
    else if (!strcmp(name, "float"))
        ok = resolve_float(n) || resolve_int(n);
    else if (!strcmp(name, "binary") || !strcmp(name, "map") || !strcmp(name, "seq"))
        ok = false;
    if (!ok)
        return error_set(e, ERR_INVALID, "line %u: '%.64s' is not a !!%s", n->line, n->text.p,
                         name);
    if (!strcmp(name, "float") && n->type == YAML_INT) {
        n->type = YAML_DOUBLE;
        n->d = (double)n->i;
    }
    return 0;
}
