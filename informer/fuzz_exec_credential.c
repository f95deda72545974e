// SPDX-License-Identifier: Apache-2.0
// What a plugin prints: refused, or a credential that may go into a header.
#include "informer/exec_plugin.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct exec_credential c = { 0 };
    struct error e = { 0 };
    struct str text = { (const char *)data, size };

    if (exec_credential_parse(text, "client.authentication.k8s.io/v1", &c, &e) < 0) {
        assert(e.code == ERR_INVALID && !c.token && !c.cert && !c.key);
        return 0;
    }
    assert(c.token || c.cert);
    assert(!c.cert == !c.key);
    assert(!c.token || !strpbrk(c.token, "\r\n"));
    exec_credential_fini(&c);
    return 0;
}
