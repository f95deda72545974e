// SPDX-License-Identifier: Apache-2.0
// What the accessors do not do in line: searching maps and lists, reading durations.
#include "apis/rlist.h"

#include "base/clock.h"

usec rec_duration(const uint32_t *slot, const char *absent)
{
    const char *text = slot ? rec_at(slot) : absent;
    usec d;
    if (!text || duration_parse(str_of(text), &d, NULL))
        return 0;
    return d;
}

const char *rmap_get(struct rlist m, const char *key)
{
    for (uint32_t i = 0; i < m.n; i++) {
        if (strcmp(rmap_key(m, i), key) == 0)
            return rmap_value(m, i);
    }
    return NULL;
}

const char *rmap_get_atom(struct rlist m, atom key)
{
    for (uint32_t i = 0; i < m.n; i++) {
        if (m.v[2 * i] == key)
            return rmap_value(m, i);
    }
    return NULL;
}

bool rlist_has_atom(struct rlist l, atom a)
{
    return rlist_has_word(l, (int)a);
}

bool rlist_has_word(struct rlist l, int word)
{
    for (uint32_t i = 0; i < l.n; i++) {
        if (l.v[i] == (uint32_t)word)
            return true;
    }
    return false;
}

bool rlist_has_str(struct rlist l, const char *s)
{
    FOR_EACH_STR (it, l) {
        if (strcmp(it, s) == 0)
            return true;
    }
    return false;
}
