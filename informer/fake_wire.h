// SPDX-License-Identifier: Apache-2.0
// Tests only: transports whose every request is answered by a function of the test, on the loop,
// under the fake clock. For tests of the client's own rules; fake_server.h is the whole API server.
#pragma once

#include "base/base.h"
#include "base/http.h"
#include "base/loop.h"
#include "base/str.h"

struct fake_wire;
struct client_options;

struct wire_request {
    const char *method, *url; // url with the server
    const char *headers;      // one per line
    const char *body;         // "" if none
    usec timeout, idle_timeout;
    size_t index; // from 0, of all requests
};

struct wire_answer { // zeroed: 200 with an empty body on the next turn
    int status;
    enum err error; // transport error instead of (or, with a status, in the middle of) an answer
    usec retry_after, delay;
    const char *warning;
    bool hang;       // never answered
    bool open;       // stream: the body comes, the end does not
    char body[8192]; // text
};

typedef void (*wire_fn)(void *arg, const struct wire_request *r, struct wire_answer *ret);

struct fake_wire *fake_wire_new(struct loop *l, wire_fn answer, void *arg);
void fake_wire_free(struct fake_wire *w); // after its transports
// Puts the factory into client options.
void fake_wire_use(struct fake_wire *w, struct client_options *o);

size_t fake_wire_count(const struct fake_wire *w);
size_t fake_wire_running(const struct fake_wire *w);
const struct wire_request *fake_wire_request(const struct fake_wire *w, size_t i); // as it was sent
usec fake_wire_at(const struct fake_wire *w, size_t i);                            // clock_mono
bool fake_wire_has_header(const struct fake_wire *w, size_t i, const char *line);
