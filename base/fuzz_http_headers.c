// SPDX-License-Identifier: Apache-2.0
// Response headers of a hostile server: no crash, and what is kept stays within its bounds.
#include "base/http_headers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = { (const char *)data, size }, line;
    struct http_headers h;

    http_headers_init(&h);
    while (str_split(&rest, '\n', &line))
        http_headers_line(&h, line);
    check(h.status >= 0 && h.status <= 999);
    check(!h.complete || h.status >= 200);
    check(strlen(h.content_type) < HTTP_CONTENT_TYPE_MAX);
    check(h.retry_after >= 0 && h.retry_after <= HTTP_RETRY_AFTER_MAX);
    check(!h.warning || strlen(h.warning) <= HTTP_WARNING_MAX);
    for (const char *p = h.warning; p && *p; p++)
        check((unsigned char)*p >= ' ');
    http_headers_fini(&h);
    return 0;
}
