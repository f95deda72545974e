// SPDX-License-Identifier: Apache-2.0
// Random schedules: objects change while connections break, stall, are throttled or refused,
// history is compacted, events are replayed, permissions come and go, the store is restored from a
// backup. When the world is calm again the cache must be the server's, a subscriber that followed
// all along must hold the same, requests must have been bounded and all memory must come back. The
// seed of a failing schedule is printed; CHAOS_SEED=n runs that one alone, CHAOS_COUNT=n more of
// them.
#include "apis/types.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/test.h"
#include "informer/epoch.h"
#include "informer/fake_cluster.h"

#define SCHEDULES 200
#define STEPS     120
#define NAMES     12

static const enum kind_id pods[] = { KIND_POD, KIND_COUNT };

struct follower { // what a subscriber believes
    struct subscriber *sub;

    struct {
        char name[16];
        uint8_t uid[16];
        uint64_t rv;
        bool here;
    } known[NAMES];
};

struct chaos {
    struct fake_cluster c;
    struct follower f;
    struct snapshot *snapshot;
    uint64_t random, seed;
    uint64_t old_rv; // a moment to restore to
    bool denied, refused;
};

static struct chaos x;

static uint64_t next_random(void)
{
    uint64_t z = (x.random += 0x9E3779B97F4A7C15u);

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static int below(int n)
{
    return (int)(next_random() % (uint64_t)n);
}

static void check(bool ok, const char *what)
{
    if (!ok)
        fail_msg("seed %" PRIu64 ": %s", x.seed, what);
}

// Every change must be possible from what was believed before.
static void follow(void)
{
    struct change ch;

    while (subscriber_next(x.f.sub, &ch)) {
        int i = ch.key.name[1] - 'a';

        check(i >= 0 && i < NAMES, "a key that nobody made");
        check(ch.gone || ch.now, "a change that is none");
        check(!ch.gone || x.f.known[i].here, "a deletion of what was never announced");
        check(!ch.gone || !ch.now || !object_same_uid(ch.gone, ch.now),
              "gone and here with the same uid");
        check(ch.gone || !x.f.known[i].here ||
                  memcmp(x.f.known[i].uid, ch.now->uid, sizeof(ch.now->uid)) == 0,
              "another uid without a deletion");
        x.f.known[i].here = ch.now != NULL;
        if (!ch.now)
            continue;
        memcpy(x.f.known[i].uid, ch.now->uid, sizeof(ch.now->uid));
        x.f.known[i].rv = ch.now->rv;
    }
}

static void name_of(int i, char ret[16])
{
    snprintf(ret, 16, "p%c", 'a' + i);
}

static void change_object(void)
{
    char name[16], image[16];

    name_of(below(NAMES), name);
    if (below(3) == 0) {
        fake_server_delete(x.c.server, "pods", "n", name);
        return;
    }
    snprintf(image, sizeof(image), "i%d", below(1000));
    fake_cluster_pod(&x.c, "n", name, image);
}

static void script_trouble(void)
{
    static const struct fake_reply replies[] = {
        {.status = 429,                                                                  .body = "{}"                                },
        { .status = 429,                                                                 .body = "{}",                                 .retry_after = 2 * USEC_PER_SEC },
        { .status = 500,                                                                             .body = "{}"                                                                                                           },
        { .status = 503,                                                                             .body = "{}",  .retry_after = USEC_PER_SEC },
        { .status = 410,                                                   .body = "{}"                                                                                            },
        { .status = 200,
         .body = "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410}}\n"},
        { .status = 200, .body = "not json\n"                                                                             },
        { .status = 200,                                                          .body = "{\"items\":[{\"metadata\":{\"name\":\"pz\"",                         .cut_at = 20 },
        { .status = 200,.body = "",.stay_open = true },
        { .error = ERR_UNAVAILABLE                                                                },
        { .error = ERR_IO                                                                            },
        { .status = 401,                                                               .body = "{}"                                                                                                                                  },
    };

    fake_server_script(x.c.server, "GET", below(2) ? "watch=true" : "watch=false",
                       &replies[below((int)ARRAY_SIZE(replies))]);
}

static void switch_permission(void)
{
    x.denied = !x.denied;
    fake_server_allow(x.c.server, "list", "pods", !x.denied);
    fake_server_allow(x.c.server, "watch", "pods", !x.denied);
    if (x.denied)
        fake_server_cut_watches(x.c.server, false);
}

static void restore(void)
{
    if (x.old_rv && x.old_rv < fake_server_rv(x.c.server))
        fake_server_restore(x.c.server, x.old_rv);
    x.old_rv = 0;
    informers_regressed(x.c.in); // the Lease would see it within two seconds
}

static void step_epoch(void)
{
    if (!x.snapshot) {
        x.snapshot = epoch_open(x.c.in);
        return;
    }
    for (uint32_t i = 0; i < x.snapshot->n[KIND_POD]; i++)
        check(*object_name(x.snapshot->objects[KIND_POD][i]) == 'p', "a freed object");
    epoch_close(x.c.in, TAKE(x.snapshot));
}

static void step(void)
{
    switch (below(24)) {
    case 0:
        fake_server_cut_watches(x.c.server, below(2));
        break;
    case 1:
        fake_server_silence(x.c.server, below(2));
        break;
    case 2:
        x.refused = !x.refused;
        fake_server_down(x.c.server, x.refused);
        break;
    case 3:
        fake_server_compact(x.c.server);
        break;
    case 4:
        fake_server_replay(x.c.server, (size_t)below(6));
        break;
    case 5:
        fake_server_bookmark(x.c.server);
        break;
    case 6:
        fake_server_chunk(x.c.server, (size_t)below(3) * 50);
        break;
    case 7:
    case 8:
        script_trouble();
        break;
    case 9:
        if (below(4) == 0)
            switch_permission();
        break;
    case 10:
        fake_server_no_watchlist(x.c.server, below(2));
        break;
    case 11:
        x.old_rv = fake_server_rv(x.c.server);
        break;
    case 12:
        if (below(4) == 0)
            restore();
        break;
    case 13:
        step_epoch();
        break;
    case 14:
        follow();
        break;
    default:
        change_object();
    }
}

static void let_time_pass(void)
{
    static const usec spans[] = { 0, 1000, 100000, USEC_PER_SEC, 5 * USEC_PER_SEC, USEC_PER_MIN };

    if (below(3) == 0)
        fake_cluster_pass(&x.c, spans[below((int)ARRAY_SIZE(spans))]);
}

static void become_calm(void)
{
    fake_server_silence(x.c.server, false);
    fake_server_down(x.c.server, false);
    fake_server_chunk(x.c.server, 0);
    if (x.denied)
        switch_permission();
    // A scripted reply that is left, a silent stream, a full back-off: all have run out by then.
    for (int i = 0; i < 40; i++) {
        fake_cluster_pass(&x.c, 2 * USEC_PER_MIN);
        follow();
    }
    // One last change proves that the watch is alive.
    fake_cluster_pod(&x.c, "n", "pa", "last");
    fake_cluster_pass(&x.c, 12 * USEC_PER_MIN);
    follow();
}

static void compare(void)
{
    uint32_t held = 0;

    check(informer_status(x.c.in, KIND_POD)->state == KIND_SYNCED, "not synced");
    for (int i = 0; i < NAMES; i++) {
        char name[16];
        const struct object *o;
        json_val *model;

        name_of(i, name);
        o = informer_get(x.c.in, KIND_POD, "n", name);
        model = fake_server_get(x.c.server, "pods", "n", name);
        check(!o == !model, "the cache has other objects than the server");
        check(x.f.known[i].here == (o != NULL), "the subscriber has other objects than the cache");
        held += o != NULL;
        if (!o)
            continue;
        check(o->rv == (uint64_t)strtoull(
                           json_str(json_path(model, "metadata.resourceVersion"), ""), NULL, 10),
              "the cache has another version than the server");
        check(x.f.known[i].rv == o->rv, "the subscriber was not told of the last version");
    }
    check(informer_count(x.c.in, KIND_POD) == held, "the cache counts wrong");
}

static void run_schedule(uint64_t seed)
{
    usec began;
    size_t minutes;

    x = (struct chaos){ .random = seed, .seed = seed };
    fake_cluster_init(&x.c, false, seed);
    began = clock_mono();
    x.f.sub = informers_subscribe(x.c.in, pods, NULL, NULL);
    informers_add(x.c.in, KIND_POD);
    for (int i = 0; i < STEPS; i++) {
        step();
        let_time_pass();
    }
    if (x.snapshot)
        step_epoch();
    become_calm();
    compare();
    // Whatever happens: a few requests per trouble and a few per idle ten minutes.
    minutes = (size_t)((clock_mono() - began) / USEC_PER_MIN);
    check(fake_server_requests(x.c.server) < 30 * STEPS / 10 + 4 * minutes + 100,
          "too many requests");
    subscriber_free(x.f.sub);
    fake_cluster_fini(&x.c);
}

static uint64_t number_from(const char *variable, uint64_t fallback)
{
    const char *text = getenv(variable);

    return text ? strtoull(text, NULL, 10) : fallback;
}

static void s16_after_any_trouble_cache_and_subscribers_are_what_the_server_has(void **state)
{
    uint64_t one = number_from("CHAOS_SEED", 0), n = number_from("CHAOS_COUNT", SCHEDULES);

    (void)state;
    if (one) {
        run_schedule(one);
        return;
    }
    for (uint64_t seed = 1; seed <= n; seed++)
        run_schedule(seed);
}

RUN(T(s16_after_any_trouble_cache_and_subscribers_are_what_the_server_has))
