// SPDX-License-Identifier: Apache-2.0
// Tests: places in a JSON text or a stream of lines at which a connection may break, by what the
// byte before and the byte behind are.
#pragma once

#include "informer/fake_chaos.h"
#include "informer/fake_server.h"

// One of CHAOS_CUT_FIRST to CHAOS_CUT_LAST: the number of bytes that still arrive; pick chooses
// among the places. FAKE_NO_CUT when the text has none.
size_t chaos_cut_place(enum chaos_event cut, const char *text, size_t n, uint64_t pick);

// The server breaks the next connection on which a place of this class comes by.
struct chaos_cutter {
    bool armed;
    enum chaos_event cut; // CHAOS_CUT_HEADERS to CHAOS_CUT_LAST
};

size_t chaos_cutter_cut(void *cutter, const char *text, size_t n, bool watch); // a fake_cut_fn
