// SPDX-License-Identifier: Apache-2.0
// fnmatch(3) may take exponential time, and patterns come from annotations that any namespace user
// can write.
#include "controller/checks/glob.h"

bool glob_match(struct str pattern, const char *text)
{
    size_t p = 0, star = SIZE_MAX;
    const char *t = text, *mark = text;

    while (*t) {
        if (p < pattern.n && pattern.p[p] == '*') {
            star = p++;
            mark = t;
        } else if (p < pattern.n && (pattern.p[p] == '?' || pattern.p[p] == *t)) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*')
        p++;
    return p == pattern.n;
}

bool glob_any(const char *const *patterns, const char *text)
{
    for (; patterns && *patterns; patterns++) {
        if (glob_match(str_of(*patterns), text))
            return true;
    }
    return false;
}
