// SPDX-License-Identifier: Apache-2.0
// What a writer prints is compared byte by byte where its form matters, and read back by our
// readers where its meaning does.
#include "base/json.h"
#include "base/test.h"
#include "base/writer.h"
#include "base/yaml.h"
#include <math.h>

static const enum writer_format formats[] = { WRITER_JSON, WRITER_JSON_PRETTY, WRITER_YAML };

static void assert_written(enum writer_format f, void (*write)(struct writer *w), const char *want)
{
    autobuf struct buf out = { 0 };
    struct writer w;

    buf_init(&out, 1 << 16);
    writer_to_buf(&w, f, &out);
    write(&w);
    assert_int_equal(writer_end(&w), 0);
    assert_string_equal(buf_str(&out).p, want);
}

static void sample(struct writer *w)
{
    w_object(w);
    w_key_str(w, "kind", "Pod");
    w_key_object(w, "metadata");
    w_key_str(w, "name", "web");
    w_key_object(w, "labels");
    w_object_end(w);
    w_key_list(w, "finalizers");
    w_list_end(w);
    w_object_end(w);
    w_key_list(w, "containers");
    w_object(w);
    w_key_str(w, "name", "a");
    w_key_list(w, "args");
    w_str(w, "--v=2");
    w_int(w, -7);
    w_list_end(w);
    w_object_end(w);
    w_list(w);
    w_bool(w, true);
    w_list(w);
    w_list_end(w);
    w_list_end(w);
    w_object(w);
    w_object_end(w);
    w_null(w);
    w_list_end(w);
    w_key_bool(w, "ready", false);
    w_key_int(w, "n", INT64_MIN);
    w_key(w, "score");
    w_double(w, 0.1);
    w_key(w, "none");
    w_str(w, NULL);
    w_object_end(w);
}

static void compact_json_has_no_blanks(void **state unused_arg)
{
    assert_written(
        WRITER_JSON, sample,
        "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"web\",\"labels\":{},\"finalizers\":[]},"
        "\"containers\":[{\"name\":\"a\",\"args\":[\"--v=2\",-7]},[true,[]],{},null],"
        "\"ready\":false,\"n\":-9223372036854775808,\"score\":0.1,\"none\":null}");
}

static void pretty_json_is_indented_by_two(void **state unused_arg)
{
    assert_written(
        WRITER_JSON_PRETTY, sample,
        "{\n  \"kind\": \"Pod\",\n  \"metadata\": {\n    \"name\": \"web\",\n"
        "    \"labels\": {},\n    \"finalizers\": []\n  },\n  \"containers\": [\n    {\n"
        "      \"name\": \"a\",\n      \"args\": [\n        \"--v=2\",\n        -7\n      ]\n"
        "    },\n    [\n      true,\n      []\n    ],\n    {},\n    null\n  ],\n"
        "  \"ready\": false,\n  \"n\": -9223372036854775808,\n  \"score\": 0.1,\n"
        "  \"none\": null\n}\n");
}

static void yaml_is_in_block_style(void **state unused_arg)
{
    assert_written(
        WRITER_YAML, sample,
        "kind: Pod\nmetadata:\n  name: web\n  labels: {}\n  finalizers: []\ncontainers:\n"
        "- name: a\n  args:\n  - --v=2\n  - -7\n- - true\n  - []\n- {}\n- null\n"
        "ready: false\n\"n\": -9223372036854775808\nscore: 0.1\nnone: null\n");
}

static void multi_line(struct writer *w)
{
    w_object(w);
    w_key_str(w, "clip", "a\n\n  b\n");
    w_key_str(w, "strip", "a\nb");
    w_key_str(w, "keep", "a\n\n\n");
    w_key_list(w, "list");
    w_str(w, "x\ny\n");
    w_object(w);
    w_key_str(w, "deep", "p\nq");
    w_object_end(w);
    w_list_end(w);
    w_key_str(w, "lead", " a\nb");
    w_key_str(w, "newline", "\n");
    w_object_end(w);
}

static void yaml_prints_lines_as_a_literal_block(void **state unused_arg)
{
    assert_written(
        WRITER_YAML, multi_line,
        "clip: |\n  a\n\n    b\nstrip: |-\n  a\n  b\nkeep: |+\n  a\n\n\nlist:\n- |\n  x\n  y\n"
        "- deep: |-\n    p\n    q\nlead: \" a\\nb\"\nnewline: \"\\n\"\n");
}

static void write_root(enum writer_format f, struct str text, struct buf *out)
{
    struct writer w;

    writer_to_buf(&w, f, out);
    w_strn(&w, text.p, text.n);
    assert_int_equal(writer_end(&w), 0);
}

static void a_scalar_may_be_the_document(void **state unused_arg)
{
    static const char *const want[][3] = {
        {"\"a\"",      "\"a\"\n",     "a\n"           },
        { "\"yes\"",   "\"yes\"\n",   "\"yes\"\n"     },
        { "\"a\\nb\"", "\"a\\nb\"\n", "|-\n  a\n  b\n"}
    };
    static const char *const text[] = { "a", "yes", "a\nb" };

    for (size_t i = 0; i < ARRAY_SIZE(text); i++) {
        for (size_t f = 0; f < ARRAY_SIZE(formats); f++) {
            autobuf struct buf out = { 0 };

            buf_init(&out, 100);
            write_root(formats[f], str_of(text[i]), &out);
            assert_string_equal(out.p, want[i][f]);
        }
    }
}

static void empty_containers_may_be_the_document(void **state unused_arg)
{
    autobuf struct buf out = { 0 };
    struct writer w;

    buf_init(&out, 100);
    writer_to_buf(&w, WRITER_YAML, &out);
    w_object(&w);
    w_object_end(&w);
    assert_int_equal(writer_end(&w), 0);
    assert_string_equal(out.p, "{}\n");
}

static void assert_yaml_text(const char *text, const char *want)
{
    autobuf struct buf out = { 0 };

    buf_init(&out, 1000);
    write_root(WRITER_YAML, str_of(text), &out);
    out.p[out.n - 1] = '\0'; // the final newline
    if (strcmp(out.p, want) != 0)
        fail_msg("'%s' is printed as %s, not %s", text, out.p, want);
}

static const char *const plain_texts[] = { "web",
                                           "kube-system",
                                           "app.kubernetes.io/name",
                                           "nginx:1.25",
                                           "10Gi",
                                           "100m",
                                           "1.5Gi",
                                           "--flag",
                                           "-n",
                                           "a b c",
                                           "a#b",
                                           "a:b",
                                           "Always",
                                           "v1",
                                           "sha256:abc",
                                           "caf\xC3\xA9",
                                           "\xF0\x9F\x98\x80",
                                           "it's",
                                           "say \"hi\"",
                                           "a, b",
                                           "x{y}",
                                           "a & b",
                                           ".example.com",
                                           "nullable",
                                           "Yesterday",
                                           "one - two",
                                           "50%",
                                           "a@b",
                                           "C:\\dir",
                                           "$(VAR)",
                                           "2 pods",
                                           "v1.36.3",
                                           "_x",
                                           "/",
                                           "\\",
                                           "^$",
                                           "(x)" };

static void yaml_strings_stay_plain_where_all_readers_agree(void **state unused_arg)
{
    for (size_t i = 0; i < ARRAY_SIZE(plain_texts); i++)
        assert_yaml_text(plain_texts[i], plain_texts[i]);
}

static const char *const quoted_texts[] = { "",
                                            " ",
                                            " a",
                                            "a ",
                                            "~",
                                            "null",
                                            "Null",
                                            "NULL",
                                            "true",
                                            "True",
                                            "TRUE",
                                            "tRue",
                                            "false",
                                            "yes",
                                            "Yes",
                                            "no",
                                            "NO",
                                            "on",
                                            "Off",
                                            "y",
                                            "N",
                                            "0",
                                            "1",
                                            "-1",
                                            "+1",
                                            "1.0",
                                            "1e3",
                                            "1E-3",
                                            ".5",
                                            "5.",
                                            "-.5",
                                            "0x1F",
                                            "0o17",
                                            "017",
                                            "0b101",
                                            "1_000",
                                            "1:30",
                                            "12:30:45",
                                            "2001-01-01",
                                            "2001-12-14t21:59:43.10-05:00",
                                            "2026-01-02T03:04:05Z",
                                            "2001-12-14 21:59:43.10 -5",
                                            ".inf",
                                            "-.INF",
                                            "+.inf",
                                            ".nan",
                                            ".NaN",
                                            "<<",
                                            "=",
                                            "-",
                                            "- a",
                                            "---",
                                            "--- a",
                                            "...",
                                            "... a",
                                            "?",
                                            "? a",
                                            ":",
                                            ": a",
                                            "a: b",
                                            "a:",
                                            "a #b",
                                            "#a",
                                            "&a",
                                            "*a",
                                            "!a",
                                            "!!str a",
                                            "|",
                                            "|-",
                                            ">",
                                            "%a",
                                            "@a",
                                            "`a",
                                            "'a'",
                                            "[a]",
                                            "{a}",
                                            "]",
                                            "}",
                                            ",a",
                                            "1.2.3.4",
                                            "--",
                                            "1x",
                                            "-x" };

static void yaml_strings_are_quoted_where_any_reader_errs(void **state unused_arg)
{
    for (size_t i = 0; i < ARRAY_SIZE(quoted_texts); i++) {
        char want[64];

        snprintf(want, sizeof(want), "\"%s\"", quoted_texts[i]);
        assert_yaml_text(quoted_texts[i], want);
    }
}

static void yaml_escapes_what_is_not_printable(void **state unused_arg)
{
    assert_yaml_text("a\tb", "\"a\\tb\"");
    assert_yaml_text("a\r\nb", "\"a\\r\\nb\"");
    assert_yaml_text("\x01", "\"\\u0001\"");
    assert_yaml_text("a\x7F", "\"a\\u007f\"");
    assert_yaml_text("a\xC2\x85"
                     "b",
                     "\"a\\u0085b\"");
    assert_yaml_text("a\xE2\x80\xA8"
                     "b",
                     "\"a\\u2028b\"");
    assert_yaml_text("\xEF\xBB\xBF"
                     "bom",
                     "\"\\ufeffbom\"");
    assert_yaml_text("q\"\\\x02", "\"q\\\"\\\\\\u0002\"");
    assert_yaml_text("bad\xFF", "\"bad\xEF\xBF\xBD\"");
}

static void json_escapes_controls_and_replaces_bad_bytes(void **state unused_arg)
{
    autobuf struct buf out = { 0 };

    buf_init(&out, 1000);
    write_root(
        WRITER_JSON,
        (struct str){ "\"\\/\b\f\n\r\t\x01\x1F\x7F\xC2\x9B\0z\xC3(\xED\xA0\x80\xC3\xA9", 22 },
        &out);
    assert_string_equal(
        out.p, "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f\\u009b\\u0000z\xEF\xBF\xBD("
               "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xC3\xA9\"");
}

static void a_key_keeps_its_nul(void **state unused_arg)
{
    autobuf struct buf out = { 0 };
    struct writer w;

    buf_init(&out, 1000);
    writer_to_buf(&w, WRITER_JSON, &out);
    w_object(&w);
    w_keyn(&w, "a\0b", 3);
    w_int(&w, 1);
    w_object_end(&w);
    assert_int_equal(writer_end(&w), 0);
    assert_string_equal(out.p, "{\"a\\u0000b\":1}");
}

// The string that comes back from reading {"k": s, s: ["x", s]} in each format has to be s.
static void write_all_places(struct writer *w, struct str s)
{
    w_object(w);
    w_key(w, "k");
    w_strn(w, s.p, s.n);
    w_keyn(w, s.p, s.n);
    w_list(w);
    w_object(w);
    w_key(w, "in");
    w_strn(w, s.p, s.n);
    w_object_end(w);
    w_strn(w, s.p, s.n);
    w_list_end(w);
    w_key_str(w, "after", "end");
    w_object_end(w);
}

static void assert_json_has(struct str text, struct str s)
{
    autojson struct json_doc d = { 0 };
    struct error e = { 0 };
    json_val *list;

    if (json_parse_strict(text, &d, &e) < 0)
        fail_msg("%s in %s", e.text, text.p);
    assert_true(str_eq(json_text(json_get(json_root(&d), "k")), s.p));
    list = json_get(json_root(&d), s.p);
    assert_true(str_eq(json_text(json_path(list, "0.in")), s.p));
    assert_true(str_eq(json_text(json_path(list, "1")), s.p));
}

static void assert_yaml_has(struct str text, struct str s)
{
    autoarena struct arena *a = arena_new(1 << 20);
    struct yaml_reader *r = yaml_open(text, a);
    const struct yaml_node *list, *places[3];
    struct yaml_node *n;
    struct error e = { 0 };

    if (yaml_next(r, &n, &e) < 0)
        fail_msg("%s in %s", e.text, text.p);
    list = yaml_get(n, s.p);
    places[0] = yaml_get(n, "k");
    places[1] = yaml_path(list, "0.in");
    places[2] = yaml_path(list, "1");
    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        if (!places[i] || places[i]->type != YAML_STR || !str_eq(places[i]->text, s.p))
            fail_msg("place %zu is wrong in\n%s", i, text.p);
    }
    assert_string_equal(yaml_str(yaml_get(n, "after"), ""), "end");
    yaml_close(r);
}

static void assert_reads_back(struct str s)
{
    for (size_t f = 0; f < ARRAY_SIZE(formats); f++) {
        autobuf struct buf out = { 0 };
        struct writer w;

        buf_init(&out, 1 << 20);
        writer_to_buf(&w, formats[f], &out);
        write_all_places(&w, s);
        assert_int_equal(writer_end(&w), 0);
        if (formats[f] == WRITER_YAML)
            assert_yaml_has(buf_str(&out), s);
        else
            assert_json_has(buf_str(&out), s);
    }
}

static const char *const trap_texts[] = { "",
                                          " ",
                                          "plain",
                                          "yes",
                                          "null",
                                          "~",
                                          "0",
                                          "1e5",
                                          ".inf",
                                          "<<",
                                          "a: b",
                                          "a:",
                                          "- a",
                                          "-",
                                          "--",
                                          "#",
                                          "a #b",
                                          "a\nb",
                                          "a\nb\n",
                                          "a\nb\n\n",
                                          "\na",
                                          " a\nb",
                                          "\ta\nb",
                                          "a\n b",
                                          "a\n\tb",
                                          "a \nb ",
                                          "a\n \n",
                                          "a\n  ",
                                          "\n",
                                          "\n\n",
                                          "a\r\nb",
                                          "a\rb",
                                          "tab\there",
                                          "quote\"s",
                                          "'single'",
                                          "back\\slash",
                                          "{a: b}",
                                          "[1]",
                                          "*x",
                                          "&x",
                                          "!x",
                                          "|",
                                          ">-",
                                          "%",
                                          "@",
                                          "`",
                                          "caf\xC3\xA9",
                                          "\xE2\x82\xAC\n\xE2\x82\xAC",
                                          "\xF0\x9F\x98\x80",
                                          "\xC2\x85",
                                          "\xC2\xA0",
                                          "\xE2\x80\xA8",
                                          "\xE2\x80\xA9",
                                          "\xEF\xBB\xBF",
                                          "a\xEF\xBB\xBF\nb",
                                          "\xEF\xBF\xBE",
                                          "\x01\x02",
                                          "\x7F",
                                          "? a",
                                          "... x",
                                          "---\na: b",
                                          "...\nx",
                                          "# x\ny",
                                          "a\n---\nb",
                                          "2026-01-02",
                                          "key: |\n  x",
                                          "0x",
                                          "a\n# no comment",
                                          "a:\n- b",
                                          "trailing: \nx",
                                          "\\n" };

static void strings_read_back_from_all_formats(void **state unused_arg)
{
    for (size_t i = 0; i < ARRAY_SIZE(trap_texts); i++)
        assert_reads_back(str_of(trap_texts[i]));
}

static void assert_document_reads_back(const char *text)
{
    autoarena struct arena *a = arena_new(1 << 16);
    autobuf struct buf out = { 0 };
    struct yaml_reader *r;
    struct yaml_node *n;

    buf_init(&out, 1000);
    write_root(WRITER_YAML, str_of(text), &out);
    r = yaml_open(buf_str(&out), a);
    if (yaml_next(r, &n, NULL) < 0 || !n || n->type != YAML_STR || !str_eq(n->text, text))
        fail_msg("does not read back: %s", out.p);
    yaml_close(r);
}

static void every_pair_of_ascii_characters_reads_back(void **state unused_arg)
{
    for (int pair = 128; pair < 128 * 128; pair++) {
        char text[4] = { (char)(pair / 128), (char)(pair % 128), 0, 0 };

        if (pair % 3 == 0 && text[1])
            text[2] = 'z'; // some with a third
        assert_document_reads_back(text);
    }
}

static void long_keys_and_strings_read_back(void **state unused_arg)
{
    static char text[5000];

    for (size_t n = 160; n < sizeof(text); n = n * 5 / 4) {
        memset(text, 'k', n);
        text[n] = '\0';
        assert_reads_back(str_of(text));
        text[n / 2] = ':';
        text[n / 2 + 1] = ' ';
        assert_reads_back(str_of(text));
        memset(text, '\x01', n);
        assert_reads_back(str_of(text));
    }
}

static void doubles_read_back_exactly(void **state unused_arg)
{
    static const double v[] = { 0,      1,       -1,
                                0.1,    1.0 / 3, 1e300,
                                5e-324, 1e21,    123456789.125,
                                99.99,  1e15,    1.7976931348623157e308 };

    for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
        autobuf struct buf out = { 0 };
        struct writer w;

        buf_init(&out, 100);
        writer_to_buf(&w, WRITER_JSON, &out);
        w_double(&w, v[i]);
        assert_int_equal(writer_end(&w), 0);
        assert_true(strtod(out.p, NULL) == v[i]);
    }
}

static void numbers(struct writer *w)
{
    w_list(w);
    w_double(w, 0.1);
    w_double(w, 87);
    w_double(w, (double)NAN);
    w_double(w, (double)INFINITY);
    w_list_end(w);
}

static void doubles_are_short_and_what_is_not_finite_is_null(void **state unused_arg)
{
    assert_written(WRITER_JSON, numbers, "[0.1,87,null,null]");
}

static void raw(struct writer *w)
{
    w_object(w);
    w_key(w, "a");
    w_json(
        w,
        str_of(
            " { \"x\" : [ 1.50, 1e3, 123456789012345678901234567890, {}, [] , \"\\u0041\\n\" ] } "));
    w_key(w, "b");
    w_json(w, str_of("null"));
    w_key(w, "c");
    w_json(w, str_of("[[{\"k\":true}]]"));
    w_object_end(w);
}

static void raw_json_takes_the_writers_format(void **state unused_arg)
{
    assert_written(
        WRITER_JSON, raw,
        "{\"a\":{\"x\":[1.50,1e3,123456789012345678901234567890,{},[],\"A\\n\"]},\"b\":null,"
        "\"c\":[[{\"k\":true}]]}");
    assert_written(
        WRITER_YAML, raw,
        "a:\n  x:\n  - 1.50\n  - 1e3\n  - 123456789012345678901234567890\n  - {}\n  - []\n"
        "  - |\n    A\nb: null\nc:\n- - k: true\n");
}

static void raw_that_is_no_json_fails(void **state unused_arg)
{
    static const char *const bad[] = { "", "{", "nope", "[1,]" };

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        autobuf struct buf out = { 0 };
        struct writer w;

        buf_init(&out, 100);
        writer_to_buf(&w, WRITER_JSON, &out);
        w_json(&w, str_of(bad[i]));
        assert_int_equal(writer_end(&w), -1);
    }
}

static void depth_beyond_the_limit_fails(void **state unused_arg)
{
    for (int extra = 0; extra < 2; extra++) {
        autobuf struct buf out = { 0 };
        struct writer w;

        buf_init(&out, 10000);
        writer_to_buf(&w, WRITER_YAML, &out);
        for (int i = 0; i < WRITER_DEPTH_MAX + extra; i++)
            w_list(&w);
        for (int i = 0; i < WRITER_DEPTH_MAX + extra; i++)
            w_list_end(&w);
        assert_int_equal(writer_end(&w), extra ? -1 : 0);
    }
}

static void raw_depth_counts_too(void **state unused_arg)
{
    autobuf struct buf deep, out;
    struct writer w;

    buf_init(&deep, 1000);
    buf_init(&out, 1000);
    for (int i = 0; i < 200; i++)
        buf_adds(&deep, "[");
    for (int i = 0; i < 200; i++)
        buf_adds(&deep, "]");
    writer_to_buf(&w, WRITER_JSON, &out);
    w_json(&w, buf_str(&deep));
    assert_int_equal(writer_end(&w), -1);
}

static void an_unfinished_document_fails(void **state unused_arg)
{
    autobuf struct buf out = { 0 };
    struct writer w;

    buf_init(&out, 100);
    writer_to_buf(&w, WRITER_JSON, &out);
    w_object(&w);
    assert_int_equal(writer_end(&w), -1);
}

static void a_full_sink_fails_the_document_and_is_not_asked_again(void **state unused_arg)
{
    autobuf struct buf out = { 0 };
    struct writer w;

    buf_init(&out, 2000);
    writer_to_buf(&w, WRITER_JSON_PRETTY, &out);
    w_list(&w);
    for (int i = 0; i < 1000; i++)
        w_str(&w, "0123456789");
    w_list_end(&w);
    assert_int_equal(writer_end(&w), -1);
    assert_true(out.n <= 2000);
}

static void a_file_gets_the_same_bytes(void **state unused_arg)
{
    FILE *f = tmpfile();
    struct writer w;
    char got[64] = "";

    assert_non_null(f);
    writer_to_file(&w, WRITER_YAML, f);
    w_object(&w);
    w_key_str(&w, "a", "b");
    w_object_end(&w);
    assert_int_equal(writer_end(&w), 0);
    rewind(f);
    assert_int_equal(fread(got, 1, sizeof(got), f), 5);
    assert_string_equal(got, "a: b\n");
    fclose(f);
}

RUN(T(compact_json_has_no_blanks), T(pretty_json_is_indented_by_two), T(yaml_is_in_block_style),
    T(yaml_prints_lines_as_a_literal_block), T(a_scalar_may_be_the_document),
    T(empty_containers_may_be_the_document), T(yaml_strings_stay_plain_where_all_readers_agree),
    T(yaml_strings_are_quoted_where_any_reader_errs), T(yaml_escapes_what_is_not_printable),
    T(json_escapes_controls_and_replaces_bad_bytes), T(a_key_keeps_its_nul),
    T(strings_read_back_from_all_formats), T(every_pair_of_ascii_characters_reads_back),
    T(long_keys_and_strings_read_back), T(doubles_read_back_exactly),
    T(doubles_are_short_and_what_is_not_finite_is_null), T(raw_json_takes_the_writers_format),
    T(raw_that_is_no_json_fails), T(depth_beyond_the_limit_fails), T(raw_depth_counts_too),
    T(an_unfinished_document_fails), T(a_full_sink_fails_the_document_and_is_not_asked_again),
    T(a_file_gets_the_same_bytes))
