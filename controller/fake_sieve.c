// SPDX-License-Identifier: Apache-2.0
// A process is a manager with a gate of its own. A crash leaves the database as it was at that
// moment: its files are copied before the manager is taken down and put back afterwards, so jobs
// that were still queued are lost, and the write-ahead log is found as a kill leaves it.
#include "controller/fake_sieve.h"

#include "apis/types.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "controller/fake_manager.h"
#include "informer/fake_gate.h"
#include "informer/fake_parts.h"

#include <fcntl.h>
#include <unistd.h>

#define FREEZE    (20 * USEC_PER_SEC)
#define LATE      (40 * USEC_PER_SEC) // a new leader 15 s after it saw the Lease, and some rest
#define PAUSE     (20 * USEC_PER_SEC)
#define SETTLE    (80 * USEC_PER_SEC) // more than a heartbeat
#define QUIET     (20 * USEC_PER_SEC) // at the end of SETTLE nothing is written any more
#define STEP_MAX  (40 * USEC_PER_MIN)
#define FILE_MAX  ((size_t)64 << 20)
#define LATE_NONE INT64_MAX

struct play {
    const struct sieve_scenario *s;
    struct sieve_fault fault;
    struct sieve_outcome *ret;
    struct fake_manager f;
    struct fake_gate *gate, *late; // late: of a process that is gone, with a write under way
    struct manager *m;
    struct store *other; // holds the database
    int pod;
    size_t first_event, crashes, disturbances;
    size_t writes; // of processes that are gone
    bool stopping; // SIGTERM was sent
    usec thaw_at, release_at, lost_by;
    size_t paused_at; // writes seen when it was paused
    size_t looked_at; // events, for the runs that have
    int ended;
};

static void trouble(struct play *p, const char *fmt, ...) printf_like(2, 3);

static void trouble(struct play *p, const char *fmt, ...)
{
    va_list ap;

    if (*p->ret->trouble)
        return; // the first says most
    va_start(ap, fmt);
    vsnprintf(p->ret->trouble, sizeof(p->ret->trouble), fmt, ap);
    va_end(ap);
}

// Files

static void read_file(const char *path, struct buf *ret)
{
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    char piece[65536];
    ssize_t n;

    buf_init(ret, FILE_MAX);
    while (fd >= 0 && (n = read(fd, piece, sizeof(piece))) > 0)
        buf_add(ret, piece, (size_t)n);
}

static void write_file(const char *path, const struct buf *data)
{
    autoclose int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0 || (data->n && write(fd, data->p, data->n) != (ssize_t)data->n))
        abort();
}

// Processes

static void start(struct play *p)
{
    struct manager_options o = { .db = p->f.db,
                                 .namespace = "kube9-system",
                                 .version = "1.2.3",
                                 .loop = p->f.loop,
                                 .store_late = p->s->store_late };
    struct error e = { 0 };
    char uid[32];

    snprintf(uid, sizeof(uid), "pod-%d", p->pod);
    setenv("POD_UID", uid, 1); // NOLINT(concurrency-mt-unsafe): there is one thread
    p->gate = fake_gate_new(p->f.server);
    o.client = fake_gate_client(p->gate);
    p->m = manager_new(&o, &e);
    if (!p->m)
        abort();
    p->stopping = false;
    p->lost_by = LATE_NONE;
    p->disturbances++;
}

static void end_process(struct play *p)
{
    manager_free(TAKE(p->m));
    p->writes += fake_gate_writes(p->gate);
    if (p->fault.plan == SIEVE_CRASH && p->fault.mode == CRASH_LATE && fake_gate_tripped(p->gate))
        p->late = TAKE(p->gate);
    else
        fake_gate_free(TAKE(p->gate));
}

static void kill_process(struct play *p)
{
    static const char *const ends[] = { "", "-wal" };
    struct buf files[ARRAY_SIZE(ends)];
    char path[160];

    for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
        snprintf(path, sizeof(path), "%s%s", p->f.db, ends[i]);
        read_file(path, &files[i]);
    }
    end_process(p);
    for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
        snprintf(path, sizeof(path), "%s%s", p->f.db, ends[i]);
        if (!p->other && files[i].n)
            write_file(path, &files[i]);
        buf_fini(&files[i]);
    }
    p->crashes++;
}

// Faults

static void arm(struct play *p)
{
    static const enum fake_gate_mode modes[] = {
        [CRASH_BEFORE] = GATE_BEFORE, [CRASH_LOST] = GATE_AFTER,  [CRASH_AFTER] = GATE_DELIVERED,
        [CRASH_LATE] = GATE_HELD,     [CRASH_PAUSED] = GATE_PASS, [CRASH_TWICE] = GATE_AFTER,
    };

    if (p->fault.plan == SIEVE_CRASH && !p->ret->fired && p->fault.at >= p->writes)
        fake_gate_arm(p->gate, p->fault.at - p->writes, modes[p->fault.mode]);
}

// SIGSTOP: time goes by without this process, then everything it has missed comes at once.
static void pause_process(struct play *p)
{
    p->paused_at = fake_gate_writes(p->gate);
    p->lost_by = clock_mono() + PAUSE + 5 * USEC_PER_SEC;
    clock_fake_advance(PAUSE);
}

static void restart(struct play *p)
{
    kill_process(p);
    start(p);
}

static void crash_at_gate(struct play *p)
{
    bool first = !p->ret->fired;

    if (!p->gate || !fake_gate_tripped(p->gate) || (!first && p->crashes != 1) ||
        (!first && p->fault.mode != CRASH_TWICE) || p->lost_by != LATE_NONE)
        return;
    p->ret->fired = true;
    if (p->fault.mode == CRASH_PAUSED) {
        pause_process(p);
        return;
    }
    p->pod += p->fault.mode == CRASH_LATE;
    restart(p);
    if (p->fault.mode == CRASH_LATE)
        p->release_at = clock_mono() + LATE;
    if (p->fault.mode == CRASH_TWICE && first)
        fake_gate_arm(p->gate, 0, GATE_AFTER);
}

static bool same_key(const struct fake_view_event *a, const struct fake_view_event *b)
{
    return strcmp(a->resource, b->resource) == 0 && strcmp(a->ns, b->ns) == 0 &&
           strcmp(a->name, b->name) == 0;
}

// Has another event of that object (or only of its kind) happened since?
static size_t later_events(struct play *p, bool of_kind)
{
    struct fake_view_event at = fake_view_event(p->f.server, p->fault.at);
    size_t n = 0;

    for (size_t i = p->fault.at + 1; i < fake_view_events(p->f.server); i++) {
        struct fake_view_event ev = fake_view_event(p->f.server, i);

        n += of_kind ? strcmp(ev.resource, at.resource) == 0 : same_key(&ev, &at);
    }
    return n;
}

static void stale(struct play *p)
{
    if (!fake_view_frozen(p->f.server) || p->crashes)
        return;
    if (!p->ret->fired) {
        p->ret->fired = true;
        p->thaw_at = clock_mono() + FREEZE;
    }
    if (p->fault.mode == STALE_NEXT && !later_events(p, true) && clock_mono() < p->thaw_at)
        return;
    if (!p->m || p->stopping)
        return; // nobody to start anew
    restart(p);
    p->thaw_at = clock_mono() + FREEZE;
}

static void thaw(struct play *p)
{
    if (p->fault.plan == SIEVE_UNOBSERVED && p->fault.mode == UNOBSERVED_RELIST)
        fake_view_thaw_by_list(p->f.server);
    else
        fake_view_thaw(p->f.server);
    p->thaw_at = LATE_NONE;
    p->disturbances++;
}

static void unobserved(struct play *p)
{
    if (!fake_view_frozen(p->f.server))
        return;
    if (!p->ret->fired) {
        p->ret->fired = true;
        p->thaw_at = clock_mono() + FREEZE;
    }
    if (later_events(p, false) >= p->fault.until) {
        p->ret->met = true;
        thaw(p);
    }
}

static void process_ended(struct play *p)
{
    if (p->lost_by != LATE_NONE && fake_gate_writes(p->gate) != p->paused_at)
        trouble(p, "a process wrote after it had lost its Lease");
    if (p->m->failed && p->lost_by == LATE_NONE)
        trouble(p, "a process lost its Lease: %s", p->m->failure.text);
    p->pod += p->stopping;
    end_process(p);
    start(p);
    arm(p);
}

static void react(struct play *p)
{
    if (p->m && p->m->ended)
        process_ended(p);
    if (clock_mono() > p->lost_by)
        trouble(p, "a process that was paused for %d s did not end", (int)(PAUSE / USEC_PER_SEC));
    if (p->fault.plan == SIEVE_CRASH)
        crash_at_gate(p);
    else if (p->fault.plan == SIEVE_STALE)
        stale(p);
    else if (p->fault.plan == SIEVE_UNOBSERVED)
        unobserved(p);
    if (clock_mono() >= p->thaw_at)
        thaw(p);
    if (clock_mono() >= p->release_at) {
        fake_gate_release(p->late);
        p->release_at = LATE_NONE;
        p->disturbances++;
    }
}

// Time

typedef bool (*reached_fn)(struct play *p, const struct sieve_step *step);

static bool let_pass(struct play *p, usec limit, reached_fn reached, const struct sieve_step *step)
{
    usec end = clock_mono() + limit;

    for (;;) {
        usec next = MIN(end, MIN(p->thaw_at, p->release_at));

        react(p);
        if (reached && reached(p, step))
            return true;
        if (clock_mono() >= end)
            return !reached;
        if (loop_turn(p->f.loop, MAX(next - clock_mono(), 0), NULL) < 0)
            abort();
    }
}

static bool has_value(struct play *p, const struct sieve_step *step)
{
    json_val *o = fake_manager_get(&p->f, step->object);
    json_val *v = o ? json_path(o, step->path) : NULL;
    size_t n = strlen(step->text);
    char number[24];
    const char *is = json_str(v, "");

    if (yyjson_is_int(v)) {
        snprintf(number, sizeof(number), "%" PRId64, json_int(v, 0));
        is = number;
    }
    if (step->text[n - 1] == '*')
        return *is && strncmp(is, step->text, n - 1) == 0;
    return strcmp(is, step->text) == 0;
}

static bool is_gone(struct play *p, const struct sieve_step *step)
{
    return !fake_manager_get(&p->f, step->object);
}

static bool is_end(const struct fake_view_event *ev)
{
    static const char *const phases[] = { "\"phase\":\"Completed\"", "\"phase\":\"Partial\"",
                                          "\"phase\":\"Failed\"", "\"phase\":\"Cancelled\"" };

    if (strcmp(ev->resource, "kube9.io/assessmentruns") != 0)
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(phases); i++) {
        if (strstr(ev->json, phases[i]))
            return true;
    }
    return false;
}

static bool ended_before(struct play *p, size_t i)
{
    struct fake_view_event ev = fake_view_event(p->f.server, i);

    for (size_t k = 0; k < i; k++) {
        struct fake_view_event was = fake_view_event(p->f.server, k);

        if (same_key(&was, &ev) && is_end(&was))
            return true;
    }
    return false;
}

// Runs are told apart by their names: no scenario that counts uses one twice.
static bool runs_ended(struct play *p, const struct sieve_step *step)
{
    for (; p->looked_at < fake_view_events(p->f.server); p->looked_at++) {
        struct fake_view_event ev = fake_view_event(p->f.server, p->looked_at);

        p->ended += is_end(&ev) && !ended_before(p, p->looked_at);
    }
    return p->ended >= step->n;
}

static bool run_claimed(struct play *p, const struct sieve_step *step unused_arg)
{
    for (size_t i = p->first_event; i < fake_view_events(p->f.server); i++) {
        struct fake_view_event ev = fake_view_event(p->f.server, i);

        if (strcmp(ev.resource, "kube9.io/assessmentruns") == 0 &&
            strstr(ev.json, "\"phase\":\"Running\""))
            return true;
    }
    return false;
}

// Steps

static void apply(struct play *p, const char *kind, const char *object, const char *spec)
{
    json_val *old = fake_manager_get(&p->f, object);
    struct buf autobuf status = { 0 };
    autofree char *text = NULL;

    buf_init(&status, (size_t)1 << 20);
    if (old && json_get(old, "status") && json_write(json_get(old, "status"), &status) < 0)
        abort();
    text = xasprintf("{\"kind\":\"%s\",\"apiVersion\":\"kube9.io/v1alpha1\",\"metadata\":{\"name\":"
                     "\"%s\"},\"spec\":%s%s%s}",
                     kind, strchr(object, '/') + 1, spec, status.n ? ",\"status\":" : "",
                     status.n ? status.p : "");
    if (!fake_server_put(p->f.server, text))
        abort();
}

static void remove_object(struct play *p, const char *object)
{
    autofree char *plural = xstrndup(object, strcspn(object, "/"));

    fake_server_delete(p->f.server, plural, "", strchr(object, '/') + 1);
}

static void apply_run(struct play *p, const struct sieve_step *step)
{
    autofree char *object = xasprintf("assessmentruns/%s", step->object);

    apply(p, "AssessmentRun", object, step->text);
}

static bool another_process(struct play *p, const struct sieve_step *step)
{
    return p->pod >= step->n;
}

// A process that is started after a crash is told to stop as well: the Pod is going.
static bool hand_over(struct play *p)
{
    struct sieve_step until = { .n = p->pod + 1 };

    for (int i = 0; i < 10; i++) {
        if (!p->stopping)
            manager_stop(p->m);
        p->stopping = true;
        if (let_pass(p, 5 * USEC_PER_SEC, another_process, &until))
            return true;
    }
    return false;
}

static void change(struct play *p, const struct sieve_step *step)
{
    switch (step->what) {
    case SIEVE_CONFIG:
        apply(p, "Kube9Config", "kube9configs/default", step->text);
        return;
    case SIEVE_RUN:
        apply_run(p, step);
        return;
    case SIEVE_CRD:
        fake_manager_crd(&p->f, step->object, step->text, "");
        return;
    case SIEVE_OBJECT:
        if (!fake_server_put(p->f.server, step->text))
            abort();
        return;
    case SIEVE_DELETE:
        remove_object(p, step->object);
        return;
    case SIEVE_LOCK_STORE:
        p->other = store_open(p->f.db, NULL, NULL);
        return;
    case SIEVE_UNLOCK_STORE:
        store_close(TAKE(p->other));
        return;
    default:
        abort();
    }
}

static void begin(struct play *p)
{
    p->first_event = fake_view_events(p->f.server);
    start(p);
    arm(p);
    if ((p->fault.plan == SIEVE_STALE && p->fault.mode != STALE_END) ||
        p->fault.plan == SIEVE_UNOBSERVED)
        fake_view_arm(p->f.server, p->fault.at, p->fault.plan == SIEVE_UNOBSERVED);
}

static bool take_step(struct play *p, const struct sieve_step *step)
{
    switch (step->what) {
    case SIEVE_START:
        begin(p);
        return true;
    case SIEVE_PASS:
        return let_pass(p, step->n * USEC_PER_SEC, NULL, NULL);
    case SIEVE_UNTIL:
        return let_pass(p, STEP_MAX, has_value, step);
    case SIEVE_UNTIL_GONE:
        return let_pass(p, STEP_MAX, is_gone, step);
    case SIEVE_UNTIL_RUNS:
        return let_pass(p, STEP_MAX, runs_ended, step);
    case SIEVE_UNTIL_CLAIM:
        return let_pass(p, STEP_MAX, run_claimed, step);
    case SIEVE_HAND_OVER:
        return hand_over(p);
    default:
        change(p, step);
        return true;
    }
}

// Judging

// The last heartbeat is a write like any other, so a fault may fall into the calm itself: then the
// calm begins again after it.
static void settle(struct play *p)
{
    size_t before, after, seen;

    do {
        seen = p->disturbances;
        let_pass(p, SETTLE - QUIET, NULL, NULL);
        before = fake_manager_writes(&p->f);
        let_pass(p, QUIET, NULL, NULL);
        after = fake_manager_writes(&p->f);
    } while (!*p->ret->trouble && (p->disturbances != seen || p->release_at != LATE_NONE));
    if (after != before)
        trouble(p, "%zu writes while nothing happened any more", after - before);
}

static void back_in_time(struct play *p)
{
    struct fake_view_event at;

    if (p->fault.plan != SIEVE_STALE || p->fault.mode != STALE_END)
        return;
    at = fake_view_event(p->f.server, p->fault.at);
    fake_view_freeze(p->f.server, at.resource, at.rv);
    settle(p);
}

static bool is_watched(const char *resource)
{
    return strcmp(resource, "coordination.k8s.io/leases") != 0 &&
           strcmp(resource, "events.k8s.io/events") != 0;
}

static bool is_followed(const struct play *p, size_t i)
{
    struct fake_view_event last = { 0 };
    size_t n = fake_view_events(p->f.server);

    for (size_t k = i + 1; k < n; k++) {
        last = fake_view_event(p->f.server, k);
        if (strncmp(last.resource, "kube9.io/", 9) == 0)
            return true;
    }
    return false;
}

// The same requests as the gate counts, in the same order.
static void take_writes(struct play *p)
{
    struct sieve_outcome *r = p->ret;

    r->beats = xcalloc(p->writes + 1, sizeof(*r->beats));
    for (size_t i = 0; i < fake_server_requests(p->f.server) && r->writes < p->writes; i++) {
        const struct fake_request *q = fake_server_request(p->f.server, i);

        if (fake_gate_counts(q->method, q->url))
            r->beats[r->writes++] = strstr(q->url, "/configmaps/") != NULL;
    }
}

static void take_trace(struct play *p)
{
    struct sieve_outcome *r = p->ret;

    take_writes(p);
    r->n_events = fake_view_events(p->f.server);
    r->events = xcalloc(r->n_events, sizeof(*r->events));
    for (size_t i = 0; i < r->n_events; i++) {
        struct fake_view_event ev = fake_view_event(p->f.server, i);

        snprintf(r->events[i].key, sizeof(r->events[i].key), "%s/%s/%s", ev.resource, ev.ns,
                 ev.name);
        r->events[i].heard = i >= p->first_event && is_watched(ev.resource) && is_followed(p, i);
        r->events[i].beat = strcmp(ev.resource, "/configmaps") == 0;
    }
}

static void take_state(struct play *p)
{
    struct sieve_view v = { .first_event = p->first_event, .loose = p->s->loose };

    if (p->fault.plan == SIEVE_UNDISTURBED || p->fault.plan == SIEVE_CRASH)
        p->ret->state = sieve_state(&p->f, &v);
    v.loosely = true;
    if (p->fault.plan != SIEVE_CRASH)
        p->ret->loose = sieve_state(&p->f, &v);
}

void sieve_play(const struct sieve_scenario *s, const struct sieve_fault *f,
                struct sieve_outcome *ret)
{
    struct play p = { .s = s, .fault = *f, .ret = ret };

    *ret = (struct sieve_outcome){ 0 };
    p.thaw_at = p.release_at = p.lost_by = LATE_NONE;
    fake_manager_init(&p.f);
    for (size_t i = 0; s->steps[i].what != SIEVE_END; i++) {
        if (!take_step(&p, &s->steps[i]))
            trouble(&p, "step %zu was not reached within %d minutes", i,
                    (int)(STEP_MAX / USEC_PER_MIN));
        if (*ret->trouble)
            break;
    }
    settle(&p);
    back_in_time(&p);
    if (sieve_unguarded(&p.f))
        trouble(&p, "without precondition: %s", sieve_unguarded(&p.f));
    end_process(&p);
    store_close(p.other);
    take_state(&p);
    take_trace(&p);
    fake_gate_free(p.late);
    unsetenv("POD_UID"); // NOLINT(concurrency-mt-unsafe)
    fake_manager_fini(&p.f);
}
