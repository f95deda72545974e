// SPDX-License-Identifier: Apache-2.0
// Requests to one API server. Three connections: streams (lists and watches) on one, those of the
// kind that changes most on the second, Lease and writes on the third, so that none waits for
// another. Adds credentials, retries what may be retried
// (controller-semantics.md §5.3), maps failures to struct error, counts rest_client_*. Everything
// is on the loop thread; callbacks come on a later turn.
#pragma once

#include "base/base.h"
#include "base/http.h"
#include "base/loop.h"
#include "informer/kubeconfig.h"
#include "informer/status_error.h"

struct client;
struct client_call; // gone after its on_done / done, or after client_cancel

struct client_options {
    const struct kube_config *config; // borrowed for the client's life
    const char *user_agent;           // NULL: "kube9-operator/VERSION"
    const char *field_manager;        // NULL: "kube9-operator"
    // Tests: makes a transport instead of http_curl_new, and hears of new TLS material; both NULL:
    // the real one.
    struct transport *(*transport)(void *arg, struct loop *l, const struct http_options *o,
                                   struct error *e);
    int (*set_tls)(void *arg, struct transport *t, const struct http_tls *tls, bool close_all,
                   struct error *e);
    // Warning headers and credential trouble, once per text; may be NULL.
    void (*warn)(void *arg, const char *text);
    void *arg;         // of the three above
    double qps, burst; // token bucket for requests that are no stream; 0: none (the server's own
                       // fairness decides)
};

struct client *client_new(struct loop *l, const struct client_options *o, struct error *e);
void client_free(struct client *c); // NULL ok; cancels what runs
const struct kube_config *client_config(const struct client *c);

struct client_stream_request {
    const char
        *path_and_query; // "/api/v1/pods?watch=1&..."; values escaped by the caller (http_escape)
    usec timeout;        // whole attempt; 0: none (watches)
    usec idle_timeout;   // without a byte this long: ERR_TIMEOUT; 0: none
    bool gzip;           // offer it (lists; never watches)
    bool busy;           // on the connection of its own, where an event costs no look at the others
    const char *accept;  // NULL: "application/json"
};

// GET whose answer may be long or endless. on_headers and on_data see a 2xx only. Any other answer
// ends in on_done with e mapped from it (client_status_error) and its body. 429 and 5xx with
// Retry-After, resets before the headers and one 401 are retried inside (10 times at most);
// ERR_NONE in on_done is a clean end of a 2xx.
struct client_call *client_stream(struct client *c, const struct client_stream_request *r,
                                  const struct http_events *ev, void *arg);

enum client_verb {
    CLIENT_GET,
    CLIENT_CREATE,
    CLIENT_UPDATE,
    CLIENT_MERGE,
    CLIENT_JSON_PATCH,
    CLIENT_APPLY,
    CLIENT_DELETE
};

enum client_propagation {
    PROPAGATION_DEFAULT,
    PROPAGATION_BACKGROUND,
    PROPAGATION_FOREGROUND,
    PROPAGATION_ORPHAN
};

struct client_request {
    enum client_verb verb;
    const char *path;  // kind_path(): with name and subresource for all but CREATE and small lists
    const char *query; // more parameters, escaped ("limit=1&..."), or NULL
    struct str body;   // JSON, copied; not for GET and DELETE
    usec deadline;     // of the whole operation with its retries; 0: 30 s
    const char *field_manager; // NULL: the client's
    bool force;                // APPLY: take fields from other managers
    bool dry_run;
    bool lenient;    // no fieldValidation=Strict
    bool unfenced;   // Lease and SelfSubjectAccessReview: not subject to the fence
    bool may_create; // APPLY on a main resource: it is meant to bring the object into being (else
                     // the body needs metadata.uid)
    const char *uid, *rv; // DELETE: preconditions
    enum client_propagation propagation;
    const char *agent_suffix; // appended to the User-Agent ("/leader-election"), or NULL
};

// e->code is ERR_NONE for a 2xx only. body is borrowed for the call.
typedef void (*client_fn)(void *arg, const struct http_response *r, struct str body,
                          const struct error *e);

// Never fails at once. A write that ended in a transport error may have happened: read again before
// deciding (§5.3). Writes past the fence end in ERR_CANCELLED; an APPLY that could re-create a
// deleted object ends in ERR_BUG.
struct client_call *client_do(struct client *c, const struct client_request *r, client_fn done,
                              void *arg);

void client_cancel(struct client *c, struct client_call *call); // NULL ok; no callback afterwards

// Asked before each attempt of each write; ret_remaining bounds that attempt's time (leadership,
// §4.3). NULL: no fence.
void client_set_fence(struct client *c, bool (*may_write)(void *arg, usec *ret_remaining),
                      void *arg);

// For GET answers and ERROR watch lines (status_error.h).
static inline int must_check client_status_error(const struct http_response *r, struct str body,
                                                 struct error *e)
{
    return status_error_http("GET", r, body, e);
}

static inline int must_check client_status_error_json(json_val *status, struct error *e)
{
    return status_error_json(status, e);
}
