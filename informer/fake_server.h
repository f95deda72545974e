// SPDX-License-Identifier: Apache-2.0
// Tests only: an API server inside the process, on the loop, under the fake clock. Two modes that
// mix: scripted replies, used first and in order per matching URL, and a model that holds objects
// with resourceVersions and answers honestly (list with pages, watch with bookmarks, get, create,
// update, merge patch and apply, status, delete, SSAR, Lease).
#pragma once

#include "base/base.h"
#include "base/error.h"
#include "base/http.h"
#include "base/json.h"
#include "base/loop.h"

struct client;
struct fake_server;

struct fake_server *fake_server_new(struct loop *l);
void fake_server_free(struct fake_server *f); // transports must be freed before
struct transport *fake_server_transport(
    struct fake_server *f); // a set of connections; any number; free by transport_free
struct client *fake_server_client(struct fake_server *f); // free by client_free, before the server
struct loop *fake_server_loop(const struct fake_server *f);
#define FAKE_SERVER_URL "https://fake.invalid"

// Request log.
struct fake_request {
    char *method, *url, *body, *headers; // url without FAKE_SERVER_URL; headers one per line
    usec at;                             // clock_mono
    int status;                          // answered; 0 if none yet
    enum err error;                      // scripted transport error
    bool scripted;                       // answered by fake_server_script
};

size_t fake_server_requests(const struct fake_server *f);
const struct fake_request *fake_server_request(const struct fake_server *f, size_t i);
// Requests whose method is equal (NULL: any) and whose URL holds `part` (NULL: any).
size_t fake_server_count(const struct fake_server *f, const char *method, const char *part);
size_t fake_server_open_calls(const struct fake_server *f);
void fake_server_forget_log(struct fake_server *f);

// Scripted replies.
struct fake_reply {
    int status;       // 0: 200
    const char *body; // copied; NULL: ""
    enum err
        error; // != ERR_NONE: transport error, before any status (or after `body` with status set)
    usec retry_after; // header
    usec delay;       // before the first byte; 0: next turn
    usec gap;         // between chunks
    size_t chunk;     // bytes per on_data; 0: all at once
    size_t cut_at;    // > 0: connection ends with ERR_IO after that many bytes of the body
    bool stay_open;   // after the body nothing more comes (a silent watch)
    usec lasts;       // stay_open for this long, then a clean end; 0: see stay_open
    unsigned times;   // 0: 1
};

void fake_server_script(struct fake_server *f, const char *method, const char *url_part,
                        const struct fake_reply *r);
size_t fake_server_scripts_left(const struct fake_server *f);

// Faults of the model.
void fake_server_down(struct fake_server *f, bool down); // connection refused; open calls are cut
void fake_server_cut_watches(struct fake_server *f,
                             bool clean); // ends all open watches: EOF or ERR_IO
void fake_server_silence(struct fake_server *f,
                         bool on); // open watches deliver nothing (half-open TCP)
void fake_server_compact(
    struct fake_server *f); // older resourceVersions and continue tokens are 410 now
void fake_server_restore(struct fake_server *f,
                         uint64_t rv); // etcd restored from backup: RV goes back to rv
void fake_server_chunk(struct fake_server *f,
                       size_t bytes); // cut every body into pieces of this size; 0: whole
void fake_server_no_watchlist(struct fake_server *f,
                              bool refuse); // true (default): 422 on sendInitialEvents
void fake_server_allow(struct fake_server *f, const char *verb, const char *plural,
                       bool allowed); // RBAC and SSAR; default all
void fake_server_serve(struct fake_server *f, const char *plural,
                       bool served); // false: 404 for the collection

// Sends the last n events once more on all open watches that had them, as no good server does; how
// many lines that were.
size_t fake_server_replay(struct fake_server *f, size_t n);
size_t fake_server_inject(struct fake_server *f, const char *line); // text on all open watches

// Asked before bytes of an answer leave: where the connection breaks in them. Nothing was sent of
// this text yet; text NULL: not even the headers. FAKE_NO_CUT: it does not break.
#define FAKE_NO_CUT SIZE_MAX
typedef size_t (*fake_cut_fn)(void *arg, const char *text, size_t n, bool watch);
void fake_server_cut_by(struct fake_server *f, fake_cut_fn cut, void *arg);
// Lists come in an order of this seed, some items twice; 0: sorted. The second: how many did.
void fake_server_shuffle(struct fake_server *f, uint64_t seed);
size_t fake_server_shuffled(const struct fake_server *f);

// The model. Objects are JSON texts with apiVersion, kind and metadata.name; uid, resourceVersion,
// generation and creationTimestamp are filled in. Watchers are told. RV of the write, 0 when
// refused.
uint64_t fake_server_put(struct fake_server *f, const char *json);
uint64_t fake_server_delete(struct fake_server *f, const char *plural, const char *ns,
                            const char *name);
json_val *fake_server_get(struct fake_server *f, const char *plural, const char *ns,
                          const char *name); // NULL if absent
size_t fake_server_objects(const struct fake_server *f, const char *plural);
uint64_t fake_server_rv(const struct fake_server *f);
void fake_server_bookmark(struct fake_server *f); // sends one on every open watch
