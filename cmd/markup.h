// SPDX-License-Identifier: Apache-2.0
// Text from manifests and clusters inside documents of others: whatever it holds, it stays text.
#pragma once

#include "base/base.h"

// For XML and HTML, between tags and in quoted attributes. What is not UTF-8, not allowed in XML or
// a control character becomes U+FFFD; NULL is "".
void put_xml(FILE *out, const char *s);
// A run of Markdown on one line: nothing in it is a tag, emphasis, link, table cell, mention or
// reference to an issue. Returns the bytes written.
size_t put_markdown(FILE *out, const char *s);
// The same as a code span.
size_t put_markdown_code(FILE *out, const char *s);
