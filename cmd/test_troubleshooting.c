// SPDX-License-Identifier: Apache-2.0
// docs/troubleshooting.md says only what is there: every command of ours on it is one that the
// table accepts, every other word in code type stands in the sources, in docs/api.md,
// docs/metrics.md or the chart, and every symptom names a test that exists. That the cures cure is
// for those tests.
#include "base/test.h"

#include "apis/reasons.h"
#include "base/alloc.h"
#include "base/str.h"
#include "cmd/command.h"

#include <glob.h>
#include <unistd.h>

#define PAGE      "docs/troubleshooting.md"
#define TEXT_MAX  ((size_t)32 << 20)
#define WORDS_MAX 40

static struct buf page, sources;

static void add_file(const char *path, struct buf *to)
{
    FILE *f = fopen(path, "r");
    char chunk[16384];
    size_t n;

    if (!f)
        fail_msg("%s cannot be read", path);
    while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
        buf_add(to, chunk, n);
    fclose(f);
}

// Literals that go on in the next line become whole: what stands between their quotes is left out.
static void join_literals(struct buf *b)
{
    size_t to = 0;

    for (size_t i = 0; i < b->n; i++) {
        size_t next = i + 1;

        while (b->p[i] == '"' && next < b->n && strchr(" \n", b->p[next]))
            next++;
        if (next > i + 1 && next < b->n && b->p[next] == '"')
            i = next;
        else
            b->p[to++] = b->p[i];
    }
    b->n = to;
    b->p[to] = 0;
}

static void add_sources(const char *pattern)
{
    glob_t g;

    if (glob(pattern, 0, NULL, &g) != 0)
        fail_msg("nothing is %s", pattern);
    for (size_t i = 0; i < g.gl_pathc; i++) {
        if (!strstr(g.gl_pathv[i], "/test_") && !strstr(g.gl_pathv[i], "/fake_"))
            add_file(g.gl_pathv[i], &sources);
    }
    globfree(&g);
}

static int read_all(void **state unused_arg)
{
    static const char *const patterns[] = {
        "base/*.[cd]*",
        "apis/*.[cdh]*",
        "informer/*.c",
        "store/*.c",
        "controller/*.c",
        "controller/*/*.c",
        "cmd/*.c",
        "docs/api.md",
        "docs/metrics.md",
        "deploy/chart/README.md",
        "deploy/monitoring/alerts.yaml",
    };

    buf_init(&page, TEXT_MAX);
    buf_init(&sources, TEXT_MAX);
    add_file(PAGE, &page);
    for (size_t i = 0; i < ARRAY_SIZE(patterns); i++)
        add_sources(patterns[i]);
    join_literals(&sources);
    return 0;
}

static int drop_all(void **state unused_arg)
{
    buf_fini(&page);
    buf_fini(&sources);
    return 0;
}

// Commands

// The words of a command up to a pipe; how many.
static int split(char *text, char **words)
{
    int n = 0;

    while (*text && *text != '|' && n < WORDS_MAX) {
        words[n++] = text;
        text += strcspn(text, " ");
        if (*text)
            *text++ = 0;
    }
    return n;
}

// words: without the program's name.
static bool table_accepts(const char *prefix, const char *words)
{
    autofree char *text = xasprintf("%s%s", prefix, words);
    char *argv[WORDS_MAX], path[128] = "";
    int n = split(text, argv), at = 0;
    const struct command *c = NULL;
    struct error e = { 0 };
    struct args a;
    int rc;

    while (at < n && !c) {
        size_t have = strlen(path);

        snprintf(path + have, sizeof(path) - have, "%s%s", have ? " " : "", argv[at++]);
        c = commands_find(path);
    }
    if (!c)
        return false;
    rc = args_parse(c, n - at, argv + at, 0, &a, &e);
    args_fini(&a);
    return rc == 0;
}

static bool is_flag_of_ours(const char *word)
{
    const struct command *c;
    size_t n = strcspn(word + 2, " =");

    for (size_t i = 0; (c = commands_at(i)); i++) {
        for (const struct flag *const *g = c->flags; *g; g++) {
            for (const struct flag *f = *g; f->name; f++) {
                if (strlen(f->name) == n && strncmp(f->name, word + 2, n) == 0)
                    return true;
            }
        }
    }
    return false;
}

// Words of other programs are theirs to know.
static bool is_foreign(const char *code)
{
    static const char *const programs[] = { "kubectl ", "helm ", "command ", "ln " };

    for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
        if (str_starts(code, programs[i]))
            return true;
    }
    return false;
}

// Each part between … stands somewhere.
static bool is_said(const char *code)
{
    autofree char *text = xstrdup(code);
    char *rest = text;

    while (rest) {
        char *end = strstr(rest, "…"), *part = rest;

        rest = end ? end + strlen("…") : NULL;
        if (end)
            *end = 0;
        if (!strstr(sources.p, part))
            return false;
    }
    return true;
}

static bool is_true(const char *code)
{
    const char *inside = strstr(code, "-- kube9-operator ");
    autofree char *name = xstrndup(code, strcspn(code, "="));

    if (inside)
        return table_accepts("", inside + strlen("-- kube9-operator "));
    if (str_starts(code, "kubectl kube9 "))
        return table_accepts(PLUGIN_GROUP " ", code + strlen("kubectl kube9 "));
    if (str_starts(code, "kube9-operator "))
        return table_accepts("", code + strlen("kube9-operator "));
    if (is_foreign(code))
        return true;
    if (str_starts(code, "--"))
        return is_flag_of_ours(code);
    if (strchr(code, '/') && access(code, F_OK) == 0)
        return true;
    return table_accepts("", code) || is_said(code) || is_said(name);
}

static void every_word_in_code_type_is_one_of_ours(void **state unused_arg)
{
    size_t n = 0;

    for (const char *at = strchr(page.p, '`'); at; at = strchr(at, '`')) {
        size_t len = strcspn(at + 1, "`");
        autofree char *code = xstrndup(at + 1, len);

        if (at[1] == '`') { // a fence: its lines are looked at below
            at = strstr(at + 3, "```") + 3;
            continue;
        }
        for (char *bar = strstr(code, "\\|"); bar; bar = strstr(bar, "\\|"))
            memmove(bar, bar + 1, strlen(bar));
        if (!is_true(code))
            fail_msg(PAGE ": `%s` is nothing that the program knows or says", code);
        n++;
        at += len + 2;
    }
    assert_true(n > 100);
}

static void every_line_of_a_block_is_a_command(void **state unused_arg)
{
    const char *block = strstr(page.p, "```\n");
    size_t n = 0;

    assert_non_null(block);
    for (const char *line = block + 4; strncmp(line, "```", 3) != 0;
         line = strchr(line, '\n') + 1) {
        autofree char *code = xstrndup(line, strcspn(line, "\n"));

        if (!is_true(code))
            fail_msg(PAGE ": '%s' is no command", code);
        n++;
    }
    assert_int_equal(n, 4);
}

static void words_that_nobody_says_are_found_out(void **state unused_arg)
{
    static const char *const wrong[] = { "kube9-operator query nothing",
                                         "kube9-operator query status --bogus",
                                         "kubectl kube9 serve",
                                         "--bogus",
                                         "StoreOnFire",
                                         "is not ready … because of nothing",
                                         "spec.assessment.nothing",
                                         "e2e/cases/00-nothing" };

    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        if (is_true(wrong[i]))
            fail_msg("`%s` was taken for ours", wrong[i]);
    }
}

// Symptoms

// Rows of four cells end with the test that tried them.
static void every_symptom_names_the_test_that_tried_it(void **state unused_arg)
{
    struct str rest = buf_str(&page), line;
    size_t n = 0;

    while (str_split(&rest, '\n', &line)) {
        autofree char *row = xstrndup(line.p, line.n);
        char *last, *end;
        int cells = -1;

        if (row[0] != '|' || str_starts(row, "|---") || str_starts(row, "| you see"))
            continue;
        for (char *bar = row; (bar = strchr(bar, '|')); bar++)
            cells += bar == row || bar[-1] != '\\';
        if (cells != 4)
            continue;
        last = strstr(row + strlen(row) - MIN(strlen(row), (size_t)60), "| `");
        assert_non_null(last);
        last += strlen("| `");
        end = strchr(last, '`');
        assert_non_null(end);
        *end = 0;
        if (access(last, F_OK) != 0)
            fail_msg(PAGE ": '%s' does not exist", last);
        n++;
    }
    assert_true(n >= 30);
}

static void every_alert_has_a_place_to_look(void **state unused_arg)
{
    struct buf autobuf alerts = { 0 };
    size_t n = 0;

    buf_init(&alerts, TEXT_MAX);
    add_file("deploy/monitoring/alerts.yaml", &alerts);
    for (const char *at = alerts.p; (at = strstr(at, "- alert: ")); n++) {
        autofree char *name = NULL;

        at += strlen("- alert: ");
        name = xasprintf("`%.*s`", (int)strcspn(at, "\n"), at);
        if (!strstr(page.p, name))
            fail_msg(PAGE " does not say where to look after the alert %s", name);
    }
    assert_true(n > 10);
}

static void every_reason_that_something_is_wrong_is_on_the_page(void **state unused_arg)
{
    static const char *const fine[] = { "FreeTier", "StoreOpening" }; // nothing to mend
    const struct reason_row *r;

    for (size_t i = 0; (r = reason_row_at(i)); i++) {
        bool known = !r->reason || strncmp(r->status, "False", 5) != 0;
        autofree char *code = xasprintf("`%s`", r->reason ? r->reason : "");

        for (size_t k = 0; k < ARRAY_SIZE(fine) && r->reason; k++)
            known = known || strcmp(fine[k], r->reason) == 0;
        if (!known && !strstr(page.p, code))
            fail_msg(PAGE " does not know the reason %s", code);
    }
}

// A row that nothing gives any more would be a promise that is not kept.
static void every_reason_of_the_table_is_given_somewhere(void **state unused_arg)
{
    const struct reason_row *r;

    for (size_t i = 0; (r = reason_row_at(i)); i++) {
        autofree char *id = xasprintf("REASON_%s", r->id ? r->id : "");

        if (r->id && !strstr(sources.p, id))
            fail_msg("nothing gives the reason %s of apis/reasons.def", r->reason);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(every_word_in_code_type_is_one_of_ours),
        T(every_line_of_a_block_is_a_command),
        T(words_that_nobody_says_are_found_out),
        T(every_symptom_names_the_test_that_tried_it),
        T(every_alert_has_a_place_to_look),
        T(every_reason_that_something_is_wrong_is_on_the_page),
        T(every_reason_of_the_table_is_given_somewhere),
    };

    return cmocka_run_group_tests(tests, read_all, drop_all);
}
