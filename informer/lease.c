// SPDX-License-Identifier: Apache-2.0
//
// Leader election. One request at a time, in rounds: the fast path writes the record that we hold,
// the slow path reads it first. Time is CLOCK_BOOTTIME, which counts through suspend: a laptop or
// VM that wakes up after an hour must find its fence closed.
//
// Two clocks matter. Others may take the Lease when the record has not changed for its duration
// since they first saw it; we stop writing when the renew deadline has passed since we *sent* the
// last write that succeeded. Sent comes before seen and the deadline is shorter than the duration,
// so that nobody leads while we still write, whatever the wall clocks say.
#include "informer/lease.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/metrics.h"
#include "base/writer.h"
#include "informer/client.h"
#include "informer/lease_record.h"
#include "informer/recorder.h"

#include <sys/random.h>
#include <unistd.h>

#define RELEASE_PAUSE (100 * USEC_PER_MSEC) // after a conflict while releasing
#define EXPIRY_SPREAD (100 * USEC_PER_MSEC) // candidates do not all look at the same moment
#define DENIED_PAUSE  (30 * USEC_PER_SEC)   // a candidate without rights or credentials

enum phase { LEASE_IDLE, LEASE_ACQUIRING, LEASE_LEADING, LEASE_RELEASING, LEASE_ENDED };

struct lease {
    struct loop *loop;
    struct client *client;
    struct lease_options o; // strings owned
    char identity[LEASE_IDENTITY_MAX];
    char *collection, *path;
    enum phase phase;

    struct lease_record observed; // last seen
    usec observed_at;             // clock_mono when its spec was first seen
    bool seen, told_any;
    char told[LEASE_HOLDER_MAX]; // to new_leader

    struct client_call *call;
    bool writing;                    // the call is a write: cut off, it may have happened
    usec sent_at;                    // of the round's write
    struct lease_spec want;          // what the write says
    usec valid_until, release_until; // the fence; when giving back gives up
    struct timer round, fence;
    enum err problem; // told
    uint64_t jitter;
};

static void try_round(void *arg);
static void slow_path(struct lease *l);
static void lost(void *arg);

void lease_identity(char ret[LEASE_IDENTITY_MAX])
{
    const char *uid = getenv("POD_UID");
    char host[64] = "unknown";
    uint8_t b[16] = { 0 };

    if (uid && *uid) {
        snprintf(ret, LEASE_IDENTITY_MAX, "%s", uid);
        return;
    }
    gethostname(host, sizeof(host) - 1);
    while (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b))
        ;
    snprintf(ret, LEASE_IDENTITY_MAX,
             "%s_%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", host, b[0],
             b[1], b[2], b[3], b[4], b[5], (b[6] & 15) | 64, b[7], (b[8] & 63) | 128, b[9], b[10],
             b[11], b[12], b[13], b[14], b[15]);
}

static int check_options(const struct lease_options *o, struct error *e)
{
    if (!o->ns || !*o->ns || !o->name || !*o->name)
        return error_set(e, ERR_INVALID, "Lease: namespace and name are required");
    if (o->identity && strlen(o->identity) >= LEASE_IDENTITY_MAX)
        return error_set(e, ERR_INVALID, "Lease: the identity is longer than %d bytes",
                         LEASE_IDENTITY_MAX - 1);
    if (o->retry_period <= 0 || o->duration < USEC_PER_SEC)
        return error_set(e, ERR_INVALID, "Lease: durations have to be positive");
    if (o->duration <= o->renew_deadline)
        return error_set(e, ERR_INVALID, "Lease: duration has to be longer than renew deadline");
    if (o->renew_deadline <= o->retry_period + o->retry_period / 5)
        return error_set(e, ERR_INVALID,
                         "Lease: renew deadline has to be longer than 1.2 retry periods");
    return 0;
}

struct lease *lease_new(struct loop *loop, struct client *c, const struct lease_options *options,
                        struct error *e)
{
    struct lease_options o = *options;
    struct lease *l;

    o.duration = o.duration ? o.duration : 15 * USEC_PER_SEC;
    o.renew_deadline = o.renew_deadline ? o.renew_deadline : 10 * USEC_PER_SEC;
    o.retry_period = o.retry_period ? o.retry_period : 2 * USEC_PER_SEC;
    if (check_options(&o, e) < 0)
        return NULL;
    l = xcalloc(1, sizeof(*l));
    *l = (struct lease){ .loop = loop, .client = c, .o = o };
    if (o.identity && *o.identity)
        snprintf(l->identity, sizeof(l->identity), "%s", o.identity);
    else
        lease_identity(l->identity);
    l->o.ns = xstrdup(o.ns);
    l->o.name = xstrdup(o.name);
    l->o.owners = str_of(xstrndup(o.owners.p ? o.owners.p : "", o.owners.n));
    l->collection = xasprintf("/apis/coordination.k8s.io/v1/namespaces/%s/leases", o.ns);
    l->path = xasprintf("%s/%s", l->collection, o.name);
    l->jitter = hash64_stable(l->identity, strlen(l->identity)) ^ (uint64_t)clock_mono();
    timer_init(&l->round, "lease", try_round, l);
    timer_init(&l->fence, "lease fence", lost, l);
    return l;
}

void lease_free(struct lease *l)
{
    if (!l)
        return;
    client_cancel(l->client, l->call);
    timer_stop(l->loop, &l->round);
    timer_stop(l->loop, &l->fence);
    lease_record_fini(&l->observed);
    free((char *)(uintptr_t)l->o.ns);
    free((char *)(uintptr_t)l->o.name);
    free((char *)(uintptr_t)l->o.owners.p);
    free(l->collection);
    free(l->path);
    free(l);
}

void lease_start(struct lease *l)
{
    if (l->phase != LEASE_IDLE)
        return;
    l->phase = LEASE_ACQUIRING;
    metric_set(METRIC_LEADER_ELECTION_MASTER_STATUS, 0, l->o.name);
    timer_start(l->loop, &l->round, 0);
}

static bool holds(const struct lease *l, const struct lease_spec *s)
{
    return !strcmp(s->holder, l->identity);
}

static void emit(struct lease *l, const char *action, const char *what)
{
    char note[LEASE_IDENTITY_MAX + 32];
    struct recorder_event ev = {
        .reason = "LeaderElection",
        .action = action, // distinct: events that differ in their note alone become one series
        .note = note,
        .regarding = {.api_version = "coordination.k8s.io/v1",
                      .kind = "Lease",
                      .ns = l->o.ns,
                      .name = l->o.name,
                      .uid = l->observed.uid},
    };

    snprintf(note, sizeof(note), "%s %s", l->identity, what);
    recorder_emit(l->o.recorder, &ev);
}

// A fraction in [0, 1).
static double jitter(struct lease *l)
{
    l->jitter = l->jitter * 6364136223846793005u + 1442695040888963407u;
    return (double)(l->jitter >> 40) / (1 << 24);
}

// U[1, 2.2) retry periods while nothing is known, so that candidates do not knock together for
// ever. While somebody else holds it, half to one period, and a look right after its expiry: the
// time without a leader after a crash is then the lease duration plus one period at the most.
static usec acquire_pause(struct lease *l)
{
    double f = jitter(l);
    usec pause = (usec)((double)l->o.retry_period * (0.5 + 0.5 * f)), left;

    if (!l->seen || !l->observed.spec.holder[0] || holds(l, &l->observed.spec))
        return l->o.retry_period + (usec)((double)l->o.retry_period * 1.2 * f);
    left = l->observed_at + l->observed.spec.duration * USEC_PER_SEC - clock_mono();
    if (left > 0 && left < pause)
        pause = left + (usec)(f * EXPIRY_SPREAD);
    return pause;
}

// One request may take half the renew deadline, and never outlives the fence or the release.
static usec request_deadline(const struct lease *l)
{
    usec limit = MAX(USEC_PER_SEC, l->o.renew_deadline / 2);

    if (l->phase == LEASE_LEADING)
        limit = MIN(limit, l->valid_until - clock_mono());
    if (l->phase == LEASE_RELEASING)
        limit = MIN(limit, l->release_until - clock_mono());
    return MAX(limit, 1);
}

static void request(struct lease *l, enum client_verb verb, struct str body, client_fn done)
{
    struct client_request r = {
        .verb = verb,
        .path = verb == CLIENT_CREATE ? l->collection : l->path,
        .body = body,
        .deadline = request_deadline(l),
        .unfenced = true,
        .agent_suffix = "/leader-election",
    };

    l->writing = verb != CLIENT_GET;
    l->sent_at = clock_mono();
    l->call = client_do(l->client, &r, done, l);
}

static void tell_leader(struct lease *l)
{
    const char *holder = l->observed.spec.holder;

    if (l->told_any && !strcmp(l->told, holder))
        return;
    l->told_any = true;
    snprintf(l->told, sizeof(l->told), "%s", holder);
    if (l->o.new_leader)
        l->o.new_leader(l->o.arg, holder);
}

// Takes a fetched or written Lease as observed. Its clock starts when its spec is seen to change.
static void observe(struct lease *l, struct lease_record *r, usec at)
{
    uint64_t was = l->observed.rv, is = r->rv;

    if (!l->seen || !lease_spec_same(&l->observed.spec, &r->spec))
        l->observed_at = at;
    lease_record_fini(&l->observed);
    l->observed = *r;
    l->seen = true;
    if (was && is && is < was && l->o.rv_regression)
        l->o.rv_regression(l->o.arg, was, is);
    tell_leader(l);
}

static void end(struct lease *l, bool was_lost)
{
    client_cancel(l->client, TAKE(l->call));
    timer_stop(l->loop, &l->round);
    timer_stop(l->loop, &l->fence);
    l->phase = LEASE_ENDED;
    metric_set(METRIC_LEADER_ELECTION_MASTER_STATUS, 0, l->o.name);
    if (l->o.stopped)
        l->o.stopped(l->o.arg, was_lost);
}

// The fence's timer, or another holder was seen: whatever we believed, it is over.
static void lost(void *arg)
{
    end(arg, true);
}

static void next_round(struct lease *l)
{
    if (l->phase == LEASE_LEADING)
        timer_start(l->loop, &l->round, l->o.retry_period);
    else if (l->phase == LEASE_ACQUIRING)
        timer_start(l->loop, &l->round, acquire_pause(l));
}

static void tell_problem(struct lease *l, const struct error *e)
{
    if (e->code == ERR_CONFLICT || e->code == ERR_ALREADY_EXISTS || e->code == l->problem)
        return; // a race that was lost is no trouble
    l->problem = e->code;
    if (l->o.problem)
        l->o.problem(l->o.arg, e);
}

static void round_failed(struct lease *l, const struct error *e)
{
    tell_problem(l, e);
    if (l->phase == LEASE_ACQUIRING && err_retry(e->code) == RETRY_SLOW)
        timer_start(l->loop, &l->round, DENIED_PAUSE);
    else
        next_round(l);
}

static void won(struct lease *l)
{
    bool first = l->phase == LEASE_ACQUIRING;

    l->valid_until = l->sent_at + l->o.renew_deadline;
    if (clock_mono() >= l->valid_until) { // the answer came too late to be of use
        if (!first)
            lost(l);
        else
            next_round(l);
        return;
    }
    l->phase = LEASE_LEADING;
    timer_start(l->loop, &l->fence, l->valid_until - clock_mono());
    next_round(l);
    if (!first)
        return;
    metric_set(METRIC_LEADER_ELECTION_MASTER_STATUS, 1, l->o.name);
    emit(l, "Acquire", "became leader");
    if (l->o.started)
        l->o.started(l->o.arg);
}

static void on_written(void *arg, unused_arg const struct http_response *r, struct str body,
                       const struct error *failure)
{
    struct lease *l = arg;
    struct error e = *failure;
    struct lease_record rec;

    l->call = NULL;
    if (e.code != ERR_NONE || lease_record_parse(body, &rec, &e) < 0) {
        round_failed(l, &e);
        return;
    }
    tell_problem(l, &e);
    observe(l, &rec, clock_mono());
    if (holds(l, &l->observed.spec))
        won(l);
    else
        next_round(l);
}

static void on_renewed(void *arg, const struct http_response *r, struct str body,
                       const struct error *e)
{
    struct lease *l = arg;

    if (e->code == ERR_NONE) {
        on_written(arg, r, body, e);
        return;
    }
    l->call = NULL;
    metric_add(METRIC_LEADER_ELECTION_SLOWPATH_TOTAL, 1, l->o.name);
    slow_path(l);
}

static void put(struct lease *l, client_fn done)
{
    autobuf struct buf body = { 0 };

    buf_init(&body, 1u << 20);
    if (lease_record_write(&l->want, l->observed.metadata, &body) < 0)
        next_round(l);
    else
        request(l, CLIENT_UPDATE, buf_str(&body), done);
}

// What we would write now: ours again keeps its history, taking over counts one transition.
static void want_mine(struct lease *l, bool take_over)
{
    char now[TIME_TEXT_MAX];

    l->want = l->observed.spec;
    time_format(clock_wall(), 6, now);
    snprintf(l->want.holder, sizeof(l->want.holder), "%s", l->identity);
    snprintf(l->want.renew, sizeof(l->want.renew), "%s", now);
    l->want.duration = l->o.duration / USEC_PER_SEC;
    if (!take_over)
        return;
    snprintf(l->want.acquire, sizeof(l->want.acquire), "%s", now);
    l->want.transitions++;
}

static void write_meta(struct lease *l, struct buf *out)
{
    struct writer w;

    writer_to_buf(&w, WRITER_JSON, out);
    w_object(&w);
    w_key_str(&w, "name", l->o.name);
    w_key_str(&w, "namespace", l->o.ns);
    if (l->o.owners.n) {
        w_key(&w, "ownerReferences");
        w_json(&w, l->o.owners);
    }
    w_object_end(&w);
    if (writer_end(&w) < 0)
        out->failed = true;
}

static void create(struct lease *l)
{
    autobuf struct buf meta = { 0 }, body = { 0 };

    lease_record_fini(&l->observed);
    l->seen = false;
    want_mine(l, true);
    l->want.transitions = 0;
    buf_init(&meta, 64u << 10);
    buf_init(&body, 128u << 10);
    write_meta(l, &meta);
    if (meta.failed || lease_record_write(&l->want, meta.p, &body) < 0) {
        next_round(l);
        return;
    }
    request(l, CLIENT_CREATE, buf_str(&body), on_written);
}

static bool expired(const struct lease *l)
{
    return clock_mono() >= l->observed_at + l->observed.spec.duration * USEC_PER_SEC;
}

// The Lease was deleted. Its holder makes it again. The others give it a duration from when they
// saw that: it writes until its fence closes, and learns of the deletion with its next round.
static void gone(struct lease *l)
{
    bool theirs = l->seen && *l->observed.spec.holder && !holds(l, &l->observed.spec);

    if (theirs && *l->observed.rv_text) { // none: the observed record is known to be gone
        l->observed.rv_text[0] = '\0';
        l->observed_at = clock_mono();
    }
    if (theirs && !expired(l))
        next_round(l);
    else
        create(l);
}

static void on_fetched(void *arg, unused_arg const struct http_response *r, struct str body,
                       const struct error *failure)
{
    struct lease *l = arg;
    struct error e = *failure;
    struct lease_record rec;

    l->call = NULL;
    if (e.code == ERR_NOT_FOUND) {
        gone(l);
        return;
    }
    if (e.code != ERR_NONE || lease_record_parse(body, &rec, &e) < 0) {
        round_failed(l, &e);
        return;
    }
    tell_problem(l, &e);
    observe(l, &rec, clock_mono());
    if (holds(l, &l->observed.spec)) {
        want_mine(l, false);
        put(l, on_written);
    } else if (l->phase == LEASE_LEADING) {
        lost(l); // somebody else took it: our time was up in their eyes
    } else if (!*l->observed.spec.holder || expired(l)) {
        want_mine(l, true);
        put(l, on_written);
    } else {
        next_round(l);
    }
}

static void slow_path(struct lease *l)
{
    request(l, CLIENT_GET, (struct str){ 0 }, on_fetched);
}

static void try_round(void *arg)
{
    struct lease *l = arg;

    if (l->phase == LEASE_LEADING && clock_mono() >= l->valid_until) {
        lost(l); // the process was stopped for so long that this timer is late, too
    } else if (l->seen && holds(l, &l->observed.spec) &&
               clock_mono() < l->observed_at + l->o.duration) {
        want_mine(l, false);
        put(l, on_renewed);
    } else {
        slow_path(l);
    }
}

// Release: read, and only if the server's copy is ours write it free, at that resourceVersion.

static void release_round(void *arg);

static void release_again(struct lease *l)
{
    if (clock_mono() + RELEASE_PAUSE >= l->release_until)
        end(l, false);
    else
        timer_start(l->loop, &l->round, RELEASE_PAUSE);
}

static void on_released(void *arg, unused_arg const struct http_response *r, struct str body,
                        const struct error *e)
{
    struct lease *l = arg;
    struct lease_record rec;

    l->call = NULL;
    if (e->code != ERR_NONE) {
        release_again(l);
        return;
    }
    if (lease_record_parse(body, &rec, NULL) == 0)
        observe(l, &rec, clock_mono());
    end(l, false);
}

static void on_release_fetched(void *arg, unused_arg const struct http_response *r, struct str body,
                               const struct error *e)
{
    struct lease *l = arg;
    struct lease_record rec;
    char now[TIME_TEXT_MAX];

    l->call = NULL;
    if (e->code == ERR_NOT_FOUND) {
        end(l, false);
        return;
    }
    if (e->code != ERR_NONE || lease_record_parse(body, &rec, NULL) < 0) {
        release_again(l);
        return;
    }
    observe(l, &rec, clock_mono());
    if (!holds(l, &l->observed.spec)) {
        end(l, false);
        return;
    }
    l->valid_until = 0; // from here on nothing but the release may be written
    l->want = l->observed.spec;
    time_format(clock_wall(), 6, now);
    l->want.holder[0] = '\0';
    l->want.duration = 1;
    snprintf(l->want.renew, sizeof(l->want.renew), "%s", now);
    snprintf(l->want.acquire, sizeof(l->want.acquire), "%s", now);
    put(l, on_released);
    if (!l->call)
        end(l, false);
}

static void release_round(void *arg)
{
    struct lease *l = arg;

    if (clock_mono() >= l->release_until)
        end(l, false); // never ours, or out of time
    else
        request(l, CLIENT_GET, (struct str){ 0 }, on_release_fetched);
}

void lease_release(struct lease *l)
{
    bool maybe_ours = l->phase == LEASE_LEADING || (l->call && l->writing);

    if (l->phase == LEASE_RELEASING || l->phase == LEASE_ENDED)
        return;
    if (l->phase == LEASE_LEADING)
        emit(l, "Release", "stopped leading");
    client_cancel(l->client, TAKE(l->call));
    timer_stop(l->loop, &l->fence);
    timer_stop(l->loop, &l->round);
    l->phase = LEASE_RELEASING;
    l->release_until = clock_mono() + (maybe_ours ? l->o.renew_deadline : 0);
    timer_init(&l->round, "lease release", release_round, l);
    timer_start(l->loop, &l->round, 0);
}

bool lease_held(const struct lease *l)
{
    return l->phase == LEASE_LEADING && clock_mono() < l->valid_until;
}

const char *lease_holder(const struct lease *l)
{
    return l->observed.spec.holder;
}

bool lease_may_write(void *lease, usec *ret_remaining)
{
    const struct lease *l = lease;
    usec left = l->valid_until - clock_mono();

    if ((l->phase != LEASE_LEADING && l->phase != LEASE_RELEASING) || left <= 0)
        return false;
    *ret_remaining = left;
    return true;
}

int lease_check(const struct lease *l, usec tolerance, struct error *e)
{
    usec age = clock_mono() - l->observed_at;

    if (!l->seen || !holds(l, &l->observed.spec) || age <= l->o.duration + tolerance)
        return 0;
    return error_set(e, ERR_TIMEOUT,
                     "Lease %s/%s: not renewed for %" PRId64 " s, and this process did not stop",
                     l->o.ns, l->o.name, age / USEC_PER_SEC);
}
