// SPDX-License-Identifier: Apache-2.0
// Volumes and claims: the state they are in.
#include "base/clock.h"
#include "controller/checks/join.h"
#include "controller/checks/report.h"

static usec age(const struct report *r, int64_t seconds)
{
    return r->snapshot->now - seconds * USEC_PER_SEC;
}

static bool waits_for_consumer(const struct report *r, const struct object *claim)
{
    const char *name = atom_str(claim_spec_storage_class_name(
        persistent_volume_claim_spec(persistent_volume_claim_of(claim))));
    const struct object *o = join_find(r->join, KIND_STORAGE_CLASS, 0, name);

    return o && strcmp(atom_str(storage_class_volume_binding_mode(storage_class_of(o))),
                       "WaitForFirstConsumer") == 0;
}

static void claim_state(struct report *r, const struct object *o)
{
    enum claim_phase phase =
        claim_status_phase(persistent_volume_claim_status(persistent_volume_claim_of(o)));
    int64_t born = object_meta_creation_timestamp(object_meta_of(o));

    if (phase == CLAIM_LOST)
        report_fail(r, "status.phase", "has lost its volume");
    else if (phase == CLAIM_PENDING && age(r, born) > 5 * USEC_PER_MIN)
        report_as(r, waits_for_consumer(r, o) ? VERDICT_WARN : VERDICT_FAIL, "status.phase",
                  waits_for_consumer(r, o) ? "waits for a Pod that uses it" : "gets no volume");
}

static const struct persistent_volume_status *status_of(const struct object *o)
{
    return persistent_volume_status(persistent_volume_of(o));
}

static void volume_state(struct report *r, const struct object *o)
{
    enum volume_phase phase = persistent_volume_status_phase(status_of(o));

    if (phase == VOLUME_PHASE_FAILED)
        report_fail(r, "status.phase", "could not be freed");
    else if (phase == VOLUME_PHASE_PENDING)
        report_fail(r, "status.phase", "is not available yet");
}

CHECK_TABLE(
    reliability_volumes, CHECK_RELIABILITY,
    { .id = "reliability/pvc-state",
      .title = "Claims have their volume",
      .remediation =
          "Look at the claim's events: a StorageClass, its provisioner or room may be missing.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 2,
      .flags = CHECK_LIVE,
      .kinds = KIND_BIT(KIND_PERSISTENT_VOLUME_CLAIM),
      .glances = KIND_BIT(KIND_STORAGE_CLASS),
      .per_object = claim_state },
    { .id = "reliability/pv-state",
      .title = "Volumes are usable",
      .remediation = "Look at the volume's events and its driver.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 2,
      .flags = CHECK_LIVE,
      .kinds = KIND_BIT(KIND_PERSISTENT_VOLUME),
      .per_object = volume_state }, );
