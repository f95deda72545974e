// SPDX-License-Identifier: Apache-2.0
// The configuration in force: a Kube9Config object that passed every check of meaning, or the
// defaults. Values are read with the accessors of apis/types.h from config_spec(), which apply
// defaults by themselves. Counted by the loop thread; the worker borrows it during a job.
#pragma once

#include "apis/object.h"
#include "apis/types.h"
#include "base/arena.h"
#include "base/base.h"
#include "base/error.h"
#include "controller/checks/checks.h"
#include "controller/schedule.h"
#include "store/retention.h"

struct config {
    uint32_t refs;
    struct object *object;     // owned reference; NULL: defaults
    struct schedule *schedule; // owned
    int64_t generation;        // 0: defaults
    bool restored;             // from the store, not yet seen in the cluster
};

struct config *config_defaults(void);
// INVALID with the JSON path of the first wrong value.
int must_check config_from_object(const struct object *o, struct config **ret, struct error *e);
int must_check config_from_json(const char *json, struct config **ret,
                                struct error *e); // what config_to_json wrote
int must_check config_to_json(const struct config *c, struct buf *out);

struct config *config_ref(struct config *c);
void config_unref(struct config *c);                              // NULL ok
bool config_same(const struct config *a, const struct config *b); // same object and generation

const struct kube9_config_spec *
config_spec(const struct config *c); // NULL for defaults: accessors take it
const struct assessment_settings *config_assessment(const struct config *c);
struct retention config_retention(const struct config *c);

// What a run evaluates. Lists are built in the arena. INVALID names the field:
// "spec.checks.include[0]: unknown check ...".
struct run_options_source {
    enum run_mode mode;
    struct rlist pillars; // enum pillar
    const struct check_selection *checks;
    const char *profile;
    const struct label_selector *namespaces;
};

int must_check run_options(const struct run_options_source *s, const char *path, struct arena *a,
                           struct assessment_options *ret, struct error *e);
struct run_options_source config_run_source(const struct config *c);
struct run_options_source run_source(const struct assessment_run_spec *s);
