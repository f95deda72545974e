// SPDX-License-Identifier: Apache-2.0
#include "informer/fake_chaos_candidate.h"

#include "informer/fake_chaos.h"

#define RESTART_TIME (5 * USEC_PER_SEC)

static void on_started(void unused_arg *arg)
{
    chaos_count(CHAOS_LEASE_WON, 1);
}

static void on_stopped(void *arg, bool lost)
{
    struct chaos_candidate *c = arg;

    chaos_check(!c->stopped, "a candidate stopped twice");
    chaos_check(lost, "a candidate gave up what nobody took");
    c->stopped = true;
    chaos_count(CHAOS_LEASE_LOST, 1);
    timer_start(c->loop, &c->restart, RESTART_TIME);
}

static void on_regression(void *arg, uint64_t was, uint64_t is)
{
    struct chaos_candidate *c = arg;

    chaos_check(is < was, "a regression that is none");
    informers_regressed(c->in);
}

static void begin(void *arg)
{
    struct chaos_candidate *c = arg;
    struct error e = { 0 };
    struct lease_options o = {
        .ns = "n",
        .name = "l",
        .identity = "candidate",
        .recorder = c->recorder,
        .started = on_started,
        .stopped = on_stopped,
        .rv_regression = on_regression,
        .arg = c,
    };

    client_set_fence(c->client, NULL, NULL);
    lease_free(c->lease);
    c->stopped = false;
    c->lease = lease_new(c->loop, c->client, &o, &e);
    chaos_check(c->lease != NULL, "no lease: %s", e.text);
    client_set_fence(c->client, lease_may_write, c->lease);
    lease_start(c->lease);
}

void chaos_candidate_init(struct chaos_candidate *c, struct loop *l, struct client *client,
                          struct informers *in)
{
    struct recorder_options o = { .controller = "kube9.io/operator", .instance = "i" };
    struct error e = { 0 };

    *c = (struct chaos_candidate){ .loop = l, .client = client, .in = in };
    c->recorder = recorder_new(l, client, &o, &e);
    chaos_check(c->recorder != NULL, "no recorder: %s", e.text);
    timer_init(&c->restart, "chaos restart", begin, c);
    begin(c);
}

void chaos_candidate_say(struct chaos_candidate *c, const char *pod)
{
    struct recorder_event ev = {
        .reason = "Chaos",
        .note = "it happened again",
        .regarding = {.api_version = "v1", .kind = "Pod", .ns = "n", .name = pod, .uid = "u"},
    };

    recorder_emit(c->recorder, &ev);
}

void chaos_candidate_check(const struct chaos_candidate *c)
{
    chaos_check(lease_held(c->lease), "nobody leads: the holder is '%s'", lease_holder(c->lease));
    chaos_check(recorder_idle(c->recorder), "Events are still waiting");
}

void chaos_candidate_fini(struct chaos_candidate *c)
{
    if (!c->loop)
        return;
    timer_stop(c->loop, &c->restart);
    client_set_fence(c->client, NULL, NULL);
    lease_free(c->lease);
    recorder_free(c->recorder);
}
