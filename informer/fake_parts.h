// SPDX-License-Identifier: Apache-2.0
// Inside of the fake API server: calls (fake_server.c) and what the model answers (fake_model*.c).
#pragma once

#include "base/list.h"
#include "base/str.h"
#include "informer/fake_server.h"
#include "informer/fake_view.h"

struct fake_script {
    struct list link;
    char *method, *part, *body;
    struct fake_reply r;
    unsigned left;
};

struct fake_transport {
    struct transport base;
    struct fake_server *server;
    unsigned calls;
};

// An open watch of the model.
struct fake_watch {
    bool open;
    char *resource; // "apps/deployments"
    char *ns;       // "" : all
    uint64_t rv;    // events up to it were sent or are not wanted
    bool metadata_only;
};

struct fake_call {
    struct list link; // in server.calls
    struct fake_transport *transport;
    struct http_events ev;
    void *arg;
    size_t log; // index of its request
    char *accept, *content_type;
    struct http_response reply;
    usec retry_after;
    struct buf out; // not yet delivered
    struct buf gathered;
    size_t delivered, cut_at, chunk;
    usec gap, idle_timeout, last_byte;
    bool handled, headers_sent, ends, dead, in_callback;
    bool torn, cuts; // a part of out was sent; the connection breaks at cut_at
    enum err error;  // at the end, or before the headers when status is 0
    struct fake_watch watch;
    struct timer pump, idle, deadline, server_end;
};

struct fake_object {
    char *resource, *ns, *name;
    struct json_doc doc;
    uint64_t rv;
};

struct fake_event {
    char *resource, *ns, *name;
    const char *type; // "ADDED", "MODIFIED", "DELETED"
    char *json;
    uint64_t rv;
};

struct fake_page { // a list that has more pages
    uint64_t rv;
    char **items;
    size_t n, next;
    char *kind, *api_version;
};

struct fake_rule { // RBAC
    char verb[16], plural[64];
};

struct fake_server {
    struct loop *loop;
    struct list calls, scripts;
    struct fake_request *log;
    size_t log_n, log_cap;
    bool is_down, silent, no_watchlist;
    size_t chunk;
    struct fake_object **objects; // sorted by resource, ns, name
    size_t object_n, object_cap;
    struct fake_event *events;
    size_t event_n, event_cap;
    struct fake_page **pages;
    size_t page_n;
    struct fake_rule denied[32], unserved[32];
    size_t denied_n, unserved_n;
    uint64_t rv, compacted, uids, gone_count, shuffle, shuffled;
    fake_cut_fn cut;
    void *cut_arg;
    struct fake_view view;
};

// fake_server.c
void fake_reply_add(struct fake_call *c, const char *p, size_t n);
void fake_reply_status(struct fake_call *c, int status);
void fake_call_kick(struct fake_call *c); // delivers on the next turn

// fake_model.c
void fake_model_answer(struct fake_server *f, struct fake_call *c);
void fake_model_watch_timeout(struct fake_call *c);
void fake_model_fini(struct fake_server *f);
void fake_model_error(struct fake_call *c, int code, const char *reason, const char *message);

// fake_store.c
char *fake_resource_of(json_val *obj); // "apps/deployments"; "" + "/pods" is "/pods"
struct fake_object *fake_find(struct fake_server *f, const char *resource, const char *ns,
                              const char *name);

enum fake_part { FAKE_ALL, FAKE_MAIN, FAKE_STATUS };
// Stores body (a whole object) over what is there; takes nothing. The new object.
struct fake_object *fake_store(struct fake_server *f, const char *resource, json_val *body,
                               enum fake_part part);
uint64_t fake_remove(struct fake_server *f, struct fake_object *o);
void fake_watch_send(struct fake_call *c, const struct fake_event *ev);
void fake_bookmark_send(struct fake_call *c, uint64_t rv, bool end_marker);
char *fake_render(const struct fake_object *o, bool metadata_only, bool with_kind);
