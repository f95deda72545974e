// SPDX-License-Identifier: Apache-2.0
// Names that say "this is a credential": DB_PASSWORD, apiKey, access-key. A name is split into
// words at separators and at capitals, so that "monkeyToken" is found and "tokenizer" is not; its
// last word may say that only a place is meant (_FILE).
#include "apis/credential.h"

#include <ctype.h>

#define WORDS_MAX 16
#define WORD_LEN  24

struct words_of_name {
    char text[WORDS_MAX][WORD_LEN];
    int n;
};

static bool begins_word(struct str s, size_t i)
{
    unsigned char c = (unsigned char)s.p[i], before = i ? (unsigned char)s.p[i - 1] : 0;
    if (!isalpha(before))
        return true;
    bool next_small = i + 1 < s.n && islower((unsigned char)s.p[i + 1]);
    return isupper(c) && (islower(before) || next_small);
}

static void add_letter(struct words_of_name *w, size_t at, unsigned char c)
{
    char *word = w->text[w->n - 1];
    if (at + 1 >= WORD_LEN)
        return;
    word[at] = (char)tolower(c);
    word[at + 1] = 0;
}

static void split(struct str s, struct words_of_name *w)
{
    size_t len = 0;
    *w = (struct words_of_name){ .n = 0 };
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (!isalpha(c))
            continue;
        if (begins_word(s, i)) {
            if (w->n == WORDS_MAX)
                return;
            w->n++;
            len = 0;
        }
        add_letter(w, len++, c);
    }
}

static bool is_one_of(const char *word, const char *const *list, size_t n)
{
    size_t len = strlen(word);
    for (size_t i = 0; i < n; i++) {
        size_t want = strlen(list[i]);
        bool plural = len == want + 1 && word[want] == 's';
        if ((len == want || plural) && memcmp(word, list[i], want) == 0)
            return true;
    }
    return false;
}

#define ONE_OF(word, list) is_one_of((word), (list), ARRAY_SIZE(list))

bool credential_name(struct str name)
{
    static const char *const secret[] = { "password",   "passwd",     "passphrase", "secret",
                                          "token",      "credential", "apikey",     "accesskey",
                                          "privatekey", "pwd" };
    static const char *const key_of[] = { "api", "access", "private" };
    static const char *const key[] = { "key" };
    static const char *const place[] = { "file",   "path", "name", "enabled", "url",    "ttl",
                                         "length", "dir",  "uri",  "type",    "expiry", "ref" };
    struct words_of_name w;
    if (name.n > 256)
        return false;
    split(name, &w);
    if (!w.n || ONE_OF(w.text[w.n - 1], place))
        return false;
    for (int i = 0; i < w.n; i++) {
        const char *word = w.text[i];
        if (ONE_OF(word, secret) || str_ends(word, "password") || str_ends(word, "passwd"))
            return true;
        if (i + 1 < w.n && ONE_OF(word, key_of) && ONE_OF(w.text[i + 1], key))
            return true;
    }
    return false;
}
