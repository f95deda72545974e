// SPDX-License-Identifier: Apache-2.0
#include "base/worker.h"

#include "base/clock.h"
#include "base/test.h"

#include <pthread.h>

#define JOBS 1000u

// A gate that holds the worker inside a job until the test opens it.
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool open;
};

struct ctx {
    struct loop *l;
    struct worker *w;
    struct gate gate;
    uint64_t ran, delivered; // ran: worker's thread only until its result is delivered
    bool in_order, on_worker, on_loop;
    pthread_t loop_thread;
};

struct job {
    struct ctx *c;
    uint64_t number, order; // order: set by run
};

static void gate_wait(struct gate *g)
{
    pthread_mutex_lock(&g->lock);
    while (!g->open)
        pthread_cond_wait(&g->changed, &g->lock);
    pthread_mutex_unlock(&g->lock);
}

static void gate_open(struct gate *g)
{
    pthread_mutex_lock(&g->lock);
    g->open = true;
    pthread_cond_signal(&g->changed);
    pthread_mutex_unlock(&g->lock);
}

static struct ctx *begin(size_t max)
{
    struct ctx *c = calloc(1, sizeof(*c));
    struct error e;

    assert_non_null(c);
    pthread_mutex_init(&c->gate.lock, NULL);
    pthread_cond_init(&c->gate.changed, NULL);
    c->in_order = c->on_worker = c->on_loop = true;
    c->loop_thread = pthread_self();
    c->l = loop_new(&e);
    assert_non_null(c->l);
    c->w = max ? worker_new(c->l, max, &e) : worker_new_inline(c->l);
    assert_non_null(c->w);
    return c;
}

static void end(struct ctx *c)
{
    worker_free(c->w);
    loop_free(c->l);
    pthread_cond_destroy(&c->gate.changed);
    pthread_mutex_destroy(&c->gate.lock);
    free(c);
}

static void run_job(void *arg)
{
    struct job *j = arg;

    j->order = j->c->ran++;
    j->c->on_worker = j->c->on_worker && worker_is_me(j->c->w);
}

static void done_job(void *arg)
{
    struct job *j = arg;
    struct ctx *c = j->c;

    c->in_order = c->in_order && j->order == c->delivered && j->number == c->delivered;
    c->on_loop = c->on_loop && pthread_equal(pthread_self(), c->loop_thread);
    c->delivered++;
}

static void wait_gate(void *arg)
{
    struct job *j = arg;

    gate_wait(&j->c->gate);
    run_job(arg);
}

static void turn_until(struct ctx *c, uint64_t delivered)
{
    struct error e;

    while (c->delivered < delivered)
        assert_int_equal(loop_turn(c->l, USEC_NEVER, &e), 0);
}

static void jobs_run_on_the_worker_and_results_come_to_the_loop_in_order(void **state)
{
    struct ctx *c = begin(JOBS);
    struct job *j = calloc(JOBS, sizeof(*j));
    struct error e;

    (void)state;
    assert_non_null(j);
    assert_false(worker_is_me(c->w));
    for (size_t i = 0; i < JOBS; i++) {
        j[i] = (struct job){ .c = c, .number = i };
        assert_int_equal(worker_do(c->w, run_job, done_job, &j[i], &e), 0);
    }
    turn_until(c, JOBS);
    assert_true(c->in_order);
    assert_true(c->on_worker);
    assert_true(c->on_loop);
    assert_int_equal(worker_queued(c->w), 0);
    end(c);
    free(j);
}

static void a_full_queue_refuses_and_takes_again_after_a_delivery(void **state)
{
    struct ctx *c = begin(2);
    struct job j[3];
    struct error e = { 0 };

    (void)state;
    for (size_t i = 0; i < 3; i++)
        j[i] = (struct job){ .c = c, .number = i };
    assert_int_equal(worker_do(c->w, wait_gate, done_job, &j[0], &e), 0);
    assert_int_equal(worker_do(c->w, run_job, done_job, &j[1], &e), 0);
    assert_int_equal(worker_queued(c->w), 2);
    assert_int_equal(worker_do(c->w, run_job, done_job, &j[2], &e), -1);
    assert_int_equal(e.code, ERR_LIMIT);
    gate_open(&c->gate);
    turn_until(c, 2);
    assert_int_equal(worker_do(c->w, run_job, done_job, &j[2], &e), 0);
    turn_until(c, 3);
    assert_true(c->in_order);
    end(c);
}

static void freeing_runs_what_is_queued_and_delivers_it(void **state)
{
    struct ctx *c = begin(8);
    struct job j[8];
    struct error e;

    (void)state;
    for (size_t i = 0; i < 8; i++) {
        j[i] = (struct job){ .c = c, .number = i };
        assert_int_equal(worker_do(c->w, i ? run_job : wait_gate, done_job, &j[i], &e), 0);
    }
    gate_open(&c->gate);
    worker_free(c->w);
    c->w = NULL;
    assert_int_equal(c->delivered, 8);
    assert_true(c->in_order);
    assert_true(c->on_loop);
    assert_int_equal(loop_turn(c->l, 0, &e), 0); // no delivery of a freed worker is left behind
    end(c);
}

static void add_job(void *arg)
{
    struct job *j = arg;
    struct error e = { 0 };

    done_job(arg);
    assert_int_equal(worker_do(j->c->w, run_job, done_job, arg, &e), -1);
    assert_int_equal(e.code, ERR_CANCELLED);
}

static void a_result_delivered_by_freeing_cannot_add_a_job(void **state)
{
    struct ctx *c = begin(8);
    struct job j = { .c = c };
    struct error e;

    (void)state;
    assert_int_equal(worker_do(c->w, run_job, add_job, &j, &e), 0);
    worker_free(c->w);
    c->w = NULL;
    assert_int_equal(c->delivered, 1);
    end(c);
}

static void chain(void *arg)
{
    struct job *j = arg;
    struct error e;

    done_job(arg);
    j->number++;
    if (j->number < 10)
        assert_int_equal(worker_do(j->c->w, run_job, chain, arg, &e), 0);
}

static void a_result_may_start_the_next_job(void **state)
{
    struct ctx *c = begin(1);
    struct job j = { .c = c };
    struct error e;

    (void)state;
    assert_int_equal(worker_do(c->w, run_job, chain, &j, &e), 0);
    turn_until(c, 10);
    assert_true(c->in_order);
    end(c);
}

static void either_function_may_be_absent(void **state)
{
    struct ctx *c = begin(4);
    struct job j = { .c = c };
    struct error e;

    (void)state;
    assert_int_equal(worker_do(c->w, run_job, NULL, &j, &e), 0);
    assert_int_equal(worker_do(c->w, NULL, done_job, &j, &e), 0);
    turn_until(c, 1);
    assert_int_equal(c->ran, 1);
    end(c);
}

static void inline_runs_both_before_it_returns(void **state)
{
    struct ctx *c = begin(0);
    struct job j = { .c = c };
    struct error e;

    (void)state;
    assert_int_equal(worker_do(c->w, run_job, done_job, &j, &e), 0);
    assert_int_equal(c->delivered, 1);
    assert_true(c->in_order);
    assert_true(c->on_worker);
    assert_false(worker_is_me(c->w));
    assert_int_equal(worker_queued(c->w), 0);
    end(c);
}

static void late_runs_one_after_the_other_and_the_rest_at_the_end(void **state)
{
    struct ctx *c = begin(0);
    struct job jobs[3];
    struct error e;

    (void)state;
    worker_free(c->w);
    clock_fake(USEC_PER_SEC, 0);
    c->w = worker_new_late(c->l, USEC_PER_SEC);
    for (uint64_t i = 0; i < ARRAY_SIZE(jobs); i++) {
        jobs[i] = (struct job){ .c = c, .number = i };
        assert_int_equal(worker_do(c->w, run_job, done_job, &jobs[i], &e), 0);
    }
    assert_int_equal(c->ran, 0);
    while (c->ran == 0)
        assert_int_equal(loop_turn(c->l, USEC_PER_HOUR, NULL), 0);
    assert_int_equal(clock_mono(), 2 * USEC_PER_SEC);
    assert_int_equal(c->delivered, 1);
    assert_int_equal(worker_queued(c->w), 2);
    worker_free(c->w);
    assert_int_equal(c->delivered, 3);
    assert_true(c->in_order);
    c->w = worker_new_inline(c->l);
    clock_real();
    end(c);
}

RUN(T(jobs_run_on_the_worker_and_results_come_to_the_loop_in_order),
    T(a_full_queue_refuses_and_takes_again_after_a_delivery),
    T(freeing_runs_what_is_queued_and_delivers_it),
    T(a_result_delivered_by_freeing_cannot_add_a_job), T(a_result_may_start_the_next_job),
    T(either_function_may_be_absent), T(late_runs_one_after_the_other_and_the_rest_at_the_end),
    T(inline_runs_both_before_it_returns))
