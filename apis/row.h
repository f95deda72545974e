// SPDX-License-Identifier: Apache-2.0
// What a row of a .def file may say besides its name, type and help; written as designated
// initialisers at its end.
#pragma once

#include "base/base.h"

struct row_options {
    bool required;        // must be there (own kinds, and files)
    int64_t min, max;     // numbers; seconds of durations. No bound while max <= min
    int64_t def;          // number, flag or word that the accessor gives when absent
    const char *def_text; // the same for text and durations
    const char *pattern;  // extended regular expression that is also RE2; items of lists too
    uint32_t min_len;     // shortest text
    bool set;             // list type set
    bool atomic;          // list type atomic
    const char *map_key;  // list type map, by this member
    const char *keep;     // maps: keys that are kept, comma separated, * at the end; lists: first
                          // members that are kept
    bool per_pod;         // pod_spec: belongs to the Pod, not to the shared block
    bool api_access;      // a generated name kube-api-access-XXXXX loses its last part in Pods
    bool drop_empty;      // an object without kept members is left out
    bool number;          // a text, or the values of a map, may be written as numbers (quantities)
    bool cut;             // longer text is cut (built-in kinds)
    bool drop_zero;       // a number 0 is left out
    const char *at;       // rules: JSON path of the member that a refusal names
};
