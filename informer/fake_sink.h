// SPDX-License-Identifier: Apache-2.0
// Tests of the watcher: a watcher of Pods on the fake API server, with a sink that keeps "name@rv"
// per object, and short notations for what the server says.
#pragma once

#include "base/base.h"
#include "base/loop.h"
#include "informer/client.h"
#include "informer/fake_server.h"
#include "informer/watcher.h"

#define FAKE_SINK_OBJECTS 600

struct fake_sink_object {
    char name[24], uid[40];
    uint64_t rv;
};

struct fake_sink_set {
    struct fake_sink_object v[FAKE_SINK_OBJECTS];
    size_t n;
};

struct fake_sink {
    struct loop *loop;
    struct fake_server *server;
    struct client *client;
    struct json_pool *pool;
    struct watcher *watcher;
    struct fake_sink_set held, staged;
    bool staging;
    unsigned begun, committed, aborted, applied, duplicates, suspects, synced, failures;
    struct error last_failure;
    bool stop_on_failure, stop_on_commit, stop_on_apply; // the watcher, from within that callback
};

// Starts nothing yet; the clock is fake from here on.
struct fake_sink *fake_sink_new(bool prefer_watchlist);
void fake_sink_free(struct fake_sink *s);              // checks that no call is left open
void fake_sink_pass(struct fake_sink *s, usec t);      // lets t go by, with all that is due in it
const char *fake_sink_text(const struct fake_sink *s); // "a@5 b@7", sorted by name

// "a@5 b@7" as the answer to a list or a page; cont NULL: the last page.
void fake_sink_list(struct fake_sink *s, const char *rv, const char *items, const char *cont);
void fake_sink_list_fails(struct fake_sink *s, int status, const char *reason);

// "ADDED a@8; BOOKMARK @9; ERROR 410 Expired; ..." as a watch's stream.
struct fake_watch_script {
    const char *events;
    usec lasts;    // the stream ends cleanly after this time; 0: it stays open
    size_t cut_at; // bytes, then ERR_IO
    size_t chunk;
};

void fake_sink_watch(struct fake_sink *s, const struct fake_watch_script *w);
void fake_sink_watch_fails(struct fake_sink *s, int status, const char *reason, unsigned times);
char *fake_sink_stream(const char *events); // the bytes; caller frees

size_t fake_sink_lists(const struct fake_sink *s); // requests so far; not probes
size_t fake_sink_probes(const struct fake_sink *s);
size_t fake_sink_watches(const struct fake_sink *s);
const char *fake_sink_url(const struct fake_sink *s, size_t i);
usec fake_sink_at(const struct fake_sink *s, size_t i);
