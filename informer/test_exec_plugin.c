// SPDX-License-Identifier: Apache-2.0
// Real children on the real clock; the tests wait for their end, never for time.
#include "base/clock.h"
#include "base/test.h"
#include "informer/exec_plugin.h"

#define V1 "client.authentication.k8s.io/v1"

struct run {
    bool done;
    enum err code;
    char text[ERROR_TEXT_MAX];
    char token[64];
    usec expires;
};

static void on_done(void *arg, struct exec_credential *c, const struct error *e)
{
    struct run *r = arg;

    r->done = true;
    r->code = e->code;
    r->expires = c->expires;
    snprintf(r->text, sizeof(r->text), "%s", e->text);
    snprintf(r->token, sizeof(r->token), "%s", c->token ? c->token : "");
}

static struct run run_shell(const char *script, struct kube_config *c, usec timeout)
{
    const char *args[] = { "-c", script };
    struct kube_exec x = { .command = "sh", .args = args, .n_args = 2, .api_version = V1 };
    struct kube_config none = { .server = "https://api" };
    struct run r = { 0 };
    struct error e = { 0 };
    struct loop *l = loop_new(&e);
    struct kube_exec *given;

    if (!c)
        c = &none;
    given = c->exec;
    if (given) {
        x = *given;
        x.command = "sh";
        x.args = args;
        x.n_args = 2;
    }
    c->exec = &x;
    if (!exec_plugin_start(l, c, timeout, on_done, &r, &e))
        fail_msg("%s", e.text);
    while (!r.done)
        assert_int_equal(loop_turn(l, 60 * USEC_PER_SEC, NULL), 0);
    c->exec = given;
    loop_free(l);
    return r;
}

#define ANSWER(status)                                                                             \
    "echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1 "\",\"status\":{" status "}}'"

static void c15_a_token_and_its_end_are_read(unused_arg void **state)
{
    struct run r = run_shell(
        ANSWER("\"token\":\"t\",\"expirationTimestamp\":\"2030-01-02T03:04:05Z\""), NULL, 0);

    assert_int_equal(r.code, ERR_NONE);
    assert_string_equal(r.token, "t");
    assert_int_equal(r.expires, 1893553445 * USEC_PER_SEC);
}

static void c15_the_child_gets_its_input_by_environment_and_no_stdin(unused_arg void **state)
{
    struct kube_pair env[] = {
        {"EXTRA", "one"      },
        { "HOME", "/replaced"}
    };
    struct kube_exec x = {
        .api_version = V1,
        .env = env,
        .n_env = 2,
        .provide_cluster_info = true,
        .cluster_config = {"{\"a\":1}", 7}
    };
    struct kube_config c = {
        .server = "https://api:1", .tls_server_name = "n", .ca_data = {"CA", 2},
                .exec = &x
    };
    struct run r = run_shell(
        "test \"$EXTRA $HOME\" = 'one /replaced' || exit 2\n"
        "test -z \"$(cat)\" || exit 3\n"
        "test \"$KUBERNETES_EXEC_INFO\" = '{\"apiVersion\":\"" V1 "\",\"kind\":\"ExecCredential\","
        "\"spec\":{\"interactive\":false,\"cluster\":{\"server\":\"https://api:1\","
        "\"tls-server-name\":\"n\",\"certificate-authority-data\":\"Q0E=\",\"config\":{\"a\":1}}}}'"
        " || exit 4\n" ANSWER("\"token\":\"t\""),
        &c, 0);

    if (r.code != ERR_NONE)
        fail_msg("%s", r.text);
}

static void c15_failures_say_what_happened(unused_arg void **state)
{
    struct run r = run_shell("echo one >&2; echo 'log in first' >&2; exit 3", NULL, 0);

    assert_int_equal(r.code, ERR_UNAUTHORIZED);
    assert_string_equal(r.text, "exec plugin 'sh' failed with exit status 3: log in first");
    r = run_shell("kill -9 $$", NULL, 0);
    assert_string_equal(r.text, "exec plugin 'sh' was ended by signal 9");
    r = run_shell("echo nothing", NULL, 0);
    assert_string_equal(r.text, "exec plugin 'sh': its output is no JSON");
    r = run_shell("exec >/dev/null; true", NULL, 0);
    assert_string_equal(r.text, "exec plugin 'sh': its output is no JSON");
}

static void a_plugin_that_hangs_is_killed_with_its_children(unused_arg void **state)
{
    struct run r = run_shell("sleep 1000 & sleep 1000", NULL, 50 * USEC_PER_MSEC);

    assert_int_equal(r.code, ERR_TIMEOUT);
}

static void a_grandchild_that_keeps_the_pipe_is_not_waited_for(unused_arg void **state)
{
    struct run r = run_shell("setsid sleep 5 & " ANSWER("\"token\":\"t\""), NULL, 0);

    assert_int_equal(r.code, ERR_NONE);
}

static void endless_output_is_cut_off(unused_arg void **state)
{
    struct run r = run_shell("yes", NULL, 0);

    assert_int_equal(r.code, ERR_UNAUTHORIZED);
    assert_non_null(strstr(r.text, "wrote more than"));
}

static void much_on_stderr_does_no_harm(unused_arg void **state)
{
    struct run r = run_shell("yes | head -c 300000 >&2; " ANSWER("\"token\":\"t\""), NULL, 0);

    assert_string_equal(r.token, "t");
}

static void c15_a_missing_program_brings_its_hint(unused_arg void **state)
{
    struct kube_exec x = { .command = "/no/such/plugin",
                           .api_version = V1,
                           .install_hint = "get it\nfrom there\n" };
    struct kube_config c = { .server = "https://api", .exec = &x };
    struct error e = { 0 };
    struct run r = { 0 };
    struct loop *l = loop_new(&e);

    assert_null(exec_plugin_start(l, &c, 0, on_done, &r, &e));
    assert_string_equal(e.text, "exec plugin '/no/such/plugin' cannot be started: No such file or "
                                "directory; get it from there");
    x.interactive = EXEC_ALWAYS;
    assert_null(exec_plugin_start(l, &c, 0, on_done, &r, &e));
    assert_non_null(strstr(e.text, "no terminal"));
    loop_free(l);
}

static void refuses(const char *text, const char *words)
{
    struct exec_credential c = { 0 };
    struct error e = { 0 };

    assert_int_equal(exec_credential_parse(str_of(text), V1, &c, &e), -1);
    if (!strstr(e.text, words))
        fail_msg("'%s' is not in '%s'", words, e.text);
    assert_null(strstr(e.text, "hush"));
}

#define DOC(status) "{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1 "\"" status "}"

static void c15_other_answers_are_refused(unused_arg void **state)
{
    refuses("{}", "kind");
    refuses("{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1beta1\"}",
            "another apiVersion");
    refuses(DOC(""), "no status");
    refuses(DOC(",\"status\":{}"), "neither");
    refuses(DOC(",\"status\":{\"token\":7}"), "status.token has to be a string");
    refuses(DOC(",\"status\":{\"token\":\"hush\\nX: y\"}"), "control characters");
    refuses(DOC(",\"status\":{\"clientCertificateData\":\"hush\"}"), "or neither");
    refuses(DOC(",\"status\":{\"token\":\"hush\",\"expirationTimestamp\":\"soon\"}"), "RFC 3339");
}

RUN(T(c15_a_token_and_its_end_are_read),
    T(c15_the_child_gets_its_input_by_environment_and_no_stdin), T(c15_failures_say_what_happened),
    T(a_plugin_that_hangs_is_killed_with_its_children),
    T(a_grandchild_that_keeps_the_pipe_is_not_waited_for), T(endless_output_is_cut_off),
    T(much_on_stderr_does_no_harm), T(c15_a_missing_program_brings_its_hint),
    T(c15_other_answers_are_refused))
