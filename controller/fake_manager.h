// SPDX-License-Identifier: Apache-2.0
// Tests only: whole managers against the model of the fake API server, on one loop, under the fake
// clock, with a database in a folder of its own.
#pragma once

#include "base/base.h"
#include "base/json.h"
#include "base/loop.h"
#include "controller/manager_internal.h"
#include "informer/fake_server.h"
#include "store/store.h"

#define FAKE_SEC     USEC_PER_SEC
#define FAKE_RUNS    "/apis/kube9.io/v1alpha1/assessmentruns"
#define FAKE_CONFIGS "/apis/kube9.io/v1alpha1/kube9configs"
#define FAKE_CRD_GET "/customresourcedefinitions/kube9configs.kube9.io"

struct fake_manager {
    struct loop *loop;
    struct fake_server *server;
    char dir[64], db[96];
};

// A server with our two CRDs, the namespace kube-system and one Pod; nothing else.
void fake_manager_init(struct fake_manager *f);
void fake_manager_fini(
    struct fake_manager *f); // after the managers; checks that nothing is left open
struct manager *fake_manager_start(struct fake_manager *f);
void fake_manager_pass(struct fake_manager *f, usec t);
// Lets time go by until the object's member (a path) has the value; fails the test after `limit`.
void fake_manager_until(struct fake_manager *f, const char *object, const char *path,
                        const char *value, usec limit);

// Objects are "plural/name" or "plural/namespace/name".
json_val *fake_manager_get(struct fake_manager *f, const char *object); // NULL: absent
const char *fake_manager_text(struct fake_manager *f, const char *object,
                              const char *path); // "" when absent
const char *fake_manager_condition(struct fake_manager *f, const char *object, const char *type,
                                   const char *member);
const char *
fake_manager_status(struct fake_manager *f,
                    const char *path); // of the status ConfigMap's JSON; until the next call
void fake_manager_config(struct fake_manager *f, const char *spec); // applies Kube9Config default
void fake_manager_crd(struct fake_manager *f, const char *plural, const char *group,
                      const char *more_metadata);
void fake_manager_run(struct fake_manager *f, const char *name,
                      const char *spec);            // applies an AssessmentRun
size_t fake_manager_writes(struct fake_manager *f); // requests that wrote to something of kube9.io
const char *fake_manager_first_run(
    struct fake_manager *f); // "assessmentruns/NAME" of the first in the list, NULL: none
int64_t fake_manager_findings(struct fake_manager *f,
                              const char *run); // rows in the database; -1: no database
