// SPDX-License-Identifier: Apache-2.0
// The event loop: one epoll set for everything. Time comes from a timerfd inside the set instead of
// epoll_wait's argument, so that whoever polls loop_fd() (libwebsockets does) needs to know nothing
// of our timers. Every watched descriptor carries a generation in its epoll data: an event that was
// fetched before its descriptor was removed, or closed and opened again, is recognised and dropped.
#include "base/loop.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define EVENTS_PER_TURN 64
#define SLOW_NAMES_MAX  32
#define SLOW_USEC       USEC_PER_MSEC
#define SIGNALS         65

struct io {
    loop_io_fn fn; // NULL: not watched
    void *arg;
    uint32_t gen;
};

struct post {
    loop_fn fn;
    void *arg;
};

struct posts {
    struct post *v;
    size_t n, cap;
};

struct loop {
    int epoll_fd, timer_fd, event_fd, signal_fd;
    struct io *io; // indexed by descriptor
    size_t io_n;
    struct heap timers;
    usec armed;      // what timer_fd is set to, USEC_NEVER: off
    usec timers_now; // timers due up to here run in this turn, 0 outside
    pthread_mutex_t lock;
    struct posts posted;  // under lock
    struct posts running; // the batch that runs now; from running_at on not yet
    size_t running_at;
    struct post signals[SIGNALS];
    sigset_t signal_set;
    int (*wait)(void *arg, usec max_wait);
    void *wait_arg;
    bool stopping;
    uint64_t wakeups, calls;
    const char *name; // of the running callback
    usec cpu;         // thread processor time when it began
    struct loop_slow slow[SLOW_NAMES_MAX];
    size_t slow_n;
};

// Not a clock for anything but the count: what this thread has computed. Wall time would blame a
// callback for a busy machine.
static usec thread_cpu(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (usec)ts.tv_sec * USEC_PER_SEC + ts.tv_nsec / 1000;
}

static void slow_count(struct loop *l, usec took)
{
    size_t i = 0;

    while (i < l->slow_n && strcmp(l->slow[i].name, l->name) != 0)
        i++;
    if (i == SLOW_NAMES_MAX)
        return;
    if (i == l->slow_n)
        l->slow[l->slow_n++] = (struct loop_slow){ .name = l->name };
    l->slow[i].count++;
    l->slow[i].worst = MAX(l->slow[i].worst, took);
}

static void call_begin(struct loop *l, const char *name)
{
    l->name = name;
    l->calls++;
}

// The end of one callback is the start of the next one, so each costs one reading.
static void call_end(struct loop *l)
{
    usec now = thread_cpu();

    if (now - l->cpu >= SLOW_USEC)
        slow_count(l, now - l->cpu);
    l->cpu = now;
}

void loop_measure(struct loop *l, const char *name, loop_fn fn, void *arg)
{
    l->cpu = thread_cpu();
    call_begin(l, name);
    fn(arg);
    call_end(l);
}

static void posts_add(struct posts *p, loop_fn fn, void *arg)
{
    if (p->n == p->cap) {
        p->cap = p->cap ? 2 * p->cap : 16;
        p->v = xrealloc(p->v, p->cap * sizeof(*p->v));
    }
    p->v[p->n++] = (struct post){ fn, arg };
}

static void posts_forget(struct posts *p, size_t from, loop_fn fn, void *arg)
{
    for (size_t i = from; i < p->n; i++)
        if (p->v[i].fn == fn && p->v[i].arg == arg)
            p->v[i].fn = NULL;
}

void loop_post(struct loop *l, loop_fn fn, void *arg)
{
    bool first;

    pthread_mutex_lock(&l->lock);
    first = l->posted.n == 0;
    posts_add(&l->posted, fn, arg);
    pthread_mutex_unlock(&l->lock);
    if (first)
        eventfd_write(l->event_fd, 1);
}

void loop_unpost(struct loop *l, loop_fn fn, void *arg)
{
    posts_forget(&l->running, l->running_at, fn, arg);
    pthread_mutex_lock(&l->lock);
    posts_forget(&l->posted, 0, fn, arg);
    pthread_mutex_unlock(&l->lock);
}

// Takes the whole batch first: what these callbacks post belongs to the next turn.
static void posts_run(struct loop *l)
{
    struct posts swap;

    pthread_mutex_lock(&l->lock);
    swap = l->running;
    l->running = l->posted;
    l->posted = swap;
    l->posted.n = 0;
    pthread_mutex_unlock(&l->lock);

    for (l->running_at = 0; l->running_at < l->running.n;) {
        struct post p = l->running.v[l->running_at++];

        if (!p.fn)
            continue;
        call_begin(l, "post");
        p.fn(p.arg);
        call_end(l);
    }
}

static void drain_events(void *arg, int fd, uint32_t unused_arg events)
{
    eventfd_t n;

    (void)arg;
    eventfd_read(fd, &n);
}

static void drain_timer(void *arg, int fd, uint32_t unused_arg events)
{
    struct loop *l = arg;
    uint64_t n;

    if (read(fd, &n, sizeof(n)) == (ssize_t)sizeof(n))
        l->armed = USEC_NEVER;
}

static void run_signals(void *arg, int fd, uint32_t unused_arg events)
{
    struct loop *l = arg;
    struct signalfd_siginfo si;

    while (read(fd, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
        struct post p = { 0 };

        if (si.ssi_signo < SIGNALS)
            p = l->signals[si.ssi_signo];
        if (p.fn) {
            loop_name(l, "signal");
            p.fn(p.arg);
        }
    }
}

static int open_fds(struct loop *l, struct error *e)
{
    sigemptyset(&l->signal_set);
    l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    l->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    l->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    l->signal_fd = signalfd(-1, &l->signal_set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (l->epoll_fd < 0 || l->timer_fd < 0 || l->event_fd < 0 || l->signal_fd < 0)
        return error_errno(e, errno, "open the event loop's descriptors");
    if (loop_io(l, l->timer_fd, EPOLLIN, drain_timer, l, e) < 0)
        return -1;
    if (loop_io(l, l->event_fd, EPOLLIN, drain_events, l, e) < 0)
        return -1;
    return loop_io(l, l->signal_fd, EPOLLIN, run_signals, l, e);
}

struct loop *loop_new(struct error *e)
{
    struct loop *l = xcalloc(1, sizeof(*l));

    pthread_mutex_init(&l->lock, NULL);
    heap_init(&l->timers);
    l->armed = USEC_NEVER;
    if (open_fds(l, e) < 0) {
        loop_free(l);
        return NULL;
    }
    return l;
}

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

void loop_free(struct loop *l)
{
    if (!l)
        return;
    close_fd(l->epoll_fd);
    close_fd(l->timer_fd);
    close_fd(l->event_fd);
    close_fd(l->signal_fd);
    heap_fini(&l->timers);
    pthread_mutex_destroy(&l->lock);
    free(l->posted.v);
    free(l->running.v);
    free(l->io);
    free(l);
}

static struct io *io_slot(struct loop *l, int fd)
{
    size_t want = (size_t)fd + 1;

    if (want > l->io_n) {
        size_t n = MAX(want, l->io_n + 32);

        l->io = xrealloc(l->io, n * sizeof(*l->io));
        memset(l->io + l->io_n, 0, (n - l->io_n) * sizeof(*l->io));
        l->io_n = n;
    }
    return &l->io[fd];
}

int loop_io(struct loop *l, int fd, uint32_t events, loop_io_fn fn, void *arg, struct error *e)
{
    struct io *io;
    struct epoll_event ev = { .events = events };
    int rc;

    if (fd < 0)
        return error_errno(e, EBADF, "watch descriptor %d", fd);
    io = io_slot(l, fd);
    if (!io->fn)
        io->gen++;
    ev.data.u64 = (uint64_t)io->gen << 32 | (uint32_t)fd;
    // Its owner may have closed a descriptor without a word and got the same number again.
    rc = epoll_ctl(l->epoll_fd, io->fn ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &ev);
    if (rc < 0 && io->fn && errno == ENOENT)
        rc = epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &ev);
    if (rc < 0)
        return error_errno(e, errno, "watch descriptor %d", fd);
    io->fn = fn;
    io->arg = arg;
    return 0;
}

void loop_io_remove(struct loop *l, int fd)
{
    if (fd < 0 || (size_t)fd >= l->io_n || !l->io[fd].fn)
        return;
    epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
    l->io[fd].fn = NULL;
}

void timer_init(struct timer *t, const char *name, loop_fn fn, void *arg)
{
    *t = (struct timer){ .name = name, .fn = fn, .arg = arg };
}

void timer_start(struct loop *l, struct timer *t, usec delay)
{
    usec now = clock_mono();
    usec at = delay <= 0 ? now : delay >= USEC_NEVER - now ? USEC_NEVER - 1 : now + delay;

    // Inside a timer callback even "at once" means the next turn, or two timers could keep a turn
    // busy.
    heap_push(&l->timers, &t->node, MAX(at, l->timers_now + 1));
}

void timer_stop(struct loop *l, struct timer *t)
{
    heap_remove(&l->timers, &t->node);
}

static usec timers_next(const struct loop *l)
{
    const struct heap_node *n = heap_min(&l->timers);

    return n ? n->at : USEC_NEVER;
}

static void timers_run(struct loop *l)
{
    if (timers_next(l) == USEC_NEVER)
        return;
    l->timers_now = clock_mono();
    while (timers_next(l) <= l->timers_now) {
        struct timer *t = container_of(heap_min(&l->timers), struct timer, node);

        heap_remove(&l->timers, &t->node);
        call_begin(l, t->name ? t->name : "timer");
        t->fn(t->arg);
        call_end(l);
    }
    l->timers_now = 0;
}

int loop_signal(struct loop *l, int signo, loop_fn fn, void *arg, struct error *e)
{
    sigset_t one;
    int rc;

    if (signo <= 0 || signo >= SIGNALS)
        return error_errno(e, EINVAL, "signal %d", signo);
    sigemptyset(&one);
    sigaddset(&one, signo);
    sigaddset(&l->signal_set, signo);
    rc = pthread_sigmask(SIG_BLOCK, &one, NULL);
    if (rc)
        return error_errno(e, rc, "block signal %d", signo);
    if (signalfd(l->signal_fd, &l->signal_set, 0) < 0)
        return error_errno(e, errno, "listen for signal %d", signo);
    l->signals[signo] = (struct post){ fn, arg };
    return 0;
}

static void io_run(struct loop *l, const struct epoll_event *ev)
{
    int fd = (int)(uint32_t)ev->data.u64;
    struct io io = l->io[fd];
    bool own = fd == l->timer_fd || fd == l->event_fd;

    if (!io.fn || io.gen != (uint32_t)(ev->data.u64 >> 32))
        return; // removed by a callback before it in this turn
    if (own) {
        io.fn(io.arg, fd, ev->events);
        return;
    }
    call_begin(l, "io");
    io.fn(io.arg, fd, ev->events);
    call_end(l);
}

// Handles what is ready, without waiting.
static void dispatch(struct loop *l)
{
    struct epoll_event ev[EVENTS_PER_TURN];
    int n = epoll_wait(l->epoll_fd, ev, EVENTS_PER_TURN, 0);

    l->cpu = thread_cpu();
    for (int i = 0; i < n; i++)
        io_run(l, &ev[i]);
    posts_run(l);
    timers_run(l);
}

// Sets the timerfd, unless it is set to that moment already. In the past means at once.
static int timer_arm(struct loop *l, usec at, struct error *e)
{
    struct itimerspec its = { 0 };

    if (at == l->armed)
        return 0;
    if (at != USEC_NEVER) {
        its.it_value.tv_sec = (time_t)(at / USEC_PER_SEC);
        its.it_value.tv_nsec = (long)(at % USEC_PER_SEC) * 1000 + (at < USEC_PER_SEC);
    }
    if (timerfd_settime(l->timer_fd, TFD_TIMER_ABSTIME, &its, NULL) < 0)
        return error_errno(e, errno, "set the timer");
    l->armed = at;
    return 0;
}

static int wait_ready(struct loop *l, usec max_wait, struct error *e)
{
    struct epoll_event ev;
    int rc;

    if (l->wait)
        rc = l->wait(l->wait_arg, max_wait);
    else // Only looks: dispatch fetches for itself.
        rc = epoll_wait(l->epoll_fd, &ev, 1, max_wait == 0 ? 0 : -1);
    if (rc < 0 && errno != EINTR)
        return error_errno(e, errno, "wait for events");
    l->wakeups++;
    return 0;
}

static int turn_real(struct loop *l, usec max_wait, struct error *e)
{
    usec next = timers_next(l);

    if (max_wait > 0 && max_wait != USEC_NEVER)
        next = MIN(next, clock_mono() + MIN(max_wait, USEC_PER_DAY));
    if (timer_arm(l, next, e) < 0 || wait_ready(l, MAX(max_wait, 0), e) < 0)
        return -1;
    dispatch(l);
    return 0;
}

static int turn_fake(struct loop *l, usec max_wait, struct error *e)
{
    uint64_t calls = l->calls;
    usec now, to;

    if (timer_arm(l, USEC_NEVER, e) < 0 || wait_ready(l, 0, e) < 0)
        return -1;
    dispatch(l);
    if (l->calls != calls || max_wait <= 0)
        return 0;
    now = clock_mono();
    to = timers_next(l);
    if (max_wait < USEC_NEVER - now)
        to = MIN(to, now + max_wait);
    if (to == USEC_NEVER && wait_ready(l, USEC_NEVER, e) < 0)
        return -1;
    if (to != USEC_NEVER)
        clock_fake_advance(to - now);
    dispatch(l);
    return 0;
}

int loop_turn(struct loop *l, usec max_wait, struct error *e)
{
    return clock_is_fake() ? turn_fake(l, max_wait, e) : turn_real(l, max_wait, e);
}

int loop_run(struct loop *l, struct error *e)
{
    l->stopping = false;
    while (!l->stopping)
        if (loop_turn(l, USEC_NEVER, e) < 0)
            return -1;
    return 0;
}

void loop_stop(struct loop *l)
{
    l->stopping = true;
}

bool loop_stopping(const struct loop *l)
{
    return l->stopping;
}

int loop_fd(const struct loop *l)
{
    return l->epoll_fd;
}

void loop_set_waiter(struct loop *l, int (*wait)(void *arg, usec max_wait), void *arg)
{
    l->wait = wait;
    l->wait_arg = arg;
}

void loop_name(struct loop *l, const char *name)
{
    l->name = name;
}

size_t loop_slow_list(const struct loop *l, struct loop_slow *ret, size_t max)
{
    size_t n = MIN(max, l->slow_n);

    if (n)
        memcpy(ret, l->slow, n * sizeof(*ret));
    return n;
}

uint64_t loop_wakeups(const struct loop *l)
{
    return l->wakeups;
}
