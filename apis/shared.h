// SPDX-License-Identifier: Apache-2.0
// Interned Pod specs: blocks shared by all objects whose spec is the same byte for byte. Loop
// thread only; while atoms are shared (base/atom.h) any thread may intern and release.
#pragma once

#include "apis/object.h"

struct shared_block *shared_intern(const void *p, uint32_t n); // one count more
struct shared_block *shared_ref(struct shared_block *s);       // one count more; NULL ok
void shared_release(struct shared_block *s);                   // NULL ok; freed at zero
