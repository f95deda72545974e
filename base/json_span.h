// SPDX-License-Identifier: Apache-2.0
// Where a JSON object or list ends, found without reading it: brackets outside strings are counted,
// some GB a second, and nothing else is looked at. Whether the text is JSON at all is for a parser
// to say.
#pragma once

#include "base/base.h"

struct json_span {      // zero: in front of the opening bracket
    uint32_t depth;     // open brackets
    uint64_t in_string; // all ones inside a string, else 0
    uint64_t escaped;   // 1 when the next byte is escaped
};

// Goes on with the next n bytes of the value. The place after its last byte, or 0 when it does not
// end in p.
size_t json_span_end(struct json_span *s, const char *p, size_t n);
// The same on any processor; json_span_end takes a faster way where there is one.
size_t json_span_end_plain(struct json_span *s, const char *p, size_t n);
