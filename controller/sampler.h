// SPDX-License-Identifier: Apache-2.0
// What containers and Nodes use, from metrics.k8s.io: a list now and then, for it cannot be
// watched. Where the API is not served nothing more is asked for, and without the right to list it
// nothing is listed. Loop thread.
#pragma once

#include "apis/snapshot.h"
#include "base/base.h"
#include "base/loop.h"

struct client;
struct informers;
struct permissions;
struct sampler;

struct sampler_options {
    struct loop *loop;
    struct client *client;
    struct informers *informers; // Pods and Nodes are found here
    struct permissions *permissions;
    void (*ended)(void *arg); // a look has come to its end, well or not; NULL ok
    void *arg;
};

struct sampler *sampler_new(const struct sampler_options *o);
void sampler_free(struct sampler *s); // NULL ok
void sampler_look(struct sampler *s); // begins to list, unless it does already
bool sampler_busy(const struct sampler *s);
void sampler_keep_looking(struct sampler *s); // from now on by itself too, every half hour
// Gives the snapshot what is known and the state of both kinds. A look that is under way ends, and
// none begins by itself until the snapshot is given back.
void sampler_show(struct sampler *s, struct snapshot *snapshot);
void sampler_take_back(struct sampler *s);
