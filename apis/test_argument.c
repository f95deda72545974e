// SPDX-License-Identifier: Apache-2.0
#include "apis/argument.h"

#include "base/test.h"

static uint32_t one(const char *word)
{
    struct argument_state s = { 0 };

    return argument_of(str_of(word), &s);
}

static void check(const char *word, enum argument_flag f, uint32_t value)
{
    int w = (int)one(word);

    assert_int_equal(argument_flag(w), f);
    assert_int_equal(argument_value(w), value);
}

static void a_flag_is_known_by_its_whole_name(void **state unused_arg)
{
    check("--profiling=false", ARG_PROFILING, ARG_SET | ARG_FALSE);
    check("--profiling-port=false", ARG_NONE, 0);
    check("-profiling=false", ARG_NONE, 0);
    check("--bind-address=::1", ARG_BIND_ADDRESS, ARG_SET | ARG_LOOPBACK);
    check("--client-ca-file=", ARG_CLIENT_CA, 0);
    check("--", ARG_NONE, 0);
}

static void numbers_and_durations_are_counted_and_saturate(void **state unused_arg)
{
    check("--audit-log-maxage=30", ARG_AUDIT_MAXAGE, 30);
    check("--audit-log-maxage=99999999999999999999", ARG_AUDIT_MAXAGE, 0xffff);
    check("--request-timeout=1m30s", ARG_REQUEST_TIMEOUT, 90);
    check("--request-timeout=300s", ARG_REQUEST_TIMEOUT, 300);
    check("--request-timeout=99999h", ARG_REQUEST_TIMEOUT, 0xffff);
}

static void lists_are_sets_of_known_names(void **state unused_arg)
{
    check("--authorization-mode=Node,RBAC", ARG_AUTHORIZATION_MODE, ARG_NODE | ARG_RBAC);
    check("--authorization-mode=NodeX", ARG_AUTHORIZATION_MODE, 0);
    check("--tls-cipher-suites=TLS_AES_128_GCM_SHA256", ARG_TLS_CIPHERS, 0);
    check("--tls-cipher-suites=TLS_AES_128_GCM_SHA256,TLS_RSA_WITH_AES_256_CBC_SHA",
          ARG_TLS_CIPHERS, ARG_WEAK_CIPHER);
}

static void a_value_may_be_the_next_word(void **state unused_arg)
{
    struct argument_state s = { 0 };

    argument_of(str_of("--anonymous-auth"), &s);
    assert_int_equal(argument_value((int)argument_of(str_of("false"), &s)), ARG_SET | ARG_FALSE);
    assert_int_equal(argument_flag((int)argument_of(str_of("false"), &s)), ARG_NONE);
    argument_of(str_of("--anonymous-auth"), &s);
    assert_int_equal(argument_flag((int)argument_of(str_of("--profiling"), &s)), ARG_PROFILING);
}

static void what_a_word_looks_like_stays(void **state unused_arg)
{
    assert_int_equal(argument_class((int)one("--password=hunter2")), CREDENTIAL_NAMED);
    assert_int_equal(argument_class((int)one("--profiling=false")), CREDENTIAL_NONE);
}

static void sudo_is_found_as_a_word_of_its_own(void **state unused_arg)
{
    check("sudo", ARG_SUDO, 0);
    check("/usr/bin/sudo", ARG_SUDO, 0);
    check("cd /srv && sudo -u app run", ARG_SUDO, 0);
    check("pseudo", ARG_NONE, 0);
    check("sudoku", ARG_NONE, 0);
}

RUN(T(a_flag_is_known_by_its_whole_name), T(numbers_and_durations_are_counted_and_saturate),
    T(lists_are_sets_of_known_names), T(a_value_may_be_the_next_word),
    T(what_a_word_looks_like_stays), T(sudo_is_found_as_a_word_of_its_own))
