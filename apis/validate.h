// SPDX-License-Identifier: Apache-2.0
// What the rows cannot say of our kinds: the CEL rules once more (an old CRD may not have had
// them), schedules, time zones. To be called on objects that were decoded with validate. Errors
// hold a JSON path.
#pragma once

#include "apis/types.h"

int must_check kube9_config_validate(const struct object *config, struct error *e);
int must_check assessment_run_validate(const struct object *run, struct error *e);
