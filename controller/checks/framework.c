// SPDX-License-Identifier: Apache-2.0
// Frameworks and their controls. A row names controls; which framework a control belongs to is in
// its first letters.
#include "controller/checks/checks.h"

#include <strings.h>

// clang-format off
static const struct {
    const char *name, *prefix;
} frameworks[] = {
    { "pss", "PSS-" },
    { "pss-baseline", "PSS-B:" },
    { "pss-restricted", "PSS-R:" },
    { "cis", "CIS-" },
    { "nsa", "NSA-" },
    { "kubescape", "C-" },
};

// clang-format on

static bool begins(struct str control, const char *prefix)
{
    size_t n = strlen(prefix);

    return control.n >= n && strncasecmp(control.p, prefix, n) == 0;
}

static const char *prefix_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(frameworks); i++) {
        if (strcasecmp(frameworks[i].name, name) == 0)
            return frameworks[i].prefix;
    }
    return NULL;
}

bool check_has_framework(const struct check *c, const char *name)
{
    const char *prefix = prefix_of(name);
    struct str rest = str_of(c->frameworks), control;

    while (str_split(&rest, ' ', &control)) {
        if (prefix ? begins(control, prefix) : begins(control, name) && control.n == strlen(name))
            return true;
    }
    return false;
}

int framework_check(const char *name, struct error *e)
{
    char names[160] = "";
    size_t n = 0;

    if (prefix_of(name))
        return 0;
    for (size_t i = 0; i < checks_count(); i++) {
        if (check_has_framework(checks_at(i), name))
            return 0;
    }
    for (size_t i = 0; i < ARRAY_SIZE(frameworks); i++)
        n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", i ? ", " : "",
                              frameworks[i].name);
    return error_set(e, ERR_USAGE,
                     "no check is mapped to the framework or control '%s'; frameworks are %s, "
                     "controls are written as in docs/checks.md (CIS-5.2.2)",
                     name, names);
}
