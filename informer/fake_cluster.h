// SPDX-License-Identifier: Apache-2.0
// Tests: informers on the model of the fake API server, under the fake clock.
#pragma once

#include "base/base.h"
#include "base/loop.h"
#include "informer/client.h"
#include "informer/fake_server.h"
#include "informer/informer.h"

struct fake_cluster {
    struct loop *loop;
    struct fake_server *server;
    struct client *client;
    struct informers *in;
    unsigned asked, states;
    enum kind_id last_asked;
};

// ask: permissions are asked for (c->asked counts) and answered by the test. seed 0: 1.
void fake_cluster_init(struct fake_cluster *c, bool ask, uint64_t seed);
void fake_cluster_fini(struct fake_cluster *c); // checks that nothing is left open
void fake_cluster_pass(struct fake_cluster *c, usec t);
// A Pod of label app=APP in namespace NS; spec varies with image.
uint64_t fake_cluster_pod(struct fake_cluster *c, const char *ns, const char *name,
                          const char *image);
uint64_t fake_cluster_crd(struct fake_cluster *c, const char *plural, const char *kind);
uint64_t fake_cluster_config(struct fake_cluster *c, const char *name, const char *spec);
