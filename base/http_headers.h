// SPDX-License-Identifier: Apache-2.0
// The few response headers that matter to us, read line by line as libcurl hands them over.
// Everything is bounded; what does not fit or makes no sense is left out, never an error.
#pragma once

#include "base/base.h"
#include "base/str.h"

#define HTTP_CONTENT_TYPE_MAX 128
#define HTTP_WARNING_MAX      512
#define HTTP_RETRY_AFTER_MAX  (24 * USEC_PER_HOUR)
#define HTTP_RETRY_AT_ONCE    1 // a Retry-After of 0 s: again, and soon

struct http_headers {
    int status;    // 0: no status line yet
    bool complete; // the empty line of a final (not 1xx) response was seen
    char content_type[HTTP_CONTENT_TYPE_MAX]; // whole value or "", when longer
    char *warning;                            // owned; texts of all 299 warnings, "; " between
    usec retry_after;
};

void http_headers_init(struct http_headers *h);
void http_headers_fini(struct http_headers *h);
// One line, with or without its CR LF. A status line starts anew; lines after the end are trailers
// and do not count.
void http_headers_line(struct http_headers *h, struct str line);
// Seconds only, as client-go reads it; a date gives 0, "0" gives HTTP_RETRY_AT_ONCE. At most
// HTTP_RETRY_AFTER_MAX.
usec http_retry_after(struct str value);
