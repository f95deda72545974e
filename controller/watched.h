// SPDX-License-Identifier: Apache-2.0
// Which kinds are watched: those that every cluster has from the start, other people's kinds once
// their CRD is installed.
#pragma once

#include "apis/kinds.h"
#include "base/base.h"

struct informers;

extern const enum kind_id watched_kinds[]; // of every cluster, and our own; ends with KIND_COUNT

void watched_start(struct informers *in);
// Adds kinds whose CRD has appeared; call after each change of CRDs. A kind whose CRD goes away
// becomes absent by itself.
void watched_add_installed(struct informers *in);
