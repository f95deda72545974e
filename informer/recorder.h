// SPDX-License-Identifier: Apache-2.0
// Kubernetes Events (events.k8s.io/v1) about what we did, for `kubectl describe` and `kubectl
// events`. Never blocks and never fails its caller: at most RECORDER_QUEUE_MAX are pending, more
// are counted as dropped. A repetition becomes a series (count and last time), as client-go's
// recorder does.
#pragma once

#include "base/base.h"
#include "base/error.h"
#include "base/loop.h"

struct client;
struct recorder;

#define RECORDER_QUEUE_MAX 1000

struct recorder_object { // what the event is about
    const char *api_version, *kind;
    const char *ns; // NULL or "": cluster-scoped; the event then lives in "default"
    const char *name, *uid;
    const char *rv; // NULL: left out
};

struct recorder_event {
    bool warning;       // type Warning instead of Normal
    const char *reason; // CamelCase, required, 128
    const char *action; // CamelCase: what was tried; NULL: the reason
    const char *note;   // for people; cut at 1 KiB
    struct recorder_object regarding;
    struct recorder_object related; // name NULL: none
};

struct recorder_options {
    const char *controller; // reportingController, "kube9.io/operator"
    const char *instance;   // reportingInstance; NULL: "kube9-operator-<hostname>"
};

struct recorder *recorder_new(struct loop *l, struct client *c, const struct recorder_options *o,
                              struct error *e);
void recorder_free(struct recorder *r);                      // NULL ok; what is pending is dropped
void recorder_set_enabled(struct recorder *r, bool enabled); // spec.events.enabled
void recorder_emit(struct recorder *r, const struct recorder_event *ev); // copies; r NULL ok
bool recorder_idle(const struct recorder *r); // nothing is pending (shutdown waits briefly)
uint64_t recorder_dropped(const struct recorder *r);
