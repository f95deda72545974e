// SPDX-License-Identifier: Apache-2.0
// Small HTTP server over libwebsockets for /healthz, /readyz and /metrics. It takes over the loop's
// waiting (loop_set_waiter), so that server, client and timers run in one thread. GET and HEAD
// only; bodies are refused; every limit is fixed at birth: 2 kB of request headers, 8 connections
// (a ninth replaces the one that was silent longest), 10 s without a request, no TLS. Loop thread
// only.
#pragma once

#include "base/base.h"
#include "base/error.h"
#include "base/loop.h"
#include "base/str.h"

#define HTTPD_BODY_MAX        ((size_t)4 * 1024 * 1024) // of an answer; a longer one becomes 500
#define HTTPD_CONNECTIONS_MAX 8

struct httpd;

struct httpd_reply {
    int status;               // 0: 200
    const char *content_type; // static string; NULL: text/plain
    struct buf body;          // owned by the server once returned
};

struct httpd_route {
    const char *path; // exact; copied
    // Loop thread, at most 1 ms; query is "" or what follows '?', its parts joined by '&'. ret is
    // zeroed, its body initialised.
    void (*get)(void *arg, const char *query, struct httpd_reply *ret);
};

// listen: "HOST:PORT", "[::1]:PORT" or ":PORT" (all addresses); port 0 picks a free one (httpd_port
// tells). One server per loop, freed before it.
struct httpd *httpd_new(struct loop *l, const char *listen, const struct httpd_route *routes,
                        size_t n, void *arg, struct error *e);
void httpd_free(struct httpd *h); // NULL ok; not to be called by a route
int httpd_port(const struct httpd *h);
