// SPDX-License-Identifier: Apache-2.0
// For tests of the HTTP client: a peer that plays back bytes, one script for each request, and
// calls that write down what happens to them; both in one loop. With the fake clock time passes by
// the scripts alone: loopback delivers at once. What must not fail aborts.
#pragma once

#include "base/base.h"
#include "base/http.h"

#define FAKE_CONNS_MAX   40
#define FAKE_SCRIPTS_MAX 40
#define FAKE_CALLS_MAX   40

struct fake_step {
    usec after;
    const char *text;
    size_t n;   // 0: strlen(text)
    bool close; // then
};

struct fake_peer;

struct fake_conn {
    struct fake_peer *p;
    int fd;
    struct buf in;
    struct timer timer;
    const struct fake_step *step;
};

struct fake_peer {
    struct loop *l;
    int fd, port;
    struct fake_conn conns[FAKE_CONNS_MAX];
    size_t conns_n;                                    // accepted so far
    const struct fake_step *scripts[FAKE_SCRIPTS_MAX]; // the last one repeats
    size_t scripts_n, requests;
    struct buf seen; // all requests
};

struct fake_call {
    struct fake_http *env;
    struct http_call *call;
    int headers, pieces, done;
    int status;
    size_t largest;
    char type[64], warning[128];
    usec retry_after;
    struct buf body;
    struct error e;
    void (*hook)(struct fake_call *r); // called in every callback
    char where;                        // 'h', 'd' or 'D': which one
    int data_answer;
};

struct fake_http {
    struct loop *l;
    struct transport *t;
    struct fake_peer peer;
    struct fake_call r[FAKE_CALLS_MAX];
    char url[64];
};

extern const struct http_events fake_http_gathered; // body at the end
extern const struct http_events fake_http_streamed; // body in pieces

struct fake_http *fake_http_begin(void);
struct fake_http *fake_http_begin_with(const struct http_options *o);
void fake_http_end(struct fake_http *v); // also returns to the real clock
void fake_http_script(struct fake_http *v, const struct fake_step *s); // for the next request
size_t fake_http_seen(const struct fake_http *v, const char *part);    // how often, in all requests

struct http_request fake_http_get(const struct fake_http *v); // GET of the peer
struct fake_call *fake_http_start(struct fake_http *v, size_t i, const struct http_request *req,
                                  const struct http_events *ev); // as v->r[i]
void fake_http_turn(struct fake_http *v, usec max_wait);
void fake_http_finish(struct fake_http *v, struct fake_call *r); // turns until it is done, once
struct fake_call *fake_http_fetch(struct fake_http *v, const struct http_request *req,
                                  const struct http_events *ev); // start as v->r[0] and finish
