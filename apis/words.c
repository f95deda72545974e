// SPDX-License-Identifier: Apache-2.0
// Tables of the closed vocabularies, in both directions.
#include "apis/words.h"

// clang-format off
#define WORDS(w, W)     const struct words w##_words = { .name = #w, .text = { [0] = "",
#define WORD(W, N, s)   [W##_##N] = s,
#define END_WORDS(w, W) } };
#include "apis/words.def"
// clang-format on
#undef WORDS
#undef WORD
#undef END_WORDS

const char *word_text(const struct words *w, int value)
{
    if (value <= 0 || value >= WORD_OTHER || !w->text[value])
        return "";
    return w->text[value];
}

int word_find(const struct words *w, struct str text)
{
    for (int i = 1; i < WORD_OTHER && w->text[i]; i++) {
        if (str_eq(text, w->text[i]))
            return i;
    }
    return WORD_OTHER;
}
