// SPDX-License-Identifier: Apache-2.0
// The real client on connections of the fake API server.
#include "informer/client.h"
#include "informer/fake_server.h"

static const struct kube_config config = {
    .source = "fake",
    .ns = "default",
    .server = FAKE_SERVER_URL,
};

static struct transport *make_transport(void *arg, struct loop unused_arg *l,
                                        const struct http_options unused_arg *o,
                                        struct error unused_arg *e)
{
    return fake_server_transport(arg);
}

struct client *fake_server_client(struct fake_server *f)
{
    struct client_options o = { .config = &config, .transport = make_transport, .arg = f };

    return client_new(fake_server_loop(f), &o, NULL);
}
