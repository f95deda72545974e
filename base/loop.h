// SPDX-License-Identifier: Apache-2.0
// The one event loop: an epoll set with a timerfd, an eventfd for posts and a signalfd. All
// functions belong to the loop's thread but loop_post. A callback may take 1 ms of processor time;
// slower ones are counted by name (loop_slow_list). A loop with nothing to do does not wake up.
#pragma once

#include "base/base.h"
#include "base/error.h"
#include "base/heap.h"

struct loop;
typedef void (*loop_fn)(void *arg);
// events: EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP
typedef void (*loop_io_fn)(void *arg, int fd, uint32_t events);

struct timer { // embedded by its owner; zeroed memory is a stopped timer
    struct heap_node node;
    const char *name; // for the slow-callback count
    loop_fn fn;
    void *arg;
};

struct loop *loop_new(struct error *e);
void loop_free(
    struct loop *l); // NULL ok; posts that did not run are dropped, file descriptors stay

// Watches fd, or changes what is watched. The loop does not own fd.
int must_check loop_io(struct loop *l, int fd, uint32_t events, loop_io_fn fn, void *arg,
                       struct error *e);
void loop_io_remove(struct loop *l, int fd); // before close(fd); safe inside any callback

void timer_init(struct timer *t, const char *name, loop_fn fn, void *arg);
// One shot; restarts a running timer; delay <= 0: next turn.
void timer_start(struct loop *l, struct timer *t, usec delay);
void timer_stop(struct loop *l, struct timer *t); // no-op when stopped; safe inside any callback

static inline bool timer_running(const struct timer *t)
{
    return heap_has(&t->node);
}

void loop_post(struct loop *l, loop_fn fn,
               void *arg); // any thread: runs on the next turn, in order
void loop_unpost(struct loop *l, loop_fn fn, void *arg); // forgets what is posted and did not run
// Blocks the signal in this thread for good; threads started later inherit that.
int must_check loop_signal(struct loop *l, int signo, loop_fn fn, void *arg, struct error *e);

int must_check loop_run(struct loop *l, struct error *e); // until loop_stop
void loop_stop(struct loop *l);                           // holds until loop_run is called again
// One turn: wait for max_wait at most (USEC_NEVER: no limit), then dispatch what is ready. Not to
// be called inside a callback; nor is loop_run.
int must_check loop_turn(struct loop *l, usec max_wait, struct error *e);
bool loop_stopping(const struct loop *l);
// With clock_fake in force a turn does not wait: when nothing is ready it advances the clock to the
// next timer, by max_wait at most. So component tests run hours in milliseconds. Only with no timer
// and max_wait USEC_NEVER there is no moment to advance to, and it waits for a descriptor or a
// post.

int loop_fd(
    const struct loop *l); // the epoll descriptor, pollable: httpd gives it to libwebsockets
// httpd takes over the waiting: wait returns 0 when loop_fd is readable (the loop's timers make it
// so, max_wait included) or something of its own happened, -1 when waiting failed. max_wait 0: only
// looks. NULL gives the waiting back.
void loop_set_waiter(struct loop *l, int (*wait)(void *arg, usec max_wait), void *arg);

// Names the callback that is running, for the slow-callback count (static string). Timers have a
// name already; descriptors count as "io", posts as "post", signals as "signal".
void loop_name(struct loop *l, const char *name);
// Calls fn(arg), counted by that name: for callbacks that come through httpd's waiter.
void loop_measure(struct loop *l, const char *name, loop_fn fn, void *arg);

struct loop_slow {
    const char *name;
    uint64_t count;
    usec worst; // thread processor time
};

size_t loop_slow_list(const struct loop *l, struct loop_slow *ret, size_t max);
uint64_t loop_wakeups(const struct loop *l); // how often waiting ended
