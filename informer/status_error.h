// SPDX-License-Identifier: Apache-2.0
// What an API server's failure means: a metav1.Status or, without one, the HTTP status, as one
// struct error (API conventions "Response Status Kind"; reference controller-semantics.md §1.8).
#pragma once

#include "base/base.h"
#include "base/error.h"
#include "base/http.h"
#include "base/json.h"
#include "base/str.h"

// 0: a success. -1: e->code, http, retry_after and text (the server's message, bounded) are set. A
// body of kind Status that says Failure overrides a 2xx. method tells the two meanings of a bare
// 409 apart.
int must_check status_error_http(const char *method, const struct http_response *r, struct str body,
                                 struct error *e);

// A Status value, as in the object of an ERROR watch line. Always -1; something that is no Status
// is ERR_SERVER.
int must_check status_error_json(json_val *status, struct error *e);

// The same for one whole JSON text.
int must_check status_error_text(struct str status, struct error *e);
