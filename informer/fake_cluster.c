// SPDX-License-Identifier: Apache-2.0
// Fixture of the tests that have informers and a server.
#include "informer/fake_cluster.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/metrics.h"
#include <assert.h>

static void on_ask(void *arg, const struct kind *k)
{
    struct fake_cluster *c = arg;

    c->asked++;
    c->last_asked = k->id;
}

static void on_state(void *arg, const struct kind unused_arg *k)
{
    ((struct fake_cluster *)arg)->states++;
}

void fake_cluster_init(struct fake_cluster *c, bool ask, uint64_t seed)
{
    clock_fake(1000 * USEC_PER_SEC, 1700000000 * USEC_PER_SEC);
    metrics_reset();
    *c = (struct fake_cluster){ .loop = loop_new(NULL) };
    c->server = fake_server_new(c->loop);
    c->client = fake_server_client(c->server);
    c->in = informers_new(&(struct informers_options){
        .loop = c->loop,
        .client = c->client,
        .ask_permission = ask ? on_ask : NULL,
        .on_state = on_state,
        .arg = c,
        .page_size = 5,
        .seed = seed ? seed : 1,
    });
}

void fake_cluster_fini(struct fake_cluster *c)
{
    informers_free(c->in);
    assert(fake_server_open_calls(c->server) == 0);
    client_free(c->client);
    fake_server_free(c->server);
    loop_free(c->loop);
    assert(shared_blocks() == 0);
    clock_real();
}

void fake_cluster_pass(struct fake_cluster *c, usec t)
{
    usec end = clock_mono() + t;
    int rc;

    do
        rc = loop_turn(c->loop, end - clock_mono(), NULL);
    while (rc == 0 && clock_mono() < end);
    for (int i = 0; i < 20 && rc == 0; i++)
        rc = loop_turn(c->loop, 0, NULL);
    assert(rc == 0);
}

uint64_t fake_cluster_pod(struct fake_cluster *c, const char *ns, const char *name,
                          const char *image)
{
    autofree char *text = xasprintf(
        "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"%s\",\"namespace\":\"%s\","
        "\"labels\":{\"app\":\"%s\"}},\"spec\":{\"nodeName\":\"node-1\",\"containers\":[{\"name\":"
        "\"c\",\"image\":\"%s\"}]}}",
        name, ns, image, image);

    return fake_server_put(c->server, text);
}

uint64_t fake_cluster_crd(struct fake_cluster *c, const char *plural, const char *kind)
{
    autofree char *text = xasprintf(
        "{\"kind\":\"CustomResourceDefinition\",\"apiVersion\":\"apiextensions.k8s.io/v1\","
        "\"metadata\":{\"name\":\"%s.kube9.io\"},\"spec\":{\"group\":\"kube9.io\",\"scope\":"
        "\"Cluster\",\"names\":{\"plural\":\"%s\",\"kind\":\"%s\"}}}",
        plural, plural, kind);

    return fake_server_put(c->server, text);
}

uint64_t fake_cluster_config(struct fake_cluster *c, const char *name, const char *spec)
{
    autofree char *text =
        xasprintf("{\"kind\":\"Kube9Config\",\"apiVersion\":\"kube9.io/v1alpha1\","
                  "\"metadata\":{\"name\":\"%s\"},\"spec\":%s}",
                  name, spec);

    return fake_server_put(c->server, text);
}
