// SPDX-License-Identifier: Apache-2.0
// Trees made of JSON: the same as of YAML, and where each thing stands.
#include "base/json_tree.h"
#include "base/test.h"
#include "base/yaml_lines.h"

static struct arena *arena;

static int begin(void **state unused_arg)
{
    arena = arena_new((size_t)16 << 20);
    return 0;
}

static int end(void **state unused_arg)
{
    arena_free(arena);
    return 0;
}

static const struct yaml_node *read_json(const char *text)
{
    struct json_tree t;
    struct yaml_node *n = NULL;
    struct error e = { 0 };

    json_tree_init(&t, str_of(text), arena);
    if (json_tree_next(&t, &n, &e) < 0)
        fail_msg("%s", e.text);
    return n;
}

static const struct yaml_node *read_yaml(const char *text)
{
    struct yaml_reader *r = yaml_open(str_of(text), arena);
    struct yaml_node *n = NULL;
    struct error e = { 0 };

    if (yaml_next(r, &n, &e) < 0)
        fail_msg("%s", e.text);
    yaml_close(r);
    return n;
}

static void refused(const char *text, enum err code, const char *words)
{
    struct json_tree t;
    struct yaml_node *n = NULL;
    struct error e = { 0 };

    json_tree_init(&t, str_of(text), arena);
    while (json_tree_next(&t, &n, &e) == 0 && n)
        continue;
    if (e.code != code || !strstr(e.text, words))
        fail_msg("'%.100s' gave %s '%s', not '%s'", text, err_name(e.code), e.text, words);
    assert_int_equal(json_tree_next(&t, &n, &e), -1); // and it stays refused
}

static void values_have_the_types_of_yaml(void **state unused_arg)
{
    const struct yaml_node *n = read_json("{\"s\":\"1\",\"i\":-7,\"d\":0.5,\"b\":true,\"z\":null,"
                                          "\"l\":[1,[]],\"m\":{},\"big\":99999999999999999999}");

    assert_int_equal(yaml_get(n, "s")->type, YAML_STR);
    assert_int_equal(yaml_get(n, "i")->i, -7);
    assert_int_equal(yaml_get(n, "d")->type, YAML_DOUBLE);
    assert_string_equal(yaml_get(n, "d")->text.p, "0.5"); // as written, for quantities
    assert_true(yaml_get(n, "b")->b);
    assert_int_equal(yaml_get(n, "z")->type, YAML_NULL);
    assert_int_equal(yaml_get(n, "l")->sub.n, 2);
    assert_int_equal(yaml_get(n, "m")->type, YAML_MAP);
    assert_int_equal(yaml_get(n, "m")->sub.n, 0);
    assert_int_equal(yaml_get(n, "big")->type, YAML_DOUBLE);
}

static void strings_are_unescaped_and_brackets_in_them_are_text(void **state unused_arg)
{
    const struct yaml_node *n =
        read_json("{\"a\\\"]}\" : \"{[\\\\\",\"b\":\"\\ud83d\\ude00\\n\",\n\"c\":1}");

    assert_string_equal(n->sub.keys[0].p, "a\"]}");
    assert_string_equal(n->sub.v[0]->text.p, "{[\\");
    assert_string_equal(n->sub.v[1]->text.p, "\xf0\x9f\x98\x80\n");
    assert_int_equal(n->sub.lines[2], 2);
}

static void every_key_and_item_has_its_line(void **state unused_arg)
{
    const struct yaml_node *n =
        read_json("\n{ \"a\":\n   1,\n  \"l\": [ {\n \"x\" : 2 },\n\n 7 ],\n \"e\": {\n} }");

    assert_int_equal(n->line, 2);
    assert_int_equal(n->sub.lines[0], 2);
    assert_int_equal(n->sub.v[0]->line, 3);
    assert_int_equal(yaml_path(n, "l.0")->line, 4);
    assert_int_equal(yaml_path(n, "l.0.x")->line, 5);
    assert_int_equal(yaml_path(n, "l.1")->line, 7);
    assert_int_equal(n->sub.lines[2], 8);
}

static void values_may_follow_each_other(void **state unused_arg)
{
    struct json_tree t;
    struct yaml_node *n = NULL;
    struct error e = { 0 };

    json_tree_init(&t, str_of("{\"a\":1}\n{\"a\":2}[\n3]\n\n"), arena);
    assert_int_equal(json_tree_next(&t, &n, &e), 0);
    assert_int_equal(yaml_get(n, "a")->i, 1);
    arena_reset(arena);
    assert_int_equal(json_tree_next(&t, &n, &e), 0);
    assert_int_equal(yaml_get(n, "a")->i, 2);
    assert_int_equal(n->line, 2);
    assert_int_equal(json_tree_next(&t, &n, &e), 0);
    assert_int_equal(n->sub.v[0]->line, 3);
    assert_int_equal(json_tree_next(&t, &n, &e), 0);
    assert_null(n);
}

static void what_is_wrong_is_said_with_its_line(void **state unused_arg)
{
    char deep[200];

    memset(deep, '[', sizeof(deep));
    memset(deep + 100, ']', 100);
    deep[199] = '\0';
    refused("{\n\"a\": 1,\n\"b\" 2}", ERR_INVALID, "line 3: ");
    refused("{\n\"a\": [1\n", ERR_INVALID, "line 3: ");
    refused("{\"a\":1}\n{\"a\":1,\n\"b\":1,\n\"a\":2}", ERR_INVALID,
            "line 4: key 'a' is given twice (first in line 2)");
    refused("\n 17", ERR_INVALID, "line 2: a JSON document is an object or a list");
    refused("{\"a\":\"\xff\"}", ERR_INVALID, "line 1: ");
    refused(deep, ERR_INVALID, "line 1: ");
    deep[99] = ' ';
    refused(deep, ERR_TOO_BIG, "line 1: deeper than 64 levels");
}

static void a_document_too_big_for_the_arena_is_refused(void **state unused_arg)
{
    autoarena struct arena *small = arena_new(1000);
    struct json_tree t;
    struct yaml_node *n = NULL;
    struct error e = { 0 };

    json_tree_init(&t, str_of("[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22]"), small);
    assert_int_equal(json_tree_next(&t, &n, &e), -1);
    assert_int_equal(e.code, ERR_TOO_BIG);
}

static const char object[] = "kind: Pod\n"                 // 1
                             "metadata:\n"                 // 2
                             "  labels: {a: b,\n"          // 3
                             "    c/d.e: f}\n"             // 4
                             "spec:\n"                     // 5
                             "  containers:\n"             // 6
                             "  - name: x\n"               // 7
                             "    resources:\n"            // 8
                             "      limits:\n"             // 9
                             "        cpu: 1\n"            // 10
                             "        nvidia.com/gpu: 1\n" // 11
                             "  -\n"                       // 12
                             "    image: y\n"              // 13
                             "data:\n"                     // 14
                             "  app.properties: |\n"       // 15
                             "    text\n";

static const struct {
    const char *path;
    uint32_t line;
} places[] = {
    {"",                                                    1 },
    { "kind",                                               1 },
    { "metadata",                                           2 },
    { "metadata.labels.a",                                  3 },
    { "metadata.labels.c/d.e",                              4 },
    { "metadata.annotations",                               2 },
    { "spec.hostPID",                                       5 },
    { "spec.containers",                                    6 },
    { "spec.containers[0].name",                            7 },
    { "spec.containers[0].resources.limits.nvidia.com/gpu", 11},
    { "spec.containers[0].resources.limits.memory",         9 },
    { "spec.containers[0].resources.requests.cpu",          8 },
    { "spec.containers[1].image",                           13},
    { "spec.containers[2].image",                           6 },
    { "spec.containers[7",                                  6 },
    { "data[app.properties]",                               15},
    { "data[app.properti",                                  14},
    { "data.app.properties",                                15},
    { "status.phase",                                       1 },
};

static void a_path_leads_to_its_line_or_to_that_of_what_is_above_it(void **state unused_arg)
{
    struct yaml_lines *l = yaml_lines_new(read_yaml(object));

    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        uint32_t line = yaml_lines_find(l, places[i].path);

        if (line != places[i].line)
            fail_msg("'%s' is in line %u, not %u", places[i].path, line, places[i].line);
    }
    assert_true(yaml_lines_bytes(l) > 15 * 8);
    yaml_lines_free(l);
}

static void no_lines_are_kept_of_an_object_beyond_all_measure(void **state unused_arg)
{
    autoarena struct arena *big = arena_new((size_t)256 << 20);
    autobuf struct buf text = { 0 };
    struct json_tree t;
    struct yaml_node *n = NULL;
    struct yaml_lines *l;

    buf_init(&text, (size_t)4 << 20);
    buf_addc(&text, '[');
    for (uint32_t i = 0; i < YAML_LINES_MAX; i++)
        buf_adds(&text, "1,\n");
    text.p[text.n - 2] = ']';
    json_tree_init(&t, buf_str(&text), big);
    assert_int_equal(json_tree_next(&t, &n, NULL), 0);
    l = yaml_lines_new(n);
    assert_int_equal(yaml_lines_find(l, "[262143]"), YAML_LINES_MAX);
    yaml_lines_free(l);
    text.p[text.n - 2] = ',';
    buf_adds(&text, "1]");
    arena_reset(big);
    json_tree_init(&t, buf_str(&text), big);
    assert_int_equal(json_tree_next(&t, &n, NULL), 0);
    assert_null(yaml_lines_new(n));
}

#define J(fn) cmocka_unit_test_setup_teardown(fn, begin, end)
RUN(J(values_have_the_types_of_yaml), J(strings_are_unescaped_and_brackets_in_them_are_text),
    J(every_key_and_item_has_its_line), J(values_may_follow_each_other),
    J(what_is_wrong_is_said_with_its_line), J(a_document_too_big_for_the_arena_is_refused),
    J(a_path_leads_to_its_line_or_to_that_of_what_is_above_it),
    J(no_lines_are_kept_of_an_object_beyond_all_measure))
