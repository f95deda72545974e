// SPDX-License-Identifier: Apache-2.0
#include "base/alloc.h"
#include "base/json.h"
#include "base/test.h"

static void members_are_reached_by_path(void **state unused_arg)
{
    autojson struct json_doc d = { 0 };
    json_val *root;

    assert_int_equal(
        json_parse(str_of("{\"metadata\":{\"name\":\"web\",\"n\":3},\"items\":[{\"kind\":"
                          "\"Pod\"},{\"kind\":\"Node\"}],\"ok\":true}"),
                   NULL, &d, NULL),
        0);
    root = json_root(&d);
    assert_string_equal(json_str(json_path(root, "metadata.name"), ""), "web");
    assert_string_equal(json_str(json_path(root, "items.1.kind"), ""), "Node");
    assert_null(json_path(root, "items.2.kind"));
    assert_null(json_path(root, "items.-1"));
    assert_null(json_path(root, "items.x"));
    assert_null(json_path(root, "metadata.name.first"));
    assert_null(json_path(NULL, "a"));
    assert_true(json_bool(json_get(root, "ok"), false));
    assert_int_equal(json_int(json_path(root, "metadata.n"), 0), 3);
}

static void getters_fall_back_when_absent_or_of_another_type(void **state unused_arg)
{
    autojson struct json_doc d = { 0 };
    json_val *r;

    assert_int_equal(json_parse(str_of("{\"s\":\"x\",\"i\":1,\"d\":1.5,\"n\":null,\"b\":false}"),
                                NULL, &d, NULL),
                     0);
    r = json_root(&d);
    assert_string_equal(json_str(json_get(r, "i"), "fb"), "fb");
    assert_string_equal(json_str(json_get(r, "n"), "fb"), "fb");
    assert_string_equal(json_str(NULL, "fb"), "fb");
    assert_null(json_text(json_get(r, "i")).p);
    assert_int_equal(json_text(json_get(r, "i")).n, 0);
    assert_null(json_text(NULL).p);
    assert_int_equal(json_int(json_get(r, "s"), -9), -9);
    assert_int_equal(json_int(json_get(r, "d"), -9), -9);
    assert_int_equal(json_int(NULL, -9), -9);
    assert_true(json_bool(json_get(r, "i"), true));
    assert_false(json_bool(json_get(r, "b"), true));
}

static void integers_at_the_ends_of_the_range(void **state unused_arg)
{
    autojson struct json_doc d = { 0 };
    json_val *r;

    assert_int_equal(
        json_parse(str_of("[9223372036854775807,-9223372036854775808,9223372036854775808,"
                          "18446744073709551616]"),
                   NULL, &d, NULL),
        0);
    r = json_root(&d);
    assert_true(json_int(json_path(r, "0"), 0) == INT64_MAX);
    assert_true(json_int(json_path(r, "1"), 0) == INT64_MIN);
    assert_int_equal(json_int(json_path(r, "2"), -9), -9);
    assert_int_equal(json_int(json_path(r, "3"), -9), -9);
}

static void text_with_a_nul_is_whole(void **state unused_arg)
{
    autojson struct json_doc d = { 0 };

    assert_int_equal(json_parse(str_of("\"a\\u0000b\""), NULL, &d, NULL), 0);
    assert_int_equal(json_text(json_root(&d)).n, 3);
    assert_memory_equal(json_text(json_root(&d)).p, "a\0b", 3);
}

static void what_is_no_json_is_refused_with_its_place(void **state unused_arg)
{
    static const char *const bad[] = {
        "",        " ",        "{",        "{\"a\":1,}",       "[1,]",        "nul",
        "{'a':1}", "1 2",      "\"\xFF\"", "\"\xED\xA0\x80\"", "\"\\ud800\"", "NaN",
        "01",      "\"a\nb\"", "// x\n1",  "\xEF\xBB\xBF{}",   "1e999"
    };
    struct json_doc d = { (yyjson_doc *)&d, true };
    struct error e;

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        error_clear(&e);
        if (json_parse(str_of(bad[i]), NULL, &d, &e) != -1)
            fail_msg("'%s' was taken for JSON", bad[i]);
        assert_int_equal(e.code, ERR_INVALID);
        assert_true(*e.text);
    }
    assert_ptr_equal(d.doc, &d); // untouched
    assert_int_equal(json_parse(str_of("{\"a\":1,\n  5}"), NULL, &d, &e), -1);
    assert_non_null(strstr(e.text, "line 2 column 3"));
    assert_int_equal(json_parse((struct str){ NULL, 0 }, NULL, &d, NULL), -1);
}

// n times open, then a 1, then n times close.
static char *nested(const char *open, const char *close, size_t n)
{
    struct buf b;

    buf_init(&b, 1 << 20);
    for (size_t i = 0; i < n; i++)
        buf_adds(&b, open);
    buf_adds(&b, "1");
    for (size_t i = 0; i < n; i++)
        buf_adds(&b, close);
    return buf_take(&b);
}

static void x5_depth_is_bounded(void **state unused_arg)
{
    static const char *const pairs[][2] = {
        {"[",                   "]" },
        { "{\"a\":",            "}" },
        { "[0,{\"a\":0,\"b\":", "}]"}
    };
    static const size_t levels[] = { 1, 1, 2 };
    struct error e;

    for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
        autofree char *most = nested(pairs[i][0], pairs[i][1], JSON_DEPTH_MAX / levels[i]);
        autofree char *over = nested(pairs[i][0], pairs[i][1], JSON_DEPTH_MAX / levels[i] + 1);
        autofree char *far = nested(pairs[i][0], pairs[i][1], 10000);
        autojson struct json_doc d = { 0 };

        assert_int_equal(json_parse(str_of(most), NULL, &d, NULL), 0);
        json_free(&d);
        assert_int_equal(json_parse(str_of(over), NULL, &d, &e), -1);
        assert_int_equal(e.code, ERR_INVALID);
        assert_int_equal(json_parse(str_of(far), NULL, &d, &e), -1);
    }
}

// What a text becomes without the member "skipMe".
static char *without(const char *text)
{
    struct json_pool *pool = json_pool_new(1 << 20);
    struct json_doc d;
    struct buf b;

    buf_init(&b, 1 << 20);
    if (json_parse_without(str_of(text), "skipMe", pool, &d, NULL) < 0 ||
        json_write(json_root(&d), &b) < 0)
        buf_adds(&b, "refused");
    json_pool_free(pool);
    return buf_take(&b);
}

static void a_member_is_skipped_whatever_it_holds(void **state unused_arg)
{
    static const char *const texts[][2] = {
        {"{\"a\":1,\"skipMe\":[{\"b\":\"]}\\\"]\"}],\"c\":2}",   "{\"a\":1,\"skipMe\":0,\"c\":2}"   },
        { "{\"skipMe\":{\"skipMe\":[]}}",                        "{\"skipMe\":0}"                   },
        { "[{\"skipMe\":[1]},{\"skipMe\":{}},3]",                "[{\"skipMe\":0},{\"skipMe\":0},3]"},
        { "{\"x\":{\"skipMe\":[not json]}}",                     "{\"x\":{\"skipMe\":0}}"           },
        { "{\"a\":\"\\\"skipMe\\\":[1]\"}",                      "{\"a\":\"\\\"skipMe\\\":[1]\"}"   }, // text
        { "{\"a\\\"skipMe\":[1,2]}",                             "{\"a\\\"skipMe\":[1,2]}"          }, // another key
        { "{\"skipMe\":5,\"b\":[1]}",                            "{\"skipMe\":5,\"b\":[1]}"         }, // small anyway
        { "{\"skipme\":[1],\"skipMeToo\":[2],\"doskipMe\":[3]}",
         "{\"skipme\":[1],\"skipMeToo\":[2],\"doskipMe\":[3]}"                                      },
        { "{\"skipMe\":[1,",                                     "refused"                          },
        { "{\"skipMe\":[1]",                                     "refused"                          },
        { "\"skipMe\":[1]",                                      "refused"                          },
        { "",                                                    "refused"                          },
    };

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        autofree char *got = without(texts[i][0]);

        assert_string_equal(got, texts[i][1]);
    }
}

static void a_refused_text_is_quoted_with_its_own_place(void **state unused_arg)
{
    struct json_pool *pool = json_pool_new(1 << 20);
    struct json_doc d;
    struct error e;

    assert_int_equal(json_parse_without(str_of("{\"skipMe\":[1,2,3],}"), "skipMe", pool, &d, &e),
                     -1);
    assert_int_equal(e.code, ERR_INVALID);
    assert_non_null(strstr(e.text, "column 18"));
    json_pool_free(pool);
}

static void a_deep_text_without_bound_is_read_in_a_loop(void **state unused_arg)
{
    autofree char *deep = nested("{\"a\":", "}", 10000);
    struct json_pool *pool = json_pool_new(8 << 20);
    struct json_doc d;

    assert_int_equal(json_parse_without(str_of(deep), "skipMe", pool, &d, NULL), 0);
    assert_true(yyjson_is_obj(json_root(&d)));
    json_pool_free(pool);
}

static void many_shallow_values_are_not_deep(void **state unused_arg)
{
    autobuf struct buf b = { 0 };
    autojson struct json_doc d = { 0 };

    buf_init(&b, 1 << 20);
    buf_adds(&b, "[");
    for (int i = 0; i < 1000; i++)
        buf_adds(&b, "{\"a\":[],\"b\":{}},");
    buf_adds(&b, "[]]");
    assert_int_equal(json_parse(buf_str(&b), NULL, &d, NULL), 0);
}

static void a_pool_serves_one_document_after_another(void **state unused_arg)
{
    struct json_pool *pool = json_pool_new((size_t)4 << 20);
    struct json_doc d = { 0 };

    for (int i = 0; i < 300; i++) {
        autofree char *text = xasprintf("{\"n\":%d,\"pad\":\"%*s\"}", i, i * 37, "x");

        assert_int_equal(json_parse(str_of(text), pool, &d, NULL), 0);
        memset(text, '#', strlen(text)); // the text is not needed any more
        assert_int_equal(json_int(json_get(json_root(&d), "n"), -1), i);
        json_free(&d);
        json_free(&d);
    }
    assert_int_equal(json_parse(str_of("[1"), pool, &d, NULL), -1);
    assert_int_equal(json_parse(str_of("[1]"), pool, &d, NULL), 0);
    json_pool_free(pool);
    json_pool_free(NULL);
}

static void freeing_late_does_not_hurt_the_pool(void **state unused_arg)
{
    struct json_pool *pool = json_pool_new((size_t)1 << 20);
    struct json_doc first = { 0 }, second = { 0 };

    assert_int_equal(json_parse(str_of("[1,2,3]"), pool, &first, NULL), 0);
    assert_int_equal(json_parse(str_of("[4,5,6]"), pool, &second, NULL), 0);
    json_free(&first);
    assert_int_equal(json_int(json_path(json_root(&second), "2"), 0), 6);
    json_free(&second);
    json_pool_free(pool);
}

static void what_a_pool_cannot_hold_is_too_big(void **state unused_arg)
{
    struct json_pool *small = json_pool_new(4096), *none = json_pool_new(0);
    autofree char *text = xasprintf("\"%*s\"", 100000, "x");
    struct json_doc d;
    struct error e;

    assert_int_equal(json_parse(str_of(text), small, &d, &e), -1);
    assert_int_equal(e.code, ERR_TOO_BIG);
    assert_int_equal(json_parse(str_of("{\"a\":1}"), small, &d, &e), 0);
    assert_int_equal(json_parse(str_of("{\"a\":1}"), none, &d, &e), -1);
    assert_int_equal(e.code, ERR_TOO_BIG);
    json_pool_free(small);
    json_pool_free(none);
}

static void strict_refuses_duplicate_keys_at_any_depth(void **state unused_arg)
{
    static const char *const bad[] = { "{\"a\":1,\"a\":1}", "[{\"x\":{\"b\":1,\"c\":2,\"b\":3}}]",
                                       "{\"a\":{},\"b\":[1,{\"k\":1,\"\\u006b\":2}]}",
                                       "{\"\":1,\"\":2}" };
    static const char *const good[] = { "{\"a\":1,\"b\":{\"a\":1}}", "{\"ab\":1,\"a\":2,\"\":3}",
                                        "[]", "1", "{\"a\\u0000b\":1,\"a\\u0000c\":2,\"a\":3}" };
    struct error e;

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        autojson struct json_doc d = { 0 };

        assert_int_equal(json_parse(str_of(bad[i]), NULL, &d, NULL), 0); // only strict minds
        json_free(&d);
        assert_int_equal(json_parse_strict(str_of(bad[i]), &d, &e), -1);
        assert_int_equal(e.code, ERR_INVALID);
        assert_non_null(strstr(e.text, "twice"));
    }
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        autojson struct json_doc d = { 0 };

        assert_int_equal(json_parse_strict(str_of(good[i]), &d, &e), 0);
    }
}

static void equality_ignores_the_order_of_keys(void **state unused_arg)
{
    static const struct {
        const char *a, *b;
        bool equal;
    } rows[] = {
        {"{\"a\":1,\"b\":[2]}", "{\"b\":[2],\"a\":1}", true },
        { "[1,2]",              "[2,1]",               false},
        { "{\"a\":1}",          "{\"a\":1,\"b\":1}",   false},
        { "{\"a\":null}",       "{}",                  false},
        { "\"1\"",              "1",                   false},
        { "-1",                 "-1",                  true }
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        autojson struct json_doc a = { 0 }, b = { 0 };

        assert_int_equal(json_parse(str_of(rows[i].a), NULL, &a, NULL), 0);
        assert_int_equal(json_parse(str_of(rows[i].b), NULL, &b, NULL), 0);
        assert_int_equal(json_equal(json_root(&a), json_root(&b)), rows[i].equal);
        assert_false(json_equal(json_root(&a), NULL));
    }
    assert_true(json_equal(NULL, NULL));
}

static void a_value_is_written_compact(void **state unused_arg)
{
    autojson struct json_doc d = { 0 };
    autobuf struct buf out = { 0 };

    buf_init(&out, 100);
    assert_int_equal(json_parse(str_of("{ \"a\" : [ 1 , \"\xC3\xA9\\n\" ] }"), NULL, &d, NULL), 0);
    assert_int_equal(json_write(json_get(json_root(&d), "a"), &out), 0);
    assert_string_equal(out.p, "[1,\"\xC3\xA9\\n\"]");
    assert_int_equal(json_write(NULL, &out), -1);
    buf_fini(&out);
    buf_init(&out, 3);
    assert_int_equal(json_write(json_root(&d), &out), -1);
}

RUN(T(members_are_reached_by_path), T(getters_fall_back_when_absent_or_of_another_type),
    T(integers_at_the_ends_of_the_range), T(text_with_a_nul_is_whole),
    T(what_is_no_json_is_refused_with_its_place), T(x5_depth_is_bounded),
    T(a_member_is_skipped_whatever_it_holds), T(a_refused_text_is_quoted_with_its_own_place),
    T(a_deep_text_without_bound_is_read_in_a_loop), T(many_shallow_values_are_not_deep),
    T(a_pool_serves_one_document_after_another), T(freeing_late_does_not_hurt_the_pool),
    T(what_a_pool_cannot_hold_is_too_big), T(strict_refuses_duplicate_keys_at_any_depth),
    T(equality_ignores_the_order_of_keys), T(a_value_is_written_compact))
