// SPDX-License-Identifier: Apache-2.0
// Fixtures are texts here: what is read stands beside what is expected.
#include "base/alloc.h"
#include "base/test.h"
#include "informer/kubeconfig.h"

#include <sys/stat.h>
#include <unistd.h>

#define PEM64 "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCng=" // "-----BEGIN CERTIFICATE-----\nx"

// A config whose cluster and user entries are given.
#define CONFIG(cluster, user)                                                                      \
    "apiVersion: v1\nkind: Config\ncurrent-context: c\n"                                           \
    "contexts:\n- name: c\n  context: {cluster: k, user: u, namespace: shop}\n"                    \
    "clusters:\n- name: k\n  cluster:\n" cluster "users:\n- name: u\n  user:\n" user

#define SERVER "    server: https://10.0.0.1:6443/\n"

static void parses(const char *text, struct kube_config *ret)
{
    struct error e = { 0 };

    if (kube_config_parse(str_of(text), "/etc/kube/config", NULL, ret, &e) < 0)
        fail_msg("%s", e.text);
}

static void refuses(const char *text, const char *words)
{
    struct kube_config c;
    struct error e = { 0 };

    assert_int_equal(kube_config_parse(str_of(text), "/etc/kube/config", NULL, &c, &e), -1);
    if (!strstr(e.text, words))
        fail_msg("'%s' is not in '%s'", words, e.text);
}

static void a_token_user_is_read(unused_arg void **state)
{
    struct kube_config c;

    parses(CONFIG(SERVER "    certificate-authority-data: " PEM64 "\n"
                         "    certificate-authority: not-this\n    tls-server-name: api\n"
                         "    disable-compression: true\n    proxy-url: socks5://p:1\n",
                  "    token: 0123\n    tokenFile: tok\n"),
           &c);
    assert_string_equal(c.context, "c");
    assert_string_equal(c.ns, "shop");
    assert_string_equal(c.server, "https://10.0.0.1:6443");
    assert_string_equal(c.tls_server_name, "api");
    assert_string_equal(c.proxy_url, "socks5://p:1");
    assert_true(c.no_compression);
    assert_false(c.insecure);
    assert_string_equal(c.ca_data.p, "-----BEGIN CERTIFICATE-----\nx");
    assert_null(c.ca_file);
    assert_string_equal(c.token, "0123");
    assert_string_equal(c.token_file, "/etc/kube/tok");
    kube_config_fini(&c);
}

static void c17_certificate_files_resolve_against_the_config(unused_arg void **state)
{
    struct kube_config c;

    parses(CONFIG(SERVER "    certificate-authority: ../ca.crt\n",
                  "    client-certificate: /abs/c.crt\n    client-key: c.key\n"),
           &c);
    assert_string_equal(c.ca_file, "/etc/kube/../ca.crt");
    assert_string_equal(c.cert_file, "/abs/c.crt");
    assert_string_equal(c.key_file, "/etc/kube/c.key");
    kube_config_fini(&c);
}

// Cut at its NUL each of them would be another cluster, user or program.
static void a_nul_is_refused_wherever_it_stands(unused_arg void **state)
{
    refuses(CONFIG("    server: \"https://10.0.0.1:6443\\0.x\"\n", "    token: x\n"),
            "/etc/kube/config:10: holds a NUL character");
    refuses(CONFIG(SERVER, "    token: x\n    as: a\n    as-user-extra: {\"a\\0b\": [c]}\n"),
            "config:16: holds a NUL character");
    refuses(CONFIG(SERVER, "    token: x\n- name: \"u\\0\"\n  user: {token: y}\n"),
            "config:15: holds a NUL character");
    refuses("{\"kind\":\"Config\\u0000\"}", "config:1: holds a NUL character");
}

static void c18_impersonation_is_read_and_needs_a_user(unused_arg void **state)
{
    struct kube_config c;

    parses(CONFIG(SERVER, "    as: jane\n    as-uid: u1\n    as-groups: [a, b]\n"
                          "    as-user-extra: {scope: [x, y]}\n"),
           &c);
    assert_string_equal(c.as, "jane");
    assert_string_equal(c.as_uid, "u1");
    assert_int_equal(c.n_as_groups, 2);
    assert_string_equal(c.as_groups[1], "b");
    assert_string_equal(c.as_extra[0].key, "scope");
    assert_string_equal(c.as_extra[0].values[1], "y");
    kube_config_fini(&c);
    refuses(CONFIG(SERVER, "    as-groups: [a]\n"), "as: is missing");
}

static void an_exec_plugin_is_read(unused_arg void **state)
{
    struct kube_config c;

    parses(
        CONFIG(
            SERVER "    extensions:\n    - name: client.authentication.k8s.io/exec\n"
                   "      extension: {aud: [1, yes], on: true}\n",
            "    exec:\n      apiVersion: client.authentication.k8s.io/v1\n"
            "      command: ./bin/login\n      args: [-q, get]\n"
            "      env: [{name: A, value: '1'}]\n      installHint: |\n        get it\n        here\n"
            "      provideClusterInfo: true\n      interactiveMode: IfAvailable\n"),
        &c);
    assert_string_equal(c.exec->command, "/etc/kube/./bin/login");
    assert_int_equal(c.exec->n_args, 2);
    assert_string_equal(c.exec->args[1], "get");
    assert_string_equal(c.exec->env[0].name, "A");
    assert_string_equal(c.exec->env[0].value, "1");
    assert_string_equal(c.exec->install_hint, "get it\nhere\n");
    assert_int_equal(c.exec->interactive, EXEC_IF_AVAILABLE);
    assert_string_equal(c.exec->cluster_config.p, "{\"aud\":[1,\"yes\"],\"on\":true}");
    kube_config_fini(&c);
}

static void json_is_read_as_well(unused_arg void **state)
{
    struct kube_config c;

    parses("{\"kind\":\"Config\",\"current-context\":\"a\",\"contexts\":[{\"name\":\"a\","
           "\"context\":{\"cluster\":\"k\"}}],\"clusters\":[{\"name\":\"k\",\"cluster\":"
           "{\"server\":\"http://localhost:8080\"}}]}",
           &c);
    assert_string_equal(c.server, "http://localhost:8080");
    assert_string_equal(c.ns, "default");
    kube_config_fini(&c);
}

static void c19_mistakes_name_place_and_remedy(unused_arg void **state)
{
    refuses("[]", "/etc/kube/config:1: is no kubeconfig");
    refuses("kind: Pod\n", "/etc/kube/config:1: is no kubeconfig: kind is 'Pod'");
    refuses("a: [\n", "/etc/kube/config");
    refuses("", "current-context is not set");
    refuses("contexts: [{name: a}, {name: b}]\n", "(a, b)");
    refuses("current-context: x\ncontexts: [{name: a}]\n",
            "context 'x' does not exist; there is: a");
    refuses("current-context: a\ncontexts: [{name: a}, {name: a}]\n", "context 'a' is there twice");
    refuses("current-context: a\ncontexts:\n- name: a\n  context: {user: u}\n",
            "/etc/kube/config:4: context 'a': cluster: is missing");
    refuses("current-context: a\ncontexts:\n- name: a\n  context: {cluster: k}\n",
            "cluster: there is no cluster 'k'");
    refuses(CONFIG("    insecure-skip-tls-verify: true\n", "    token: t\n"), "server: is missing");
    refuses(CONFIG("    server: 10.0.0.1\n", "    token: t\n"),
            ":10: cluster 'k': server: has to be https");
    refuses(CONFIG("    server: https://a b\n", "    token: t\n"), "server: has to be https");
    refuses(CONFIG(SERVER "    insecure-skip-tls-verify: yes\n", "    token: t\n"),
            "insecure-skip-tls-verify: has to be true or false");
    refuses(CONFIG(SERVER "    insecure-skip-tls-verify: true\n    certificate-authority: a\n",
                   "    token: t\n"),
            "cannot be together with certificate-authority");
    refuses(CONFIG(SERVER "    proxy-url: ftp://x\n", "    token: t\n"), "proxy-url: has to start");
    refuses(CONFIG(SERVER "    certificate-authority-data: '%%'\n", "    token: t\n"),
            "certificate-authority-data: has to be base64");
    refuses(CONFIG(SERVER "    certificate-authority-data: Zm9v\n", "    token: t\n"),
            "has to hold PEM");
}

static void c19_user_mistakes_name_the_field(unused_arg void **state)
{
    refuses(CONFIG(SERVER, "    token: [t]\n"), "user 'u': token: has to be a text");
    refuses(CONFIG(SERVER, "    token: \"a\\nX-Evil: 1\"\n"), "token: has to be one line");
    refuses(CONFIG(SERVER, "    token: t\n    username: a\n"), "keep one of them");
    refuses(CONFIG(SERVER, "    client-key: k\n"), "client-certificate: is missing");
    refuses(CONFIG(SERVER, "    client-certificate: k\n"), "client-key: is missing");
    refuses(CONFIG(SERVER, "    auth-provider: {name: gcp}\n"), "use exec instead");
    refuses(CONFIG(SERVER, "    exec: {apiVersion: client.authentication.k8s.io/v1}\n"),
            "command: is missing");
    refuses(CONFIG(SERVER,
                   "    exec: {command: x, apiVersion: client.authentication.k8s.io/v1alpha1}\n"),
            "apiVersion: of exec has to be");
    refuses(CONFIG(SERVER, "    exec: {command: x, apiVersion: client.authentication.k8s.io/v1}\n"),
            "interactiveMode: is missing");
    refuses(CONFIG(SERVER,
                   "    exec: {command: x, apiVersion: client.authentication.k8s.io/v1beta1, "
                   "env: [{value: x}]}\n"),
            "env: item 1 needs a name");
}

static void a_message_never_holds_the_secret(unused_arg void **state)
{
    struct kube_config c;
    struct error e = { 0 };

    assert_int_equal(
        kube_config_parse(str_of(CONFIG(SERVER, "    token: \"hush\\n\"\n")), "p", NULL, &c, &e),
        -1);
    assert_null(strstr(e.text, "hush"));
}

// Where configs come from: a folder of files and the environment.

static char dir[64];

static void write_file(const char *name, const char *text)
{
    autofree char *path = NULL;
    FILE *f;

    assert_true(asprintf(&path, "%s/%s", dir, name) > 0);
    f = fopen(path, "we");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static const char *in_dir(const char *name)
{
    static char path[4][128];
    static size_t n;
    char *p = path[n++ % 4];

    snprintf(p, 128, "%s/%s", dir, name);
    return p;
}

static int set_up(unused_arg void **state)
{
    snprintf(dir, sizeof(dir), "/tmp/k9-kubeconfig-XXXXXX");
    assert_non_null(mkdtemp(dir));
    unsetenv("KUBECONFIG");
    unsetenv("KUBERNETES_SERVICE_HOST");
    unsetenv("KUBERNETES_SERVICE_PORT");
    unsetenv("POD_NAMESPACE");
    setenv("HOME", dir, 1);
    return 0;
}

static int tear_down(unused_arg void **state)
{
    autofree char *command = NULL;

    assert_true(asprintf(&command, "rm -rf '%s'", dir) > 0);
    return system(command);
}

static char warning[256];

static void keep_warning(unused_arg void *arg, const char *text)
{
    snprintf(warning, sizeof(warning), "%s", text);
}

static int load(const char *kubeconfig, const char *context, struct kube_config *ret,
                struct error *e)
{
    struct kube_config_options o = {
        .kubeconfig = kubeconfig, .context = context, .sa_dir = dir, .warn = keep_warning
    };

    warning[0] = '\0';
    return kube_config_load(&o, ret, e);
}

#define NAMED(name, server)                                                                        \
    "current-context: " name "\ncontexts: [{name: " name ", context: {cluster: " name "}}]\n"      \
    "clusters: [{name: " name ", cluster: {server: 'https://" server "'}}]\n"

static void c20_the_flag_beats_everything(unused_arg void **state)
{
    struct kube_config c;
    struct error e = { 0 };

    write_file("flag", NAMED("f", "flag"));
    write_file("env", NAMED("e", "env"));
    setenv("KUBECONFIG", in_dir("env"), 1);
    assert_int_equal(load(in_dir("flag"), NULL, &c, &e), 0);
    assert_string_equal(c.server, "https://flag");
    kube_config_fini(&c);
    assert_int_equal(load(in_dir("none"), NULL, &c, &e), -1);
    assert_non_null(strstr(e.text, "--kubeconfig: open '"));
    assert_non_null(strstr(e.text, "no such file"));
}

static void c17_the_environments_files_merge_and_the_first_wins(unused_arg void **state)
{
    autofree char *list = NULL;
    struct kube_config c;
    struct error e = { 0 };

    write_file("one", "contexts: [{name: b, context: {cluster: b, namespace: first}}]\n");
    write_file("two", "current-context: b\n"
                      "contexts: [{name: b, context: {cluster: x, namespace: second}}]\n"
                      "clusters: [{name: b, cluster: {server: 'https://b'}}]\n");
    assert_true(asprintf(&list, "%s/missing::%s/one:%s/two", dir, dir, dir) > 0);
    setenv("KUBECONFIG", list, 1);
    assert_int_equal(load(NULL, NULL, &c, &e), 0);
    assert_string_equal(c.server, "https://b");
    assert_string_equal(c.ns, "first");
    kube_config_fini(&c);
    assert_int_equal(load(NULL, "zz", &c, &e), -1);
    assert_non_null(strstr(e.text, "context 'zz' does not exist"));
}

static void c20_without_any_source_the_error_says_what_to_do(unused_arg void **state)
{
    struct kube_config c;
    struct error e = { 0 };

    setenv("KUBECONFIG", "/nonexistent/a:/nonexistent/b", 1);
    assert_int_equal(load(NULL, NULL, &c, &e), -1);
    assert_int_equal(e.code, ERR_NOT_FOUND);
    assert_non_null(strstr(e.text, "give --kubeconfig"));
}

static void c20_the_home_file_comes_last(unused_arg void **state)
{
    struct kube_config c;
    struct error e = { 0 };

    assert_int_equal(mkdir(in_dir(".kube"), 0700), 0);
    write_file(".kube/config", NAMED("h", "home"));
    assert_int_equal(load(NULL, NULL, &c, &e), 0);
    assert_string_equal(c.server, "https://home");
    kube_config_fini(&c);
    setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
    setenv("KUBERNETES_SERVICE_PORT", "443", 1);
    write_file("token", "t");
    assert_int_equal(load(NULL, NULL, &c, &e), 0);
    assert_true(c.in_cluster);
    assert_string_equal(c.server, "https://[fd00::1]:443");
    assert_non_null(strstr(warning, "no ca.crt"));
    assert_string_equal(c.ns, "default");
    kube_config_fini(&c);
}

static void
c20_with_the_order_of_kubectl_the_home_file_comes_before_the_cluster(unused_arg void **state)
{
    struct kube_config_options o = { .home_first = true, .sa_dir = dir };
    struct kube_config c;
    struct error e = { 0 };

    setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1", 1);
    setenv("KUBERNETES_SERVICE_PORT", "443", 1);
    write_file("token", "t");
    assert_int_equal(kube_config_load(&o, &c, &e), 0);
    assert_true(c.in_cluster); // nothing at home
    kube_config_fini(&c);
    assert_int_equal(mkdir(in_dir(".kube"), 0700), 0);
    write_file(".kube/config", NAMED("h", "home"));
    assert_int_equal(kube_config_load(&o, &c, &e), 0);
    assert_string_equal(c.server, "https://home");
    kube_config_fini(&c);
}

static void c20_in_cluster_needs_a_token_and_finds_its_namespace(unused_arg void **state)
{
    struct kube_config c;
    struct error e = { 0 };

    setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1", 1);
    setenv("KUBERNETES_SERVICE_PORT", "443", 1);
    assert_int_equal(load(NULL, NULL, &c, &e), -1);
    assert_non_null(strstr(e.text, "automountServiceAccountToken"));
    write_file("token", "t");
    write_file("ca.crt", "x");
    write_file("namespace", "kube9-system\n");
    assert_int_equal(load(NULL, NULL, &c, &e), 0);
    assert_string_equal(c.ns, "kube9-system");
    assert_string_equal(c.token_file, in_dir("token"));
    assert_string_equal(c.ca_file, in_dir("ca.crt"));
    assert_string_equal(warning, "");
    kube_config_fini(&c);
    setenv("POD_NAMESPACE", "here", 1);
    assert_int_equal(load(NULL, NULL, &c, &e), 0);
    assert_string_equal(c.ns, "here");
    kube_config_fini(&c);
}

static void c19_a_missing_certificate_file_is_found_at_start(unused_arg void **state)
{
    struct kube_config c;
    struct error e = { 0 };

    write_file("f", CONFIG(SERVER "    certificate-authority: nope.crt\n", "    token: t\n"));
    assert_int_equal(load(in_dir("f"), NULL, &c, &e), -1);
    assert_non_null(strstr(e.text, "certificate-authority: cannot open '"));
}

static void no_verification_is_warned_about(unused_arg void **state)
{
    struct kube_config c;

    write_file("f", CONFIG(SERVER "    insecure-skip-tls-verify: true\n", "    token: t\n"));
    assert_int_equal(load(in_dir("f"), NULL, &c, NULL), 0);
    assert_non_null(strstr(warning, "not verified"));
    kube_config_fini(&c);
}

static void a_file_beyond_the_limit_is_refused(unused_arg void **state)
{
    autofree char *big = xmalloc(KUBE_CONFIG_MAX + 2);
    struct kube_config c;
    struct error e = { 0 };

    memset(big, '#', KUBE_CONFIG_MAX + 1);
    big[KUBE_CONFIG_MAX + 1] = '\0';
    write_file("big", big);
    assert_int_equal(load(in_dir("big"), NULL, &c, &e), -1);
    assert_int_equal(e.code, ERR_TOO_BIG);
}

#define IN_DIR(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

RUN(T(a_token_user_is_read), T(c17_certificate_files_resolve_against_the_config),
    T(a_nul_is_refused_wherever_it_stands), T(c18_impersonation_is_read_and_needs_a_user),
    T(an_exec_plugin_is_read), T(json_is_read_as_well), T(c19_mistakes_name_place_and_remedy),
    T(c19_user_mistakes_name_the_field), T(a_message_never_holds_the_secret),
    IN_DIR(c20_the_flag_beats_everything),
    IN_DIR(c17_the_environments_files_merge_and_the_first_wins),
    IN_DIR(c20_without_any_source_the_error_says_what_to_do), IN_DIR(c20_the_home_file_comes_last),
    IN_DIR(c20_with_the_order_of_kubectl_the_home_file_comes_before_the_cluster),
    IN_DIR(c20_in_cluster_needs_a_token_and_finds_its_namespace),
    IN_DIR(c19_a_missing_certificate_file_is_found_at_start),
    IN_DIR(no_verification_is_warned_about), IN_DIR(a_file_beyond_the_limit_is_refused))
