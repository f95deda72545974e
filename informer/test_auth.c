// SPDX-License-Identifier: Apache-2.0
// Credentials over time. Token files and certificates under the fake clock; plugins are real shell
// scripts, so those tests run on the real one and wait for events, never for time.
#include "base/alloc.h"
#include "base/clock.h"
#include "base/test.h"
#include "informer/auth.h"
#include "informer/client.h"
#include "informer/fake_wire.h"

#include <unistd.h>

#define SEC USEC_PER_SEC
#define PEM "-----BEGIN CERTIFICATE-----\n"

struct world {
    struct loop *loop;
    struct kube_config config;
    struct kube_exec exec;
    struct auth *auth;
    char dir[64];
    char token_file[96], cert_file[96], key_file[96], ca_file[96], script[96], runs[96];
    unsigned ready, tls, warnings;
    bool close_all, refuse_tls;
    char ca[256], cert[256], warning[512];
};

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "we");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void on_ready(void *arg)
{
    ((struct world *)arg)->ready++;
}

static int on_tls(void *arg, const struct http_tls *tls, bool close_all, struct error *e)
{
    struct world *w = arg;

    if (w->refuse_tls)
        return error_set(e, ERR_INVALID, "no good");
    w->tls++;
    w->close_all = close_all;
    snprintf(w->ca, sizeof(w->ca), STR_FMT, STR_ARG(tls->ca_data));
    snprintf(w->cert, sizeof(w->cert), STR_FMT, STR_ARG(tls->cert_data));
    return 0;
}

static void on_warn(void *arg, const char *text)
{
    struct world *w = arg;

    w->warnings++;
    snprintf(w->warning, sizeof(w->warning), "%s", text);
}

static const struct auth_events events = { on_ready, on_tls, on_warn };

static int set_up(void **state)
{
    struct world *w = xcalloc(1, sizeof(*w));

    w->loop = loop_new(NULL);
    w->config = (struct kube_config){ .server = "https://api", .source = "test" };
    snprintf(w->dir, sizeof(w->dir), "/tmp/k9-auth-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    snprintf(w->token_file, sizeof(w->token_file), "%s/token", w->dir);
    snprintf(w->cert_file, sizeof(w->cert_file), "%s/cert", w->dir);
    snprintf(w->key_file, sizeof(w->key_file), "%s/key", w->dir);
    snprintf(w->ca_file, sizeof(w->ca_file), "%s/ca", w->dir);
    snprintf(w->script, sizeof(w->script), "%s/plugin", w->dir);
    snprintf(w->runs, sizeof(w->runs), "%s/runs", w->dir);
    *state = w;
    return 0;
}

static int set_up_fake(void **state)
{
    clock_fake(1000 * SEC, 1700000000 * SEC);
    return set_up(state);
}

static int tear_down(void **state)
{
    struct world *w = *state;
    autofree char *command = xasprintf("rm -rf '%s'", w->dir);

    auth_free(w->auth);
    loop_free(w->loop);
    clock_real();
    free(w);
    return system(command);
}

static void start(struct world *w)
{
    struct error e = { 0 };

    w->auth = auth_new(w->loop, &w->config, &events, w, &e);
    if (!w->auth)
        fail_msg("%s", e.text);
}

static void header_is(struct world *w, const char *header)
{
    struct error e = { 0 };

    if (auth_prepare(w->auth, &e) != AUTH_READY)
        fail_msg("not ready: %s", e.text);
    if (header)
        assert_string_equal(auth_header(w->auth), header);
    else
        assert_null(auth_header(w->auth));
}

static void run_for(struct world *w, usec time)
{
    usec until = clock_mono() + time;

    while (clock_mono() < until)
        assert_int_equal(loop_turn(w->loop, until - clock_mono(), NULL), 0);
}

static void static_credentials_become_headers(void **state)
{
    struct world *w = *state;

    w->config.token = "abc";
    start(w);
    header_is(w, "Authorization: Bearer abc");
    assert_false(auth_rejected(w->auth, clock_mono()));
    auth_free(TAKE(w->auth));
    w->config.token = NULL;
    w->config.username = "jane";
    w->config.password = "s3cret";
    start(w);
    header_is(w, "Authorization: Basic amFuZTpzM2NyZXQ=");
    auth_free(TAKE(w->auth));
    w->config.username = w->config.password = NULL;
    start(w);
    header_is(w, NULL);
}

static void c18_without_tls_no_credential_is_sent(void **state)
{
    struct world *w = *state;

    w->config.server = "http://api";
    w->config.token = "abc";
    start(w);
    header_is(w, NULL);
}

static void c12_a_token_file_is_read_again_when_it_is_old(void **state)
{
    struct world *w = *state;

    write_file(w->token_file, "one\n");
    w->config.token_file = w->token_file;
    start(w);
    header_is(w, "Authorization: Bearer one");
    write_file(w->token_file, " two ");
    clock_fake_advance(49 * SEC);
    header_is(w, "Authorization: Bearer one");
    clock_fake_advance(2 * SEC);
    header_is(w, "Authorization: Bearer two");
}

static void c12_an_unreadable_token_file_leaves_the_old_token(void **state)
{
    struct world *w = *state;

    write_file(w->token_file, "one");
    w->config.token_file = w->token_file;
    start(w);
    header_is(w, "Authorization: Bearer one");
    assert_int_equal(unlink(w->token_file), 0);
    for (int i = 0; i < 3; i++) {
        clock_fake_advance(60 * SEC);
        header_is(w, "Authorization: Bearer one");
    }
    assert_int_equal(w->warnings, 1);
    assert_non_null(strstr(w->warning, w->token_file));
    write_file(w->token_file, "");
    clock_fake_advance(60 * SEC);
    header_is(w, "Authorization: Bearer one");
    write_file(w->token_file, "two");
    clock_fake_advance(60 * SEC);
    header_is(w, "Authorization: Bearer two");
}

static void c12_a_401_drops_only_a_token_older_than_its_request(void **state)
{
    struct world *w = *state;
    struct error e = { 0 };
    usec started;

    write_file(w->token_file, "one");
    w->config.token_file = w->token_file;
    start(w);
    header_is(w, "Authorization: Bearer one");
    started = clock_mono();
    clock_fake_advance(SEC);
    write_file(w->token_file, "two");
    assert_true(auth_rejected(w->auth, started));
    header_is(w, "Authorization: Bearer two");
    write_file(w->token_file, "three");
    assert_true(auth_rejected(w->auth, started)); // an old request: the new token stays
    header_is(w, "Authorization: Bearer two");
    assert_int_equal(unlink(w->token_file), 0);
    assert_true(auth_rejected(w->auth, clock_mono()));
    assert_int_equal(auth_prepare(w->auth, &e), -1);
    assert_int_equal(e.code, ERR_UNAUTHORIZED);
    assert_non_null(strstr(e.text, w->token_file));
}

static void a_token_of_two_lines_is_refused(void **state)
{
    struct world *w = *state;
    struct error e = { 0 };

    write_file(w->token_file, "one\nX-Evil: 1");
    w->config.token_file = w->token_file;
    start(w);
    assert_int_equal(auth_prepare(w->auth, &e), -1);
    assert_null(strstr(e.text, "Evil"));
}

static void c18_what_was_read_beats_the_token_beside_it(void **state)
{
    struct world *w = *state;

    w->config.token = "static";
    w->config.token_file = w->token_file;
    start(w);
    header_is(w, "Authorization: Bearer static"); // no file yet
    write_file(w->token_file, "read");
    clock_fake_advance(60 * SEC);
    header_is(w, "Authorization: Bearer read");
}

static void c18_impersonation_headers_are_escaped(void **state)
{
    static const char *groups[] = { "a", "b" };
    static const char *values[] = { "x" };
    static struct kube_extra extra = { "Scopes/One", values, 1 };
    static const char *const expected[] = { "Impersonate-User: jane", "Impersonate-Uid: u",
                                            "Impersonate-Group: a", "Impersonate-Group: b",
                                            "Impersonate-Extra-scopes%2Fone: x" };
    struct world *w = *state;

    w->config.as = "jane";
    w->config.as_uid = "u";
    w->config.as_groups = groups;
    w->config.n_as_groups = 2;
    w->config.as_extra = &extra;
    w->config.n_as_extra = 1;
    start(w);
    for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
        assert_string_equal(auth_impersonation(w->auth)[i], expected[i]);
    assert_null(auth_impersonation(w->auth)[ARRAY_SIZE(expected)]);
}

static void c13_certificate_files_are_looked_at_every_five_minutes(void **state)
{
    struct world *w = *state;

    write_file(w->ca_file, PEM "ca1");
    write_file(w->cert_file, PEM "cert1");
    write_file(w->key_file, "-----BEGIN KEY-----\n1");
    w->config.ca_file = w->ca_file;
    w->config.cert_file = w->cert_file;
    w->config.key_file = w->key_file;
    start(w);
    assert_string_equal(auth_tls(w->auth)->ca_data.p, PEM "ca1");
    run_for(w, 301 * SEC);
    assert_int_equal(w->tls, 0); // unchanged
    write_file(w->ca_file, PEM "ca2");
    run_for(w, 301 * SEC);
    assert_int_equal(w->tls, 1);
    assert_false(w->close_all); // running watches live
    assert_string_equal(w->ca, PEM "ca2");
    write_file(w->cert_file, PEM "cert2");
    run_for(w, 301 * SEC);
    assert_int_equal(w->tls, 2);
    assert_true(w->close_all);
    assert_string_equal(w->cert, PEM "cert2");
    assert_string_equal(w->ca, PEM "ca2");
}

static void c13_bad_certificate_files_leave_the_old_ones_in_force(void **state)
{
    struct world *w = *state;

    write_file(w->ca_file, PEM "ca1");
    w->config.ca_file = w->ca_file;
    start(w);
    write_file(w->ca_file, "");
    run_for(w, 301 * SEC);
    write_file(w->ca_file, "garbage");
    run_for(w, 11 * SEC);
    assert_int_equal(unlink(w->ca_file), 0);
    run_for(w, 11 * SEC);
    assert_int_equal(w->tls, 0);
    assert_int_equal(w->warnings, 1);
    w->refuse_tls = true; // parses as PEM, but the TLS library will not have it
    write_file(w->ca_file, PEM "ca2");
    run_for(w, 11 * SEC);
    assert_string_equal(auth_tls(w->auth)->ca_data.p, PEM "ca1");
    w->refuse_tls = false;
    run_for(w, 11 * SEC);
    assert_int_equal(w->tls, 1);
    assert_string_equal(w->ca, PEM "ca2");
}

static void c13_a_broken_certificate_file_at_start_is_an_error(void **state)
{
    struct world *w = *state;
    struct error e = { 0 };

    write_file(w->ca_file, "garbage");
    w->config.ca_file = w->ca_file;
    assert_null(auth_new(w->loop, &w->config, &events, w, &e));
    assert_non_null(strstr(e.text, "certificate-authority: '"));
}

// Plugins.

static void plugin(struct world *w, const char *body)
{
    autofree char *text = xasprintf("#!/bin/sh\necho run >> %s\n%s\n", w->runs, body);

    write_file(w->script, text);
    w->exec = (struct kube_exec){ .command = w->script,
                                  .api_version = "client.authentication.k8s.io/v1" };
    w->config.exec = &w->exec;
    autofree char *chmod_it = xasprintf("chmod +x %s", w->script);
    assert_int_equal(system(chmod_it), 0);
}

static unsigned runs(struct world *w)
{
    FILE *f = fopen(w->runs, "re");
    unsigned n = 0;

    for (int c; f && (c = fgetc(f)) != EOF;)
        n += c == '\n';
    if (f)
        fclose(f);
    return n;
}

#define CREDENTIAL(status)                                                                         \
    "echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\","       \
    "\"status\":{" status "}}'"

static void wait_ready(struct world *w)
{
    unsigned before = w->ready;

    while (w->ready == before)
        assert_int_equal(loop_turn(w->loop, 10 * SEC, NULL), 0);
}

static void c16_a_plugins_token_is_kept_until_it_is_refused(void **state)
{
    struct world *w = *state;
    usec started;

    plugin(w, CREDENTIAL("\"token\":\"tok\""));
    start(w);
    assert_int_equal(auth_prepare(w->auth, NULL), AUTH_WAIT);
    assert_int_equal(auth_prepare(w->auth, NULL), AUTH_WAIT); // one run for all that wait
    wait_ready(w);
    header_is(w, "Authorization: Bearer tok");
    header_is(w, "Authorization: Bearer tok");
    assert_int_equal(runs(w), 1);
    started = clock_mono();
    assert_true(auth_rejected(w->auth, started));
    assert_int_equal(auth_prepare(w->auth, NULL), AUTH_WAIT);
    wait_ready(w);
    header_is(w, "Authorization: Bearer tok");
    assert_int_equal(runs(w), 2);
    assert_true(auth_rejected(w->auth, started)); // a request from before the second run
    header_is(w, "Authorization: Bearer tok");
    assert_int_equal(runs(w), 2);
}

static void c15_an_expired_credential_is_fetched_again(void **state)
{
    struct world *w = *state;

    plugin(w, CREDENTIAL("\"token\":\"tok\",\"expirationTimestamp\":\"2001-01-01T00:00:00Z\""));
    start(w);
    assert_int_equal(auth_prepare(w->auth, NULL), AUTH_WAIT);
    wait_ready(w);
    assert_int_equal(auth_prepare(w->auth, NULL), AUTH_WAIT);
    wait_ready(w);
    assert_int_equal(runs(w), 2);
}

static void c16_a_plugins_certificate_goes_to_the_transports(void **state)
{
    struct world *w = *state;

    plugin(w, CREDENTIAL("\"clientCertificateData\":\"CERT\",\"clientKeyData\":\"KEY\""));
    start(w);
    assert_int_equal(auth_prepare(w->auth, NULL), AUTH_WAIT);
    wait_ready(w);
    header_is(w, NULL);
    assert_int_equal(w->tls, 1);
    assert_true(w->close_all);
    assert_string_equal(w->cert, "CERT");
    assert_true(auth_rejected(w->auth, clock_mono()));
    assert_int_equal(auth_prepare(w->auth, NULL), AUTH_WAIT);
    wait_ready(w);
    assert_int_equal(w->tls, 1); // the same one: nothing to close
}

static void a_failing_plugin_is_not_run_in_a_hot_loop(void **state)
{
    struct world *w = *state;
    struct error e = { 0 };

    plugin(w, "echo 'please log in' >&2; exit 7");
    start(w);
    assert_int_equal(auth_prepare(w->auth, NULL), AUTH_WAIT);
    wait_ready(w);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(auth_prepare(w->auth, &e), -1);
        assert_int_equal(e.code, ERR_UNAUTHORIZED);
        assert_non_null(strstr(e.text, "exit status 7: please log in"));
    }
    assert_int_equal(runs(w), 1);
}

static void c16_with_a_token_at_hand_no_plugin_runs(void **state)
{
    struct world *w = *state;

    plugin(w, "exit 1");
    w->config.token = "abc";
    start(w);
    header_is(w, "Authorization: Bearer abc");
    assert_int_equal(runs(w), 0);
}

static void freeing_ends_a_running_plugin(void **state)
{
    struct world *w = *state;

    plugin(w, "sleep 1000");
    start(w);
    assert_int_equal(auth_prepare(w->auth, NULL), AUTH_WAIT);
    auth_free(TAKE(w->auth)); // would hang here if the child lived
    assert_int_equal(w->ready, 0);
}

// Through the client: waiting calls go on, one 401 runs the plugin once more.

struct through {
    unsigned done;
    enum err code;
};

static void on_done(void *arg, unused_arg const struct http_response *r, unused_arg struct str body,
                    const struct error *e)
{
    struct through *t = arg;

    t->done++;
    t->code = e->code;
}

static void refuse_first(unused_arg void *arg, const struct wire_request *r,
                         struct wire_answer *ret)
{
    ret->status = r->index == 0 ? 401 : 200;
}

static void refuse_always(unused_arg void *arg, unused_arg const struct wire_request *r,
                          struct wire_answer *ret)
{
    ret->status = 401;
}

static void c16_a_token_that_is_always_refused_is_tried_twice(void **state)
{
    struct world *w = *state;
    struct fake_wire *wire = fake_wire_new(w->loop, refuse_always, NULL);
    struct client_options o = { .config = &w->config };
    struct client_request r = { .verb = CLIENT_GET, .path = "/x" };
    struct through t = { 0 };
    struct client *c;

    write_file(w->token_file, "one");
    w->config.token_file = w->token_file;
    fake_wire_use(wire, &o);
    c = client_new(w->loop, &o, NULL);
    client_do(c, &r, on_done, &t);
    run_for(w, 60 * SEC);
    assert_int_equal(t.done, 1);
    assert_int_equal(t.code, ERR_UNAUTHORIZED);
    assert_int_equal(fake_wire_count(wire), 2);
    client_free(c);
    fake_wire_free(wire);
}

static void c16_a_refused_plugin_token_is_renewed_within_the_call(void **state)
{
    struct world *w = *state;
    struct fake_wire *wire = fake_wire_new(w->loop, refuse_first, NULL);
    struct client_options o = { .config = &w->config };
    struct client_request r = { .verb = CLIENT_CREATE, .path = "/x", .body = str_of("{}") };
    struct through t = { 0 };
    struct client *c;

    plugin(w, CREDENTIAL("\"token\":\"tok\""));
    fake_wire_use(wire, &o);
    c = client_new(w->loop, &o, NULL);
    client_do(c, &r, on_done, &t);
    while (!t.done)
        assert_int_equal(loop_turn(w->loop, 10 * SEC, NULL), 0);
    assert_int_equal(t.code, ERR_NONE);
    assert_int_equal(fake_wire_count(wire), 2);
    assert_int_equal(runs(w), 2);
    assert_true(fake_wire_has_header(wire, 1, "Authorization: Bearer tok"));
    client_free(c);
    fake_wire_free(wire);
}

static void c12_an_empty_token_file_at_start_is_an_error_until_it_is_filled(void **state)
{
    struct world *w = *state;
    struct error e = { 0 };

    write_file(w->token_file, " \n");
    w->config.token_file = w->token_file;
    start(w);
    assert_int_equal(auth_prepare(w->auth, &e), -1);
    assert_int_equal(e.code, ERR_UNAUTHORIZED);
    assert_non_null(strstr(e.text, w->token_file));
    write_file(w->token_file, "one");
    header_is(w, "Authorization: Bearer one"); // nothing cached: read again at once
}

#define W(fn)    cmocka_unit_test_setup_teardown(fn, set_up_fake, tear_down)
#define REAL(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

RUN(W(static_credentials_become_headers), W(c18_without_tls_no_credential_is_sent),
    W(c12_a_token_file_is_read_again_when_it_is_old),
    W(c12_an_unreadable_token_file_leaves_the_old_token),
    W(c12_a_401_drops_only_a_token_older_than_its_request), W(a_token_of_two_lines_is_refused),
    W(c18_what_was_read_beats_the_token_beside_it), W(c18_impersonation_headers_are_escaped),
    W(c13_certificate_files_are_looked_at_every_five_minutes),
    W(c13_bad_certificate_files_leave_the_old_ones_in_force),
    W(c13_a_broken_certificate_file_at_start_is_an_error),
    W(c16_a_token_that_is_always_refused_is_tried_twice),
    REAL(c16_a_plugins_token_is_kept_until_it_is_refused),
    REAL(c15_an_expired_credential_is_fetched_again),
    REAL(c16_a_plugins_certificate_goes_to_the_transports),
    REAL(a_failing_plugin_is_not_run_in_a_hot_loop), REAL(c16_with_a_token_at_hand_no_plugin_runs),
    REAL(freeing_ends_a_running_plugin),
    REAL(c16_a_refused_plugin_token_is_renewed_within_the_call),
    W(c12_an_empty_token_file_at_start_is_an_error_until_it_is_filled))
