// SPDX-License-Identifier: Apache-2.0
// What may stand next on a command line, from the command table. The shells' scripts ask the
// program
// (`kube9-operator __complete WORDS...`), and so does kubectl (`kubectl_complete-kube9 WORDS...`),
// so that no list can fall behind.
#pragma once

#include "base/base.h"
#include "base/str.h"

// words: all after the program's name up to the one that is being typed, which may be "". group: ""
// or PLUGIN_GROUP. Lines "candidate", or "candidate<TAB>what it is", and a last line that says what
// the shell may add: ":0" file names, ":4" nothing (the protocol of cobra's __complete).
void complete_words(const char *group, int n, char **words, struct buf *out);

int complete_print(const char *group, int n, char **words); // to stdout; exit status
