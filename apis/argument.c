// SPDX-License-Identifier: Apache-2.0
// A flag is written --flag=value, or --flag and the value as the next word; a boolean one may stand
// alone.
#include "apis/argument.h"

#include <ctype.h>

enum flag_kind { TEXT, NUMBER, SECONDS, NAMES };

static const struct {
    const char *name;
    enum flag_kind kind;
} flags[ARG_FLAGS] = {

#define FLAG(ID, n, k) [ARG_##ID] = { n, k },
#include "apis/argument.def"
#undef FLAG
};

static const struct {
    const char *text;
    uint32_t bit;
} names[] = {
    {"AlwaysAllow",                           ARG_ALWAYS_ALLOW           },
    { "Node",                                 ARG_NODE                   },
    { "RBAC",                                 ARG_RBAC                   },
    { "EventRateLimit",                       ARG_EVENT_RATE_LIMIT       },
    { "AlwaysAdmit",                          ARG_ALWAYS_ADMIT           },
    { "AlwaysPullImages",                     ARG_ALWAYS_PULL_IMAGES     },
    { "ServiceAccount",                       ARG_SERVICE_ACCOUNT        },
    { "NamespaceLifecycle",                   ARG_NAMESPACE_LIFECYCLE    },
    { "NodeRestriction",                      ARG_NODE_RESTRICTION       },
    { "DenyServiceExternalIPs",               ARG_DENY_EXTERNAL_IPS      },
    { "RotateKubeletServerCertificate=false", ARG_NO_SERVER_CERT_ROTATION},
};

static uint32_t text_value(struct str v)
{
    return (v.n ? (uint32_t)ARG_SET : 0) | (str_eq(v, "true") ? (uint32_t)ARG_TRUE : 0) |
           (str_eq(v, "false") ? (uint32_t)ARG_FALSE : 0) |
           (str_eq(v, "127.0.0.1") || str_eq(v, "::1") ? (uint32_t)ARG_LOOPBACK : 0);
}

// Forward secrecy and authenticated encryption: what the benchmark calls strong.
static bool is_strong_cipher(struct str s)
{
    bool modern =
        str_begins(s, "TLS_ECDHE_") || str_begins(s, "TLS_AES_") || str_begins(s, "TLS_CHACHA20_");

    return modern && (str_finishes(s, "_GCM_SHA256") || str_finishes(s, "_GCM_SHA384") ||
                      str_finishes(s, "_POLY1305") || str_finishes(s, "_POLY1305_SHA256"));
}

static uint32_t name_bits(struct str v)
{
    struct str one;
    uint32_t ret = 0;

    while (str_split(&v, ',', &one)) {
        one = str_trim(one);
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
            ret |= str_eq(one, names[i].text) ? names[i].bit : 0;
        if (str_begins(one, "TLS_") && !is_strong_cipher(one))
            ret |= ARG_WEAK_CIPHER;
    }
    return ret;
}

#define VALUE_MAX 0xffffU

static uint32_t number(struct str v)
{
    uint32_t n = 0;

    for (size_t i = 0; i < v.n && isdigit((unsigned char)v.p[i]); i++)
        n = MIN(n * 10 + (uint32_t)(v.p[i] - '0'), VALUE_MAX);
    return n;
}

static uint32_t unit_seconds(char c)
{
    return c == 'h' ? 3600 : c == 'm' ? 60 : 1;
}

// "1m30s"
static uint32_t seconds(struct str v)
{
    uint32_t sum = 0, n = 0;

    for (size_t i = 0; i < v.n; i++) {
        if (isdigit((unsigned char)v.p[i])) {
            n = MIN(n * 10 + (uint32_t)(v.p[i] - '0'), VALUE_MAX);
            continue;
        }
        sum = MIN(sum + n * unit_seconds(v.p[i]), VALUE_MAX);
        n = 0;
    }
    return sum;
}

static uint32_t fact(enum argument_flag f, struct str v)
{
    uint32_t value;

    switch (flags[f].kind) {
    case NUMBER:
        value = number(v);
        break;
    case SECONDS:
        value = seconds(v);
        break;
    case NAMES:
        value = name_bits(v);
        break;
    default:
        value = text_value(v);
        break;
    }
    return (uint32_t)f << 8 | value << 16;
}

static enum argument_flag find_flag(struct str name)
{
    for (int i = ARG_SUDO + 1; i < ARG_FLAGS; i++) {
        if (str_eq(name, flags[i].name))
            return (enum argument_flag)i;
    }
    return ARG_NONE;
}

// Also in the text of sh -c.
static bool calls_sudo(struct str word)
{
    size_t start = 0;

    for (size_t i = 0; i <= word.n; i++) {
        bool inside =
            i < word.n && !isspace((unsigned char)word.p[i]) && !strchr(";&|()", word.p[i]);
        struct str part = { word.p + start, i - start };
        if (inside)
            continue;
        if (str_eq(part, "sudo") || str_finishes(part, "/sudo"))
            return true;
        start = i + 1;
    }
    return false;
}

static uint32_t flag_word(struct str word, struct argument_state *s)
{
    struct str name = { word.p + 2, word.n - 2 };
    const char *eq = memchr(name.p, '=', name.n);
    enum argument_flag f;

    if (eq)
        name.n = (size_t)(eq - name.p);
    f = find_flag(name);
    if (f == ARG_NONE)
        return 0;
    if (eq)
        return fact(f, (struct str){ eq + 1, word.n - (size_t)(eq + 1 - word.p) });
    s->after = f;
    return (uint32_t)f << 8 | (flags[f].kind == TEXT ? (uint32_t)ARG_TRUE << 16 : 0);
}

uint32_t argument_of(struct str word, struct argument_state *s)
{
    uint32_t ret = (uint32_t)credential_of_arg(word, &s->after_credential);
    enum argument_flag before = s->after;

    s->after = ARG_NONE;
    if (word.n > 2 && word.p[0] == '-' && word.p[1] == '-')
        return ret | flag_word(word, s);
    if (before != ARG_NONE)
        return ret | fact(before, word);
    return ret | (calls_sudo(word) ? (uint32_t)ARG_SUDO << 8 : 0);
}
