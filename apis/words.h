// SPDX-License-Identifier: Apache-2.0
// The enumerations of words.def, and their texts.
#pragma once

#include "apis/credential.h"
#include "base/base.h"
#include "base/str.h"

// clang-format off
#define WORDS(w, W)     enum w { W##_ABSENT = 0,
#define WORD(W, N, s)   W##_##N,
#define END_WORDS(w, W) W##_OTHER = 15 };
// clang-format on
#include "apis/words.def"
#undef WORDS
#undef WORD
#undef END_WORDS

#define WORD_OTHER 15

// The texts of one enumeration: text[0] is "", text[1] the first word; NULL ends it.
struct words {
    const char *name;
    const char *text[WORD_OTHER + 1];
};

#define WORDS(w, W) extern const struct words w##_words;
#define WORD(W, N, s)
#define END_WORDS(w, W)
#include "apis/words.def"
#undef WORDS
#undef WORD
#undef END_WORDS

const char *word_text(const struct words *w, int value); // "" for absent and other
int word_find(const struct words *w, struct str text);   // WORD_OTHER when it is none of them
