// SPDX-License-Identifier: Apache-2.0
// Who wants to know what changed gets keys, not events (controller-semantics §2.2): one entry per
// key however often it changes, so a subscriber that sleeps costs memory for the keys and never for
// the traffic. An entry remembers the object that was deleted under its key, since nobody could
// look that up any more; a key that came and went unseen leaves no entry. Seen is also what
// somebody read from the cache before its key was taken: a worker that is at the key for another
// reason.
#include "base/alloc.h"
#include "informer/informer_parts.h"

struct entry {
    struct list link;
    struct object *at;   // newest object of the key, for the key's text
    struct object *gone; // announced to the subscriber, and deleted since
    bool added;          // nobody can know of this key: neither told nor read
    bool initial;
};

struct subscriber {
    struct list link;
    struct informers *in;
    bool wants[KIND_COUNT];
    loop_fn notify;
    void *arg;
    struct timer turn;
    struct map entries;
    struct list order;
    struct entry *taken; // handed out last
    size_t initial_n;    // entries from initial lists, the taken one included
};

static uint32_t entry_hash(const void *entry)
{
    struct key k = key_of(((const struct entry *)entry)->at);

    return key_hash(&k);
}

static bool entry_is(const void *entry, const void *key)
{
    struct key k = key_of(((const struct entry *)entry)->at);

    return key_equal(&k, key);
}

static const struct map_ops entry_ops = { entry_hash, entry_is };

static struct object *ref_const(const struct object *o)
{
    return object_ref((struct object *)(uintptr_t)o);
}

static void entry_free(struct subscriber *s, struct entry *e)
{
    if (!e)
        return;
    s->initial_n -= e->initial;
    object_unref(e->at);
    object_unref(e->gone);
    free(e);
}

static void notify_turn(void *arg)
{
    struct subscriber *s = arg;

    if (s->entries.n)
        s->notify(s->arg);
}

static void entry_take_out(struct subscriber *s, struct entry *e)
{
    struct key k = key_of(e->at);

    map_del(&s->entries, key_hash(&k), &k);
    list_remove(&e->link);
    if (s->entries.n)
        return;
    map_fini(&s->entries);
    map_init(&s->entries, &entry_ops);
}

static struct entry *entry_new(struct subscriber *s, const struct object *o, bool added)
{
    struct entry *e = xcalloc(1, sizeof(*e));
    struct key k = key_of(o);

    e->at = ref_const(o);
    e->added = added;
    if (!s->entries.n && s->notify)
        timer_start(s->in->o.loop, &s->turn, 0);
    map_put(&s->entries, &k, e);
    list_append(&s->order, &e->link);
    return e;
}

static void mark(struct subscriber *s, const struct object *old, const struct object *now,
                 bool initial)
{
    const struct object *newest = now ? now : old;
    struct key k = key_of(newest);
    struct entry *e = s->entries.n ? map_get(&s->entries, key_hash(&k), &k) : NULL;
    struct object *before;

    if (!e)
        e = entry_new(s, newest, !old);
    if (old && !e->added && !e->gone && (!now || !object_same_uid(old, now)))
        e->gone = ref_const(old);
    // It came back: a restore of the server's store took the deletion itself away.
    if (now && e->gone && object_same_uid(e->gone, now))
        object_unref(TAKE(e->gone));
    before = e->at;
    e->at = ref_const(newest);
    object_unref(before);
    if (initial && !e->initial) {
        e->initial = true;
        s->initial_n++;
    }
    if (!now && e->added) {
        entry_take_out(s, e);
        entry_free(s, e);
    }
}

void subscribers_changed(struct informers *in, const struct object *old, const struct object *now,
                         bool initial)
{
    LIST_EACH (l, &in->subscribers) {
        struct subscriber *s = container_of(l, struct subscriber, link);

        if (s->wants[(now ? now : old)->kind])
            mark(s, old, now, initial);
    }
}

const struct object *subscribers_read(struct informers *in, const struct object *o)
{
    struct key k;

    if (!o)
        return NULL;
    k = key_of(o);
    LIST_EACH (l, &in->subscribers) {
        struct subscriber *s = container_of(l, struct subscriber, link);
        struct entry *e = NULL;

        if (s->entries.n && s->wants[k.kind])
            e = map_get(&s->entries, key_hash(&k), &k);
        if (e)
            e->added = false;
    }
    return o;
}

static void replay(struct subscriber *s, bool added)
{
    for (int k = 0; k < KIND_COUNT; k++) {
        struct informer *inf = s->wants[k] ? s->in->kinds[k] : NULL;
        uint32_t iter = 0;

        for (const struct object *o; inf && (o = cache_next(inf->cache, &iter));)
            mark(s, added ? NULL : o, o, true);
    }
}

struct subscriber *informers_subscribe(struct informers *in, const enum kind_id *kinds,
                                       loop_fn notify, void *arg)
{
    struct subscriber *s = xcalloc(1, sizeof(*s));

    s->in = in;
    s->notify = notify;
    s->arg = arg;
    timer_init(&s->turn, "subscriber", notify_turn, s);
    map_init(&s->entries, &entry_ops);
    list_init(&s->order);
    list_append(&in->subscribers, &s->link);
    while (*kinds != KIND_COUNT)
        s->wants[*kinds++] = true;
    replay(s, true);
    return s;
}

void subscriber_free(struct subscriber *s)
{
    if (!s)
        return;
    timer_stop(s->in->o.loop, &s->turn);
    LIST_EACH (l, &s->order) {
        entry_free(s, container_of(l, struct entry, link));
    }
    entry_free(s, s->taken);
    map_fini(&s->entries);
    list_remove(&s->link);
    free(s);
}

bool subscriber_next(struct subscriber *s, struct change *ret)
{
    struct entry *e;

    entry_free(s, TAKE(s->taken));
    if (list_empty(&s->order))
        return false;
    e = container_of(s->order.next, struct entry, link);
    entry_take_out(s, e);
    s->taken = e;
    ret->key = key_of(e->at);
    ret->gone = e->gone;
    ret->now = cache_get(s->in->kinds[ret->key.kind]->cache, ret->key.ns, ret->key.name);
    ret->initial = e->initial;
    return true;
}

size_t subscriber_pending(const struct subscriber *s)
{
    return s->entries.n;
}

bool subscriber_synced(const struct subscriber *s)
{
    for (int k = 0; k < KIND_COUNT; k++)
        if (s->wants[k] && informer_status(s->in, (enum kind_id)k)->state == KIND_NOT_SYNCED)
            return false;
    return s->initial_n == 0;
}

void subscriber_resync(struct subscriber *s)
{
    replay(s, false);
}
