// SPDX-License-Identifier: Apache-2.0
// One parser for all commands. `--flag value`, `--flag=value`, `-o value`; operands may stand
// anywhere; `--` ends the flags. Every refusal names the flag and says what would be right.
#include "base/alloc.h"
#include "base/clock.h"
#include "cmd/command.h"

#define OBJECT_NAME_MAX 253 // of an object, as the API server has it

static const struct flag *find_flag(const struct command *c, const char *name, size_t n,
                                    char letter)
{
    for (const struct flag *const *group = c->flags; *group; group++) {
        for (const struct flag *f = *group; f->name; f++) {
            if (letter ? f->letter == letter
                       : strlen(f->name) == n && memcmp(f->name, name, n) == 0)
                return f;
        }
    }
    return NULL;
}

static struct arg_value *value_of(struct args *a, const char *flag)
{
    for (size_t i = 0; i < a->n_values; i++) {
        if (strcmp(a->values[i].flag->name, flag) == 0)
            return &a->values[i];
    }
    return NULL;
}

static bool is_word(const char *words, struct str w)
{
    struct str rest = str_of(words), piece;

    while (str_split(&rest, ',', &piece)) {
        if (piece.n == w.n && memcmp(piece.p, w.p, w.n) == 0)
            return true;
    }
    return false;
}

static int refuse_word(const struct flag *f, struct str w, struct error *e)
{
    return error_set(e, ERR_USAGE, "--%s: '" STR_FMT "' is not one of %s", f->name, STR_ARG(w),
                     f->words);
}

static int set_list(struct arg_value *v, const char *text, struct error *e)
{
    struct str rest = str_of(text), piece;

    while (str_split(&rest, ',', &piece)) {
        char *copy;

        piece = str_trim(piece);
        if (piece.n == 0)
            continue;
        if (v->flag->words && !is_word(v->flag->words, piece))
            return refuse_word(v->flag, piece, e);
        if (v->n_list + 1 >= ARRAY_SIZE(v->list))
            return error_set(e, ERR_USAGE, "--%s: at most %zu values", v->flag->name,
                             ARRAY_SIZE(v->list) - 1);
        copy = xstrndup(piece.p, piece.n);
        v->list[v->n_list++] = copy;
    }
    return 0;
}

static int set_time(struct arg_value *v, const char *text, usec now, struct error *e)
{
    usec d;

    if (duration_parse(str_of(text), &d, NULL) == 0) {
        v->time = now - d;
        return 0;
    }
    if (strlen(text) == 10) { // a date alone
        char full[32];

        snprintf(full, sizeof(full), "%sT00:00:00Z", text);
        if (time_parse(str_of(full), &v->time, NULL) == 0)
            return 0;
    }
    if (time_parse(str_of(text), &v->time, NULL) == 0)
        return 0;
    return error_set(e, ERR_USAGE,
                     "--%s: '%s' is neither a duration (24h, 7d) nor a time (2026-01-31T12:00:00Z)",
                     v->flag->name, text);
}

static int set_int(struct arg_value *v, const char *text, struct error *e)
{
    const struct flag *f = v->flag;

    if (str_i64(str_of(text), &v->number) < 0 || v->number < f->min || v->number > f->max)
        return error_set(e, ERR_USAGE,
                         "--%s: '%s' is not a whole number from %" PRId64 " to %" PRId64, f->name,
                         text, f->min, f->max);
    return 0;
}

static bool is_name(const char *s)
{
    static const char inner[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";
    size_t n = strlen(s);

    return n && n <= OBJECT_NAME_MAX && strspn(s, inner) == n && !strchr("-.", s[0]) &&
           !strchr("-.", s[n - 1]);
}

static int set_name(const struct arg_value *v, const char *text, struct error *e)
{
    if (!is_name(text))
        return error_set(e, ERR_USAGE,
                         "--%s: '%.80s' is no name of lower-case letters, digits, dashes and dots",
                         v->flag->name, text);
    return 0;
}

static int set_value(struct arg_value *v, const char *text, usec now, struct error *e)
{
    v->text = text;
    switch (v->flag->kind) {
    case FLAG_LIST:
        return set_list(v, text, e);
    case FLAG_TIME:
        return set_time(v, text, now, e);
    case FLAG_INT:
        return set_int(v, text, e);
    case FLAG_CHOICE:
        return is_word(v->flag->words, str_of(text)) ? 0 : refuse_word(v->flag, str_of(text), e);
    case FLAG_TEXT:
        if (!*text)
            return error_set(e, ERR_USAGE, "--%s: must not be empty", v->flag->name);
        return 0;
    case FLAG_NAME:
        return set_name(v, text, e);
    case FLAG_BOOL:
        break;
    }
    return 0;
}

static int set_defaults(struct args *a, usec now, struct error *e)
{
    for (const struct flag *const *group = a->command->flags; *group; group++) {
        for (const struct flag *f = *group; f->name; f++) {
            struct arg_value *v = &a->values[a->n_values++];

            *v = (struct arg_value){ .flag = f };
            if (f->def && set_value(v, f->def, now, e) < 0)
                return error_wrap(e, "default");
        }
    }
    return 0;
}

static void drop_list(struct arg_value *v)
{
    for (size_t k = 0; k < v->n_list; k++)
        free((void *)(uintptr_t)v->list[k]);
    v->n_list = 0;
}

static int parse_flag(struct args *a, int argc, char **argv, int *i, usec now, struct error *e)
{
    const char *word = argv[*i], *name = word[1] == '-' ? word + 2 : word + 1;
    const char *eq = word[1] == '-' ? strchr(name, '=') : NULL;
    const struct flag *f = find_flag(a->command, name, eq ? (size_t)(eq - name) : strlen(name),
                                     word[1] == '-' ? 0 : word[1]);
    struct arg_value *v;

    if (!f || (word[1] != '-' && word[2]))
        return error_set(e, ERR_USAGE, "unknown flag '%s' of `%s`; see `%s %s --help`", word,
                         command_words(a->command->path), command_program(a->command->path),
                         command_words(a->command->path));
    v = value_of(a, f->name);
    if (!v->given)
        drop_list(v); // the default
    v->given = true;
    if (f->kind == FLAG_BOOL)
        return eq ? error_set(e, ERR_USAGE, "--%s: takes no value", f->name) : 0;
    if (eq)
        return set_value(v, eq + 1, now, e);
    if (*i + 1 >= argc)
        return error_set(e, ERR_USAGE, "--%s: needs a value (%s)", f->name, f->value);
    return set_value(v, argv[++*i], now, e);
}

static int check_operands(const struct args *a, struct error *e)
{
    const struct command *c = a->command;
    const char *program = command_program(c->path), *words = command_words(c->path);

    if (a->n_operands < c->min_operands)
        return error_set(e, ERR_USAGE, "`%s` needs %s; see `%s %s --help`", words, c->operands,
                         program, words);
    if (a->n_operands > c->max_operands)
        return error_set(e, ERR_USAGE, "unexpected '%s' after `%s`; see `%s %s --help`",
                         a->operands[c->max_operands], words, program, words);
    return 0;
}

int args_parse(const struct command *c, int argc, char **argv, usec now, struct args *ret,
               struct error *e)
{
    bool flags = true;

    *ret = (struct args){ .command = c,
                          .operands = xcalloc((size_t)argc + 1, sizeof(*ret->operands)) };
    if (set_defaults(ret, now, e) < 0)
        return -1;
    for (int i = 0; i < argc; i++) {
        if (flags && strcmp(argv[i], "--") == 0) {
            flags = false;
        } else if (flags && argv[i][0] == '-' && argv[i][1]) {
            if (parse_flag(ret, argc, argv, &i, now, e) < 0)
                return -1;
        } else {
            ret->operands[ret->n_operands++] = argv[i];
        }
    }
    return check_operands(ret, e);
}

void args_fini(struct args *a)
{
    for (size_t i = 0; i < a->n_values; i++)
        drop_list(&a->values[i]);
    free(a->operands);
}

bool arg_given(const struct args *a, const char *flag)
{
    const struct arg_value *v = value_of((struct args *)(uintptr_t)a, flag);

    return v && v->given;
}

const char *arg_text(const struct args *a, const char *flag)
{
    const struct arg_value *v = value_of((struct args *)(uintptr_t)a, flag);

    return v ? v->text : NULL;
}

const char *const *arg_list(const struct args *a, const char *flag)
{
    const struct arg_value *v = value_of((struct args *)(uintptr_t)a, flag);

    return v && v->n_list ? v->list : NULL;
}

bool arg_is_bool(const struct args *a, const char *flag)
{
    const struct arg_value *v = value_of((struct args *)(uintptr_t)a, flag);

    return v && v->flag->kind == FLAG_BOOL;
}

bool arg_is_int(const struct args *a, const char *flag)
{
    const struct arg_value *v = value_of((struct args *)(uintptr_t)a, flag);

    return v && v->flag->kind == FLAG_INT;
}

int64_t arg_int(const struct args *a, const char *flag)
{
    const struct arg_value *v = value_of((struct args *)(uintptr_t)a, flag);

    return v ? v->number : 0;
}

usec arg_time(const struct args *a, const char *flag)
{
    const struct arg_value *v = value_of((struct args *)(uintptr_t)a, flag);

    return v ? v->time : 0;
}
