// SPDX-License-Identifier: Apache-2.0
// Time zones from the system's TZif files (RFC 9636). A zone is immutable once loaded. Any thread.
#pragma once

#include "base/base.h"
#include "base/error.h"
#include "base/str.h"

struct zone;

// name: "Europe/Berlin"; "", "UTC" and "Etc/UTC" need no file. NOT_FOUND when there is none of that
// name.
int must_check zone_load(const char *name, struct zone **ret, struct error *e);
int must_check zone_parse(struct str bytes, struct zone **ret,
                          struct error *e); // the bytes of a TZif file
void zone_free(struct zone *z);             // NULL ok
int32_t zone_offset(const struct zone *z,
                    int64_t utc_seconds); // seconds east of UTC at that time; z NULL: UTC
