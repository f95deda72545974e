// SPDX-License-Identifier: Apache-2.0
// Random schedules (controller-semantics §9, P4): objects change while connections break at every
// class of byte, stall, are throttled or refused, history is compacted, events are sent twice,
// lists come in another order, permissions come and go, the store is restored from a backup, clocks
// jump and consumers sleep. When the world is calm again the cache must be the server's, a consumer
// must have been told of and have worked on the last state of each key, its queue must be empty,
// requests must have been bounded in every minute, and all memory must have come back.
// CHAOS_SEED=n runs one schedule alone; CHAOS_COUNT=n that many of them, from CHAOS_FIRST on.
#include "apis/types.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/test.h"
#include "informer/epoch.h"
#include "informer/fake_chaos_candidate.h"
#include "informer/fake_chaos_consumer.h"
#include "informer/fake_chaos_cut.h"
#include "informer/fake_chaos_requests.h"
#include "informer/fake_cluster.h"

#include <malloc.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#    define SCHEDULES 200
#else
#    define SCHEDULES 500
#endif
#define ENOUGH     200 // schedules after which every event must have happened
#define STEPS      120
#define WARM       20          // schedules until atoms, tables and caches of malloc have their size
#define MEMORY_MAX (128 << 10) // bytes above the level after those

static const struct chaos_kind {
    enum kind_id id;
    const char *version, *kind, *plural;
    const char *before, *after; // the number in the spec
} all_kinds[CHAOS_KINDS] = {
    {KIND_POD,         "v1",      "Pod",        "pods",
     "{\"containers\":[{\"name\":\"c\",\"ports\":[{\"containerPort\":8080}],\"image\":\"i", "\"}]}"},
    { KIND_DEPLOYMENT, "apps/v1", "Deployment", "deployments", "{\"replicas\":",            "}"    },
    { KIND_SERVICE,    "v1",      "Service",    "services",    "{\"ports\":[{\"port\":10",  "}]}"  },
};

struct chaos {
    struct fake_cluster c;
    struct chaos_cutter cutter;
    struct chaos_consumer consumer;
    struct chaos_candidate candidate;
    struct chaos_troubles troubles;
    enum kind_id kinds[CHAOS_KINDS + 1];
    int kind_n;
    bool has_candidate;
    struct snapshot *snapshot;
    uint64_t old_rv; // a moment to restore to
    bool denied, refused, silent, insisted;
};

static struct chaos x;

static const char *name_of(int i)
{
    static char name[] = "p?";

    name[1] = (char)('a' + i);
    return name;
}

static void put_object(int kind, const char *name, int number)
{
    const struct chaos_kind *k = &all_kinds[kind];
    autofree char *text = xasprintf(
        "{\"kind\":\"%s\",\"apiVersion\":\"%s\",\"metadata\":{\"name\":\"%s\",\"namespace\":\"n\","
        "\"labels\":{\"app\":\"i%d\"},\"annotations\":{\"note\":\"n\xc3\xa4h \xe2\x82\xac "
        "\xf0\x9f\x98\x80 \\\"{[%d\\\" \\\\\"}},\"spec\":%s%d%s}",
        k->kind, k->version, name, number, number, k->before, number, k->after);

    chaos_check(fake_server_put(x.c.server, text) > 0, "the fake server refused an object");
    chaos_count(CHAOS_CHANGE, 1);
}

static void change_object(void)
{
    int kind = chaos_below(x.kind_n);
    const char *name = name_of(chaos_below(CHAOS_NAMES));

    if (chaos_below(3) == 0)
        fake_server_delete(x.c.server, all_kinds[kind].plural, "n", name);
    else
        put_object(kind, name, chaos_below(1000));
}

static void cut_somewhere(void)
{
    x.cutter.armed = true;
    x.cutter.cut = (enum chaos_event)(CHAOS_CUT_HEADERS + chaos_below(CHAOS_CUT_LAST + 1));
}

static void end_watches(void)
{
    bool clean = chaos_below(2);

    if (clean)
        chaos_count(CHAOS_EOF, fake_server_inject(x.c.server, ""));
    fake_server_cut_watches(x.c.server, clean);
}

static void silence(void)
{
    x.silent = !x.silent;
    if (x.silent)
        chaos_count(CHAOS_SILENT, fake_server_inject(x.c.server, ""));
    fake_server_silence(x.c.server, x.silent);
}

static void refuse(void)
{
    x.refused = !x.refused;
    fake_server_down(x.c.server, x.refused);
}

static void compact(void)
{
    fake_server_compact(x.c.server);
    chaos_count(CHAOS_COMPACTED, 1);
}

static void send_twice(void)
{
    chaos_count(CHAOS_REPLAYED, fake_server_replay(x.c.server, (size_t)chaos_below(6)));
}

static void break_stream(void)
{
    static const struct {
        enum chaos_event event;
        const char *line;
    } lines[] = {
        {CHAOS_GONE_LINE,   "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,"
                           "\"reason\":\"Expired\"}}\n"           },
        { CHAOS_LIMIT_LINE, "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":429,"
                            "\"reason\":\"TooManyRequests\"}}\n"},
        { CHAOS_BAD_LINE,   "{\"type\":\"MODIFIED\",\"obj\n"                               },
        { CHAOS_BAD_LINE,   "{\"object\":{}}\n"                                            },
    };

    size_t i = (size_t)chaos_below((int)ARRAY_SIZE(lines));

    chaos_count(lines[i].event, fake_server_inject(x.c.server, lines[i].line));
}

static const char *scripted_part(void)
{
    static const char *const parts[] = { "watch=true", "watch=false", "?", "leases", "events" };

    return parts[chaos_below(x.has_candidate ? 5 : 3)];
}

static void script_answer(void)
{
    static const struct fake_reply replies[] = {
        {.status = 429,                .body = "{}"                                        },
        { .status = 429,               .body = "{}",                                         .retry_after = 2 * USEC_PER_SEC },
        { .status = 500,                           .body = "{}"                                                                 },
        { .status = 503,                           .body = "{}",  .retry_after = USEC_PER_SEC },
        { .status = 504, .body = "{}",                                                   .delay = 20 * USEC_PER_SEC },
        { .status = 410,                .body = "{}"},
        { .status = 200,               .body = "not json\n"                                       },
        { .status = 200,               .body = "{\"items\":[{\"metadata\":{\"name\":\"pz\"",                                 .cut_at = 20 },
        { .status = 200,               .body = "", .stay_open = true },
        { .error = ERR_UNAVAILABLE                          },
        { .error = ERR_IO          },
        { .status = 401,  .body = "{}"                                                                 },
    };

    fake_server_script(x.c.server, chaos_below(4) ? "GET" : NULL, scripted_part(),
                       &replies[chaos_below((int)ARRAY_SIZE(replies))]);
}

// A server that gives every request of a kind the same bad answer for long. Once a schedule.
static void insist(void)
{
    static const struct fake_reply replies[] = {
        {.status = 200,  .body = "{\"type\":\"BOOKMARK\",\"object\":{}}\n" },
        { .status = 200,             .body = "" },
        { .status = 410,.body = "{}" },
        { .status = 500, .body = "{}" },
        { .error = ERR_IO            },
    };
    struct fake_reply r = replies[chaos_below((int)ARRAY_SIZE(replies))];

    if (x.insisted)
        return;
    x.insisted = true;
    r.times = 100;
    fake_server_script(x.c.server, "GET", "watch=true", &r);
    chaos_count(CHAOS_INSISTED, 1);
}

static void switch_permission(void)
{
    x.denied = !x.denied;
    for (int i = 0; i < x.kind_n; i++) {
        fake_server_allow(x.c.server, "list", all_kinds[i].plural, !x.denied);
        fake_server_allow(x.c.server, "watch", all_kinds[i].plural, !x.denied);
    }
    if (x.denied)
        fake_server_cut_watches(x.c.server, false);
}

static void restore(void)
{
    if (x.old_rv && x.old_rv < fake_server_rv(x.c.server)) {
        fake_server_restore(x.c.server, x.old_rv);
        chaos_count(CHAOS_RESTORED, 1);
    }
    x.old_rv = 0;
    informers_regressed(x.c.in); // the Lease would see it within two seconds
}

static void jump(void)
{
    usec by = (1 + chaos_below(7200)) * USEC_PER_SEC;

    switch (chaos_below(3)) {
    case 0:
        clock_fake(clock_mono(), clock_wall() + by);
        chaos_count(CHAOS_WALL_FORWARD, 1);
        break;
    case 1:
        clock_fake(clock_mono(), clock_wall() - by);
        chaos_count(CHAOS_WALL_BACK, 1);
        break;
    default:
        clock_fake_advance(by); // nothing ran meanwhile
        chaos_count(CHAOS_SUSPENDED, 1);
    }
}

static void step_epoch(void)
{
    if (!x.snapshot) {
        x.snapshot = epoch_open(x.c.in);
        chaos_count(CHAOS_EPOCH, 1);
        return;
    }
    for (int k = 0; k < x.kind_n; k++)
        for (uint32_t i = 0; i < x.snapshot->n[x.kinds[k]]; i++)
            chaos_check(*object_name(x.snapshot->objects[x.kinds[k]][i]) == 'p', "a freed object");
    epoch_close(x.c.in, TAKE(x.snapshot));
}

// Who comes late learns what the cache holds, each key once.
static void subscribe_late(void)
{
    struct subscriber *s = informers_subscribe(x.c.in, x.kinds, NULL, NULL);
    size_t want = 0, have = 0;
    struct change ch;

    for (int k = 0; k < x.kind_n; k++)
        want += informer_count(x.c.in, x.kinds[k]);
    for (; subscriber_next(s, &ch); have++)
        chaos_check(ch.now && !ch.gone && ch.initial, "a late subscriber hears of the past");
    chaos_check(have == want, "a late subscriber got %zu keys of %zu", have, want);
    subscriber_free(s);
    chaos_count(CHAOS_LATE, 1);
}

static void rarely(void (*what)(void))
{
    if (chaos_below(4) == 0)
        what();
}

static void make_trouble(void)
{
    static void (*const troubles[])(void) = {
        cut_somewhere, cut_somewhere, cut_somewhere, end_watches,   silence,       refuse,
        send_twice,    break_stream,  script_answer, script_answer, script_answer, compact,
    };

    chaos_trouble(&x.troubles);
    troubles[chaos_below((int)ARRAY_SIZE(troubles))]();
}

static void make_rare_trouble(void)
{
    static void (*const troubles[])(void) = { switch_permission, restore, insist, jump, jump };

    chaos_trouble(&x.troubles);
    troubles[chaos_below((int)ARRAY_SIZE(troubles))]();
    chaos_trouble(&x.troubles); // a suspended machine wakes hours later
}

static void change_habits(void)
{
    switch (chaos_below(5)) {
    case 0:
        fake_server_chunk(x.c.server, (size_t)chaos_below(3) * 50);
        break;
    case 1:
        fake_server_no_watchlist(x.c.server, chaos_below(2));
        break;
    case 2:
        fake_server_shuffle(x.c.server, chaos_below(2) ? chaos_random() | 1 : 0);
        break;
    case 3:
        x.old_rv = fake_server_rv(x.c.server);
        break;
    default:
        fake_server_bookmark(x.c.server);
    }
}

static void step(void)
{
    switch (chaos_below(24)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
        make_trouble();
        break;
    case 7:
        rarely(make_rare_trouble);
        break;
    case 8:
    case 9:
        change_habits();
        break;
    case 10:
        step_epoch();
        break;
    case 11:
        chaos_consumer_sleep(&x.consumer, chaos_below(2));
        break;
    case 12:
        rarely(subscribe_late);
        break;
    case 13:
        if (x.has_candidate)
            chaos_candidate_say(&x.candidate, name_of(chaos_below(CHAOS_NAMES)));
        break;
    default:
        change_object();
    }
}

// Trouble that lasts would hide all other.
static void recover(void)
{
    if (x.silent && chaos_below(4) == 0)
        silence();
    if (x.refused && chaos_below(4) == 0)
        refuse();
    if (x.denied && chaos_below(4) == 0)
        switch_permission();
}

static void let_time_pass(void)
{
    static const usec spans[] = { 0, 1000, 100000, USEC_PER_SEC, 5 * USEC_PER_SEC, USEC_PER_MIN };

    if (chaos_below(3) == 0)
        fake_cluster_pass(&x.c, spans[chaos_below((int)ARRAY_SIZE(spans))]);
}

static void become_calm(void)
{
    chaos_trouble(&x.troubles); // the end of it is the last one
    x.cutter.armed = false;
    fake_server_silence(x.c.server, false);
    fake_server_down(x.c.server, false);
    fake_server_chunk(x.c.server, 0);
    if (x.denied)
        switch_permission();
    if (x.snapshot)
        step_epoch();
    x.consumer.healthy = true;
    chaos_consumer_sleep(&x.consumer, false);
    // A scripted reply that is left, a silent stream, a full back-off: all have run out by then.
    for (int i = 0; i < 40 || (i < 200 && fake_server_scripts_left(x.c.server)); i++)
        fake_cluster_pass(&x.c, 2 * USEC_PER_MIN);
    // One last change of each kind proves that the watch is alive.
    for (int i = 0; i < x.kind_n; i++)
        put_object(i, "pa", 1000);
    fake_cluster_pass(&x.c, 12 * USEC_PER_MIN);
}

static void compare_kind(const struct chaos_kind *k)
{
    uint32_t held = 0;

    chaos_check(informer_status(x.c.in, k->id)->state == KIND_SYNCED, "%s: not synced", k->plural);
    for (int i = 0; i < CHAOS_NAMES; i++) {
        const struct object *o = informer_get(x.c.in, k->id, "n", name_of(i));
        json_val *model = fake_server_get(x.c.server, k->plural, "n", name_of(i));
        char uid[UID_TEXT_MAX];

        chaos_check(!o == !model, "%s: the cache has other objects than the server", k->plural);
        held += o != NULL;
        if (!o)
            continue;
        chaos_check(
            o->rv == (uint64_t)strtoull(json_str(json_path(model, "metadata.resourceVersion"), ""),
                                        NULL, 10),
            "%s: the cache has another version of %s than the server", k->plural, name_of(i));
        chaos_check(
            strcmp(object_uid_text(o, uid), json_str(json_path(model, "metadata.uid"), "")) == 0,
            "%s: the cache has another %s than the server", k->plural, name_of(i));
    }
    chaos_check(informer_count(x.c.in, k->id) == held, "%s: the cache counts wrong", k->plural);
}

static void begin(uint64_t seed)
{
    memset(&x, 0, sizeof(x));
    chaos_seed(seed);
    fake_cluster_init(&x.c, false, seed);
    fake_server_cut_by(x.c.server, chaos_cutter_cut, &x.cutter);
    x.kind_n = seed % 3 ? 1 : CHAOS_KINDS;
    for (int i = 0; i < x.kind_n; i++)
        x.kinds[i] = all_kinds[i].id;
    x.kinds[x.kind_n] = KIND_COUNT;
    chaos_consumer_init(&x.consumer, x.c.loop, x.c.in, x.kinds);
    x.has_candidate = seed % 20 == 0; // it renews every two seconds, which costs the most
    if (x.has_candidate)
        chaos_candidate_init(&x.candidate, x.c.loop, x.c.client, x.c.in);
    for (int i = 0; i < x.kind_n; i++)
        informers_add(x.c.in, x.kinds[i]);
}

static void judge(void)
{
    for (int i = 0; i < x.kind_n; i++) {
        compare_kind(&all_kinds[i]);
        chaos_requests_check(x.c.server, all_kinds[i].plural, &x.troubles);
    }
    chaos_consumer_check(&x.consumer);
    if (x.has_candidate)
        chaos_candidate_check(&x.candidate);
    chaos_check(epoch_retired_bytes(x.c.in) == 0, "retired objects are left");
    subscribe_late();
}

static void run_schedule(uint64_t seed)
{
    begin(seed);
    for (int i = 0; i < STEPS; i++) {
        step();
        recover();
        let_time_pass();
    }
    become_calm();
    judge();
    chaos_requests_count(x.c.server);
    chaos_count(CHAOS_SHUFFLED, fake_server_shuffled(x.c.server));
    chaos_candidate_fini(&x.candidate);
    chaos_consumer_fini(&x.consumer);
    fake_cluster_fini(&x.c);
}

// 0 where malloc is a sanitizer's, which finds leaks itself.
static size_t memory_in_use(void)
{
    struct mallinfo2 m = mallinfo2();

    return m.uordblks + m.hblkhd;
}

static uint64_t number_from(const char *variable, uint64_t fallback)
{
    const char *text = getenv(variable);

    return text && *text ? strtoull(text, NULL, 10) : fallback;
}

static uint64_t schedules(void)
{
    return number_from("CHAOS_SEED", 0) ? 1 : number_from("CHAOS_COUNT", SCHEDULES);
}

static void print_progress(uint64_t done, uint64_t n)
{
    printf("%" PRIu64 " of %" PRIu64 " schedules, %zu KiB in use\n", done, n,
           memory_in_use() >> 10);
    fflush(stdout);
}

static void s16_after_any_trouble_cache_and_subscribers_are_what_the_server_has(void **state)
{
    uint64_t n = schedules(), first = number_from("CHAOS_SEED", 0);
    size_t level = 0, highest = 0;

    (void)state;
    if (!first)
        first = number_from("CHAOS_FIRST", 1);
    for (uint64_t i = 0; i < n; i++) {
        run_schedule(first + i);
        if (i == WARM)
            level = memory_in_use();
        highest = MAX(highest, memory_in_use());
        chaos_check(i <= WARM || memory_in_use() <= level + MEMORY_MAX,
                    "%zu bytes in use, %zu at the start", memory_in_use(), level);
        if ((i + 1) % 100 == 0)
            print_progress(i + 1, n);
    }
    printf("%" PRIu64 " schedules; memory %zu KiB after the first %d, %zu KiB at most\n", n,
           level >> 10, WARM, highest >> 10);
    printf("most requests of a kind in a minute: %zu, in calm %zu\n", chaos_requests_most(false),
           chaos_requests_most(true));
}

static void every_kind_of_trouble_has_taken_effect(void **state)
{
    (void)state;
    for (enum chaos_event ev = 0; ev < CHAOS_EVENT_COUNT; ev++) {
        printf("%10" PRIu64 "  %s\n", chaos_counted(ev), chaos_event_text(ev));
        if (schedules() >= ENOUGH && !chaos_counted(ev))
            fail_msg("never happened: %s", chaos_event_text(ev));
    }
}

static void a_cut_falls_where_its_class_says(void **state)
{
    static const char text[] = "{\"a\":12,\"b\":\"\\n\xc3\xa4\"}\n[3]\n";

    static const struct {
        enum chaos_event cut;
        size_t first, second;
    } rows[] = {
        {CHAOS_CUT_FIRST,      0,  0 },
        { CHAOS_CUT_STRING,    2,  3 },
        { CHAOS_CUT_ESCAPE,    14, 14},
        { CHAOS_CUT_UTF8,      16, 16},
        { CHAOS_CUT_NUMBER,    6,  6 },
        { CHAOS_CUT_VALUE,     5,  12},
        { CHAOS_CUT_BEFORE_LF, 19, 23},
        { CHAOS_CUT_AFTER_LF,  20, 20},
        { CHAOS_CUT_LAST,      24, 24},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        assert_int_equal(chaos_cut_place(rows[i].cut, text, sizeof(text) - 1, 0), rows[i].first);
        assert_int_equal(chaos_cut_place(rows[i].cut, text, sizeof(text) - 1, 1), rows[i].second);
    }
    assert_int_equal(chaos_cut_place(CHAOS_CUT_ESCAPE, "{}", 2, 0), FAKE_NO_CUT);
}

RUN(T(a_cut_falls_where_its_class_says),
    T(s16_after_any_trouble_cache_and_subscribers_are_what_the_server_has),
    T(every_kind_of_trouble_has_taken_effect))
