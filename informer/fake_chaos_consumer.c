// SPDX-License-Identifier: Apache-2.0
// The consumer. Work takes from nothing to two minutes, so that keys change while they are worked
// on; what a worker saw when it began is what it has done at the end.
#include "informer/fake_chaos_consumer.h"

#include "base/clock.h"

#define QUEUE_EMPTY_MAX 4096 // bytes that an empty queue may keep

static int kind_index(const struct chaos_consumer *c, enum kind_id kind)
{
    int i = 0;

    while (c->kinds[i] != kind)
        chaos_check(c->kinds[i++] != KIND_COUNT, "a change of a kind that nobody asked for");
    return i;
}

static int name_index(const char *name)
{
    int i = name[1] - 'a';

    chaos_check(*name == 'p' && i >= 0 && i < CHAOS_NAMES && !name[2], "key '%s' is nobody's",
                name);
    return i;
}

struct chaos_known chaos_known_now(struct informers *in, enum kind_id kind, const char *name)
{
    const struct object *o = informer_get(in, kind, "n", name);
    struct chaos_known k = { .here = o != NULL };

    if (!o)
        return k;
    memcpy(k.uid, o->uid, sizeof(k.uid));
    k.rv = o->rv;
    return k;
}

bool chaos_known_same(const struct chaos_known *a, const struct chaos_known *b)
{
    return a->here == b->here &&
           (!a->here || (a->rv == b->rv && memcmp(a->uid, b->uid, sizeof(a->uid)) == 0));
}

// What a worker reads it knows: it has to be told of its deletion, too.
static struct chaos_known look(const struct chaos_worker *w)
{
    struct chaos_known *told = &w->consumer->told[w->kind][w->name];
    struct chaos_known now = chaos_known_now(w->consumer->in, w->key.kind, w->key.name);

    if (!told->here)
        *told = now;
    return now;
}

static void work_begin(struct chaos_consumer *c, struct chaos_worker *w, const struct key *k)
{
    static const usec spans[] = { 0, 0, 1000, 300000, 5 * USEC_PER_SEC, 2 * USEC_PER_MIN };

    w->key = *k;
    w->kind = kind_index(c, k->kind);
    w->name = name_index(k->name);
    for (size_t i = 0; i < ARRAY_SIZE(c->workers); i++) {
        const struct chaos_worker *other = &c->workers[i];

        chaos_check(other == w || !timer_running(&other->timer) || other->kind != w->kind ||
                        other->name != w->name,
                    "key %s is worked on twice at a time", k->name);
    }
    w->seen = look(w);
    timer_start(c->loop, &w->timer, spans[chaos_below((int)ARRAY_SIZE(spans))]);
}

static void pump(void *arg)
{
    struct chaos_consumer *c = arg;
    struct key k;

    for (size_t i = 0; i < ARRAY_SIZE(c->workers); i++)
        if (!timer_running(&c->workers[i].timer) && queue_get(c->queue, &k, NULL))
            work_begin(c, &c->workers[i], &k);
}

static void work_end(void *arg)
{
    struct chaos_worker *w = arg;
    struct chaos_consumer *c = w->consumer;
    struct chaos_known now = look(w);
    int luck = c->healthy ? 9 : chaos_below(10);

    chaos_count(CHAOS_WORK_AGAIN, !chaos_known_same(&now, &w->seen));
    if (luck < 2) {
        chaos_count(CHAOS_WORK_FAILED, 1);
        queue_add_rate_limited(c->queue, &w->key, QUEUE_NORMAL);
    } else {
        chaos_count(CHAOS_WORK_DONE, 1);
        c->done[w->kind][w->name] = w->seen;
        queue_forget(c->queue, &w->key);
    }
    if (luck == 2) {
        chaos_count(CHAOS_WORK_LATER, 1);
        queue_add_after(c->queue, &w->key, QUEUE_LOW, chaos_below(600) * USEC_PER_SEC);
    }
    queue_done(c->queue, &w->key);
    pump(c);
}

// Every change must be possible from what was believed before.
static void check_change(const struct change *ch, const struct chaos_known *was)
{
    chaos_check(ch->gone || ch->now, "a change that is none");
    chaos_check(!ch->gone || was->here, "a deletion of what was never announced");
    chaos_check(!ch->gone || memcmp(was->uid, ch->gone->uid, sizeof(was->uid)) == 0,
                "a deletion of another object than the one announced");
    chaos_check(!ch->gone || !ch->now || !object_same_uid(ch->gone, ch->now),
                "gone and here with the same uid");
    chaos_check(ch->gone || !was->here || memcmp(was->uid, ch->now->uid, sizeof(ch->now->uid)) == 0,
                "another uid without a deletion");
}

static void take_all(void *arg)
{
    struct chaos_consumer *c = arg;
    struct change ch;

    if (c->asleep)
        return;
    while (subscriber_next(c->sub, &ch)) {
        struct chaos_known *known = &c->told[kind_index(c, ch.key.kind)][name_index(ch.key.name)];

        check_change(&ch, known);
        *known = chaos_known_now(c->in, ch.key.kind, ch.key.name);
        queue_add(c->queue, &ch.key, ch.initial ? QUEUE_LOW : QUEUE_NORMAL);
    }
}

void chaos_consumer_init(struct chaos_consumer *c, struct loop *l, struct informers *in,
                         const enum kind_id *kinds)
{
    struct queue_options o = { .name = "chaos", .ready = pump, .arg = c };

    *c = (struct chaos_consumer){ .in = in, .loop = l, .kinds = kinds };
    c->queue = queue_new(l, &o);
    c->sub = informers_subscribe(in, kinds, take_all, c);
    for (size_t i = 0; i < ARRAY_SIZE(c->workers); i++) {
        c->workers[i].consumer = c;
        timer_init(&c->workers[i].timer, "chaos work", work_end, &c->workers[i]);
    }
}

void chaos_consumer_fini(struct chaos_consumer *c)
{
    for (size_t i = 0; i < ARRAY_SIZE(c->workers); i++)
        timer_stop(c->loop, &c->workers[i].timer);
    subscriber_free(c->sub);
    queue_free(c->queue);
}

void chaos_consumer_sleep(struct chaos_consumer *c, bool asleep)
{
    if (c->asleep && !asleep)
        chaos_count(CHAOS_SLOW, subscriber_pending(c->sub));
    c->asleep = asleep;
    take_all(c);
}

static void check_key(struct chaos_consumer *c, int kind, int name)
{
    char text[] = { 'p', (char)('a' + name), '\0' };
    struct chaos_known now = chaos_known_now(c->in, c->kinds[kind], text);

    chaos_check(chaos_known_same(&c->told[kind][name], &now),
                "the subscriber was not told of the last state of %s", text);
    chaos_check(chaos_known_same(&c->done[kind][name], &now),
                "nobody worked on the last state of %s", text);
}

void chaos_consumer_check(struct chaos_consumer *c)
{
    chaos_check(subscriber_pending(c->sub) == 0, "changes are left untaken");
    chaos_check(subscriber_synced(c->sub), "the subscriber is not synced");
    chaos_check(!queue_len(c->queue) && !queue_processing(c->queue) && !queue_waiting(c->queue),
                "the queue is not drained: %zu ready, %zu in work, %zu waiting",
                queue_len(c->queue), queue_processing(c->queue), queue_waiting(c->queue));
    chaos_check(queue_bytes(c->queue) < QUEUE_EMPTY_MAX, "the empty queue keeps %zu bytes",
                queue_bytes(c->queue));
    for (int k = 0; c->kinds[k] != KIND_COUNT; k++)
        for (int i = 0; i < CHAOS_NAMES; i++)
            check_key(c, k, i);
}
