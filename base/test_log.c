// SPDX-License-Identifier: Apache-2.0
#include "base/alloc.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/test.h"
#include <pthread.h>
#include <unistd.h>

struct lines {
    char *last; // owned
    int n;
};

static void keep_line(void *arg, const char *line)
{
    struct lines *l = arg;

    free(l->last);
    l->last = xstrdup(line);
    l->n++;
}

static int begin(void **state)
{
    struct lines *l = xcalloc(1, sizeof(*l));

    clock_fake(0, (usec)1767323045 * USEC_PER_SEC + 678900);
    log_set_level(LOG_INFO);
    log_capture(keep_line, l);
    *state = l;
    return 0;
}

static int end(void **state)
{
    struct lines *l = *state;

    log_capture(NULL, NULL);
    clock_real();
    free(l->last);
    free(l);
    return 0;
}

static void a_line_is_one_json_object(void **state)
{
    struct lines *l = *state;

    log_warn("lease lost", log_str("holder", "pod-a"), log_int("age", -3));
    assert_string_equal(l->last, "{\"time\":\"2026-01-02T03:04:05.678Z\",\"level\":\"warn\","
                                 "\"msg\":\"lease lost\",\"holder\":\"pod-a\",\"age\":-3}");
    log_error("plain");
    assert_string_equal(l->last, "{\"time\":\"2026-01-02T03:04:05.678Z\",\"level\":\"error\","
                                 "\"msg\":\"plain\"}");
}

static void lines_below_the_level_are_not_made(void **state)
{
    struct lines *l = *state;

    log_debug("no");
    assert_int_equal(l->n, 0);
    log_set_level(LOG_ERROR);
    log_warn("no");
    assert_int_equal(l->n, 0);
    log_set_level(LOG_DEBUG);
    log_debug("yes");
    assert_int_equal(l->n, 1);
}

static void hostile_text_cannot_break_a_line(void **state)
{
    struct lines *l = *state;
    struct error e;

    error_set(&e, ERR_IO, "bad \"name\"\n{\"level\":\"error\"}\x01\xFF");
    log_info("odd\r\nmessage", log_err(&e), log_str("none", NULL));
    assert_null(strchr(l->last, '\n'));
    autojson struct json_doc d = { 0 };
    assert_int_equal(json_parse(str_of(l->last), NULL, &d, NULL), 0);
    assert_string_equal(json_str(json_get(json_root(&d), "msg"), ""), "odd\r\nmessage");
    assert_string_equal(json_str(json_get(json_root(&d), "error"), ""),
                        "bad \"name\"\n{\"level\":\"error\"}\x01\xEF\xBF\xBD");
    assert_string_equal(json_str(json_get(json_root(&d), "none"), "x"), "");
}

static void long_text_is_cut_and_the_line_stays_json(void **state)
{
    struct lines *l = *state;
    autofree char *text = xmalloc(300001);
    struct log_field fields[40];

    memset(text, '\x01', 300000); // six characters each once escaped
    text[300000] = '\0';
    log_info("m", log_str("big", text));
    assert_true(strlen(l->last) < 40000);
    autojson struct json_doc d = { 0 };
    assert_int_equal(json_parse(str_of(l->last), NULL, &d, NULL), 0);
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
        fields[i] = log_str("big", text);
    log_write(LOG_INFO, "many", fields, ARRAY_SIZE(fields));
    assert_non_null(strstr(l->last, "\"msg\":\"many\"}"));
}

static void level_words_parse(void **state unused_arg)
{
    enum log_level level = LOG_DEBUG;
    struct error e;

    assert_int_equal(log_parse_level("warn", &level, &e), 0);
    assert_int_equal(level, LOG_WARN);
    assert_int_equal(log_parse_level("WARN", &level, &e), -1);
    assert_int_equal(e.code, ERR_INVALID);
    assert_int_equal(log_parse_level(NULL, &level, &e), -1);
    assert_int_equal(level, LOG_WARN);
}

static void *log_often(void *arg unused_arg)
{
    for (int i = 0; i < 200; i++)
        log_info("from a thread", log_int("i", i));
    return NULL;
}

static void any_thread_may_log(void **state)
{
    struct lines *l = *state;
    pthread_t other;

    assert_int_equal(pthread_create(&other, NULL, log_often, NULL), 0);
    log_often(NULL);
    log_set_level(LOG_INFO);
    assert_int_equal(pthread_join(other, NULL), 0);
    assert_int_equal(l->n, 400);
}

static void without_capture_the_line_goes_to_stderr(void **state unused_arg)
{
    int fds[2], saved = dup(STDERR_FILENO);
    char got[256] = "";

    assert_int_equal(pipe(fds), 0);
    log_capture(NULL, NULL);
    dup2(fds[1], STDERR_FILENO);
    log_info("to stderr");
    dup2(saved, STDERR_FILENO);
    assert_true(read(fds[0], got, sizeof(got) - 1) > 0);
    assert_string_equal(got, "{\"time\":\"2026-01-02T03:04:05.678Z\",\"level\":\"info\","
                             "\"msg\":\"to stderr\"}\n");
    close(fds[0]);
    close(fds[1]);
    close(saved);
}

#define L(fn) cmocka_unit_test_setup_teardown(fn, begin, end)
RUN(L(a_line_is_one_json_object), L(lines_below_the_level_are_not_made),
    L(hostile_text_cannot_break_a_line), L(long_text_is_cut_and_the_line_stays_json),
    L(level_words_parse), L(any_thread_may_log), L(without_capture_the_line_goes_to_stderr))
