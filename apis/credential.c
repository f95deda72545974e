// SPDX-License-Identifier: Apache-2.0
// Classes of texts that may hold credentials. Two kinds of evidence: the format of the text itself,
// which decides alone, and the name it goes by, which counts only when the text could be a secret
// at all (not a path, number, plain URL or expansion). The scan is one pass over the text, because
// every environment variable of every Pod goes through it.
#include "apis/credential.h"

#include <ctype.h>

static bool has_prefix(struct str s, const char *prefix)
{
    size_t n = strlen(prefix);
    return s.n >= n && memcmp(s.p, prefix, n) == 0;
}

static size_t count_of(struct str s, size_t from, const char *extra)
{
    size_t i = from;
    while (i < s.n && (isalnum((unsigned char)s.p[i]) || (s.p[i] && strchr(extra, s.p[i]))))
        i++;
    return i - from;
}

static bool is_jwt(struct str s)
{
    if (!has_prefix(s, "eyJ"))
        return false;
    size_t head = count_of(s, 0, "_-");
    if (head < 10 || head + 4 >= s.n || s.p[head] != '.' || memcmp(s.p + head + 1, "eyJ", 3) != 0)
        return false;
    size_t body = count_of(s, head + 1, "_-");
    size_t at = head + 1 + body;
    return at < s.n && s.p[at] == '.';
}

struct token_format {
    const char *prefix;
    uint8_t least; // characters after the prefix
    uint8_t cls;
};

static const struct token_format formats[] = {
    {"AKIA",         16, CREDENTIAL_AWS_KEY},
    { "ASIA",        16, CREDENTIAL_AWS_KEY},
    { "ghp_",        30, CREDENTIAL_GITHUB },
    { "gho_",        30, CREDENTIAL_GITHUB },
    { "ghs_",        30, CREDENTIAL_GITHUB },
    { "ghu_",        30, CREDENTIAL_GITHUB },
    { "ghr_",        30, CREDENTIAL_GITHUB },
    { "github_pat_", 30, CREDENTIAL_GITHUB },
    { "xoxb-",       10, CREDENTIAL_SLACK  },
    { "xoxp-",       10, CREDENTIAL_SLACK  },
    { "xoxa-",       10, CREDENTIAL_SLACK  },
    { "xoxs-",       10, CREDENTIAL_SLACK  },
    { "xoxr-",       10, CREDENTIAL_SLACK  },
};

// A known token at the start of s.
static enum credential_class token_class(struct str s)
{
    if (s.n < 12 || (s.p[0] != 'A' && s.p[0] != 'g' && s.p[0] != 'x' && s.p[0] != 'e'))
        return CREDENTIAL_NONE;
    for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
        size_t n = strlen(formats[i].prefix);
        if (has_prefix(s, formats[i].prefix) && count_of(s, n, "_-") >= formats[i].least)
            return (enum credential_class)formats[i].cls;
    }
    return is_jwt(s) ? CREDENTIAL_JWT : CREDENTIAL_NONE;
}

#define PEM_MIN 64u // no key is shorter

static bool is_pem_key(struct str s)
{
    const char *dash = s.n >= PEM_MIN ? memchr(s.p, '-', s.n) : NULL;
    const char *at = dash ? memmem(dash, s.n - (size_t)(dash - s.p), "-----BEGIN ", 11) : NULL;
    if (!at)
        return false;
    size_t left = s.n - (size_t)(at - s.p);
    return memmem(at, MIN(left, 64), "PRIVATE KEY-----", 16) != NULL;
}

static const char *find_scheme(struct str s)
{
    const char *colon = memchr(s.p, ':', s.n);
    return colon ? memmem(colon, s.n - (size_t)(colon - s.p), "://", 3) : NULL;
}

// scheme://user:password@host, with a literal password; at is where "://" stands.
static bool has_userinfo(struct str s, const char *at)
{
    const char *p = at + 3, *end = s.p + s.n, *colon = NULL;
    if (at == s.p)
        return false;
    for (; p < end && *p != '/' && *p != '?' && *p != '#' && !isspace((unsigned char)*p); p++) {
        if (*p == ':' && !colon)
            colon = p;
        if (*p == '@')
            return colon && p > colon + 1 && colon[1] != '$' && colon[1] != '*' && colon[1] != '<';
    }
    return false;
}

static enum credential_class format_class(struct str s)
{
    enum credential_class c = token_class(s);
    if (c != CREDENTIAL_NONE)
        return c;
    if (is_pem_key(s))
        return CREDENTIAL_PEM;
    const char *scheme = find_scheme(s);
    return scheme && has_userinfo(s, scheme) ? CREDENTIAL_USERINFO : CREDENTIAL_NONE;
}

static bool is_number(struct str s)
{
    size_t digits = 0;
    if (!isdigit((unsigned char)s.p[0]) && !strchr("+-.", s.p[0]))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (isdigit((unsigned char)s.p[i]))
            digits++;
        else if (!strchr("+-.,:_eE", s.p[i]) || !s.p[i])
            return digits > 0 && i >= s.n - 2 && s.n <= 12; // 30s, 10Mi
    }
    return digits > 0;
}

static bool is_bool(struct str s)
{
    static const char *const words[] = { "true", "false", "yes",  "no",      "on",
                                         "off",  "null",  "none", "enabled", "disabled" };
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (s.n == strlen(words[i]) && strncasecmp(s.p, words[i], s.n) == 0)
            return true;
    }
    return false;
}

// Text that is harmless under any name: no secret begins like this, or it is a flag or a number.
static bool is_harmless(struct str s)
{
    s = str_trim(s);
    if (!s.n)
        return true;
    switch (s.p[0]) {
    case '/':
    case '<':
        return true;
    case '.':
        return has_prefix(s, "./") || has_prefix(s, "../") || is_number(s);
    case '$':
        return has_prefix(s, "$(") || has_prefix(s, "${");
    case '{':
        return has_prefix(s, "{{");
    default:
        break;
    }
    if (find_scheme(s) || has_prefix(s, "file:"))
        return true;
    return s.n <= 8 ? is_bool(s) || is_number(s) : is_number(s);
}

enum credential_class credential_of_value(struct str value)
{
    enum credential_class c = format_class(value);
    if (c != CREDENTIAL_NONE)
        return c;
    return is_harmless(value) ? CREDENTIAL_NONE : CREDENTIAL_TEXT;
}

static struct str strip(struct str s, const char *front, const char *back)
{
    while (s.n && strchr(front, s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n && strchr(back, s.p[s.n - 1]))
        s.n--;
    return s;
}

// "key: value" or "key=value": the key names a credential and the value could be one.
static bool line_names_one(struct str line)
{
    line = str_trim(line);
    if (!line.n || line.p[0] == '#' || line.p[0] == ';' || has_prefix(line, "//"))
        return false;
    size_t i = 0;
    while (i < line.n && line.p[i] != ':' && line.p[i] != '=')
        i++;
    if (i == line.n || i > 128)
        return false;
    struct str key = strip((struct str){ line.p, i }, "\"'- {", "\"' ");
    struct str value = strip((struct str){ line.p + i + 1, line.n - i - 1 }, "\"' =", "\"',} ");
    if (value.n < 3 || value.n > 1024 || memchr(value.p, ' ', value.n) || !credential_name(key))
        return false;
    return !is_harmless(value) && !strchr("{[|>&*", value.p[0]);
}

static bool holds(struct str s, const char *what)
{
    return memmem(s.p, s.n, what, strlen(what)) != NULL;
}

// Tokens anywhere: at the start of the text or behind something that is not part of a word.
static enum credential_class find_token(struct str s)
{
    for (size_t i = 0; i + 12 <= s.n; i++) {
        if (i && isalnum((unsigned char)s.p[i - 1]))
            continue;
        enum credential_class c = token_class((struct str){ s.p + i, s.n - i });
        if (c != CREDENTIAL_NONE)
            return c;
    }
    return CREDENTIAL_NONE;
}

enum credential_class credential_of_document(struct str text)
{
    if (is_pem_key(text))
        return CREDENTIAL_PEM;
    if (holds(text, "client-key-data:") || (holds(text, "kind: Config") && holds(text, "token:")))
        return CREDENTIAL_KUBECONFIG;
    if (holds(text, "\"auths\"") && holds(text, "\"auth\""))
        return CREDENTIAL_DOCKER;
    enum credential_class c = find_token(text);
    if (c != CREDENTIAL_NONE)
        return c;
    c = is_harmless(text) ? CREDENTIAL_NONE : CREDENTIAL_TEXT;
    struct str rest = text, line;
    while (str_split(&rest, '\n', &line)) {
        const char *scheme = find_scheme(line);
        if (scheme && has_userinfo(line, scheme))
            return CREDENTIAL_USERINFO;
        if (line_names_one(line))
            c = CREDENTIAL_NAMED;
    }
    return c;
}

enum credential_class credential_of_arg(struct str arg, bool *after_flag)
{
    bool follows = *after_flag;
    *after_flag = false;
    enum credential_class c = credential_of_value(arg);
    if (credential_by_format(c))
        return c;
    size_t dashes = 0;
    while (dashes < arg.n && arg.p[dashes] == '-')
        dashes++;
    const char *eq = memchr(arg.p, '=', arg.n);
    if (eq) {
        size_t at = (size_t)(eq - arg.p);
        struct str value = { eq + 1, arg.n - at - 1 };
        enum credential_class v = format_class(value);
        if (v != CREDENTIAL_NONE)
            return v;
        bool named = credential_name((struct str){ arg.p + dashes, at - dashes });
        return named && !is_harmless(value) ? CREDENTIAL_NAMED : CREDENTIAL_NONE;
    }
    if (dashes && dashes < arg.n) {
        *after_flag = credential_name((struct str){ arg.p + dashes, arg.n - dashes });
        return CREDENTIAL_NONE;
    }
    if (follows && c == CREDENTIAL_TEXT)
        return CREDENTIAL_NAMED;
    return c;
}

const char *credential_text(enum credential_class c)
{
    static const char *const texts[CREDENTIAL_CLASSES] = {
        [CREDENTIAL_ABSENT] = "nothing",
        [CREDENTIAL_NONE] = "nothing secret",
        [CREDENTIAL_TEXT] = "a literal text",
        [CREDENTIAL_NAMED] = "a text under the name of a credential",
        [CREDENTIAL_USERINFO] = "a URL with a password",
        [CREDENTIAL_AWS_KEY] = "an AWS access key",
        [CREDENTIAL_GITHUB] = "a GitHub token",
        [CREDENTIAL_SLACK] = "a Slack token",
        [CREDENTIAL_JWT] = "a JSON web token",
        [CREDENTIAL_PEM] = "a private key",
        [CREDENTIAL_KUBECONFIG] = "a kubeconfig with credentials",
        [CREDENTIAL_DOCKER] = "registry credentials",
    };
    return (unsigned)c < CREDENTIAL_CLASSES ? texts[c] : "";
}
