// SPDX-License-Identifier: Apache-2.0
// Findings that are accepted have to stay so on purpose: an exemption needs a reason, ends some day
// and goes when there is nothing left to exempt.
#include "controller/checks/exemption.h"
#include "controller/checks/report.h"

#define UNTIL "metadata.annotations[kube9.io/exempt-until]"
#define LIST  "metadata.annotations[kube9.io/exempt]"

// Entries of the configuration have no annotations.
static const char *field(const struct exemption_entry *e, const char *annotation)
{
    return e->object ? annotation : "";
}

static void expired(struct report *r, const struct exemption_entry *e)
{
    if (e->unreadable)
        report_fail(r, field(e, UNTIL),
                    "its exemption is void: kube9.io/exempt-until is not an RFC 3339 date");
    else if (e->expired)
        report_warn(r, field(e, UNTIL), "its exemption has expired and no longer holds");
}

static void reason(struct report *r, const struct exemption_entry *e)
{
    if (e->reasonless)
        report_warn(r, field(e, LIST), "its exemption has no reason%s",
                    e->object ? " (kube9.io/exempt-reason)" : "");
}

static void unused(struct report *r, const struct exemption_entry *e)
{
    if (e->unknown)
        report_warn(r, field(e, LIST), "its exemption names a check that does not exist");
    if (e->expired || e->unreadable)
        report_skip(r, SKIP_NOT_APPLICABLE, "the exemption does not hold any more");
    else if (!e->whole)
        report_skip(r, SKIP_NO_DATA, "the run judged a part of the checks only");
    else if (!e->used)
        report_warn(r, field(e, LIST), "its exemption hid no finding in this run");
}

CHECK_TABLE(
    operations_exemptions, CHECK_OPERATIONS,
    { .id = "operational-excellence/exemption-expired",
      .title = "No exemption has expired",
      .remediation =
          "Mend what was accepted and remove the exemption, or renew its date on purpose.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 1,
      .flags = CHECK_ALL_NAMESPACES,
      .per_exemption = expired },
    { .id = "operational-excellence/exemption-reason",
      .title = "Every exemption has a reason",
      .remediation =
          "Say why in the annotation kube9.io/exempt-reason, or in reason of the configuration.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 1,
      .flags = CHECK_ALL_NAMESPACES,
      .per_exemption = reason },
    { .id = "operational-excellence/exemption-unused",
      .title = "Every exemption hides a finding",
      .remediation = "Remove the exemption, or correct the names in it.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 1,
      .flags = CHECK_ALL_NAMESPACES,
      .per_exemption = unused }, );
