// SPDX-License-Identifier: Apache-2.0
#include "informer/split.h"

#include "base/alloc.h"
#include "base/test.h"

struct got {
    struct buf all; // every piece with '|' behind it
    size_t n, stop_at;
    int stop_with;
};

static int collect(void *arg, struct str text, struct error *e)
{
    struct got *g = arg;

    buf_add(&g->all, text.p, text.n);
    buf_addc(&g->all, '|');
    if (++g->n == g->stop_at) {
        error_set(e, ERR_BUG, "stop");
        return g->stop_with;
    }
    return 0;
}

static void got_init(struct got *g)
{
    *g = (struct got){ 0 };
    buf_init(&g->all, 1 << 20);
}

// Pieces of `size` bytes; 0: whole. The result of the last push and, if 0, of the finish.
static int split_list_text(const char *text, size_t n, size_t size, struct got *g,
                           struct split_list_end *ret, struct error *e)
{
    struct split_list s;
    int rc = 0;

    split_list_init(&s, 4096, collect, g);
    for (size_t at = 0; at < n && rc == 0; at += size ? size : n)
        rc = split_list_push(&s, text + at, size ? MIN(size, n - at) : n, e);
    if (rc == 0)
        rc = split_list_finish(&s, ret, e);
    if (rc == 0)
        ret->cont = *ret->cont ? "some" : "";
    split_list_fini(&s);
    return rc;
}

static const char *const list =
    "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"77\","
    "\"continue\":\"abc\",\"remainingItemCount\":5},\"items\":[\n"
    "{\"metadata\":{\"name\":\"a\",\"note\":\"]}{[ \\\" } \\\\\"}} ,"
    "{\"x\":[[],{},{\"y\":[1,2,{}]}],\"long\":\"0123456789012345678901234567890123456789012345678"
    "90123456789 } ] \\\\\\\" 0123456789\"},{}]}\n";
static const char *const pieces =
    "{\"metadata\":{\"name\":\"a\",\"note\":\"]}{[ \\\" } \\\\\"}}|"
    "{\"x\":[[],{},{\"y\":[1,2,{}]}],\"long\":\"0123456789012345678901234567890123456789012345678"
    "90123456789 } ] \\\\\\\" 0123456789\"}|{}|";

static void x2_any_cut_of_a_list_gives_the_same_items(void **state)
{
    (void)state;
    for (size_t size = 0; size <= strlen(list); size++) {
        struct split_list_end end;
        struct error e;
        struct got g;

        got_init(&g);
        assert_int_equal(split_list_text(list, strlen(list), size, &g, &end, &e), 0);
        assert_string_equal(g.all.p, pieces);
        assert_string_equal(end.rv, "77");
        assert_string_equal(end.cont, "some");
        assert_int_equal(end.remaining, 5);
        assert_false(end.is_status);
        buf_fini(&g.all);
    }
}

static void metadata_may_stand_behind_the_items(void **state)
{
    const char *text =
        "{\"a\":{\"items\":[1,2]},\"items\":[{\"n\":1}],\"b\":\"items\",\"metadata\":"
        "{\"resourceVersion\":\"5\"}}";
    struct split_list_end end;
    struct error e;
    struct got g;

    (void)state;
    got_init(&g);
    assert_int_equal(split_list_text(text, strlen(text), 0, &g, &end, &e), 0);
    assert_string_equal(g.all.p, "{\"n\":1}|");
    assert_string_equal(end.rv, "5");
    assert_string_equal(end.cont, "");
    assert_int_equal(end.remaining, -1);
    buf_fini(&g.all);
}

static void an_empty_list_and_null_items_have_no_items(void **state)
{
    static const char *const texts[] = {
        "{\"items\":[],\"metadata\":{\"resourceVersion\":\"5\"}}",
        "{\"items\":null,\"metadata\":{\"resourceVersion\":\"5\"}}",
        "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\" : [ ] }",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct split_list_end end;
        struct error e;
        struct got g;

        got_init(&g);
        assert_int_equal(split_list_text(texts[i], strlen(texts[i]), 3, &g, &end, &e), 0);
        assert_int_equal(g.n, 0);
        buf_fini(&g.all);
    }
}

static void what_is_not_a_list_is_refused(void **state)
{
    static const struct {
        const char *text;
        enum err code;
    } rows[] = {
        {"",                                                                           ERR_IO     },
        { "{\"items\":[{\"a\":1}",                                                     ERR_IO     },
        { "{\"items\":[{\"a\":\"1",                                                    ERR_IO     },
        { "{\"items\":[{\"a\":1}]",                                                    ERR_IO     },
        { "{\"metadata\":{\"resourceVersion\":\"5\"",                                  ERR_IO     },
        { "not json",                                                                  ERR_INVALID},
        { "{\"items\":[1]}",                                                           ERR_INVALID},
        { "{\"items\":[{}],\"items\":[{}]}",                                           ERR_INVALID},
        { "{\"metadata\":{\"resourceVersion\":\"5\"},\"kind\":\"Pod\"}",               ERR_INVALID},
        { "{\"kind\":\"PodList\",\"items\":[]}",                                       ERR_INVALID},
        { "{\"kind\":\"Table\",\"metadata\":{\"resourceVersion\":\"5\"},\"rows\":[]}",
         ERR_INVALID                                                                              },
        { "{\"items\":[],\"metadata\":{\"resourceVersion\":\"5\"}} x",                 ERR_INVALID},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        for (size_t size = 0; size < 3; size++) {
            struct split_list_end end;
            struct error e = { 0 };
            struct got g;

            got_init(&g);
            assert_int_equal(
                split_list_text(rows[i].text, strlen(rows[i].text), size, &g, &end, &e), -1);
            assert_int_equal(e.code, rows[i].code);
            buf_fini(&g.all);
        }
}

static void a_status_is_recognised(void **state)
{
    const char *text = "{\"kind\":\"Status\",\"status\":\"Failure\",\"code\":410}";
    struct split_list_end end;
    struct error e;
    struct got g;

    (void)state;
    got_init(&g);
    assert_int_equal(split_list_text(text, strlen(text), 0, &g, &end, &e), 0);
    assert_true(end.is_status);
    buf_fini(&g.all);
}

static void x5_an_item_above_the_limit_is_refused_and_those_before_it_were_given(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 1 << 20);
    buf_adds(&b, "{\"items\":[{\"a\":1},{\"b\":\"");
    for (int i = 0; i < 5000; i++)
        buf_addc(&b, 'x');
    buf_adds(&b, "\"}]}");
    for (size_t size = 0; size < 700; size += 100) {
        struct split_list_end end;
        struct error e = { 0 };
        struct got g;

        got_init(&g);
        assert_int_equal(split_list_text(b.p, b.n, size, &g, &end, &e), -1);
        assert_int_equal(e.code, ERR_TOO_BIG);
        assert_string_equal(g.all.p, "{\"a\":1}|");
        buf_fini(&g.all);
    }
    buf_fini(&b);
}

static void p5_a_callback_that_refuses_ends_the_list(void **state)
{
    struct split_list_end end;
    struct error e = { 0 };
    struct got g;

    (void)state;
    got_init(&g);
    g.stop_at = 2;
    g.stop_with = 7;
    assert_int_equal(split_list_text(list, strlen(list), 5, &g, &end, &e), 7);
    assert_int_equal(g.n, 2);
    assert_int_equal(e.code, ERR_BUG);
    buf_fini(&g.all);
}

static void x2_any_cut_of_a_watch_stream_gives_the_same_lines(void **state)
{
    const char *text = "{\"a\":1}\n\n{\"b\":\"x\"}\r\n \n{\"c\":3}\n{\"cut";

    (void)state;
    for (size_t size = 1; size <= strlen(text); size++) {
        struct split_lines s;
        struct error e;
        struct got g;

        got_init(&g);
        split_lines_init(&s, 64, collect, &g);
        for (size_t at = 0; at < strlen(text); at += size)
            assert_int_equal(split_lines_push(&s, text + at, MIN(size, strlen(text) - at), &e), 0);
        assert_string_equal(g.all.p, "{\"a\":1}|{\"b\":\"x\"}\r|{\"c\":3}|");
        split_lines_fini(&s);
        buf_fini(&g.all);
    }
}

static void x5_a_line_above_the_limit_is_refused(void **state)
{
    char text[200];

    (void)state;
    memset(text, 'x', sizeof(text));
    text[199] = '\n';
    for (size_t size = 1; size <= sizeof(text); size++) {
        struct split_lines s;
        struct error e = { 0 };
        struct got g;
        int rc = 0;

        got_init(&g);
        split_lines_init(&s, 100, collect, &g);
        for (size_t at = 0; at < sizeof(text) && rc == 0; at += size)
            rc = split_lines_push(&s, text + at, MIN(size, sizeof(text) - at), &e);
        assert_int_equal(rc, -1);
        assert_int_equal(e.code, ERR_TOO_BIG);
        assert_int_equal(g.n, 0);
        split_lines_fini(&s);
        buf_fini(&g.all);
    }
}

static void x5_memory_of_a_large_line_comes_back(void **state)
{
    struct split_lines s;
    struct error e;
    struct got g;
    char piece[1024];

    (void)state;
    memset(piece, 'x', sizeof(piece));
    got_init(&g);
    split_lines_init(&s, 1 << 20, collect, &g);
    for (int i = 0; i < 512; i++)
        assert_int_equal(split_lines_push(&s, piece, sizeof(piece), &e), 0);
    assert_true(s.part.cap >= 512 * 1024);
    assert_int_equal(split_lines_push(&s, "\n", 1, &e), 0);
    assert_true(s.part.cap <= 64 * 1024);
    split_lines_fini(&s);
    buf_fini(&g.all);
}

RUN(T(x2_any_cut_of_a_list_gives_the_same_items), T(metadata_may_stand_behind_the_items),
    T(an_empty_list_and_null_items_have_no_items), T(what_is_not_a_list_is_refused),
    T(a_status_is_recognised),
    T(x5_an_item_above_the_limit_is_refused_and_those_before_it_were_given),
    T(p5_a_callback_that_refuses_ends_the_list),
    T(x2_any_cut_of_a_watch_stream_gives_the_same_lines), T(x5_a_line_above_the_limit_is_refused),
    T(x5_memory_of_a_large_line_comes_back))
