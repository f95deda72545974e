// SPDX-License-Identifier: Apache-2.0
// Tests and fuzzers: objects written out and read again, in each of the two forms.
#pragma once

#include "apis/object.h"
#include "base/str.h"

// The object's text; what ends badly ends the process. ret is initialised here.
void fake_object_text(const struct object *o, bool yaml, struct buf *ret);
// Reads one object of this kind from a text; an error has a text.
int must_check fake_object_read(const struct kind *k, struct str text, bool yaml,
                                struct decode_options options, struct object **ret,
                                struct error *e);
// Aborts unless the object, written in this form and read again with these options, is the same.
void fake_round_trip(const struct object *o, bool yaml, struct decode_options options);
