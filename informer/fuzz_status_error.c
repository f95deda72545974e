// SPDX-License-Identifier: Apache-2.0
// The first byte chooses the HTTP status, the rest is the body.
#include "informer/status_error.h"

#include <assert.h>
#include <ctype.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int rc, const struct error *e)
{
    assert(rc == 0 || (e->code != ERR_NONE && e->code < ERR_COUNT && e->text[0]));
    for (const char *p = e->text; rc && *p; p++)
        assert(!iscntrl((unsigned char)*p));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_response r = { .status = size ? 100 + 2 * data[0] : 0,
                               .content_type = "",
                               .warning = "" };
    struct str body = size ? (struct str){ (const char *)data + 1, size - 1 } : (struct str){ 0 };
    struct error e = { 0 };

    check(status_error_http("POST", &r, body, &e), &e);
    error_clear(&e);
    check(status_error_text(body, &e), &e);
    return 0;
}
