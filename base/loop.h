// SPDX-License-Identifier: Apache-2.0
// The one event loop: an epoll set with a timerfd, an eventfd for posts and a signalfd. All functions belong to the loop's
// thread but loop_post. A callback may take 1 ms; slower ones are counted by name (loop_slow).
#pragma once

#include "base/base.h"
#include "base/error.h"
#include "base/heap.h"

struct loop;
typedef void (*loop_fn)(void *arg);
typedef void (*loop_io_fn)(void *arg, int fd, uint32_t events); // events: EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP

struct timer { // embedded by its owner; zeroed memory is a stopped timer
    struct heap_node node;
    const char *name; // for the slow-callback count
    loop_fn fn;
    void *arg;
};

struct loop *loop_new(struct error *e);
void loop_free(struct loop *l);

int must_check loop_io(struct loop *l, int fd, uint32_t events, loop_io_fn fn, void *arg, struct error *e); // add or change
void loop_io_remove(struct loop *l, int fd); // before close(fd); safe inside any callback

void timer_init(struct timer *t, const char *name, loop_fn fn, void *arg);
void timer_start(struct loop *l, struct timer *t, usec delay); // one shot; restarts a running timer; delay <= 0: next turn
void timer_stop(struct loop *l, struct timer *t);              // no-op when stopped
static inline bool timer_running(const struct timer *t)
{
    return heap_has(&t->node);
}

void loop_post(struct loop *l, loop_fn fn, void *arg); // any thread: fn(arg) runs on the loop's next turn, in order
int must_check loop_signal(struct loop *l, int signo, loop_fn fn, void *arg, struct error *e); // blocks it in this thread

int must_check loop_run(struct loop *l, struct error *e); // until loop_stop
void loop_stop(struct loop *l);
int must_check loop_turn(struct loop *l, usec max_wait, struct error *e); // one turn: wait, then dispatch what is ready
bool loop_stopping(const struct loop *l);
// With clock_fake in force a turn does not wait: when nothing is ready it advances the clock to the next timer,
// by max_wait at most. So component tests run hours in milliseconds.

int loop_fd(const struct loop *l);      // the epoll descriptor, pollable: httpd hands it to libwebsockets
void loop_dispatch(struct loop *l);     // handles what is ready, without waiting
void loop_set_waiter(struct loop *l, int (*wait)(void *arg, usec max_wait), void *arg); // httpd takes over the waiting

struct loop_slow {
    const char *name;
    uint64_t count;
    usec worst;
};
size_t loop_slow_list(const struct loop *l, struct loop_slow *ret, size_t max);
uint64_t loop_wakeups(const struct loop *l);
