// SPDX-License-Identifier: Apache-2.0
// How strings and numbers look in a document; a part of writer.c, not for others.
#pragma once

#include "base/base.h"
#include "base/str.h"

enum text_style {
    TEXT_PLAIN,   // YAML: as it is
    TEXT_QUOTED,  // in double quotes with JSON's escapes, which YAML shares
    TEXT_LITERAL, // YAML: a block after |
};

// The most readable style in which a YAML 1.1 or 1.2 reader gets exactly this string back.
enum text_style text_yaml_style(struct str s);

// Gives put() the quoted form. With yaml also what YAML does not count as printable is escaped.
void text_quote(struct str s, bool yaml, void (*put)(void *arg, const char *p, size_t n),
                void *arg);

#define DOUBLE_TEXT_MAX 32
// Shortest text that strtod reads back as v; "null" if v is not finite.
const char *text_double(double v, char ret[DOUBLE_TEXT_MAX]);
