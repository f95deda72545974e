// SPDX-License-Identifier: Apache-2.0
// The catalogue of checks beside the tables: each of its rows is built, with its severity, tier and
// controls, or says why not. testdata/catalogue.tsv has a line per row: id, severity, tier, family,
// controls, and for a row that is not built its reason; testdata/frameworks.tsv a line per control.
#include "controller/checks/checks.h"

#include "base/test.h"
#include <unistd.h>

#define CATALOGUE "controller/checks/testdata/catalogue.tsv"
#define CONTROLS  "controller/checks/testdata/frameworks.tsv"
#define CASES     "controller/checks/testdata/subtle_cases.tsv"
#define N_CASES   56
#define COLUMNS   6
#define LINE_MAX_ 4096
#define ROWS      341
#define FAMILIES  26

enum column { ID, SEVERITY, TIER, FAMILY, CONTROL, REASON };

struct line {
    char text[LINE_MAX_];
    struct str column[COLUMNS];
};

static bool next_line(FILE *in, struct line *l)
{
    struct str rest;

    do {
        if (!fgets(l->text, sizeof(l->text), in))
            return false;
    } while (l->text[0] == '#');
    l->text[strcspn(l->text, "\n")] = '\0';
    memset(l->column, 0, sizeof(l->column));
    rest = str_of(l->text);
    for (size_t i = 0; i < COLUMNS && str_split(&rest, '\t', &l->column[i]); i++)
        ;
    return true;
}

static FILE *open_file(const char *path)
{
    FILE *in = fopen(path, "re");

    if (!in)
        fail_msg("%s is missing", path);
    return in;
}

static const struct check *check_of(struct str id)
{
    char name[128];

    snprintf(name, sizeof(name), "%.*s", (int)id.n, id.p);
    return checks_find(name);
}

static bool holds_word(const char *words, struct str word)
{
    struct str rest = str_of(words), one;

    while (str_split(&rest, ' ', &one)) {
        if (one.n == word.n && memcmp(one.p, word.p, one.n) == 0)
            return true;
    }
    return false;
}

static size_t words_of(struct str text)
{
    struct str one;
    size_t n = 0;

    while (str_split(&text, ' ', &one))
        n += one.n > 0;
    return n;
}

static bool same_words(const char *have, struct str want)
{
    struct str rest = want, one;

    while (str_split(&rest, ' ', &one)) {
        if (one.n && !holds_word(have, one))
            return false;
    }
    return words_of(str_of(have)) == words_of(want);
}

static int judge(const struct line *l, const struct check *c)
{
    int wrong = 0;

    if (c && l->column[REASON].n) {
        print_error("%s: is built, and yet %s has a reason why it is not\n", c->id, CATALOGUE);
        wrong++;
    }
    if (c && (!str_eq(l->column[SEVERITY], check_severity_name(c->severity)) ||
              l->column[TIER].p[1] != '0' + c->tier)) {
        print_error("%s: severity or tier is not the catalogue's\n", c->id);
        wrong++;
    }
    if (c && !same_words(c->frameworks, l->column[CONTROL])) {
        print_error("%s: controls '%s', the catalogue has '%.*s'\n", c->id, c->frameworks,
                    (int)l->column[CONTROL].n, l->column[CONTROL].p);
        wrong++;
    }
    if (!c && l->column[REASON].n < 8) {
        print_error("%.*s: neither built nor a reason\n", (int)l->column[ID].n, l->column[ID].p);
        wrong++;
    }
    return wrong;
}

struct count {
    int built, all;
};

static void print_counts(const struct count tiers[4], const struct count families[FAMILIES])
{
    struct count all = { 0 };

    for (int t = 1; t <= 3; t++) {
        print_message("T%d: %d of %d rows are built\n", t, tiers[t].built, tiers[t].all);
        all.built += tiers[t].built;
        all.all += tiers[t].all;
    }
    for (int f = 0; f < FAMILIES; f++) {
        if (families[f].all)
            print_message("family %c: %d of %d\n", 'A' + f, families[f].built, families[f].all);
    }
    print_message("all: %d of %d rows are built, %d are left out with a reason\n", all.built,
                  all.all, all.all - all.built);
    assert_int_equal(all.all, ROWS);
}

static void each_row_of_the_catalogue_is_built_or_says_why_not(void **state unused_arg)
{
    FILE *in = open_file(CATALOGUE);
    struct count tiers[4] = { 0 }, families[FAMILIES] = { 0 };
    struct line l;
    int wrong = 0;

    while (next_line(in, &l)) {
        const struct check *c = check_of(l.column[ID]);
        int t = l.column[TIER].p[1] - '0', f = l.column[FAMILY].p[0] - 'A';
        assert_true(t >= 1 && t <= 3 && f >= 0 && f < FAMILIES);
        tiers[t].all++;
        families[f].all++;
        tiers[t].built += c != NULL;
        families[f].built += c != NULL;
        wrong += judge(&l, c);
    }
    fclose(in);
    print_counts(tiers, families);
    print_message("%zu checks in all\n", checks_count());
    assert_int_equal(wrong, 0);
}

static bool in_file(const char *path, const char *id)
{
    FILE *in = open_file(path);
    struct line l;
    bool found = false;

    while (!found && next_line(in, &l))
        found = str_eq(l.column[ID], id);
    fclose(in);
    return found;
}

// A line of frameworks.tsv: every check that it names is mapped to the control, or is not built.
static int judge_control(const struct line *l, const char *control)
{
    struct str rest = l->column[1], id;
    int wrong = 0;

    while (str_split(&rest, ' ', &id)) {
        const struct check *c = id.n ? check_of(id) : NULL;
        if (!c || holds_word(c->frameworks, l->column[0]))
            continue;
        print_error("%s: %s is not mapped to it\n", control, c->id);
        wrong++;
    }
    return wrong;
}

static int judge_mapped(const struct line *l, const char *control, bool *any)
{
    int wrong = 0;

    for (size_t i = 0; i < checks_count(); i++) {
        const struct check *c = checks_at(i);
        if (!holds_word(c->frameworks, l->column[0]) || !in_file(CATALOGUE, c->id))
            continue;
        *any = true;
        if (words_of(l->column[1]) == 0 ||
            memmem(l->column[1].p, l->column[1].n, c->id, strlen(c->id)))
            continue;
        print_error("%s: %s is mapped to it, and the index does not say so\n", control, c->id);
        wrong++;
    }
    return wrong;
}

static void the_index_of_controls_is_what_the_rows_say(void **state unused_arg)
{
    FILE *in = open_file(CONTROLS);
    int wrong = 0, covered = 0, all = 0;
    struct line l;

    while (next_line(in, &l)) {
        char control[64];
        bool any = false;
        snprintf(control, sizeof(control), "%.*s", (int)l.column[0].n, l.column[0].p);
        wrong += judge_control(&l, control) + judge_mapped(&l, control, &any);
        covered += any;
        all++;
        if (any != (l.column[2].n == 0)) {
            print_error("%s: %s\n", control,
                        any ? "has a check, and a reason why not" : "no check and no reason");
            wrong++;
        }
    }
    fclose(in);
    print_message("%d of %d controls of the index have a check\n", covered, all);
    assert_int_equal(wrong, 0);
}

// Every PSS and NSA control that a row names is in the index; CIS 1 to 4 are the control plane's.
static void each_control_of_a_row_is_in_the_index(void **state unused_arg)
{
    for (size_t i = 0; i < checks_count(); i++) {
        struct str rest = str_of(checks_at(i)->frameworks), one;
        while (str_split(&rest, ' ', &one)) {
            char control[64];
            snprintf(control, sizeof(control), "%.*s", (int)one.n, one.p);
            if ((str_starts(control, "PSS-") || str_starts(control, "NSA-") ||
                 str_starts(control, "CIS-5.")) &&
                !in_file(CONTROLS, control))
                fail_msg("%s: %s is not in %s", checks_at(i)->id, control, CONTROLS);
        }
    }
}

// "security/x.pass-2", a fixture, or "test_x:function", a test.
static bool is_there(struct str place)
{
    static const char *const folders[] = { "controller/checks", "apis", "informer", "store",
                                           "controller" };
    char path[256], text[128], line[512];
    const char *colon = memchr(place.p, ':', place.n);
    bool found = false;

    if (!colon) {
        snprintf(path, sizeof(path), "controller/checks/testdata/%.*s.yaml", (int)place.n, place.p);
        return access(path, R_OK) == 0;
    }
    snprintf(text, sizeof(text), "T(%.*s)", (int)(place.p + place.n - colon - 1), colon + 1);
    for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
        snprintf(path, sizeof(path), "%s/%.*s.c", folders[i], (int)(colon - place.p), place.p);
        FILE *in = fopen(path, "re");
        while (in && !found && fgets(line, sizeof(line), in))
            found = strstr(line, text) != NULL;
        if (in)
            fclose(in);
    }
    return found;
}

static void each_subtle_case_has_its_fixture_or_says_why_not(void **state unused_arg)
{
    FILE *in = open_file(CASES);
    struct line l;
    int n = 0, held = 0, wrong = 0;

    while (next_line(in, &l)) {
        struct str rest = l.column[1], place;
        assert_int_equal(strtol(l.column[0].p, NULL, 10), ++n);
        if (rest.n > 10 && memcmp(rest.p, "not here: ", 10) == 0)
            continue;
        held++;
        while (str_split(&rest, ' ', &place)) {
            if (is_there(place))
                continue;
            print_error("case %d: there is no %.*s\n", n, (int)place.n, place.p);
            wrong++;
        }
    }
    fclose(in);
    print_message("%d of %d subtle cases have a fixture or a test\n", held, n);
    assert_int_equal(wrong, 0);
    assert_int_equal(n, N_CASES);
}

RUN(T(each_subtle_case_has_its_fixture_or_says_why_not),
    T(each_row_of_the_catalogue_is_built_or_says_why_not),
    T(the_index_of_controls_is_what_the_rows_say), T(each_control_of_a_row_is_in_the_index))
