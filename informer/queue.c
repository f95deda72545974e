// SPDX-License-Identifier: Apache-2.0
// The work queue. A key is one item from its first add until nothing is known of it any more: it is
// idle (only its failures are remembered), waiting for its time, ready, or processing (and then
// perhaps dirty: added meanwhile). One item per key is what makes the rules hold: a key cannot be
// ready twice, and a delay of a key that is added at once meanwhile is simply dropped.
#include "informer/queue.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/heap.h"
#include "base/list.h"
#include "base/metrics.h"

enum item_state { ITEM_IDLE, ITEM_WAITING, ITEM_READY };

struct item {
    struct list link;      // in queue.ready, while ITEM_READY
    struct heap_node when; // in queue.waiting, while ITEM_WAITING
    usec since;            // ready since; processing: started at
    struct key key;        // name points to text
    uint32_t failures;
    uint8_t state; // enum item_state; of what comes after the processing, if processing
    uint8_t priority;
    bool processing, dirty;
    struct list busy; // in queue.busy, while processing
    char text[];
};

struct queue {
    struct loop *loop;
    struct queue_options o;
    struct map items;
    struct list ready[QUEUE_NORMAL + 1];
    struct list busy;
    struct heap waiting;
    struct timer timer; // of waiting
    struct timer ready_turn, drained_turn;
    loop_fn drained;
    void *drained_arg;
    size_t ready_n, busy_n;
    bool shut_down;
};

static uint32_t item_hash(const void *entry)
{
    return key_hash(&((const struct item *)entry)->key);
}

static bool item_is(const void *entry, const void *key)
{
    return key_equal(&((const struct item *)entry)->key, key);
}

static const struct map_ops item_ops = { item_hash, item_is };

static void waiting_due(void *arg);

static void tell_ready(void *arg)
{
    struct queue *q = arg;

    if (q->ready_n)
        q->o.ready(q->o.arg);
}

static void tell_drained(void *arg)
{
    struct queue *q = arg;
    loop_fn fn = TAKE(q->drained);

    if (fn)
        fn(q->drained_arg);
}

struct queue *queue_new(struct loop *l, const struct queue_options *o)
{
    struct queue *q = xcalloc(1, sizeof(*q));

    q->loop = l;
    q->o = *o;
    if (!q->o.base_delay)
        q->o.base_delay = QUEUE_BASE_DELAY;
    if (!q->o.max_delay)
        q->o.max_delay = QUEUE_MAX_DELAY;
    map_init(&q->items, &item_ops);
    list_init(&q->ready[QUEUE_LOW]);
    list_init(&q->ready[QUEUE_NORMAL]);
    list_init(&q->busy);
    heap_init(&q->waiting);
    timer_init(&q->timer, "queue delay", waiting_due, q);
    timer_init(&q->ready_turn, "queue ready", tell_ready, q);
    timer_init(&q->drained_turn, "queue drained", tell_drained, q);
    return q;
}

void queue_free(struct queue *q)
{
    uint32_t iter = 0;

    if (!q)
        return;
    timer_stop(q->loop, &q->timer);
    timer_stop(q->loop, &q->ready_turn);
    timer_stop(q->loop, &q->drained_turn);
    heap_fini(&q->waiting); // looks at the items that wait
    for (struct item *it; (it = map_next(&q->items, &iter));)
        free(it);
    map_fini(&q->items);
    free(q);
}

static struct item *find(const struct queue *q, const struct key *k)
{
    return map_get(&q->items, key_hash(k), k);
}

static struct item *find_or_add(struct queue *q, const struct key *k)
{
    struct item *it = find(q, k);
    size_t n = strlen(k->name) + 1;

    if (it)
        return it;
    it = xcalloc(1, sizeof(*it) + n);
    memcpy(it->text, k->name, n);
    it->key = (struct key){ k->kind, k->ns, it->text };
    list_init(&it->link);
    list_init(&it->busy);
    map_put(&q->items, &it->key, it);
    return it;
}

// Nothing is left to be remembered: its memory goes back.
static void drop_if_idle(struct queue *q, struct item *it)
{
    if (it->processing || it->dirty || it->state != ITEM_IDLE || it->failures)
        return;
    map_del(&q->items, key_hash(&it->key), &it->key);
    free(it);
    if (!q->items.n) {
        map_fini(&q->items);
        map_init(&q->items, &item_ops);
    }
}

static void update_depth(struct queue *q)
{
    metric_set(METRIC_WORKQUEUE_DEPTH, (double)q->ready_n, q->o.name);
}

static void make_ready(struct queue *q, struct item *it)
{
    it->state = ITEM_READY;
    it->since = clock_mono();
    list_append(&q->ready[it->priority], &it->link);
    q->ready_n++;
    update_depth(q);
    if (q->o.ready && !timer_running(&q->ready_turn))
        timer_start(q->loop, &q->ready_turn, 0);
}

static void arm(struct queue *q)
{
    struct heap_node *min = heap_min(&q->waiting);

    if (!min)
        timer_stop(q->loop, &q->timer);
    else if (!timer_running(&q->timer) || q->timer.node.at != min->at)
        timer_start(q->loop, &q->timer, min->at - clock_mono());
}

static void stop_waiting(struct queue *q, struct item *it)
{
    if (it->state != ITEM_WAITING)
        return;
    heap_remove(&q->waiting, &it->when);
    it->state = ITEM_IDLE;
    arm(q);
}

// A ready key that is raised goes to the end of its new class.
static void raise_priority(struct queue *q, struct item *it, enum queue_priority p)
{
    if (p <= (enum queue_priority)it->priority)
        return;
    it->priority = (uint8_t)p;
    if (it->state != ITEM_READY)
        return;
    list_remove(&it->link);
    list_append(&q->ready[p], &it->link);
}

static void add_now(struct queue *q, struct item *it)
{
    stop_waiting(q, it);
    if (it->state == ITEM_READY || it->dirty)
        return;
    metric_add(METRIC_WORKQUEUE_ADDS_TOTAL, 1, q->o.name);
    if (it->processing)
        it->dirty = true;
    else
        make_ready(q, it);
}

// The priority of a key that nobody has asked for yet is the one asked for now.
static void note_priority(struct queue *q, struct item *it, enum queue_priority p)
{
    if (it->state == ITEM_IDLE && !it->dirty)
        it->priority = (uint8_t)p;
    else
        raise_priority(q, it, p);
}

void queue_add(struct queue *q, const struct key *k, enum queue_priority p)
{
    struct item *it;

    if (q->shut_down)
        return;
    it = find_or_add(q, k);
    note_priority(q, it, p);
    add_now(q, it);
}

static void add_later(struct queue *q, struct item *it, usec delay)
{
    usec at = clock_mono() + MIN(delay, 365 * USEC_PER_DAY);

    metric_add(METRIC_WORKQUEUE_RETRIES_TOTAL, 1, q->o.name);
    if (it->state == ITEM_READY || it->dirty)
        return;
    if (it->state == ITEM_WAITING && it->when.at <= at)
        return;
    it->state = ITEM_WAITING;
    heap_push(&q->waiting, &it->when, at);
    arm(q);
}

void queue_add_after(struct queue *q, const struct key *k, enum queue_priority p, usec delay)
{
    struct item *it;

    if (delay <= 0) {
        queue_add(q, k, p);
        return;
    }
    if (q->shut_down)
        return;
    it = find_or_add(q, k);
    note_priority(q, it, p);
    add_later(q, it, delay);
}

static void waiting_due(void *arg)
{
    struct queue *q = arg;
    usec now = clock_mono();

    for (struct heap_node *n; (n = heap_min(&q->waiting)) && n->at <= now;) {
        struct item *it = container_of(n, struct item, when);

        heap_remove(&q->waiting, n);
        it->state = ITEM_IDLE;
        add_now(q, it);
    }
    arm(q);
}

// base * 2^failures, computed so that no number of failures overflows.
static usec back_off(const struct queue *q, uint32_t failures)
{
    usec d = q->o.base_delay;

    while (failures-- && d < q->o.max_delay)
        d = d > q->o.max_delay / 2 ? q->o.max_delay : d * 2;
    return MIN(d, q->o.max_delay);
}

void queue_add_rate_limited_min(struct queue *q, const struct key *k, enum queue_priority p,
                                usec at_least)
{
    struct item *it;

    if (q->shut_down)
        return;
    it = find_or_add(q, k);
    note_priority(q, it, p);
    add_later(q, it, MAX(back_off(q, it->failures), at_least));
    if (it->failures < UINT32_MAX)
        it->failures++;
}

void queue_add_rate_limited(struct queue *q, const struct key *k, enum queue_priority p)
{
    queue_add_rate_limited_min(q, k, p, 0);
}

void queue_forget(struct queue *q, const struct key *k)
{
    struct item *it = find(q, k);

    if (!it)
        return;
    it->failures = 0;
    drop_if_idle(q, it);
}

unsigned queue_failures(const struct queue *q, const struct key *k)
{
    const struct item *it = find(q, k);

    return it ? it->failures : 0;
}

static double seconds_since(usec at)
{
    return (double)(clock_mono() - at) / (double)USEC_PER_SEC;
}

bool queue_get(struct queue *q, struct key *ret, enum queue_priority *ret_priority)
{
    struct list *from = &q->ready[list_empty(&q->ready[QUEUE_NORMAL]) ? QUEUE_LOW : QUEUE_NORMAL];
    struct item *it;

    if (list_empty(from))
        return false;
    it = container_of(from->next, struct item, link);
    list_remove(&it->link);
    it->state = ITEM_IDLE;
    it->processing = true;
    list_append(&q->busy, &it->busy);
    q->ready_n--;
    q->busy_n++;
    metric_observe(METRIC_WORKQUEUE_QUEUE_DURATION_SECONDS, seconds_since(it->since), q->o.name);
    update_depth(q);
    it->since = clock_mono();
    *ret = it->key;
    if (ret_priority)
        *ret_priority = (enum queue_priority)it->priority;
    return true;
}

static void check_drained(struct queue *q)
{
    if (q->drained && !q->ready_n && !q->busy_n && !timer_running(&q->drained_turn))
        timer_start(q->loop, &q->drained_turn, 0);
}

void queue_done(struct queue *q, const struct key *k)
{
    struct item *it = find(q, k);

    if (!it || !it->processing)
        return;
    metric_observe(METRIC_WORKQUEUE_WORK_DURATION_SECONDS, seconds_since(it->since), q->o.name);
    it->processing = false;
    list_remove(&it->busy);
    q->busy_n--;
    if (it->dirty) {
        it->dirty = false;
        make_ready(q, it);
    } else {
        drop_if_idle(q, it);
    }
    check_drained(q);
}

size_t queue_len(const struct queue *q)
{
    return q->ready_n;
}

size_t queue_processing(const struct queue *q)
{
    return q->busy_n;
}

size_t queue_waiting(const struct queue *q)
{
    return q->waiting.n;
}

size_t queue_bytes(const struct queue *q)
{
    size_t n = map_bytes(&q->items) + q->waiting.cap * sizeof(void *);
    uint32_t iter = 0;

    for (struct item *it; (it = map_next(&q->items, &iter));)
        n += sizeof(*it) + strlen(it->text) + 1;
    return n;
}

static void forget_waiting(struct queue *q)
{
    for (struct heap_node *n; (n = heap_min(&q->waiting));) {
        struct item *it = container_of(n, struct item, when);

        heap_remove(&q->waiting, n);
        it->state = ITEM_IDLE;
        drop_if_idle(q, it);
    }
    arm(q);
}

void queue_shutdown(struct queue *q)
{
    q->shut_down = true;
    forget_waiting(q);
    if (q->drained && !timer_running(&q->drained_turn))
        timer_start(q->loop, &q->drained_turn, 0);
}

void queue_shutdown_with_drain(struct queue *q, loop_fn drained, void *arg)
{
    q->shut_down = true;
    q->drained = drained;
    q->drained_arg = arg;
    forget_waiting(q);
    check_drained(q);
}

bool queue_is_shut_down(const struct queue *q)
{
    return q->shut_down;
}

void queue_update_metrics(struct queue *q)
{
    double sum = 0, longest = 0;

    LIST_EACH (l, &q->busy) {
        double age = seconds_since(container_of(l, struct item, busy)->since);

        sum += age;
        longest = MAX(longest, age);
    }
    metric_set(METRIC_WORKQUEUE_UNFINISHED_WORK_SECONDS, sum, q->o.name);
    metric_set(METRIC_WORKQUEUE_LONGEST_RUNNING_PROCESSOR_SECONDS, longest, q->o.name);
}
