// SPDX-License-Identifier: Apache-2.0
// The schema's steps: migration N takes a file from user_version N-1 to N.
#pragma once

#include "store/store.h"

extern const char *const store_migrations[STORE_SCHEMA_VERSION];
