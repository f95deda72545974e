// SPDX-License-Identifier: Apache-2.0
// Any text as a kubeconfig: an error that fits its place, or a config that keeps its promises.
#include "informer/kubeconfig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool promise)
{
    if (!promise)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = { (const char *)data, size };
    struct kube_config c;
    struct error e = { 0 };

    if (kube_config_parse(text, "/k/config", NULL, &c, &e) < 0) {
        require(e.code != ERR_NONE && e.text[0]);
        return 0;
    }
    require(c.server && c.ns && c.context);
    require(!c.token || !strpbrk(c.token, "\r\n"));
    require(!c.cert_data.p || c.key_data.p || c.key_file);
    require(!c.exec || (c.exec->command && c.exec->api_version));
    kube_config_fini(&c);
    return 0;
}
