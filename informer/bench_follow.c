// SPDX-License-Identifier: Apache-2.0
// Follows all Pods with one subscriber that counts, and says what that has cost: the same work, and
// the same lines, as e2e/peers does with client-go, so that e2e/peers.sh can measure either.
//   bench_follow KUBECONFIG
// A line of figures comes when all is synced, and one for each resourceVersion that stdin names,
// once it was seen; each a second after the event, when things have settled. The end of stdin is
// the end. The recorded server makes the time of sending (microseconds) the resourceVersion of an
// update; the difference is the time from there to this subscriber.
#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"
#include "informer/client.h"
#include "informer/informer.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#define FIRST_STAMP UINT64_C(1000000000000000) // versions of etcd are much smaller
#define SETTLE      USEC_PER_SEC

struct follower {
    struct loop *loop;
    struct kube_config kube;
    struct client *client;
    struct informers *in;
    struct subscriber *sub;
    struct timer settled;
    struct buf input;
    bool synced, waiting; // for `awaited`
    uint64_t awaited, newest, updates;
    usec *latency; // owned; since the last line
    size_t n, cap;
};

static void add_latency(struct follower *f, usec value)
{
    if (f->n == f->cap) {
        f->cap = f->cap ? 2 * f->cap : 1024;
        f->latency = xrealloc(f->latency, f->cap * sizeof(*f->latency));
    }
    f->latency[f->n++] = value;
}

// When what is waited for is here, the figures follow a moment later.
static void check(struct follower *f)
{
    if (!f->synced && subscriber_synced(f->sub))
        f->synced = true;
    else if (!f->waiting || f->newest < f->awaited)
        return;
    f->waiting = false;
    timer_start(f->loop, &f->settled, SETTLE);
}

static void on_changes(void *arg)
{
    struct follower *f = arg;
    usec now = clock_wall();
    struct change c;

    while (subscriber_next(f->sub, &c)) {
        if (c.initial || !c.now)
            continue;
        f->updates++;
        f->newest = MAX(f->newest, c.now->rv);
        if (c.now->rv >= FIRST_STAMP)
            add_latency(f, now - (usec)c.now->rv);
    }
    check(f);
}

static long kilobytes(const char *member)
{
    size_t n = strlen(member);
    char line[256];
    long ret = 0;
    FILE *f = fopen("/proc/self/status", "r");

    while (f && fgets(line, sizeof(line), f))
        if (strncmp(line, member, n) == 0 && line[n] == ':')
            ret = strtol(line + n + 1, NULL, 10);
    if (f)
        fclose(f);
    return ret;
}

static usec cpu_time(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * USEC_PER_SEC + u.ru_utime.tv_usec +
           u.ru_stime.tv_usec;
}

static int by_value(const void *a, const void *b)
{
    usec x = *(const usec *)a, y = *(const usec *)b;

    return (x > y) - (x < y);
}

static usec quantile(const struct follower *f, double share)
{
    return f->n ? f->latency[MIN(f->n - 1, (size_t)((double)f->n * share))] : 0;
}

static void say(void *arg)
{
    struct follower *f = arg;
    usec cpu = cpu_time();

    if (f->n)
        qsort(f->latency, f->n, sizeof(*f->latency), by_value);
    printf("objects=%" PRIu32 " updates=%" PRIu64 " cpu_us=%" PRId64
           " rss_kb=%ld hwm_kb=%ld timed=%zu p50_us=%" PRId64 " p99_us=%" PRId64 "\n",
           informer_count(f->in, KIND_POD), f->updates, cpu, kilobytes("VmRSS"), kilobytes("VmHWM"),
           f->n, quantile(f, 0.5), quantile(f, 0.99));
    fflush(stdout);
    f->n = 0;
}

static void end(struct follower *f, const char *why)
{
    if (why)
        fprintf(stderr, "bench_follow: %s\n", why);
    loop_stop(f->loop);
}

static void on_input(void *arg, int fd, uint32_t unused_arg events)
{
    struct follower *f = arg;
    struct str rest, line;
    char text[256];
    ssize_t n = read(fd, text, sizeof(text));
    int64_t version;

    if (n <= 0 || buf_add(&f->input, text, (size_t)n) < 0) {
        end(f, n < 0 ? strerror(errno) : n ? "stdin: the line is too long" : NULL);
        return;
    }
    if (!memchr(f->input.p, '\n', f->input.n))
        return;
    rest = buf_str(&f->input);
    if (!str_split(&rest, '\n', &line) || str_i64(line, &version) < 0 || version < 0) {
        end(f, "stdin: a line is no resourceVersion");
        return;
    }
    buf_reset(&f->input); // the next line comes after our answer
    f->awaited = (uint64_t)version;
    f->waiting = true;
    check(f);
}

static int open_follower(struct follower *f, const char *kubeconfig, struct error *e)
{
    static const enum kind_id kinds[] = { KIND_POD, KIND_COUNT };

    timer_init(&f->settled, "settled", say, f);
    buf_init(&f->input, 256);
    if (kube_config_load(&(struct kube_config_options){ .kubeconfig = kubeconfig }, &f->kube, e) <
        0)
        return -1;
    f->loop = loop_new(e);
    if (!f->loop)
        return -1;
    f->client = client_new(f->loop, &(struct client_options){ .config = &f->kube }, e);
    if (!f->client)
        return -1;
    f->in = informers_new(&(struct informers_options){ .loop = f->loop, .client = f->client });
    f->sub = informers_subscribe(f->in, kinds, on_changes, f);
    informers_add(f->in, KIND_POD);
    return loop_io(f->loop, STDIN_FILENO, EPOLLIN, on_input, f, e);
}

static void close_follower(struct follower *f)
{
    subscriber_free(f->sub);
    informers_free(f->in);
    client_free(f->client);
    loop_free(f->loop);
    kube_config_fini(&f->kube);
    buf_fini(&f->input);
    free(f->latency);
}

int main(int argc, char **argv)
{
    struct follower f = { 0 };
    struct error e = { 0 };
    int rc;

    signal(SIGPIPE, SIG_IGN);
    if (argc != 2) {
        fprintf(stderr, "usage: bench_follow KUBECONFIG\n");
        return 2;
    }
    rc = open_follower(&f, argv[1], &e);
    if (rc == 0)
        rc = loop_run(f.loop, &e);
    if (rc < 0)
        fprintf(stderr, "bench_follow: %s\n", e.text);
    close_follower(&f);
    return rc < 0 ? 1 : 0;
}
