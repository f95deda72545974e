// SPDX-License-Identifier: Apache-2.0
// Any text as a kubeconfig: an error that fits its place, or a config that keeps its promises.
#include "informer/kubeconfig.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kube_config c;
    struct error e = { 0 };

    if (kube_config_parse((struct str){ (const char *)data, size }, "/k/config", NULL, &c, &e) <
        0) {
        assert(e.code != ERR_NONE && e.text[0]);
        return 0;
    }
    assert(c.server && c.ns && c.context);
    assert(!c.token || !strpbrk(c.token, "\r\n"));
    assert(!c.cert_data.p || c.key_data.p || c.key_file);
    assert(!c.exec || (c.exec->command && c.exec->api_version));
    kube_config_fini(&c);
    return 0;
}
