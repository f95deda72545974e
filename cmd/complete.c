// SPDX-License-Identifier: Apache-2.0
#include "cmd/complete.h"

#include "cmd/command.h"
#include "cmd/completion/scripts.h"
#include "cmd/output.h"
#include "controller/checks/checks.h"

#define OUT_MAX ((size_t)1 << 20)

struct typing {
    const char *path;        // the words that were found so far: "query runs"
    const struct command *c; // NULL: more words are needed
    const char *word;        // what is being typed
    int operands;            // before it
    struct buf *out;
};

static void offer(struct typing *t, struct str candidate, const char *help)
{
    if (candidate.n < strlen(t->word) || memcmp(candidate.p, t->word, strlen(t->word)) != 0)
        return;
    buf_addf(t->out, STR_FMT "%s%s\n", STR_ARG(candidate), help ? "\t" : "", help ? help : "");
}

// Commands and groups

// The rest of the path behind the words, NULL: it is another branch.
static const char *rest_of(const char *path, const char *words)
{
    size_t n = strlen(words);

    if (n == 0)
        return path;
    return strncmp(path, words, n) == 0 && path[n] == ' ' ? path + n + 1 : NULL;
}

static const char *help_of_words(const struct command *c, struct str path)
{
    char group[64];

    if (path.n == strlen(c->path))
        return c->help;
    snprintf(group, sizeof(group), STR_FMT, STR_ARG(path));
    return commands_group_help(group);
}

static void offer_commands(struct typing *t)
{
    const struct command *c;
    struct str last = { 0 };

    for (size_t i = 0; (c = commands_at(i)); i++) {
        const char *rest = rest_of(c->path, t->path);
        struct str word = { rest, rest ? strcspn(rest, " ") : 0 };

        if (!rest || (last.p && last.n == word.n && memcmp(last.p, word.p, word.n) == 0))
            continue;
        offer(t, word,
              help_of_words(c, (struct str){ c->path, (size_t)(rest - c->path) + word.n }));
        last = word;
    }
}

// Values

static void offer_checks(struct typing *t)
{
    for (size_t i = 0; i < checks_count(); i++)
        offer(t, str_of(checks_at(i)->id), checks_at(i)->title);
}

static void offer_profiles(struct typing *t)
{
    for (size_t i = 0; profile_name(i); i++)
        offer(t, str_of(profile_name(i)), NULL);
}

static void offer_list(struct typing *t, const char *words)
{
    struct str rest = str_of(words), word;

    while (str_split(&rest, ',', &word))
        offer(t, word, NULL);
}

// "high,cri" offers "high,critical": what stands before the last comma stays.
static void offer_more_of_list(struct typing *t, const char *words)
{
    const char *comma = strrchr(t->word, ',');
    int before = comma ? (int)(comma + 1 - t->word) : 0;
    struct str rest = str_of(words), word;

    while (str_split(&rest, ',', &word)) {
        char whole[512];

        snprintf(whole, sizeof(whole), "%.*s" STR_FMT, before, t->word, STR_ARG(word));
        offer(t, str_of(whole), NULL);
    }
}

// 0: file names may stand here as well, 4: nothing else may.
static int offer_value(struct typing *t, const struct flag *f)
{
    if (f->kind == FLAG_CHOICE)
        offer_list(t, f->words);
    else if (f->kind == FLAG_LIST && f->words)
        offer_more_of_list(t, f->words);
    else if (strcmp(f->name, "check") == 0 || strcmp(f->name, "exclude") == 0)
        offer_checks(t);
    else if (strcmp(f->name, "profile") == 0)
        offer_profiles(t);
    return strcmp(f->value, "FILE") == 0 ? 0 : 4;
}

static int offer_operand(struct typing *t)
{
    const char *what = t->c->operands;

    if (t->operands >= t->c->max_operands)
        return 4;
    if (strcmp(what, "CHECK") == 0)
        offer_checks(t);
    else if (strcmp(what, "SHELL") == 0)
        offer_list(t, "bash,zsh,fish");
    return strcmp(what, "FILE") == 0 || strstr(what, "PATH") ? 0 : 4;
}

// Flags

static void offer_flags(struct typing *t)
{
    for (const struct flag *const *g = t->c->flags; *g; g++) {
        for (const struct flag *f = *g; f->name; f++) {
            char name[64];

            snprintf(name, sizeof(name), "--%s", f->name);
            offer(t, str_of(name), f->help);
        }
    }
    offer(t, str_of("--help"), "this text");
}

// The flag that a word names; NULL: none, or the word is no flag.
static const struct flag *flag_of(const struct command *c, const char *word)
{
    size_t n = strcspn(word, "=");

    for (const struct flag *const *g = c->flags; *g && word[0] == '-'; g++) {
        for (const struct flag *f = *g; f->name; f++) {
            if (word[1] == '-' ? strlen(f->name) == n - 2 && memcmp(f->name, word + 2, n - 2) == 0
                               : f->letter && word[1] == f->letter && !word[2])
                return f;
        }
    }
    return NULL;
}

// What is typed after the command's own words.
static int offer_rest(struct typing *t, int n, char **words)
{
    const struct flag *wants = NULL; // a value
    bool flags = true;

    for (int i = 0; i < n - 1; i++) {
        const struct flag *f = flags ? flag_of(t->c, words[i]) : NULL;

        if (wants) {
            wants = NULL;
        } else if (flags && strcmp(words[i], "--") == 0) {
            flags = false;
        } else if (flags && words[i][0] == '-' && words[i][1]) {
            wants = f && f->kind != FLAG_BOOL && !strchr(words[i], '=') ? f : NULL;
        } else {
            t->operands++;
        }
    }
    if (wants)
        return offer_value(t, wants);
    if (flags && t->word[0] == '-' && strchr(t->word, '=')) {
        const struct flag *f = flag_of(t->c, t->word);

        t->word = strchr(t->word, '=') + 1;
        return f ? offer_value(t, f) : 4;
    }
    if (flags && t->word[0] == '-') {
        offer_flags(t);
        return 4;
    }
    return offer_operand(t);
}

void complete_words(const char *group, int n, char **words, struct buf *out)
{
    static char nothing[] = "";
    char path[128];
    struct typing t = { .path = path, .word = n ? words[n - 1] : nothing, .out = out };
    int at = 0, directive = 4;

    snprintf(path, sizeof(path), "%s", group);
    while (at < n - 1 && !t.c && words[at][0] != '-') {
        size_t have = strlen(path);

        snprintf(path + have, sizeof(path) - have, "%s%.60s", have ? " " : "", words[at++]);
        t.c = commands_find(path);
    }
    if (t.c)
        directive = offer_rest(&t, n - at, words + at);
    else if (at >= n - 1)
        offer_commands(&t);
    buf_addf(out, ":%d\n", directive);
}

int complete_print(const char *group, int n, char **words)
{
    struct buf autobuf out = { 0 };

    buf_init(&out, OUT_MAX);
    complete_words(group, n, words, &out);
    fwrite(out.p, 1, out.n, stdout);
    return output_flush(stdout);
}

int cmd_completion(const struct args *a)
{
    static const struct {
        const char *shell, *script;
    } scripts[] = {
        {"bash",  completion_bash},
        { "zsh",  completion_zsh },
        { "fish", completion_fish}
    };
    struct error e = { 0 };

    for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
        if (strcmp(scripts[i].shell, a->operands[0]) != 0)
            continue;
        fputs(scripts[i].script, stdout);
        return output_flush(stdout);
    }
    error_set(&e, ERR_USAGE, "unknown shell '%s': bash, zsh or fish", a->operands[0]);
    return command_fail(a, "completion", &e);
}
