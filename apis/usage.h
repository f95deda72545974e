// SPDX-License-Identifier: Apache-2.0
// What containers and Nodes were seen to use over the last day, by the half hour: of several looks
// into one half hour a container keeps the highest, a Node the last. Containers are remembered by
// the controller of their Pod (else the Pod) and their name, so a new ReplicaSet begins anew. CPU
// in thousandths of a core, memory in KiB. Whoever reads it in another thread does so while nothing
// is put.
#pragma once

#include "apis/object.h"
#include "base/base.h"

#define USAGE_SLOTS      48
#define USAGE_SLOT       (30 * USEC_PER_MIN)
#define USAGE_SERIES_MAX 20000 // further ones are not remembered: 9 MB at most

struct usage;

struct usage *usage_new(void);
void usage_free(struct usage *u);           // NULL ok
void usage_begin(struct usage *u, usec at); // what is put from now on was seen then; monotonic
void usage_put_pod(struct usage *u, const struct object *pod, const struct object *metrics);
void usage_put_node(struct usage *u, const struct object *node, const struct object *metrics);
size_t usage_series(const struct usage *u);
// Why nothing could be read the last time; "" if it could.
void usage_set_problem(struct usage *u, const char *text);
const char *usage_problem(const struct usage *u); // u NULL: ""

struct usage_sample {
    uint32_t cpu, memory;
};

struct usage_samples {
    uint64_t have;                         // bit i: there is a sample of
    struct usage_sample slot[USAGE_SLOTS]; // i half hours before the last look
};

// Adds what is known of a Pod's container, or of a Node, to ret, which begins zeroed; where it has
// a sample already the higher one stays. u NULL: nothing is known.
void usage_of_pod(const struct usage *u, const struct object *pod, const char *container,
                  struct usage_samples *ret);
void usage_of_node(const struct usage *u, const struct object *node, struct usage_samples *ret);

uint32_t usage_count(const struct usage_samples *s);
usec usage_span(const struct usage_samples *s); // from the first to the last
// Each of cpu and memory by itself; zero without samples. p95: 95 of 100 samples are not above it.
struct usage_sample usage_mean(const struct usage_samples *s);
struct usage_sample usage_p95(const struct usage_samples *s);
struct usage_sample usage_max(const struct usage_samples *s);
