// SPDX-License-Identifier: Apache-2.0
// Few objects have a former version, so they are kept beside the snapshot and not in each object.
#include "apis/snapshot.h"

const char *snapshot_api_version(const struct snapshot *s, const struct object *o)
{
    uint32_t from = 0, to = s->n_written;

    while (from < to) {
        uint32_t middle = from + (to - from) / 2;

        if ((uintptr_t)s->written[middle].object < (uintptr_t)o)
            from = middle + 1;
        else
            to = middle;
    }
    if (from < s->n_written && s->written[from].object == o)
        return atom_str(s->written[from].api_version);
    return kind_api_version(kind_get((enum kind_id)o->kind));
}
