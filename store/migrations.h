// SPDX-License-Identifier: Apache-2.0
// The schema's steps: migration N takes a file from user_version N-1 to N.
#pragma once

#include "store/store.h"

// In the file header of every database of this program ("k9op"): another program's file is not
// touched.
#define STORE_APPLICATION_ID "1798926192"

extern const char *const store_migrations[STORE_SCHEMA_VERSION];
