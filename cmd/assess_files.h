// SPDX-License-Identifier: Apache-2.0
// The files that `assess PATH...` was given, read and told about.
#pragma once

#include "base/error.h"
#include "cmd/manifests.h"

struct args;

// What could not be read and what was left out is told on stderr. NULL: USAGE.
struct manifests *files_read(const struct args *a, struct error *e);
