// SPDX-License-Identifier: Apache-2.0
#include "base/str.h"
#include "base/test.h"

static void comparisons_look_at_all_bytes(void **state unused_arg)
{
    assert_true(str_eq(str_of("abc"), "abc"));
    assert_false(str_eq(str_of("abc"), "ab"));
    assert_false(str_eq(str_of("ab"), "abc"));
    assert_false(str_eq((struct str){ "a\0b", 3 }, "a"));
    assert_true(str_eq((struct str){ NULL, 0 }, ""));
    assert_false(str_eq(str_of(""), NULL));
    assert_true(str_starts("kube-system", "kube-"));
    assert_false(str_starts("kube", "kube-"));
    assert_true(str_starts("x", ""));
    assert_true(str_ends("a.yaml", ".yaml"));
    assert_false(str_ends("yaml", ".yaml"));
    assert_true(str_eq_const_time(str_of("secret"), str_of("secret")));
    assert_false(str_eq_const_time(str_of("secret"), str_of("secreT")));
    assert_false(str_eq_const_time(str_of("secret"), str_of("secrets")));
    assert_true(str_eq_const_time(str_of(""), str_of("")));
}

static void trim_takes_blanks_at_both_ends_only(void **state unused_arg)
{
    assert_true(str_eq(str_trim(str_of(" \t\r\n a b \n")), "a b"));
    assert_true(str_eq(str_trim(str_of("  \n")), ""));
    assert_true(str_eq(str_trim(str_of("")), ""));
}

static void split_pieces_are(const char *text, const char *const *want)
{
    struct str rest = str_of(text), piece;

    for (; *want; want++) {
        assert_true(str_split(&rest, ',', &piece));
        assert_true(str_eq(piece, *want));
    }
    assert_false(str_split(&rest, ',', &piece));
    assert_false(str_split(&rest, ',', &piece));
}

static void split_gives_each_piece_in_order(void **state unused_arg)
{
    split_pieces_are("a,b", (const char *const[]){ "a", "b", NULL });
    split_pieces_are("a,,b", (const char *const[]){ "a", "", "b", NULL });
    split_pieces_are(",a", (const char *const[]){ "", "a", NULL });
    split_pieces_are("a,", (const char *const[]){ "a", NULL });
    split_pieces_are("", (const char *const[]){ NULL });
    split_pieces_are(",", (const char *const[]){ "", NULL });
}

static void integers_are_whole_and_in_range(void **state unused_arg)
{
    static const char *const bad[] = { "",
                                       "-",
                                       "+1",
                                       "1a",
                                       " 1",
                                       "1 ",
                                       "0x1",
                                       "9223372036854775808",
                                       "-9223372036854775809",
                                       "99999999999999999999",
                                       "1.0",
                                       "--1" };
    int64_t v = 42;

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_int_equal(str_i64(str_of(bad[i]), &v), -1);
    assert_int_equal(str_i64((struct str){ "1\0", 2 }, &v), -1);
    assert_int_equal(v, 42);
    assert_int_equal(str_i64(str_of("9223372036854775807"), &v), 0);
    assert_true(v == INT64_MAX);
    assert_int_equal(str_i64(str_of("-9223372036854775808"), &v), 0);
    assert_true(v == INT64_MIN);
    assert_int_equal(str_i64(str_of("0"), &v), 0);
    assert_true(v == 0);
    assert_int_equal(str_i64(str_of("-0012"), &v), 0);
    assert_true(v == -12);
    assert_int_equal(str_i64((struct str){ "123456", 3 }, &v), 0);
    assert_true(v == 123);
}

static void a_buffer_grows_up_to_its_maximum(void **state unused_arg)
{
    autobuf struct buf b = { 0 };

    buf_init(&b, 100);
    for (int i = 0; i < 100; i++)
        assert_int_equal(buf_addc(&b, 'x'), 0);
    assert_int_equal(b.n, 100);
    assert_int_equal(strlen(b.p), 100);
    assert_int_equal(buf_addc(&b, 'x'), -1);
    assert_true(b.failed);
    assert_int_equal(b.n, 100);
}

static void a_failed_buffer_takes_nothing_until_reset(void **state unused_arg)
{
    autobuf struct buf b = { 0 };

    buf_init(&b, 4);
    assert_int_equal(buf_adds(&b, "ab"), 0);
    assert_int_equal(buf_adds(&b, "cde"), -1);
    assert_int_equal(buf_adds(&b, "c"), -1);
    assert_int_equal(buf_addf(&b, "%d", 1), -1);
    assert_true(str_eq(buf_str(&b), "ab"));
    buf_reset(&b);
    assert_int_equal(buf_adds(&b, "abcd"), 0);
    assert_string_equal(b.p, "abcd");
}

static void formatted_text_is_all_or_nothing(void **state unused_arg)
{
    autobuf struct buf b = { 0 };

    buf_init(&b, 8);
    assert_int_equal(buf_addf(&b, "%s-%d", "ab", 12), 0);
    assert_string_equal(b.p, "ab-12");
    assert_int_equal(buf_addf(&b, "%s", "toolong"), -1);
    assert_string_equal(b.p, "ab-12");
}

static void a_zeroed_buffer_takes_nothing(void **state unused_arg)
{
    struct buf b = { 0 };

    assert_int_equal(buf_adds(&b, "a"), -1);
    assert_true(str_eq(buf_str(&b), ""));
    buf_fini(&b);
    buf_fini(NULL);
}

static void dropping_keeps_the_rest(void **state unused_arg)
{
    autobuf struct buf b = { 0 };

    buf_init(&b, 100);
    buf_drop(&b, 0);
    buf_adds(&b, "hello world");
    buf_drop(&b, 6);
    assert_string_equal(b.p, "world");
    buf_drop(&b, 5);
    assert_string_equal(b.p, "");
    assert_int_equal(b.n, 0);
}

static void shrinking_gives_memory_back_when_empty(void **state unused_arg)
{
    autobuf struct buf b = { 0 };

    buf_init(&b, 100000);
    for (int i = 0; i < 10000; i++)
        buf_addc(&b, 'x');
    buf_shrink(&b, 64);
    assert_true(b.cap >= 10000); // not empty: nothing happens
    buf_reset(&b);
    buf_shrink(&b, 64);
    assert_int_equal(b.cap, 64);
    assert_int_equal(buf_adds(&b, "again"), 0);
    buf_reset(&b);
    buf_shrink(&b, 0);
    assert_int_equal(b.cap, 0);
    assert_int_equal(buf_adds(&b, "once more"), 0);
    assert_string_equal(b.p, "once more");
}

static void taking_hands_over_and_empties(void **state unused_arg)
{
    struct buf b;

    buf_init(&b, 10);
    autofree char *none = buf_take(&b);
    assert_string_equal(none, "");
    buf_adds(&b, "abc");
    autofree char *got = buf_take(&b);
    assert_string_equal(got, "abc");
    assert_int_equal(b.n, 0);
    assert_int_equal(buf_adds(&b, "0123456789"), 0);
    buf_fini(&b);
}

static void a_word_is_one_of_a_list_or_not(void **state unused_arg)
{
    static const char *const list[] = { "one", "two", NULL };

    assert_true(str_is_one_of("two", list));
    assert_false(str_is_one_of("tw", list));
    assert_false(str_is_one_of("three", list));
    assert_false(str_is_one_of("one", list + 2));
}

RUN(T(a_word_is_one_of_a_list_or_not), T(comparisons_look_at_all_bytes),
    T(trim_takes_blanks_at_both_ends_only), T(split_gives_each_piece_in_order),
    T(integers_are_whole_and_in_range), T(a_buffer_grows_up_to_its_maximum),
    T(a_failed_buffer_takes_nothing_until_reset), T(formatted_text_is_all_or_nothing),
    T(a_zeroed_buffer_takes_nothing), T(dropping_keeps_the_rest),
    T(shrinking_gives_memory_back_when_empty), T(taking_hands_over_and_empties))
