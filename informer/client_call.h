// SPDX-License-Identifier: Apache-2.0
// One call of the client: what is asked for, and its life through attempts. Inside client*.c only.
#pragma once

#include "base/http.h"
#include "base/list.h"
#include "base/loop.h"
#include "informer/auth.h"
#include "informer/client.h"

#define CLIENT_WARNINGS_MAX 64 // texts remembered as told

struct client {
    struct loop *loop;
    struct client_options options;
    const char *host; // of the server's URL, for metrics
    char *user_agent, *field_manager;
    struct auth *auth;
    struct transport *streams, *busy, *writes;
    struct list calls;
    bool (*may_write)(void *arg, usec *ret_remaining);
    void *fence_arg;
    double tokens; // of the bucket
    usec tokens_at;
    uint32_t warned[CLIENT_WARNINGS_MAX]; // hashes of texts
    size_t n_warned;
};

// What is asked for; made by client_request.c or for a stream, the same for every attempt.
struct client_ask {
    const char *method, *verb; // "GET"; verb for metrics: "GET", "APPLY"
    char *url;
    const char *accept_header, *type_header; // "Accept: ...", "Content-Type: ..." or NULL
    char *owned_accept, *agent_header;       // heap or NULL
    struct buf body;
    bool write, unfenced, gzip, stream, busy;
    usec timeout, idle_timeout; // of one attempt; 0: none
};

enum call_state { CALL_SLEEPING, CALL_WAITING, CALL_RUNNING };

struct client_call {
    struct list link; // in client.calls
    struct client *client;
    struct client_ask ask;
    enum call_state state;
    struct http_call *http;
    struct timer timer; // next attempt, or the deadline while WAITING for credentials
    usec deadline_at;   // clock_mono; USEC_NEVER: none
    usec started_at;    // of this attempt
    unsigned retries;
    bool retried_401;
    bool passing;          // stream: a 2xx came, on_headers was called
    struct buf error_body; // stream: body of another status
    struct error *refused; // why it must not be sent, or NULL
    struct http_events ev; // stream
    client_fn done;        // all others
    void *arg;
};

// client_request.c: fills ask; ERR_BUG when the request must not be sent (§5: apply without uid).
int must_check client_request_ask(const struct client *c, const struct client_request *r,
                                  struct client_ask *ret, struct error *e);
void client_stream_ask(const struct client *c, const struct client_stream_request *r,
                       struct client_ask *ret);
void client_ask_fini(struct client_ask *a);

// client.c
void client_warn(struct client *c, const char *text); // once per text
usec client_take_token(struct client *c);             // 0: go; else how long to wait

// client_call.c
struct client_call *client_call_new(struct client *c, usec deadline);
void client_call_start(struct client_call *call); // first attempt
void client_call_fail(struct client_call *call,
                      const struct error *e);           // it ends with e on the next turn
void client_call_credentials(struct client_call *call); // credentials are there: go on if waiting
