// SPDX-License-Identifier: Apache-2.0
// TLS material of a transport: copied and checked once, then applied to each call. Only http.c uses
// it.
#pragma once

#include "base/base.h"
#include "base/error.h"
#include "base/http.h"
#include <curl/curl.h>

// Reads every certificate and key, so that a bad one is refused here with words, not by a failed
// handshake later: INVALID when it does not parse or key and certificate do not fit together.
int must_check http_tls_check(const struct http_tls *tls, struct error *e);
struct http_tls http_tls_copy(const struct http_tls *tls);
void http_tls_fini(struct http_tls *tls);
// Borrows the PEM texts: tls outlives the handle. server_name is not applied here (see
// http_curl.c).
void http_tls_apply(const struct http_tls *tls, CURL *easy);
