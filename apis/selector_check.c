// SPDX-License-Identifier: Apache-2.0
// Keys and values as the API server wants labels (a name of at most 63 characters, before it
// perhaps a DNS name and a slash), and as many values as the operator needs.
#include "apis/selector_check.h"

#define NAME_MAX_CHARS   63
#define PREFIX_MAX_CHARS 253

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_name(const char *s, size_t n)
{
    if (n == 0 || n > NAME_MAX_CHARS || !is_alnum(s[0]) || !is_alnum(s[n - 1]))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!is_alnum(s[i]) && !strchr("-_.", s[i]))
            return false;
    }
    return true;
}

static bool is_prefix(const char *s, size_t n)
{
    if (n == 0 || n > PREFIX_MAX_CHARS)
        return false;
    for (size_t i = 0; i < n; i++) {
        bool edge = i == 0 || i == n - 1 || s[i - 1] == '.' || s[i + 1] == '.';
        bool word = (s[i] >= 'a' && s[i] <= 'z') || (s[i] >= '0' && s[i] <= '9');

        if (!word && (edge || (s[i] != '-' && s[i] != '.')))
            return false;
    }
    return true;
}

static bool is_key(const char *s)
{
    const char *slash = strchr(s, '/');

    if (!slash)
        return is_name(s, strlen(s));
    return is_prefix(s, (size_t)(slash - s)) && is_name(slash + 1, strlen(slash + 1));
}

static bool is_value(const char *s)
{
    return !*s || is_name(s, strlen(s));
}

static int check_values(const struct label_requirement *r, const char *path, uint32_t i,
                        struct error *e)
{
    struct rlist values = label_requirement_values(r);
    enum selector_operator op = label_requirement_op(r);
    bool none = op == SELECT_EXISTS || op == SELECT_DOES_NOT_EXIST;
    bool many = op == SELECT_IN || op == SELECT_NOT_IN;
    uint32_t k = 0;

    if (none && values.n)
        return error_set(e, ERR_INVALID,
                         "%s.matchExpressions[%u].values: must be empty with this operator", path,
                         i);
    if (!none && (many ? values.n == 0 : values.n != 1))
        return error_set(e, ERR_INVALID, "%s.matchExpressions[%u].values: %s with this operator",
                         path, i, many ? "must be given" : "must be exactly one");
    FOR_EACH_STR (value, values) {
        if (!is_value(value))
            return error_set(e, ERR_INVALID,
                             "%s.matchExpressions[%u].values[%u]: '%.64s' is no label value", path,
                             i, k, value);
        k++;
    }
    return 0;
}

int selector_check(const struct label_selector *s, const char *path, struct error *e)
{
    struct rlist labels = label_selector_match_labels(s);
    uint32_t i = 0;

    for (uint32_t k = 0; k < labels.n; k++) {
        if (!is_key(rmap_key(labels, k)))
            return error_set(e, ERR_INVALID, "%s.matchLabels: '%.64s' is no label key", path,
                             rmap_key(labels, k));
        if (!is_value(rmap_value(labels, k)))
            return error_set(e, ERR_INVALID, "%s.matchLabels: '%.64s' is no label value", path,
                             rmap_value(labels, k));
    }
    FOR_EACH (label_requirement, r, label_selector_match_expressions(s)) {
        if (!is_key(atom_str(label_requirement_key(r))))
            return error_set(e, ERR_INVALID, "%s.matchExpressions[%u].key: '%.64s' is no label key",
                             path, i, atom_str(label_requirement_key(r)));
        if (check_values(r, path, i, e) < 0)
            return -1;
        i++;
    }
    return 0;
}
