// SPDX-License-Identifier: Apache-2.0
// Versions: an optional v, two or three numbers, then anything after + or -.
#include "apis/version.h"

static bool take_number(struct str *s, int *ret)
{
    size_t i = 0;
    int v = 0;
    for (; i < s->n && s->p[i] >= '0' && s->p[i] <= '9'; i++) {
        if (v > 999999)
            return false;
        v = v * 10 + (s->p[i] - '0');
    }
    s->p += i;
    s->n -= i;
    *ret = v;
    return i > 0;
}

static bool take_point(struct str *s)
{
    if (!s->n || s->p[0] != '.')
        return false;
    s->p++;
    s->n--;
    return true;
}

bool version_parse(struct str s, struct version *ret)
{
    struct version v = { 0 };
    if (s.n && s.p[0] == 'v') {
        s.p++;
        s.n--;
    }
    if (!take_number(&s, &v.major) || !take_point(&s) || !take_number(&s, &v.minor))
        return false;
    if (take_point(&s) && !take_number(&s, &v.patch))
        return false;
    if (s.n && s.p[0] != '+' && s.p[0] != '-')
        return false;
    *ret = v;
    return true;
}

int version_compare(struct version a, struct version b)
{
    if (a.major != b.major)
        return a.major < b.major ? -1 : 1;
    if (a.minor != b.minor)
        return a.minor < b.minor ? -1 : 1;
    return (a.patch > b.patch) - (a.patch < b.patch);
}
