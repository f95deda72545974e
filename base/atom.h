// SPDX-License-Identifier: Apache-2.0
// Interned strings of small vocabularies (namespaces, node names, label keys, enum words): 4 bytes,
// compared as numbers. Atoms live as long as the process; never intern what is unbounded (Pod
// names, label values). Threads: only one thread (the loop; or the only thread of a batch program)
// interns and finds, unless the table is shared. Any thread may turn an atom that was handed to it
// into text: chunks never move and a published atom is never written again.
#pragma once

#include "base/base.h"
#include "base/str.h"

typedef uint32_t atom; // 0 is "no string"; atom_str(0) is ""

atom atom_intern(const char *s, size_t n);
atom atom_of(const char *s);             // atom_intern of a C string; NULL and "" give 0
atom atom_find(const char *s, size_t n); // 0 if never interned
const char *atom_str(atom a);
struct str atom_view(atom a);
size_t atom_count(void);
// While it is shared any thread may intern and find, under a lock. Called while there is one
// thread.
void atom_share(bool on);
#define ATOMS_MAX (8192u * 512u) // the process ends beyond that: who interns for strangers counts
size_t atom_bytes(void);         // memory held by the table
