// SPDX-License-Identifier: Apache-2.0
// Random numbers (splitmix64), counts, and the end of a schedule that failed.
#include "informer/fake_chaos.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/time.h>
#include <unistd.h>

#define COMPUTES_MAX 60 // seconds of processor time; a schedule takes some hundredths of one

static uint64_t state, current;
static uint64_t counts[CHAOS_EVENT_COUNT];

static const char *const texts[] = {
#define X(id, text) text,
    CHAOS_EVENTS(X)
#undef X
};

static char endless[256]; // what the signal says: nothing may be put together in its handler

static void on_endless(int unused_arg signo)
{
    ssize_t n = write(STDERR_FILENO, endless, strlen(endless));

    _exit(n > 0 ? 1 : 2);
}

void chaos_seed(uint64_t seed)
{
    struct itimerval limit = { .it_value = { .tv_sec = COMPUTES_MAX } };

    state = current = seed;
    snprintf(endless, sizeof(endless), "seed %" PRIu64 ": no end\nCHAOS_SEED=%" PRIu64 " %s\n",
             seed, seed, program_invocation_name);
    signal(SIGVTALRM, on_endless);
    setitimer(ITIMER_VIRTUAL, &limit, NULL);
}

uint64_t chaos_random(void)
{
    uint64_t z = (state += 0x9E3779B97F4A7C15u);

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

int chaos_below(int n)
{
    return (int)(chaos_random() % (uint64_t)n);
}

void chaos_count(enum chaos_event ev, size_t n)
{
    counts[ev] += n;
}

uint64_t chaos_counted(enum chaos_event ev)
{
    return counts[ev];
}

const char *chaos_event_text(enum chaos_event ev)
{
    return texts[ev];
}

void chaos_check(bool ok, const char *fmt, ...)
{
    va_list args;

    if (ok)
        return;
    fprintf(stderr, "seed %" PRIu64 ": ", current);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fprintf(stderr, "\nCHAOS_SEED=%" PRIu64 " %s\n", current, program_invocation_name);
    exit(1);
}
