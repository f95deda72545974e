// SPDX-License-Identifier: Apache-2.0
// Outbound HTTP as an interface with one real implementation (one libcurl multi per transport) and
// a scripted one for tests (informer/fake_server.c). A transport is one set of connections: lists
// and watches share one, Lease and writes another. Everything happens on the loop thread. After
// on_done, or after http_cancel, no callback of that call is made.
#pragma once

#include "base/base.h"
#include "base/error.h"
#include "base/loop.h"
#include "base/str.h"

struct http_response {
    int status;               // 0 if no status line came
    const char *content_type; // "" if none
    const char *warning;      // Warning header's text, "" if none
    usec retry_after;         // integer Retry-After (0 s: HTTP_RETRY_AT_ONCE), 0 if none
};

struct http_events {
    // All optional but on_done. Returning -1 from on_data ends the call with ERR_INVALID.
    void (*on_headers)(void *arg, const struct http_response *r);
    int (*on_data)(void *arg, const char *p,
                   size_t n); // decoded bytes, any cut; absent: body is gathered
    // e->code is ERR_NONE when a whole response came, whatever its status. body is "" when on_data
    // is set.
    void (*on_done)(void *arg, const struct http_response *r, struct str body,
                    const struct error *e);
};

struct http_request {
    const char *method;         // "GET"
    const char *url;            // absolute
    const char *const *headers; // "Name: value", NULL-terminated; may be NULL
    struct str body;            // copied; p == NULL: none
    usec timeout;               // whole call; 0 = none (watches)
    usec idle_timeout;          // without a byte this long: ERR_TIMEOUT; 0 = none
    usec connect_timeout;       // 0 = 30 s
    size_t max_body;            // of the gathered body; beyond: ERR_TOO_BIG; 0 = 4 MiB
    bool accept_gzip;
};

struct http_call;

struct transport {
    struct http_call *(*start)(struct transport *t, const struct http_request *req,
                               const struct http_events *ev, void *arg);
    void (*cancel)(struct transport *t, struct http_call *c);
    void (*free)(struct transport *t);
};

// Starts a call; never fails at once (errors arrive by on_done on a later turn). Strings are
// copied.
static inline struct http_call *http_start(struct transport *t, const struct http_request *req,
                                           const struct http_events *ev, void *arg)
{
    return t->start(t, req, ev, arg);
}

// NULL ok. The connection stays for others where the protocol allows it (HTTP/2).
static inline void http_cancel(struct transport *t, struct http_call *c)
{
    t->cancel(t, c);
}

// Running calls end without a callback. Safe inside any callback, of this transport too. NULL ok.
static inline void transport_free(struct transport *t)
{
    if (t)
        t->free(t);
}

struct http_tls { // PEM texts or file names, data wins; all NULL: system roots
    const char *ca_file;
    struct str ca_data;
    const char *cert_file, *key_file;
    struct str cert_data, key_data;
    const char *server_name; // verify and SNI name instead of the URL's host
    bool insecure;           // no verification
};

struct http_options {
    struct http_tls tls; // copied
    const char *user_agent;
    const char *proxy_url; // NULL: environment (HTTPS_PROXY, NO_PROXY)
    bool no_http2;
    usec tcp_user_timeout; // 0 = 30 s
};

struct transport *http_curl_new(struct loop *l, const struct http_options *o, struct error *e);
// New TLS material: later calls use it on new connections; with close_all running calls end with
// ERR_UNAVAILABLE.
int must_check http_curl_set_tls(struct transport *base, const struct http_tls *tls, bool close_all,
                                 struct error *e);

struct http_stats {
    uint64_t requests, errors;    // errors: calls that ended with an error code
    uint64_t bytes_in, bytes_out; // headers and decoded bodies in, bodies out
    uint64_t readings;            // of sockets that streams come by
    uint64_t connections;         // sockets opened
};
struct http_stats http_curl_stats(const struct transport *base);
// Percent-encodes everything but unreserved characters (RFC 3986); caller frees.
char *http_escape(const char *query_value);
