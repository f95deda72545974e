// SPDX-License-Identifier: Apache-2.0
// From one status to another: what goes is named, what stays is not.
#include "base/test.h"
#include "controller/status_patch.h"

struct patch_case {
    const char *now, *want, *patch;
    bool loses;
};

static void check(const struct patch_case *c)
{
    struct json_doc autojson now = { 0 }, autojson want = { 0 };
    struct buf autobuf out = { 0 };
    struct writer w;
    bool loses = false;

    assert_int_equal(json_parse(str_of(c->now), NULL, &now, NULL), 0);
    assert_int_equal(json_parse(str_of(c->want), NULL, &want, NULL), 0);
    buf_init(&out, 4096);
    writer_to_buf(&w, WRITER_JSON, &out);
    status_patch_write(&w, json_root(&now), json_root(&want), &loses);
    assert_int_equal(writer_end(&w), 0);
    assert_string_equal(out.p, c->patch);
    assert_int_equal(loses, c->loses);
}

static void a_member_that_goes_is_named_with_null(void **state unused_arg)
{
    static const struct patch_case cases[] = {
        {"{}",                                 "{\"a\":1}",         "{\"a\":1}",            false},
        { "{\"a\":1}",                         "{\"a\":2}",         "{\"a\":2}",            false},
        { "{\"a\":1,\"b\":2}",                 "{\"a\":1}",         "{\"a\":1,\"b\":null}", true },
        { "{\"o\":{\"x\":1,\"y\":2},\"a\":0}", "{\"o\":{\"x\":1}}",
         "{\"o\":{\"x\":1,\"y\":null},\"a\":null}",                                         true },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        check(&cases[i]);
}

static void a_list_that_loses_an_item_is_noticed(void **state unused_arg)
{
    static const struct patch_case cases[] = {
        {"{\"l\":[\"a\"]}",                     "{\"l\":[\"a\",\"b\"]}",       "{\"l\":[\"a\",\"b\"]}",      false},
        { "{\"l\":[\"a\",\"b\"]}",              "{\"l\":[\"b\"]}",             "{\"l\":[\"b\"]}",            true },
        { "{\"c\":[{\"type\":\"R\",\"s\":1}]}", "{\"c\":[{\"type\":\"R\"}]}",
         "{\"c\":[{\"type\":\"R\"}]}",                                                                       false},
        { "{\"c\":[{\"type\":\"X\"}]}",         "{\"c\":[{\"type\":\"R\"}]}",  "{\"c\":[{\"type\":\"R\"}]}",
         true                                                                                                     },
        { "{\"c\":[{\"name\":\"X\"}]}",         "{\"c\":[]}",                  "{\"c\":[]}",                 true },
        { "{\"c\":[{\"check\":\"X\"}]}",        "{\"c\":[{\"check\":\"Y\"}]}",
         "{\"c\":[{\"check\":\"Y\"}]}",                                                                      false},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        check(&cases[i]);
}

RUN(T(a_member_that_goes_is_named_with_null), T(a_list_that_loses_an_item_is_noticed))
