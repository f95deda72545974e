// SPDX-License-Identifier: Apache-2.0
#include "base/loop.h"

#include "base/clock.h"
#include "base/test.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define NOTES_MAX 64

// What happened, in order, as one character each.
struct notes {
    struct loop *l;
    char text[NOTES_MAX];
    size_t n;
    struct timer again;
    int fd[4];
};

static void note(struct notes *n, char c)
{
    assert_true(n->n + 1 < NOTES_MAX);
    n->text[n->n++] = c;
}

static void note_a(void *arg)
{
    note(arg, 'a');
}

static void note_b(void *arg)
{
    note(arg, 'b');
}

static void note_c(void *arg)
{
    note(arg, 'c');
}

static void note_stop(void *arg)
{
    struct notes *n = arg;

    note(n, '.');
    loop_stop(n->l);
}

static struct notes *begin(bool fake)
{
    struct notes *n = calloc(1, sizeof(*n));
    struct error e;

    assert_non_null(n);
    if (fake)
        clock_fake(USEC_PER_HOUR, 0);
    n->l = loop_new(&e);
    assert_non_null(n->l);
    return n;
}

static void end(struct notes *n)
{
    loop_free(n->l);
    free(n);
    clock_real();
}

static void turn(struct notes *n, usec max_wait)
{
    struct error e;

    assert_int_equal(loop_turn(n->l, max_wait, &e), 0);
}

static void run(struct notes *n)
{
    struct error e;

    assert_int_equal(loop_run(n->l, &e), 0);
    assert_true(loop_stopping(n->l));
}

static void timers_run_in_order_of_their_time_then_of_their_start(void **state)
{
    struct notes *n = begin(true);
    struct timer a, b, c, stop;

    (void)state;
    timer_init(&a, "a", note_a, n);
    timer_init(&b, "b", note_b, n);
    timer_init(&c, "c", note_c, n);
    timer_init(&stop, "stop", note_stop, n);
    timer_start(n->l, &stop, 3 * USEC_PER_SEC);
    timer_start(n->l, &c, 2 * USEC_PER_SEC);
    timer_start(n->l, &b, 1 * USEC_PER_SEC);
    timer_start(n->l, &a, 1 * USEC_PER_SEC);
    run(n);
    assert_string_equal(n->text, "bac.");
    assert_false(timer_running(&a));
    assert_int_equal(clock_mono(), USEC_PER_HOUR + 3 * USEC_PER_SEC);
    end(n);
}

static void a_restarted_timer_runs_once_at_its_last_time(void **state)
{
    struct notes *n = begin(true);
    struct timer a, stop;

    (void)state;
    timer_init(&a, "a", note_a, n);
    timer_init(&stop, "stop", note_stop, n);
    timer_start(n->l, &a, USEC_PER_SEC);
    timer_start(n->l, &stop, 2 * USEC_PER_SEC);
    timer_start(n->l, &a, 3 * USEC_PER_SEC);
    run(n);
    assert_string_equal(n->text, ".");
    assert_true(timer_running(&a));
    timer_start(n->l, &stop, 2 * USEC_PER_SEC);
    run(n);
    assert_string_equal(n->text, ".a.");
    end(n);
}

static void stop_other(void *arg)
{
    struct notes *n = arg;

    note(n, 's');
    timer_stop(n->l, &n->again);
}

static void a_timer_stopped_by_another_of_the_same_moment_does_not_run(void **state)
{
    struct notes *n = begin(true);
    struct timer stopper;

    (void)state;
    timer_init(&stopper, "stopper", stop_other, n);
    timer_init(&n->again, "again", note_a, n);
    timer_start(n->l, &stopper, USEC_PER_SEC);
    timer_start(n->l, &n->again, USEC_PER_SEC);
    turn(n, USEC_PER_MIN);
    turn(n, USEC_PER_MIN);
    assert_string_equal(n->text, "s");
    end(n);
}

static void start_again(void *arg)
{
    struct notes *n = arg;

    note(n, 'a');
    timer_start(n->l, &n->again, 0);
}

static void a_timer_that_restarts_itself_at_once_waits_for_the_next_turn(void **state)
{
    struct notes *n = begin(true);

    (void)state;
    timer_init(&n->again, "again", start_again, n);
    timer_start(n->l, &n->again, 0);
    turn(n, USEC_PER_SEC);
    assert_string_equal(n->text, "a");
    turn(n, USEC_PER_SEC);
    assert_string_equal(n->text, "aa");
    timer_stop(n->l, &n->again);
    end(n);
}

static void count_hour(void *arg)
{
    struct notes *n = arg;

    n->fd[0]++;
    timer_start(n->l, &n->again, USEC_PER_HOUR);
}

static void the_fake_clock_runs_days_at_once(void **state)
{
    struct notes *n = begin(true);
    struct timer stop;

    (void)state;
    timer_init(&n->again, "hour", count_hour, n);
    timer_init(&stop, "stop", note_stop, n);
    timer_start(n->l, &n->again, USEC_PER_HOUR);
    timer_start(n->l, &stop, 30 * USEC_PER_DAY + 1);
    run(n);
    assert_int_equal(n->fd[0], 30 * 24);
    timer_stop(n->l, &n->again);
    end(n);
}

static void a_fake_turn_advances_by_its_longest_wait_and_no_more(void **state)
{
    struct notes *n = begin(true);
    struct timer a;

    (void)state;
    timer_init(&a, "a", note_a, n);
    timer_start(n->l, &a, USEC_PER_MIN);
    turn(n, USEC_PER_SEC);
    assert_int_equal(clock_mono(), USEC_PER_HOUR + USEC_PER_SEC);
    turn(n, 0);
    assert_int_equal(clock_mono(), USEC_PER_HOUR + USEC_PER_SEC);
    assert_string_equal(n->text, "");
    turn(n, USEC_NEVER);
    assert_string_equal(n->text, "a");
    end(n);
}

static void a_real_timer_ends_the_wait(void **state)
{
    struct notes *n = begin(false);
    struct timer stop;
    usec start = clock_mono();

    (void)state;
    timer_init(&stop, "stop", note_stop, n);
    timer_start(n->l, &stop, 20 * USEC_PER_MSEC);
    run(n);
    assert_true(clock_mono() - start >= 20 * USEC_PER_MSEC);
    assert_int_equal(loop_wakeups(n->l), 1);
    end(n);
}

static void a_real_turn_without_events_ends_after_its_longest_wait(void **state)
{
    struct notes *n = begin(false);
    usec start = clock_mono();

    (void)state;
    turn(n, 10 * USEC_PER_MSEC);
    assert_true(clock_mono() - start >= 10 * USEC_PER_MSEC);
    assert_int_equal(loop_wakeups(n->l), 1);
    turn(n, 0);
    end(n);
}

static void post_b(void *arg)
{
    struct notes *n = arg;

    note(n, 'p');
    loop_post(n->l, note_b, n);
}

static void what_a_post_posts_runs_on_the_next_turn(void **state)
{
    struct notes *n = begin(false);

    (void)state;
    loop_post(n->l, post_b, n);
    loop_post(n->l, note_a, n);
    turn(n, USEC_NEVER);
    assert_string_equal(n->text, "pa");
    turn(n, USEC_NEVER);
    assert_string_equal(n->text, "pab");
    end(n);
}

static void unpost_a(void *arg)
{
    struct notes *n = arg;

    note(n, 'u');
    loop_unpost(n->l, note_a, n);
}

static void a_post_taken_back_does_not_run_even_in_the_same_turn(void **state)
{
    struct notes *n = begin(false);

    (void)state;
    loop_post(n->l, note_a, n);
    loop_unpost(n->l, note_a, n);
    loop_post(n->l, unpost_a, n);
    loop_post(n->l, note_a, n);
    loop_post(n->l, note_b, n);
    turn(n, USEC_NEVER);
    turn(n, 0);
    assert_string_equal(n->text, "ub");
    end(n);
}

struct counter {
    struct loop *l;
    uint64_t next; // expected
    bool in_order;
};

struct numbered {
    struct counter *c;
    uint64_t number;
};

#define POSTS 10000u

static void check_number(void *arg)
{
    struct numbered *m = arg;

    m->c->in_order = m->c->in_order && m->number == m->c->next;
    if (++m->c->next == POSTS)
        loop_stop(m->c->l);
}

static void *post_many(void *arg)
{
    struct numbered *m = arg;

    for (size_t i = 0; i < POSTS; i++)
        loop_post(m[i].c->l, check_number, &m[i]);
    return NULL;
}

static void posts_of_another_thread_all_arrive_in_order(void **state)
{
    struct notes *n = begin(false);
    struct counter c = { .l = n->l, .in_order = true };
    struct numbered *m = calloc(POSTS, sizeof(*m));
    pthread_t th;

    (void)state;
    assert_non_null(m);
    for (size_t i = 0; i < POSTS; i++)
        m[i] = (struct numbered){ &c, i };
    assert_int_equal(pthread_create(&th, NULL, post_many, m), 0);
    run(n);
    pthread_join(th, NULL);
    assert_true(c.in_order);
    assert_int_equal(c.next, POSTS);
    free(m);
    end(n);
}

// Both sockets are ready; whichever callback runs first removes the other.
static void remove_other(void *arg, int fd, uint32_t events)
{
    struct notes *n = arg;
    int other = fd == n->fd[0] ? n->fd[2] : n->fd[0];

    assert_true(events & EPOLLIN);
    note(n, 'x');
    loop_io_remove(n->l, other);
    close(other);
    close(n->fd[fd == n->fd[0] ? 3 : 1]);
    loop_io_remove(n->l, fd);
}

static void ready_pairs(struct notes *n, loop_io_fn fn)
{
    struct error e;

    for (int i = 0; i < 4; i += 2) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, &n->fd[i]), 0);
        assert_int_equal(write(n->fd[i + 1], "x", 1), 1);
        assert_int_equal(loop_io(n->l, n->fd[i], EPOLLIN, fn, n, &e), 0);
    }
}

static void a_descriptor_removed_in_a_callback_is_not_called_in_that_turn(void **state)
{
    struct notes *n = begin(false);

    (void)state;
    ready_pairs(n, remove_other);
    turn(n, USEC_NEVER);
    turn(n, 0);
    assert_string_equal(n->text, "x");
    end(n);
}

static void note_n(void *arg, int fd, uint32_t events)
{
    (void)fd;
    (void)events;
    note(arg, 'n');
}

// As above, but the number of the closed descriptor is taken by a new one that is not ready.
static void reuse_other(void *arg, int fd, uint32_t events)
{
    struct notes *n = arg;
    int other = fd == n->fd[0] ? n->fd[2] : n->fd[0];
    int fresh[2];
    struct error e;

    (void)events;
    note(n, 'x');
    loop_io_remove(n->l, fd);
    loop_io_remove(n->l, other);
    close(other);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fresh), 0);
    assert_int_equal(fresh[0], other);
    assert_int_equal(loop_io(n->l, fresh[0], EPOLLIN, note_n, n, &e), 0);
}

static void an_event_of_a_closed_descriptor_does_not_reach_its_successor(void **state)
{
    struct notes *n = begin(false);

    (void)state;
    ready_pairs(n, reuse_other);
    turn(n, USEC_NEVER);
    turn(n, 0);
    assert_string_equal(n->text, "x");
    end(n);
}

static void a_changed_watch_reports_the_new_events_only(void **state)
{
    struct notes *n = begin(false);
    struct error e;

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, n->fd), 0);
    assert_int_equal(loop_io(n->l, n->fd[0], EPOLLIN, note_n, n, &e), 0);
    turn(n, 0);
    assert_string_equal(n->text, "");
    assert_int_equal(loop_io(n->l, n->fd[0], EPOLLOUT, note_n, n, &e), 0);
    turn(n, 0);
    assert_string_equal(n->text, "n");
    end(n);
}

static void a_file_cannot_be_watched_and_says_so(void **state)
{
    struct notes *n = begin(false);
    FILE *f = tmpfile();
    struct error e = { 0 };

    (void)state;
    assert_non_null(f);
    assert_int_equal(loop_io(n->l, fileno(f), EPOLLIN, note_n, n, &e), -1);
    assert_int_not_equal(e.code, ERR_NONE);
    assert_int_equal(loop_io(n->l, -1, EPOLLIN, note_n, n, &e), -1);
    fclose(f);
    end(n);
}

static void a_signal_arrives_as_a_callback(void **state)
{
    struct notes *n = begin(false);
    struct error e;

    (void)state;
    assert_int_equal(loop_signal(n->l, SIGTERM, note_stop, n, &e), 0);
    assert_int_equal(loop_signal(n->l, SIGHUP, note_a, n, &e), 0);
    kill(getpid(), SIGHUP);
    turn(n, USEC_NEVER);
    assert_string_equal(n->text, "a");
    kill(getpid(), SIGTERM);
    run(n);
    assert_string_equal(n->text, "a.");
    assert_int_equal(loop_signal(n->l, 0, note_a, n, &e), -1);
    end(n);
}

static void a_loop_with_nothing_to_do_does_not_wake_up(void **state)
{
    struct notes *n = begin(false);
    struct timer far;

    (void)state;
    timer_init(&far, "far", note_a, n);
    timer_start(n->l, &far, USEC_PER_HOUR);
    turn(n, 50 * USEC_PER_MSEC);
    assert_int_equal(loop_wakeups(n->l), 1); // the turn's own limit
    timer_stop(n->l, &far);
    end(n);
}

static void burn(void *arg)
{
    struct timespec ts, t0;
    struct notes *n = arg;

    if (n->fd[0])
        loop_name(n->l, "named");
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t0);
    do {
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    } while ((ts.tv_sec - t0.tv_sec) * 1000000000L + ts.tv_nsec - t0.tv_nsec < 2000000L);
}

static void sleep_long(void *arg)
{
    (void)arg;
    usleep(5000);
}

static void a_callback_that_computes_long_is_counted_by_name_one_that_waits_is_not(void **state)
{
    struct notes *n = begin(false);
    struct timer t, sleeper;
    struct loop_slow slow[4];

    (void)state;
    timer_init(&t, "burner", burn, n);
    timer_init(&sleeper, "sleeper", sleep_long, n);
    timer_start(n->l, &t, 0);
    timer_start(n->l, &sleeper, 0);
    turn(n, USEC_NEVER);
    timer_start(n->l, &t, 0);
    turn(n, USEC_NEVER);
    n->fd[0] = 1;
    loop_post(n->l, burn, n);
    turn(n, USEC_NEVER);
    assert_int_equal(loop_slow_list(n->l, slow, 4), 2);
    assert_string_equal(slow[0].name, "burner");
    assert_int_equal(slow[0].count, 2);
    assert_true(slow[0].worst >= 2000);
    assert_string_equal(slow[1].name, "named");
    assert_int_equal(loop_slow_list(n->l, slow, 1), 1);
    end(n);
}

static int wait_and_count(void *arg, usec max_wait)
{
    struct notes *n = arg;
    struct epoll_event ev;

    note(n, 'w');
    return epoll_wait(loop_fd(n->l), &ev, 1, max_wait == 0 ? 0 : -1) < 0 ? -1 : 0;
}

static int wait_fails(void *arg, usec max_wait)
{
    (void)arg;
    (void)max_wait;
    errno = EBADF;
    return -1;
}

static void another_waiter_sees_timers_posts_and_limits_by_the_descriptor_alone(void **state)
{
    struct notes *n = begin(false);
    struct timer a;
    struct error e;

    (void)state;
    loop_set_waiter(n->l, wait_and_count, n);
    timer_init(&a, "a", note_a, n);
    timer_start(n->l, &a, USEC_PER_MSEC);
    turn(n, USEC_NEVER);
    loop_post(n->l, note_b, n);
    turn(n, USEC_NEVER);
    turn(n, USEC_PER_MSEC);
    assert_string_equal(n->text, "wawbw");
    loop_set_waiter(n->l, wait_fails, n);
    assert_int_equal(loop_turn(n->l, USEC_NEVER, &e), -1);
    loop_set_waiter(n->l, NULL, NULL);
    turn(n, 0);
    end(n);
}

RUN(T(timers_run_in_order_of_their_time_then_of_their_start),
    T(a_restarted_timer_runs_once_at_its_last_time),
    T(a_timer_stopped_by_another_of_the_same_moment_does_not_run),
    T(a_timer_that_restarts_itself_at_once_waits_for_the_next_turn),
    T(the_fake_clock_runs_days_at_once), T(a_fake_turn_advances_by_its_longest_wait_and_no_more),
    T(a_real_timer_ends_the_wait), T(a_real_turn_without_events_ends_after_its_longest_wait),
    T(what_a_post_posts_runs_on_the_next_turn),
    T(a_post_taken_back_does_not_run_even_in_the_same_turn),
    T(posts_of_another_thread_all_arrive_in_order),
    T(a_descriptor_removed_in_a_callback_is_not_called_in_that_turn),
    T(an_event_of_a_closed_descriptor_does_not_reach_its_successor),
    T(a_changed_watch_reports_the_new_events_only), T(a_file_cannot_be_watched_and_says_so),
    T(a_signal_arrives_as_a_callback), T(a_loop_with_nothing_to_do_does_not_wake_up),
    T(a_callback_that_computes_long_is_counted_by_name_one_that_waits_is_not),
    T(another_waiter_sees_timers_posts_and_limits_by_the_descriptor_alone))
