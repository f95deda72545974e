// SPDX-License-Identifier: Apache-2.0
// All series share one ring of half hours, so a series is its values alone.
#include "apis/usage.h"

#include "apis/quantity.h"
#include "apis/types.h"
#include "base/alloc.h"
#include "base/map.h"

#define NONE    UINT32_MAX
#define PROBLEM 256

struct series {
    uint8_t uid[16];
    struct usage_sample v[USAGE_SLOTS];
    char name[]; // of the container; "" for a Node
};

struct usage {
    struct map map;
    int64_t now; // number of the half hour
    bool begun;
    char problem[PROBLEM];
};

struct series_key {
    const uint8_t *uid;
    const char *name;
};

static uint32_t key_hash(const uint8_t *uid, const char *name)
{
    return hash_mix(hash_bytes(uid, 16), hash_str(name));
}

static uint32_t series_hash(const void *entry)
{
    const struct series *s = entry;

    return key_hash(s->uid, s->name);
}

static bool series_is(const void *entry, const void *key)
{
    const struct series *s = entry;
    const struct series_key *k = key;

    return memcmp(s->uid, k->uid, 16) == 0 && strcmp(s->name, k->name) == 0;
}

static const struct map_ops series_ops = { series_hash, series_is };

struct usage *usage_new(void)
{
    struct usage *u = xcalloc(1, sizeof(*u));

    map_init(&u->map, &series_ops);
    return u;
}

void usage_free(struct usage *u)
{
    uint32_t iter = 0;

    if (!u)
        return;
    for (struct series *s; (s = map_next(&u->map, &iter));)
        free(s);
    map_fini(&u->map);
    free(u);
}

static void clear(struct series *s, int64_t from, int64_t to)
{
    for (int64_t n = MAX(from, to - USAGE_SLOTS + 1); n <= to; n++)
        s->v[n % USAGE_SLOTS] = (struct usage_sample){ NONE, NONE };
}

static bool is_empty(const struct series *s)
{
    for (int i = 0; i < USAGE_SLOTS; i++) {
        if (s->v[i].cpu != NONE)
            return false;
    }
    return true;
}

void usage_begin(struct usage *u, usec at)
{
    int64_t now = MAX(at, 0) / USAGE_SLOT;
    uint32_t iter = 0;

    if (u->begun && now <= u->now)
        return;
    for (struct series *s; (s = map_next(&u->map, &iter));) {
        clear(s, u->now + 1, now);
        if (!is_empty(s))
            continue;
        map_del(&u->map, series_hash(s), &(struct series_key){ s->uid, s->name });
        free(s);
    }
    u->now = now;
    u->begun = true;
}

static struct series *series_for(struct usage *u, const uint8_t *uid, const char *name)
{
    struct series_key key = { uid, name };
    struct series *s = map_get(&u->map, key_hash(uid, name), &key);
    size_t n = strlen(name) + 1;

    if (s || u->map.n >= USAGE_SERIES_MAX)
        return s;
    s = xmalloc(sizeof(*s) + n);
    memcpy(s->uid, uid, sizeof(s->uid));
    memcpy(s->name, name, n);
    clear(s, 0, USAGE_SLOTS - 1);
    map_put(&u->map, &key, s);
    return s;
}

static uint32_t number(int64_t v)
{
    return (uint32_t)MIN(MAX(v, 0), (int64_t)NONE - 1);
}

static struct usage_sample sample_of(struct rlist map)
{
    return (struct usage_sample){ .cpu = number(quantity_milli_of(rmap_get(map, "cpu"))),
                                  .memory =
                                      number(quantity_units_of(rmap_get(map, "memory")) / 1024) };
}

static struct usage_sample higher(struct usage_sample a, struct usage_sample b)
{
    return (struct usage_sample){ MAX(a.cpu, b.cpu), MAX(a.memory, b.memory) };
}

static const uint8_t *uid_of(const struct object *pod)
{
    FOR_EACH (owner_reference, r, object_meta_owner_references(object_meta_of(pod))) {
        if (owner_reference_controller(r) && owner_reference_uid(r))
            return owner_reference_uid(r);
    }
    return pod->uid;
}

void usage_put_pod(struct usage *u, const struct object *pod, const struct object *metrics)
{
    FOR_EACH (container_usage, c, pod_metrics_containers(pod_metrics_of(metrics))) {
        const char *name = container_usage_name(c);
        struct series *s = series_for(u, uid_of(pod), name ? name : "");
        struct usage_sample v = sample_of(container_usage_usage(c)), *at;

        if (!s)
            continue;
        at = &s->v[u->now % USAGE_SLOTS];
        *at = at->cpu == NONE ? v : higher(*at, v);
    }
}

void usage_put_node(struct usage *u, const struct object *node, const struct object *metrics)
{
    struct series *s = series_for(u, node->uid, "");

    if (s)
        s->v[u->now % USAGE_SLOTS] = sample_of(node_metrics_usage(node_metrics_of(metrics)));
}

size_t usage_series(const struct usage *u)
{
    return u->map.n;
}

void usage_set_problem(struct usage *u, const char *text)
{
    snprintf(u->problem, sizeof(u->problem), "%s", text);
}

const char *usage_problem(const struct usage *u)
{
    return u ? u->problem : "";
}

static void add(const struct usage *u, const uint8_t *uid, const char *name,
                struct usage_samples *ret)
{
    struct series_key key = { uid, name };
    const struct series *s = u ? map_get(&u->map, key_hash(uid, name), &key) : NULL;

    for (int64_t i = 0; s && i < USAGE_SLOTS && i <= u->now; i++) {
        const struct usage_sample *v = &s->v[(u->now - i) % USAGE_SLOTS];
        if (v->cpu == NONE)
            continue;
        ret->slot[i] = ret->have & 1ULL << i ? higher(ret->slot[i], *v) : *v;
        ret->have |= 1ULL << i;
    }
}

void usage_of_pod(const struct usage *u, const struct object *pod, const char *container,
                  struct usage_samples *ret)
{
    add(u, uid_of(pod), container, ret);
}

void usage_of_node(const struct usage *u, const struct object *node, struct usage_samples *ret)
{
    add(u, node->uid, "", ret);
}

uint32_t usage_count(const struct usage_samples *s)
{
    return (uint32_t)__builtin_popcountll(s->have);
}

usec usage_span(const struct usage_samples *s)
{
    return s->have ? (63 - __builtin_clzll(s->have) - __builtin_ctzll(s->have)) * USAGE_SLOT : 0;
}

struct usage_sample usage_mean(const struct usage_samples *s)
{
    uint64_t cpu = 0, memory = 0, n = MAX(usage_count(s), 1U);

    for (int i = 0; i < USAGE_SLOTS; i++) {
        cpu += s->have & 1ULL << i ? s->slot[i].cpu : 0;
        memory += s->have & 1ULL << i ? s->slot[i].memory : 0;
    }
    return (struct usage_sample){ (uint32_t)(cpu / n), (uint32_t)(memory / n) };
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

// Nearest rank: of 20 samples the 19th.
static struct usage_sample ranked(const struct usage_samples *s, unsigned percent)
{
    uint32_t cpu[USAGE_SLOTS], memory[USAGE_SLOTS], n = 0, rank;

    for (int i = 0; i < USAGE_SLOTS; i++) {
        if (!(s->have & 1ULL << i))
            continue;
        cpu[n] = s->slot[i].cpu;
        memory[n++] = s->slot[i].memory;
    }
    if (!n)
        return (struct usage_sample){ 0 };
    qsort(cpu, n, sizeof(*cpu), by_number);
    qsort(memory, n, sizeof(*memory), by_number);
    rank = (n * percent + 99) / 100 - 1;
    return (struct usage_sample){ cpu[rank], memory[rank] };
}

struct usage_sample usage_p95(const struct usage_samples *s)
{
    return ranked(s, 95);
}

struct usage_sample usage_max(const struct usage_samples *s)
{
    return ranked(s, 100);
}
