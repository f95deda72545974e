// SPDX-License-Identifier: Apache-2.0
// Small HTTP server over libwebsockets for /healthz, /readyz and /metrics. It takes over the loop's waiting (loop_set_waiter),
// so that server, client and timers run in one thread. GET only here; bodies are refused; every limit is fixed at birth.
#pragma once

#include "base/base.h"
#include "base/error.h"
#include "base/loop.h"
#include "base/str.h"

struct httpd;

struct httpd_reply {
    int status;
    const char *content_type; // static string
    struct buf body;          // owned by the server once returned
};

struct httpd_route {
    const char *path; // exact
    void (*get)(void *arg, const char *query, struct httpd_reply *ret); // loop thread, ≤ 1 ms; ret is zeroed, body initialised
};

// listen: "HOST:PORT" or ":PORT" (all addresses); port 0 picks a free one (httpd_port tells).
struct httpd *httpd_new(struct loop *l, const char *listen, const struct httpd_route *routes, size_t n, void *arg, struct error *e);
void httpd_free(struct httpd *h);
int httpd_port(const struct httpd *h);
