// SPDX-License-Identifier: Apache-2.0
// One call of the libcurl transport: its easy handle, what curl's callbacks fill, and its deadline.
// Between http.c, which owns transports and pools, and http_call.c alone.
#pragma once

#include "base/base.h"
#include "base/http.h"
#include "base/http_headers.h"
#include "base/list.h"
#include <curl/curl.h>

// What calls need to know of their transport.
struct http_curl {
    struct transport base;
    struct loop *loop;
    char *user_agent, *proxy_url;
    bool no_http2;
    usec tcp_user_timeout;
    struct http_stats stats;
    struct list pools;
    struct http_pool *pool; // of new calls
    int busy;               // callbacks of ours on the stack
    bool in_curl; // libcurl is on the stack: nothing may be added to or removed from a multi
    bool dying;
};

// One multi handle with the TLS material of its connections. New material means a new pool, so that
// no connection, session or parsed CA of the old one can serve a new call.
struct http_pool {
    struct list link;
    struct http_curl *t;
    CURLM *multi;
    struct timer timer; // libcurl's
    struct timer pace;  // see http.c
    int paced_fd;       // the socket that is read when `pace` is due, -1: none
    bool paused;        // and not before: epoll does not watch it
    int read_fd;        // read last, at read_at
    usec read_at;
    bool much;                // its last reading was large
    int sending;              // sockets that libcurl wants to write to
    struct http_call *opener; // makes a connection that others may share, see http.c
    struct list calls;
    struct http_tls tls;
};

struct http_call {
    struct list link;
    struct http_pool *pool;
    CURL *easy;
    struct curl_slist *headers, *connect_to;
    struct http_events ev;
    void *arg;
    struct http_headers head;
    bool told;  // on_headers was called
    bool added; // is in the multi
    bool h2;    // may share a connection
    bool held;  // would have opened a second connection: waits for pool->opener
    bool dead;  // cancelled or done: no callback any more
    struct buf body;
    struct str out; // request body, owned
    size_t out_at;
    usec ends_at, idle_timeout; // USEC_NEVER, 0: none
    struct timer timer;
    struct error fail; // what ended it, when that was not libcurl
    char *origin;      // "https://10.96.0.1:443", for messages
    char detail[CURL_ERROR_SIZE];
};

// Never fails: what is wrong with the request is in c->fail. on_timer is c->timer's function.
struct http_call *http_call_new(struct http_pool *p, const struct http_request *req,
                                const struct http_events *ev, void *arg, loop_fn on_timer);
void http_call_free(struct http_call *c);
void http_call_touch(struct http_call *c);       // a byte came or went: idle time starts anew
void http_call_set_timeout(struct http_call *c); // sets c->fail by the deadline that passed
struct http_response http_call_response(const struct http_call *c);
