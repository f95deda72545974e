// SPDX-License-Identifier: Apache-2.0
#include "base/alloc.h"
#include "base/test.h"
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

// How a child that runs fn ends: true if it was ended by a failure.
static bool ends_in_failure(void (*fn)(void))
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

        dup2(null, STDERR_FILENO);
        fn();
        _exit(0);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

static void use_all_memory(void)
{
    volatile size_t huge = PTRDIFF_MAX;

    free(xmalloc(huge));
}

static void overflow_a_product(void)
{
    volatile size_t half = SIZE_MAX / 2;

    free(xcalloc(half, 3));
}

static void without_memory_the_process_ends(void **state unused_arg)
{
    assert_true(ends_in_failure(use_all_memory));
    assert_true(ends_in_failure(overflow_a_product));
}

static void zero_bytes_are_a_pointer(void **state unused_arg)
{
    void *p = xmalloc(0);

    assert_non_null(p);
    p = xrealloc(p, 0);
    assert_non_null(p);
    free(p);
    p = xcalloc(0, 8);
    assert_non_null(p);
    free(p);
}

static void calloc_gives_zeros(void **state unused_arg)
{
    autofree char *p = xcalloc(16, 4);

    for (size_t i = 0; i < 64; i++)
        assert_int_equal(p[i], 0);
}

static void strings_are_copied_up_to_their_end_or_n(void **state unused_arg)
{
    autofree char *all = xstrdup("pod");
    autofree char *part = xstrndup("deployment", 6);
    autofree char *whole = xstrndup("ab", 6);
    autofree char *printed = xasprintf("%s/%d", "web", 7);

    assert_string_equal(all, "pod");
    assert_string_equal(part, "deploy");
    assert_string_equal(whole, "ab");
    assert_string_equal(printed, "web/7");
    assert_null(xstrdup(NULL));
    assert_null(xstrndup(NULL, 3));
}

static void autoclose_closes_and_keeps_errno(void **state unused_arg)
{
    int fds[2];

    assert_int_equal(pipe(fds), 0);
    {
        autoclose int in = fds[0];
        autoclose int none = -1;

        assert_true(in >= 0 && none == -1);
    }
    assert_int_equal(fcntl(fds[0], F_GETFD), -1);
    close(fds[1]);
}

static void take_leaves_null_behind(void **state unused_arg)
{
    autofree char *a = xstrdup("x");
    autofree char *b = TAKE(a);

    assert_null(a);
    assert_string_equal(b, "x");
}

RUN(T(without_memory_the_process_ends), T(zero_bytes_are_a_pointer), T(calloc_gives_zeros),
    T(strings_are_copied_up_to_their_end_or_n), T(autoclose_closes_and_keeps_errno),
    T(take_leaves_null_behind))
