// SPDX-License-Identifier: Apache-2.0
// SHA-256 of a byte run, as lower-case hex (OpenSSL). Any thread.
#pragma once

#include "base/base.h"
#include "base/str.h"

#define SHA256_HEX_MAX 65

const char *sha256_hex(struct str s, char ret[SHA256_HEX_MAX]);
