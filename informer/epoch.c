// SPDX-License-Identifier: Apache-2.0
// Freezing. The worker must not touch counts, so the snapshot holds plain pointers, and the loop
// promises that no block they point to is freed before the epoch is closed: what leaves a cache
// meanwhile goes to the retire list with its last reference. Objects that someone else took a
// reference of are safe as well, because the list holds one.
#include "informer/epoch.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "informer/informer_parts.h"

// Straight from the cache: a snapshot is not looked at by key, so nobody has to be told of what
// goes.
static const struct object *const *copy_table(struct informers *in, enum kind_id kind)
{
    uint32_t n = informer_count(in, kind), i = 0, iter = 0;
    const struct object **table;

    if (!n)
        return NULL;
    table = xmalloc(n * sizeof(*table));
    for (const struct object *o; (o = cache_next(in->kinds[kind]->cache, &iter));)
        table[i++] = o;
    return table;
}

// A kind that is never asked for, such as Secret, is one that may not be read.
static enum kind_state state_of(struct informers *in, enum kind_id k)
{
    if (!in->kinds[k] && !kind_get(k)->optional)
        return KIND_DENIED;
    return informer_status(in, k)->state;
}

struct snapshot *epoch_open(struct informers *in)
{
    struct snapshot *s;

    if (in->epoch)
        return NULL;
    s = xcalloc(1, sizeof(*s));
    s->live = true;
    s->now = clock_wall();
    s->server_minor = in->server_minor;
    for (int k = 0; k < KIND_COUNT; k++) {
        s->state[k] = (uint8_t)state_of(in, (enum kind_id)k);
        if (s->state[k] != KIND_SYNCED)
            continue;
        s->objects[k] = copy_table(in, (enum kind_id)k);
        s->n[k] = informer_count(in, (enum kind_id)k);
    }
    in->epoch = s;
    in->epoch_at = clock_mono();
    return s;
}

void epoch_close(struct informers *in, struct snapshot *s)
{
    if (!s || in->epoch != s)
        return;
    for (int k = 0; k < KIND_COUNT; k++)
        free((void *)(uintptr_t)s->objects[k]);
    free(s);
    in->epoch = NULL;
    for (size_t i = 0; i < in->retired_n; i++)
        object_unref(in->retired[i]);
    free(TAKE(in->retired));
    in->retired_n = in->retired_cap = in->retired_bytes = 0;
}

void epoch_release(struct informers *in, struct object *o)
{
    if (!in->epoch) {
        object_unref(o);
        return;
    }
    if (in->retired_n == in->retired_cap) {
        in->retired_cap = in->retired_cap ? 2 * in->retired_cap : 256;
        in->retired = xrealloc(in->retired, in->retired_cap * sizeof(struct object *));
    }
    in->retired[in->retired_n++] = o;
    in->retired_bytes += object_bytes(o);
}

void epoch_renew(struct informers *in)
{
    in->epoch_at = clock_mono();
}

bool epoch_expired(const struct informers *in)
{
    return in->epoch &&
           (clock_mono() - in->epoch_at > EPOCH_MAX_AGE || in->retired_bytes > EPOCH_MAX_RETIRED);
}

size_t epoch_retired_bytes(const struct informers *in)
{
    return in->retired_bytes;
}
