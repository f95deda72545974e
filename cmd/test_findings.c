// SPDX-License-Identifier: Apache-2.0
// The order of findings, and the documents of `assess`, read back.
#include "base/test.h"

#include "base/alloc.h"
#include "base/json.h"
#include "cmd/command.h"
#include "cmd/fake_findings.h"
#include "cmd/render.h"

#include <stdlib.h>

static struct arena *arena;
static struct findings fs;

static int setup(void **state unused_arg)
{
    arena = arena_new((size_t)256 << 20);
    fake_findings(&fs, arena);
    return 0;
}

static int teardown(void **state unused_arg)
{
    arena_free(arena);
    return 0;
}

static const char *const in_order[] = { "0000000000000003", "0000000000000002", "0000000000000005",
                                        "0000000000000004", "0000000000000001", "0000000000000006",
                                        "0000000000000007" };

static void the_worst_stands_first_and_exempted_ones_last(void **state unused_arg)
{
    assert_int_equal(fs.n, ARRAY_SIZE(in_order));
    for (size_t i = 0; i < fs.n; i++)
        assert_string_equal(fs.v[i].id, in_order[i]);
    assert_int_equal(fs.worst, CHECK_CRITICAL);
    assert_int_equal(fs.exempted, 1);
}

static void the_order_does_not_depend_on_who_came_first(void **state unused_arg)
{
    for (int round = 0; round < 50; round++) {
        for (size_t i = fs.n - 1; i > 0; i--) {
            size_t k = (size_t)(round * 7 + (int)i * 5) % (i + 1);
            struct row t = fs.v[i];

            fs.v[i] = fs.v[k];
            fs.v[k] = t;
        }
        findings_sort(&fs);
        for (size_t i = 0; i < fs.n; i++)
            assert_string_equal(fs.v[i].id, in_order[i]);
    }
}

static void one_object_in_two_files_is_in_the_order_of_files_and_lines(void **state unused_arg)
{
    static const char *const want[] = { "a.yaml:3", "a.yaml:20", "b.yaml:1" };
    struct findings two;
    char place[64];

    findings_init(&two, arena);
    for (int i = 2; i >= 0; i--) {
        struct finding f = { .check = checks_at(0),
                             .verdict = VERDICT_FAIL,
                             .kind = "Pod",
                             .ns = "",
                             .name = "p",
                             .path = "",
                             .message = "",
                             .fingerprint = "1" };
        struct row *r = findings_add(&two, &f);

        r->file = i == 2 ? "b.yaml" : "a.yaml";
        r->line = (uint32_t[]){ 3, 20, 1 }[i];
    }
    findings_sort(&two);
    for (size_t i = 0; i < two.n; i++)
        assert_string_equal(row_place(&two.v[i], place, sizeof(place)), want[i]);
}

static void exempted_findings_trip_nothing(void **state unused_arg)
{
    struct findings one;
    struct finding f = { .check = checks_at(0),
                         .verdict = VERDICT_SKIP,
                         .severity = CHECK_CRITICAL,
                         .kind = "Pod",
                         .ns = "",
                         .name = "p",
                         .path = "",
                         .message = "" };

    findings_init(&one, arena);
    findings_add(&one, &f);
    assert_int_equal(one.worst, -1);
}

struct printing {
    const char *format;
    struct look look;
};

static int print(FILE *out, void *arg)
{
    struct printing *p = arg;

    return render_find(p->format)->print(&fs, p->look, out);
}

static char *printed(const char *format)
{
    struct printing p = { .format = format };

    return fake_print(print, &p);
}

// The members that docs and other programs rely on, in their order.
static void the_json_document_has_exactly_its_members(void **state unused_arg)
{
    static const char *const members[] = { "id",     "check",   "status", "severity",
                                           "pillar", "object",  "path",   "file",
                                           "line",   "message", "fix",    "exemption" };
    autofree char *text = printed("json");
    struct json_doc autojson doc = { 0 };
    struct error e = { 0 };
    size_t i = 0, n = 0;
    json_val *list, *one, *key;
    yyjson_arr_iter it;
    yyjson_obj_iter keys;

    assert_int_equal(json_parse_strict(str_of(text), &doc, &e), 0);
    assert_int_equal(yyjson_obj_size(json_root(&doc)), 2);
    assert_int_equal(json_int(json_path(json_root(&doc), "summary.score"), -1), 58);
    assert_int_equal(json_int(json_path(json_root(&doc), "summary.evaluated"), -1), 4);
    list = json_get(json_root(&doc), "findings");
    yyjson_arr_iter_init(list, &it);
    while ((one = yyjson_arr_iter_next(&it))) {
        assert_string_equal(json_str(json_get(one, "id"), ""), in_order[n++]);
        yyjson_obj_iter_init(one, &keys);
        for (i = 0; (key = yyjson_obj_iter_next(&keys)); i++)
            assert_string_equal(yyjson_get_str(key), members[i]);
        assert_int_equal(i, ARRAY_SIZE(members));
    }
    assert_int_equal(n, fs.n);
}

static void text_comes_back_from_json_as_it_was(void **state unused_arg)
{
    autofree char *text = printed("json");
    struct json_doc autojson doc = { 0 };
    json_val *hostile;

    assert_int_equal(json_parse_strict(str_of(text), &doc, NULL), 0);
    hostile = json_path(json_root(&doc), "findings.3");
    assert_string_equal(json_str(json_get(hostile, "message"), ""), FAKE_HOSTILE);
    assert_string_equal(json_str(json_get(hostile, "file"), ""), "deploy/api.yaml");
    assert_int_equal(json_int(json_get(hostile, "line"), 0), 7);
    assert_true(yyjson_is_null(json_path(json_root(&doc), "findings.0.file")));
    assert_true(yyjson_is_null(json_path(json_root(&doc), "findings.0.object.namespace")));
}

static void in_a_pipe_every_finding_is_a_line_without_colour(void **state unused_arg)
{
    autofree char *text = printed("table");
    size_t lines = 0;

    for (const char *p = text; (p = strchr(p, '\n')); p++)
        lines++;
    assert_int_equal(lines, 1 + fs.n + 1 + 1 + CHECK_PILLARS + 1 + 2);
    assert_null(strchr(text, '\033'));
    assert_non_null(strstr(text, "deploy/a b/agent.yaml:18   container 'agent' is privileged\n"));
    assert_non_null(
        strstr(text, "\nall                      58      4 of 5      0         3         1\n"));
    assert_non_null(
        strstr(text, "\nScore 58 F   6 findings over 6 objects; 4 of 5 checks evaluated\n"));
}

static void on_a_terminal_findings_stand_below_their_check(void **state unused_arg)
{
    struct printing p = { "table", { .screen = 80 } };
    autofree char *text = fake_print(print, &p);

    assert_null(strchr(text, '\033'));
    assert_non_null(
        strstr(text, "critical  security/privileged-container  2 failing\n"
                     "  Containers are not privileged. Fix: Remove `privileged: true`; add the\n"
                     "  capabilities that are needed.\n"
                     "    Cluster cluster "));
}

static void colour_changes_no_word(void **state unused_arg)
{
    struct printing plain = { "table", { .screen = 90 } }, color = { "table", { .screen = 90, .color = true } };
    autofree char *without = fake_print(print, &plain);
    autofree char *with = fake_print(print, &color);
    char *to = with;

    assert_non_null(strchr(with, '\033'));
    for (const char *p = with; *p; p++) {
        if (*p == '\033')
            p = strchr(p, 'm');
        else
            *to++ = *p;
    }
    *to = '\0';
    assert_string_equal(with, without);
}

static void of_many_findings_a_terminal_shows_some_and_counts_the_rest(void **state unused_arg)
{
    struct printing p = { "table", { .screen = 120 } };
    autofree char *text = NULL;
    size_t shown = 0, more = 0;

    fake_findings_many(&fs, arena, 600);
    text = fake_print(print, &p);
    for (const char *at = text; (at = strstr(at, "\n    ")); at++) {
        if (str_starts(at, "\n    and "))
            more += strtoul(at + 9, NULL, 10);
        else
            shown += at[5] != ' ';
    }
    assert_int_equal(shown + more, fs.n);
    assert_true(shown <= 7 * 8);
}

static void every_word_of_the_flag_is_a_format_and_the_other_way_round(void **state unused_arg)
{
    const struct command *c = commands_find("assess");
    size_t n = 0;

    for (const struct flag *const *g = c->flags; *g; g++) {
        for (const struct flag *f = *g; f->name; f++) {
            struct str rest = str_of(f->words), word;

            while (strcmp(f->name, "format") == 0 && str_split(&rest, ',', &word)) {
                autofree char *name = xstrndup(word.p, word.n);

                assert_non_null(render_find(name));
                n++;
            }
        }
    }
    assert_null(render_at(n));
    assert_non_null(render_at(n - 1));
}

static void without_findings_every_format_still_prints(void **state unused_arg)
{
    fake_findings_none(&fs, arena);
    for (size_t i = 0; render_at(i); i++) {
        autofree char *text = printed(render_at(i)->name);

        assert_true(strlen(text) > 0);
    }
}

#define S(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

RUN(S(the_worst_stands_first_and_exempted_ones_last),
    S(the_order_does_not_depend_on_who_came_first),
    S(one_object_in_two_files_is_in_the_order_of_files_and_lines),
    S(exempted_findings_trip_nothing), S(the_json_document_has_exactly_its_members),
    S(text_comes_back_from_json_as_it_was), S(in_a_pipe_every_finding_is_a_line_without_colour),
    S(on_a_terminal_findings_stand_below_their_check), S(colour_changes_no_word),
    S(of_many_findings_a_terminal_shows_some_and_counts_the_rest),
    S(every_word_of_the_flag_is_a_format_and_the_other_way_round),
    S(without_findings_every_format_still_prints))
