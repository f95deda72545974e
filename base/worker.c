// SPDX-License-Identifier: Apache-2.0
// The worker thread. A job moves from `queued` to `finished` under the lock and belongs to exactly
// one thread at any time. Results wait in `finished`, not in the loop's posts, so that worker_free
// can hand them over itself: nothing is lost at the end, and no post is left that points to freed
// memory.
#include "base/worker.h"

#include "base/alloc.h"

#include <pthread.h>
#include <signal.h>

// SQLite and our frames need well under 100 kB; the default of 8 MB would count against memory
// limits of hosts that commit it.
#define STACK_BYTES ((size_t)512 * 1024)

struct job {
    struct job *next;
    loop_fn run, done;
    void *arg;
};

struct jobs {
    struct job *first, **end;
};

struct worker {
    struct loop *loop;
    size_t max, queued; // loop thread only
    bool is_inline, inside;
    usec late; // inline: between queueing and running
    struct timer next;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct jobs todo, finished; // under lock, likewise stop
    bool stop;
};

static void jobs_init(struct jobs *q)
{
    q->first = NULL;
    q->end = &q->first;
}

static void jobs_append(struct jobs *q, struct job *j)
{
    j->next = NULL;
    *q->end = j;
    q->end = &j->next;
}

static struct job *jobs_pop(struct jobs *q)
{
    struct job *j = q->first;

    if (j) {
        q->first = j->next;
        if (!q->first)
            q->end = &q->first;
    }
    return j;
}

static struct job *next_finished(struct worker *w)
{
    struct job *j;

    pthread_mutex_lock(&w->lock);
    j = jobs_pop(&w->finished);
    pthread_mutex_unlock(&w->lock);
    return j;
}

static void deliver_all(struct worker *w)
{
    for (struct job *j; (j = next_finished(w)); free(j)) {
        w->queued--;
        if (j->done)
            j->done(j->arg);
    }
}

static void deliver(void *arg)
{
    struct worker *w = arg;

    loop_name(w->loop, "worker_done");
    deliver_all(w);
}

// Called and left with the lock held.
static void run_one(struct worker *w, struct job *j)
{
    bool first;

    pthread_mutex_unlock(&w->lock);
    if (j->run)
        j->run(j->arg);
    pthread_mutex_lock(&w->lock);
    first = !w->finished.first;
    jobs_append(&w->finished, j);
    if (first)
        loop_post(w->loop, deliver, w);
}

static void *thread_main(void *arg)
{
    struct worker *w = arg;
    struct job *j;

    pthread_mutex_lock(&w->lock);
    for (;;) {
        while ((j = jobs_pop(&w->todo)))
            run_one(w, j);
        if (w->stop)
            break;
        pthread_cond_wait(&w->wake, &w->lock);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

// Signals belong to the loop's signalfd: the thread starts with all of them blocked.
static int start_thread(struct worker *w)
{
    pthread_attr_t attr;
    sigset_t all, old;
    int rc;

    sigfillset(&all);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    rc = pthread_create(&w->thread, &attr, thread_main, w);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attr);
    return rc;
}

static void worker_destroy(struct worker *w)
{
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

static struct worker *worker_make(struct loop *l, size_t max)
{
    struct worker *w = xcalloc(1, sizeof(*w));

    w->loop = l;
    w->max = max;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->wake, NULL);
    jobs_init(&w->todo);
    jobs_init(&w->finished);
    return w;
}

struct worker *worker_new(struct loop *l, size_t max_queued, struct error *e)
{
    struct worker *w = worker_make(l, max_queued);
    int rc = start_thread(w);

    if (rc) {
        worker_destroy(w);
        error_errno(e, rc, "start the worker thread");
        return NULL;
    }
    return w;
}

struct worker *worker_new_inline(struct loop *l)
{
    struct worker *w = worker_make(l, SIZE_MAX);

    w->is_inline = true;
    return w;
}

static int do_inline(struct worker *w, loop_fn run, loop_fn done, void *arg)
{
    bool outer = w->inside;

    w->inside = true;
    if (run)
        run(arg);
    w->inside = outer;
    if (done)
        done(arg);
    return 0;
}

static bool do_late(struct worker *w)
{
    struct job *j = jobs_pop(&w->todo);

    if (!j)
        return false;
    w->queued--;
    do_inline(w, j->run, j->done, j->arg);
    free(j);
    return true;
}

static void late_due(void *arg)
{
    struct worker *w = arg;

    do_late(w);
    if (w->queued)
        timer_start(w->loop, &w->next, w->late);
}

struct worker *worker_new_late(struct loop *l, usec late)
{
    struct worker *w = worker_new_inline(l);

    w->late = late;
    timer_init(&w->next, "late worker", late_due, w);
    return w;
}

void worker_free(struct worker *w)
{
    if (!w)
        return;
    if (w->is_inline) {
        timer_stop(w->loop, &w->next);
        while (do_late(w))
            continue;
    } else {
        pthread_mutex_lock(&w->lock);
        w->stop = true;
        pthread_cond_signal(&w->wake);
        pthread_mutex_unlock(&w->lock);
        pthread_join(w->thread, NULL);
        loop_unpost(w->loop, deliver, w);
        deliver_all(w);
    }
    worker_destroy(w);
}

int worker_do(struct worker *w, loop_fn run, loop_fn done, void *arg, struct error *e)
{
    struct job *j;

    if (w->is_inline && !w->late)
        return do_inline(w, run, done, arg);
    if (w->stop) // a done function that worker_free runs
        return error_set(e, ERR_CANCELLED, "the worker is ending");
    if (w->queued >= w->max)
        return error_set(e, ERR_LIMIT, "the worker has %zu jobs already", w->queued);
    j = xcalloc(1, sizeof(*j));
    *j = (struct job){ .run = run, .done = done, .arg = arg };
    w->queued++;
    if (w->late && !timer_running(&w->next))
        timer_start(w->loop, &w->next, w->late);
    pthread_mutex_lock(&w->lock);
    jobs_append(&w->todo, j);
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
    return 0;
}

size_t worker_queued(const struct worker *w)
{
    return w->queued;
}

bool worker_is_me(const struct worker *w)
{
    return w->is_inline ? w->inside : pthread_equal(pthread_self(), w->thread);
}
