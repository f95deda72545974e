// SPDX-License-Identifier: Apache-2.0
#include "controller/checks/glob.h"

#include "base/test.h"

static bool match(const char *pattern, const char *text)
{
    return glob_match(str_of(pattern), text);
}

static void globs_are_anchored(void **state unused_arg)
{
    assert_true(match("cart", "cart"));
    assert_false(match("cart", "cart-2"));
    assert_false(match("art", "cart"));
    assert_true(match("*art*", "cart-2"));
    assert_true(match("", ""));
    assert_false(match("", "a"));
    assert_true(match("*", ""));
}

static void stars_and_question_marks_stand_for_text(void **state unused_arg)
{
    assert_true(match("security/*", "security/host-pid"));
    assert_true(match("*/host-*", "security/host-pid"));
    assert_true(match("a?c", "abc"));
    assert_false(match("a?c", "ac"));
    assert_true(match("a*b*c", "a--b--b--c"));
    assert_false(match("a*b*c", "a--b--b--"));
}

static void a_hostile_pattern_ends_soon(void **state unused_arg)
{
    char text[4001];

    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_false(match("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
}

RUN(T(globs_are_anchored), T(stars_and_question_marks_stand_for_text),
    T(a_hostile_pattern_ends_soon))
