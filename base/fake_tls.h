// SPDX-License-Identifier: Apache-2.0
// For tests: an HTTPS server in a process of its own (libwebsockets, HTTP/2 and 1.1), and
// certificates made by the openssl program in a temporary folder.
//   /hello   answers "hello\n"
//   /watch   answers "event\n" and goes on for ever
//   /who     answers "host=… connections=… h2=… client=…\n" (client: common name of its
//   certificate)
#pragma once

#include "base/base.h"
#include <sys/types.h>

struct fake_certs {
    char dir[64];
    // PEM files in it: ca, other-ca; server certificates of ca: ip (127.0.0.1), name
    // (cluster.test), old (127.0.0.1, expired); client certificates of ca: alice, bob. Keys:
    // NAME.key.
};

void fake_certs_make(struct fake_certs *c); // aborts when it cannot
void fake_certs_remove(struct fake_certs *c);
char *fake_certs_path(const struct fake_certs *c, const char *file); // caller frees

struct fake_tls_options {
    const char *cert; // "ip", "name" or "old"
    bool want_client; // only clients with a certificate of ca
    bool no_http2;
};

struct fake_tls {
    pid_t pid;
    int port;
};

void fake_tls_start(struct fake_tls *s, const struct fake_certs *c,
                    const struct fake_tls_options *o);
void fake_tls_kill(struct fake_tls *s); // at once: its connections are cut
