// SPDX-License-Identifier: Apache-2.0
// What was found before: a document that `assess -o json` made earlier. A finding is known when the
// baseline has its id (which names check and object, not file, line or Pod) and it has not become
// worse since.
#pragma once

#include "base/error.h"
#include "base/str.h"
#include "cmd/findings.h"

#define BASELINE_MAX ((size_t)64 << 20) // bytes of the document

struct baseline;

// NULL: IO, INVALID or TOO_BIG; the text names the file or the member and what would be right.
struct baseline *baseline_read(const char *path, struct error *e);
struct baseline *baseline_parse(struct str text, struct error *e);
void baseline_free(struct baseline *b); // NULL ok
// Takes what is known out of fs, which is sorted, with what is exempted, and fills fs->baseline.
// Once per baseline.
void baseline_apply(struct baseline *b, struct findings *fs);
