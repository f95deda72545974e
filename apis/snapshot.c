// SPDX-License-Identifier: Apache-2.0
// Few objects have a former version, so they are kept beside the snapshot and not in each object.
#include "apis/snapshot.h"

#include <stdlib.h>

static int by_address(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t)((const struct written_version *)a)->object;
    uintptr_t y = (uintptr_t)((const struct written_version *)b)->object;

    return (x > y) - (x < y);
}

void snapshot_set_written(struct snapshot *s, struct written_version *v, uint32_t n)
{
    if (n)
        qsort(v, n, sizeof(*v), by_address);
    s->written = v;
    s->n_written = n;
}

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
