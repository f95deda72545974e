// SPDX-License-Identifier: Apache-2.0
// Tables: widths, wrapping, and what must not reach a terminal.
#include "base/test.h"

#include "base/alloc.h"
#include "cmd/output.h"

static char *print(const char *const *heads, size_t n, const char *const *cells, size_t rows,
                   int screen)
{
    struct table t;
    FILE *f = tmpfile();
    char *text = xcalloc(1, 8192);

    table_init(&t, heads, n);
    for (size_t i = 0; i < rows; i++)
        table_add(&t, cells + i * n);
    assert_int_equal(table_print_to(&t, "Nothing.", f, screen), EXIT_OK);
    rewind(f);
    assert_true(fread(text, 1, 8191, f) > 0);
    fclose(f);
    return text;
}

static const char *const heads[] = { "A", "NAME", "TEXT" };

static void columns_are_as_wide_as_their_content(void **state unused_arg)
{
    const char *const cells[] = { "1", "short", "x", "22", "much longer", NULL };
    autofree char *text = print(heads, 3, cells, 2, 0);

    assert_string_equal(text, "A    NAME          TEXT\n"
                              "1    short         x\n"
                              "22   much longer   -\n");
}

static void characters_are_counted_as_a_terminal_shows_them(void **state unused_arg)
{
    const char *const cells[] = { "\xc3\xa9", "\xe6\x97\xa5\xe6\x9c\xac", "x", "e\xcc\x81", "\xff",
                                  "y" };
    autofree char *text = print(heads, 3, cells, 2, 0);

    assert_int_equal(text_width("\xe6\x97\xa5"), 2);
    assert_int_equal(text_width("\xf0\x9f\x98\x80"), 2);
    assert_int_equal(text_width("e\xcc\x81"), 1);
    assert_string_equal(text, "A   NAME   TEXT\n"
                              "\xc3\xa9   \xe6\x97\xa5\xe6\x9c\xac   x\n"
                              "e\xcc\x81   \xff      y\n");
}

static void a_table_that_is_not_held_looks_the_same(void **state unused_arg)
{
    const char *const cells[] = { "1", "short", "x", "22", "a\033[2Jb \xc2\x9b", NULL };
    autofree char *held = print(heads, 3, cells, 2, 0);
    char text[256] = "";
    struct table t;
    FILE *f = tmpfile();

    table_init(&t, heads, 3);
    table_fit(&t, cells);
    table_fit(&t, cells + 3);
    table_line(&t, t.heads, f);
    table_line(&t, cells, f);
    table_line(&t, cells + 3, f);
    rewind(f);
    assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
    fclose(f);
    assert_string_equal(text, held);
}

static void nothing_in_a_cell_can_command_a_terminal(void **state unused_arg)
{
    const char *const cells[] = { "a\033[2Jb", "c\nd\te\r", "f\x7f\xc2\x9bg\x9b\xe2\x9b\x94" };
    autofree char *text = print(heads, 3, cells, 1, 0);

    assert_string_equal(strchr(text, '\n') + 1, "a [2Jb   c d e    f   g \xe2\x9b\x94\n");
}

static void an_empty_table_is_a_sentence(void **state unused_arg)
{
    autofree char *text = print(heads, 3, NULL, 0, 80);

    assert_string_equal(text, "Nothing.\n");
}

static void a_bare_table_is_its_rows_alone(void **state unused_arg)
{
    const char *const cells[] = { "1", "name", "x" };
    char text[64] = { 0 };
    FILE *f = tmpfile();
    struct table t;

    table_init(&t, heads, 3);
    t.bare = true;
    t.indent = 2;
    table_add(&t, cells);
    assert_int_equal(table_print_to(&t, "Nothing.", f, 0), EXIT_OK);
    rewind(f);
    assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
    fclose(f);
    assert_string_equal(text, "  1   name   x\n");
}

static void a_last_column_may_go_below_whole(void **state unused_arg)
{
    const char *const cells[] = { "1", "name", "the quick brown fox jumps over" };
    char text[128] = { 0 };
    FILE *f = tmpfile();
    struct table t;

    table_init(&t, heads, 3);
    t.bare = t.below = true;
    table_add(&t, cells);
    assert_int_equal(table_print_to(&t, "Nothing.", f, 38), EXIT_OK);
    rewind(f);
    assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
    fclose(f);
    assert_string_equal(text, "1   name\n    the quick brown fox jumps over\n");
}

static void the_last_column_wraps_inside_the_screen(void **state unused_arg)
{
    const char *const cells[] = { "1", "name", "the quick brown fox jumps over the lazy dog" };
    autofree char *text = print(heads, 3, cells, 1, 36);

    assert_string_equal(text, "A   NAME   TEXT\n"
                              "1   name   the quick brown fox jumps\n"
                              "           over the lazy dog\n");
}

static void columns_without_room_go_on_below(void **state unused_arg)
{
    const char *const cells[] = { "a rather long id", "a name", "quick", "1", "name", "-" };
    autofree char *text = print(heads, 3, cells, 2, 20);

    assert_string_equal(text, "A\n"
                              "    NAME     TEXT\n"
                              "a rather long id\n"
                              "    a name   quick\n"
                              "1\n"
                              "    name     -\n");
}

static void where_no_room_is_left_it_goes_below(void **state unused_arg)
{
    const char *const cells[] = { "1", "name", "the quick brown fox jumps over the lazy dog" };
    autofree char *text = print(heads, 3, cells, 1, 28);

    assert_string_equal(text, "A   NAME\n    TEXT\n"
                              "1   name\n"
                              "    the quick brown fox\n"
                              "    jumps over the lazy dog\n");
}

static void a_word_longer_than_the_screen_stays_whole(void **state unused_arg)
{
    const char *const cells[] = {
        "1", "n", "see https://example.com/a/very/long/address/that/cannot/be/cut here"
    };
    autofree char *text = print(heads, 3, cells, 1, 40);

    assert_non_null(
        strstr(text, "\n           https://example.com/a/very/long/address/that/cannot/be/cut\n"));
}

static void a_line_that_just_fits_is_not_wrapped(void **state unused_arg)
{
    const char *const cells[] = { "1", "name", "exactly twenty chars" };
    autofree char *text = print(heads, 3, cells, 1, 31);

    assert_non_null(strstr(text, "exactly twenty chars\n"));
}

RUN(T(columns_are_as_wide_as_their_content), T(characters_are_counted_as_a_terminal_shows_them),
    T(nothing_in_a_cell_can_command_a_terminal), T(a_table_that_is_not_held_looks_the_same),
    T(columns_without_room_go_on_below), T(an_empty_table_is_a_sentence),
    T(a_bare_table_is_its_rows_alone), T(a_last_column_may_go_below_whole),
    T(the_last_column_wraps_inside_the_screen), T(where_no_room_is_left_it_goes_below),
    T(a_word_longer_than_the_screen_stays_whole), T(a_line_that_just_fits_is_not_wrapped))
