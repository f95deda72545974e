// SPDX-License-Identifier: Apache-2.0
// Rows X2 and X5 of controller-semantics §8: the same stream in pieces of every size, and bytes
// that no good server sends. Whatever comes, the watcher neither crashes nor grows, and a list
// puts right what the stream could not say.
#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"
#include "base/test.h"
#include "informer/fake_sink.h"
#include "informer/split.h"

static struct fake_sink *s;

static int set_up(void **state)
{
    (void)state;
    s = fake_sink_new(false);
    fake_sink_list(s, "10", "a@5", NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_sink_free(s);
    return 0;
}

static void again(void)
{
    fake_sink_free(s);
    set_up(NULL);
}

static void start(usec t)
{
    watcher_start(s->watcher);
    fake_sink_pass(s, t);
}

static void stream(const char *bytes)
{
    fake_server_script(s->server, "GET", "watch=true",
                       &(struct fake_reply){ .body = bytes, .stay_open = true });
}

// The line must lead to a list, which has what the stream lost.
static void is_listed_again(enum err code)
{
    fake_sink_list(s, "20", "b@15", NULL);
    fake_sink_watch(s, &(struct fake_watch_script){ .events = "ADDED c@21" });
    start(USEC_PER_MIN);
    assert_int_equal(fake_sink_lists(s), 2);
    assert_int_equal(s->failures, 1);
    assert_int_equal(s->last_failure.code, code);
    assert_string_equal(fake_sink_text(s), "b@15 c@21");
}

static const char events[] = "ADDED b@11; MODIFIED a@12; BOOKMARK @13; DELETED b@14; ADDED c@15";

static void x2_a_stream_in_pieces_of_any_size_brings_the_same_events(void **state)
{
    autofree char *whole = fake_sink_stream(events);

    (void)state;
    for (size_t size = 1; size <= strlen(whole); size++) {
        again();
        fake_sink_watch(s, &(struct fake_watch_script){ .events = events, .chunk = size });
        start(USEC_PER_SEC);
        assert_string_equal(fake_sink_text(s), "a@12 c@15");
        assert_int_equal(s->applied, 4);
        assert_string_equal(watcher_rv(s->watcher), "15");
        assert_int_equal(fake_server_requests(s->server), 2);
    }
}

static void x2_a_list_in_pieces_of_any_size_brings_the_same_objects(void **state)
{
    (void)state;
    for (size_t size = 1; size < 400; size++) {
        fake_sink_free(s);
        s = fake_sink_new(false);
        fake_server_chunk(s->server, size);
        fake_sink_list(s, "10", "a@1 b@2", "t1");
        fake_sink_list(s, "10", "c@3", NULL);
        fake_sink_watch(s, &(struct fake_watch_script){ .events = "" });
        start(USEC_PER_SEC);
        assert_string_equal(fake_sink_text(s), "a@1 b@2 c@3");
        assert_int_equal(fake_server_requests(s->server), 3);
    }
}

static void x2_a_watch_list_in_pieces_of_any_size_ends_at_its_marker(void **state)
{
    const char *initial = "ADDED a@7; ADDED b@3; MODIFIED b@9; END 9; ADDED c@11";
    autofree char *whole = fake_sink_stream(initial);

    (void)state;
    for (size_t size = 1; size <= strlen(whole); size++) {
        fake_sink_free(s);
        s = fake_sink_new(true);
        fake_sink_watch(s, &(struct fake_watch_script){ .events = initial, .chunk = size });
        start(USEC_PER_SEC);
        assert_string_equal(fake_sink_text(s), "a@7 b@9 c@11");
        assert_int_equal(s->committed, 1);
        assert_int_equal(s->applied, 1);
        assert_string_equal(watcher_rv(s->watcher), "11");
    }
}

static size_t longest_part;

static int measure(void *arg, struct str text, struct error *e)
{
    (void)arg;
    (void)text;
    (void)e;
    fail_msg("a line of 10 MiB was handed on");
    return 0;
}

static void x5_a_line_of_10_mib_never_takes_more_than_the_limit(void **state)
{
    char piece[16384];
    struct split_lines lines;
    struct error e = { 0 };
    size_t sent = 0;
    int rc = 0;

    (void)state;
    memset(piece, 'x', sizeof(piece));
    split_lines_init(&lines, SPLIT_OBJECT_MAX, measure, NULL);
    longest_part = 0;
    while (rc == 0 && sent < (size_t)10 << 20) {
        rc = split_lines_push(&lines, piece, sizeof(piece), &e);
        longest_part = MAX(longest_part, lines.part.cap);
        sent += sizeof(piece);
    }
    assert_int_equal(rc, -1);
    assert_int_equal(e.code, ERR_TOO_BIG);
    assert_true(sent <= SPLIT_OBJECT_MAX + sizeof(piece));
    assert_true(longest_part <= 2 * SPLIT_OBJECT_MAX);
    split_lines_fini(&lines);
}

static void x5_an_item_above_the_limit_fails_its_list_and_the_next_is_believed(void **state)
{
    struct buf b;

    (void)state;
    fake_sink_free(s);
    s = fake_sink_new(false);
    buf_init(&b, 1 << 20);
    buf_adds(
        &b,
        "{\"kind\":\"PodList\",\"metadata\":{\"resourceVersion\":\"10\"},\"items\":[{\"metadata\":"
        "{\"name\":\"huge\",\"annotations\":{\"x\":\"");
    for (int i = 0; i < 70000; i++)
        buf_addc(&b, 'x');
    buf_adds(&b, "\"}}}]}");
    fake_server_script(s->server, "GET", "watch=false", &(struct fake_reply){ .body = b.p });
    buf_fini(&b);
    fake_sink_list(s, "20", "a@5", NULL);
    fake_sink_watch(s, &(struct fake_watch_script){ .events = "" });
    start(USEC_PER_MIN);
    assert_int_equal(s->last_failure.code, ERR_TOO_BIG);
    assert_string_equal(fake_sink_text(s), "a@5");
}

static void x5_bytes_that_are_no_json_text_lead_to_a_list(void **state)
{
    static const char *const lines[] = {
        "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"x\xff\","
        "\"resourceVersion\":\"11\"}}}\n",
        "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"\xc3\","
        "\"resourceVersion\":\"11\"}}}\n",
        "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":"
        "\"\xed\xa0\x80\",\"resourceVersion\":\"11\"}}}\n",
        "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"a\\ud800\","
        "\"resourceVersion\":\"11\"}}}\n",
        "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"a\tb\","
        "\"resourceVersion\":\"11\"}}}\n",
        "\x1f\x8b\x08\n",
        "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Pod\",\"n\":1e999999}}\n",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        again();
        stream(lines[i]);
        is_listed_again(ERR_SERVER);
    }
}

static void x5_a_nul_in_a_line_leads_to_a_list(void **state)
{
    // The fake server's bodies are C strings, so the splitter and the parser are asked directly.
    static const char line[] = "{\"type\":\"ADDED\",\0\"object\":{}}";
    struct json_doc doc;
    struct error e = { 0 };

    (void)state;
    assert_int_equal(json_parse((struct str){ line, sizeof(line) - 1 }, NULL, &doc, &e), -1);
    assert_int_equal(e.code, ERR_INVALID);
    stream("{\"type\":\"ADDED\",\n"); // what is left of it
    is_listed_again(ERR_SERVER);
}

// A line with `open` and then `close` ten thousand times in the middle.
static void stream_deep(const char *before, const char *open, const char *close, const char *after)
{
    struct buf b;

    buf_init(&b, 1 << 20);
    buf_adds(&b, before);
    for (int i = 0; i < 10000; i++)
        buf_adds(&b, open);
    for (int i = 0; i < 10000; i++)
        buf_adds(&b, close);
    buf_adds(&b, after);
    stream(b.p);
    buf_fini(&b);
}

static void x5_ten_thousand_brackets_do_no_harm(void **state)
{
    static const char pod[] =
        "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":"
        "{\"name\":\"b\",\"resourceVersion\":\"11\"},\"x\":";

    (void)state;
    // As the whole object: not of our kind. In a member that nobody reads: not looked at.
    stream_deep("{\"type\":\"ADDED\",\"object\":", "[", "]", "}\n");
    start(USEC_PER_SEC);
    assert_string_equal(fake_sink_text(s), "a@5");
    assert_int_equal(fake_sink_lists(s), 1);
    again();
    stream_deep(pod, "{\"\":", "}", "}}\n"); // its innermost member has no value
    is_listed_again(ERR_SERVER);
    again();
    stream_deep(pod, "[", "]", "}}\n");
    start(USEC_PER_SEC);
    assert_string_equal(fake_sink_text(s), "a@5 b@11");
    assert_int_equal(fake_sink_lists(s), 1);
    again();
    stream_deep(pod, "[", "", "}}\n");
    is_listed_again(ERR_SERVER);
}

static void x5_keys_given_twice_and_huge_numbers_do_no_harm(void **state)
{
    (void)state;
    stream(
        "{\"type\":\"ADDED\",\"type\":\"ADDED\",\"object\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":"
        "{\"name\":\"b\",\"name\":\"b\",\"generation\":99999999999999999999999999999999,\"x\":1e300,"
        "\"y\":-18446744073709551617,\"resourceVersion\":\"11\"}}}\n"
        "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"\\u0063\","
        "\"\\u0072esourceVersion\":\"12\"}}}\n");
    start(USEC_PER_SEC);
    assert_string_equal(fake_sink_text(s), "a@5 b@11 c@12");
    assert_int_equal(fake_sink_lists(s), 1);
}

static void x5_versions_that_are_no_numbers_are_kept_and_never_compared(void **state)
{
    (void)state;
    stream(
        "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":"
        "{\"resourceVersion\":\"99999999999999999999999999\"}}}\n"
        "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":"
        "{\"resourceVersion\":7}}}\n"
        "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":"
        "{\"resourceVersion\":\"0000000000000000000000000000000000000000000000000000000000000000000001\"}}}\n");
    start(USEC_PER_SEC);
    assert_string_equal(watcher_rv(s->watcher), "99999999999999999999999999");
    assert_int_equal(fake_sink_lists(s), 1);
}

static void x5_empty_lines_and_blanks_are_nothing(void **state)
{
    (void)state;
    stream(
        "\n\r\n \n\t\n{\"type\":\"ADDED\",\"object\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":"
        "{\"name\":\"b\",\"resourceVersion\":\"11\"}}}\r\n\n\n");
    start(USEC_PER_SEC);
    assert_string_equal(fake_sink_text(s), "a@5 b@11");
    assert_int_equal(fake_sink_lists(s), 1);
}

static void c7_a_page_of_html_instead_of_a_stream_leads_to_a_list(void **state)
{
    (void)state;
    stream("<!DOCTYPE html>\n<html><body>502 Bad Gateway</body></html>\n");
    is_listed_again(ERR_SERVER);
}

#define W(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

RUN(W(x2_a_stream_in_pieces_of_any_size_brings_the_same_events),
    W(x2_a_list_in_pieces_of_any_size_brings_the_same_objects),
    W(x2_a_watch_list_in_pieces_of_any_size_ends_at_its_marker),
    W(x5_a_line_of_10_mib_never_takes_more_than_the_limit),
    W(x5_an_item_above_the_limit_fails_its_list_and_the_next_is_believed),
    W(x5_bytes_that_are_no_json_text_lead_to_a_list), W(x5_a_nul_in_a_line_leads_to_a_list),
    W(x5_ten_thousand_brackets_do_no_harm), W(x5_keys_given_twice_and_huge_numbers_do_no_harm),
    W(x5_versions_that_are_no_numbers_are_kept_and_never_compared),
    W(x5_empty_lines_and_blanks_are_nothing),
    W(c7_a_page_of_html_instead_of_a_stream_leads_to_a_list))
