// SPDX-License-Identifier: Apache-2.0
// What went wrong with a call, in our classes and in words that say what to do. Only http.c uses
// it.
#pragma once

#include "base/base.h"
#include "base/error.h"
#include <curl/curl.h>

struct http_failure {
    CURLcode code;
    int os_errno;       // 0 if none
    long verify_result; // of OpenSSL (X509_V_ERR_*), 0 if none
    const char *detail; // libcurl's own words, "" if none
    const char *origin; // "https://10.96.0.1:443"
};

int http_error(const struct http_failure *f, struct error *e); // sets *e; always -1
