// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"
#include "base/test.h"
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

static void pieces_are_aligned_and_apart(void **state unused_arg)
{
    autoarena struct arena *a = arena_new(1 << 20);
    unsigned char *pieces[500];

    for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
        pieces[i] = arena_alloc(a, i + 1);
        assert_int_equal((uintptr_t)pieces[i] % 8, 0);
        memset(pieces[i], (int)(i & 0xFF), i + 1);
    }
    for (size_t i = 0; i < ARRAY_SIZE(pieces); i++)
        for (size_t k = 0; k <= i; k++)
            assert_int_equal(pieces[i][k], i & 0xFF);
}

static void pieces_larger_than_a_block_are_served(void **state unused_arg)
{
    autoarena struct arena *a = arena_new((size_t)8 << 20);
    char *big = arena_zalloc(a, (size_t)4 << 20);
    char *small = arena_strdup(a, "after");

    assert_int_equal(big[((size_t)4 << 20) - 1], 0);
    assert_string_equal(small, "after");
}

static void reset_begins_anew(void **state unused_arg)
{
    autoarena struct arena *a = arena_new(10000);

    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < 9; i++)
            memset(arena_alloc(a, 1000), round, 1000);
        assert_true(arena_used(a) >= 9000);
        arena_reset(a);
        assert_int_equal(arena_used(a), 0);
        assert_int_equal(arena_room(a), 10000);
    }
}

static void strings_are_copied_exactly(void **state unused_arg)
{
    autoarena struct arena *a = arena_new(100000);
    const char *with_nul = arena_strndup(a, "a\0b", 3);

    assert_null(arena_strdup(a, NULL));
    assert_null(arena_strndup(a, NULL, 4));
    assert_memory_equal(with_nul, "a\0b", 4);
    assert_string_equal(arena_strndup(a, "deployment", 6), "deploy");
    assert_string_equal(arena_printf(a, "%s/%d", "x", 7), "x/7");
    assert_string_equal(arena_printf(a, "%s", ""), "");
}

static void arrays_are_zeroed(void **state unused_arg)
{
    autoarena struct arena *a = arena_new(100000);
    int *v;

    memset(arena_alloc(a, 400), 0xFF, 400);
    arena_reset(a);
    v = ARENA_ARRAY(a, int, 100);
    for (int i = 0; i < 100; i++)
        assert_int_equal(v[i], 0);
    assert_non_null(ARENA_ARRAY(a, int, 0));
}

static bool aborts(void (*fn)(void))
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
        fn();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void go_beyond_the_maximum(void)
{
    autoarena struct arena *a = arena_new(100);

    arena_alloc(a, 60);
    arena_alloc(a, 41);
}

static void overflow_an_array(void)
{
    autoarena struct arena *a = arena_new(SIZE_MAX);
    volatile size_t n = SIZE_MAX / 4;

    arena_calloc(a, n, 8);
}

static void stay_within_the_maximum(void)
{
    autoarena struct arena *a = arena_new(100);

    arena_alloc(a, 60);
    arena_alloc(a, 40);
}

static void beyond_its_maximum_the_process_ends(void **state unused_arg)
{
    assert_true(aborts(go_beyond_the_maximum));
    assert_true(aborts(overflow_an_array));
    assert_false(aborts(stay_within_the_maximum));
}

static void free_takes_null(void **state unused_arg)
{
    arena_free(NULL);
}

RUN(T(pieces_are_aligned_and_apart), T(pieces_larger_than_a_block_are_served), T(reset_begins_anew),
    T(strings_are_copied_exactly), T(arrays_are_zeroed), T(beyond_its_maximum_the_process_ends),
    T(free_takes_null))
