// SPDX-License-Identifier: Apache-2.0
// Base64, standard alphabet (RFC 4648 §4): data fields of a kubeconfig, basic authentication.
#pragma once

#include "base/base.h"
#include "base/str.h"

#define BASE64_DECODED_MAX(n) ((n) / 4 * 3 + 4) // with room for a NUL

// Padding is required; blanks and line breaks are skipped. out holds BASE64_DECODED_MAX(in.n). -1:
// not base64.
int must_check base64_decode(struct str in, char *out, size_t *ret_n);
void base64_encode(struct str in, struct buf *out);
