// SPDX-License-Identifier: Apache-2.0
#include "base/alloc.h"
#include "base/test.h"
#include "base/yaml.h"
#include <math.h>

struct fixture {
    struct arena *arena;
    struct yaml_reader *reader;
};

static int begin(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    f->arena = arena_new((size_t)256 << 20);
    *state = f;
    return 0;
}

static int end(void **state)
{
    struct fixture *f = *state;

    yaml_close(f->reader);
    arena_free(f->arena);
    free(f);
    return 0;
}

static void open_text(void **state, struct str text)
{
    struct fixture *f = *state;

    yaml_close(f->reader);
    f->reader = yaml_open(text, f->arena);
}

static const struct yaml_node *next(void **state)
{
    struct fixture *f = *state;
    struct yaml_node *n;
    struct error e = { 0 };

    if (yaml_next(f->reader, &n, &e) < 0)
        fail_msg("%s", e.text);
    return n;
}

static const struct yaml_node *read_one(void **state, const char *text)
{
    open_text(state, str_of(text));
    return next(state);
}

// The text has to be refused with this class, and with these words in the error.
static void assert_refused(void **state, const char *text, enum err code, const char *words)
{
    struct fixture *f = *state;
    struct yaml_node *n = (struct yaml_node *)f;
    struct error e = { 0 };
    int r = 0;

    open_text(state, str_of(text));
    while (!r && n)
        r = yaml_next(f->reader, &n, &e);
    if (r != -1 || e.code != code || !strstr(e.text, words))
        fail_msg("'%.200s' gave %d %s '%s', not '%s'", text, r, err_name(e.code), e.text, words);
    assert_int_equal(yaml_next(f->reader, &n, &e), -1); // and it stays refused
    assert_int_equal(e.code, code);
}

static const struct {
    const char *text;
    enum yaml_type type;
} core_schema[] = {
    {"~",                     YAML_NULL  },
    { "null",                 YAML_NULL  },
    { "Null",                 YAML_NULL  },
    { "NULL",                 YAML_NULL  },
    { "nULL",                 YAML_STR   },
    { "true",                 YAML_BOOL  },
    { "True",                 YAML_BOOL  },
    { "FALSE",                YAML_BOOL  },
    { "yes",                  YAML_STR   },
    { "No",                   YAML_STR   },
    { "on",                   YAML_STR   },
    { "off",                  YAML_STR   },
    { "y",                    YAML_STR   },
    { "0",                    YAML_INT   },
    { "-0",                   YAML_INT   },
    { "+12",                  YAML_INT   },
    { "0o17",                 YAML_INT   },
    { "0x1F",                 YAML_INT   },
    { "-0x1F",                YAML_STR   },
    { "0o8",                  YAML_STR   },
    { "0b1",                  YAML_STR   },
    { "1_000",                YAML_STR   },
    { "1:30",                 YAML_STR   },
    { "0x",                   YAML_STR   },
    { "1.",                   YAML_DOUBLE},
    { ".5",                   YAML_DOUBLE},
    { "1e3",                  YAML_DOUBLE},
    { "1.5E-3",               YAML_DOUBLE},
    { "1e",                   YAML_STR   },
    { ".",                    YAML_STR   },
    { "+",                    YAML_STR   },
    { "-a",                   YAML_STR   },
    { ".inf",                 YAML_DOUBLE},
    { "-.Inf",                YAML_DOUBLE},
    { "+.INF",                YAML_DOUBLE},
    { ".nan",                 YAML_DOUBLE},
    { "-.nan",                YAML_STR   },
    { "inf",                  YAML_STR   },
    { "2001-01-01",           YAML_STR   },
    { "1.2.3",                YAML_STR   },
    { "10Gi",                 YAML_STR   },
    { "\"1\"",                YAML_STR   },
    { "'true'",               YAML_STR   },
    { "\"\"",                 YAML_STR   },
    { "! 1",                  YAML_STR   },
    { "!!str 1",              YAML_STR   },
    { "!!int \"7\"",          YAML_INT   },
    { "!!float 3",            YAML_DOUBLE},
    { "!!null ''",            YAML_NULL  },
    { "!!bool 'true'",        YAML_BOOL  },
    { "!mine 5",              YAML_STR   },
    { "!!float 0x1F",         YAML_DOUBLE},
    { "99999999999999999999", YAML_DOUBLE},
    { "0xFFFFFFFFFFFFFFFFF",  YAML_DOUBLE}
};

static void scalars_follow_the_core_schema(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(core_schema); i++) {
        char text[64];
        const struct yaml_node *n;

        snprintf(text, sizeof(text), "[%s ]", core_schema[i].text);
        n = read_one(state, text);
        if (n->sub.n != 1 || n->sub.v[0]->type != core_schema[i].type)
            fail_msg("%s has type %d", core_schema[i].text, n->sub.n ? (int)n->sub.v[0]->type : -1);
    }
}

static void values_are_exact(void **state)
{
    const struct yaml_node *n =
        read_one(state, "[9223372036854775807, -9223372036854775808, 9223372036854775808,"
                        " 0o777, 0x7fffffffffffffff, 1.25e2, -.inf, true, False, 007]");

    assert_true(n->sub.v[0]->i == INT64_MAX);
    assert_true(n->sub.v[1]->i == INT64_MIN);
    assert_int_equal(n->sub.v[2]->type, YAML_DOUBLE);
    assert_true(n->sub.v[2]->d == 9223372036854775808.0);
    assert_int_equal(n->sub.v[3]->i, 0777);
    assert_true(n->sub.v[4]->i == INT64_MAX);
    assert_true(n->sub.v[5]->d == 125.0);
    assert_true(isinf(n->sub.v[6]->d) && n->sub.v[6]->d < 0);
    assert_true(n->sub.v[7]->b);
    assert_false(n->sub.v[8]->b);
    assert_int_equal(n->sub.v[9]->i, 7);
    assert_true(str_eq(n->sub.v[9]->text, "007"));
}

static void wrong_core_tags_are_refused(void **state)
{
    assert_refused(state, "a: !!int x", ERR_INVALID, "line 1: 'x' is not a !!int");
    assert_refused(state, "!!bool yes", ERR_INVALID, "is not a !!bool");
    assert_refused(state, "!!float abc", ERR_INVALID, "is not a !!float");
    assert_refused(state, "!!binary aGk=", ERR_INVALID, "is not a !!binary");
    assert_refused(state, "!!int 99999999999999999999", ERR_INVALID, "is not a !!int");
}

static void trees_have_lines(void **state)
{
    const struct yaml_node *n =
        read_one(state, "# comment\nkind: Config\nusers:\n- name: a\n  user:\n"
                        "    token: \"t\\u00e9\"\n- name: b\n");

    assert_int_equal(n->line, 2);
    assert_int_equal(yaml_path(n, "users.1.name")->line, 7);
    assert_int_equal(yaml_path(n, "users.0.user.token")->line, 6);
    assert_string_equal(yaml_str(yaml_path(n, "users.0.user.token"), ""), "t\xC3\xA9");
    assert_null(yaml_path(n, "users.2.name"));
    assert_null(yaml_path(n, "users.-1"));
    assert_null(yaml_path(n, "kind.x"));
    assert_null(yaml_path(NULL, "kind"));
    assert_null(yaml_get(yaml_get(n, "kind"), "x"));
    assert_null(yaml_get(NULL, "x"));
}

static void keys_have_the_line_they_stand_in(void **state)
{
    const struct yaml_node *n =
        read_one(state, "base: &b\n  x: 1\n  y: 2\nmine:\n  <<: *b\n  z:\n    - 1\ncopy: *b\n");
    const struct yaml_node *mine = yaml_get(n, "mine");

    assert_int_equal(n->sub.lines[0], 1);
    assert_int_equal(n->sub.lines[1], 4);
    assert_int_equal(n->sub.lines[2], 8);
    assert_string_equal(mine->sub.keys[0].p, "z");
    assert_int_equal(mine->sub.lines[0], 6); // its value begins in line 7
    assert_string_equal(mine->sub.keys[2].p, "y");
    assert_int_equal(mine->sub.lines[2], 3); // where the merged map has it
}

static void text_falls_back_when_there_is_none(void **state)
{
    const struct yaml_node *n = read_one(state, "a: 1\nb:\nc: ''\nd: []\ne: true\nf: 0x10\n");

    assert_string_equal(yaml_str(yaml_get(n, "a"), "fb"), "1");
    assert_string_equal(yaml_str(yaml_get(n, "b"), "fb"), "fb");
    assert_string_equal(yaml_str(yaml_get(n, "c"), "fb"), "");
    assert_string_equal(yaml_str(yaml_get(n, "d"), "fb"), "fb");
    assert_string_equal(yaml_str(yaml_get(n, "e"), "fb"), "true");
    assert_string_equal(yaml_str(yaml_get(n, "f"), "fb"), "0x10");
    assert_string_equal(yaml_str(yaml_get(n, "g"), "fb"), "fb");
    assert_null(yaml_str(NULL, NULL));
}

static void a_stream_gives_its_documents_in_order(void **state)
{
    open_text(state, str_of("a: 1\n---\n- 2\n---\n---\n# only a comment\n---\nlast\n...\n"));
    assert_int_equal(next(state)->type, YAML_MAP);
    assert_int_equal(next(state)->type, YAML_LIST);
    assert_int_equal(next(state)->type, YAML_NULL);
    assert_int_equal(next(state)->type, YAML_NULL);
    assert_int_equal(next(state)->type, YAML_STR);
    assert_null(next(state));
    assert_null(next(state));
}

static void an_empty_stream_has_no_document(void **state)
{
    assert_null(read_one(state, ""));
    assert_null(read_one(state, "\n# nothing\n"));
    open_text(state, (struct str){ NULL, 0 });
    assert_null(next(state));
}

static void empty_containers_are_empty(void **state)
{
    const struct yaml_node *n = read_one(state, "a: {}\nb: []\n");

    assert_int_equal(yaml_get(n, "a")->type, YAML_MAP);
    assert_int_equal(yaml_get(n, "a")->sub.n, 0);
    assert_int_equal(yaml_get(n, "b")->type, YAML_LIST);
    assert_int_equal(yaml_get(n, "b")->sub.n, 0);
}

static void an_alias_is_the_node_of_its_anchor(void **state)
{
    const struct yaml_node *n =
        read_one(state, "base: &b { x: 1 }\nuse: *b\nlist: [&s text, *s]\n*s : v\n");

    assert_ptr_equal(yaml_get(n, "use"), yaml_get(n, "base"));
    assert_string_equal(yaml_str(yaml_path(n, "list.1"), ""), "text");
    assert_string_equal(yaml_str(yaml_get(n, "text"), ""), "v");
}

static void an_anchor_may_be_given_anew(void **state)
{
    const struct yaml_node *n = read_one(state, "[&a 1, *a, &a 2, *a]");

    assert_int_equal(n->sub.v[1]->i, 1);
    assert_int_equal(n->sub.v[3]->i, 2);
}

static void anchors_end_with_their_document(void **state)
{
    assert_refused(state, "&a 1\n---\n*a\n", ERR_INVALID, "line 3: alias '*a' has no anchor");
}

static void an_alias_to_itself_is_refused(void **state)
{
    assert_refused(state, "&a [1, *a]", ERR_INVALID, "contains itself");
    assert_refused(state, "a: &x\n  b:\n    c: *x\n", ERR_INVALID,
                   "line 3: alias '*x' contains itself");
    assert_refused(state, "&a {k: &a [*a]}", ERR_INVALID, "contains itself");
}

static void merges_yield_to_own_keys_and_earlier_maps(void **state)
{
    const struct yaml_node *n =
        read_one(state, "one: &one {a: 1, b: 1}\ntwo: &two {b: 2, c: 2}\n"
                        "x: {<<: *one, b: 9}\ny: {<<: [*one, *two], d: 4}\nz: {<<: {q: 5}}\n"
                        "w: {b: 8, <<: *two}\nchain: &c {<<: *one, e: 5}\nlast: {<<: *c}\n");

    assert_int_equal(yaml_path(n, "x.a")->i, 1);
    assert_int_equal(yaml_path(n, "x.b")->i, 9);
    assert_int_equal(yaml_get(n, "x")->sub.n, 2);
    assert_int_equal(yaml_path(n, "y.b")->i, 1);
    assert_int_equal(yaml_path(n, "y.c")->i, 2);
    assert_int_equal(yaml_get(n, "y")->sub.n, 4);
    assert_int_equal(yaml_path(n, "z.q")->i, 5);
    assert_int_equal(yaml_path(n, "w.b")->i, 8);
    assert_int_equal(yaml_path(n, "last.a")->i, 1);
    assert_int_equal(yaml_path(n, "last.e")->i, 5);
    assert_null(yaml_path(n, "x.<<"));
}

static void a_quoted_merge_key_is_an_ordinary_key(void **state)
{
    const struct yaml_node *n = read_one(state, "\"<<\": text\n");

    assert_string_equal(yaml_str(yaml_get(n, "<<"), ""), "text");
}

static void merging_what_is_no_map_is_refused(void **state)
{
    assert_refused(state, "a: 1\n<<: 5\n", ERR_INVALID, "line 2: '<<' takes a map");
    assert_refused(state, "<<: [{a: 1}, 2]", ERR_INVALID, "'<<' takes a map");
    assert_refused(state, "<<: {a: 1}\n<<: {b: 1}\n", ERR_INVALID,
                   "line 2: key '<<' is given twice");
}

static void duplicate_keys_are_refused_with_both_lines(void **state)
{
    assert_refused(state, "a: 1\nb: 2\na: 3\n", ERR_INVALID,
                   "line 3: key 'a' is given twice (first in line 1)");
    assert_refused(state, "x:\n  - k: 1\n    \"k\": 2\n", ERR_INVALID,
                   "line 3: key 'k' is given twice");
    assert_refused(state, "{a: 1, <<: {b: 1}, a: 2}", ERR_INVALID, "given twice");
}

static void keys_have_to_be_scalars(void **state)
{
    assert_refused(state, "? [a]\n: b\n", ERR_INVALID, "a key has to be a scalar");
    assert_refused(state, "? {a: 1}\n: b\n", ERR_INVALID, "a key has to be a scalar");
    assert_refused(state, "x: &l [1]\n*l : b\n", ERR_INVALID, "line 2: a key has to be a scalar");
    assert_string_equal(yaml_str(yaml_get(read_one(state, "1: a\ntrue: b\n"), "true"), ""), "b");
}

static void syntax_errors_tell_the_line(void **state)
{
    assert_refused(state, "a: 1\nb: [1, 2\nc: 3\n", ERR_INVALID, "line 3:");
    assert_refused(state, "a: 1\n b: 2\n", ERR_INVALID, "line 2:");
    assert_refused(state, "a: \"x\n", ERR_INVALID, "line 2:");
    assert_refused(state, "\t- a", ERR_INVALID, "line 1:");
    assert_refused(state, "a: *missing", ERR_INVALID, "line 1: alias '*missing' has no anchor");
    assert_refused(state, "%YAML 2.0\n--- a\n", ERR_INVALID, "line 1:");
}

static void what_is_not_utf8_is_refused(void **state)
{
    assert_refused(state, "a: \xFF\n", ERR_INVALID, "byte 3");
    assert_refused(state, "a: \xED\xA0\x80\n", ERR_INVALID, "byte");
    assert_refused(state,
                   "\xFF\xFE"
                   "a",
                   ERR_INVALID, "byte 0");
    assert_refused(state, "a: \x01\n", ERR_INVALID, "byte 3");
    assert_string_equal(yaml_str(yaml_get(read_one(state, "\xEF\xBB\xBF"
                                                          "a: b\n"),
                                          "a"),
                                 ""),
                        "b");
}

static void a_document_before_an_error_is_still_given(void **state)
{
    struct fixture *f = *state;
    struct yaml_node *n, *untouched;

    open_text(state, str_of("a: 1\n---\nb: [\n"));
    assert_int_equal(next(state)->type, YAML_MAP);
    untouched = n = (struct yaml_node *)f;
    assert_int_equal(yaml_next(f->reader, &n, NULL), -1);
    assert_ptr_equal(n, untouched);
}

// Each level holds the one before it nine times.
static void write_bomb(struct buf *b, int levels)
{
    buf_adds(b, "a0: &a0 {k: v}\n");
    for (int i = 1; i <= levels; i++) {
        buf_addf(b, "a%d: &a%d ", i, i);
        for (int k = 0; k < 9; k++)
            buf_addf(b, "%s *a%d", k ? "," : "[", i - 1);
        buf_adds(b, "]\n");
    }
}

static void a_bomb_of_aliases_is_refused(void **state)
{
    autobuf struct buf b = { 0 };

    buf_init(&b, 100000);
    write_bomb(&b, 9);
    assert_refused(state, b.p, ERR_TOO_BIG, "more than 2000000 values");
    buf_reset(&b);
    write_bomb(&b, 4); // 9^4 is fine
    assert_non_null(read_one(state, b.p));
}

static void a_bomb_of_merges_is_refused(void **state)
{
    autobuf struct buf b = { 0 };

    buf_init(&b, 1 << 20);
    buf_adds(&b, "a: &a {");
    for (int i = 0; i < 1000; i++)
        buf_addf(&b, "k%d: 1, ", i);
    buf_adds(&b, "}\nb:\n");
    for (int i = 0; i < 1500; i++)
        buf_adds(&b, "- {<<: [*a, *a]}\n");
    assert_refused(state, b.p, ERR_TOO_BIG, "more than 2000000 values");
}

static void depth_is_bounded_also_through_aliases(void **state)
{
    autobuf struct buf b = { 0 };

    buf_init(&b, 100000);
    for (int i = 0; i < YAML_DEPTH_MAX; i++)
        buf_adds(&b, "[");
    for (int i = 0; i < YAML_DEPTH_MAX; i++)
        buf_adds(&b, "]");
    assert_non_null(read_one(state, b.p));
    buf_reset(&b);
    for (int i = 0; i <= YAML_DEPTH_MAX; i++)
        buf_adds(&b, "{a: ");
    assert_refused(state, b.p, ERR_TOO_BIG, "deeper than 64");
    buf_reset(&b);
    buf_adds(&b, "a0: &a0 []\n");
    for (int i = 1; i < 100; i++)
        buf_addf(&b, "a%d: &a%d [*a%d]\n", i, i, i - 1);
    assert_refused(state, b.p, ERR_TOO_BIG, "deeper than 64");
}

static void what_the_arena_cannot_hold_is_refused(void **state unused_arg)
{
    autobuf struct buf b = { 0 };

    buf_init(&b, 1 << 20);
    buf_adds(&b, "- &a0 x\n");
    for (int i = 1; i < 2000; i++)
        buf_addf(&b, "- &a%d {k%d: [value, 1, {}], <<: {m: *a0}}\n", i, i);
    for (size_t max = 0; max < 60000; max += 997) {
        autoarena struct arena *a = arena_new(max);
        struct yaml_reader *r = yaml_open(buf_str(&b), a);
        struct yaml_node *n;
        struct error e = { 0 };

        assert_int_equal(yaml_next(r, &n, &e), -1);
        assert_int_equal(e.code, ERR_TOO_BIG);
        assert_true(arena_used(a) <= max);
        yaml_close(r);
    }
}

static void a_text_beyond_the_limit_is_refused_unread(void **state)
{
    struct fixture *f = *state;
    struct yaml_node *n;
    struct error e;

    open_text(state, (struct str){ "a", YAML_BYTES_MAX + 1 });
    assert_int_equal(yaml_next(f->reader, &n, &e), -1);
    assert_int_equal(e.code, ERR_TOO_BIG);
}

static void the_tree_holds_nothing_of_the_text(void **state)
{
    autofree char *text = xstrdup("a: {b: text}\n");
    const struct yaml_node *n = read_one(state, text);
    struct fixture *f = *state;

    memset(text, '#', strlen(text));
    yaml_close(TAKE(f->reader));
    assert_string_equal(yaml_str(yaml_path(n, "a.b"), ""), "text");
}

static void many_keys_are_sorted_out_quickly(void **state)
{
    autobuf struct buf b = { 0 };
    const struct yaml_node *n;

    buf_init(&b, 8 << 20);
    for (int i = 0; i < 50000; i++)
        buf_addf(&b, "key-%d: %d\n", i, i);
    n = read_one(state, b.p);
    assert_int_equal(n->sub.n, 50000);
    assert_int_equal(n->sub.v[49999]->i, 49999);
    buf_adds(&b, "key-7: again\n");
    assert_refused(state, b.p, ERR_INVALID,
                   "line 50001: key 'key-7' is given twice (first in line 8)");
}

#define Y(fn) cmocka_unit_test_setup_teardown(fn, begin, end)
RUN(Y(scalars_follow_the_core_schema), Y(values_are_exact), Y(wrong_core_tags_are_refused),
    Y(trees_have_lines), Y(keys_have_the_line_they_stand_in), Y(text_falls_back_when_there_is_none),
    Y(a_stream_gives_its_documents_in_order), Y(an_empty_stream_has_no_document),
    Y(empty_containers_are_empty), Y(an_alias_is_the_node_of_its_anchor),
    Y(an_anchor_may_be_given_anew), Y(anchors_end_with_their_document),
    Y(an_alias_to_itself_is_refused), Y(merges_yield_to_own_keys_and_earlier_maps),
    Y(a_quoted_merge_key_is_an_ordinary_key), Y(merging_what_is_no_map_is_refused),
    Y(duplicate_keys_are_refused_with_both_lines), Y(keys_have_to_be_scalars),
    Y(syntax_errors_tell_the_line), Y(what_is_not_utf8_is_refused),
    Y(a_document_before_an_error_is_still_given), Y(a_bomb_of_aliases_is_refused),
    Y(a_bomb_of_merges_is_refused), Y(depth_is_bounded_also_through_aliases),
    Y(what_the_arena_cannot_hold_is_refused), Y(a_text_beyond_the_limit_is_refused_unread),
    Y(the_tree_holds_nothing_of_the_text), Y(many_keys_are_sorted_out_quickly))
